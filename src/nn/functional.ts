// Activations as functions: usable in forward passes and as layers of a Sequential. Names and definitions are PyTorch's.
import { customGradient } from "../autodiff.ts";
import type { Tensor } from "../tensor.ts";

/**
 * max(x, 0), elementwise.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { relu } from "simdgrad/nn";
 * await evaluate(relu(constant([-1, 2]))); // => [0, 2]
 */
export function relu(x: Tensor): Tensor {
  return x.relu();
}

/**
 * x where x > 0, slope * x elsewhere.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { leakyRelu } from "simdgrad/nn";
 * await evaluate(leakyRelu(constant([-1, 2]), 0.1)); // => [-0.1, 2]
 */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  return x.greater(0).select(x, x.mul(slope));
}

/**
 * 1 / (1 + e^-x), elementwise.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { sigmoid } from "simdgrad/nn";
 * await evaluate(sigmoid(constant([0]))); // => [0.5]
 */
export function sigmoid(x: Tensor): Tensor {
  return x.sigmoid();
}

/**
 * Hyperbolic tangent, elementwise.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { tanh } from "simdgrad/nn";
 * await evaluate(tanh(constant([0]))); // => [0]
 */
export function tanh(x: Tensor): Tensor {
  return x.tanh();
}

/**
 * x Phi(x) with the normal distribution function: x (1 + erf(x / sqrt 2)) / 2 (Hendrycks and Gimpel 2016).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { gelu } from "simdgrad/nn";
 * await evaluate(gelu(constant([0, 1]))); // => [0, 0.841345]
 */
export function gelu(x: Tensor): Tensor {
  return x.mul(x.mul(Math.SQRT1_2).erf().add(1).mul(0.5));
}

/**
 * x sigmoid(x), elementwise.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { silu } from "simdgrad/nn";
 * await evaluate(silu(constant([0, 1]))); // => [0, 0.731059]
 */
export function silu(x: Tensor): Tensor {
  return x.mul(x.sigmoid());
}

/**
 * ln(1 + e^x), elementwise, without overflow; its gradient is sigmoid(x) everywhere.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { softplus } from "simdgrad/nn";
 * await evaluate(softplus(constant([0, 1000]))); // => [0.693147, 1000]
 */
export function softplus(x: Tensor): Tensor {
  const value = customGradient(
    (a) => a.relu().add(a.abs().neg().exp().log1p()),
    (cotangent, [a]) => [cotangent.mul(a.sigmoid())],
  );
  return value(x);
}

/**
 * e^x over its sum along an axis (default the last).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { softmax } from "simdgrad/nn";
 * await evaluate(softmax(constant([0, 0]))); // => [0.5, 0.5]
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  return x.softmax(axis);
}

/**
 * ln softmax(x) along an axis (default the last).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { logSoftmax } from "simdgrad/nn";
 * await evaluate(logSoftmax(constant([0, 0]))); // => [-0.693147, -0.693147]
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return x.logSoftmax(axis);
}
