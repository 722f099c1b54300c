// summary: rows, totals and the table; functions, shared and frozen layers, models that call their layers themselves.
import { expect, test } from "vitest";
import { input } from "../../src/create.ts";
import { BatchNorm1d, BatchNorm2d } from "../../src/nn/batch-normalization.ts";
import { Branches, Residual, Sequential, WeightNorm } from "../../src/nn/containers.ts";
import { Conv1d, Conv2d, Conv3d, ConvTranspose2d } from "../../src/nn/convolution.ts";
import { Embedding } from "../../src/nn/embedding.ts";
import { relu, tanh } from "../../src/nn/functional.ts";
import { GroupNorm, LocalResponseNorm } from "../../src/nn/group-normalization.ts";
import { Bilinear, Flatten, Linear } from "../../src/nn/layers.ts";
import { evaluationContext, type Module, setTrainable } from "../../src/nn/module.ts";
import { ReflectionPad2d } from "../../src/nn/padding.ts";
import { AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, LPPool2d, MaxPool2d } from "../../src/nn/pooling.ts";
import { GRU, LSTM, RNN } from "../../src/nn/recurrent.ts";
import { Dropout } from "../../src/nn/regularization.ts";
import { PixelShuffle, Upsample } from "../../src/nn/resizing.ts";
import { SpectralNorm } from "../../src/nn/spectral-norm.ts";
import { summary } from "../../src/nn/summary.ts";
import { TransformerDecoderLayer, TransformerEncoderLayer } from "../../src/nn/transformer.ts";
import { Unfold } from "../../src/nn/unfold.ts";
import { scan } from "../../src/ops/loop.ts";
import type { Shape } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { thrown } from "../thrown.ts";

test("a table of layers, shared ones with their parameters once, frozen ones told", () => {
  const shared = new Linear(16, 16);
  const first = new Linear(784, 16);
  const model = new Sequential(
    first,
    new BatchNorm1d(16),
    relu,
    new Dropout(0.5),
    new Residual(new Sequential(shared, relu, shared)),
    new WeightNorm(new Linear(16, 4)),
  );
  setTrainable(first, false);
  expect(`\n${summary(model, [64, 784]).table}\n`).toMatchInlineSnapshot(`
    "
    layer            output    parameters  multiply-adds   bytes
    ------------------------------------------------------------
    0 Linear         [64, 16]      12,560        802,816   4,096
    1 BatchNorm1d    [64, 16]          32              0   4,096
    2 relu           [64, 16]           0              0   4,096
    3 Dropout        [64, 16]           0              0   4,096
    4.body.0 Linear  [64, 16]         272         16,384   4,096
    4.body.1 relu    [64, 16]           0              0   4,096
    4.body.0 Linear  [64, 16]           0         16,384   4,096
    5 WeightNorm     [64, 4]           72          4,096   1,024
    ------------------------------------------------------------
    total                          12,936        839,680  29,696
    frozen: 12,560
    "
  `);
});

test("layers that a model calls by itself are found, and forward is left as it was", () => {
  class Net {
    readonly hidden = new Linear(4, 8);
    readonly output = new Linear(8, 2);
    forward(x: Tensor): Tensor {
      return this.output.forward(this.hidden.forward(x).relu());
    }
  }
  const model = new Net();
  expect(summary(model, [3, 4]).layers.map(({ path, name }) => [path, name])).toEqual([
    ["hidden", "Linear"],
    ["output", "Linear"],
  ]);
  expect(Object.keys(model.hidden)).toEqual(["weight", "bias"]);
  expect(Object.hasOwn(model.hidden, "forward")).toBe(false);
  const plain = { inner: new Linear(4, 4), forward: (x: Tensor) => x };
  const { forward } = plain;
  summary(plain, [3, 4]);
  expect(plain.forward).toBe(forward);
});

test("what a model computes itself is its own row", () => {
  const inner = new Linear(4, 4);
  const model = { inner, forward: (x: Tensor) => inner.forward(x).matmul(x, { transposeB: true }) };
  expect(summary(model, [5, 4]).layers.map(({ path, multiplyAdds }) => [path, multiplyAdds])).toEqual([
    ["inner", 5 * 4 * 4],
    ["", 5 * 5 * 4],
  ]);
});

