// A trial as an objective sees it, here or in a worker, and what comes of it.
import { aFiniteNumber, aWholeNumber, isRecord, must } from "../check.ts";
import { ArgumentError } from "../errors.ts";

/** A trial that runs. */
export interface Trial<V = unknown> {
  /** Counted from 0. */
  readonly number: number;
  readonly values: V;
  /**
   * Tells of a number on the way, such as the loss on validation data after an epoch, by which the pruner judges. Steps go up. NaN and
   * infinities may be reported. Await it before `shouldPrune`.
   */
  report(step: number, value: number): Promise<void>;
  /** Whether the pruner gave it up at a report so far: the objective may end with "pruned". */
  shouldPrune(): boolean;
}

/** A number, with what is to be kept of the best trial: a model as `serializeSafetensors` writes it, for one. */
export interface Result {
  readonly value: number;
  readonly artifact?: Uint8Array;
}

/** How a trial ends. */
export type Outcome = number | Result | "pruned" | "failed";

/** What is searched: gives a number for a trial's values, the smaller or the larger the better, as the study's mode says. */
export type Objective<V = unknown> = (trial: Trial<V>) => Outcome | Promise<Outcome>;

/** @throws ArgumentError for a step that does not go up, and for a value that is no number */
export function checkReport(step: number, value: number, before: number | undefined): void {
  aWholeNumber(0)(step, "report: step");
  must(typeof value === "number", value, "report: value", "a number");
  if (before !== undefined && step <= before)
    throw new ArgumentError(`report: step ${step} does not come after step ${before}`);
}

/** NaN or an infinity, where an objective gave it: this trial has failed, and the search goes on. */
export function nonFiniteOf(outcome: unknown): number | undefined {
  const value = isRecord(outcome) ? outcome.value : outcome;
  return typeof value === "number" && !Number.isFinite(value) ? value : undefined;
}

/** @throws ArgumentError for anything else */
export function checkOutcome(outcome: unknown, what: string): asserts outcome is Outcome {
  if (outcome === "pruned" || outcome === "failed") return;
  if (!isRecord(outcome)) {
    must(typeof outcome === "number", outcome, what, 'a number, { value, artifact }, "pruned" or "failed"');
    aFiniteNumber(outcome, what);
    return;
  }
  const { value, artifact } = outcome;
  aFiniteNumber(value, `${what}: value`);
  const isBytes = artifact === undefined || artifact instanceof Uint8Array;
  must(isBytes, artifact, `${what}: artifact`, "a Uint8Array, such as serializeSafetensors(state) gives");
}
