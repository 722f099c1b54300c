// Rare classes: weights for their losses, and rows drawn as often as their weights say.
import { aBoolean, anInteger, aWholeNumber, checkOptions, must } from "../check.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { Chance } from "./chance.ts";
import { ordinary } from "./magnitude.ts";
import { aList } from "./table.ts";

interface ClassWeightOptions {
  /** Number of classes. Default: the largest index and one. */
  readonly classes?: number;
}

interface SampleOptions {
  /** Of what is drawn. Default 0. */
  readonly seed?: number;
  /** Whether a row may be drawn again. Default true. */
  readonly replacement?: boolean;
}

/**
 * A factor for each class, for `classWeight` of a Trainer: rows / (classes * rows of the class), so that all classes weigh the same.
 * Classes without rows count as none, and have 0. Indices below 0, such as -100, count nothing. Source: scikit-learn, "balanced".
 * @throws ArgumentError for what is no list of class indices, DataError where no row has a class
 *
 * @example
 * import { classWeights } from "simdgrad/data";
 * classWeights([0, 0, 0, 1]); // => [0.6667, 2]
 */
export function classWeights(y: ArrayLike<number>, options: ClassWeightOptions = {}): number[] {
  checkOptions(options, "classWeights", { classes: aWholeNumber(1, 2 ** 24) });
  aList(y, "classWeights: y");
  const { classes = 2 ** 24 } = options;
  let most = 0;
  for (let i = 0; i < y.length; i++) {
    const isIndex = Number.isInteger(y[i]) && y[i] < classes;
    must(isIndex, y[i], `classWeights: y: row ${i}`, `a class index below ${classes}`);
    if (y[i] >= most) most = y[i] + 1;
  }
  const counts = new Array<number>(options.classes ?? most).fill(0);
  for (let i = 0; i < y.length; i++) if (y[i] >= 0) counts[y[i]]++;
  const rows = counts.reduce((sum, count) => sum + count, 0);
  if (rows === 0) throw new DataError("classWeights: no row of y has a class");
  const found = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count === 0 ? 0 : rows / (found * count)));
}

/**
 * Numbers of rows drawn at random, each as often as its weight says; `take` of a table, and what reads rows by their numbers, takes them.
 * Without replacement each comes once at the most.
 * @throws ArgumentError for weights below 0 or without an end, and for more rows than there are to draw; DataError where all weights are 0
 *
 * @example
 * import { classWeights, weightedRows } from "simdgrad/data";
 * const y = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
 * const weights = classWeights(y);
 * const rows = weightedRows(y.map((each) => weights[each]), 1000, { seed: 1 });
 * const share = rows.filter((row) => y[row] === 1).length / 1000; // of 1 in 5, about 1 in 2
 * Math.abs(share - 0.5) < 0.05; // => true
 */
export function weightedRows(weights: ArrayLike<number>, count: number, options: SampleOptions = {}): Int32Array {
  checkOptions(options, "weightedRows", { seed: anInteger, replacement: aBoolean });
  aList(weights, "weightedRows: weights");
  aWholeNumber(0)(count, "weightedRows: count");
  const { seed = 0, replacement = true } = options;
  let possible = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i];
    must(
      Number.isFinite(weight) && weight >= 0,
      weight,
      `weightedRows: weights: row ${i}`,
      "a finite number, 0 or more",
    );
    if (weight > 0) possible++;
  }
  if (possible === 0) throw new DataError("weightedRows: no row has a weight above 0");
  if (!replacement && count > possible)
    throw new ArgumentError(`weightedRows: ${count} rows cannot be drawn of ${possible} with a weight above 0`);
  const urn = new Urn(ordinary(weights));
  const chance = new Chance(seed);
  return Int32Array.from({ length: count }, () => {
    const row = urn.draw(chance.unit());
    if (!replacement) urn.remove(row);
    return row;
  });
}

/** Weights in a binary tree of their sums: each node holds those of the two below it, the leaves the weights. */
class Urn {
  readonly #leaves: number;
  readonly #sums: Float64Array;

  constructor(weights: ArrayLike<number>) {
    this.#leaves = 1;
    while (this.#leaves < weights.length) this.#leaves *= 2;
    this.#sums = new Float64Array(2 * this.#leaves);
    this.#sums.set(weights, this.#leaves);
    for (let node = this.#leaves - 1; node > 0; node--) this.#sum(node);
  }

  /** The row in which a share of all weights, below 1, ends. */
  draw(share: number): number {
    let left = share * this.#sums[1];
    let node = 1;
    while (node < this.#leaves) {
      node *= 2;
      // What rounding leaves over must not lead to a side without weight.
      if (left >= this.#sums[node] && this.#sums[node + 1] > 0) left -= this.#sums[node++];
      else if (this.#sums[node] === 0) node++;
    }
    return node - this.#leaves;
  }

  remove(row: number): void {
    this.#sums[this.#leaves + row] = 0;
    for (let node = (this.#leaves + row) >> 1; node > 0; node >>= 1) this.#sum(node);
  }

  #sum(node: number): void {
    this.#sums[node] = this.#sums[2 * node] + this.#sums[2 * node + 1];
  }
}
