// How large a training step of each optimizer is: few instructions, since what updates parameters is a map or two each. Looked at like
// test/budget.json: a number here may shrink.
import { expect, test } from "vitest";
import { BARRIER } from "../../assembly/isa/opcode.ts";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { input } from "../../src/create.ts";
import { crossEntropy, evaluationContext, Linear, parameters, relu, Sequential } from "../../src/nn/index.ts";
import * as optim from "../../src/optim/index.ts";
import type { Optimizer } from "../../src/optim/transform.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import { table } from "./table.ts";

/** Instructions, barriers not counted, of a step of 784-128-10 on a batch of 64. */
function instructionsOf(optimizer: Optimizer | undefined): number {
  const model = new Sequential(new Linear(784, 128), relu, new Linear(128, 10));
  const [x, y] = [input([64, 784]), input([64], "i32")];
  const weights = [...parameters(model).values()];
  const loss = crossEntropy(model.forward(x, evaluationContext()), y);
  const gradients = grad(loss, weights);
  const { code } = compile(
    optimizer === undefined
      ? { inputs: { x, y }, outputs: { loss, ...Object.fromEntries(gradients.entries()) } }
      : {
          inputs: { x, y },
          outputs: { loss },
          assignments: optimizer.update(gradients, optimizer.init(weights), weights),
        },
  );
  let count = 0;
  for (let at = 0; at < code.length; at += lengthAt(code, at)) if (opcodeAt(code, at) !== BARRIER) count++;
  return count;
}

const { sgd, adam } = optim;

/** Instructions beyond those of loss and gradients, at most. */
const most: Readonly<Record<string, readonly [Optimizer, number]>> = {
  ...Object.fromEntries(
    Object.entries(table).map(([name, { make, instructions }]) => [name, [make(0.1), instructions]]),
  ),
  "sgd momentum": [sgd(0.1, { momentum: 0.9 }), 3],
  "rmsprop centered": [optim.rmsprop(0.1, { centered: true, momentum: 0.9 }), 5],
  "adam amsgrad": [adam(0.1, { amsgrad: true }), 5],
  "adamW decay": [optim.adamW(0.1), 5],
  "muon decay": [optim.muon(0.1), 71],
  clipByGlobalNorm: [optim.chain(optim.clipByGlobalNorm(1), adam(0.1)), 14],
  agc: [optim.chain(optim.agc(), adam(0.1)), 23],
  ema: [optim.ema(adam(0.1)), 7],
  swa: [optim.swa(adam(0.1)), 6],
  lookahead: [optim.lookahead(adam(0.1)), 6],
  accumulate: [optim.accumulate(adam(0.1), { steps: 4 }), 5],
  maxNorm: [optim.constrained(adam(0.1), optim.maxNorm()), 17],
  clamp: [optim.constrained(adam(0.1), optim.clamp(-1, 1)), 5],
};

const gradientsAlone = instructionsOf(undefined);

test.each(Object.entries(most))("%s: a step stays small", (_, [optimizer, limit]) => {
  expect(instructionsOf(optimizer) - gradientsAlone).toBeLessThanOrEqual(limit);
});
