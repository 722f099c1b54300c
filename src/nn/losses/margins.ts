// Losses that ask for a margin and count what is missing of it.

import { aFiniteNumber } from "../../check.ts";
import { ShapeError } from "../../errors.ts";
import { checkDType, showShape } from "../../shape.ts";
import { arange, type Tensor } from "../../tensor.ts";
import { checkLossOptions, checkSame, type LossOptions, lacking, reduced, signs } from "./loss.ts";

/**
 * max(0, 1 - prediction target) for targets -1 or 1 of the prediction's shape, averaged: Keras's Hinge (Vapnik 1995).
 * @throws ShapeError where the shapes differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { hingeLoss } from "simdgrad/nn";
 * await evaluate(hingeLoss(constant([0.5, 2]), constant([1, -1]))); // => [1.75]
 */
export function hingeLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSame(prediction, target, "hingeLoss");
  checkLossOptions(options, "hingeLoss", {});
  return reduced(missing(prediction, target), options, "hingeLoss");
}
hingeLoss.labels = signs;

/**
 * max(0, 1 - prediction target)^2 for targets -1 or 1 of the prediction's shape, averaged: Keras's SquaredHinge.
 * @throws ShapeError where the shapes differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { squaredHinge } from "simdgrad/nn";
 * await evaluate(squaredHinge(constant([0.5, 2]), constant([1, -1]))); // => [4.625]
 */
export function squaredHinge(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSame(prediction, target, "squaredHinge");
  checkLossOptions(options, "squaredHinge", {});
  return reduced(missing(prediction, target).square(), options, "squaredHinge");
}
squaredHinge.labels = signs;

function missing(prediction: Tensor, target: Tensor): Tensor {
  return lacking(prediction.mul(target).neg().add(1));
}

/** Options of losses with a margin. */
export interface MarginLossOptions extends LossOptions {
  readonly margin?: number;
}

/**
 * input where the target is 1, max(0, margin - input) where it is -1, for distances and targets of one shape, averaged; margin 1 by default.
 * @throws ShapeError where the shapes differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { hingeEmbeddingLoss } from "simdgrad/nn";
 * await evaluate(hingeEmbeddingLoss(constant([0.5, 0.25]), constant([1, -1]), { reduction: "none" })); // => [0.5, 0.75]
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options: MarginLossOptions = {}): Tensor {
  checkSame(input, target, "hingeEmbeddingLoss", ["f32", "i32"]);
  checkLossOptions(options, "hingeEmbeddingLoss", { margin: aFiniteNumber });
  const { margin = 1 } = options;
  const far = lacking(input.neg().add(margin));
  // As PyTorch's: what is neither 1 nor -1 gets both.
  const losses = target.equal(1).select(0, far).add(target.equal(-1).select(0, input));
  return reduced(losses, options, "hingeEmbeddingLoss");
}
hingeEmbeddingLoss.labels = signs;

/**
 * max(0, margin - target (input1 - input2)): input1 should be larger where the target is 1, smaller where it is -1. All of one shape; averaged;
 * margin 0 by default.
 * @throws ShapeError where the shapes differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { marginRankingLoss } from "simdgrad/nn";
 * await evaluate(marginRankingLoss(constant([3, 1]), constant([2, 3]), constant([1, 1]), { margin: 0.5 })); // => [1.25]
 */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options: MarginLossOptions = {},
): Tensor {
  checkSame(input1, input2, "marginRankingLoss");
  checkSame(input1, target, "marginRankingLoss");
  checkLossOptions(options, "marginRankingLoss", { margin: aFiniteNumber });
  const { margin = 0 } = options;
  return reduced(lacking(input1.sub(input2).mul(target).neg().add(margin)), options, "marginRankingLoss");
}

/**
 * sum max(0, 1 - (input[j] - input[i])) / C over the classes j that a sample has and those i that it has not, for scores [N, C] (or [C]) and
 * targets i32 of the same shape: the classes, then -1, then anything.
 * @throws ShapeError where the shapes differ or have another rank, DTypeError unless the targets are i32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { multiLabelMarginLoss } from "simdgrad/nn";
 * await evaluate(multiLabelMarginLoss(constant([0.5, 1, 0, 0]), constant(Int32Array.of(1, 0, -1, 3)))); // => [0.25]
 */
export function multiLabelMarginLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const name = "multiLabelMarginLoss";
  checkSame(input, target, name, ["f32", "i32"]);
  checkLossOptions(options, name, {});
  checkDType(target, ["i32"], `${name}: class indices`);
  const rank = input.shape.length;
  if (rank !== 1 && rank !== 2) throw new ShapeError(`${name}: takes [N, C] or [C], got ${showShape(input.shape)}`);
  const classes = input.shape[rank - 1];
  // Places before the first -1: those with no negative number up to them.
  const upTo = arange(classes).unsqueeze(-1).greater(arange(classes)).neg().add(1);
  const valid = target.less(0).unsqueeze(-2).matmul(upTo).squeeze(-2).equal(0).unsqueeze(-1);
  const chosen = target.oneHot(classes).mul(valid); // [..., place, class]
  const others = chosen.max(-2).neg().add(1).unsqueeze(-2);
  const scores = input.unsqueeze(-2);
  const own = chosen.select(scores, 0).sum(-1, { keepDims: true });
  const pairs = valid.mul(others).select(scores.sub(own).add(1).relu(), 0);
  return reduced(pairs.sum([-2, -1]).div(classes), options, name);
}
