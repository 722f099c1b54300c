// Targets that a loss ignores, such as -100. Losses and metrics that know of them are means over the others; where a data set holds none,
// they are asked to count all, which is less work, and of a batch that holds nothing else they are 0: there is nothing to learn from it.
import type { Loss } from "../nn/losses.ts";
import type { Tensor } from "../tensor.ts";
import type { Metric } from "./metrics.ts";

/** What is measured of prediction and target. */
type Measured = Loss | Metric;

/** The name under which programs tell how many targets count, where some do not. */
export const COUNTED = "targets that count";

export function isIndex(ignored: number | null | undefined): ignored is number {
  return typeof ignored === "number";
}

/** Whether it is a mean over the targets that count. */
export function knowsIgnored({ ignoreIndex }: Measured): boolean {
  return ignoreIndex !== undefined;
}

/** How many targets are not this one. */
export function countedIn(target: Tensor, ignored: number): Tensor {
  return target.equal(ignored).neg().add(1).sum();
}

/** What is measured of a batch, of which `counted` targets are not the one that is ignored; undefined where all count. */
export function measured(
  of: Measured,
  prediction: Tensor,
  target: Tensor,
  ignoreIndex: number | null,
  counted: Tensor | undefined,
): Tensor {
  if (!knowsIgnored(of)) return of(prediction, target);
  const ignoring = of as (prediction: Tensor, target: Tensor, options: object) => Tensor;
  const value = ignoring(prediction, target, { ignoreIndex });
  return counted === undefined ? value : counted.equal(0).select(0, value);
}
