// The steps as callers write them, and their kinds by their names.
import { type BucketizeOptions, bucketize as bucketizeKind } from "./buckets.ts";
import {
  type HashingOptions,
  hashing as hashingKind,
  type OneHotOptions,
  type OrdinalOptions,
  oneHot as oneHotKind,
  ordinal as ordinalKind,
} from "./categories.ts";
import { type ImputeOptions, imputeMissing as imputeKind } from "./filling.ts";
import {
  type MinMaxOptions,
  minMax as minMaxKind,
  type NormalizeOptions,
  normalize as normalizeKind,
  type RobustOptions,
  robust as robustKind,
  type StandardizeOptions,
  standardize as standardizeKind,
} from "./scaling.ts";
import { checkStep, type Kind, type Step } from "./step.ts";

/** Kinds of steps by their names. */
export const kinds: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    standardize: standardizeKind,
    minMax: minMaxKind,
    robust: robustKind,
    normalize: normalizeKind,
    oneHot: oneHotKind,
    ordinal: ordinalKind,
    hashing: hashingKind,
    imputeMissing: imputeKind,
    bucketize: bucketizeKind,
  }),
);

function stepOf(kind: string, options: object): Step {
  checkStep(kinds.get(kind) as Kind, options, kind);
  return { kind, options };
}

/**
 * Numbers with mean 0 and deviation 1 over the rows that are fitted, as scikit-learn's StandardScaler; what is missing stays so.
 * @throws ArgumentError for an option that is none
 *
 * @example
 * import { preprocessing, standardize, table } from "simdgrad/data";
 * const scaled = preprocessing([standardize()]).fit(table({ x: [1, 2, 3] }));
 * scaled.transform(table({ x: [2, 3] })).data; // => [0, 1.2247]
 * scaled.invert({ data: Float32Array.of(0, 1), shape: [2, 1] }).column("x").values; // => [2, 2.8165]
 */
export function standardize(options: StandardizeOptions = {}): Step {
  return stepOf("standardize", options);
}

/**
 * Numbers of which the smallest becomes 0 and the largest 1, or the ends of `range`, as scikit-learn's MinMaxScaler.
 * @throws ArgumentError for an option that is none
 *
 * @example
 * import { minMax, preprocessing, table } from "simdgrad/data";
 * const data = table({ x: [1, 3, 5] });
 * preprocessing([minMax({ range: [-1, 1] })]).fit(data).transform(data).data; // => [-1, 0, 1]
 */
export function minMax(options: MinMaxOptions = {}): Step {
  return stepOf("minMax", options);
}

/**
 * Numbers with median 0, and distance 1 between the quartiles, which a few very large ones do not move, as scikit-learn's RobustScaler.
 * @throws ArgumentError for an option that is none
 *
 * @example
 * import { preprocessing, robust, table } from "simdgrad/data";
 * const data = table({ x: [1, 2, 3, 4, 1000] });
 * preprocessing([robust()]).fit(data).transform(data).data; // => [-1, -0.5, 0, 0.5, 498.5]
 */
export function robust(options: RobustOptions = {}): Step {
  return stepOf("robust", options);
}

/**
 * Rows of length 1, over all columns of the step, as scikit-learn's Normalizer; rows of zeros stay what they are. It cannot be inverted.
 * @throws ArgumentError for an option that is none
 *
 * @example
 * import { normalize, preprocessing, table } from "simdgrad/data";
 * const data = table({ x: [3, 0], y: [4, 0] });
 * preprocessing([normalize()]).fit(data).transform(data).data; // => [0.6, 0.8, 0, 0]
 */
export function normalize(options: NormalizeOptions = {}): Step {
  return stepOf("normalize", options);
}

/**
 * A column of 0 and 1 for each category of each column, as scikit-learn's OneHotEncoder; what is missing is a category, too.
 * @throws ArgumentError for an option that is none
 *
 * @example
 * import { oneHot, preprocessing, table } from "simdgrad/data";
 * const data = table({ city: ["Rome", "Oslo", "Rome"] });
 * const encoded = preprocessing([oneHot({ unknown: "ignore" })]).fit(data);
 * encoded.names; // => ["city_Oslo", "city_Rome"]
 * encoded.transform(table({ city: ["Rome", "Bonn"] })).data; // => [0, 1, 0, 0]
 */
export function oneHot(options: OneHotOptions = {}): Step {
  return stepOf("oneHot", options);
}

/**
 * The place of each category, in their order, as scikit-learn's OrdinalEncoder; what is missing stays so.
 * @throws ArgumentError for an option that is none
 *
 * @example
 * import { ordinal, preprocessing, table } from "simdgrad/data";
 * const data = table({ size: ["S", "L", "M"] });
 * preprocessing([ordinal({ categories: { size: ["S", "M", "L"] } })]).fit(data).transform(data).data; // => [0, 2, 1]
 */
export function ordinal(options: OrdinalOptions = {}): Step {
  return stepOf("ordinal", options);
}

/**
 * Texts of any number as a fixed number of features: each adds 1 or -1 to the one that its hash names, numbers add themselves to that of their
 * column, as scikit-learn's FeatureHasher of { column: value }. It learns nothing, and cannot be inverted.
 * Source: Weinberger et al., "Feature hashing for large scale multitask learning", 2009.
 * @throws ArgumentError for an option that is none, or without `features`
 *
 * @example
 * import { hashing, preprocessing, table } from "simdgrad/data";
 * const hashed = preprocessing([hashing({ features: 8 })]).fit(table({ word: ["any"] }));
 * hashed.transform(table({ word: ["sun", "sea"] })).shape; // => [2, 8]
 */
export function hashing(options: HashingOptions): Step {
  return stepOf("hashing", options);
}

/**
 * What is missing filled in, by the mean of the rows that are fitted, their median, what is most frequent, or a value, as scikit-learn's
 * SimpleImputer.
 * @throws ArgumentError for an option that is none, and for a value that no strategy asks for
 *
 * @example
 * import { imputeMissing, preprocessing, table } from "simdgrad/data";
 * const filled = preprocessing([imputeMissing({ strategy: "median", indicator: true })]).fit(table({ x: [1, null, 5] }));
 * filled.names; // => ["x", "x_missing"]
 * filled.transform(table({ x: [null, 7] })).data; // => [3, 1, 7, 0]
 */
export function imputeMissing(options: ImputeOptions = {}): Step {
  return stepOf("imputeMissing", options);
}

/**
 * Numbers as the buckets that they fall into, with as many rows each, of equal width, or between borders, as scikit-learn's KBinsDiscretizer.
 * Inverted, each is the middle of its bucket. Borders of equal width are rounded once less than scikit-learn's: of 0 to 1 in ten, 0.3 is one.
 * @throws ArgumentError for an option that is none, and for others than borders beside these
 *
 * @example
 * import { bucketize, preprocessing, table } from "simdgrad/data";
 * const data = table({ age: [3, 17, 18, 64, 99] });
 * preprocessing([bucketize({ borders: [18, 65] })]).fit(data).transform(data).data; // => [0, 0, 1, 1, 2]
 */
export function bucketize(options: BucketizeOptions = {}): Step {
  return stepOf("bucketize", options);
}
