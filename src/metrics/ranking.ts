// Metrics of the order of scores: they need the scores of all rows, so they are measured over data sets alone.
import { type Checks, oneOf } from "../check.ts";
import { concat } from "../create.ts";
import { ShapeError } from "../errors.ts";
import { showShape } from "../shape.ts";
import { arange, type Tensor } from "../tensor.ts";
import type { CountedMetric } from "../train/metrics.ts";
import {
  areClasses,
  checkMetricOptions,
  classesOf,
  type IgnoringOptions,
  ignoredOf,
  ignoringChecks,
  labelsOf,
  without,
} from "./targets.ts";

/** How the values of several classes, each against the rest, or labels become one. */
export interface RankingOptions extends IgnoringOptions {
  /** Their mean (default), that of all pairs of a score and a target together, or their mean weighed by how often each is the target. */
  readonly average?: "macro" | "micro" | "weighted";
}

const checks: Checks<RankingOptions> = { average: oneOf("macro", "micro", "weighted"), ...ignoringChecks };

/**
 * The chance that a row of a class has a larger score than one of another (equal ones count half): the area under the curve of true over
 * false positives (Hanley and McNeil 1982). For scores [N] or [N, L], logits or probabilities, and targets 0 or 1 of their shape; or for
 * logits [N, C] and class indices, i32 [N], each class against the rest. NaN where a class or label has no positive or no negative row.
 * Measured over data sets alone: reports of a fit have it in `validation`.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { measure, rocAuc } from "simdgrad/metrics";
 * await measure(rocAuc(), constant([0.1, 0.4, 0.35, 0.8]), constant([0, 0, 1, 1])); // => 0.75
 */
export function rocAuc(options: RankingOptions = {}): CountedMetric {
  return ranked("rocAuc", options, (ranking) => {
    let [above, negatives] = [0, 0];
    // From the smallest score on: each positive row is above the negative ones before it, and half above those it is equal to.
    for (const { positive, negative } of ranking.toReversed()) {
      above += positive * (negatives + negative / 2);
      negatives += negative;
    }
    return above / (positivesOf(ranking) * negatives);
  });
}

/**
 * Average precision: the mean of the precision at each threshold, weighed by how much the recall grows there; the area under the curve of
 * precision over recall, without interpolation. Scores and targets are those of `rocAuc`. 0 where there is no positive row. Measured over
 * data sets alone: reports of a fit have it in `validation`.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { measure, prAuc } from "simdgrad/metrics";
 * await measure(prAuc(), constant([0.1, 0.4, 0.35, 0.8]), constant([0, 0, 1, 1])); // => 0.833333
 */
export function prAuc(options: RankingOptions = {}): CountedMetric {
  return ranked("prAuc", options, (ranking) => {
    const all = positivesOf(ranking);
    let [sum, hits, predicted] = [0, 0, 0];
    for (const { positive, negative } of ranking) {
      hits += positive;
      predicted += positive + negative;
      sum += positive * (hits / predicted);
    }
    return all === 0 ? 0 : sum / all;
  });
}

/** How many rows have one score. */
interface Tie {
  readonly positive: number;
  readonly negative: number;
}

function positivesOf(ranking: readonly Tie[]): number {
  return ranking.reduce((sum, { positive }) => sum + positive, 0);
}

/** A metric of the rows by their scores, the largest first. */
function ranked(name: string, options: RankingOptions, value: (ranking: readonly Tie[]) => number): CountedMetric {
  checkMetricOptions(options, name, checks);
  const { average = "macro" } = options;
  return {
    ofEachRow: true,
    numbers: (prediction, target, told) => scoresOf(prediction, target, ignoredOf(options, told), name),
    value(numbers, size) {
      const labels = Array.from({ length: size / 2 }, (_, label) => label);
      if (average === "micro") return value(rankingOf(numbers, size, labels));
      const all = labels.map((label) => rankingOf(numbers, size, [label]));
      const known = all.filter((ranking) => ranking.length > 0); // of a class that is ignored there is nothing
      const rankings = known.length > 0 ? known : all;
      const weights = rankings.map((ranking) => (average === "macro" ? 1 : positivesOf(ranking)));
      const sum = rankings.reduce((before, ranking, i) => before + weights[i] * value(ranking), 0);
      return sum / (weights.reduce((before, weight) => before + weight, 0) || 1); // nothing of nothing is 0
    },
  };
}

/** The rows of some labels by their scores, those without a known target left out. A score that is NaN makes everything NaN. */
function rankingOf(numbers: ArrayLike<number>, size: number, labels: readonly number[]): Tie[] {
  const [positive, negative]: [number[], number[]] = [[], []];
  for (const label of labels)
    for (let row = 0; row < numbers.length; row += size) {
      const score = numbers[row + label];
      const target = numbers[row + size / 2 + label];
      if (Number.isNaN(target)) continue;
      if (Number.isNaN(score)) return [{ positive: Number.NaN, negative: Number.NaN }];
      (target > 0.5 ? positive : negative).push(score);
    }
  return tiesOf(Float64Array.from(positive).sort(), Float64Array.from(negative).sort());
}

/** Sorted scores of positive and of negative rows as one ranking. */
function tiesOf(positives: Float64Array, negatives: Float64Array): Tie[] {
  let [p, n] = [positives.length, negatives.length];
  const ties: Tie[] = [];
  while (p + n > 0) {
    const score = n === 0 || positives[p - 1] > negatives[n - 1] ? positives[p - 1] : negatives[n - 1];
    const [above, below] = [startOf(positives, p, score), startOf(negatives, n, score)];
    ties.push({ positive: p - above, negative: n - below });
    [p, n] = [above, below];
  }
  return ties;
}

/** Where the numbers that are equal to the largest one begin, in a list that ends before `end`. */
function startOf(sorted: Float64Array, end: number, largest: number): number {
  let start = end;
  while (start > 0 && sorted[start - 1] === largest) start--;
  return start;
}

/** Scores of labels, then their targets: [N, 2 L]; NaN for a target that is not known. Two classes are one label. */
function scoresOf(prediction: Tensor, target: Tensor, ignored: readonly number[], name: string): Tensor {
  const isClasses = areClasses(prediction, target, name);
  if (prediction.shape.length > 2)
    throw new ShapeError(`${name}: takes scores [N] or [N, L], got ${showShape(prediction.shape)}`);
  if (!isClasses) {
    const { scores, targets } = labelsOf(prediction, target, name);
    return concat([scores, targets], 1);
  }
  const { logits, index, known } = classesOf(prediction, target, name, ignored);
  const classes = logits.shape[1];
  const counted = without(known.unsqueeze(1), arange(classes), ignored);
  const wanted = counted.select(index.oneHot(classes), Number.NaN);
  if (classes !== 2) return concat([logits.softmax(1), wanted], 1);
  return concat([logits.narrow(1, 1, 1).sub(logits.narrow(1, 0, 1)), wanted.narrow(1, 1, 1)], 1);
}