test("several inputs and outputs, indices, functions", () => {
  const bilinear = summary(new Bilinear(3, 5, 2), [
    [4, 3],
    [4, 5],
  ]);
  expect(bilinear.multiplyAdds).toBe(4 * 2 * 3 * 5);
  expect(bilinear.layers[0].outputShapes).toEqual([[4, 2]]);
  const both = new Branches([new Linear(4, 2), new Linear(4, 3)], {
    combine: ([mean, deviation]) => ({ mean, deviation }),
  });
  const heads = summary(both, [7, 4]);
  expect(heads.layers.map(({ path }) => path)).toEqual(["0", "1"]);
  const named = { forward: ({ a, b }: { a: Tensor; b: Tensor }) => [a.add(b), a.mul(b).sum()] };
  expect(summary(named, { a: [2, 3], b: [2, 3] }).layers[0].outputShapes).toEqual([[2, 3], []]);
  const embedded = summary(new Embedding(10, 4), input([2, 3], "i32"));
  expect(embedded).toMatchObject({ parameters: 40, multiplyAdds: 0, activationBytes: 96 });
  expect(summary(relu, [3]).layers).toEqual([
    { path: "", name: "relu", outputShapes: [[3]], parameters: 0, multiplyAdds: 0, activationBytes: 12 },
  ]);
});

test("products in a loop count once a step", () => {
  const cell = new Linear(4, 4);
  const model = {
    cell,
    forward: (x: Tensor) =>
      scan(([h], [row]) => ({ carries: [h.add(row).matmul(cell.weight, { transposeB: true })] }), [input([2, 4])], [x])
        .carries[0],
  };
  expect(summary(model, [9, 2, 4]).multiplyAdds).toBe(9 * 2 * 4 * 4);
});

/** Layers with what they learn and what they multiply. */
const countsOf = (layers: ReturnType<typeof summary>["layers"]) =>
  layers
    .filter(({ parameters }) => parameters > 0)
    .map(({ name, parameters, multiplyAdds }) => [name, parameters, multiplyAdds]);

test("LeNet", () => {
  const model = new Sequential(
    new Conv2d(1, 6, 5, { padding: 2 }),
    tanh,
    new AvgPool2d(2),
    new Conv2d(6, 16, 5),
    tanh,
    new AvgPool2d(2),
    new Flatten(),
    new Linear(400, 120),
    tanh,
    new Linear(120, 84),
    tanh,
    new Linear(84, 10),
  );
  const { layers, parameters, multiplyAdds, activationBytes } = summary(model, [2, 1, 28, 28]);
  // A convolution multiplies as often as it has outputs, times the taps of a filter. LeCun et al. 1998 count 156 in C1 and 10,164 in F6.
  expect(countsOf(layers)).toEqual([
    ["Conv2d", 6 * 25 + 6, 2 * (6 * 28 * 28) * 25],
    ["Conv2d", 16 * 6 * 25 + 16, 2 * (16 * 10 * 10) * (6 * 25)],
    ["Linear", 400 * 120 + 120, 2 * 400 * 120],
    ["Linear", 10_164, 2 * 120 * 84],
    ["Linear", 84 * 10 + 10, 2 * 84 * 10],
  ]);
  expect([parameters, multiplyAdds]).toEqual([61_706, 833_040]);
  const [first, second] = [2 * 6 * 28 * 28 + 6 * 14 * 14, 2 * 16 * 10 * 10 + 2 * 400];
  expect(activationBytes).toBe(4 * 2 * (first + second + 2 * 120 + 2 * 84 + 10));
});

