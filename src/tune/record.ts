// What is known of trials, and which of them is better.
import type { Flat } from "./dimensions.ts";

/** Whether a smaller or a larger number is the better one. */
export type Mode = "min" | "max";

/** Bytes of an artifact, and their checksum. */
export interface ArtifactNote {
  readonly bytes: number;
  readonly sum: string;
}

/** A number that a trial reported on its way. */
export interface Report {
  readonly step: number;
  /** NaN and infinities included. */
  readonly value: number;
}

/** What is known of one trial. */
export interface TrialRecord<V = unknown> {
  /** Counted from 0. */
  readonly number: number;
  readonly state: "running" | "complete" | "pruned" | "failed";
  readonly values: V;
  /** The values by the paths of their parameters: `rate`, `optimizer`, `optimizer.sgd.momentum`. */
  readonly parameters: Flat;
  /** Of a complete one, what was told. */
  readonly value: number | undefined;
  readonly reports: readonly Report[];
  /** Of a failed one, why. */
  readonly error: string | undefined;
  /** Of a complete one that came with an artifact and was the best so far, what is known of it. */
  readonly artifact: ArtifactNote | undefined;
}

/** Smaller is better. */
export function loss(value: number, mode: Mode): number {
  return mode === "min" ? value : -value;
}

/** The best of the complete ones, of equals the first. */
export function bestOf<R extends TrialRecord>(records: readonly R[], mode: Mode): R | undefined {
  let best: R | undefined;
  for (const record of records)
    if (record.value !== undefined && (best?.value === undefined || loss(record.value, mode) < loss(best.value, mode)))
      best = record;
  return best;
}

/** The report of the last step. */
export function lastReport({ reports }: Pick<TrialRecord, "reports">): Report | undefined {
  let last: Report | undefined;
  for (const report of reports) if (last === undefined || report.step >= last.step) last = report;
  return last;
}
