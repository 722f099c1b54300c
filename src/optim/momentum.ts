// Momenta and the decays of means, which may change with the step as rates do.
import { aFraction, isFunction } from "../check.ts";
import { Tensor } from "../tensor.ts";
import { aSchedule, type Schedule, scheduled } from "./schedules.ts";

/** Throws an ArgumentError unless a value is a number from 0 to below 1 or a schedule; `what` says where it was given. */
export function aMomentum(value: unknown, what: string): void {
  if (value instanceof Tensor || isFunction(value)) aSchedule(value, what);
  else aFraction(value, what);
}

/** What it is at a step: numbers stay numbers. */
export function momentumAt(momentum: Schedule, step: Tensor): number | Tensor {
  return typeof momentum === "number" ? momentum : scheduled(momentum, step);
}

/** 1 - share. */
export function restOf(share: number | Tensor): number | Tensor {
  return typeof share === "number" ? 1 - share : share.neg().add(1);
}
