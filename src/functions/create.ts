// Tensors of numbers that a rule gives.
import { aFiniteNumber, aWholeNumber, checkOptions } from "../check.ts";
import { constant } from "../create.ts";
import { checkKnown, checkShape, type DType, LISTED, type Shape } from "../shape.ts";
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
  return filled(shape, value, options, "full");
}

function filled(shape: Shape, value: number, options: FullOptions, name: string): Tensor {
  checkOptions(options, name, { dtype: checkKnown });
  return scalar(value, options.dtype).broadcastTo(checkShape(shape, name));
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
  return filled(shape, 0, options, "zeros");
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
  return filled(shape, 1, options, "ones");
}

/**
 * `count` f32 numbers at equal distances from `start` to `end`, both of them included; one alone is `start`.
 * @throws ArgumentError for numbers that are not finite, ShapeError for a count of more than 2^26
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
  const shape = checkShape([count], "linspace", LISTED);
  const step = count > 1 ? end / (count - 1) - start / (count - 1) : 0;
  // From the nearer end, so that both are exact.
  const at = (i: number) => (2 * i < count ? start + step * i : end - step * (count - 1 - i));
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = at(i);
  return constant(values, { shape });
}
