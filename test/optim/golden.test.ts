// Optimizers against PyTorch's: 20 steps with given gradients, in Float64 and on every executor; and the cosine schedule.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { constant, scalar } from "../../src/create.ts";
import * as optimizers from "../../src/optim/optimizers.ts";
import { cosineDecay, scheduled } from "../../src/optim/schedules.ts";
import type { Optimizer } from "../../src/optim/transform.ts";
import { evaluate, initialise } from "../../src/runtime/evaluate.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";

const { adam, adamW, sgd } = optimizers;

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

interface Schedules {
  readonly cosine: readonly { value: number; steps: number; final: number; rates: readonly number[] }[];
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), "utf8"));
}

const golden = read<Golden>("optimizers");

/** The runs of every optimizer; one without a run does not compile. */
const runs: Readonly<Record<keyof typeof optimizers, Readonly<Record<string, Optimizer>>>> = {
  sgd: {
    sgd: sgd(0.02),
    "sgd momentum": sgd(0.01, { momentum: 0.9 }),
    "sgd nesterov": sgd(0.01, { momentum: 0.9, nesterov: true }),
    "sgd decay": sgd(0.02, { weightDecay: 0.1 }),
    "sgd nesterov decay": sgd(0.01, { momentum: 0.5, nesterov: true, weightDecay: 0.1 }),
    "sgd momentum cosine": sgd(cosineDecay(0.02, { steps: 20, final: 1e-3 }), { momentum: 0.9 }),
  },
  adam: {
    adam: adam(0.01),
    "adam decay": adam(0.01, { weightDecay: 0.1 }),
    "adam betas": adam(0.01, { beta1: 0.8, beta2: 0.9, epsilon: 1e-3 }),
    "adam cosine": adam(cosineDecay(0.02, { steps: 20, final: 1e-3 })),
  },
  adamW: {
    adamW: adamW(0.01),
    "adamW decay": adamW(0.01, { weightDecay: 0.5 }),
  },
};
const table = Object.values(runs).flatMap((entries) => Object.entries(entries));

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
  await initialise(executor, assignments.flat(), 0);
  const id = await executor.load(compile({ assignments }));
  let largest = 0;
  let made = 0;
  for (const [i, step] of golden.recorded.entries()) {
    await executor.run([[id, step - made]]).done;
    made = step;
    for (const [j, { key }] of parameters.entries()) {
      const expected = golden.runs[name][i][j];
      const values = await executor.read({ variable: key });
      values.forEach((value, at) => {
        largest = Math.max(largest, Math.abs(value - expected[at]) / Math.abs(expected[at]));
      });
    }
  }
  await executor.unload(id);
  return largest;
}

test("every recorded run is compared", () => {
  expect(table.map(([name]) => name)).toEqual(Object.keys(golden.runs));
});

describe.each(table)("%s: 20 steps equal PyTorch's", (name, optimizer) => {
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

describe("cosineDecay", () => {
  test.each(read<Schedules>("schedules").cosine)(
    "has PyTorch's rates from $value to $final in $steps steps",
    async ({ value, steps, final, rates }) => {
      const schedule = cosineDecay(value, { steps, final });
      const executor = oracle();
      for (const [step, rate] of rates.entries()) {
        const [found] = await evaluate(scheduled(schedule, scalar(step, "i32")), { executor });
        expect(Math.abs(found - rate)).toBeLessThanOrEqual(1e-12 * value);
      }
      await executor.dispose();
    },
  );

  test("stays at its last value", async () => {
    const schedule = cosineDecay(1, { steps: 4, final: 0.25 });
    for (const step of [4, 5, 1000, 2 ** 30])
      expect([...(await evaluate(scheduled(schedule, scalar(step, "i32"))))]).toEqual([0.25]);
  });
});
