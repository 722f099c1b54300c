// What is missing, filled in.
import { aBoolean, type Check, must, oneOf } from "../../check.ts";
import { ArgumentError, DataError } from "../../errors.ts";
import { show } from "../../show.ts";
import { meanOf } from "../mean.ts";
import {
  anObjectOf,
  checkFinite,
  type Feature,
  type Kind,
  type NumericFeature,
  numeric,
  present,
  quantile,
} from "./step.ts";

export interface ImputeOptions {
  /** What is filled in: of each column's rows the mean, the median or what is most frequent (the smallest of those), or `value`. Default "mean". */
  readonly strategy?: "mean" | "median" | "mostFrequent" | "constant";
  /** What the strategy "constant" fills in: a number, or a text in columns of texts. */
  readonly value?: number | string;
  /** Adds a column, 1 where it was missing, for each column that misses rows when it is fitted. Default false. */
  readonly indicator?: boolean;
}

interface Filling {
  readonly value: number | string;
  /** Whether rows were missing. */
  readonly misses: boolean;
}

const aValue: Check = (value, what) =>
  must(typeof value === "string" || Number.isFinite(value), value, what, "a number or a text");

function isMissing(value: number | string | null): boolean {
  return value === null || Number.isNaN(value);
}

export const imputeMissing: Kind = {
  state: anObjectOf({ value: aValue, misses: aBoolean }),
  options: {
    strategy: oneOf("mean", "median", "mostFrequent", "constant"),
    value: aValue,
    indicator: aBoolean,
  } as Kind["options"],
  together({ strategy, value }: ImputeOptions, what) {
    if (value !== undefined && strategy !== "constant")
      throw new ArgumentError(`${what}: value says nothing without strategy: "constant"`);
  },
  fit(features, options: ImputeOptions): readonly Filling[] {
    checkFinite(features, "imputeMissing");
    return features.map((feature) => {
      const misses = Array.prototype.some.call(feature.values, isMissing as never);
      return { value: fillingOf(feature, options), misses };
    });
  },
  apply(features, state: readonly Filling[], { indicator = false }: ImputeOptions) {
    const filled = features.map((feature, i) => ({ name: feature.name, values: filledOf(feature, state[i].value) }));
    const indicators = features
      .filter((_, i) => indicator && state[i].misses)
      .map(({ name, values }) => ({
        name: `${name}_missing`,
        values: Float64Array.from({ length: values.length }, (_, row) => Number(isMissing(values[row]))),
      }));
    return [...filled, ...indicators];
  },
  invert(features, state: readonly Filling[], { indicator = false }: ImputeOptions, names) {
    let next = names.length;
    return names.map((name, i) => {
      const { values } = features[i] as Feature;
      const flags = indicator && state[i].misses ? features[next++].values : undefined;
      const missing = (row: number) => flags !== undefined && flags[row] > 0.5;
      return values instanceof Float64Array
        ? { name, values: values.map((value, row) => (missing(row) ? Number.NaN : value)) }
        : { name, values: values.map((value: string | null, row: number) => (missing(row) ? null : value)) };
    });
  },
};

function fillingOf(feature: Feature, { strategy = "mean", value }: ImputeOptions): number | string {
  const isText = !(feature.values instanceof Float64Array);
  if (strategy === "constant") {
    if (value === undefined || isText !== (typeof value === "string"))
      throw new ArgumentError(
        `imputeMissing: value must be ${isText ? "a text" : "a number"} for column ${show(feature.name)}, got ${show(value)}`,
      );
    return value;
  }
  if (strategy === "mostFrequent") return mostFrequent(feature);
  const values = present(numeric([feature], "imputeMissing")[0], "imputeMissing");
  return strategy === "median" ? quantile(values, 0.5) : meanOf(values);
}

function mostFrequent({ name, values }: Feature): number | string {
  const counts = new Map<number | string, number>();
  for (const value of values)
    if (!isMissing(value)) counts.set(value as string, (counts.get(value as string) ?? 0) + 1);
  let best: number | string | undefined;
  for (const [value, count] of counts) {
    const most = best === undefined ? 0 : (counts.get(best) as number);
    if (count > most || (count === most && value < (best as string))) best = value;
  }
  if (best === undefined) throw new DataError(`imputeMissing: all rows of column ${show(name)} are missing`);
  return best;
}

function filledOf({ name, values }: Feature | NumericFeature, value: number | string): Feature["values"] {
  const isText = !(values instanceof Float64Array);
  if (isText !== (typeof value === "string"))
    throw new DataError(
      `imputeMissing: ${show(value)} does not fill column ${show(name)}, which holds ${isText ? "texts" : "numbers"}`,
    );
  return values instanceof Float64Array
    ? values.map((each) => (Number.isNaN(each) ? Number(value) : each))
    : values.map((each) => each ?? `${value}`);
}
