// summary: rows, totals and the table; functions, shared and frozen layers, models that call their layers themselves.
import { expect, test } from "vitest";
import { input } from "../../src/create.ts";
import { BatchNorm1d } from "../../src/nn/batch-normalization.ts";
import { Branches, Residual, Sequential, WeightNorm } from "../../src/nn/containers.ts";
import { Embedding } from "../../src/nn/embedding.ts";
import { relu } from "../../src/nn/functional.ts";
import { Bilinear, Linear } from "../../src/nn/layers.ts";
import { setTrainable } from "../../src/nn/module.ts";
import { Dropout } from "../../src/nn/regularization.ts";
import { summary } from "../../src/nn/summary.ts";
import { scan } from "../../src/ops/loop.ts";
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

test("a model that does not take the shape says so, and stays usable", () => {
  const model = new Sequential(new Linear(4, 2));
  expect(thrown(() => summary(model, [3, 5]))).toBe(
    "ShapeError: Linear: the last axis of [3, 5] is not inFeatures 4 (0)",
  );
  expect(Object.hasOwn(model, "forward")).toBe(false);
  expect(summary(model, [3, 4]).parameters).toBe(10);
});
