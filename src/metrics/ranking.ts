// Metrics of the order of scores: they need the scores of all rows, so they are measured over data sets alone.
import { type Checks, oneOf } from "../check.ts";
import { concat } from "../create.ts";
import { ShapeError } from "../errors.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { CountedMetric } from "../train/metrics.ts";
import { areClasses, checkMetricOptions, classesOf, labelsOf } from "./targets.ts";

/** How the values of several classes, each against the rest, or labels become one. */
export interface RankingOptions {
  /** Their mean (default), that of all pairs of a score and a target together, or their mean weighed by how often each is the target. */
  readonly average?: "macro" | "micro" | "weighted";
}

const checks: Checks<RankingOptions> = { average: oneOf("macro", "micro", "weighted") };

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

/** Rows of one score. */
interface Tie {
  readonly score: number;
  positive: number;
  negative: number;
}

function positivesOf(ranking: readonly Tie[]): number {
  return ranking.reduce((sum, { positive }) => sum + positive, 0);
}

function ranked(name: string, options: RankingOptions, value: (ranking: readonly Tie[]) => number): CountedMetric {
  checkMetricOptions(options, name, checks);
  const { average = "macro" } = options;
  return {
    ofEachRow: true,
    numbers: (prediction, target) => scoresOf(prediction, target, name),
    value(numbers, size) {
      const labels = size / 2;
      const columns = Array.from({ length: labels }, (_, label) => columnOf(numbers, size, label, label + labels));
      if (average === "micro") return rankedOf(columns.flat(), value);
      const weights = columns.map((pairs) =>
        average === "macro" ? 1 : pairs.reduce((sum, [, target]) => sum + target, 0),
      );
      const sum = columns.reduce((all, pairs, i) => all + weights[i] * rankedOf(pairs, value), 0);
      return sum / (weights.reduce((all, weight) => all + weight, 0) || 1); // nothing of nothing is 0
    },
  };
}

/** A score, and whether it is a positive row's. */
type Pair = readonly [score: number, target: number];

/** Rows whose target is known. */
function columnOf(numbers: ArrayLike<number>, size: number, score: number, target: number): Pair[] {
  const pairs: Pair[] = [];
  for (let row = 0; row < numbers.length; row += size)
    if (!Number.isNaN(numbers[row + target])) pairs.push([numbers[row + score], numbers[row + target]]);
  return pairs;
}

/** NaN where a score is. */
function rankedOf(pairs: Pair[], value: (ranking: readonly Tie[]) => number): number {
  if (pairs.some(([score]) => Number.isNaN(score))) return Number.NaN;
  const ranking: Tie[] = [];
  for (const [score, target] of pairs.sort(([a], [b]) => (a < b ? 1 : a > b ? -1 : 0))) {
    let last = ranking.at(-1);
    if (last === undefined || last.score !== score) {
      last = { score, positive: 0, negative: 0 };
      ranking.push(last);
    }
    if (target > 0.5) last.positive++;
    else last.negative++;
  }
  return value(ranking);
}

/** Scores of labels, then their targets: [N, 2 L]; NaN for a target that is not known. Two classes are one label. */
function scoresOf(prediction: Tensor, target: Tensor, name: string): Tensor {
  const isClasses = areClasses(prediction, target, name);
  if (prediction.shape.length > 2)
    throw new ShapeError(`${name}: takes scores [N] or [N, L], got ${showShape(prediction.shape)}`);
  if (!isClasses) {
    const { scores, targets } = labelsOf(prediction, target, name);
    return concat([scores, targets], 1);
  }
  const { logits, index, known } = classesOf(prediction, target, name);
  const classes = logits.shape[1];
  const wanted = known.unsqueeze(1).select(index.oneHot(classes), Number.NaN);
  if (classes !== 2) return concat([logits.softmax(1), wanted], 1);
  return concat([logits.narrow(1, 1, 1).sub(logits.narrow(1, 0, 1)), wanted.narrow(1, 1, 1)], 1);
}
