// Gradients that are too large, made smaller.
import { aPositiveNumber, checkOptions } from "../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../epsilon.ts";
import type { Tensor } from "../tensor.ts";
import { stateless, type Transform } from "./transform.ts";

/** The Euclidean length of each row (all axes but the first), kept as axes of 1; of a vector or scalar as a whole. */
export function rowNorms(tensor: Tensor): Tensor {
  const axes = [...tensor.shape.keys()];
  return tensor.norm(axes.length > 1 ? axes.slice(1) : axes, { keepDims: true });
}

/**
 * All updates times one factor, so that their common Euclidean length is at most `limit` (Pascanu et al. 2013;
 * torch.nn.utils.clip_grad_norm_).
 * @throws ArgumentError unless limit > 0
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { clipByGlobalNorm } from "simdgrad/optim";
 * const [a, b] = [new Variable([1], 0), new Variable([1], 0)];
 * const { updates } = clipByGlobalNorm(1).update([constant([3]), constant([4])], undefined, [a, b], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [0.600000]
 * await evaluate(updates[1]); // => [0.800000]
 */
export function clipByGlobalNorm(limit: number): Transform<undefined> {
  aPositiveNumber(limit, "clipByGlobalNorm: limit");
  return stateless((updates) => {
    if (updates.length === 0) return { updates };
    const length = lengthOf(updates.map((update) => update.norm()));
    const factor = length.like(limit).div(length.add(1e-6)).minimum(1);
    return { updates: updates.map((update) => update.mul(factor)) };
  });
}

/** Of a vector with these parts, of known lengths: as multiples of the longest they have squares that do not overflow. */
function lengthOf(parts: readonly Tensor[]): Tensor {
  const longest = parts.reduce((a, b) => a.maximum(b));
  const isUsual = longest.greater(0).mul(longest.less(Number.POSITIVE_INFINITY));
  const unit = isUsual.select(longest, 1);
  const squares = parts.map((part) => part.div(unit).square());
  return squares
    .reduce((sum, square) => sum.add(square))
    .sqrt()
    .mul(unit);
}

/**
 * Every element kept within -limit and limit (torch.nn.utils.clip_grad_value_).
 * @throws ArgumentError unless limit > 0
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { clipByValue } from "simdgrad/optim";
 * const w = new Variable([3], 0);
 * const { updates } = clipByValue(1).update([constant([-2, 0.5, 3])], undefined, [w], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [-1, 0.5, 1]
 */
export function clipByValue(limit: number): Transform<undefined> {
  aPositiveNumber(limit, "clipByValue: limit");
  return stateless((updates) => ({ updates: updates.map((update) => update.maximum(-limit).minimum(limit)) }));
}

/**
 * Adaptive gradient clipping: the update of each row of a parameter (all axes but the first; a vector as a whole) is at most
 * `clipping` times as long as the row, which counts as `epsilon` at least (Brock et al. 2021).
 * @throws ArgumentError unless clipping > 0 and epsilon > 0
 *
 * @example
 * import { constant, evaluate, scalar, Variable } from "simdgrad";
 * import { agc } from "simdgrad/optim";
 * const w = new Variable([2, 2], [[3, 4], [30, 40]]);
 * const { updates } = agc(0.1).update([constant([[6, 8], [0, 1]])], undefined, [w], scalar(0, "i32"));
 * await evaluate(updates[0]); // => [0.300000, 0.400000, 0, 1]
 */
export function agc(clipping = 0.01, options: EpsilonOptions = {}): Transform<undefined> {
  aPositiveNumber(clipping, "agc: clipping");
  checkOptions(options, "agc", epsilonChecks);
  const epsilon = epsilonOf(options, 1e-3, "agc");
  aPositiveNumber(epsilon, "agc: epsilon");
  return stateless((updates, _, parameters) => ({
    updates: updates.map((update, i) => {
      const limit = rowNorms(parameters[i]).maximum(epsilon).mul(clipping);
      return update.mul(limit.div(rowNorms(update).maximum(1e-6)).minimum(1));
    }),
  }));
}
