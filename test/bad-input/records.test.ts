// Models, data, losses, metrics and weights that speak of different tensors: each is said by its path, before anything runs.
import {
  ArgumentError,
  DataError,
  DTypeError,
  JsExecutor,
  ShapeError,
  type SimdgradError,
  type Tensor,
  Trainer,
  type TrainerOptions,
} from "simdgrad";
import { crossEntropy, Linear, type Module, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { afterEach, describe, expect, test } from "vitest";

interface Inputs {
  readonly image: Tensor;
  readonly meta: Tensor;
}

interface Outputs {
  readonly digit: Tensor;
  readonly size: Tensor;
}

class Two implements Module<Inputs, Outputs> {
  readonly digit = new Linear(2, 3);
  readonly size = new Linear(1, 1);
  forward({ image, meta }: Inputs): Outputs {
    return { digit: this.digit.forward(image), size: this.size.forward(meta) };
  }
}

const open: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.dispose();
});

const loss = { digit: crossEntropy, size: mseLoss };

function trainerOf(options: object = {}, model: object = new Two()): Trainer<Inputs, Outputs> {
  const own = { loss, optimizer: sgd(0.1), executor: new JsExecutor(), ...options };
  const trainer = new Trainer(model as Two, own as TrainerOptions<Inputs, Outputs>);
  open.push(trainer, own.executor);
  return trainer;
}

const x = {
  image: [
    [1, 2],
    [3, 4],
  ],
  meta: [[1], [2]],
};
const y = { digit: [0, 2], size: [[1], [2]] };
const ones = { data: [1, 1], shape: [2, 1] };

type Refusal = readonly [message: string, type: typeof SimdgradError, samples: object];

describe.each<Refusal>([
  ["x.meta is missing: the model reads it, and x has [image]", DataError, { x: { image: x.image }, y }],
  [
    "x.meta is missing: the model reads it, and x has [image, mata]",
    DataError,
    { x: { image: x.image, mata: x.meta }, y },
  ],
  ["x.image is missing: the model reads it, and x has [0, 1]", DataError, { x: [ones, ones], y }],
  ["x.meta is an array, or { data, shape }, got {", ArgumentError, { x: { ...x, meta: {} }, y }],
  [
    'x.meta: row 1, column 0 is "2", not a number; Number("2") is one',
    ArgumentError,
    { x: { ...x, meta: [[1], ["2"]] }, y },
  ],
  ["x.image is missing: the model reads it, and x is one array", DataError, { x: x.meta, y }],
  ["x.more is not read: the model reads [image, meta]", DataError, { x: { ...x, more: x.meta }, y }],
  [
    "x.image [2, 2] and x.meta [3, 1] have different numbers of rows",
    DataError,
    { x: { ...x, meta: [[1], [2], [3]] }, y },
  ],
  ["x.image [2, 2] and y.size [1, 1] have different numbers of rows", DataError, { x, y: { ...y, size: [[1]] } }],
  ["x.meta needs a first axis of rows", DataError, { x: { ...x, meta: 1 }, y }],
  ["x.meta: row 1 holds NaN", DataError, { x: { ...x, meta: [[1], [Number.NaN]] }, y }],
  [
    "Linear: the last axis of [2, 1] is not inFeatures 2 (digit); x.image f32[2, 1], x.meta f32[2, 1]",
    ShapeError,
    { x: { ...x, image: [[1], [2]] }, y },
  ],
  ["y.digit is missing: a loss is of digit, and y has [size]", DataError, { x, y: { size: y.size } }],
  ["y.digit is missing: a loss is of digit, and y is one array, f32[2, 1]", DataError, { x, y: y.size }],
  ["y.more: no loss and no metric is of more", DataError, { x, y: { ...y, more: y.size } }],
  ["y.digit: row 1 has class index 3, outside 0..2", DataError, { x, y: { ...y, digit: [0, 3] } }],
  ["y.digit: element 1 is 0.5, not of dtype i32", DTypeError, { x, y: { ...y, digit: [0, 0.5] } }],
  ["mseLoss: prediction [2, 1] and target [2] differ", ShapeError, { x, y: { ...y, size: [1, 2] } }],
  ["sampleWeight.more: there is no loss of this name", DataError, { x, y, sampleWeight: { more: [1, 2] } }],
  ["sampleWeight.size [3] is not one a row, [2]", ShapeError, { x, y, sampleWeight: { size: [1, 2, 3] } }],
])("samples: %s", (message, type, samples) => {
  test("in load", async () => {
    const trainer = trainerOf();
    const failure = await trainer.load(samples as never).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(type);
    expect((failure as Error).message).toContain(message);
  });

  test("in evaluate and in a validation", async () => {
    const trainer = trainerOf();
    await trainer.load({ x, y });
    await expect(trainer.evaluate(samples as never)).rejects.toThrow(message);
    await expect((async () => trainer.fit({ validation: samples as never }))()).rejects.toThrow(message);
    expect(trainer.history).toEqual([]);
  });
});