test("a residual block with a shortcut of its own", () => {
  const body = new Sequential(
    new Conv2d(8, 16, 3, { stride: 2, padding: 1, bias: false }),
    new BatchNorm2d(16),
    relu,
    new Conv2d(16, 16, 3, { padding: 1, bias: false }),
    new BatchNorm2d(16),
  );
  const shortcut = new Sequential(new Conv2d(8, 16, 1, { stride: 2, bias: false }), new BatchNorm2d(16));
  const block = new Sequential(new Branches([body, shortcut], { combine: ([a, b]) => a.add(b) }), relu);
  const { layers, multiplyAdds } = summary(block, [4, 8, 8, 8]);
  const outputs = 4 * 16 * 4 * 4;
  expect(countsOf(layers)).toEqual([
    ["Conv2d", 16 * 8 * 9, outputs * 8 * 9],
    ["BatchNorm2d", 32, 0],
    ["Conv2d", 16 * 16 * 9, outputs * 16 * 9],
    ["BatchNorm2d", 32, 0],
    ["Conv2d", 16 * 8, outputs * 8],
    ["BatchNorm2d", 32, 0],
  ]);
  expect(multiplyAdds).toBe(outputs * (72 + 144 + 8));
});

test("recurrent layers", () => {
  const counted = (layer: Module) => {
    const { parameters, multiplyAdds } = summary(layer, [5, 3, 8]);
    return [parameters, multiplyAdds];
  };
  const rows = 5 * 3;
  const products = (gates: number) => gates * 16 * (8 + 16);
  expect(counted(new RNN(8, 16))).toEqual([products(1) + 2 * 16, rows * products(1)]);
  expect(counted(new GRU(8, 16))).toEqual([products(3) + 2 * 48, rows * products(3)]);
  expect(counted(new LSTM(8, 16))).toEqual([products(4) + 2 * 64, rows * products(4)]);
  // Each of two layers in two directions: the second takes the two projections, as many as the first takes features.
  const one = 64 * 8 + 64 * 4 + 4 * 16;
  const options = { numLayers: 2, bidirectional: true, projSize: 4 };
  expect(counted(new LSTM(8, 16, options))).toEqual([4 * (one + 2 * 64), 4 * rows * one]);
});

test("layers of a transformer", () => {
  const attention = 4 * 16 * 16 + 4 * 16;
  const [wide, narrow] = [16 * 32 + 32, 32 * 16 + 16];
  const encoder = summary(new TransformerEncoderLayer(16, 4, { dimFeedforward: 32 }), [7, 2, 16]);
  // Four projections of every row, then for every pair of rows of a sequence 16 products of queries and keys and 16 with values.
  expect(countsOf(encoder.layers)).toEqual([
    ["MultiheadAttention", attention, 14 * 4 * 256 + 2 * (2 * 7 * 7 * 16)],
    ["LayerNorm", 32, 0],
    ["Linear", wide, 14 * 16 * 32],
    ["Linear", narrow, 14 * 32 * 16],
    ["LayerNorm", 32, 0],
  ]);
  const given = { tgt: [5, 2, 16], memory: [7, 2, 16] };
  const decoder = summary(new TransformerDecoderLayer(16, 4, { dimFeedforward: 32 }), given);
  expect(countsOf(decoder.layers)).toEqual([
    ["MultiheadAttention", attention, 10 * 4 * 256 + 2 * (2 * 5 * 5 * 16)],
    ["LayerNorm", 32, 0],
    ["MultiheadAttention", attention, 10 * 2 * 256 + 14 * 2 * 256 + 2 * (2 * 5 * 7 * 16)],
    ["LayerNorm", 32, 0],
    ["Linear", wide, 10 * 16 * 32],
    ["Linear", narrow, 10 * 32 * 16],
    ["LayerNorm", 32, 0],
  ]);
});

