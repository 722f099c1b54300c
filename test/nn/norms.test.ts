// Normalisations beyond single values: large means, sums in parts, any number of threads, empty batches, what folds into a layer, singular values.
import { afterAll, describe, expect, test, vi } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant, input } from "../../src/create.ts";
import { evaluate, evaluateAll, initialise } from "../../src/evaluate.ts";
import * as nn from "../../src/nn/index.ts";
import { scan } from "../../src/ops/loop.ts";
import { adam, ema, sgd } from "../../src/optim/index.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import { scalar, type Tensor } from "../../src/tensor.ts";
import { Predictor } from "../../src/train/predictor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { disagreements, largest } from "../ops/derivatives.ts";
import { teamOf } from "../team.ts";
import { thrown } from "../thrown.ts";

const training = () => nn.trainingContext(0, scalar(0, "i32"));
const reference = oracle({ poison: true });
const executors = Object.entries(float32).map(([name, create]) => [name, create({ poison: true })] as const);
afterAll(() => Promise.all([reference, ...executors.map(([, each]) => each)].map((each) => each.dispose())));

/** Numbers around a mean with a deviation of about 1, as float32. */
function around(mean: number, shape: Shape): Tensor {
  const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.fround(mean + 1.4 * Math.sin(i * i + i)));
  return constant(data, { shape });
}

type Norm = nn.Module & object;

const norms: readonly (readonly [name: string, shape: Shape, make: () => Norm])[] = [
  ["LayerNorm", [5, 300], () => new nn.LayerNorm(300)],
  ["BatchNorm1d in parts of the batch", [900, 3], () => new nn.BatchNorm1d(3)],
  ["BatchNorm1d of short sequences", [600, 3, 4], () => new nn.BatchNorm1d(3)],
  ["BatchNorm2d of a part a sample", [7, 3, 5, 5], () => new nn.BatchNorm2d(3)],
  ["BatchNorm2d of several parts a sample", [2, 3, 40, 40], () => new nn.BatchNorm2d(3)],
  ["BatchNorm3d of one channel", [3, 1, 4, 5, 6], () => new nn.BatchNorm3d(1)],
  ["GroupNorm", [3, 6, 9, 7], () => new nn.GroupNorm(2, 6)],
  ["InstanceNorm2d", [3, 2, 9, 7], () => new nn.InstanceNorm2d(2, { affine: true })],
];

describe.each(norms)("%s", (_, shape, make) => {
  // Float32 knows numbers around 10,000 to 1e-3, and these are given: deviations from their mean are kept to the last digits nevertheless.
  test("of numbers around 10,000 is right to 1e-5", async () => {
    const value = make().forward(around(1e4, shape), training());
    const exact = await evaluate(value, { executor: await given(reference, value) });
    for (const [name, executor] of executors) {
      const found = await evaluate(value, { executor: await given(executor, value) });
      expect(disagreements(name, found, exact, () => 1e-5)).toEqual([]);
    }
  });

  test("has value and gradients as the oracle has, to float32's roundings", async () => {
    const layer = make();
    const x = around(1, shape);
    const value = layer.forward(x, training());
    const weights = around(0, shape);
    const outputs = [value, ...grad(value, [x, ...nn.parameters(layer).values()], { cotangent: weights })];
    const exact = await evaluateAll(outputs, { executor: await given(reference, value) });
    for (const [name, executor] of executors) {
      const found = await evaluateAll(outputs, { executor: await given(executor, value) });
      found.forEach((each, i) => {
        // Each number is rounded some ten times at the size of the largest that takes part.
        const unit = 2e-6 * Math.max(1, largest(exact[i]));
        expect(disagreements(`${name} ${i}`, each, exact[i], () => unit)).toEqual([]);
      });
    }
  });

  test("has the same bits for one, two and four threads", async () => {
    const layer = make();
    const x = around(3, shape);
    const value = layer.forward(x, training());
    const outputs = [value, ...grad(value.square().sum(), [x, ...nn.parameters(layer).values()])];
    const results: string[] = [];
    for (const threads of [1, 2, 4]) {
      const executor = teamOf(threads, "portable");
      await given(executor, value);
      const found = await evaluateAll(outputs, { executor });
      results.push(found.map((each) => new Int32Array(new Float32Array(each).buffer).join()).join(";"));
      await executor.dispose();
    }
    expect(new Set(results).size).toBe(1);
  });
});

