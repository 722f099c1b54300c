// Which parameters the values of a study depend on.
import { anInteger, aWholeNumber, checkOptions } from "../check.ts";
import { ordinary } from "../data/magnitude.ts";
import { ArgumentError } from "../errors.ts";
import { dimensionsOf } from "./dimensions.ts";
import { Draws } from "./draws.ts";
import { type Column, grow, sharesOf } from "./forest.ts";
import { checkSearched, type Searched } from "./searched.ts";

/** Of the forest. */
export interface ImportanceOptions {
  /** Default 64. */
  readonly trees?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** How much depends on one parameter. */
export interface Importance {
  /** Its path: `rate`, `optimizer.sgd.momentum`. */
  readonly path: string;
  /** The part of the variance, from 0 to 1. */
  readonly importance: number;
}

/**
 * How much of the variance of the values over the whole space each parameter makes by itself, the largest part first; what several make
 * only together is in none. Reckoned of a forest of regression trees of the complete trials: Hutter, Hoos, Leyton-Brown, "An efficient
 * approach for assessing hyperparameter importance", ICML 2014 (fANOVA). A parameter that a trial does not have counts as the middle of
 * its scale, a choice as its first.
 * @throws ArgumentError where fewer than two complete trials differ in their values
 *
 * @example
 * import { importance, openStudy, random, uniform } from "simdgrad/tune";
 * const study = await openStudy({ space: { a: uniform(0, 1), b: uniform(0, 1) }, sampler: random() });
 * await study.trials(100, { objective: ({ values: { a, b } }) => 3 * a + b });
 * const [first, second] = importance(study); // 9 / 10 and 1 / 10
 * first.path; // => "a"
 * first.importance > 0.8 && second.importance < 0.2; // => true
 */
export function importance(study: Searched, options: ImportanceOptions = {}): readonly Importance[] {
  checkSearched(study, "importance");
  checkOptions(options, "importance", { trees: aWholeNumber(1, 10_000), seed: anInteger });
  const { trees = 64, seed = 0 } = options;
  const dimensions = dimensionsOf(study.space);
  const columns = dimensions.map(({ leaf }): Column => ({ categories: leaf.isNumeric ? 0 : leaf.count }));
  const complete = study.history.filter(({ value }) => value !== undefined);
  const values = [...ordinary(complete.map(({ value }) => value ?? 0))]; // parts of a variance are the same
  const rows = complete.map(({ parameters }) =>
    dimensions.map(({ path, leaf }) => {
      if (!Object.hasOwn(parameters, path)) return leaf.isNumeric ? 0.5 : 0;
      const place = leaf.place(parameters[path]);
      return leaf.isNumeric ? place : Math.floor(place * leaf.count);
    }),
  );
  if (new Set(values).size < 2)
    throw new ArgumentError("importance: it takes two complete trials with different values");
  const sums = new Float64Array(columns.length);
  let counted = 0;
  for (let tree = 0; tree < trees; tree++) {
    const shares = sharesOf(columns, grow(columns, rows, values, new Draws(seed, tree)));
    if (shares === undefined) continue; // its sample had one value only
    counted++;
    for (const [i, share] of shares.entries()) sums[i] += share;
  }
  return dimensions
    .map(({ path }, i) => ({ path, importance: sums[i] / Math.max(1, counted) }))
    .sort((a, b) => b.importance - a.importance);
}
