// Tensors of numbers that a rule gives.
import { aFiniteNumber, aWholeNumber, checkOptions } from "../check.ts";
import { constant } from "../create.ts";
import { checkKnown, checkShape, type DType, type Shape } from "../shape.ts";
import { scalar, type Tensor } from "../tensor.ts";

/** What tensors of one number take. */
export interface FullOptions {
  /** f32 or i32; f32 where it is left out. */
  readonly dtype?: DType;
}

/**
 * One number everywhere. As `x.like(value)` has the shape of another tensor.
 * @throws ShapeError for what is no shape, DTypeError for u8 and for a value that the dtype cannot hold
 *
 * @example
 * import { evaluate } from "simdgrad";
 * import { full } from "simdgrad/functions";
 * await evaluate(full([2, 2], 3)); // => [3, 3, 3, 3]
 */
export function full(shape: Shape, value: number, options: FullOptions = {}): Tensor {
  checkOptions(options, "full", { dtype: checkKnown });
  return scalar(value, options.dtype).broadcastTo(checkShape(shape, "full"));
}

/**
 * Zeros.
 * @throws ShapeError for what is no shape, DTypeError for u8
 *
 * @example
 * import { evaluate } from "simdgrad";
 * import { zeros } from "simdgrad/functions";
 * await evaluate(zeros([3], { dtype: "i32" })); // => [0, 0, 0]
 */
export function zeros(shape: Shape, options: FullOptions = {}): Tensor {
  return full(shape, 0, options);
}

/**
 * Ones.
 * @throws ShapeError for what is no shape, DTypeError for u8
 *
 * @example
 * import { evaluate } from "simdgrad";
 * import { ones } from "simdgrad/functions";
 * await evaluate(ones([3])); // => [1, 1, 1]
 */
export function ones(shape: Shape, options: FullOptions = {}): Tensor {
  return full(shape, 1, options);
}

/**
 * `count` f32 numbers at equal distances from `start` to `end`, both of them included; one alone is `start`.
 *
 * @example
 * import { evaluate } from "simdgrad";
 * import { linspace } from "simdgrad/functions";
 * await evaluate(linspace(0, 1, 5)); // => [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, end: number, count: number): Tensor {
  aFiniteNumber(start, "linspace: start");
  aFiniteNumber(end, "linspace: end");
  aWholeNumber(0)(count, "linspace: count");
  checkShape([count], "linspace");
  const step = count > 1 ? end / (count - 1) - start / (count - 1) : 0;
  // From the nearer end, so that both are exact.
  const at = (i: number) => (2 * i < count ? start + step * i : end - step * (count - 1 - i));
  return constant(
    Float64Array.from({ length: count }, (_, i) => at(i)),
    { shape: [count] },
  );
}
