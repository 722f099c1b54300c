// Targets that a loss ignores, such as -100. Losses and metrics that know of them are means over the others.
import type { Loss } from "../nn/losses.ts";
import type { Tensor } from "../tensor.ts";
import type { Metric } from "./metrics.ts";

/** Which targets are not this one (f32: 1 or 0). */
export function counting(target: Tensor, ignored: number): Tensor {
  return target.equal(ignored).neg().add(1);
}

/** Whether it is a mean over the targets that count, which takes { ignoreIndex }. */
export function knowsIgnored(each: Loss | Metric): boolean {
  return "ignoreIndex" in each && typeof each.ignoreIndex === "number";
}

/** What knows of them, as it can be called. */
export type Ignoring = (prediction: Tensor, target: Tensor, options: object) => Tensor;
