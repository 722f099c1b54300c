// Sorting along an axis, and what is made of it.

import { SORT_SHORT } from "../../assembly/isa/sizes.ts";
import { aBoolean, aWholeNumber, checkOptions } from "../check.ts";
import { ShapeError } from "../errors.ts";
import type { Op } from "../op.ts";
import * as instructions from "../program/instructions.ts";
import { type Aval, checkDType, normalizeAxis, showShape, sizeOf } from "../shape.ts";
import { apply, aTensor, type Tensor } from "../tensor.ts";
import { scatterAddAlongAxis } from "./along.ts";
import { itemsOf } from "./item.ts";

export interface SortAttrs {
  readonly descending: boolean;
}

/** Values, and where they stood. */
function outputsOf([aval]: readonly Aval[]): Aval[] {
  checkDType(aval, ["f32", "i32"], "sort");
  if (aval.shape.length !== 2) throw new ShapeError(`sort: takes rows x columns, got ${showShape(aval.shape)}`);
  return [aval, { shape: aval.shape, dtype: "i32" }];
}

// Rows of a matrix. A permutation: what reaches a value goes back to where it stood.
export const sortOp: Op<SortAttrs> = {
  name: "sort",
  batched: [0],
  infer: (inputs) => outputsOf(inputs)[0],
  outputs: outputsOf,
  vjp: ({ cotangents: [values], inputs: [x], output }) => [
    values && scatterAddAlongAxis(values, itemsOf(output)[1], 1, x.shape),
  ],
  lowering: {
    kind: "kernel",
    emit({ inputs: [from], avals: [{ shape, dtype }], outputs: [values, indices], attrs: { descending }, emit }) {
      const [rows, columns] = shape;
      // Rows that do not fit scratch are sorted in memory.
      const work = emit.temporary(columns > SORT_SHORT ? 2 * rows * columns : 0, "i32", "keys of a sort");
      const [integer, turned] = [dtype === "i32", descending].map(Number);
      emit.instruction(instructions.sort, { values, indices, work, from, rows, columns, integer, descending: turned });
    },
  },
  key: ({ descending }) => `${descending}`,
};

/**
 * The elements in ascending order along an axis, and the i32 indices of where they stood, as torch.sort: equal ones stay in their order, and NaN
 * is the largest of all. Gradients go back to where their elements stood.
 * @throws ShapeError for an axis outside the shape, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { sort } from "simdgrad/functions";
 * const { values, indices } = sort(constant([[3, 1, 2], [4, 6, 5]]), 1, { descending: true });
 * await evaluate(values); // => [3, 2, 1, 6, 5, 4]
 * await evaluate(indices); // => [0, 2, 1, 1, 2, 0]
 */
export function sort(
  x: Tensor,
  axis = -1,
  options: { readonly descending?: boolean } = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  aTensor(x, "sort: x");
  checkDType(x, ["f32", "i32"], "sort");
  checkOptions(options, "sort", { descending: aBoolean });
  const { shape } = x;
  const at = normalizeAxis(axis, shape, "sort");
  const order = [...shape.keys()].filter((i) => i !== at).concat(at);
  const rows = x.permute(order).reshape([sizeOf(shape.toSpliced(at, 1)), shape[at]]);
  const [values, indices] = itemsOf(apply(sortOp, [rows], { descending: options.descending ?? false })).map((item) =>
    item.reshape(order.map((i) => shape[i])).permute(order.map((_, i) => order.indexOf(i))),
  );
  return { values, indices };
}

/**
 * The i32 indices that sort x along an axis: `sort(x, axis, options).indices`.
 * @throws ShapeError for an axis outside the shape, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { argsort } from "simdgrad/functions";
 * await evaluate(argsort(constant([3, 1, 2]))); // => [1, 2, 0]
 */
export function argsort(x: Tensor, axis = -1, options: { readonly descending?: boolean } = {}): Tensor {
  aTensor(x, "argsort: x");
  checkDType(x, ["f32", "i32"], "argsort");
  return sort(x, axis, options).indices;
}

/**
 * The k largest elements along an axis, the largest first, and their i32 indices, as torch.topk; with `largest: false` the k smallest.
 * @throws ShapeError for an axis outside the shape, ArgumentError unless there are k elements along it, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { topK } from "simdgrad/functions";
 * const { values, indices } = topK(constant([3, 1, 4, 2]), 2);
 * await evaluate(values); // => [4, 3]
 * await evaluate(indices); // => [2, 0]
 */
export function topK(
  x: Tensor,
  k: number,
  axis = -1,
  options: { readonly largest?: boolean } = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  aTensor(x, "topK: x");
  checkDType(x, ["f32", "i32"], "topK");
  checkOptions(options, "topK", { largest: aBoolean });
  aWholeNumber(0, x.shape[normalizeAxis(axis, x.shape, "topK")])(k, "topK: k");
  const { values, indices } = sort(x, axis, { descending: options.largest ?? true });
  return { values: values.narrow(axis, 0, k), indices: indices.narrow(axis, 0, k) };
}
