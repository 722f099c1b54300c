// Metrics: scalars of prediction and target, measured at every step beside the loss. Nothing is trained on them.
import { ShapeError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import { aTensor, type Tensor } from "../tensor.ts";

/** A scalar of a prediction and its target. */
export type Metric = (prediction: Tensor, target: Tensor) => Tensor;

/**
 * The share of rows whose largest logit is the target's class: logits [N, C], i32 targets [N] (or [N, C, ...] and [N, ...]).
 * @throws ShapeError for targets of another shape
 *
 * @example
 * import { accuracy, constant, evaluate } from "simdgrad";
 * await evaluate(accuracy(constant([[1, 2], [3, 4]]), constant(Int32Array.of(1, 0)))); // => [0.5]
 */
export function accuracy(prediction: Tensor, target: Tensor): Tensor {
  aTensor(prediction, "accuracy: prediction");
  aTensor(target, "accuracy: target");
  const classes = prediction.argmax(1);
  if (!sameShape(classes.shape, target.shape))
    throw new ShapeError(
      `accuracy: logits ${showShape(prediction.shape)} take targets ${showShape(classes.shape)}, got ${showShape(target.shape)}`,
    );
  return classes.equal(target).mean();
}
