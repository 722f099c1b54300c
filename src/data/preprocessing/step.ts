// A step of a preprocessing: what it is made of, and what each kind of step has to say. Steps and what they learn are plain data.
import { type Check, type Checks, checkOptions } from "../../check.ts";
import { DataError, DTypeError } from "../../errors.ts";
import { show } from "../../show.ts";
import type { ColumnValues } from "../table.ts";

/** Values of all rows under a name. */
export interface Feature {
  readonly name: string;
  readonly values: ColumnValues;
}

/** Numbers of all rows; NaN is missing. */
export interface NumericFeature extends Feature {
  readonly values: Float64Array;
}

/** One step of a preprocessing, not fitted yet: its kind and its options. */
export interface Step {
  readonly kind: string;
  readonly options: object;
}

/** A kind of steps. */
export interface Kind {
  readonly options: Checks<object>;
  /** Options that there must be. */
  readonly required?: readonly string[];
  /** Whether the options go together. @throws ArgumentError */
  readonly together?: (options: object, what: string) => void;
  /** What is learned of one feature, as JSON gives it back; null where nothing is learned. */
  readonly state: Check | null;
  /** What is learned of the features, one entry each. @throws DataError, DTypeError */
  fit(features: readonly Feature[], options: object): readonly unknown[];
  /** What becomes of them. @throws DataError, DTypeError */
  apply(features: readonly Feature[], state: readonly unknown[], options: object): readonly Feature[];
  /** What they were, in so many rows; undefined where a step loses that. Names are those of before. */
  invert?(
    features: readonly NumericFeature[],
    state: readonly unknown[],
    options: object,
    names: readonly string[],
    rows: number,
  ): readonly Feature[];
}

/** @throws ArgumentError for options that the kind does not have, that it lacks, and that do not go together */
export function checkStep({ options: checks, required = [], together }: Kind, options: object, what: string): void {
  checkOptions(options, what, checks, ...(required as readonly never[]));
  together?.(options, what);
}

/** An object with exactly what these checks take. */
export function anObjectOf(checks: Readonly<Record<string, Check>>): Check {
  return (value, what) =>
    checkOptions(value as object, what, checks as Checks<object>, ...(Object.keys(checks) as never[]));
}

/** @throws DataError for an infinite number */
export function checkFinite(features: readonly Feature[], step: string): void {
  for (const { name, values } of features) {
    if (!(values instanceof Float64Array)) continue;
    const row = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
    if (row >= 0) throw new DataError(`${step}: row ${row} of column ${show(name)} is ${values[row]}`);
  }
}

/** @throws DTypeError for a feature of texts, DataError for an infinite number */
export function numeric(features: readonly Feature[], step: string): readonly NumericFeature[] {
  const text = features.find(({ values }) => !(values instanceof Float64Array));
  if (text !== undefined)
    throw new DTypeError(
      `${step}: column ${show(text.name)} holds texts; oneHot() or ordinal() before it makes numbers of them`,
    );
  checkFinite(features, step);
  return features as readonly NumericFeature[];
}

/** The numbers that are there, sorted. @throws DataError where all are missing */
export function present({ name, values }: NumericFeature, step: string): Float64Array {
  const found = values.filter((value) => !Number.isNaN(value)).sort();
  if (found.length === 0) throw new DataError(`${step}: all rows of column ${show(name)} are missing`);
  return found;
}

/** Features with other numbers. */
export function mapNumbers(
  features: readonly NumericFeature[],
  make: (value: number, feature: number) => number,
): readonly NumericFeature[] {
  return features.map(({ name, values }, i) => ({ name, values: values.map((value) => make(value, i)) }));
}

/** Where a share of sorted numbers ends, between two of them in proportion, as NumPy's default. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const [low, high] = [sorted[below], sorted[Math.min(below + 1, sorted.length - 1)]];
  const part = at - below;
  return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
}