test.each<readonly [message: string, options: object, model?: object]>([
  ["Trainer: loss.weight: the model gives no weight; it gives [digit, size]", { loss: { ...loss, weight: mseLoss } }],
  [
    "Trainer: loss.size is missing: the model gives it, too; null is for one without a loss",
    { loss: { digit: crossEntropy } },
  ],
  [
    "Trainer: loss.digit: the model gives no digit; it gives one tensor, f32[2, 3]",
    {},
    { inner: new Linear(2, 3), forward: ({ image, meta }: Inputs) => new Linear(2, 3).forward(image).add(meta) },
  ],
  [
    "Trainer: metrics.weight.error: the model gives no weight; it gives [digit, size]",
    { metrics: { weight: { error: mseLoss } } },
  ],
  ["Trainer: lossWeights.weight: there is no loss of this name, but [digit, size]", { lossWeights: { weight: 2 } }],
  ["Trainer: classWeight.weight: there is no loss of this name, but [digit, size]", { classWeight: { weight: [1] } }],
  ["Trainer: classWeight.size: the loss takes no class indices", { classWeight: { size: [1] } }],
  ["Trainer: classWeight.digit must be a list of one factor a class, [3], got [2]", { classWeight: { digit: [1, 2] } }],
  [
    "Trainer: lossWeights: the loss is one function",
    { loss: (p: Outputs, t: Outputs) => mseLoss(p.size, t.size), lossWeights: { digit: 1 } },
  ],
  [
    "what the loss of size gives must be one number, such as mean() gives, got [2, 1]",
    { loss: { digit: crossEntropy, size: (p: Tensor, t: Tensor) => p.sub(t) } },
  ],
  [
    "classWeight: the loss is made of none of simdgrad/nn",
    {
      loss: {
        size: mseLoss,
        digit: Object.assign((p: Tensor, t: Tensor) => p.sub(t.oneHot(3)).square().mean(), { targets: "classes" }),
      },
      classWeight: { digit: [1, 2, 3] },
    },
  ],
])("where the data are seen: %s", async (message, options, model) => {
  const trainer = trainerOf(options as object, model as object | undefined);
  await expect(trainer.load({ x, y })).rejects.toThrow(message);
});

test.each<readonly [message: string, options: object]>([
  ["Trainer: loss.size must be a function, got 1", { loss: { digit: crossEntropy, size: 1 } }],
  ["Trainer: loss must be a function, or functions by outputs, got { digit }", { loss: { digit: null } }],
  ["Trainer: lossWeights.digit must be a finite number, got NaN", { lossWeights: { digit: Number.NaN } }],
  ["Trainer: classWeight.digit.1 must be a number >= 0, got -1", { classWeight: { digit: [1, -1, 1] } }],
  [
    "Trainer: metrics.digit.right must be a metric, such as accuracy or f1(), got 3",
    { metrics: { digit: { right: 3 } } },
  ],
  ["Trainer: metrics.digit.loss: the loss has this name", { metrics: { digit: { loss: mseLoss } } }],
  ["Trainer: transform must be a function, got true", { transform: true }],
])("where a trainer is made: %s", (message, options) => {
  expect(() => trainerOf(options)).toThrow(ArgumentError);
  expect(() => trainerOf(options)).toThrow(message);
});

