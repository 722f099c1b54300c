// Layers and losses as graphs: values worked out by hand, gradients against differences, names, and what they say about bad input.
import { describe, expect, test } from "vitest";
import { constant, input } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { evaluate, initialise } from "../../src/evaluate.ts";
import { BatchNorm1d } from "../../src/nn/batch-normalization.ts";
import { Sequential } from "../../src/nn/containers.ts";
import { relu, tanh } from "../../src/nn/functional.ts";
import { Bilinear, Flatten, Linear, PReLU } from "../../src/nn/layers.ts";
import { binaryCrossEntropyWithLogits, crossEntropy, type Loss, mseLoss } from "../../src/nn/losses.ts";
import { evaluationContext, parameters, trainingContext, variables } from "../../src/nn/module.ts";
import { LayerNorm, RMSNorm } from "../../src/nn/normalization.ts";
import { AlphaDropout, Dropout, GaussianNoise } from "../../src/nn/regularization.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { scalar } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { thrown } from "../thrown.ts";

const context = evaluationContext();
const ramp = (count: number, scale = 1) => Float64Array.from({ length: count }, (_, i) => scale * Math.sin(i + 1));

describe("Linear", () => {
  test("is x W^T + b", async () => {
    const layer = new Linear(2, 3);
    const executor = new JsExecutor();
    const y = layer.forward(constant([[1, -1]]));
    await initialise(executor, [y], 0);
    await executor.write({ variable: layer.weight.key }, [1, 2, 3, 4, 5, 6]);
    await executor.write({ variable: layer.bias?.key ?? "" }, [0.5, 0, -0.5]);
    expect([...(await evaluate(y, { executor }))]).toEqual([-0.5, -1, -1.5]);
  });

  test("takes any leading axes, and none", () => {
    const layer = new Linear(4, 3);
    expect(layer.forward(input([4])).shape).toEqual([3]);
    expect(layer.forward(input([5, 4])).shape).toEqual([5, 3]);
    expect(layer.forward(input([2, 5, 4])).shape).toEqual([2, 5, 3]);
    expect(layer.forward(input([0, 4])).shape).toEqual([0, 3]);
  });

  test("without a bias has none", () => {
    expect([...parameters(new Linear(4, 3, { bias: false })).keys()]).toEqual(["weight"]);
  });

  test("gradients of a network equal differences, twice", async () => {
    const model = new Sequential(new Linear(3, 5), tanh, new Linear(5, 2));
    const weights = [...parameters(model).values()];
    const x = constant(ramp(12), { shape: [4, 3] });
    const loss = (...given: Tensor[]) =>
      crossEntropy(model.forward(given[0], context), constant(Int32Array.of(0, 1, 1, 0)));
    expect(await checkGradients(loss, [x, ...weights], { order: 2 })).toBeLessThan(1e-6);
  });
});

