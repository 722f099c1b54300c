// A metric of tensors at hand, without a trainer.
import { must } from "../check.ts";
import { evaluate } from "../evaluate.ts";
import { aTensor, type Tensor } from "../tensor.ts";
import { aMetric, type Metric } from "../train/metrics.ts";

/**
 * A metric of a prediction and its target, as tensors: what a Trainer measures by itself.
 * @throws ShapeError, DTypeError where they do not fit
 *
 * @example
 * import { constant } from "simdgrad";
 * import { measure, precision } from "simdgrad/metrics";
 * await measure(precision(), constant([2, 1, -1]), constant([1, 0, 1])); // => 0.5
 */
export async function measure(metric: Metric, prediction: Tensor, target: Tensor): Promise<number> {
  aMetric(metric, "measure: metric");
  aTensor(prediction, "measure: prediction");
  aTensor(target, "measure: target");
  if (typeof metric === "function") {
    const value = metric(prediction, target);
    must(value?.shape?.length === 0, value, "measure: what the metric gives", "one number");
    return (await evaluate(value))[0];
  }
  const numbers = metric.numbers(prediction, target);
  const { shape } = numbers;
  return metric.value(Float64Array.from(await evaluate(numbers)), shape[metric.ofEachRow ? 1 : 0]);
}
