// Outputs and targets as callers bring them, with all digits that they have: nested numbers are kept in float64.

import { flatten, type Nested } from "../create.ts";
import { type ArrayLikeData, array, type NumericArray } from "../data/array.ts";

/** Numbers with or without a shape. */
export type Numbers = ArrayLikeData | ArrayLike<number>;

/** Checked, with a shape. @throws ArgumentError, ShapeError for what are no numbers in rows */
export function numbersOf(given: Numbers, name: string): NumericArray {
  if (ArrayBuffer.isView(given)) {
    const { length } = given as unknown as ArrayLike<number>;
    return array({ data: given as never, shape: [length] }, undefined, name);
  }
  if (!Array.isArray(given) || ArrayBuffer.isView(given[0])) return array(given as ArrayLikeData, undefined, name);
  const { flat, shape } = flatten(given as Nested, name);
  return array({ data: Float64Array.from(flat), shape }, undefined, name);
}
