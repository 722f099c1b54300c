// The plan of a run as callers hand it over: checked and copied, so that it is as of the call.
import { ArgumentError } from "../errors.ts";
import type { PlanEntry } from "./executor.ts";

/** @throws ArgumentError for anything but a list of programs with their steps */
export function checkedPlan(plan: unknown): PlanEntry[] {
  const entries: unknown[] = Array.isArray(plan) ? Array.from(plan) : [undefined]; // without holes, which every() and map() pass over
  if (!entries.every(isEntry)) throw new ArgumentError("run: a plan is a list of [program, steps], such as [[id, 1]]");
  return entries.map(([id, steps]) => [id, steps]);
}

function isEntry(entry: unknown): entry is PlanEntry {
  return Array.isArray(entry) && entry.length === 2 && Array.from(entry).every((value) => typeof value === "number");
}
