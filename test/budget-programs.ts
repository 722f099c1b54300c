// Training steps whose size is budgeted: gather, forward, backward, update, as the Trainer makes them, and a recurrent network.
import { BARRIER } from "../assembly/isa/opcode.ts";
import { grad } from "../src/autodiff.ts";
import { compile } from "../src/compile/compile.ts";
import { concat, input } from "../src/create.ts";
import { Sequential } from "../src/nn/containers.ts";
import { Conv2d } from "../src/nn/convolution.ts";
import { relu, tanh } from "../src/nn/functional.ts";
import { Flatten, Linear } from "../src/nn/layers.ts";
import { binaryCrossEntropyWithLogits, crossEntropy, type Loss } from "../src/nn/losses.ts";
import { evaluationContext, parameters } from "../src/nn/module.ts";
import { scan } from "../src/ops/loop.ts";
import { adam, sgd } from "../src/optim/optimizers.ts";
import type { Optimizer } from "../src/optim/transform.ts";
import { lengthAt, opcodeAt } from "../src/program/addresses.ts";
import type { Program } from "../src/program/program.ts";
import type { Tensor } from "../src/tensor.ts";
import { scalar } from "../src/tensor.ts";
import { newCounters } from "../src/train/programs.ts";
import { stepProgram } from "../src/train/step-programs.ts";
import { Variable } from "../src/variable.ts";
import { cells } from "./cells.ts";
import { type Part, partsOf } from "./moves.ts";

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
    outputs: new Map<string, string>(),
    preprocess: <T>(x: T) => x,
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

/** An LSTM of 64 over a batch of sequences of 32 features, its last state classified. */
export function lstmStep(length: number, batch: number): Program {
  const weights = [[256, 32], [256, 64], [256], [256]].map((shape) => new Variable(shape, 0));
  const output = new Linear(64, 10);
  const [xs, y] = [input([length, batch, 32]), input([batch], "i32")];
  const start = scalar(0).broadcastTo([batch, 64]);
  const [wi, wh, bi, bh] = weights;
  const { carries } = scan(cells.lstm.cell(wi, wh, bi, bh), [start, start], [xs]);
  const loss = crossEntropy(output.forward(carries[0]), y, { ignoreIndex: null });
  const variables = [...weights, ...parameters(output).values()];
  const optimizer = adam(1e-3);
  const assignments = optimizer.update(grad(loss, variables), optimizer.init(variables), variables);
  return compile({ inputs: { xs, y }, outputs: { loss }, assignments });
}

/** Attention of 4 heads, made of products and a softmax: queries, keys and values from one product, gradients, descent. */
function attentionStep(): Program {
  const [batch, length, width, heads] = [8, 32, 64, 4];
  const depth = width / heads;
  const [qkv, output] = [new Linear(width, 3 * width), new Linear(width, width)];
  const [x, y] = [input([batch, length, width]), input([batch, length, width])];
  const all = qkv.forward(x).reshape([batch, length, 3, heads, depth]).permute([2, 0, 3, 1, 4]);
  const [q, k, v] = [0, 1, 2].map((i) => all.narrow(0, i, 1).reshape([batch, heads, length, depth]));
  const weights = q
    .matmul(k, { transposeB: true })
    .mul(depth ** -0.5)
    .softmax(-1);
  const context = weights.matmul(v).permute([0, 2, 1, 3]).reshape([batch, length, width]);
  const loss = output.forward(context).sub(y).square().mean();
  const variables = [...parameters([qkv, output]).values()];
  const optimizer = sgd(0.1);
  const assignments = optimizer.update(grad(loss, variables), optimizer.init(variables), variables);
  return compile({ inputs: { x, y }, outputs: { loss }, assignments });
}

/** Two convolutions, the first one with a stride, and a layer of classes: gradients, descent. */
function convolutionStep(): Program {
  const layers = [new Conv2d(3, 8, 3, { padding: 1, stride: 2 }), relu, new Conv2d(8, 16, 3, { padding: 1 }), relu];
  const model = new Sequential(...layers, new Flatten(), new Linear(16 * 14 * 14, 10));
  const [x, y] = [input([32, 3, 28, 28]), input([32], "i32")];
  const loss = crossEntropy(model.forward(x, evaluationContext()), y, { ignoreIndex: null });
  const variables = [...parameters(model).values()];
  const optimizer = adam(1e-3);
  const assignments = optimizer.update(grad(loss, variables), optimizer.init(variables), variables);
  return compile({ inputs: { x, y }, outputs: { loss }, assignments });
}

/** Results of a product, of a map and of a product with its epilogue, side by side. */
function concatenation(): Program {
  const [a, b, c] = [input([8, 6]), input([6, 4]), input([8, 5])];
  const y = concat([a.matmul(b), c.exp(), a.matmul(b).relu()], 1).mul(2);
  return compile({ inputs: { a, b, c }, outputs: { y } });
}

/** Programs whose instructions compute, all but a few. */
export const probes: Readonly<Record<string, () => Program>> = {
  "a step of attention, 4 heads": attentionStep,
  "a concatenation of three results": concatenation,
};

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
  "convolutions 3-8-16, 28 x 28, batch 32, Adam": convolutionStep,
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

/** The same, and how many instructions only move data. */
export function costOfProbe(program: Program): Record<string, number> {
  return { ...costOf(program), moves: partsOf(program).outside.moves };
}

/** The same, and what stands in the bodies of its two loops; moves are instructions that compute nothing. */
export function costOfLoops(program: Program): Record<string, number> {
  const [forward, backward] = partsOf(program).loops;
  const named = (prefix: string, part: Readonly<Part>) =>
    Object.fromEntries(Object.entries(part).map(([name, count]) => [`${prefix} ${name}`, count]));
  return { ...costOf(program), ...named("forward", forward), ...named("backward", backward) };
}