test.each<[string, Module, Shape, number, number]>([
  ["channels apart", new Conv2d(8, 8, 3, { groups: 8 }), [1, 8, 6, 6], 80, 8 * 16 * 9],
  ["groups, far taps", new Conv1d(4, 6, 3, { groups: 2, dilation: 2, padding: 2 }), [2, 4, 9], 42, 2 * 6 * 9 * 2 * 3],
  ["reflected", new Conv1d(4, 6, 3, { padding: 1, paddingMode: "reflect" }), [2, 4, 9], 78, 2 * 6 * 9 * 4 * 3],
  ["volumes", new Conv3d(2, 4, [1, 2, 3]), [1, 2, 3, 4, 5], 52, 4 * 27 * 2 * 6],
  ["transposed", new ConvTranspose2d(8, 4, 3, { stride: 2 }), [2, 8, 5, 5], 292, 2 * 8 * 25 * 4 * 9],
  ["a normed weight", new WeightNorm(new Conv2d(3, 4, 3)), [1, 3, 5, 5], 4 * 27 + 4 + 4, 4 * 9 * 27],
  // The weight times its singular vector is a product, too.
  ["a weight over its norm", new SpectralNorm(new Conv2d(3, 4, 3)), [1, 3, 5, 5], 4 * 27 + 4, 4 * 9 * 27 + 4 * 27],
])("a convolution of %s", (_, layer, shape, parameters, multiplyAdds) => {
  expect(summary(layer, shape)).toMatchObject({ parameters, multiplyAdds });
});

test("what only pools, pads, resizes, normalises or moves multiplies nothing", () => {
  const layers: readonly Module[] = [
    new MaxPool2d(2),
    new AvgPool2d(2),
    new AdaptiveAvgPool2d(3),
    new AdaptiveMaxPool2d(3),
    new LPPool2d(2, 2),
    new ReflectionPad2d(1),
    new Upsample({ scaleFactor: 2, mode: "bicubic" }),
    new PixelShuffle(2),
    new Unfold(3),
    new GroupNorm(2, 4),
    new LocalResponseNorm(3),
  ];
  expect(layers.map((layer) => summary(layer, [2, 4, 8, 8]).multiplyAdds)).toEqual(layers.map(() => 0));
});

test("a model that does not take the shape says so, and stays usable", () => {
  const model = new Sequential(new Linear(4, 2));
  expect(thrown(() => summary(model, [3, 5]))).toBe(
    "ShapeError: Linear: the last axis of [3, 5] is not inFeatures 4 (0)",
  );
  expect(Object.hasOwn(model, "forward")).toBe(false);
  expect(summary(model, [3, 4]).parameters).toBe(10);
});

test("takes the dtype of indices, and says so where a shape alone stands for them", () => {
  const model = new Sequential(new Embedding(5, 3), new Linear(3, 2));
  const given = { shape: [2, 7], dtype: "i32" } as const;
  expect(summary(model, given)).toEqual(summary(model, input([2, 7], "i32")));
  const named = {
    forward: ({ tokens }: { readonly tokens: Tensor }) => model.forward(tokens, evaluationContext()),
    model,
  };
  expect(summary(named, { tokens: given }).parameters).toBe(23);
  expect(thrown(() => summary(model, [2, 7]))).toBe(
    'DTypeError: Embedding: the index: takes i32, got f32[2, 7] (0); indices are { shape, dtype: "i32" }',
  );
  expect(thrown(() => summary(model, { dtype: "i32" } as never))).toContain(
    "summary: shape: shape must be an array of sizes",
  );
  expect(thrown(() => summary(model, { shape: [2, 7], dtype: "int32" } as never))).toContain("int32");
});

test("refuses parameters that it does not find, as a Trainer does", () => {
  class Half {
    readonly #hidden = new Linear(2, 2);
    readonly head = new Linear(2, 2);
    forward(x: Tensor): Tensor {
      return this.head.forward(this.#hidden.forward(x));
    }
  }
  const outside = new Linear(2, 2);
  const words = "summary: weight [2, 2] is in no field of the model (private ones and closures hide theirs)";
  expect(thrown(() => summary(new Half(), [1, 2]))).toBe(`ArgumentError: ${words}`);
  expect(thrown(() => summary((x: Tensor) => outside.forward(x), [1, 2]))).toBe(`ArgumentError: ${words}`);
});

test("is its table as a text", () => {
  const found = summary(new Linear(2, 2), [1, 2]);
  expect(`${found}`).toBe(found.table);
  expect(Object.keys(found)).not.toContain("toString");
});
