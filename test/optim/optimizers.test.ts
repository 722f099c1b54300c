// Optimizers as graphs: how they are put together, how exact their updates are, and what they do not take.
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant } from "../../src/create.ts";
import { evaluateAll, initialise } from "../../src/evaluate.ts";
import { accumulate } from "../../src/optim/accumulate.ts";
import { scaleByAdam } from "../../src/optim/adam.ts";
import { ema, swa } from "../../src/optim/averages.ts";
import { agc, clipByGlobalNorm, clipByValue } from "../../src/optim/clip.ts";
import { clamp, constrained, maxNorm } from "../../src/optim/constraints.ts";
import { addDecayedWeights, l1Penalty } from "../../src/optim/decay.ts";
import type { OptimizerOptions } from "../../src/optim/descent.ts";
import { freeze, parameterGroups } from "../../src/optim/groups.ts";
import { scaleByLearningRate } from "../../src/optim/learning-rate.ts";
import { lookahead } from "../../src/optim/lookahead.ts";
import * as optimizers from "../../src/optim/optimizers.ts";
import { cosineDecay, scheduled } from "../../src/optim/schedules.ts";
import { type Selection, selects } from "../../src/optim/selection.ts";
import { trace } from "../../src/optim/sgd.ts";
import { chain, type Optimizer } from "../../src/optim/transform.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { scalar } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { disagreements } from "../ops/derivatives.ts";
import { thrown } from "../thrown.ts";
import { table } from "./table.ts";

const { adadelta, adagrad, adam, adamax, adamW, lamb, lars, lion, muon, nadam, radam, rmsprop, sgd } = optimizers;

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

describe("maximize turns the gradients, and nothing else: the same bits as with them turned by hand", () => {
  test.each(Object.entries(optimizers))("%s", async (_, make) => {
    const found: (readonly number[])[] = [];
    for (const maximize of [true, false]) {
      const parameters = [new Variable([2, 2], [1, -2, 3, -4]), new Variable([2], [0.5, -0.25])];
      const gradients = parameters.map((parameter) => parameter.mul(maximize ? 0.5 : -0.5).add(maximize ? 1 : -1));
      const optimizer = (make as unknown as (rate: number, options: OptimizerOptions) => Optimizer)(0.1, { maximize });
      const assignments = optimizer.update(gradients, optimizer.init(parameters), parameters);
      const executor = float32["wasm-portable"]();
      await initialise(executor, assignments.flat(), 0);
      await executor.run([[await executor.load(compile({ assignments })), 5]]).done;
      const values = await Promise.all(parameters.map(({ key }) => executor.read({ variable: key })));
      found.push(values.flatMap((each) => [...each]));
      await executor.dispose();
    }
    expect(found[0]).toEqual(found[1]);
    expect(found[0].every(Number.isFinite)).toBe(true);
  });
});

