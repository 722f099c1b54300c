// Numbers as the buckets that they fall into.
import { aFiniteNumber, aListOf, aWholeNumber, inOrder, must, oneOf } from "../../check.ts";
import { ArgumentError, DataError } from "../../errors.ts";
import { show } from "../../show.ts";
import { anObjectOf, type Kind, type NumericFeature, numeric, present, quantile } from "./step.ts";

export interface BucketizeOptions {
  /** Number of buckets. Default 5. */
  readonly buckets?: number;
  /** Buckets with as many rows each, or of equal width. Default "quantile". */
  readonly strategy?: "quantile" | "uniform";
  /** Borders between the buckets, in the place of both; a number on a border is in the bucket above it. */
  readonly borders?: readonly number[];
  /** A column with the bucket's number, or a column of 0 and 1 for each bucket. Default "ordinal". */
  readonly encode?: "ordinal" | "oneHot";
}

interface Edges {
  /** Borders, with the smallest and the largest number at the ends. */
  readonly edges: readonly number[];
}

/** Buckets that are narrower are none, as scikit-learn has it. */
const NARROWEST = 1e-8;

/** Two at the least: the ends of one bucket. */
function ends(value: unknown, what: string): void {
  must(Array.isArray(value) && value.length >= 2, value, what, "a list of two borders at the least");
  borders(value, what);
}

function borders(value: unknown, what: string): void {
  aListOf(aFiniteNumber)(value, what);
  inOrder(Object.fromEntries((value as number[]).map((each, i) => [`b${i}`, each])), what);
}

export const bucketize: Kind = {
  state: anObjectOf({ edges: ends }),
  options: {
    buckets: aWholeNumber(2, 2 ** 16),
    strategy: oneOf("quantile", "uniform"),
    borders,
    encode: oneOf("ordinal", "oneHot"),
  } as Kind["options"],
  together(options: BucketizeOptions, what) {
    for (const name of ["buckets", "strategy"] as const)
      if (options.borders !== undefined && options[name] !== undefined)
        throw new ArgumentError(`${what}: ${name} says nothing beside borders, which are the buckets`);
  },
  fit(features, options: BucketizeOptions): readonly Edges[] {
    return numeric(features, "bucketize").map((feature) => ({
      edges: edgesOf(present(feature, "bucketize"), options),
    }));
  },
  apply(features, state: readonly Edges[], { encode = "ordinal" }: BucketizeOptions) {
    return numeric(features, "bucketize").flatMap((feature, i): readonly NumericFeature[] => {
      const { edges } = state[i];
      const buckets = bucketsOf(feature, edges);
      if (encode === "ordinal") return [{ name: feature.name, values: buckets }];
      return Array.from({ length: edges.length - 1 }, (_, bucket) => ({
        name: `${feature.name}_${bucket}`,
        values: buckets.map((each) => Number(each === bucket)),
      }));
    });
  },
  invert(features, state: readonly Edges[], { encode = "ordinal" }: BucketizeOptions, names) {
    let next = 0;
    return state.map(({ edges }, i) => {
      const own = features.slice(next, next + (encode === "ordinal" ? 1 : edges.length - 1));
      next += own.length;
      const buckets = encode === "ordinal" ? own[0].values : largestOf(own);
      const middle = (bucket: number) => {
        const place = Math.max(0, Math.min(edges.length - 2, Math.round(bucket)));
        return (edges[place] + edges[place + 1]) / 2;
      };
      return { name: names[i], values: Float64Array.from(buckets, middle) };
    });
  },
};

function edgesOf(values: Float64Array, { buckets = 5, strategy = "quantile", borders }: BucketizeOptions): number[] {
  const [low, high] = [values[0], values[values.length - 1]];
  if (borders !== undefined)
    return [Math.min(low, borders[0] ?? low), ...borders, Math.max(high, borders[borders.length - 1] ?? high)];
  if (low === high) return [low, high];
  const shares = Array.from({ length: buckets + 1 }, (_, i) => i / buckets);
  if (strategy === "uniform") return shares.map((share, i) => (i === buckets ? high : low + share * (high - low)));
  const edges: number[] = [];
  const found = shares.map((share) => quantile(values, share));
  for (const [i, edge] of found.entries()) if (i === 0 || edge - found[i - 1] > NARROWEST) edges.push(edge);
  return edges.length === 1 ? [low, high] : edges;
}

/** How many borders each number has reached. */
function bucketsOf({ name, values }: NumericFeature, edges: readonly number[]): Float64Array {
  const inner = edges.slice(1, -1);
  return values.map((value, row) => {
    if (Number.isNaN(value))
      throw new DataError(`bucketize: row ${row} of column ${show(name)} is missing; imputeMissing() fills it`);
    let bucket = 0;
    while (bucket < inner.length && value >= inner[bucket]) bucket++;
    return bucket;
  });
}

function largestOf(columns: readonly NumericFeature[]): Float64Array {
  return columns[0].values.map((_, row) => {
    let best = 0;
    for (const [c, { values }] of columns.entries()) if (values[row] > columns[best].values[row]) best = c;
    return best;
  });
}
