// Sliding windows: all stretches of an axis side by side, in memory where the axis itself is, one over the other.
import { ShapeError } from "../errors.ts";
import { type Op, perInput } from "../op.ts";
import { checkDType, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { spread } from "./movement.ts";

export interface UnfoldAttrs {
  readonly axis: number;
  readonly size: number;
  readonly step: number;
}

/** Stretches of `size` elements of an axis, one every `step`: they are the last axis of the result. */
export const unfoldOp: Op<UnfoldAttrs> = {
  name: "unfold",
  infer([aval], { axis, size, step }) {
    checkDType(aval, ["f32", "i32"], "unfold");
    const count = Math.floor((aval.shape[axis] - size) / step) + 1;
    if (count < 1) throw new ShapeError(`unfold: axis ${axis} of ${showShape(aval.shape)} has no ${size} elements`);
    return { shape: [...aval.shape.with(axis, count), size], dtype: aval.dtype };
  },
  vjp: perInput(({ cotangent, inputs: [{ shape }], attrs, apply }) => {
    const { axis, size, step } = attrs;
    const count = cotangent.shape[axis];
    /** Elements `from` on of all stretches, where they come from. */
    const back = (part: Tensor, from: number, each: number) => {
      const starts = shape.map((_, i) => (i === axis ? from : 0));
      const steps = shape.map((_, i) => (i === axis ? each : 1));
      return apply(spread, [part], { shape, value: 0, ranges: [{ starts, sizes: part.shape, steps }] });
    };
    if (step === size) {
      // They lie side by side: the same elements in their order.
      const order = [...shape.keys()].toSpliced(axis + 1, 0, shape.length);
      return back(cotangent.permute(order).reshape(shape.with(axis, count * size)), 0, 1);
    }
    const at = (k: number) => cotangent.narrow(-1, k, 1).reshape(shape.with(axis, count));
    let sum = back(at(0), 0, step);
    for (let k = 1; k < size; k++) sum = sum.add(back(at(k), k, step));
    return sum;
  }),
  lowering: {
    kind: "window",
    window: ({ axis, step }, strides) => ({
      start: 0,
      strides: [...strides.with(axis, strides[axis] * step), strides[axis]],
    }),
  },
  key: ({ axis, size, step }) => `${axis};${size};${step}`,
};
