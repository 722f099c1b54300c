// The history of a training: one entry an epoch, over all its fits.
import type { Measures } from "./fit.ts";

/** One epoch, from its first step to its end. Plain data. */
export interface Epoch {
  /** Its number since the training began: 1 for the first. */
  readonly epoch: number;
  /** Mean of the losses of its steps, each weighed by its rows. */
  readonly loss: number;
  /** The metrics over its rows, measured while these were trained on. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What was measured on the validation data after it, if the fit had some. */
  readonly validation?: Measures;
  /** Rate of its last step. Undefined for an optimizer that tells none. */
  readonly learningRate?: number;
  /** Seconds that its steps took, without validation and pauses. */
  readonly seconds: number;
}

/** A copy to give away. */
export function copyOf(epoch: Epoch): Epoch {
  const { metrics, validation } = epoch; // structuredClone would take ten times as long
  return { ...epoch, metrics: { ...metrics }, ...(validation && { validation: { ...validation } }) };
}

/** An epoch under way: sums over its steps. */
export interface Part {
  steps: number;
  rows: number;
  /** Of losses times rows. */
  loss: number;
  milliseconds: number;
  readonly sums: Map<string, number>;
  /** Rows that the data has, where that is known. */
  total?: number | undefined;
}

/** What is known of the past. */
export interface History {
  readonly epochs: Epoch[];
  /** The counter of epochs at the end of each: which of them a state has behind it. */
  readonly counters: number[];
  /** Of an epoch that a fit did not finish. */
  part?: Part;
}

/** Epochs that are kept at the least. */
const MOST = 2 ** 16;

export function newHistory(): History {
  return { epochs: [], counters: [] };
}

/** Puts one behind the others; of many, the older half goes. */
export function keep<T>(all: T[], one: T, most = MOST): void {
  if (all.length === 2 * most) all.splice(0, most);
  all.push(one);
}
