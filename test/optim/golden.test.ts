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
import { adam, sgd } from "../../src/optim/optimizers.ts";
import { chain, type Optimizer } from "../../src/optim/transform.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { isMatrix, table } from "./table.ts";

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
const rows = [
  ...Object.values(table).flatMap(({ runs }) => Object.entries(runs)),
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
  expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(golden.runs).sort());
});

describe.each(rows)("%s: 20 steps are as they should be", (name, optimizer) => {
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
