// biome-ignore-all lint/suspicious/noShadowRestrictedNames: isNaN and isFinite are what the global ones are for one number.
// What holds: logic of f32 0 and 1, as comparisons give them. Whatever is not 0 is true, NaN too. Nothing here has a gradient.
import { checkDType, normalizeAxes } from "../shape.ts";
import { aTensor, type KeepDims, type Tensor } from "../tensor.ts";

/** f32 1 where it is not 0, else 0. */
function truth(x: Tensor, name: string): Tensor {
  aTensor(x, `${name}: an operand`);
  checkDType(x, ["f32", "i32"], name);
  return x.notEqual(0);
}

/** How many ones there are along the axes. */
function count(ones: Tensor, axes: number | readonly number[] | undefined, options: KeepDims, name: string): Tensor {
  return ones.sum(normalizeAxes(axes, ones.shape, name), options);
}

/**
 * f32 1 where both are true, else 0, broadcast.
 * @throws ShapeError where the shapes do not broadcast, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { logicalAnd } from "simdgrad/functions";
 * await evaluate(logicalAnd(constant([0, 1, 2]), constant([1, 0, 3]))); // => [0, 0, 1]
 */
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  return truth(a, "logicalAnd").mul(truth(b, "logicalAnd"));
}

/**
 * f32 1 where one is true, or both, else 0, broadcast.
 * @throws ShapeError where the shapes do not broadcast, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { logicalOr } from "simdgrad/functions";
 * await evaluate(logicalOr(constant([0, 1, 2]), constant([0, 0, 3]))); // => [0, 1, 1]
 */
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  return truth(a, "logicalOr").maximum(truth(b, "logicalOr"));
}

/**
 * f32 1 where one is true and the other is not, else 0, broadcast.
 * @throws ShapeError where the shapes do not broadcast, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { logicalXor } from "simdgrad/functions";
 * await evaluate(logicalXor(constant([0, 1, 2]), constant([0, 0, 3]))); // => [0, 1, 0]
 */
export function logicalXor(a: Tensor, b: Tensor): Tensor {
  return truth(a, "logicalXor").notEqual(truth(b, "logicalXor"));
}

/**
 * f32 1 where it is 0, else 0.
 * @throws DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { logicalNot } from "simdgrad/functions";
 * await evaluate(logicalNot(constant([0, 1, 2]))); // => [1, 0, 0]
 */
export function logicalNot(x: Tensor): Tensor {
  aTensor(x, "logicalNot: x");
  checkDType(x, ["f32", "i32"], "logicalNot");
  return x.equal(0);
}

/**
 * f32 1 where anything along the axes is true, else 0; of nothing 0.
 * @throws ShapeError for an axis outside the shape, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { any } from "simdgrad/functions";
 * await evaluate(any(constant([[0, 0], [0, 3]]), 1)); // => [0, 1]
 */
export function any(x: Tensor, axes?: number | readonly number[], options: KeepDims = {}): Tensor {
  return count(truth(x, "any"), axes, options, "any").greater(0);
}

/**
 * f32 1 where everything along the axes is true, else 0; of nothing 1.
 * @throws ShapeError for an axis outside the shape, DTypeError for u8
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { all } from "simdgrad/functions";
 * await evaluate(all(constant([[1, 2], [0, 3]]), 1)); // => [1, 0]
 */
export function all(x: Tensor, axes?: number | readonly number[], options: KeepDims = {}): Tensor {
  return count(truth(x, "all").equal(0), axes, options, "all").equal(0);
}

/**
 * f32 1 where it is NaN, else 0; of any dtype.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { isNaN } from "simdgrad/functions";
 * await evaluate(isNaN(constant([1, NaN, Infinity]))); // => [0, 1, 0]
 */
export function isNaN(x: Tensor): Tensor {
  aTensor(x, "isNaN: x");
  const real = x.cast("f32");
  return real.notEqual(real);
}

/**
 * f32 1 where it is neither infinite nor NaN, else 0; of any dtype.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { isFinite } from "simdgrad/functions";
 * await evaluate(isFinite(constant([1, NaN, Infinity]))); // => [1, 0, 0]
 */
export function isFinite(x: Tensor): Tensor {
  aTensor(x, "isFinite: x");
  return x.cast("f32").abs().less(Number.POSITIVE_INFINITY);
}

/**
 * f32 1 where it is infinite, of either sign, else 0; of any dtype.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { isInfinite } from "simdgrad/functions";
 * await evaluate(isInfinite(constant([1, NaN, -Infinity]))); // => [0, 0, 1]
 */
export function isInfinite(x: Tensor): Tensor {
  aTensor(x, "isInfinite: x");
  return x.cast("f32").abs().equal(Number.POSITIVE_INFINITY);
}
