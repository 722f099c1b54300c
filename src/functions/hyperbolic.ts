// Hyperbolic functions and their inverses, of the steps that there are: formulas that lose no digits near 0, near 1 and where e^x is
// infinite. Their slopes are formulas of their own, since those of the parts that are not taken may be infinite.
import type { Tensor } from "../tensor.ts";
import { smooth } from "./smooth.ts";

/** From here on e^x nears the end of the range. */
const FAR = 88;
/** ln 2, of so few digits that x less this is exact from 64 on; and e to its power, halved. */
const LN2 = 0.693359375;
const HALF_OF_E_TO_LN2 = 1.0002122169548875;

/** e^x / 2 for x >= 0, finite where it is, though e^x is not. */
function halfExp(x: Tensor): Tensor {
  const isFar = x.greater(FAR);
  return x.sub(isFar.mul(LN2)).exp().mul(isFar.select(HALF_OF_E_TO_LN2, 0.5));
}

/**
 * (e^x - e^-x) / 2, exact near 0.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { sinh } from "simdgrad/functions";
 * await evaluate(sinh(constant([0, 1]))); // => [0, 1.17520]
 */
export function sinh(x: Tensor): Tensor {
  return smooth("sinh", x, sinhOf, (cotangent, a) => cotangent.mul(cosh(a)));
}

function sinhOf(x: Tensor): Tensor {
  const size = x.abs();
  const isNear = size.less(1);
  // With t = e^|x| - 1: (t + t / (t + 1)) / 2. From 1 on the difference of the powers loses nothing.
  const t = isNear.select(size, 0).expm1();
  const half = halfExp(size);
  const near = t.add(t.div(t.add(1))).mul(0.5);
  return isNear.select(near, half.sub(x.like(0.25).div(half))).mul(x.sign());
}

/**
 * (e^x + e^-x) / 2.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { cosh } from "simdgrad/functions";
 * await evaluate(cosh(constant([0, 1]))); // => [1, 1.54308]
 */
export function cosh(x: Tensor): Tensor {
  return smooth("cosh", x, coshOf, (cotangent, a) => cotangent.mul(sinh(a)));
}

function coshOf(x: Tensor): Tensor {
  const half = halfExp(x.abs());
  return half.add(x.like(0.25).div(half));
}

/** From here on the square of x has lost its 1 in any precision, and ln 2x is what is left. */
const LARGE = 2 ** 30;

/** ln 2x for large x. */
function logOfDouble(x: Tensor): Tensor {
  return x.log().add(Math.LN2);
}

/**
 * The inverse of sinh, exact near 0.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { asinh } from "simdgrad/functions";
 * await evaluate(asinh(constant([0, 1]))); // => [0, 0.88137]
 */
export function asinh(x: Tensor): Tensor {
  return smooth("asinh", x, asinhOf, (cotangent, a) => cotangent.div(a.square().add(1).sqrt()));
}

function asinhOf(x: Tensor): Tensor {
  const size = x.abs();
  const isNear = size.less(LARGE);
  const moderate = isNear.select(size, 0);
  const square = moderate.square();
  // ln(x + sqrt(1 + x^2)) with the sum's 1 taken out: sqrt(1 + x^2) - 1 = x^2 / (1 + sqrt(1 + x^2)).
  const near = moderate.add(square.div(square.add(1).sqrt().add(1))).log1p();
  return isNear.select(near, logOfDouble(size)).mul(x.sign());
}

/**
 * The inverse of cosh, at least 0; NaN below 1.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { acosh } from "simdgrad/functions";
 * await evaluate(acosh(constant([1, 2]))); // => [0, 1.31696]
 */
export function acosh(x: Tensor): Tensor {
  return smooth("acosh", x, acoshOf, (cotangent, a) => cotangent.div(rootOf(a.sub(1))));
}

/** sqrt(t (t + 2)) for t >= 0, which does not overflow; NaN below. */
function rootOf(t: Tensor): Tensor {
  return t.sqrt().mul(t.add(2).sqrt());
}

function acoshOf(x: Tensor): Tensor {
  const t = x.sub(1);
  const near = t.add(rootOf(t)).log1p();
  return x.greater(LARGE).select(logOfDouble(x), near);
}

/**
 * The inverse of tanh, exact near 0; infinite at -1 and 1, NaN beyond.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { atanh } from "simdgrad/functions";
 * await evaluate(atanh(constant([0, 0.5]))); // => [0, 0.54931]
 */
export function atanh(x: Tensor): Tensor {
  return smooth("atanh", x, atanhOf, (cotangent, a) => cotangent.div(a.neg().add(1).mul(a.add(1))));
}

function atanhOf(x: Tensor): Tensor {
  const size = x.abs();
  return size.mul(2).div(size.neg().add(1)).log1p().mul(0.5).mul(x.sign());
}
