// Losses of values against values of the same shape, element by element.
import { customGradient } from "../../autodiff.ts";
import { aboveZero, aNumberWithin } from "../../check.ts";
import type { Tensor } from "../../tensor.ts";
import { checkLossOptions, checkSame, type LossOptions, reduced } from "./loss.ts";

/**
 * (prediction - target)^2, averaged over all elements. Both have one shape.
 * @throws ShapeError where the shapes differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { mseLoss } from "simdgrad/nn";
 * await evaluate(mseLoss(constant([1, 2]), constant([1, 4]))); // => [2]
 */
export function mseLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSame(prediction, target, "mseLoss");
  checkLossOptions(options, "mseLoss", {});
  return reduced(prediction.sub(target).square(), options, "mseLoss");
}

/**
 * |prediction - target|, averaged over all elements. Both have one shape; the gradient at 0 is 0.
 * @throws ShapeError where the shapes differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { l1Loss } from "simdgrad/nn";
 * await evaluate(l1Loss(constant([1, 2]), constant([1, 4]))); // => [1]
 */
export function l1Loss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSame(prediction, target, "l1Loss");
  checkLossOptions(options, "l1Loss", {});
  return reduced(prediction.sub(target).abs(), options, "l1Loss");
}

/**
 * (ln(1 + prediction) - ln(1 + target))^2, averaged over all elements, both above -1 and of one shape: Keras's MeanSquaredLogarithmicError.
 * @throws ShapeError where the shapes differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { msleLoss } from "simdgrad/nn";
 * await evaluate(msleLoss(constant([0, 1]), constant([0, 3]))); // => [0.240227]
 */
export function msleLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSame(prediction, target, "msleLoss");
  checkLossOptions(options, "msleLoss", {});
  return reduced(prediction.log1p().sub(target.log1p()).square(), options, "msleLoss");
}

/**
 * ln cosh(prediction - target), averaged over all elements, without overflow: Keras's LogCosh. Both have one shape.
 * @throws ShapeError where the shapes differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { logCoshLoss } from "simdgrad/nn";
 * await evaluate(logCoshLoss(constant([0, 1000]), constant([1, 0]), { reduction: "none" })); // => [0.433781, 999.307]
 */
export function logCoshLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSame(prediction, target, "logCoshLoss");
  checkLossOptions(options, "logCoshLoss", {});
  // cosh d - 1 = (1 - e^-|d|)^2 / (2 e^-|d|), which does not cancel near 0; beyond 16 ln cosh d grows as |d| does. Its derivative is tanh d.
  const logCosh = customGradient(
    (d) => {
      const size = d.abs();
      const near = size.minimum(16);
      const excess = near.neg().expm1().square().div(near.neg().exp().mul(2));
      return excess.log1p().add(size.sub(near));
    },
    (cotangent, [d]) => [cotangent.mul(d.tanh())],
  );
  return reduced(logCosh(prediction.sub(target)), options, "logCoshLoss");
}

/**
 * d^2 / 2 where |d| < delta, delta (|d| - delta / 2) elsewhere, for d = prediction - target of one shape (Huber 1964).
 * @throws ShapeError where the shapes differ, ArgumentError unless delta (default 1) is positive
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { huberLoss } from "simdgrad/nn";
 * await evaluate(huberLoss(constant([1, 4]), constant([0, 0]), { reduction: "none", delta: 2 })); // => [0.5, 6]
 */
export function huberLoss(
  prediction: Tensor,
  target: Tensor,
  options: LossOptions & { readonly delta?: number } = {},
): Tensor {
  checkSame(prediction, target, "huberLoss");
  checkLossOptions(options, "huberLoss", { delta: aboveZero });
  const { delta = 1 } = options;
  return reduced(roundedAbs(prediction.sub(target), delta, 0.5, delta), options, "huberLoss");
}

/**
 * d^2 / (2 beta) where |d| < beta, |d| - beta / 2 elsewhere, for d = prediction - target of one shape; for beta 0 l1Loss (Girshick 2015).
 * @throws ShapeError where the shapes differ, ArgumentError for a beta (default 1) below 0
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { smoothL1Loss } from "simdgrad/nn";
 * await evaluate(smoothL1Loss(constant([1, 4]), constant([0, 0]), { reduction: "none", beta: 2 })); // => [0.25, 3]
 */
export function smoothL1Loss(
  prediction: Tensor,
  target: Tensor,
  options: LossOptions & { readonly beta?: number } = {},
): Tensor {
  checkSame(prediction, target, "smoothL1Loss");
  checkLossOptions(options, "smoothL1Loss", { beta: aNumberWithin(0) });
  const { beta = 1 } = options;
  const difference = prediction.sub(target);
  return reduced(beta === 0 ? difference.abs() : roundedAbs(difference, beta, 0.5 / beta, 1), options, "smoothL1Loss");
}

/**
 * q e where e > 0, (q - 1) e elsewhere, for e = target - prediction of one shape, averaged: least at the quantile q, by default the median
 * (Koenker and Bassett 1978).
 * @throws ShapeError where the shapes differ, ArgumentError for a quantile outside 0..1
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { quantileLoss } from "simdgrad/nn";
 * await evaluate(quantileLoss(constant([1, 4]), constant([2, 2]), { reduction: "none", quantile: 0.75 })); // => [0.75, 0.5]
 */
export function quantileLoss(
  prediction: Tensor,
  target: Tensor,
  options: LossOptions & { readonly quantile?: number } = {},
): Tensor {
  checkSame(prediction, target, "quantileLoss");
  checkLossOptions(options, "quantileLoss", { quantile: aNumberWithin(0, 1) });
  const { quantile = 0.5 } = options;
  const over = prediction.sub(target);
  return reduced(over.relu().sub(over.mul(quantile)), options, "quantileLoss");
}

/** tip d^2 where |d| < width, slope (|d| - width / 2) elsewhere, which meets it if tip is slope / (2 width). */
function roundedAbs(d: Tensor, width: number, tip: number, slope: number): Tensor {
  if (width === Number.POSITIVE_INFINITY) return d.square().mul(tip);
  const size = d.abs();
  const isTip = size.less(width);
  // The parabola never sees large numbers, whose infinite slopes would make NaN of a cotangent of 0.
  return isTip.select(isTip.select(d, 0).square().mul(tip), size.sub(0.5 * width).mul(slope));
}
