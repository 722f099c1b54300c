// What tables, pictures and importances are made of: a study, or what is left of one.
import { isRecord, must } from "../check.ts";
import type { Mode, TrialRecord } from "./record.ts";
import type { Space } from "./space.ts";

/** A study, by what is read of it. */
export interface Searched {
  readonly space: Space;
  readonly mode: Mode;
  readonly history: readonly TrialRecord[];
}

/** @throws ArgumentError for anything else */
export function checkSearched(study: unknown, name: string): void {
  const isStudy = isRecord(study) && isRecord(study.space) && Array.isArray(study.history);
  must(isStudy, study, `${name}: study`, "a study, such as openStudy() gives");
}

/** A number in few digits, anything else as JSON has it, a text without quotes. */
export function written(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}
