// Running sums along an axis, and what is largest or smallest along it so far.
import { aBoolean, checkOptions } from "../check.ts";
import { type Op, perInput } from "../op.ts";
import * as instructions from "../program/instructions.ts";
import { checkDType, normalizeAxis, sizeOf } from "../shape.ts";
import { apply, aTensor, type Tensor } from "../tensor.ts";
import { scatterAddAlongAxis } from "./along.ts";
import { itemsOf } from "./item.ts";

export interface CumulativeAttrs {
  readonly axis: number;
  readonly reverse: boolean;
  readonly exclusive: boolean;
}

// Element i is in the sums from i on, so its share is the sum of their cotangents: the same op from the other end.
export const cumulativeSumOp: Op<CumulativeAttrs> = {
  name: "cumulativeSum",
  infer([aval]) {
    checkDType(aval, ["f32", "i32"], "cumulativeSum");
    return aval;
  },
  vjp: perInput(({ cotangent, attrs }) => apply(cumulativeSumOp, [cotangent], { ...attrs, reverse: !attrs.reverse })),
  lowering: {
    kind: "kernel",
    emit({ inputs: [from], avals: [{ shape, dtype }], outputs: [to], attrs: { axis, reverse, exclusive }, emit }) {
      emit.instruction(instructions.cumulativeSum, {
        to,
        from,
        outer: sizeOf(shape.slice(0, axis)),
        n: shape[axis],
        inner: sizeOf(shape.slice(axis + 1)),
        integer: Number(dtype === "i32"),
        reverse: Number(reverse),
        exclusive: Number(exclusive),
      });
    },
  },
  along: ({ axis }) => axis,
  key: ({ axis, reverse, exclusive }) => `${axis} ${reverse} ${exclusive}`,
};

/**
 * Running sums along an axis, each with its own element: from the last to the first if `reverse`, without its own element if `exclusive`.
 * Sums are kept in float64; those of i32 wrap (torch.cumsum).
 * @throws ShapeError for an axis outside the shape, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { cumulativeSum } from "simdgrad/functions";
 * const x = constant([[1, 2, 3], [4, 5, 6]]);
 * await evaluate(cumulativeSum(x, 1)); // => [1, 3, 6, 4, 9, 15]
 * await evaluate(cumulativeSum(x, 1, { reverse: true, exclusive: true })); // => [5, 3, 0, 11, 6, 0]
 */
export function cumulativeSum(
  x: Tensor,
  axis: number,
  options: { readonly reverse?: boolean; readonly exclusive?: boolean } = {},
): Tensor {
  aTensor(x, "cumulativeSum: x");
  checkOptions(options, "cumulativeSum", { reverse: aBoolean, exclusive: aBoolean });
  const { reverse = false, exclusive = false } = options;
  return apply(cumulativeSumOp, [x], { axis: normalizeAxis(axis, x.shape, "cumulativeSum"), reverse, exclusive });
}

export interface CumulativeMaxAttrs {
  readonly axis: number;
  readonly smallest: boolean;
}

function nameOf({ smallest }: CumulativeMaxAttrs): string {
  return smallest ? "cumulativeMin" : "cumulativeMax";
}

// What reaches a value goes to the element that it is.
export const cumulativeMaxOp: Op<CumulativeMaxAttrs> = {
  name: "cumulativeMax",
  infer([aval], attrs) {
    checkDType(aval, ["f32", "i32"], nameOf(attrs));
    return aval;
  },
  outputs: ([aval]) => [aval, { shape: aval.shape, dtype: "i32" }],
  vjp: ({ cotangents: [values], inputs: [x], output, attrs: { axis } }) => [
    values && scatterAddAlongAxis(values, itemsOf(output)[1], axis, x.shape),
  ],
  lowering: {
    kind: "kernel",
    emit({ inputs: [from], avals: [{ shape, dtype }], outputs: [values, indices], attrs: { axis, smallest }, emit }) {
      emit.instruction(instructions.cumulativeMax, {
        values,
        indices,
        from,
        outer: sizeOf(shape.slice(0, axis)),
        n: shape[axis],
        inner: sizeOf(shape.slice(axis + 1)),
        integer: Number(dtype === "i32"),
        smallest: Number(smallest),
      });
    },
  },
  along: ({ axis }) => axis,
  key: ({ axis, smallest }) => `${axis} ${smallest}`,
};

function alongAxis(x: Tensor, axis: number, smallest: boolean): { readonly values: Tensor; readonly indices: Tensor } {
  const name = nameOf({ axis, smallest });
  aTensor(x, `${name}: x`);
  const attrs = { axis: normalizeAxis(axis, x.shape, name), smallest };
  const [values, indices] = itemsOf(apply(cumulativeMaxOp, [x], attrs));
  return { values, indices };
}

/**
 * The largest of the elements so far along an axis, and the i32 index of where it stands, as torch.cummax: of equal ones the last. NaN is the
 * largest, and stays it. Gradients go back to the elements that were the largest.
 * @throws ShapeError for an axis outside the shape, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { cumulativeMax } from "simdgrad/functions";
 * const { values, indices } = cumulativeMax(constant([1, 3, 2, 3]), 0);
 * await evaluate(values); // => [1, 3, 3, 3]
 * await evaluate(indices); // => [0, 1, 1, 3]
 */
export function cumulativeMax(x: Tensor, axis: number): { readonly values: Tensor; readonly indices: Tensor } {
  return alongAxis(x, axis, false);
}

/**
 * The smallest of the elements so far along an axis, and the i32 index of where it stands, as torch.cummin: of equal ones the last. NaN is the
 * smallest, and stays it. Gradients go back to the elements that were the smallest.
 * @throws ShapeError for an axis outside the shape, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { cumulativeMin } from "simdgrad/functions";
 * const { values, indices } = cumulativeMin(constant([2, 1, 3, 1]), 0);
 * await evaluate(values); // => [2, 1, 1, 1]
 * await evaluate(indices); // => [0, 1, 1, 3]
 */
export function cumulativeMin(x: Tensor, axis: number): { readonly values: Tensor; readonly indices: Tensor } {
  return alongAxis(x, axis, true);
}
