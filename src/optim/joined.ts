// Schedules that warm up, and schedules out of schedules.
import { aFiniteNumber, aListOf, aNumberWithin, aWholeNumber, checkOptions } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { ofStep } from "./of-step.ts";
import { aSchedule, checkMilestones, type Schedule, scheduled } from "./schedules.ts";
import { rateOn, wayOver } from "./ways.ts";

/**
 * A line over `steps` from `startFactor` (default 1/3) to `endFactor` (default 1) times `value`, where it stays, upwards or downwards
 * (torch.optim.lr_scheduler.LinearLR, whose total_iters is `steps`).
 * @throws ArgumentError unless steps is a whole number >= 1 and the factors are >= 0
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { linearSchedule, scheduled } from "simdgrad/optim";
 * const schedule = linearSchedule(2, { steps: 4, startFactor: 1, endFactor: 0.5 });
 * await evaluate(scheduled(schedule, scalar(2, "i32"))); // => [1.5]
 * await evaluate(scheduled(schedule, scalar(9, "i32"))); // => [1]
 */
export function linearSchedule(
  value: number,
  options: { readonly steps: number; readonly startFactor?: number; readonly endFactor?: number },
): Schedule {
  aFiniteNumber(value, "linearSchedule: value");
  const factor = aNumberWithin(0);
  checkOptions(options, "linearSchedule", { steps: aWholeNumber(1), startFactor: factor, endFactor: factor }, "steps");
  const { steps, startFactor = 1 / 3, endFactor = 1 } = options;
  return ofStep((step) => rateOn(wayOver(step, steps), value * startFactor, value * endFactor));
}

/**
 * Up to `value` in a line over `steps`, from `startFactor` (default 1/3) times it; then `value`: a `linearSchedule` that ends there.
 * @throws ArgumentError unless steps is a whole number >= 1 and startFactor >= 0
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { linearWarmup, scheduled } from "simdgrad/optim";
 * const schedule = linearWarmup(1, { steps: 4, startFactor: 0 });
 * await evaluate(scheduled(schedule, scalar(3, "i32"))); // => [0.75]
 * await evaluate(scheduled(schedule, scalar(9, "i32"))); // => [1]
 */
export function linearWarmup(
  value: number,
  options: { readonly steps: number; readonly startFactor?: number },
): Schedule {
  aFiniteNumber(value, "linearWarmup: value");
  checkOptions(options, "linearWarmup", { steps: aWholeNumber(1), startFactor: aNumberWithin(0) }, "steps");
  const { steps, startFactor = 1 / 3 } = options;
  return ofStep((step) => rateOn(wayOver(step, steps), value * startFactor, value));
}

/**
 * factor size^(-1/2) min(t^(-1/2), t warmup^(-3/2)) at the t-th step: up in a line over `warmup` steps, then down as a root, for a model
 * of `size` features (Vaswani et al. 2017, section 5.3).
 * @throws ArgumentError unless size and warmup are whole numbers >= 1
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { noam, scheduled } from "simdgrad/optim";
 * await evaluate(scheduled(noam({ size: 4, warmup: 16 }), scalar(15, "i32"))); // => [0.125000]
 */
export function noam(options: { readonly size: number; readonly warmup?: number; readonly factor?: number }): Schedule {
  checkOptions(options, "noam", { size: aWholeNumber(1), warmup: aWholeNumber(1), factor: aFiniteNumber }, "size");
  const { size, warmup = 4000, factor = 1 } = options;
  return ofStep((step) => {
    const t = step.cast("f32").add(1);
    return t
      .rsqrt()
      .minimum(t.mul(1 / (warmup * Math.sqrt(warmup))))
      .mul(factor / Math.sqrt(size));
  });
}

/**
 * The first schedule up to the first boundary, then the second, and so on; each counts its steps from where it begins
 * (torch.optim.lr_scheduler.SequentialLR).
 * @throws ArgumentError unless boundaries are ascending whole numbers, one less than schedules
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { cosineDecay, joinedSchedules, linearWarmup, scheduled } from "simdgrad/optim";
 * const parts = [linearWarmup(1, { steps: 10, startFactor: 0 }), cosineDecay(1, { steps: 100 })];
 * const schedule = joinedSchedules(parts, { boundaries: [10] });
 * await evaluate(scheduled(schedule, scalar(5, "i32"))); // => [0.500000]
 * await evaluate(scheduled(schedule, scalar(60, "i32"))); // => [0.500000]
 */
export function joinedSchedules(
  schedules: readonly Schedule[],
  options: { readonly boundaries: readonly number[] },
): Schedule {
  aListOf(aSchedule)(schedules, "joinedSchedules: schedules");
  checkOptions(options, "joinedSchedules", { boundaries: checkMilestones }, "boundaries");
  const { boundaries } = options;
  if (schedules.length !== boundaries.length + 1)
    throw new ArgumentError(`joinedSchedules: ${boundaries.length} boundaries part ${schedules.length} schedules`);
  return ofStep((step) =>
    schedules
      .map((schedule, i) => scheduled(schedule, i === 0 ? step : step.sub(boundaries[i - 1])))
      .reduceRight((later, value, i) => step.less(boundaries[i]).select(value, later)),
  );
}

/**
 * The product of two schedules, or of a schedule and a number.
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { exponentialDecay, scaledSchedule, scheduled } from "simdgrad/optim";
 * const schedule = scaledSchedule(exponentialDecay(1, { gamma: 0.5 }), 3);
 * await evaluate(scheduled(schedule, scalar(1, "i32"))); // => [1.5]
 */
export function scaledSchedule(schedule: Schedule, factor: Schedule): Schedule {
  aSchedule(schedule, "scaledSchedule: schedule");
  aSchedule(factor, "scaledSchedule: factor");
  return ofStep((step) => scheduled(schedule, step).mul(scheduled(factor, step)));
}
