// The plan of a run as callers hand it over: checked and copied, so that it is as of the call.
import { ArgumentError } from "../errors.ts";
import type { PlanEntry } from "./executor.ts";

/** @throws ArgumentError for anything but a list of programs with their steps */
export function checkedPlan(plan: unknown): PlanEntry[] {
  if (!Array.isArray(plan)) throw new ArgumentError(`run: a plan is a list of [program, steps], got ${shown(plan)}`);
  return plan.map((entry: unknown, i) => {
    if (!Array.isArray(entry) || entry.length !== 2 || !entry.every((value) => typeof value === "number"))
      throw new ArgumentError(`run: a plan is a list of [program, steps], but its entry ${i} is ${shown(entry)}`);
    return [entry[0], entry[1]];
  });
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? (value === null ? "null" : "an object") : String(value);
}
