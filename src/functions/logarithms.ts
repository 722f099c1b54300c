// Logarithms to other bases than e.
import { log2 as log2Op, log10 as log10Op } from "../ops/functions.ts";
import { apply, aTensor, type Tensor } from "../tensor.ts";

/**
 * Logarithm to base 2, exact for powers of it.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { log2 } from "simdgrad/functions";
 * await evaluate(log2(constant([8, 0.25]))); // => [3, -2]
 */
export function log2(x: Tensor): Tensor {
  aTensor(x, "log2: x");
  return apply(log2Op, [x]);
}

/**
 * Logarithm to base 10, exact for powers of it.
 * @throws DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { log10 } from "simdgrad/functions";
 * await evaluate(log10(constant([1000, 2]))); // => [3, 0.30103]
 */
export function log10(x: Tensor): Tensor {
  aTensor(x, "log10: x");
  return apply(log10Op, [x]);
}
