// Schedules: numbers, or graph functions of the i32 step (0 for the first): a changing rate costs nothing at the boundary.

import {
  aBoolean,
  aFiniteNumber,
  aListOf,
  aNumberWithin,
  aPositiveNumber,
  aWholeNumber,
  checkOptions,
  isFunction,
  must,
} from "../check.ts";
import { constant } from "../create.ts";
import { ArgumentError } from "../errors.ts";
import { showShape } from "../shape.ts";
import { aTensor, scalar, Tensor } from "../tensor.ts";
import { ofStep } from "./of-step.ts";
import { wholePower } from "./powers.ts";
import { alongCosine, rateOn, wayOver } from "./ways.ts";

/** A fixed value, one that depends on the number of steps made so far, or a scalar like a `hyperparameter`. */
export type Schedule = number | Tensor | ((step: Tensor) => Tensor);

/**
 * The value of a schedule at a step (i32 scalar) as an f32 scalar.
 * @throws ArgumentError for a number that is not finite, or a tensor that is no scalar
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { scheduled } from "simdgrad/optim";
 * await evaluate(scheduled((step) => step.cast("f32").mul(0.5), scalar(3, "i32"))); // => [1.5]
 */
export function scheduled(schedule: Schedule, step: Tensor): Tensor {
  aSchedule(schedule, "scheduled: schedule");
  aTensor(step, "scheduled: step");
  if (typeof schedule === "number") return scalar(schedule);
  if (schedule instanceof Tensor) return schedule;
  const value = schedule(step);
  must(value instanceof Tensor, value, "a schedule's value", "a tensor made of the step, or give the number itself");
  return value;
}

/** Throws an ArgumentError unless a value is a schedule; `what` says where it was given. */
export function aSchedule(value: unknown, what: string): void {
  if (value instanceof Tensor && value.shape.length > 0)
    throw new ArgumentError(`${what} ${showShape(value.shape)} is not a scalar`);
  const holds = Number.isFinite(value) || value instanceof Tensor || isFunction(value);
  must(holds, value, what, "a finite number, a scalar or a function of the step");
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
  aFiniteNumber(value, "constantSchedule: value");
  return value;
}

/** How many of the ascending numbers are at most the step, an i32 scalar. */
export function countReached(milestones: readonly number[], step: Tensor): Tensor {
  const reached = constant(Int32Array.from(milestones)).greater(step);
  return reached.neg().add(1).sum().cast("i32");
}

/** @throws ArgumentError unless they are whole numbers >= 0, each larger than the one before */
export function checkMilestones(given: unknown, what: string): void {
  aListOf(aFiniteNumber)(given, what);
  const milestones = given as readonly number[];
  milestones.forEach((milestone, i) => {
    aWholeNumber(i === 0 ? 0 : milestones[i - 1] + 1)(milestone, `${what}[${i}]`);
  });
}

/**
 * `value` times gamma (default 0.1) for every `stepSize` steps made (torch.optim.lr_scheduler.StepLR).
 * @throws ArgumentError unless stepSize is a whole number >= 1 and gamma > 0
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { scheduled, stepDecay } from "simdgrad/optim";
 * await evaluate(scheduled(stepDecay(1, { stepSize: 10, gamma: 0.5 }), scalar(20, "i32"))); // => [0.25]
 */
export function stepDecay(value: number, options: { readonly stepSize: number; readonly gamma?: number }): Schedule {
  aFiniteNumber(value, "stepDecay: value");
  checkOptions(options, "stepDecay", { stepSize: aWholeNumber(1), gamma: aPositiveNumber }, "stepSize");
  const { stepSize, gamma = 0.1 } = options;
  return ofStep((step) => wholePower(gamma, step.div(stepSize).cast("f32")).mul(value));
}

/**
 * `value` times gamma (default 0.1) for every milestone reached (torch.optim.lr_scheduler.MultiStepLR).
 * @throws ArgumentError unless milestones are ascending whole numbers and gamma > 0
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { multiStepDecay, scheduled } from "simdgrad/optim";
 * await evaluate(scheduled(multiStepDecay(1, { milestones: [5, 9], gamma: 0.5 }), scalar(9, "i32"))); // => [0.25]
 */
export function multiStepDecay(
  value: number,
  options: { readonly milestones: readonly number[]; readonly gamma?: number },
): Schedule {
  aFiniteNumber(value, "multiStepDecay: value");
  checkOptions(options, "multiStepDecay", { milestones: checkMilestones, gamma: aPositiveNumber }, "milestones");
  const { milestones, gamma = 0.1 } = options;
  return ofStep((step) => wholePower(gamma, countReached(milestones, step).cast("f32")).mul(value));
}