async function given<E extends Parameters<typeof initialise>[0]>(executor: E, value: Tensor): Promise<E> {
  await initialise(executor, [value], 0);
  return executor;
}

test("a batch of nothing has no statistics, and passes where none are needed", async () => {
  const norm = new nn.BatchNorm2d(3);
  expect(norm.forward(input([0, 3, 4, 4]), nn.evaluationContext()).shape).toEqual([0, 3, 4, 4]);
  expect([...(await evaluate(new nn.LayerNorm(4).forward(constant([], { shape: [0, 4] }))))]).toEqual([]);
  expect([...(await evaluate(new nn.GroupNorm(1, 2).forward(constant([], { shape: [0, 2, 4] }))))]).toEqual([]);
  expect(thrown(() => norm.forward(input([0, 3, 4, 4]), training()))).toMatch(/more than one value a feature/);
});

test("LayerNorm in a loop has the gradients of its steps", async () => {
  const layer = new nn.LayerNorm(6);
  const parameters = [...nn.parameters(layer).values()];
  const [xs, start] = [around(0, [4, 3, 6]), around(1, [3, 6])];
  const next = (carry: Tensor, x: Tensor) => layer.forward(carry.mul(0.5).add(x)).tanh();
  const looped = scan(([carry], [x]) => ({ carries: [next(carry, x)] }), [start], [xs]).carries[0];
  const unrolled = [0, 1, 2, 3].reduce((carry, i) => next(carry, xs.narrow(0, i, 1).squeeze(0)), start);
  const gradients = [looped, unrolled].map((value) => grad(value.square().sum(), [xs, start, ...parameters]));
  for (const executor of [reference, ...executors.map(([, each]) => each)]) {
    const [found, expected] = await Promise.all(
      gradients.map(async (each) => evaluateAll(each, { executor: await given(executor, looped) })),
    );
    found.forEach((each, i) => {
      expect(disagreements(`${i}`, each, expected[i], () => (executor === reference ? 1e-12 : 2e-5))).toEqual([]);
    });
  }
});