describe("Sequential", () => {
  test("names its variables by place, a shared one once", () => {
    const shared = new Linear(4, 4);
    const model = new Sequential(new Flatten(), shared, relu, shared, new Sequential(new Linear(4, 1)));
    expect([...variables(model).keys()]).toEqual(["1.weight", "1.bias", "4.0.weight", "4.0.bias"]);
  });

  test("says in which layer an error happened", () => {
    const model = new Sequential(new Linear(4, 4), new Sequential(relu, new Linear(5, 1)));
    expect(() => model.forward(input([2, 4]), context)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Linear: the last axis of [2, 4] is not inFeatures 5 (1.1)]`,
    );
  });
});

test("Flatten keeps the batch", () => {
  expect(new Flatten().forward(input([5, 2, 3])).shape).toEqual([5, 6]);
  expect(new Flatten(2).forward(input([5, 2, 3, 4])).shape).toEqual([5, 2, 12]);
});

describe("Dropout", () => {
  const x = constant(new Float64Array(10_000).fill(3), { shape: [100, 100] });
  const dropped = (p: number, step: number, seed = 0) =>
    evaluate(new Dropout(p).forward(x, trainingContext(seed, scalar(step, "i32"))));

  test("zeroes a share p and keeps the mean", async () => {
    const values = await dropped(0.3, 0);
    const kept = values.filter((value) => value !== 0);
    expect(Math.abs(kept.length / values.length - 0.7)).toBeLessThan(5 * Math.sqrt(0.21 / 10_000));
    expect(kept.every((value) => Math.abs(value - 3 / 0.7) < 1e-5)).toBe(true);
  });

  test("draws another mask at every step and for every seed, and the same one again", async () => {
    expect(await dropped(0.5, 0)).toEqual(await dropped(0.5, 0));
    expect(await dropped(0.5, 1)).not.toEqual(await dropped(0.5, 0));
    expect(await dropped(0.5, 0, 1)).not.toEqual(await dropped(0.5, 0));
  });

  test("does nothing in evaluation and for p = 0", () => {
    expect(new Dropout(0.5).forward(x, context)).toBe(x);
    expect(new Dropout(0).forward(x, trainingContext(0, scalar(0, "i32")))).toBe(x);
  });
});

describe("losses", () => {
  test("crossEntropy of a certain and of a lost prediction is exact", async () => {
    const loss = crossEntropy(
      constant([
        [1000, 0],
        [0, 1000],
      ]),
      constant(Int32Array.of(0, 0)),
      { reduction: "none" },
    );
    expect([...(await evaluate(loss))]).toEqual([0, 1000]);
  });

  test("binaryCrossEntropyWithLogits does not overflow", async () => {
    const loss = binaryCrossEntropyWithLogits(constant([1000, -1000, 1000]), constant([1, 0, 0]), {
      reduction: "none",
    });
    expect([...(await evaluate(loss))]).toEqual([0, 0, 1000]);
  });

  test("say which targets they take", () => {
    expect((crossEntropy as Loss).targets).toBe("classes");
    expect((mseLoss as Loss).targets).toBeUndefined();
  });
});

describe("bad input gets a typed error", () => {
  const variable = new Variable([2], 0);
  test.each<[string, () => unknown, string]>([
    [
      "Linear of no inputs",
      () => new Linear(0, 3),
      "ArgumentError: Linear: inFeatures must be a whole number >= 1, got 0",
    ],
    [
      "Linear of half an output",
      () => new Linear(3, 1.5),
      "ArgumentError: Linear: outFeatures must be a whole number >= 1, got 1.5",
    ],
    [
      "Linear of another width",
      () => new Linear(4, 3).forward(input([2, 5])),
      "ShapeError: Linear: the last axis of [2, 5] is not inFeatures 4",
    ],
    [
      "Linear of a scalar",
      () => new Linear(4, 3).forward(input([])),
      "ShapeError: Linear: the last axis of [] is not inFeatures 4",
    ],
    [
      "Linear of integers",
      () => new Linear(4, 3).forward(input([2, 4], "i32")),
      "DTypeError: Linear: takes f32, got i32[2, 4]",
    ],
    [
      "PReLU of no slopes",
      () => new PReLU(0),
      "ArgumentError: PReLU: numParameters must be a whole number >= 1, got 0",
    ],
    [
      "PReLU of other channels",
      () => new PReLU(3).forward(input([2, 4])),
      "ShapeError: prelu: [2, 4] does not have the channels of weight [3]",
    ],
    [
      "Bilinear of other widths",
      () => new Bilinear(3, 4, 2).forward([input([5, 3]), input([6, 4])]),
      "ShapeError: Bilinear: takes [..., 3] and [..., 4], got [5, 3] and [6, 4]",
    ],
    [
      "LayerNorm of other axes",
      () => new LayerNorm([3, 4]).forward(input([3, 5])),
      "ShapeError: LayerNorm: the last axes of [3, 5] are not [3, 4]",
    ],
    ["LayerNorm of no axes", () => new LayerNorm([]), "ArgumentError: LayerNorm: normalizedShape needs an axis"],
    [
      "LayerNorm of a negative eps",
      () => new LayerNorm(3, { eps: -1 }),
      "ArgumentError: LayerNorm: eps must be a number >= 0, got -1",
    ],
    [
      "RMSNorm of other axes",
      () => new RMSNorm(4).forward(input([3])),
      "ShapeError: RMSNorm: the last axes of [3] are not [4]",
    ],
    [
      "BatchNorm1d of other features",
      () => new BatchNorm1d(3).forward(input([2, 4]), context),
      "ShapeError: BatchNorm1d: takes [N, 3] or [N, 3, L], got [2, 4]",
    ],
    [
      "BatchNorm1d of one row in training",
      () => new BatchNorm1d(3).forward(input([1, 3]), trainingContext(0, scalar(0, "i32"))),
      'ShapeError: BatchNorm1d: training needs more than one value a feature, got [1, 3]; lastBatch: "drop" leaves out a last batch of one row',
    ],
    [
      "BatchNorm1d of a large momentum",
      () => new BatchNorm1d(3, { momentum: 2 }),
      "ArgumentError: BatchNorm1d: momentum must be a number from 0 to 1, got 2",
    ],
    [
      "GaussianNoise of a negative deviation",
      () => new GaussianNoise(-1),
      "ArgumentError: GaussianNoise: deviation must be a number >= 0, got -1",
    ],
    [
      "AlphaDropout of everything",
      () => new AlphaDropout(1),
      "ArgumentError: AlphaDropout: p must be at least 0 and below 1, got 1",
    ],
    ["Dropout of everything", () => new Dropout(1), "ArgumentError: Dropout: p must be at least 0 and below 1, got 1"],
    [
      "mseLoss of shapes that differ",
      () => mseLoss(input([2, 3]), input([3])),
      "ShapeError: mseLoss: prediction [2, 3] and target [3] differ; class indices are for crossEntropy",
    ],
    [
      "mseLoss of integers",
      () => mseLoss(input([2]), input([2], "i32")),
      "DTypeError: mseLoss: target: takes f32, got i32[2]",
    ],
    [
      "crossEntropy of a scalar",
      () => crossEntropy(input([]), input([], "i32")),
      "ShapeError: crossEntropy: logits [] have no classes",
    ],
    [
      "crossEntropy of other rows",
      () => crossEntropy(input([4, 3]), input([5], "i32")),
      "ShapeError: crossEntropy: logits [4, 3] take class indices [4], got [5]",
    ],
    [
      "crossEntropy of real targets",
      () => crossEntropy(input([4, 3]), input([4])),
      "DTypeError: crossEntropy: class indices: takes i32, got f32[4]",
    ],
    [
      "binaryCrossEntropyWithLogits",
      () => binaryCrossEntropyWithLogits(input([4]), input([4, 1])),
      "ShapeError: binaryCrossEntropyWithLogits: prediction [4] and target [4, 1] differ",
    ],
    [
      "an unknown reduction",
      () => mseLoss(variable, variable, { reduction: "average" as "mean" }),
      'ArgumentError: mseLoss: reduction must be "mean" or "sum" or "none", got "average"',
    ],
    [
      "random numbers in evaluation",
      () => evaluationContext().key(),
      "ArgumentError: key(): random numbers are for training",
    ],
  ])("%s", (_, make, message) => {
    expect(thrown(make)).toBe(message);
  });
});
