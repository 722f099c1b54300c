// Schedules: numbers, or graph functions of the i32 step (0 for the first): a changing rate costs nothing at the boundary.

import { scalar } from "../create.ts";
import { ArgumentError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";

/** A fixed value, or one that depends on the number of steps made so far. */
export type Schedule = number | ((step: Tensor) => Tensor);

/**
 * The value of a schedule at a step (i32 scalar) as an f32 scalar.
 * @throws ArgumentError for a number that is not finite
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { scheduled } from "simdgrad/optim";
 * await evaluate(scheduled((step) => step.cast("f32").mul(0.5), scalar(3, "i32"))); // => [1.5]
 */
export function scheduled(schedule: Schedule, step: Tensor): Tensor {
  if (typeof schedule === "function") return schedule(step);
  if (!Number.isFinite(schedule)) throw new ArgumentError(`schedule: ${schedule} is not a finite number`);
  return scalar(schedule);
}

/**
 * The same value at every step.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { constantSchedule } from "simdgrad/optim";
 * constantSchedule(0.1); // => 0.1
 */
export function constantSchedule(value: number): Schedule {
  return value;
}

/**
 * From `value` down to `final` along half a cosine over `steps`, then `final` (Loshchilov and Hutter 2017).
 * @throws ArgumentError unless steps >= 1
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { cosineDecay, scheduled } from "simdgrad/optim";
 * await evaluate(scheduled(cosineDecay(1, { steps: 4 }), scalar(2, "i32"))); // => [0.5]
 */
export function cosineDecay(value: number, options: { readonly steps: number; readonly final?: number }): Schedule {
  const { steps, final = 0 } = options;
  if (!(steps >= 1)) throw new ArgumentError(`cosineDecay: steps must be >= 1, got ${steps}`);
  return (step) => {
    const progress = step
      .cast("f32")
      .mul(1 / steps)
      .minimum(1);
    const share = progress.mul(Math.PI).cos().add(1).mul(0.5);
    return share.mul(value - final).add(final);
  };
}