describe("fuseBatchNorm", () => {
  const write = (executor: ReturnType<typeof oracle>, variable: Variable | undefined, data: readonly number[]) =>
    executor.write({ variable: variable?.key ?? "" }, data);

  test.each([
    [true, true],
    [false, false],
  ])("gives what layer and norm give (bias %s, affine %s)", async (bias, affine) => {
    const executor = oracle();
    const [linear, norm] = [new nn.Linear(3, 2, { bias }), new nn.BatchNorm1d(2, { affine })];
    const x = around(0, [4, 3]);
    const both = norm.forward(linear.forward(x), nn.evaluationContext());
    await initialise(executor, [both], 3);
    await write(executor, norm.runningMean, [0.5, -2]);
    await write(executor, norm.runningVariance, [4, 0.25]);
    if (affine) await write(executor, norm.weight, [3, -0.5]);
    if (affine) await write(executor, norm.bias, [1, 7]);
    const fused = nn.fuseBatchNorm(linear, norm);
    expect(fused).toBeInstanceOf(nn.Linear);
    const own = [...nn.variables(fused)];
    expect(own.map(([name]) => name)).toEqual(["weight", "bias"]);
    const one = fused.forward(x);
    await initialise(
      executor,
      own.map(([, variable]) => variable),
      0,
    );
    const [expected, found] = await evaluateAll([both, one], { executor });
    expect(disagreements("fused", found, expected, () => 1e-12)).toEqual([]);
    await executor.dispose();
  });

  test("gives what a convolution and its norm give, one of groups and a depthwise one", async () => {
    for (const groups of [1, 2, 4]) {
      const executor = oracle();
      const [layer, norm] = [new nn.Conv2d(4, 8, 3, { padding: 1, groups, bias: groups > 1 }), new nn.BatchNorm2d(8)];
      const x = around(0, [2, 4, 5, 6]);
      const both = norm.forward(layer.forward(x), nn.evaluationContext());
      await initialise(executor, [both], 3);
      const numbers = (scale: number, more: number) => Array.from({ length: 8 }, (_, i) => scale * Math.sin(i) + more);
      await write(executor, norm.runningMean, numbers(2, 0));
      await write(executor, norm.runningVariance, numbers(0.5, 1));
      await write(executor, norm.weight, numbers(-1, 0.5));
      const fused = nn.fuseBatchNorm(layer, norm);
      const one = fused.forward(x);
      await initialise(executor, [...nn.variables(fused).values()], 0);
      const [expected, found] = await evaluateAll([both, one], { executor });
      expect(disagreements("fused", found, expected, () => 1e-12)).toEqual([]);
      await executor.dispose();
    }
  });

  test("predicts as the trained model does, on the executor that trained", async () => {
    const [linear, norm] = [new nn.Linear(2, 4), new nn.BatchNorm1d(4)];
    const head = new nn.Linear(4, 1);
    const executor = new JsExecutor();
    const trainer = new Trainer(new nn.Sequential(linear, norm, nn.relu, head), {
      executor,
      loss: nn.mseLoss,
      optimizer: sgd(0.05),
    });
    const x = Array.from({ length: 16 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
    await trainer.load({ x, y: x.map(([a, b]) => [a * b]) });
    await trainer.fit({ epochs: 5, batch: 8 });
    const expected = await trainer.predict(x);
    const fused = new nn.Sequential(nn.fuseBatchNorm(linear, norm), nn.relu, head);
    const predictor = new Predictor(fused, { executor });
    const found = await predictor.predict(x);
    expect(disagreements("fused", found.data as Float32Array, expected.data, () => 1e-6)).toEqual([]);
    expect(largest(expected.data)).toBeGreaterThan(0.01);
    await predictor.dispose();
    await trainer.dispose();
    await executor.dispose();
  });

  test("is evaluated with what it was made of, in its first values", async () => {
    const [layer, norm] = [new nn.Conv1d(3, 4, 2), new nn.BatchNorm1d(4)];
    const outer = new nn.BatchNorm1d(4);
    const fused = nn.fuseBatchNorm(layer, norm);
    const x = around(1, [2, 3, 5]);
    const context = nn.evaluationContext();
    const apart = outer.forward(norm.forward(layer.forward(x), context), context);
    // Of what was fused twice, values are made of those of others, which are made.
    const twice = nn.fuseBatchNorm(fused, outer).forward(x);
    for (const seed of [0, 5]) {
      const [expected, found] = [await evaluate(apart, { seed }), await evaluate(twice, { seed })];
      expect(largest([...expected])).toBeGreaterThan(0.1);
      expect(disagreements("fused", found, expected, () => 1e-6)).toEqual([]);
    }
  });

  test("tells that there is nothing to make it of on an executor that does not know the layers", async () => {
    const predictor = new Predictor(nn.fuseBatchNorm(new nn.Linear(2, 2), new nn.BatchNorm1d(2)));
    await expect(predictor.predict([[1, 2]])).rejects.toThrow(/has no value/);
    await predictor.dispose();
  });

  test("is saved and loaded by models that are fused alike, without a word of random values", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const parts = () => [new nn.Linear(2, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 1)] as const;
    const fusedOf = ([linear, norm, head]: ReturnType<typeof parts>) =>
      new nn.Sequential(nn.fuseBatchNorm(linear, norm), nn.relu, head);
    const trained = parts();
    const executor = new JsExecutor();
    const options = { executor, loss: nn.mseLoss, optimizer: sgd(0.05) };
    const trainer = new Trainer(new nn.Sequential(trained[0], trained[1], nn.relu, trained[2]), options);
    const x = Array.from({ length: 16 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
    await trainer.load({ x, y: x.map(([a, b]) => [a * b]) });
    await trainer.fit({ epochs: 2, batch: 8 });
    const predictor = new Predictor(fusedOf(trained), { executor });
    const state = await predictor.stateDict();
    expect(Object.keys(state)).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
    const [expected, found] = [await trainer.predict(x), await predictor.predict(x)];
    expect(disagreements("fused", found.data as Float32Array, expected.data, () => 1e-6)).toEqual([]);
    // Another program, another executor.
    const loaded = new Predictor(fusedOf(parts()), { state, executor: new JsExecutor() });
    expect((await loaded.predict(x)).data).toEqual(found.data);
    expect(warned.mock.calls).toEqual([]);
    const bare = new Predictor(nn.fuseBatchNorm(trained[0], trained[1]), { executor });
    await bare.predict(x);
    expect(warned.mock.calls).toEqual([]);
    for (const each of [bare, loaded, predictor, trainer]) await each.dispose();
    warned.mockRestore();
  });

  test("is trained on another executor, from a state or a snapshot, or tells what it lacks", async () => {
    const parts = () => [new nn.Linear(2, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 1)] as const;
    const foldedOf = ([linear, norm, head]: ReturnType<typeof parts>) =>
      new nn.Sequential(nn.fuseBatchNorm(linear, norm), nn.relu, head);
    const trainerOf = (model: nn.Sequential, executor = new JsExecutor()) =>
      new Trainer(model, { executor, loss: nn.mseLoss, optimizer: ema(adam(0.05), { decay: 0.5 }) });
    const x = Array.from({ length: 16 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
    const y = x.map(([a, b]) => [a * b]);
    const own = parts();
    const whole = trainerOf(new nn.Sequential(own[0], own[1], nn.relu, own[2]));
    await whole.load({ x, y });
    await whole.fit({ epochs: 2, batch: 8 });
    const near = trainerOf(foldedOf(own), whole.executor as JsExecutor);
    const [state, snapshot] = [await near.stateDict(), await near.snapshot()];

    const bare = trainerOf(foldedOf(parts()));
    const lacking =
      /^0\.weight, 0\.bias: the first values .* as by mergeLora and fuseBatchNorm, and variable running_\w+ has no value on this executor: .* loadStateDict/;
    await expect(bare.load({ x, y })).rejects.toThrow(lacking);
    await expect(bare.loadStateDict({ "2.bias": [1] }, { strict: false })).rejects.toThrow(lacking);
    await expect(bare.loadStateDict({})).rejects.toThrow("loadStateDict: missing [0.weight, 0.bias, 2.weight, 2.bias]");
    await expect(bare.predict(x)).rejects.toThrow(lacking);

    const [byState, bySnapshot] = [bare, trainerOf(foldedOf(parts()))];
    await byState.loadStateDict(state);
    await bySnapshot.restore(snapshot);
    const trainers = [near, byState, bySnapshot];
    const ends = await Promise.all(
      trainers.map(async (trainer) => {
        expect(await trainer.stateDict()).toEqual(state);
        await trainer.load({ x, y });
        await trainer.fit({ epochs: 3, batch: 8 });
        const { "history.seconds": _, ...now } = await trainer.snapshot();
        return [await trainer.stateDict(), await trainer.stateDict({ averaged: true }), now];
      }),
    );
    expect(ends[0][0]).not.toEqual(state);
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
    // What is begun anew has no first values either, and stays as it is.
    await expect(byState.reset()).rejects.toThrow(lacking);
    expect(await byState.stateDict()).toEqual(ends[1][0]);
    for (const each of [...trainers, whole]) await each.dispose();
  });

  test("takes weights of any rank, one part a channel", () => {
    const layer = { weight: new Variable([4, 3, 5, 5], 1), bias: undefined, forward: (x: Tensor) => x };
    const fused = nn.fuseBatchNorm(layer, new nn.BatchNorm2d(4));
    expect([fused.weight.shape, (fused.bias as Variable | undefined)?.shape]).toEqual([[4, 3, 5, 5], [4]]);
  });

  test("refuses what does not fit", () => {
    expect(thrown(() => nn.fuseBatchNorm(new nn.Linear(3, 2), new nn.BatchNorm1d(3)))).toBe(
      "ShapeError: fuseBatchNorm: [3] channels for a weight [2, 3]",
    );
    expect(
      thrown(() => nn.fuseBatchNorm(new nn.Linear(3, 2), new nn.BatchNorm1d(2, { trackRunningStats: false }))),
    ).toBe("ArgumentError: fuseBatchNorm: the norm's running mean must be a Variable, got undefined");
  });
});

describe("SpectralNorm", () => {
  test("begins near the largest singular value", async () => {
    const layer = new nn.SpectralNorm(new nn.Linear(6, 4, { bias: false }));
    const weight = layer.forward(
      constant(
        Array.from({ length: 36 }, (_, i) => Number(i % 7 === 0)),
        { shape: [6, 6] },
      ),
      nn.evaluationContext(),
    );
    const data = await evaluate(weight.transpose());
    // Of W / s the largest singular value is 1: power iterations of W W^T by hand.
    let u = [1, 0.5, 0.25, 0.125];
    let length = 0;
    for (let i = 0; i < 500; i++) {
      const v = Array.from({ length: 6 }, (_, c) => u.reduce((sum, each, r) => sum + each * data[6 * r + c], 0));
      u = u.map((_, r) => v.reduce((sum, each, c) => sum + each * data[6 * r + c], 0));
      length = Math.hypot(...u);
      u = u.map((each) => each / length);
    }
    expect(Math.sqrt(length)).toBeCloseTo(1, 1);
  });

  test("takes weights of any rank, by any axis", async () => {
    const weight = new Variable(
      [3, 4, 2, 2],
      Array.from({ length: 48 }, (_, i) => Math.sin(i)),
    );
    const layer = new nn.SpectralNorm({ weight, forward: (x: Tensor) => x }, { dim: 1 });
    expect([layer.weightU.shape, layer.weightV.shape]).toEqual([[4], [12]]);
    const [w, u, v] = await evaluateAll([layer.weightOrig, layer.weightU, layer.weightV]);
    // u W v of the matrix whose rows are axis 1 is |W v|, the largest that it can be.
    const product = [0, 1, 2, 3].map((r) =>
      Array.from(v).reduce((sum, each, i) => sum + each * w[(Math.floor(i / 4) * 4 + r) * 4 + (i % 4)], 0),
    );
    const largestOf = product.reduce((sum, each, r) => sum + each * u[r], 0);
    expect(Math.hypot(...product)).toBeCloseTo(largestOf, 5);
    expect(largestOf).toBeGreaterThan(Math.hypot(...w) / 2); // at least the mean of four singular values' squares
  });

  test("assigns its vectors once a step, and goes on from them where it is used twice", () => {
    const layer = new nn.SpectralNorm(new nn.Linear(3, 2));
    const assignments: Parameters<typeof nn.trainingContext>[2] = [];
    const context = nn.trainingContext(0, scalar(0, "i32"), assignments);
    layer.forward(input([4, 3]), context);
    layer.forward(input([4, 3]), context);
    expect(assignments.map(([variable]) => variable.label)).toEqual(["weight_u", "weight_v"]);
    expect([...nn.parameters(layer).keys()]).toEqual(["bias", "weight_orig"]);
  });
});

test.each<[string, () => unknown, string]>([
  [
    "BatchNorm2d of rows",
    () => new nn.BatchNorm2d(3).forward(input([2, 3]), training()),
    "ShapeError: BatchNorm2d: takes [N, 3, H, W], got [2, 3]",
  ],
  [
    "BatchNorm2d of bytes",
    () => new nn.BatchNorm2d(3).forward(input([2, 3, 4, 4], "u8"), training()),
    "DTypeError: BatchNorm2d: takes f32, got u8[2, 3, 4, 4] (cast it first)",
  ],
  [
    "BatchNorm3d of images",
    () => new nn.BatchNorm3d(3).forward(input([2, 3, 4, 4]), training()),
    "ShapeError: BatchNorm3d: takes [N, 3, D, H, W], got [2, 3, 4, 4]",
  ],
  [
    "GroupNorm of ragged groups",
    () => new nn.GroupNorm(2, 5),
    "ArgumentError: GroupNorm: numChannels must be a multiple of numGroups 2, got 5",
  ],
  [
    "GroupNorm of other channels",
    () => new nn.GroupNorm(2, 4).forward(input([2, 3, 4])),
    "ShapeError: GroupNorm: takes [N, 4, ...], got [2, 3, 4]",
  ],
  [
    "InstanceNorm1d of one value",
    () => new nn.InstanceNorm1d(3).forward(input([2, 3, 1]), training()),
    "ShapeError: InstanceNorm1d: needs more than one value a channel of a sample, got [2, 3, 1]",
  ],
  [
    "InstanceNorm2d of rows",
    () => new nn.InstanceNorm2d(3).forward(input([2, 3]), training()),
    "ShapeError: InstanceNorm2d: takes [N, 3, H, W], got [2, 3]",
  ],
  [
    "LocalResponseNorm of no channels",
    () => new nn.LocalResponseNorm(0),
    "ArgumentError: LocalResponseNorm: size must be a whole number >= 1, got 0",
  ],
  [
    "LocalResponseNorm of a row",
    () => new nn.LocalResponseNorm(3).forward(input([4])),
    "ShapeError: LocalResponseNorm: takes [N, C, ...], got [4]",
  ],
  [
    "SpectralNorm of no iterations",
    () => new nn.SpectralNorm(new nn.Linear(2, 2), { nPowerIterations: 0 }),
    "ArgumentError: SpectralNorm: nPowerIterations must be a whole number from 1 to 4096, got 0",
  ],
])("%s gets a typed error", (_, make, message) => {
  expect(thrown(make)).toBe(message);
});
