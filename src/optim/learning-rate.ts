// The last link of most chains: the step's size.
import { aNumberWithin } from "../check.ts";
import { aSchedule, type Schedule, scheduled } from "./schedules.ts";
import { stateless, type Transform } from "./transform.ts";

/** Throws an ArgumentError unless a value is the learning rate of a function of this name. */
export function aRate(value: unknown, name: string): void {
  (typeof value === "number" ? aNumberWithin(0) : aSchedule)(value, `${name}: learningRate`);
}

/**
 * Updates times minus the learning rate, a number or a schedule of the step.
 * @throws ArgumentError for a negative rate
 *
 * @example
 * import { scaleByLearningRate } from "simdgrad/optim";
 * scaleByLearningRate(0.1).init([]); // => undefined
 */
export function scaleByLearningRate(rate: Schedule): Transform<undefined> {
  aRate(rate, "scaleByLearningRate");
  return byLearningRate(rate);
}

/** Of a rate that was checked. */
export function byLearningRate(rate: Schedule): Transform<undefined> {
  const scale = stateless((updates, _, __, step) => {
    const factor = scheduled(rate, step).neg();
    return { updates: updates.map((update) => update.mul(factor)) };
  });
  return { ...scale, rate: (step) => (typeof rate === "number" ? rate : scheduled(rate, step)) };
}
