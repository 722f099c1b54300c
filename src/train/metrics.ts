// Metrics: scalars of prediction and target, measured at every step beside the loss. Nothing is trained on them.
import { anInteger, checkOptions, isFunction, isRecord, must, nullOr } from "../check.ts";
import { ShapeError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import { aTensor, type Tensor } from "../tensor.ts";
import { counting } from "./ignored.ts";

/**
 * What is measured beside the loss: a scalar of a prediction and its target, or numbers of them that are added up before a value is made of
 * them, such as those of simdgrad/metrics.
 */
export type Metric<Prediction = Tensor, Target = Tensor> =
  | MetricFunction<Prediction, Target>
  | CountedMetric<Prediction, Target>;

/** A scalar of a prediction and its target. */
export interface MetricFunction<Prediction = Tensor, Target = Tensor> {
  (prediction: Prediction, target: Target): Tensor;
  /** As a loss's: the class index that counts nothing, null for none. One that has an index is told which the loss ignores. */
  readonly ignoreIndex?: number | null;
}

/** What a counted metric is told beside its tensors. */
export interface Told {
  /** The class index that counts nothing; null for none. */
  readonly ignoreIndex: number | null;
}

/** A metric that is no mean over batches: it is made of numbers that are added over all rows, or kept of all of them. */
export interface CountedMetric<Prediction = Tensor, Target = Tensor> {
  /** Numbers of a batch, f32: [n], sums over its rows; with `ofEachRow` [N, n]. It is told of the class index that the loss ignores. */
  readonly numbers: (prediction: Prediction, target: Target, told?: Told) => Tensor;
  /** The numbers of all rows are kept, one row after the other, for a value that depends on their order. */
  readonly ofEachRow?: boolean;
  /** The metric: of the n added numbers, or of those of all rows, one row after the other, n each. */
  readonly value: (numbers: Float64Array, n: number) => number;
}

/** Throws an ArgumentError unless a value is a metric. */
export function aMetric(value: unknown, what: string): void {
  must(isFunction(isRecord(value) ? value.numbers : value), value, what, "a metric, such as accuracy or f1()");
}

/**
 * The share of rows whose largest logit is the target's class: logits [N, C], i32 targets [N] (or [N, C, ...] and [N, ...]), of
 * those that are not `ignoreIndex`, by default -100, or of all for null.
 * @throws ShapeError for targets of another shape
 *
 * @example
 * import { accuracy, constant, evaluate } from "simdgrad";
 * await evaluate(accuracy(constant([[1, 2], [3, 4]]), constant(Int32Array.of(1, 0)))); // => [0.5]
 * await evaluate(accuracy(constant([[1, 2], [3, 4]]), constant(Int32Array.of(1, -100)))); // => [1]
 */
export function accuracy(
  prediction: Tensor,
  target: Tensor,
  options: { readonly ignoreIndex?: number | null } = {},
): Tensor {
  aTensor(prediction, "accuracy: prediction");
  aTensor(target, "accuracy: target");
  checkOptions(options, "accuracy", { ignoreIndex: nullOr(anInteger) });
  const { ignoreIndex = -100 } = options;
  const classes = prediction.argmax(1);
  if (!sameShape(classes.shape, target.shape))
    throw new ShapeError(
      `accuracy: logits ${showShape(prediction.shape)} take targets ${showShape(classes.shape)}, got ${showShape(target.shape)}; of yes and no it is binaryAccuracy()`,
    );
  const right = classes.equal(target);
  if (ignoreIndex === null) return right.mean();
  const counts = counting(target, ignoreIndex);
  return right.mul(counts).sum().div(counts.sum());
}
accuracy.ignoreIndex = -100;
