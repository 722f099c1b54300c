// A data set: what callers bring, checked; and as variables of an executor, from which batches are gathered inside programs.

import { isRecord, must } from "../check.ts";
import { type ArrayLikeData, checkFinite, type TypedData } from "../data/array.ts";
import { DataError } from "../errors.ts";
import type { Loss } from "../nn/losses.ts";
import type { Executor } from "../runtime/executor.ts";
import { type Aval, type DType, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { type Bundle, type DataOf, eachOf, isSeveral, mapped, memberOf, pathOf, several } from "./bundle.ts";
import { type ByOutputs, type Losses, lossAt, lossesOf } from "./objectives.ts";
import { ownArray } from "./own-array.ts";

/** Inputs and targets, one row a sample: arrays, or records or lists of arrays for models that take or give several tensors. */
export interface Samples<X = Tensor, Y = Tensor> {
  readonly x: DataOf<X>;
  readonly y: DataOf<Y>;
  /**
   * Factors of the rows' losses, one a row, of any sign: `sampleWeight` of this library's losses. Metrics do not see them. Where each output has a loss of
   * its own, a record or a list of them gives each its own weights.
   */
  readonly sampleWeight?: ArrayLikeData | ByOutputs<Y, ArrayLikeData>;
}

/** Names that others have for what samples are made of. */
const MEANT = /weight|^([xy]|input|feature|target|label)s?$/i;

/** Checked samples. */
export interface CheckedSamples {
  readonly x: Bundle<TypedData>;
  readonly y: Bundle<TypedData>;
  readonly sampleWeight?: Bundle<TypedData>;
  readonly rows: number;
  /** Whether there are targets that the loss ignores. */
  readonly ignores: boolean;
}

/** Samples in an executor's memory. */
export interface Dataset {
  readonly x: Bundle<Variable>;
  readonly y: Bundle<Variable>;
  readonly sampleWeight?: Bundle<Variable>;
  readonly rows: number;
  readonly ignores: boolean;
}

/**
 * Samples as a loss takes them, and as they are now; with another `own`, that may be the caller's arrays.
 * @throws DataError for no rows, x and y of different length, (with `finite`) NaN or infinity
 */
export function checkSamples(
  samples: Samples<unknown, unknown>,
  loss: Loss | Losses,
  finite: boolean,
  own = ownArray,
): CheckedSamples {
  must(isRecord(samples), samples, "samples", "{ x, y }");
  // What else a data set holds is its own, but what is meant to be one of the three would be missed.
  const { x: givenX, y: givenY, sampleWeight: givenWeight, ...others } = samples;
  const meant = Object.keys(others).find((key) => MEANT.test(key));
  if (meant !== undefined) throw new DataError(`samples: ${meant} is not known`);
  const classes = (output?: string) => (lossAt(loss, output)?.targets === "classes" ? "i32" : undefined);
  const x = ownArrays(givenX, () => undefined, "x", own);
  const y = ownArrays(givenY, classes, "y", own);
  const sampleWeight = givenWeight === undefined ? undefined : ownArrays(givenWeight, () => "f32", "sampleWeight", own);
  const rows = rowsOf(partsOf<TypedData>({ x, y }));
  const ignores = lossesOf(loss).some(([output, { ignoreIndex }]) =>
    eachOf<TypedData>(memberOf(y, output) ?? [], "").some(([, { data }]) => data.includes(ignoreIndex as number)),
  );
  if (rows === 0) throw new DataError("the data set is empty");
  const checked = { x, y, sampleWeight, rows, ignores };
  if (finite) for (const [name, data] of partsOf<TypedData>(checked)) checkFinite(data, name);
  return checked;
}

/** How many rows all parts have. @throws DataError for another number of them */
export function rowsOf(parts: readonly (readonly [path: string, part: Aval])[]): number {
  const [[first, { shape }]] = parts;
  const isPair = parts.map(([path]) => path).join() === "x,y";
  for (const [path, part] of parts) {
    if (part.shape.length === 0)
      throw new DataError(`${isPair ? "x and y need" : `${path} needs`} a first axis of rows`);
    if (part.shape[0] !== shape[0])
      throw new DataError(
        `${first} ${showShape(shape)} and ${path} ${showShape(part.shape)} have different numbers of rows`,
      );
  }
  return shape[0];
}

/** One array, or several by their names or places, each made by `own`. A copy of one may be made in a spare array. */
export function ownArrays(
  given: unknown,
  dtypeOf: (key?: string) => DType | undefined,
  name: string,
  own = ownArray,
  spare?: TypedData["data"],
): Bundle<TypedData> {
  const make = (each: ArrayLikeData, key?: string) =>
    own(each, dtypeOf(key), pathOf(name, key), key === undefined ? spare : undefined);
  return isSeveral(given) ? several(given, make) : make(given as ArrayLikeData);
}

/** What there is of each row, by name. */
export function partsOf<T extends Aval>(all: {
  readonly x: Bundle<T>;
  readonly y: Bundle<T>;
  readonly sampleWeight?: Bundle<T>;
}): [string, T][] {
  const { x, y, sampleWeight } = all;
  const weights = sampleWeight === undefined ? [] : eachOf<T>(sampleWeight, "sampleWeight");
  return [...eachOf<T>(x, "x"), ...eachOf<T>(y, "y"), ...weights];
}

/** The same parts with something else in the place of each. */
export function likeParts<T extends Aval, U>(
  all: Parameters<typeof partsOf<T>>[0],
  to: (each: T, path: string) => U,
): { readonly x: Bundle<U>; readonly y: Bundle<U>; readonly sampleWeight?: Bundle<U> } {
  const like = (bundle: Bundle<T>, name: string) => mapped<T, U>(bundle, (each, key) => to(each, pathOf(name, key)));
  const { x, y, sampleWeight } = all;
  return { x: like(x, "x"), y: like(y, "y"), sampleWeight: sampleWeight && like(sampleWeight, "sampleWeight") };
}

/** Frees the memory of a data set. */
export async function release(executor: Executor, dataset: Dataset): Promise<void> {
  for (const [, { key }] of partsOf<Variable>(dataset)) await executor.forget(key);
}
