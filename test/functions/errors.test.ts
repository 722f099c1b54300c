// What the functions of simdgrad/functions say of shapes, dtypes and numbers that do not fit, before anything runs.
import { expect, test } from "vitest";
import * as f from "../../src/functions/index.ts";
import { arange, constant, input } from "../../src/index.ts";
import { thrown } from "../thrown.ts";

const matrix = constant([
  [1, 2, 3],
  [4, 5, 6],
]);
const whole = arange(3);
const image = constant(new Float32Array(50), { shape: [2, 5, 5] });
const { values, indices } = f.maxPoolWithIndices(image, [2, 2]);
const ones = constant(Int32Array.of(1, 25, 1, 1), { shape: [1, 2, 2] });

test.each<readonly [message: string, call: () => unknown]>([
  ["ShapeError: split: sizes [1, 2] do not make up axis 0 of [2, 3]", () => f.split(matrix, [1, 2])],
  ["ArgumentError: split: size must be a whole number >= 1, got 0", () => f.split(matrix, 0)],
  ["ShapeError: chunk: [2, 3] has no axis 2", () => f.chunk(matrix, 2, 2)],
  ["ShapeError: flip: an axis is named twice in [0,-2]", () => f.flip(matrix, [0, -2])],
  ["ShapeError: diagonal: axis 1 of [2, 3] is named twice", () => f.diagonal(matrix, 0, 1, -1)],
  ["ShapeError: diagonal: [2, 3] has no axis 2", () => f.diagonal(matrix, 0, 2)],
  ["ShapeError: tril: takes matrices, got [3]", () => f.tril(whole)],
  ["ArgumentError: triu: offset must be a whole number, got 0.5", () => f.triu(matrix, 0.5)],
  ['ArgumentError: einsum: "ij->ij->i" has more than one ->', () => f.einsum("ij->ij->i", matrix)],
  ['ArgumentError: einsum: "...j": axes are named one by one, ... stands for none', () => f.einsum("...j", matrix)],
  ['ArgumentError: einsum: "i1": 1 is no letter', () => f.einsum("i1", matrix)],
  ['ArgumentError: einsum: "ij->k": no tensor has the k of the result', () => f.einsum("ij->k", matrix)],
  ['ArgumentError: einsum: "ij->ii": the result has i twice', () => f.einsum("ij->ii", matrix)],
  ['ArgumentError: einsum: "ij,jk" is of 2 tensors, got 1', () => f.einsum("ij,jk", matrix)],
  ['ShapeError: einsum: "i": i does not fit the axes of [2, 3]', () => f.einsum("i", matrix)],
  ['ShapeError: einsum: "ij,jk": j is 3 and, in [2, 3], 2', () => f.einsum("ij,jk", matrix, matrix)],
  ["DTypeError: einsum: takes f32, got i32[3]", () => f.einsum("i", whole)],
  ["ArgumentError: roll: 2 shifts of 1 axes", () => f.roll(matrix, [1, 2], 0)],
  ["ShapeError: roll: [2, 3] has no axis 5", () => f.roll(matrix, 1, 5)],
  ["ShapeError: repeat: counts [2] are fewer than the axes of [2, 3]", () => f.repeat(matrix, [2])],
  ["ArgumentError: repeatInterleave: count must be a whole number >= 0, got -1", () => f.repeatInterleave(matrix, -1)],
  ["ShapeError: prod: [2, 3] has no axis 2", () => f.prod(matrix, 2)],
  ["ShapeError: any: [2, 3] has no axis 2", () => f.any(matrix, 2)],
  ["ShapeError: atan2: shapes [2, 3] and [2] do not broadcast", () => f.atan2(matrix, constant([1, 2]))],
  ["DTypeError: atan2: takes f32, got i32[2, 3]", () => f.atan2(matrix, whole)],
  ["DTypeError: log2: takes f32, got i32[3]", () => f.log2(whole)],
  ["DTypeError: tan: takes f32, got i32[3]", () => f.tan(whole)],
  ["DTypeError: asin: takes f32, got i32[3]", () => f.asin(whole)],
  ["DTypeError: sinh: takes f32, got i32[3]", () => f.sinh(whole)],
  ["ShapeError: zeros: [2, -1] is not a shape", () => f.zeros([2, -1])],
  ["DTypeError: scalar: 0.5 is not of dtype i32", () => f.full([2], 0.5, { dtype: "i32" })],
  [
    "ArgumentError: linspace: end must be a finite number, got Infinity",
    () => f.linspace(0, Number.POSITIVE_INFINITY, 3),
  ],
  ["ArgumentError: clamp: min or max must be given, got undefined", () => matrix.clamp()],
  [
    "ShapeError: maxPool: a kernel of [6, 2] with dilation [1, 1] does not fit [5, 5] with padding [0, 0]",
    () => f.maxPool(image, [6, 2]),
  ],
  [
    "ShapeError: maxPool: a kernel of [3, 2] with dilation [3, 1] does not fit [5, 5] with padding [0, 0]",
    () => f.maxPool(image, [3, 2], { dilation: [3, 1] }),
  ],
  [
    "ArgumentError: avgPool: padding [1, 2] is more than half of the kernel [3, 3]",
    () => f.avgPool(image, [3, 3], { padding: [1, 2] }),
  ],
  [
    "ArgumentError: maxPool: windows of 1, 1 and 1073741824 apart, reach beyond 2^30 places",
    () => f.maxPool(matrix, [1], { stride: 1, dilation: 2 ** 30 }),
  ],
  [
    "ShapeError: maxPool: of [1], a window of [2] holds but padding",
    () => f.maxPool(constant([[3]]), [2], { padding: 1, dilation: 2 }),
  ],
  ["ShapeError: maxPool: takes [N, C, H, W] or one without N, got [2, 3]", () => f.maxPool(matrix, [2, 2])],
  ["DTypeError: maxPool: takes f32, got i32[1, 3]", () => f.maxPool(whole.reshape([1, 3]), [2])],
  ["ArgumentError: maxPool: kernelSize.0 must be a whole number >= 1, got 1.5", () => f.maxPool(image, [1.5])],
  [
    "ArgumentError: maxPool: kernelSize must be a list of one to three sizes, got [2, 2, 2, 2]",
    () => f.maxPool(image, [2, 2, 2, 2]),
  ],
  ["ArgumentError: maxPool: stride must have 2 sizes, got [2]", () => f.maxPool(image, [2, 2], { stride: [2] })],
  ["ArgumentError: maxPool: stride must be a whole number >= 1, got 0", () => f.maxPool(image, [2, 2], { stride: 0 })],
  [
    "ShapeError: adaptiveAvgPool: [0, 5] has nothing to pool",
    () => f.adaptiveAvgPool(constant([], { shape: [2, 0, 5] }), [2, 2]),
  ],
  [
    "ShapeError: maxUnpool: [2, 2] is not pooled from [4, 7], but from about [4, 4]",
    () => f.maxUnpool(values, indices, [2, 2], { outputSize: [4, 7] }),
  ],
  [
    "ArgumentError: maxUnpool: index 25 is outside a plane of 25 elements",
    () => f.maxUnpool(constant(new Float32Array(4), { shape: [1, 2, 2] }), ones, [2, 2], { outputSize: [5, 5] }),
  ],
  ["ShapeError: maxUnpool: x [2, 2, 2] and indices [1, 2, 2] differ", () => f.maxUnpool(values, ones, [2, 2])],
  ["DTypeError: maxUnpool: indices: takes i32, got f32[2, 2, 2]", () => f.maxUnpool(values, values, [2, 2])],
  [
    "ShapeError: pad: axis 1 of [2, 3] is too short for reflect padding of 0 and 3",
    () => f.pad(matrix, [0, 3], "reflect"),
  ],
  [
    "ShapeError: pad: axis 0 of [2, 3] is too short for circular padding of 3 and 0",
    () => f.pad(matrix, [0, 0, 3, 0], "circular"),
  ],
  ["ShapeError: pad: axis 1 of [2, 3] has less than 4 elements", () => f.pad(matrix, [-2, -2])],
  ["ShapeError: pad: 6 pads for the axes of [2, 3]", () => f.pad(matrix, [1, 1, 1, 1, 1, 1])],
  ["ArgumentError: pad: value means nothing for mode reflect", () => f.pad(matrix, [1, 1], "reflect", 5)],
  ["ArgumentError: pad: pads must be two numbers an axis, got [1]", () => f.pad(matrix, [1])],
  ["ArgumentError: pad: pads.0 must be a whole number, got 0.5", () => f.pad(matrix, [0.5, 1])],
  [
    "ArgumentError: interpolate: alignCorners means nothing for mode nearest",
    () => f.interpolate(image, { size: 2, alignCorners: true }),
  ],
  [
    "ShapeError: interpolate: mode bilinear takes [N, C, H, W], got [2, 5, 5]",
    () => f.interpolate(image, { size: 2, mode: "bilinear" }),
  ],
  [
    "ArgumentError: interpolate: size must be given, or else scaleFactor, and not both, got 2",
    () => f.interpolate(image, { size: 2, scaleFactor: 2 }),
  ],
  [
    "ShapeError: interpolate: [2, 5, 5] cannot have 0 places for 5 along axis 2",
    () => f.interpolate(image, { scaleFactor: 0.1 }),
  ],
  [
    "ShapeError: adaptiveAvgPool: [2, 1073741824, 1] has more than 2^30 elements",
    () => f.adaptiveAvgPool(image, [2 ** 30, 1]),
  ],
  [
    "ShapeError: adaptiveMaxPool: [2, 5, 1073741824] has more than 2^30 elements",
    () => f.adaptiveMaxPool(image, [null, 2 ** 30]),
  ],
  [
    "ShapeError: adaptiveAvgPool: [1073741824] has more than 2^26 elements",
    () => f.adaptiveAvgPool(constant([[1, 2]]), [2 ** 30]),
  ],
  ["ShapeError: linspace: [67108865] has more than 2^26 elements", () => f.linspace(0, 1, 2 ** 26 + 1)],
  [
    "ShapeError: interpolate: [16777217] has more than 2^24 elements",
    () => f.interpolate(constant([[[1, 2]]]), { size: 2 ** 24 + 1, mode: "linear" }),
  ],
  [
    "ShapeError: interpolate: [1, 1, 10000000, 1000] has more than 2^30 elements",
    () => f.interpolate(constant([[[[1, 2]]]]), { size: [1e7, 1000], mode: "bicubic" }),
  ],
  ["ShapeError: split: 16777216 parts are more than 2^20", () => f.split(input([2 ** 24]), 1)],
  ["ShapeError: chunk: 1000000000 parts are more than 2^20", () => f.chunk(input([0]), 1e9)],
  [
    "ShapeError: takeAlongAxis: beside the axis: [134217728, 1] has more than 2^26 elements",
    () => f.takeAlongAxis(input([2 ** 27, 2]), input([2 ** 27, 1], "i32"), 1),
  ],
  ["ShapeError: arange: [1073741823] has more than 2^26 elements", () => arange(2 ** 30 - 1)],
  ["ArgumentError: oneHot: classes must be a whole number from 0 to 67108864, got 1000000000", () => whole.oneHot(1e9)],
  ["ShapeError: pixelShuffle: 2 channels of [2, 5, 5] are not divided by 2^2", () => f.pixelShuffle(image, 2)],
  ["ShapeError: pixelUnshuffle: height and width of [2, 5, 5] are not divided by 2", () => f.pixelUnshuffle(image, 2)],
])("%s", (message, call) => {
  expect(thrown(call)).toBe(message);
});

test("what needs no table may have up to 2^30 elements", () => {
  const long = input([1, 1, 2 ** 28]);
  expect(f.avgPool(long, [4]).shape).toEqual([1, 1, 2 ** 26]);
  expect(f.adaptiveAvgPool(long, [2 ** 27]).shape).toEqual([1, 1, 2 ** 27]);
  expect(f.adaptiveMaxPool(long, [2 ** 28 - 1]).shape).toEqual([1, 1, 2 ** 28 - 1]);
  expect(f.interpolate(long, { scaleFactor: 4 }).shape).toEqual([1, 1, 2 ** 30]);
});