test.each<readonly [message: string, x: object, options: object]>([
  ["x.meta is missing: the model reads it, and x has [image]", { image: x.image }, {}],
  ["x.image [2, 2] and x.meta [1, 1] have different numbers of rows", { ...x, meta: [[1]] }, {}],
  ["predict: as.weight: the model gives no output of this name", x, { as: { weight: "argmax" } }],
  ['predict: as.digit must be "softmax" or "argmax" or "sigmoid", got "max"', x, { as: { digit: "max" } }],
])("predictions: %s", async (message, given, options) => {
  await expect(trainerOf().predict(given as never, options as never)).rejects.toThrow(message);
});

test("a model that reads no record is told of", async () => {
  const trainer = trainerOf({ loss: mseLoss }, new Linear(1, 1));
  await expect(trainer.load({ x, y })).rejects.toThrow("Linear: x must be a tensor");
});

describe("a model of a list", () => {
  class Pair implements Module<readonly [Tensor, Tensor], Tensor> {
    readonly inner = new Linear(1, 1);
    forward([a, b]: readonly [Tensor, Tensor]): Tensor {
      return this.inner.forward(a).add(b);
    }
  }

  test.each<Refusal>([
    ["x has [a, b], and the model takes a list: [{ data, shape }]", DataError, { a: ones, b: ones }],
    ["x.2 is not read: the model reads [0, 1]", DataError, [ones, ones, ones]],
    ["got undefined; x.0 f32[2, 1]", ArgumentError, [ones]],
  ])("says of other x: %s", async (message, type, given) => {
    const trainer = trainerOf({ loss: mseLoss }, new Pair());
    const failure = await trainer.load({ x: given, y: [[1], [2]] } as never).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(type);
    expect((failure as Error).message).toContain(message);
    await expect(trainer.predict(given as never)).rejects.toThrow(message.replace("[2, 1]", "[1, 1]"));
  });

  test("says so of one array, too", async () => {
    const trainer = trainerOf({ loss: mseLoss }, new Pair());
    const message =
      "is not iterable (cannot read property Symbol(Symbol.iterator)); a model of a list takes x: [{ data, shape }]";
    await expect(trainer.load({ x: [[1], [2]], y: [[1], [2]] } as never)).rejects.toThrow(message);
    await expect(trainer.predict([[1], [2]] as never)).rejects.toThrow(message);
  });
});

test("weights and words count as they are at the call, also behind a Proxy", async () => {
  const lossWeights = { digit: 2, size: 0 };
  const digit = [1, 2, 3];
  const behind = <T extends object>(value: T): T => new Proxy(value, {});
  const trainer = trainerOf({ lossWeights: behind(lossWeights), classWeight: behind({ digit: behind(digit) }) });
  const wanted = trainerOf({ lossWeights: { ...lossWeights }, classWeight: { digit: [...digit] } });
  lossWeights.size = 9;
  digit[0] = 9;
  expect(await trainer.evaluate({ x, y })).toEqual(await wanted.evaluate({ x, y }));
  const as = { digit: "argmax" as const };
  const asked = trainer.predict(x, { as: behind(as) });
  Object.assign(as, { digit: "softmax" });
  expect((await asked).digit.shape).toEqual([2]);
});

test("factors of classes are lists", () => {
  const classWeight = Float32Array.of(1, 2, 3);
  expect(() => trainerOf({ classWeight })).toThrow(
    new ArgumentError("Trainer: classWeight must be a list, or an object such as { name: value }, got Float32Array"),
  );
  expect(() => trainerOf({ classWeight: { digit: classWeight } })).toThrow(
    new ArgumentError("Trainer: classWeight.digit must be an array, got Float32Array"),
  );
});

test("one array for a model of a record that gives one tensor has advice", async () => {
  const inner = new Linear(1, 1);
  const trainer = trainerOf({ loss: mseLoss }, { inner, forward: ({ meta }: Inputs) => inner.forward(meta) });
  const message = "got undefined (inner); a model of a record takes a record of arrays, x: { name: array }";
  await expect(trainer.load({ x: x.meta, y: x.meta } as never)).rejects.toThrow(message);
  await expect(trainer.predict(x.meta as never)).rejects.toThrow(message);
});
