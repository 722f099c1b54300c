// Optimizers and transforms against PyTorch's, or their papers' formulas: 20 steps with given gradients, in Float64 and on every executor.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { constant } from "../../src/create.ts";
import { initialise } from "../../src/evaluate.ts";
import { accumulate } from "../../src/optim/accumulate.ts";
import { ema, swa } from "../../src/optim/averages.ts";
import { agc, clipByGlobalNorm, clipByValue } from "../../src/optim/clip.ts";
import { clamp, constrained, maxNorm, nonNegative, unitNorm } from "../../src/optim/constraints.ts";
import { addDecayedWeights, l1Penalty, l2Penalty } from "../../src/optim/decay.ts";
import { parameterGroups } from "../../src/optim/groups.ts";
import { lookahead } from "../../src/optim/lookahead.ts";
import * as optimizers from "../../src/optim/optimizers.ts";
import { cosineDecay } from "../../src/optim/schedules.ts";
import { chain, type Optimizer } from "../../src/optim/transform.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";

const { adadelta, adagrad, adam, adamax, adamW, lamb, lars, lion, muon, nadam, radam, rmsprop, sgd } = optimizers;

// Twenty steps of some ten operations, each rounding at 1.1e-16: 1e-10 leaves room for another order of operations and for no
// wrong formula. Float32 rounds at 6e-8 and keeps 1e-5 easily.
const RELATIVE = { oracle: 1e-10, float32: 1e-5 };

