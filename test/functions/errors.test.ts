// What the functions of simdgrad/functions say of shapes, dtypes and numbers that do not fit, before anything runs.
import { expect, test } from "vitest";
import * as f from "../../src/functions/index.ts";
import { arange, constant } from "../../src/index.ts";
import { thrown } from "../thrown.ts";

const matrix = constant([
  [1, 2, 3],
  [4, 5, 6],
]);
const whole = arange(3);

test.each<readonly [message: string, call: () => unknown]>([
  ["ShapeError: split: sizes [1, 2] do not make up axis 0 of [2, 3]", () => f.split(matrix, [1, 2])],
  ["ArgumentError: split: size must be a whole number >= 1, got 0", () => f.split(matrix, 0)],
  ["ShapeError: chunk: [2, 3] has no axis 2", () => f.chunk(matrix, 2, 2)],
  ["ShapeError: flip: an axis is named twice in [0,-2]", () => f.flip(matrix, [0, -2])],
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
])("%s", (message, call) => {
  expect(thrown(call)).toBe(message);
});
