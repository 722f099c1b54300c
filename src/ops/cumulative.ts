// Running sums along an axis.
import { aBoolean, checkOptions } from "../check.ts";
import { type Op, perInput } from "../op.ts";
import * as instructions from "../program/instructions.ts";
import { checkDType, normalizeAxis, sizeOf } from "../shape.ts";
import { apply, aTensor, type Tensor } from "../tensor.ts";

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
