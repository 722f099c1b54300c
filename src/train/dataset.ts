// A data set: what callers bring, checked; and as variables of an executor, from which batches are gathered inside programs.

import { isRecord, must } from "../check.ts";
import { type ArrayLikeData, checkClasses, checkFinite, type TypedData } from "../data/array.ts";
import { DataError } from "../errors.ts";
import type { Loss } from "../nn/losses.ts";
import type { Executor } from "../runtime/executor.ts";
import { showShape } from "../shape.ts";
import type { Variable } from "../variable.ts";
import { ownArray } from "./own-array.ts";

/** Inputs and targets, one row a sample. */
export interface Samples {
  readonly x: ArrayLikeData;
  readonly y: ArrayLikeData;
  /** Factors of the rows' losses, one a row: `sampleWeight` of this library's losses. Metrics do not see them. */
  readonly sampleWeight?: ArrayLikeData;
}

/** Checked samples. */
export interface CheckedSamples {
  readonly x: TypedData;
  readonly y: TypedData;
  readonly sampleWeight?: TypedData;
  readonly rows: number;
  /** Whether there are targets that the loss ignores. */
  readonly ignores: boolean;
}

/** Samples in an executor's memory. */
export interface Dataset {
  readonly x: Variable;
  readonly y: Variable;
  readonly sampleWeight?: Variable;
  readonly rows: number;
  readonly ignores: boolean;
}

/**
 * Samples as a loss takes them, and as they are now; with another `own`, that may be the caller's arrays.
 * @throws DataError for no rows, x and y of different length, (with `finite`) NaN or infinity
 */
export function checkSamples(samples: Samples, loss: Loss, finite: boolean, own = ownArray): CheckedSamples {
  must(isRecord(samples), samples, "samples", "{ x, y }");
  // What else a data set holds is its own, but weights that went unused would be missed.
  const weights = Object.keys(samples).find((key) => /weight/i.test(key) && key !== "sampleWeight");
  if (weights !== undefined) throw new DataError(`samples: ${weights} is not known; weights of rows are sampleWeight`);
  const { x: givenX, y: givenY, sampleWeight: givenWeight } = samples;
  const x = own(givenX, undefined, "x");
  const y = own(givenY, loss.targets === "classes" ? "i32" : undefined, "y");
  if (x.shape.length === 0 || y.shape.length === 0) throw new DataError("x and y need a first axis of rows");
  const [rows] = x.shape;
  if (rows === 0) throw new DataError("the data set is empty");
  if (y.shape[0] !== rows)
    throw new DataError(`x ${showShape(x.shape)} and y ${showShape(y.shape)} have different numbers of rows`);
  const sampleWeight = givenWeight === undefined ? undefined : own(givenWeight, "f32", "sampleWeight");
  const checked = { x, y, sampleWeight, rows, ignores: y.data.includes(loss.ignoreIndex as number) };
  if (finite) for (const [name, data] of partsOf(checked)) checkFinite(data, name);
  return checked;
}

/** @throws DataError where a class index has no logit */
export function checkTargets({ y }: CheckedSamples, loss: Loss, classes: number): void {
  if (loss.targets === "classes") checkClasses(y, classes, "y", loss.ignoreIndex);
}

/** What there is of each row, by name. */
export function partsOf<T>(all: { readonly x: T; readonly y: T; readonly sampleWeight?: T }): [string, T][] {
  const { x, y, sampleWeight } = all;
  return Object.entries({ x, y, ...(sampleWeight !== undefined && { sampleWeight }) });
}

/** Frees the memory of a data set. */
export async function release(executor: Executor, dataset: Dataset): Promise<void> {
  for (const [, { key }] of partsOf(dataset)) await executor.forget(key);
}