describe("a momentum may be a schedule, a scalar or a number", () => {
  const taking = Object.entries(optimizers).flatMap(([name, make]) =>
    (["momentum", "beta1"] as const)
      .filter((option) => option in (table[name as keyof typeof table].args[1].options ?? {}))
      .map((option) => [name, option, make as unknown as Make] as const),
  );
  type Make = (rate: number, options: Readonly<Record<string, unknown>>) => Optimizer;

  test("most optimizers have one", () => {
    expect(taking).toHaveLength(11);
  });

  test.each(taking)("%s: %s", async (_, option, make) => {
    const found: Float64Array[] = [];
    for (const momentum of [0.75, scalar(0.75), () => scalar(0.75)]) {
      const w = new Variable([2, 2], [1, -2, 3, -4]);
      const optimizer = make(0.1, { [option]: momentum });
      const assignments = optimizer.update([w.mul(0.5).add(1)], optimizer.init([w]), [w]);
      const executor = oracle();
      await initialise(executor, assignments.flat(), 0);
      await executor.run([[await executor.load(compile({ assignments })), 5]]).done;
      found.push(Float64Array.from(await executor.read({ variable: w.key })));
      await executor.dispose();
    }
    const close = [...found[0]].map((value) => expect.closeTo(value, 12));
    for (const values of found) expect([...values]).toEqual(close);
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

describe("the first values after zeros keep six digits in Float32, however late the first gradient comes", () => {
  // The parameter is 0, so that its new value is the update alone, at any count of steps.
  const names = { adamax, nadam, radam, lamb, adagrad, adadelta, rmsprop };
  test.each(Object.entries(names))("%s", async (_, make) => {
    for (const begin of [0, 4, 5, 6, 20, 249, 250, 5000, 1_000_000]) {
      const found: Float64Array[] = [];
      for (const executor of [float32["wasm-portable"](), oracle()]) {
        const w = new Variable([5], 0);
        const optimizer = make(1);
        const state = optimizer.init([w], new Variable([], begin, { dtype: "i32" }));
        const assignments = optimizer.update([constant([1e-3, -3e-2, 0.5, 7, -1e2])], state, [w]);
        await initialise(executor, assignments.flat(), 0);
        await executor.run([[await executor.load(compile({ assignments })), 1]]).done;
        found.push(Float64Array.from(await executor.read({ variable: w.key })));
        await executor.dispose();
      }
      expect(disagreements("update", found[0], found[1], (expected) => 2e-6 * Math.abs(expected))).toEqual([]);
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

describe("groups and masks", () => {
  const [w, b] = [new Variable([2, 2], 1, { label: "w" }), new Variable([2], 1, { label: "b" })];
  const gradients = [constant([1, 2, 3, 4], { shape: [2, 2] }), constant([5, 6])];

  test("take parameters by a function, by a list and by path", () => {
    const selections: Selection[] = [({ shape }) => shape.length > 1, [w], new Map([["layer.weight", w]])];
    for (const selection of selections) expect([w, b].filter(selects(selection))).toEqual([w]);
  });

  test("count one step together", () => {
    const optimizer = parameterGroups([{ parameters: [w], optimizer: adam(0.1) }, { optimizer: lion(0.1) }]);
    const state = optimizer.init([w, b]);
    const counters = optimizer.update(gradients, state, [w, b]).filter(([{ dtype }]) => dtype === "i32");
    expect(counters.map(([variable]) => variable)).toEqual([state.step]);
  });

  test("leave nothing out: a parameter in no group is an error", () => {
    const optimizer = parameterGroups([{ parameters: [w], optimizer: sgd(0.1) }]);
    expect(thrown(() => optimizer.init([w, b]))).toBe("ArgumentError: parameterGroups: no group holds parameter 1 b");
  });

  test("of frozen parameters have no state and no new values", () => {
    const optimizer = freeze(adam(0.1), [w]);
    const state = optimizer.init([w, b]);
    const assigned = optimizer.update(gradients, state, [w, b]).map(([{ label }]) => label);
    expect(assigned).toEqual(["b.adam.m", "b.adam.v", "b", "optimizer.step"]);
  });

  test("share what a chain does before: one norm over all groups", async () => {
    const groups = parameterGroups([{ parameters: [w], optimizer: sgd(1) }, { optimizer: sgd(1) }]);
    const optimizer = chain(clipByGlobalNorm(1), groups);
    const assignments = new Map(optimizer.update(gradients, optimizer.init([w, b]), [w, b]));
    const moved = await evaluateAll([w, b].map((parameter) => parameter.sub(assignments.get(parameter) as Tensor)));
    const norm = Math.sqrt(1 + 4 + 9 + 16 + 25 + 36);
    const expected = [1, 2, 3, 4, 5, 6].map((g) => g / norm);
    expect(
      moved.flatMap((values) => [...values]).map((value, i) => Math.abs(value - expected[i]) < 1e-6),
    ).not.toContain(false);
  });
});

test("accumulated steps are one step on the mean, with the inner optimizer's own count", async () => {
  // w = 1; two gradients of 1 make the mean 1: w = 0.5, then two of 0.5: w = 0.25.
  expect(await descend(accumulate(sgd(0.5), { steps: 2 }), oracle(), 5)).toEqual([1, 0.5, 0.5, 0.25, 0.25]);
});

test("the outermost of several wrappers comes last", async () => {
  const inside = constrained(lookahead(sgd(0.5), { every: 1, alpha: 0.5 }), clamp(0.75, 1));
  const outside = lookahead(constrained(sgd(0.5), clamp(0.75, 1)), { every: 1, alpha: 0.5 });
  // Half of the way from 1 to 0.5 is 0.75; half of the way from 1 to 0.75 is 0.875.
  expect(await descend(inside, oracle(), 1)).toEqual([0.75]);
  expect(await descend(outside, oracle(), 1)).toEqual([0.875]);
});

describe("bad input gets a typed error", () => {
  test.each<[string, () => unknown, string]>([
    [
      "momentum of 1",
      () => sgd(0.1, { momentum: 1 }),
      "ArgumentError: sgd: momentum must be at least 0 and below 1, got 1",
    ],
    ["Nesterov without momentum", () => sgd(0.1, { nesterov: true }), "ArgumentError: sgd: nesterov needs a momentum"],
    [
      "negative decay",
      () => sgd(0.1, { weightDecay: -1 }),
      "ArgumentError: sgd: weightDecay must be a number >= 0, got -1",
    ],
    ["beta1 of 1", () => adam(0.1, { beta1: 1 }), "ArgumentError: adam: beta1 must be at least 0 and below 1, got 1"],
    [
      "beta2 below 0",
      () => adamW(0.1, { beta2: -0.1 }),
      "ArgumentError: adamW: beta2 must be at least 0 and below 1, got -0.1",
    ],
    [
      "epsilon that is no number",
      () => adam(0.1, { epsilon: Number.NaN }),
      "ArgumentError: adam: epsilon must be a number >= 0, got NaN",
    ],
    ["a negative rate", () => sgd(-0.1), "ArgumentError: sgd: learningRate must be a number >= 0, got -0.1"],
    [
      "options in its place",
      () => adam({ lr: 0.1 } as never),
      "ArgumentError: adam: learningRate must be a finite number, a scalar or a function of the step, got { lr }",
    ],
    [
      "dampening with Nesterov",
      () => sgd(0.1, { momentum: 0.9, nesterov: true, dampening: 0.5 }),
      "ArgumentError: sgd: nesterov allows no dampening",
    ],
    ["adagrad", () => adagrad(0.1, { lrDecay: -1 }), "ArgumentError: adagrad: lrDecay must be a number >= 0, got -1"],
    ["adadelta", () => adadelta(1, { epsilon: 0 }), "ArgumentError: adadelta: epsilon must be a number > 0, got 0"],
    [
      "rmsprop",
      () => rmsprop(0.1, { alpha: 1 }),
      "ArgumentError: rmsprop: alpha must be at least 0 and below 1, got 1",
    ],
    ["adamax", () => adamax(0.1, { epsilon: -1 }), "ArgumentError: adamax: epsilon must be a number >= 0, got -1"],
    [
      "nadam",
      () => nadam(0.1, { momentumDecay: -1 }),
      "ArgumentError: nadam: momentumDecay must be a number >= 0, got -1",
    ],
    ["radam", () => radam(0.1, { beta2: 1 }), "ArgumentError: radam: beta2 must be at least 0 and below 1, got 1"],
    ["lion", () => lion(0.1, { beta1: 2 }), "ArgumentError: lion: beta1 must be at least 0 and below 1, got 2"],
    ["lamb", () => lamb(0.1, { weightDecay: -1 }), "ArgumentError: lamb: weightDecay must be a number >= 0, got -1"],
    [
      "lars",
      () => lars(1, { trustCoefficient: 0 }),
      "ArgumentError: lars: trustCoefficient must be a number > 0, got 0",
    ],
    ["muon", () => muon(0.1, { nsSteps: 0 }), "ArgumentError: muon: nsSteps must be a whole number >= 1, got 0"],
    ["a negative penalty", () => l1Penalty(-1), "ArgumentError: l1Penalty: strength must be a number >= 0, got -1"],
    ["a limit of 0", () => clipByGlobalNorm(0), "ArgumentError: clipByGlobalNorm: limit must be a number > 0, got 0"],
    ["a value of 0", () => clipByValue(0), "ArgumentError: clipByValue: limit must be a number > 0, got 0"],
    ["clipping of 0", () => agc(0), "ArgumentError: agc: clipping must be a number > 0, got 0"],
    [
      "an average of 1",
      () => ema(sgd(1), { decay: 1 }),
      "ArgumentError: ema: decay must be at least 0 and below 1, got 1",
    ],
    [
      "half a start",
      () => swa(sgd(1), { start: 0.5 }),
      "ArgumentError: swa: start must be a whole number >= 0, got 0.5",
    ],
    [
      "a look too far",
      () => lookahead(sgd(1), { alpha: 2 }),
      "ArgumentError: lookahead: alpha must be above 0 and at most 1, got 2",
    ],
    [
      "no steps",
      () => accumulate(sgd(1), { steps: 0 }),
      "ArgumentError: accumulate: steps must be a whole number >= 1, got 0",
    ],
    ["a length of 0", () => maxNorm(0), "ArgumentError: maxNorm: limit must be a number > 0, got 0"],
    ["bounds the wrong way", () => clamp(1, -1), "ArgumentError: clamp: least 1 must be <= most -1"],
    [
      "an optimizer inside a chain",
      () => {
        const [w, inner] = [new Variable([], 0), chain(sgd(1), trace(0.9))];
        inner.update([w], inner.init([w]), [w]);
      },
      "ArgumentError: chain: link 0 is an optimizer and not the last of 2",
    ],
    [
      "a rate that is no number",
      () => scheduled(Number.NaN, scalar(0, "i32")),
      "ArgumentError: scheduled: schedule must be a finite number, a scalar or a function of the step, got NaN",
    ],
    [
      "a schedule of no steps",
      () => cosineDecay(1, { steps: 0 }),
      "ArgumentError: cosineDecay: steps must be a number >= 1, got 0",
    ],
  ])("%s", (_, make, message) => {
    expect(thrown(make)).toBe(message);
  });
});
