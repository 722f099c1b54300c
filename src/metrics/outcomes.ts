// Metrics of right and wrong decisions: counts of each class or label, added over all rows.
import { aNumber, aWholeNumber, type Checks, oneOf } from "../check.ts";
import { concat } from "../create.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { arange, type Tensor } from "../tensor.ts";
import type { CountedMetric } from "../train/metrics.ts";
import {
  areClasses,
  checkMetricOptions,
  classesOf,
  countOf,
  type IgnoringOptions,
  ignoredOf,
  ignoringChecks,
  labelsOf,
  without,
} from "./targets.ts";

/** Where scores of yes or no become a yes. */
export interface ThresholdOptions {
  /** A score above it is a yes: 0 (default) for logits, 0.5 for probabilities. Of no meaning for class indices. */
  readonly threshold?: number;
}

/** How decisions are counted. */
export interface OutcomeOptions extends ThresholdOptions, IgnoringOptions {}

/** How the values of several classes or labels become one. A class that is ignored is no part of it. */
export interface AverageOptions extends OutcomeOptions {
  /**
   * Their mean (default), that of all decisions together, or their mean weighed by how often each is the target. Classes that are neither
   * predicted nor a target count nothing.
   */
  readonly average?: "macro" | "micro" | "weighted";
  /** Of this class or label alone. */
  readonly label?: number;
}

const thresholdChecks: Checks<ThresholdOptions> = { threshold: aNumber };
const outcomeChecks: Checks<OutcomeOptions> = { ...thresholdChecks, ...ignoringChecks };
const averageChecks: Checks<AverageOptions> = {
  ...outcomeChecks,
  average: oneOf("macro", "micro", "weighted"),
  label: aWholeNumber(0),
};

/** Decisions of one class or label. */
interface Counts {
  /** Yes, and rightly so. */
  readonly hits: number;
  readonly predicted: number;
  readonly wanted: number;
}

/** Decisions about all: of classes each row is one, of labels each is one of its own. */
interface Outcomes {
  readonly rows: number;
  readonly all: readonly Counts[];
  readonly areClasses: boolean;
}

/** What is counted. */
interface Counting {
  readonly name: string;
  readonly threshold: number;
  /** Classes that are no targets. */
  readonly ignored: readonly number[];
  /** Those whose predictions do not count. */
  readonly unseen: readonly number[];
}

/**
 * Rows (below 0 for labels), then hits, predictions and targets of each class or label; so `outcomesOf` knows what they are of.
 * @throws ShapeError, DTypeError where prediction and target do not fit
 */
function countsOf(prediction: Tensor, target: Tensor, { name, threshold, ignored, unseen }: Counting): Tensor {
  if (areClasses(prediction, target, name)) {
    const { logits, index, known } = classesOf(prediction, target, name, ignored);
    const chosen = logits.argmax(1);
    const shape = [logits.shape[1]];
    const hits = index.scatterAdd(known.mul(chosen.equal(index)), shape);
    const predicted = chosen.scatterAdd(without(known, chosen, unseen), shape);
    return concat([countOf(known), hits, predicted, index.scatterAdd(known, shape)]);
  }
  const { scores, targets } = labelsOf(prediction, target, name);
  const [yes, wanted] = [scores.greater(threshold), targets.greater(0.5)];
  const rows = yes.narrow(1, 0, 1).like(-1);
  return concat([countOf(rows), yes.mul(wanted).sum(0), yes.sum(0), wanted.sum(0)]);
}

function outcomesOf(numbers: ArrayLike<number>): Outcomes {
  const count = (numbers.length - 1) / 3;
  const all = Array.from({ length: count }, (_, i) => {
    const [hits, predicted, wanted] = [0, 1, 2].map((part) => numbers[1 + part * count + i]);
    return { hits, predicted, wanted };
  });
  return { rows: Math.abs(numbers[0]), all, areClasses: numbers[0] >= 0 };
}

/** A metric of outcomes; with `each` of each class, where ignored ones are none. */
function ofOutcomes(
  name: string,
  options: OutcomeOptions,
  value: (outcomes: Outcomes) => number,
  each = false,
): CountedMetric {
  const { threshold = 0 } = options;
  return {
    numbers(prediction, target, told) {
      const ignored = ignoredOf(options, told);
      return countsOf(prediction, target, { name, threshold, ignored, unseen: each ? ignored : [] });
    },
    value: (numbers) => value(outcomesOf(numbers)),
  };
}

/** scikit-learn's zero_division. */
function ratio(above: number, below: number): number {
  return below === 0 ? 0 : above / below;
}

