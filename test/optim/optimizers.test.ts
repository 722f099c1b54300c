// Optimizers as graphs: how they are put together, how exact their updates are, and what they do not take.
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, scalar } from "../../src/create.ts";
import { scaleByAdam } from "../../src/optim/adam.ts";
import { addDecayedWeights } from "../../src/optim/decay.ts";
import { scaleByLearningRate } from "../../src/optim/learning-rate.ts";
import { adam, adamW, sgd } from "../../src/optim/optimizers.ts";
import { cosineDecay, scheduled } from "../../src/optim/schedules.ts";
import { trace } from "../../src/optim/sgd.ts";
import { chain, type Optimizer } from "../../src/optim/transform.ts";
import { initialise } from "../../src/runtime/evaluate.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { disagreements } from "../ops/derivatives.ts";
import { thrown } from "../thrown.ts";

/** w after each of some steps on the loss sum w^2 / 2, whose gradient is w. */
async function descend(optimizer: Optimizer, executor: Executor, steps: number): Promise<number[]> {
  const w = new Variable([], 1);
  const assignments = optimizer.update(grad(w.square().mul(0.5), [w]), optimizer.init([w]), [w]);
  await initialise(executor, assignments.flat(), 0);
  const id = await executor.load(compile({ outputs: { w }, assignments }));
  const run = executor.run([[id, steps + 1]]);
  await run.done;
  await executor.dispose();
  return run
    .takeLog()
    .flatMap(({ values }) => [...values])
    .slice(1);
}

describe("by hand", () => {
  test("sgd multiplies w by 1 - rate", async () => {
    expect(await descend(sgd(0.5), oracle(), 3)).toEqual([0.5, 0.25, 0.125]);
  });

  test("a schedule sees the number of steps made before", async () => {
    const schedule = sgd((step) => step.cast("f32").add(1).mul(0.25));
    expect(await descend(schedule, oracle(), 3)).toEqual([0.75, 0.375, 0.09375]);
  });

  test("momentum adds up what came before", async () => {
    // b = 1, w = 0.5; b = 0.5 + 0.5 = 1, w = 0; b = 0.5 + 0 = 0.5, w = -0.25
    expect(await descend(sgd(0.5, { momentum: 0.5 }), oracle(), 3)).toEqual([0.5, 0, -0.25]);
  });

  test("Adam's first step is the rate, whatever the gradient", async () => {
    const [first] = await descend(adam(0.125, { epsilon: 0 }), oracle(), 1);
    expect(first).toBeCloseTo(1 - 0.125, 14);
  });

  test("a chain is what its name says: links in order, updates added", async () => {
    const byHand = chain(addDecayedWeights(0.1), trace(0.9, { nesterov: true }), scaleByLearningRate(0.1));
    const byName = sgd(0.1, { weightDecay: 0.1, momentum: 0.9, nesterov: true });
    expect(await descend(byHand, oracle(), 5)).toEqual(await descend(byName, oracle(), 5));
    const decoupled = chain(scaleByAdam(), addDecayedWeights(0.1), scaleByLearningRate(0.1));
    expect(await descend(decoupled, oracle(), 5)).toEqual(await descend(adamW(0.1, { weightDecay: 0.1 }), oracle(), 5));
  });
});

describe("the updates of Adam keep six digits in Float32", () => {
  // The parameters hide an update's error behind their own size; here it is seen. Each correction rounds at 6e-8 some ten times.
  test.each(Object.entries(float32))("on %s, from the first step to the millionth", async (_, create) => {
    for (const begin of [0, 1, 2, 10, 100, 5000, 1_000_000]) {
      const g = constant([1e-6, -3e-3, 0.5, 7, -1e4]);
      const [parameter, step] = [new Variable([5], 1), scalar(begin, "i32")];
      const transform = scaleByAdam();
      const { updates } = transform.update([g], transform.init([parameter]), [parameter], step);
      const found: Float64Array[] = [];
      for (const executor of [create(), oracle()]) {
        const id = await executor.load(compile({ outputs: { update: updates[0] } }));
        await executor.run([[id, 1]]).done;
        found.push(Float64Array.from(await executor.read({ program: id, name: "update" })));
        await executor.dispose();
      }
      expect(disagreements("update", found[0], found[1], (expected) => 1e-6 * Math.abs(expected))).toEqual([]);
    }
  });
});

test("state belongs to the optimizer: moments are no parameters, the counter is an integer", () => {
  const w = new Variable([2, 3], 0, { label: "w" });
  const { step, links } = adam(0.1).init([w]);
  const [[m], [v]] = links[0] as [Variable[], Variable[]];
  expect([m.shape, v.shape, m.trainable, v.trainable]).toEqual([[2, 3], [2, 3], false, false]);
  expect([m.label, v.label, step.dtype, step.trainable]).toEqual(["w.adam.m", "w.adam.v", "i32", false]);
});

describe("bad input gets a typed error", () => {
  test.each<[string, () => unknown, string]>([
    [
      "momentum of 1",
      () => sgd(0.1, { momentum: 1 }),
      "ArgumentError: sgd: momentum must be at least 0 and below 1, got 1",
    ],
    ["Nesterov without momentum", () => sgd(0.1, { nesterov: true }), "ArgumentError: sgd: nesterov needs a momentum"],
    ["negative decay", () => sgd(0.1, { weightDecay: -1 }), "ArgumentError: sgd: weightDecay must be >= 0, got -1"],
    ["beta1 of 1", () => adam(0.1, { beta1: 1 }), "ArgumentError: adam: beta1 must be at least 0 and below 1, got 1"],
    [
      "beta2 below 0",
      () => adamW(0.1, { beta2: -0.1 }),
      "ArgumentError: adamW: beta2 must be at least 0 and below 1, got -0.1",
    ],
    [
      "epsilon that is no number",
      () => adam(0.1, { epsilon: Number.NaN }),
      "ArgumentError: adam: epsilon must be >= 0, got NaN",
    ],
    [
      "a rate that is no number",
      () => scheduled(Number.NaN, scalar(0, "i32")),
      "ArgumentError: schedule: NaN is not a finite number",
    ],
    [
      "a schedule of no steps",
      () => cosineDecay(1, { steps: 0 }),
      "ArgumentError: cosineDecay: steps must be >= 1, got 0",
    ],
  ])("%s", (_, make, message) => {
    expect(thrown(make)).toBe(message);
  });
});
