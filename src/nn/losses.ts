// Losses: functions of prediction and target, reduced by their mean unless asked otherwise. Names and definitions are PyTorch's.
import { ArgumentError, ShapeError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { softplus } from "./functional.ts";

/** How the losses of the elements become one: their mean, their sum, or not at all. */
export type Reduction = "mean" | "sum" | "none";

/** What every loss takes besides prediction and target. */
export interface LossOptions {
  /** How the elements' losses become one; default "mean". */
  readonly reduction?: Reduction;
}

/** A loss, and what it takes for targets: class indices (i32, checked against the classes) or values (f32). */
export interface Loss {
  (prediction: Tensor, target: Tensor): Tensor;
  readonly targets?: "classes" | "values";
}

function reduced(losses: Tensor, { reduction = "mean" }: LossOptions): Tensor {
  if (reduction === "none") return losses;
  if (reduction !== "mean" && reduction !== "sum")
    throw new ArgumentError(`reduction: ${reduction} is not mean, sum or none`);
  return reduction === "mean" ? losses.mean() : losses.sum();
}

function checkSame(prediction: Tensor, target: Tensor, name: string): void {
  if (!sameShape(prediction.shape, target.shape))
    throw new ShapeError(
      `${name}: prediction ${showShape(prediction.shape)} and target ${showShape(target.shape)} differ`,
    );
}

/**
 * (prediction - target)^2, averaged over all elements. Both have one shape.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { mseLoss } from "simdgrad/nn";
 * await evaluate(mseLoss(constant([1, 2]), constant([1, 4]))); // => [2]
 */
export function mseLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSame(prediction, target, "mseLoss");
  return reduced(prediction.sub(target).square(), options);
}

/**
 * ln sum e^logits - logits[target] for logits [N, C] (or [C], or [N, C, ...]) and i32 class indices [N] (or [], or [N, ...]).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { crossEntropy } from "simdgrad/nn";
 * await evaluate(crossEntropy(constant([[0, 0], [100, 0]]), constant(Int32Array.of(0, 1)))); // => [50.3466]
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { shape } = logits;
  const rank = shape.length;
  if (rank === 0) throw new ShapeError("crossEntropy: logits [] have no classes");
  const axis = rank === 1 ? 0 : 1;
  const rows = shape.filter((_, i) => i !== axis);
  if (!sameShape(rows, target.shape))
    throw new ShapeError(
      `crossEntropy: logits ${showShape(shape)} take class indices ${showShape(rows)}, got ${showShape(target.shape)}`,
    );
  const last = logits.permute([...shape.keys()].filter((i) => i !== axis).concat(axis));
  const losses = last
    .reshape([rows.reduce((product, size) => product * size, 1), shape[axis]])
    .crossEntropy(target.flatten());
  return reduced(losses.reshape(rows), options);
}
crossEntropy.targets = "classes" as const;

/**
 * -(y ln sigmoid(x) + (1 - y) ln(1 - sigmoid(x))) = softplus(x) - x y for logits x and targets y in 0..1 of one shape.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { binaryCrossEntropyWithLogits } from "simdgrad/nn";
 * await evaluate(binaryCrossEntropyWithLogits(constant([0]), constant([1]))); // => [0.693147]
 */
export function binaryCrossEntropyWithLogits(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSame(logits, target, "binaryCrossEntropyWithLogits");
  return reduced(softplus(logits).sub(logits.mul(target)), options);
}