/**
 * `value` times gamma^step (torch.optim.lr_scheduler.ExponentialLR).
 * @throws ArgumentError unless gamma > 0
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { exponentialDecay, scheduled } from "simdgrad/optim";
 * await evaluate(scheduled(exponentialDecay(1, { gamma: 0.5 }), scalar(3, "i32"))); // => [0.125]
 */
export function exponentialDecay(value: number, options: { readonly gamma: number }): Schedule {
  aFiniteNumber(value, "exponentialDecay: value");
  checkOptions(options, "exponentialDecay", { gamma: aPositiveNumber }, "gamma");
  const { gamma } = options;
  return ofStep((step) => wholePower(gamma, step.cast("f32")).mul(value));
}

/**
 * value / (1 + rate step / steps); `staircase` counts whole multiples of `steps` alone (keras InverseTimeDecay).
 * @throws ArgumentError unless rate > 0 and steps is a whole number >= 1
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { inverseTimeDecay, scheduled } from "simdgrad/optim";
 * await evaluate(scheduled(inverseTimeDecay(1, { rate: 0.5, steps: 10 }), scalar(20, "i32"))); // => [0.5]
 */
export function inverseTimeDecay(
  value: number,
  options: { readonly rate: number; readonly steps?: number; readonly staircase?: boolean },
): Schedule {
  aFiniteNumber(value, "inverseTimeDecay: value");
  const checks = { rate: aPositiveNumber, steps: aWholeNumber(1), staircase: aBoolean };
  checkOptions(options, "inverseTimeDecay", checks, "rate");
  const { rate, steps = 1, staircase = false } = options;
  return ofStep((step) => {
    const growth = staircase ? step.div(steps).cast("f32").mul(rate) : step.cast("f32").mul(rate / steps);
    return scalar(value).div(growth.add(1));
  });
}

/**
 * From `value` down to `final` (default 0) as (1 - step / steps)^power, then `final`; power 1 (the default) is a line
 * (torch.optim.lr_scheduler.PolynomialLR).
 * @throws ArgumentError unless steps is a whole number >= 1 and power > 0
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { polynomialDecay, scheduled } from "simdgrad/optim";
 * await evaluate(scheduled(polynomialDecay(1, { steps: 4, power: 2 }), scalar(2, "i32"))); // => [0.25]
 */
export function polynomialDecay(
  value: number,
  options: { readonly steps: number; readonly power?: number; readonly final?: number },
): Schedule {
  aFiniteNumber(value, "polynomialDecay: value");
  const checks = { steps: aWholeNumber(1), power: aPositiveNumber, final: aFiniteNumber };
  checkOptions(options, "polynomialDecay", checks, "steps");
  const { steps, power = 1, final = 0 } = options;
  return ofStep((step) => {
    const way = wayOver(step, steps);
    if (power === 1) return rateOn(way, value, final);
    const left = way.left.pow(power);
    return rateOn({ left, made: left.neg().add(1) }, value, final);
  });
}

/**
 * From `value` down to `final` along half a cosine over `steps`, then `final` (Loshchilov and Hutter 2017;
 * torch.optim.lr_scheduler.CosineAnnealingLR up to T_max, after which that turns as `cosineAnnealing` does).
 * @throws ArgumentError unless steps >= 1
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { cosineDecay, scheduled } from "simdgrad/optim";
 * await evaluate(scheduled(cosineDecay(1, { steps: 4 }), scalar(2, "i32"))); // => [0.5]
 */
export function cosineDecay(value: number, options: { readonly steps: number; readonly final?: number }): Schedule {
  aFiniteNumber(value, "cosineDecay: value");
  checkOptions(options, "cosineDecay", { steps: aNumberWithin(1), final: aFiniteNumber }, "steps");
  const { steps, final = 0 } = options;
  return ofStep((step) => rateOn(alongCosine(wayOver(step, steps)), value, final));
}

/**
 * values[0] before the first boundary, values[1] from it to the second, and so on.
 * @throws ArgumentError unless boundaries are ascending whole numbers, one less than values
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { piecewiseConstant, scheduled } from "simdgrad/optim";
 * const schedule = piecewiseConstant([0.1, 0.05, 0.01], { boundaries: [100, 200] });
 * await evaluate(scheduled(schedule, scalar(100, "i32"))); // => [0.0500000]
 */
export function piecewiseConstant(
  values: readonly number[],
  options: { readonly boundaries: readonly number[] },
): Schedule {
  aListOf(aFiniteNumber)(values, "piecewiseConstant: values");
  checkOptions(options, "piecewiseConstant", { boundaries: checkMilestones }, "boundaries");
  const { boundaries } = options;
  if (values.length !== boundaries.length + 1)
    throw new ArgumentError(`piecewiseConstant: ${boundaries.length} boundaries part ${values.length} values`);
  return ofStep((step) => constant(Float64Array.from(values)).gather(countReached(boundaries, step)));
}
