// Texts as bags of features with weights: sparse inside; dense, or as EmbeddingBag takes them, outside.
import { aWholeNumber, checkOptions } from "../check.ts";
import type { TypedData } from "../data/array.ts";
import { DataError } from "../errors.ts";
import { type Texts, textsOf } from "./texts.ts";

/** Features of texts that are there, text by text, as EmbeddingBag takes them with `mode: "sum"`. */
export interface Bags {
  /** Features, i32 [all], in their order within each text. */
  readonly index: TypedData;
  /** Where each text begins, i32 [texts]. */
  readonly offsets: TypedData;
  /** Their weights, f32 [all]. */
  readonly perSampleWeights: TypedData;
}

/** Features of texts in rows, as EmbeddingBag takes them with `mode: "sum"` and a Trainer cuts them into batches. */
export interface BagRows {
  /** Features, i32 [texts, length]; 0 behind the last one. */
  readonly index: TypedData;
  /** Their weights, f32 [texts, length]; 0 behind the last one. */
  readonly perSampleWeights: TypedData;
}

/** How long rows are. */
export interface BagsOptions {
  /** Features of a row; of texts with more those with the largest weights are kept. Default: those of the text that has most. */
  readonly length?: number;
}

/** Weights of the features of one text. */
export type Bag = readonly (readonly [feature: number, weight: number])[];

/** How long a row of weights is made. */
export type Norm = "l1" | "l2" | "none";

/** The most numbers of a dense array: what one array holds everywhere. */
const MOST = 2 ** 30;

/** What tokens of a text become, feature by feature in their order. */
export interface Weighing {
  readonly size: number;
  bagOf(text: string): Bag;
}

/** Divides weights by the length of all of them. */
export function normalized(bag: Bag, norm: Norm): Bag {
  if (norm === "none") return bag;
  const sum = bag.reduce((sum, [, weight]) => sum + (norm === "l1" ? Math.abs(weight) : weight * weight), 0);
  const length = norm === "l1" ? sum : Math.sqrt(sum);
  return length === 0 ? bag : bag.map(([feature, weight]) => [feature, weight / length] as const);
}

function bagsOf(weighing: Weighing, texts: Texts, name: string): Bag[] {
  return Array.from(textsOf(texts, `${name}: texts`), (text) => weighing.bagOf(text));
}

function i32(data: Int32Array, ...shape: number[]): TypedData {
  return { data, shape, dtype: "i32" };
}

function f32(data: Float32Array, ...shape: number[]): TypedData {
  return { data, shape, dtype: "f32" };
}

/** f32 [texts, features]. @throws DataError where no array is so large */
export function dense(weighing: Weighing, texts: Texts): TypedData {
  const bags = bagsOf(weighing, texts, "transform");
  const { size } = weighing;
  if (bags.length * size > MOST)
    throw new DataError(
      `transform: ${bags.length} texts of ${size} features are too many for one array; bags() or rows()`,
    );
  const data = new Float32Array(bags.length * size);
  for (const [i, bag] of bags.entries()) for (const [feature, weight] of bag) data[i * size + feature] = weight;
  return f32(data, bags.length, size);
}

/** All features that are there, and where each text begins. */
export function inOne(weighing: Weighing, texts: Texts): Bags {
  const bags = bagsOf(weighing, texts, "bags");
  const offsets = new Int32Array(bags.length);
  for (let i = 1; i < bags.length; i++) offsets[i] = offsets[i - 1] + bags[i - 1].length;
  const length = bags.reduce((sum, bag) => sum + bag.length, 0);
  const [index, weights] = [new Int32Array(length), new Float32Array(length)];
  for (const [i, bag] of bags.entries())
    for (const [at, [feature, weight]] of bag.entries()) {
      index[offsets[i] + at] = feature;
      weights[offsets[i] + at] = weight;
    }
  return { index: i32(index, length), offsets: i32(offsets, bags.length), perSampleWeights: f32(weights, length) };
}

/** Rows of features of one length. @throws DataError where there are no texts */
export function inRows(weighing: Weighing, texts: Texts, options: BagsOptions): BagRows {
  checkOptions(options, "rows", { length: aWholeNumber(1) });
  const bags = bagsOf(weighing, texts, "rows");
  if (bags.length === 0) throw new DataError("rows: there are no texts");
  const { length = bags.reduce((most, bag) => Math.max(most, bag.length), 1) } = options;
  const [index, weights] = [new Int32Array(bags.length * length), new Float32Array(bags.length * length)];
  for (const [i, bag] of bags.entries())
    for (const [at, [feature, weight]] of heaviest(bag, length).entries()) {
      index[i * length + at] = feature;
      weights[i * length + at] = weight;
    }
  return { index: i32(index, bags.length, length), perSampleWeights: f32(weights, bags.length, length) };
}

/** The features with the largest weights, in their order; of equal weights the first ones. */
function heaviest(bag: Bag, most: number): Bag {
  if (bag.length <= most) return bag;
  const byWeight = [...bag].sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  return byWeight.slice(0, most).sort(([a], [b]) => a - b);
}