/** The values of classes or labels as one. */
function averaged(name: string, options: AverageOptions, score: (counts: Counts) => number): CountedMetric {
  checkMetricOptions(options, name, averageChecks);
  if (options.label !== undefined && options.average !== undefined)
    throw new ArgumentError(`${name}: average says nothing beside label: of one there is nothing to average`);
  const { average = "macro", label } = options;
  const value = ({ all, areClasses: ofClasses }: Outcomes) => {
    if (label !== undefined) {
      if (label >= all.length)
        throw new ShapeError(`${name}: label ${label} is none of the ${all.length} that there are`);
      return score(all[label]);
    }
    if (average === "micro") return score(sumOf(all));
    const seen = ofClasses ? all.filter(({ predicted, wanted }) => predicted + wanted > 0) : all;
    const weights = seen.map(({ wanted }) => (average === "weighted" ? wanted : 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return ratio(
      seen.reduce((sum, counts, i) => sum + weights[i] * score(counts), 0),
      total,
    );
  };
  return ofOutcomes(name, options, value, true);
}

function sumOf(all: readonly Counts[]): Counts {
  const sum = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0);
  return { hits: sum("hits"), predicted: sum("predicted"), wanted: sum("wanted") };
}

/**
 * The share of scores on the right side of the threshold, for targets of the prediction's shape, 0 or 1.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { binaryAccuracy, measure } from "simdgrad/metrics";
 * await measure(binaryAccuracy(), constant([[2], [-1], [3]]), constant([[1], [1], [1]])); // => 0.666667
 */
export function binaryAccuracy(options: ThresholdOptions = {}): CountedMetric {
  checkMetricOptions(options, "binaryAccuracy", thresholdChecks);
  const { threshold = 0 } = options;
  return shareOf((prediction, target) => {
    const { scores, targets } = labelsOf(prediction, target, "binaryAccuracy", false);
    const right = scores.greater(threshold).equal(targets.greater(0.5));
    return [right, right.like(1)];
  });
}

/**
 * The share of rows whose largest logit is the target's class, for logits [N, C, ...] and i32 targets [N, ...]; the first of several that
 * are equal counts as the largest. Targets below 0, and ignored ones, are left out.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { categoricalAccuracy, measure } from "simdgrad/metrics";
 * const logits = constant([[1, 2], [3, 4], [1, 0]]);
 * await measure(categoricalAccuracy(), logits, constant(Int32Array.of(1, 0, -100))); // => 0.5
 */
export function categoricalAccuracy(options: IgnoringOptions = {}): CountedMetric {
  checkMetricOptions(options, "categoricalAccuracy", ignoringChecks);
  return shareOf((prediction, target, told) => {
    const { logits, index, known } = classesOf(prediction, target, "categoricalAccuracy", ignoredOf(options, told));
    return [known.mul(logits.argmax(1).equal(index)), known];
  });
}

/**
 * The share of rows whose target's logit is among the k largest, for logits [N, C, ...] and i32 targets [N, ...]; of equal ones those of
 * later classes count as larger, as scikit-learn's top_k_accuracy_score has it. Targets below 0, and ignored ones, are left out.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { measure, topKAccuracy } from "simdgrad/metrics";
 * await measure(topKAccuracy(2), constant([[1, 2, 3], [3, 2, 1]]), constant(Int32Array.of(1, 2))); // => 0.5
 */
export function topKAccuracy(k: number, options: IgnoringOptions = {}): CountedMetric {
  aWholeNumber(1)(k, "topKAccuracy: k");
  checkMetricOptions(options, "topKAccuracy", ignoringChecks);
  return shareOf((prediction, target, told) => {
    const { logits, index, known } = classesOf(prediction, target, "topKAccuracy", ignoredOf(options, told));
    const classes = arange(logits.shape[1]);
    const own = index.unsqueeze(1);
    const score = own.equal(classes).select(logits, 0).sum(1, { keepDims: true });
    const above = logits.greater(score).add(logits.equal(score).mul(classes.greater(own)));
    return [known.mul(above.sum(1).less(k)), known];
  });
}

/** Right ones of known ones. */
function shareOf(
  of: (...given: Parameters<CountedMetric["numbers"]>) => readonly [right: Tensor, known: Tensor],
): CountedMetric {
  return {
    numbers: (...given) => concat(of(...given).map(countOf)),
    value: ([right, known]) => right / known,
  };
}

/**
 * Of what was predicted, the share that is right: of classes (logits [N, C, ...] and i32 targets [N, ...]; those below 0 are left out) or
 * of labels (targets 0 or 1 of the scores' shape, one label a column). Where nothing was predicted it is 0.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { measure, precision } from "simdgrad/metrics";
 * await measure(precision(), constant([[2], [1], [-1]]), constant([[1], [0], [1]])); // => 0.5
 */
export function precision(options: AverageOptions = {}): CountedMetric {
  return averaged("precision", options, ({ hits, predicted }) => ratio(hits, predicted));
}

/**
 * Of the targets, the share that was predicted: of classes or of labels, as those of `precision`. Where there is no target it is 0.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { measure, recall } from "simdgrad/metrics";
 * const logits = constant([[1, 2], [3, 4], [1, 0]]);
 * await measure(recall({ label: 1 }), logits, constant(Int32Array.of(1, 0, 1))); // => 0.5
 */
export function recall(options: AverageOptions = {}): CountedMetric {
  return averaged("recall", options, ({ hits, wanted }) => ratio(hits, wanted));
}

/**
 * The harmonic mean of precision and recall: of classes or of labels, as those of `precision`. 0 where nothing is predicted rightly.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { f1, measure } from "simdgrad/metrics";
 * const logits = constant([[1, 2], [3, 4], [1, 0]]);
 * await measure(f1({ average: "macro" }), logits, constant(Int32Array.of(1, 0, 0))); // => 0.666667
 */
export function f1(options: AverageOptions = {}): CountedMetric {
  return averaged("f1", options, ({ hits, predicted, wanted }) => ratio(2 * hits, predicted + wanted));
}

/**
 * Intersection over union of each class's predictions and targets, their mean: Jaccard's index (1901), for logits [N, C, ...], such as a
 * picture's, and i32 targets [N, ...], or of labels, as those of `precision`.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { meanIoU, measure } from "simdgrad/metrics";
 * const logits = constant([[1, 2], [3, 4], [1, 0]]);
 * await measure(meanIoU(), logits, constant(Int32Array.of(1, 0, 0))); // => 0.5
 * await measure(meanIoU({ ignoreIndex: 255 }), logits, constant(Int32Array.of(1, 255, 0))); // => 1
 */
export function meanIoU(options: AverageOptions = {}): CountedMetric {
  return averaged("meanIoU", options, ({ hits, predicted, wanted }) => ratio(hits, predicted + wanted - hits));
}

/**
 * The correlation of predictions and targets, from -1 to 1, for classes or for one label (Matthews 1975, for several classes Gorodkin
 * 2004). 0 where all predictions, or all targets, are one class.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { matthewsCorrelation, measure } from "simdgrad/metrics";
 * await measure(matthewsCorrelation(), constant([2, -1, 1, -3]), constant([1, 0, 0, 0])); // => 0.577350
 */
export function matthewsCorrelation(options: OutcomeOptions = {}): CountedMetric {
  checkMetricOptions(options, "matthewsCorrelation", outcomeChecks);
  return ofOutcomes("matthewsCorrelation", options, (outcomes) => {
    const { rows, right, agreement, predictions, targets } = agreementOf(outcomes, "matthewsCorrelation");
    const [ofPredictions, ofTargets] = [rows * rows - predictions, rows * rows - targets];
    return ratio(right * rows - agreement, Math.sqrt(ofPredictions) * Math.sqrt(ofTargets));
  });
}

/**
 * How far predictions and targets agree beyond chance, for classes or for one label (Cohen 1960). NaN where all predictions and targets
 * are one class: chance alone agrees.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { cohenKappa, measure } from "simdgrad/metrics";
 * await measure(cohenKappa(), constant([2, -1, 1, -3]), constant([1, 0, 0, 0])); // => 0.5
 */
export function cohenKappa(options: OutcomeOptions = {}): CountedMetric {
  checkMetricOptions(options, "cohenKappa", outcomeChecks);
  return ofOutcomes("cohenKappa", options, (outcomes) => {
    const { rows, right, agreement } = agreementOf(outcomes, "cohenKappa");
    return (right * rows - agreement) / (rows * rows - agreement);
  });
}

/** Right rows, and sums over the classes: of predictions times targets, of squared predictions and of squared targets. */
function agreementOf(outcomes: Outcomes, name: string) {
  const { rows, all } = outcomes;
  const classes = outcomes.areClasses ? all : [yesOf(all, name), noOf(all[0], rows)];
  const sum = (of: (counts: Counts) => number) => classes.reduce((total, counts) => total + of(counts), 0);
  return {
    rows,
    right: sum(({ hits }) => hits),
    agreement: sum(({ predicted, wanted }) => predicted * wanted),
    predictions: sum(({ predicted }) => predicted ** 2),
    targets: sum(({ wanted }) => wanted ** 2),
  };
}

function yesOf(all: readonly Counts[], name: string): Counts {
  if (all.length > 1) throw new ShapeError(`${name}: takes classes or one label, got ${all.length} labels`);
  return all[0];
}

/** No is the other class. */
function noOf({ hits, predicted, wanted }: Counts, rows: number): Counts {
  return { hits: rows - predicted - wanted + hits, predicted: rows - predicted, wanted: rows - wanted };
}

/**
 * How often each class, a row, was predicted as each class, a column: f32 [C, C] for logits [N, C, ...] and i32 targets [N, ...]; those
 * below 0, and ignored ones, are left out. It is a tensor and not one number, so no metric of a Trainer: predict, then evaluate it.
 * @throws ShapeError, DTypeError for other targets
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { confusionMatrix } from "simdgrad/metrics";
 * const logits = constant([[1, 2], [3, 4], [1, 0]]);
 * await evaluate(confusionMatrix(logits, constant(Int32Array.of(1, 0, 0)))); // => [1, 1, 0, 1]
 */
export function confusionMatrix(prediction: Tensor, target: Tensor, options: IgnoringOptions = {}): Tensor {
  checkMetricOptions(options, "confusionMatrix", ignoringChecks);
  const { logits, index, known } = classesOf(prediction, target, "confusionMatrix", ignoredOf(options));
  const classes = logits.shape[1];
  const chosen = logits.argmax(1).oneHot(classes);
  return index.scatterAdd(chosen.mul(known.unsqueeze(1)), [classes, classes]);
}
