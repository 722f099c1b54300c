// What losses share and PyTorch's golden values do not show: sample weights, reductions, bad input, certainties and ignored targets.
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant, input } from "../../src/create.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../src/errors.ts";
import { evaluate, evaluateAll } from "../../src/evaluate.ts";
import * as losses from "../../src/nn/losses.ts";
import { sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { goldenCases } from "../golden.ts";

type AnyLoss = (...values: unknown[]) => Tensor;

const all = Object.entries(losses) as unknown as [string, AnyLoss][];

const indices = (...values: number[]) => constant(Int32Array.from(values));

describe.each(all)("%s", (name, loss) => {
  const inputs = goldenCases(`losses/${name}`)[1].inputs.map(({ data, shape, dtype }) =>
    constant(data, { shape, dtype }),
  );
  const elements = loss(...inputs, { reduction: "none" });
  const count = sizeOf(elements.shape);

  test("takes weights of its elements, and of samples", async () => {
    const weight = constant(
      Array.from({ length: count }, (_, i) => (i % 3) / 2),
      { shape: elements.shape },
    );
    const [plain, weighed, sum, mean] = await evaluateAll([
      elements.mul(weight),
      loss(...inputs, { reduction: "none", sampleWeight: weight }),
      loss(...inputs, { reduction: "sum", sampleWeight: weight }),
      loss(...inputs, { sampleWeight: weight }),
    ]);
    expect(Array.from(weighed, (x) => x + 0)).toEqual(Array.from(plain, (x) => x + 0)); // 0 for -0
    const total = [...plain].reduce((a, b) => a + b, 0);
    expect(sum[0]).toBeCloseTo(total, 4);
    expect(mean[0]).toBeCloseTo(total / count, 5);
    if (elements.shape.length === 0) return;
    const rows = Array.from({ length: elements.shape[0] }, (_, i) => i % 2);
    const ofRows = await evaluate(loss(...inputs, { reduction: "none", sampleWeight: rows }));
    const each = await evaluate(elements);
    expect([...ofRows].map(Math.abs)).toEqual(
      [...each].map((value, i) => Math.abs(value * rows[Math.floor(i / (count / rows.length))])),
    );
  });

  test("refuses other reductions and weights that do not fit", () => {
    expect(() => loss(...inputs, { reduction: "median" })).toThrow(ArgumentError);
    expect(() => loss(...inputs, { sampleWeight: input([97]) })).toThrow(ShapeError);
  });

  test("refuses shapes that do not fit", () => {
    expect(() => loss(inputs[0], input([2, 9, 9, 9], inputs[1].dtype), ...inputs.slice(2))).toThrow(ShapeError);
  });
});

const [x, y, classes] = [input([4, 3]), input([4, 3]), input([4], "i32")];

test.each<[string, () => Tensor, new (...args: never[]) => Error]>([
  ["labelSmoothing above 1", () => losses.crossEntropy(x, classes, { labelSmoothing: 1.5 }), ArgumentError],
  ["class weights of another number", () => losses.crossEntropy(x, classes, { weight: [1, 2] }), ShapeError],
  ["ignoreIndex beside probabilities", () => losses.crossEntropy(x, y, { ignoreIndex: 1 }), ArgumentError],
  ["an ignoreIndex that is no index", () => losses.crossEntropy(x, classes, { ignoreIndex: 0.5 }), ArgumentError],
  ["class indices that are no i32", () => losses.crossEntropy(x, input([4])), DTypeError],
  ["logits without classes", () => losses.crossEntropy(input([]), input([], "i32")), ShapeError],
  ["class indices of f32", () => losses.nllLoss(x, input([4])), DTypeError],
  ["images as u8", () => losses.mseLoss(input([4, 3], "u8"), y), DTypeError],
  ["a delta of 0", () => losses.huberLoss(x, y, { delta: 0 }), ArgumentError],
  ["a negative beta", () => losses.smoothL1Loss(x, y, { beta: -1 }), ArgumentError],
  ["a posWeight that does not fit", () => losses.binaryCrossEntropyWithLogits(x, y, { posWeight: [1, 2] }), ShapeError],
  [
    "a posWeight of more axes",
    () => losses.binaryCrossEntropyWithLogits(x, y, { posWeight: input([2, 4, 3]) }),
    ShapeError,
  ],
  ["a power of 3", () => losses.multiMarginLoss(x, classes, { p: 3 as 2 }), ArgumentError],
  ["scores of no class", () => losses.multiLabelSoftMarginLoss(input([]), input([])), ShapeError],
  ["a negative gamma", () => losses.focalLoss(x, y, { gamma: -1 }), ArgumentError],
  ["an alpha above 1", () => losses.focalLoss(x, y, { alpha: 2 }), ArgumentError],
  ["overlap of scalars", () => losses.diceLoss(input([]), input([])), ShapeError],
  ["batchmean of a scalar", () => losses.klDivLoss(input([]), input([]), { reduction: "batchmean" }), ArgumentError],
  ["a variance of another shape", () => losses.gaussianNllLoss(x, y, input([3])), ShapeError],
  ["an eps of 0", () => losses.gaussianNllLoss(x, y, y, { eps: 0 }), ArgumentError],
  ["a temperature of 0", () => losses.infoNce(x, y, { temperature: 0 }), ArgumentError],
  ["queries of one axis", () => losses.infoNce(input([3]), input([3])), ShapeError],
  ["a norm of power 0", () => losses.tripletMarginLoss(x, y, y, { p: 0 }), ArgumentError],
  [
    "label lists of three axes",
    () => losses.multiLabelMarginLoss(input([1, 2, 3]), input([1, 2, 3], "i32")),
    ShapeError,
  ],
])("%s: a typed error before anything runs", (_, make, type) => {
  expect(make).toThrow(type);
});

test("certain probabilities cost 100 when wrong, and their gradients are finite", async () => {
  const p = constant([0, 1, 0, 1]);
  const loss = losses.binaryCrossEntropy(p, constant([1, 0, 0, 1]), { reduction: "none" });
  const [values, slopes] = await evaluateAll([loss, grad(loss.sum(), [p])[0]]);
  expect([...values].map(Math.abs)).toEqual([100, 100, 0, 0]);
  // As torch: (p - y) / 1e-12.
  expect([...slopes].map((slope) => slope / 1e12)).toEqual([-1, 1, 0, 0].map((each) => expect.closeTo(each, 5)));
});

test("targets of probability 0 count nothing in klDivLoss", async () => {
  const logs = constant([-1, Number.NEGATIVE_INFINITY]);
  const target = constant([1, 0.5]);
  expect(await evaluate(losses.klDivLoss(logs, constant([0, 1]), { reduction: "none" }))).toEqual(
    Float32Array.of(0, Infinity),
  );
  const [slope] = grad(losses.klDivLoss(constant([-1, -2]), target.mul(constant([1, 0]))), [target]);
  expect([...(await evaluate(slope))].every(Number.isFinite)).toBe(true);
});

test("ignored targets may be no class at all, and pass no gradient", async () => {
  const logits = constant([
    [1, 2, 3],
    [3, 1, 2],
  ]);
  const target = indices(2, -100);
  for (const loss of [losses.crossEntropy, losses.nllLoss]) {
    const value = loss(logits, target, { ignoreIndex: -100 });
    const [ignoring, only, slope] = await evaluateAll([
      value,
      loss(logits.narrow(0, 0, 1), target.narrow(0, 0, 1)),
      grad(value, [logits])[0],
    ]);
    expect([...ignoring]).toEqual([...only]);
    expect([...slope.slice(3)].map(Math.abs)).toEqual([0, 0, 0]);
  }
});

test("where all targets are ignored the mean is NaN, the sum 0, and no gradient passes, as in PyTorch", async () => {
  const logits = constant([[1, 2, 3]]);
  for (const options of [{}, { labelSmoothing: 0.25 }, { weight: [1, 2, 3] }]) {
    const mean = losses.crossEntropy(logits, indices(-100), options);
    const sum = losses.crossEntropy(logits, indices(-100), { ...options, reduction: "sum" });
    const [a, b, slope] = await evaluateAll([mean, sum, grad(mean, [logits])[0]]);
    expect([...a, ...b]).toEqual([Number.NaN, 0]);
    expect([...slope].map(Math.abs)).toEqual([0, 0, 0]);
  }
});

test("an index outside the classes gives NaN", async () => {
  const values = await evaluate(
    losses.nllLoss(
      constant([
        [-1, -2],
        [-1, -2],
      ]),
      indices(2, -1),
      { reduction: "none" },
    ),
  );
  expect([...values]).toEqual([Number.NaN, Number.NaN]);
});

test("multiMarginLoss of an index outside the classes is NaN, and divides by the samples whatever their weights", async () => {
  const [x, options] = [
    constant([
      [1, 0],
      [1, 0],
    ]),
    { weight: [0.5, 0] },
  ];
  const [outside, mean] = await evaluateAll([
    losses.multiMarginLoss(x, indices(-100, 2), { reduction: "none" }),
    losses.multiMarginLoss(
      constant([
        [0, 0],
        [0, 0],
      ]),
      indices(0, 1),
      options,
    ),
  ]);
  expect([...outside]).toEqual([Number.NaN, Number.NaN]);
  expect([...mean]).toEqual([0.125]); // (0.5 / 2 + 0) / 2
});

test("nllLoss of logSoftmax is crossEntropy", async () => {
  const logits = constant([
    [80, 0, -80],
    [-1, 2, 0.5],
  ]);
  const [a, b] = await evaluateAll([
    losses.nllLoss(logits.logSoftmax(1), indices(2, 0)),
    losses.crossEntropy(logits, indices(2, 0)),
  ]);
  expect(a[0]).toBeCloseTo(b[0], 4);
});
