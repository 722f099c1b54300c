// Training steps whose size is budgeted: gather, forward, backward, update, as the Trainer makes them, and a recurrent network.
import { BARRIER } from "../assembly/isa/opcode.ts";
import { grad } from "../src/autodiff.ts";
import { compile } from "../src/compile/compile.ts";
import { input } from "../src/create.ts";
import { Sequential } from "../src/nn/containers.ts";
import { relu, tanh } from "../src/nn/functional.ts";
import { Linear } from "../src/nn/layers.ts";
import { binaryCrossEntropyWithLogits, crossEntropy, type Loss } from "../src/nn/losses.ts";
import { parameters } from "../src/nn/module.ts";
import { scan } from "../src/ops/loop.ts";
import { adam, sgd } from "../src/optim/optimizers.ts";
import type { Optimizer } from "../src/optim/transform.ts";
import { lengthAt, opcodeAt } from "../src/program/addresses.ts";
import type { Program } from "../src/program/program.ts";
import type { Tensor } from "../src/tensor.ts";
import { scalar } from "../src/tensor.ts";
import { newCounters, stepProgram } from "../src/train/programs.ts";
import { Variable } from "../src/variable.ts";

interface Step {
  /** Widths from the input to the output. */
  readonly widths: readonly number[];
  readonly activation: (x: Tensor) => Tensor;
  readonly rows: number;
  readonly batch: number;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
}

function trainingStep({ widths, activation, rows, batch, loss, optimizer }: Step): Program {
  const last = widths.length - 2;
  const layers = widths.slice(1).flatMap((width, i) => {
    const linear = new Linear(widths[i], width);
    return i < last ? [linear, activation] : [linear];
  });
  const model = new Sequential(...layers);
  const trained = parameters(model);
  const classes = loss.targets === "classes";
  const data = {
    x: new Variable([rows, widths[0]], 0),
    y: classes ? new Variable([rows], 0, { dtype: "i32" }) : new Variable([rows, widths[last + 1]], 0),
    rows,
    ignores: false,
  };
  const recipe = {
    model,
    loss,
    optimizer,
    parameters: trained,
    metrics: {},
    preprocess: (x: Tensor) => x,
    state: optimizer.init([...trained.values()]),
    counters: newCounters(),
    seed: 0,
    names: new Map<Variable, string>(),
  };
  return stepProgram(recipe, data, { batch, rows, shuffle: true });
}

/** tanh(h W + x U) over 32 steps of a batch of 16, its last state classified. */
function recurrentStep(): Program {
  const [w, u] = [new Linear(64, 64, { bias: false }), new Linear(32, 64)];
  const output = new Linear(64, 10);
  const [xs, y] = [input([32, 16, 32]), input([16], "i32")];
  const { carries } = scan(
    ([h], [x]) => ({ carries: [w.forward(h).add(u.forward(x)).tanh()] }),
    [scalar(0).broadcastTo([16, 64])],
    [xs],
  );
  const loss = crossEntropy(output.forward(carries[0]), y, { ignoreIndex: null });
  const variables = [...parameters([w, u, output]).values()];
  const optimizer = adam(1e-3);
  const assignments = optimizer.update(grad(loss, variables), optimizer.init(variables), variables);
  return compile({ inputs: { xs, y }, outputs: { loss }, assignments });
}

/** Programs by what they train. */
export const programs: Readonly<Record<string, () => Program>> = {
  "784-128-10, batch 64, Adam": () =>
    trainingStep({
      widths: [784, 128, 10],
      activation: relu,
      rows: 60_000,
      batch: 64,
      loss: crossEntropy,
      optimizer: adam(1e-3),
    }),
  "784-512-512-10, batch 128, Adam": () =>
    trainingStep({
      widths: [784, 512, 512, 10],
      activation: relu,
      rows: 60_000,
      batch: 128,
      loss: crossEntropy,
      optimizer: adam(1e-3),
    }),
  "2-3-1 on XOR, batch 4, SGD": () =>
    trainingStep({
      widths: [2, 3, 1],
      activation: tanh,
      rows: 4,
      batch: 4,
      loss: binaryCrossEntropyWithLogits,
      optimizer: sgd(0.1),
    }),
  "recurrent 32-64-10, T = 32, batch 16, Adam": recurrentStep,
};

/** What a program costs: instructions without barriers, barriers, bytes of the arena. */
export function costOf({ code, arenaWords }: Program): Record<"instructions" | "barriers" | "arena bytes", number> {
  let instructions = 0;
  let barriers = 0;
  for (let at = 0; at < code.length; at += lengthAt(code, at)) {
    if (opcodeAt(code, at) === BARRIER) barriers++;
    else instructions++;
  }
  return { instructions, barriers, "arena bytes": 4 * arenaWords };
}
