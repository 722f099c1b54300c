// Metrics of probabilities: how likely the targets were said to be, and whether they are as likely as was said.
import { aBoolean, aWholeNumber, type Checks } from "../check.ts";
import { concat } from "../create.ts";
import type { Tensor } from "../tensor.ts";
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
} from "./targets.ts";

/** What predictions are. */
export interface ProbabilityOptions extends IgnoringOptions {
  /** Predictions are probabilities, not logits; default false. */
  readonly probabilities?: boolean;
}

const checks: Checks<ProbabilityOptions> = { probabilities: aBoolean, ...ignoringChecks };

/** The distance of f32 numbers at 1: probabilities are kept so far from 0 and 1 where their logarithm is taken. */
const EPSILON = 2 ** -23;

/**
 * The mean of -ln p, p being the probability of the target: of classes (logits [N, C, ...] and i32 targets [N, ...]; those below 0,
 * and ignored ones, are left out) or of labels (targets 0 or 1 of the scores' shape). Of logits it is exact; probabilities are kept 2^-23 away from 0 and 1, as
 * scikit-learn's log_loss has it for float32.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { logLoss, measure } from "simdgrad/metrics";
 * await measure(logLoss(), constant([[0, 0], [100, 0]]), constant(Int32Array.of(0, 0))); // => 0.346574
 * await measure(logLoss({ probabilities: true }), constant([0.5, 0.25]), constant([1, 0])); // => 0.490415
 */
export function logLoss(options: ProbabilityOptions = {}): CountedMetric {
  return { numbers: costs("logLoss", options), value: ([sum, count]) => sum / count };
}

/**
 * e to the power of `logLoss`: among how many equally likely classes the prediction is like a choice.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { measure, perplexity } from "simdgrad/metrics";
 * await measure(perplexity(), constant([[0, 0, 0, 0]]), constant(Int32Array.of(2))); // => 4.00000
 */
export function perplexity(options: ProbabilityOptions = {}): CountedMetric {
  return { numbers: costs("perplexity", options), value: ([sum, count]) => Math.exp(sum / count) };
}

/** The sum of -ln p, and how many they are. */
function costs(name: string, options: ProbabilityOptions): CountedMetric["numbers"] {
  checkMetricOptions(options, name, checks);
  const { probabilities = false } = options;
  return (prediction, target, told) => {
    if (areClasses(prediction, target, name)) {
      const { logits, index, known } = classesOf(prediction, target, name, ignoredOf(options, told));
      const each = probabilities ? costsOfShares(logits, index) : logits.crossEntropy(index);
      return concat([countOf(known.select(each, 0)), countOf(known)]);
    }
    const { scores, targets } = labelsOf(prediction, target, name);
    const each = probabilities ? costOfShare(scores, targets) : costOfLogit(scores, targets);
    return concat([countOf(each), countOf(each.like(1))]);
  };
}

/** Of rows that may not add up to 1. */
function costsOfShares(shares: Tensor, index: Tensor): Tensor {
  const kept = bounded(shares);
  const own = index.oneHot(shares.shape[1]).select(kept, 0).sum(1);
  return kept.sum(1).log().sub(own.log());
}

function costOfShare(share: Tensor, target: Tensor): Tensor {
  const kept = bounded(share);
  return target
    .mul(kept.log())
    .add(target.neg().add(1).mul(kept.neg().add(1).log()))
    .neg();
}

/** max(x, 0) - x y + ln(1 + e^-|x|) */
function costOfLogit(logit: Tensor, target: Tensor): Tensor {
  return logit.relu().sub(logit.mul(target)).add(logit.abs().neg().exp().log1p());
}

function bounded(shares: Tensor): Tensor {
  return shares.maximum(EPSILON).minimum(1 - EPSILON);
}

/** Options of expectedCalibrationError. */
export interface CalibrationOptions extends ProbabilityOptions {
  /** Default 15. */
  readonly bins?: number;
}

/**
 * How far the confidence in the predicted class is from the share of right ones: the mean over bins of equal width, (0, 1 / bins] and so
 * on, each weighed by its rows (Naeini et al. 2015, Guo et al. 2017). For classes and labels as those of `logLoss`; of a label the
 * confidence is in the likelier answer.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { expectedCalibrationError, measure } from "simdgrad/metrics";
 * const sure = constant([[0.9, 0.1], [0.9, 0.1]]);
 * await measure(expectedCalibrationError({ probabilities: true }), sure, constant(Int32Array.of(0, 1))); // => 0.4
 */
export function expectedCalibrationError(options: CalibrationOptions = {}): CountedMetric {
  const name = "expectedCalibrationError";
  checkMetricOptions(options, name, { ...checks, bins: aWholeNumber(1) });
  const { bins = 15, probabilities = false } = options;
  return {
    numbers(prediction, target, told) {
      const ignored = ignoredOf(options, told);
      const { confidence, right, known } = answersOf(prediction, target, probabilities, ignored, name);
      const sure = known.select(confidence, 0);
      // The bin of (i / bins, (i + 1) / bins]; what is 0 is in the first.
      const bin = sure
        .mul(-bins)
        .floor()
        .neg()
        .sub(1)
        .maximum(0)
        .minimum(bins - 1)
        .cast("i32");
      const sums = [known, sure, known.mul(right)];
      return concat(sums.map((each) => bin.scatterAdd(each, [bins])));
    },
    value(numbers) {
      let [error, all] = [0, 0];
      for (let bin = 0; bin < bins; bin++) {
        all += numbers[bin];
        error += Math.abs(numbers[bins + bin] - numbers[2 * bins + bin]);
      }
      return error / all;
    },
  };
}

/** How sure each answer is, whether it is right, and whether that is known. */
function answersOf(
  prediction: Tensor,
  target: Tensor,
  probabilities: boolean,
  ignored: readonly number[],
  name: string,
) {
  if (areClasses(prediction, target, name)) {
    const { logits, index, known } = classesOf(prediction, target, name, ignored);
    const confidence = (probabilities ? logits : logits.softmax(1)).max(1);
    return { confidence, right: logits.argmax(1).equal(index), known };
  }
  const { scores, targets } = labelsOf(prediction, target, name);
  const share = (probabilities ? scores : scores.sigmoid()).flatten();
  const right = share.greater(0.5).equal(targets.flatten().greater(0.5));
  return { confidence: share.maximum(share.neg().add(1)), right, known: share.like(1) };
}
