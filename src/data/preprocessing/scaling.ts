// Numbers brought to a common size.
import { aBoolean, aFiniteNumber, aPositiveNumber, type Check, must, oneOf } from "../../check.ts";
import { DataError } from "../../errors.ts";
import { show } from "../../show.ts";
import { meanOf } from "../mean.ts";
import {
  anObjectOf,
  type Feature,
  type Kind,
  mapNumbers,
  type NumericFeature,
  numeric,
  present,
  quantile,
} from "./step.ts";

export interface StandardizeOptions {
  /** Whether the mean becomes 0. Default true. */
  readonly center?: boolean;
  /** Whether the deviation becomes 1. Default true. */
  readonly scale?: boolean;
}

export interface MinMaxOptions {
  /** What the smallest and the largest number become. Default [0, 1]. */
  readonly range?: readonly [low: number, high: number];
  /** Whether what is beyond, in other rows, is cut. Default false. */
  readonly clip?: boolean;
}

export interface RobustOptions extends StandardizeOptions {
  /** Shares of the numbers between which the distance becomes 1. Default [0.25, 0.75]. */
  readonly quantiles?: readonly [low: number, high: number];
}

export interface NormalizeOptions {
  /** What becomes 1 of each row: the sum of the absolute numbers, the root of that of their squares, or the largest. Default "l2". */
  readonly norm?: "l1" | "l2" | "max";
}

/** Numbers as (x - center) / scale. */
interface Scale {
  readonly center: number;
  readonly scale: number;
}

const aScale = anObjectOf({ center: aFiniteNumber, scale: aPositiveNumber });

function aPair(low: number, high: number): Check {
  return (value, what) => {
    const isPair = Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
    const isWithin = isPair && value[0] < value[1] && value[0] >= low && value[1] <= high;
    must(isWithin, value, what, "[low, high], numbers of which the first is smaller");
  };
}

/** How scales are applied and undone. */
const scaling = {
  state: aScale,
  apply(features: readonly Feature[], state: readonly Scale[]): readonly Feature[] {
    return mapNumbers(numeric(features, "scaling"), (value, i) => (value - state[i].center) / state[i].scale);
  },
  invert(features: readonly NumericFeature[], state: readonly Scale[]): readonly Feature[] {
    return mapNumbers(features, (value, i) => value * state[i].scale + state[i].center);
  },
};

export const standardize: Kind = {
  ...scaling,
  options: { center: aBoolean, scale: aBoolean },
  fit(features, { center = true, scale = true }: StandardizeOptions): readonly Scale[] {
    return numeric(features, "standardize").map((feature) => {
      const { mean, deviation } = momentsOf(present(feature, "standardize"));
      return { center: center ? mean : 0, scale: scale ? deviation : 1 };
    });
  },
};

/** The deviation of a constant is 1: scikit-learn's bound on what rounding makes of its variance. */
function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  const n = values.length;
  const mean = meanOf(values);
  const variance = meanOf(values.map((value) => (value - mean) ** 2));
  const rounding = n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2;
  return { mean, deviation: variance <= rounding ? 1 : Math.sqrt(variance) };
}

/** What is next to nothing divides nothing. */
function divisor(scale: number): number {
  return scale < 10 * Number.EPSILON ? 1 : scale;
}

export const minMax: Kind = {
  state: aScale,
  options: { range: aPair(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY), clip: aBoolean },
  fit(features): readonly Scale[] {
    return numeric(features, "minMax").map((feature) => {
      const values = present(feature, "minMax");
      return { center: values[0], scale: divisor(values[values.length - 1] - values[0]) };
    });
  },
  apply(features, state: readonly Scale[], { range = [0, 1], clip = false }: MinMaxOptions) {
    const [low, high] = range;
    const made = (value: number, { center, scale }: Scale) => ((value - center) / scale) * (high - low) + low;
    const cut = (value: number) => (clip ? Math.max(low, Math.min(high, value)) : value);
    return mapNumbers(numeric(features, "minMax"), (value, i) => cut(made(value, state[i])));
  },
  invert(features, state: readonly Scale[], { range = [0, 1] }: MinMaxOptions) {
    const [low, high] = range;
    return mapNumbers(features, (value, i) => ((value - low) / (high - low)) * state[i].scale + state[i].center);
  },
};

export const robust: Kind = {
  ...scaling,
  options: { center: aBoolean, scale: aBoolean, quantiles: aPair(0, 1) },
  fit(features, { center = true, scale = true, quantiles = [0.25, 0.75] }: RobustOptions): readonly Scale[] {
    return numeric(features, "robust").map((feature) => {
      const values = present(feature, "robust");
      const [low, high] = quantiles.map((share) => quantile(values, share));
      return { center: center ? quantile(values, 0.5) : 0, scale: scale ? divisor(high - low) : 1 };
    });
  },
};

const norms = {
  l1: (row: Float64Array) => row.reduce((sum, value) => sum + Math.abs(value), 0),
  l2: (row: Float64Array) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)),
  max: (row: Float64Array) => row.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
};

export const normalize: Kind = {
  state: null,
  options: { norm: oneOf("l1", "l2", "max") },
  fit: () => [],
  apply(features, _, { norm = "l2" }: NormalizeOptions) {
    const columns = numeric(features, "normalize");
    const rows = columns[0]?.values.length ?? 0;
    const sizes = Float64Array.from({ length: rows }, (_, row) => {
      const values = Float64Array.from(columns, ({ values }) => values[row]);
      const missing = values.findIndex(Number.isNaN);
      if (missing >= 0)
        throw new DataError(
          `normalize: row ${row} of column ${show(columns[missing].name)} is missing; imputeMissing() fills it`,
        );
      return norms[norm](values) || 1;
    });
    return columns.map(({ name, values }) => ({ name, values: values.map((value, row) => value / sizes[row]) }));
  },
};