interface Golden {
  readonly recorded: readonly number[];
  readonly shapes: readonly (readonly number[])[];
  readonly parameters: readonly (readonly number[])[];
  /** By step, then by parameter. */
  readonly gradients: readonly (readonly (readonly number[])[])[];
  /** By name; by recorded step, then by parameter. */
  readonly runs: Readonly<Record<string, readonly (readonly (readonly number[])[])[]>>;
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/optimizers.json", import.meta.url), "utf8"));
const isMatrix = ({ shape }: Variable) => shape.length > 1;
const options = { beta1: 0.8, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1 };

/** The runs of every optimizer; one without a run does not compile. */
const runs: Readonly<Record<keyof typeof optimizers, Readonly<Record<string, Optimizer>>>> = {
  sgd: {
    sgd: sgd(0.02),
    "sgd momentum": sgd(0.01, { momentum: 0.9 }),
    "sgd nesterov": sgd(0.01, { momentum: 0.9, nesterov: true }),
    "sgd dampening": sgd(0.02, { momentum: 0.9, dampening: 0.5 }),
    "sgd maximize": sgd(0.02, { momentum: 0.5, weightDecay: 0.1, maximize: true }),
    "sgd decay": sgd(0.02, { weightDecay: 0.1 }),
    "sgd nesterov decay": sgd(0.01, { momentum: 0.5, nesterov: true, weightDecay: 0.1 }),
    "sgd momentum cosine": sgd(cosineDecay(0.02, { steps: 20, final: 1e-3 }), { momentum: 0.9 }),
  },
  adam: {
    adam: adam(0.01),
    "adam decay": adam(0.01, { weightDecay: 0.1 }),
    "adam betas": adam(0.01, { beta1: 0.8, beta2: 0.9, epsilon: 1e-3 }),
    "adam amsgrad": adam(0.01, { beta2: 0.5, amsgrad: true }),
    "adam cosine": adam(cosineDecay(0.02, { steps: 20, final: 1e-3 })),
  },
  adamW: {
    adamW: adamW(0.01),
    "adamW decay": adamW(0.01, { weightDecay: 0.5 }),
    "adamW mask": adamW(0.01, { weightDecay: 0.5, mask: isMatrix }),
    "adamW amsgrad": adamW(0.01, { beta2: 0.5, amsgrad: true }),
  },
  adagrad: {
    adagrad: adagrad(0.02),
    "adagrad options": adagrad(0.05, { lrDecay: 0.1, weightDecay: 0.1, initialAccumulatorValue: 0.5, epsilon: 1e-3 }),
  },
  adadelta: {
    adadelta: adadelta(1),
    "adadelta options": adadelta(0.5, { rho: 0.8, epsilon: 1e-4, weightDecay: 0.1 }),
  },
  rmsprop: {
    rmsprop: rmsprop(0.005),
    "rmsprop centered": rmsprop(0.005, { centered: true }),
    "rmsprop options": rmsprop(0.002, { alpha: 0.9, epsilon: 1e-4, weightDecay: 0.1, momentum: 0.5, centered: true }),
  },
  adamax: { adamax: adamax(0.01), "adamax options": adamax(0.01, options) },
  nadam: { nadam: nadam(0.01), "nadam options": nadam(0.01, { ...options, momentumDecay: 0.1 }) },
  radam: { radam: radam(0.01), "radam options": radam(0.01, options) },
  lamb: { lamb: lamb(0.01), "lamb decay": lamb(0.01, { weightDecay: 0.1 }) },
  lars: {
    lars: lars(5),
    "lars decay": lars(5, { weightDecay: 0.1, nesterov: true, momentum: 0.5 }),
    "lars mask": lars(0.02, { weightDecay: 0.1, trustCoefficient: 0.5, mask: isMatrix }),
  },
  lion: { lion: lion(0.01), "lion decay": lion(0.01, { beta1: 0.8, beta2: 0.7, weightDecay: 0.1 }) },
  muon: {
    muon: muon(0.01),
    "muon plain": muon(0.01, {
      momentum: 0.8,
      nesterov: false,
      weightDecay: 0,
      others: adamW(0.01),
    }),
  },
};

/** What changes gradients, before plain descent. */
const transforms: Readonly<Record<string, Optimizer>> = {
  clipByGlobalNorm: chain(clipByGlobalNorm(2), sgd(0.02)),
  clipByValue: chain(clipByValue(0.5), sgd(0.02)),
  agc: chain(agc(0.1), sgd(0.02)),
  l1Penalty: chain(l1Penalty(0.3), sgd(0.02)),
  l2Penalty: chain(l2Penalty(0.3), sgd(0.02)),
  "addDecayedWeights mask": chain(addDecayedWeights(0.3, { mask: isMatrix }), sgd(0.02)),
  parameterGroups: parameterGroups([
    { parameters: ({ shape }) => shape[0] === 2, optimizer: sgd(0.01, { momentum: 0.9 }) },
    { optimizer: sgd(0.02, { weightDecay: 0.1 }) },
  ]),
};

/** What happens after updates. Of averages, these are compared instead of the parameters. */
const momentum = sgd(0.02, { momentum: 0.9 });
const wrappers: Readonly<Record<string, Optimizer>> = {
  lookahead: lookahead(adam(0.01), { every: 3, alpha: 0.4 }),
  accumulate: accumulate(momentum, { steps: 4 }),
  ema: ema(momentum, { decay: 0.9 }),
  swa: swa(momentum, { every: 3 }),
  maxNorm: constrained(momentum, maxNorm(1.5)),
  unitNorm: constrained(momentum, unitNorm()),
  nonNegative: constrained(momentum, nonNegative(), { parameters: isMatrix }),
  clamp: constrained(momentum, clamp(-1.25, 1.5)),
};
const table = [
  ...Object.values(runs).flatMap((entries) => Object.entries(entries)),
  ...Object.entries({ ...transforms, ...wrappers }),
];

/** Largest relative difference from PyTorch's parameters over the recorded steps of one program. */
async function largestError(name: string, optimizer: Optimizer, executor: Executor): Promise<number> {
  const parameters = golden.shapes.map((shape, i) => new Variable(shape, golden.parameters[i]));
  const state = optimizer.init(parameters);
  const gradients = parameters.map(({ shape }, i) =>
    constant(Float64Array.from(golden.gradients.flatMap((step) => step[i])), {
      shape: [golden.gradients.length, ...shape],
    }).gather(state.step),
  );
  const assignments = optimizer.update(gradients, state, parameters);
  const means = optimizer.averages?.(state, parameters)[0];
  await initialise(executor, assignments.flat(), 0);
  const id = await executor.load(compile({ assignments }));
  let largest = 0;
  let made = 0;
  for (const [i, step] of golden.recorded.entries()) {
    await executor.run([[id, step - made]]).done;
    made = step;
    for (const [j, parameter] of parameters.entries()) {
      const expected = golden.runs[name][i][j];
      const values = await executor.read({ variable: (means?.values.get(parameter) ?? parameter).key });
      values.forEach((value, at) => {
        const difference = Math.abs(value - expected[at]);
        if (difference > 0) largest = Math.max(largest, difference / Math.abs(expected[at]));
      });
    }
  }
  await executor.unload(id);
  return largest;
}

test("every recorded run is compared", () => {
  expect(table.map(([name]) => name).sort()).toEqual(Object.keys(golden.runs).sort());
});

describe.each(table)("%s: 20 steps are as they should be", (name, optimizer) => {
  test("in Float64", async () => {
    const executor = oracle({ poison: true });
    expect(await largestError(name, optimizer, executor)).toBeLessThan(RELATIVE.oracle);
    await executor.dispose();
  });

  test.each(Object.entries(float32))("on %s", async (_, create) => {
    const executor = create({ poison: true });
    expect(await largestError(name, optimizer, executor)).toBeLessThan(RELATIVE.float32);
    await executor.dispose();
  });
});
