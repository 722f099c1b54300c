// Metrics of values against values of the same shape. Those of several columns are averaged, as scikit-learn's "uniform_average" has it.
import { concat } from "../create.ts";
import { ShapeError } from "../errors.ts";
import { checkDType, sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { CountedMetric } from "../train/metrics.ts";
import { checkBoth, columns, countOf } from "./targets.ts";

/** The distance of f64 numbers at 1: scikit-learn's smallest divisor. */
const SMALLEST = 2 ** -52;

/**
 * The mean of (prediction - target)^2, for targets of the prediction's shape.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { meanSquaredError, measure } from "simdgrad/metrics";
 * await measure(meanSquaredError(), constant([1, 2]), constant([1, 4])); // => 2
 */
export function meanSquaredError(): CountedMetric {
  return meanOf("meanSquaredError", (p, y) => p.sub(y).square());
}

/**
 * The root of the mean of (prediction - target)^2 of each column, their mean; for targets of the prediction's shape.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { measure, rootMeanSquaredError } from "simdgrad/metrics";
 * await measure(rootMeanSquaredError(), constant([1, 2]), constant([1, 4])); // => 1.41421
 */
export function rootMeanSquaredError(): CountedMetric {
  return meanOf("rootMeanSquaredError", (p, y) => p.sub(y).square(), Math.sqrt);
}

/**
 * The mean of |prediction - target|, for targets of the prediction's shape.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { meanAbsoluteError, measure } from "simdgrad/metrics";
 * await measure(meanAbsoluteError(), constant([1, 2]), constant([1, 4])); // => 1
 */
export function meanAbsoluteError(): CountedMetric {
  return meanOf("meanAbsoluteError", (p, y) => p.sub(y).abs());
}

/**
 * The mean of |prediction - target| / |target|, for targets of the prediction's shape: 1 is 100 %. Divisors are at least 2^-52, so a
 * target of 0 that is missed makes it large.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { meanAbsolutePercentageError, measure } from "simdgrad/metrics";
 * await measure(meanAbsolutePercentageError(), constant([1, 2]), constant([1, 4])); // => 0.25
 */
export function meanAbsolutePercentageError(): CountedMetric {
  return meanOf("meanAbsolutePercentageError", (p, y) => p.sub(y).abs().div(y.abs().maximum(SMALLEST)));
}

function meanOf(
  name: string,
  error: (prediction: Tensor, target: Tensor) => Tensor,
  ofColumn = (mean: number) => mean,
): CountedMetric {
  return {
    numbers(prediction, target) {
      checkSame(prediction, target, name);
      const errors = columns(error(prediction, target));
      return concat([countOf(errors.narrow(1, 0, 1).like(1)), errors.sum(0)]);
    },
    value: ([rows, ...sums]) => sums.reduce((sum, each) => sum + ofColumn(each / rows), 0) / sums.length,
  };
}

/**
 * The share of the targets' variance that is explained: 1 - sum (y - p)^2 / sum (y - mean y)^2 of each column, their mean; for targets of
 * the prediction's shape, [N] or [N, L]. A column of equal targets has 1 if all are met and else 0; of less than two rows there is none:
 * NaN. The mean of all targets comes first, so it is measured over data sets alone: reports of a fit have it in `validation`.
 *
 * @example
 * import { constant } from "simdgrad";
 * import { measure, r2Score } from "simdgrad/metrics";
 * await measure(r2Score(), constant([1, 2, 4]), constant([1, 2, 3])); // => 0.5
 */
export function r2Score(): CountedMetric {
  return {
    ofEachRow: true,
    numbers(prediction, target) {
      checkSame(prediction, target, "r2Score");
      if (prediction.shape.length > 2)
        throw new ShapeError(`r2Score: takes values [N] or [N, L], got ${showShape(prediction.shape)}`);
      return concat([columns(prediction), columns(target)], 1);
    },
    value(numbers, size) {
      const labels = size / 2;
      const rows = numbers.length / size;
      if (rows < 2) return Number.NaN;
      const scores = Array.from({ length: labels }, (_, label) => {
        const column = (start: number) => Array.from({ length: rows }, (_unused, row) => numbers[row * size + start]);
        return explained(column(label), column(label + labels));
      });
      return scores.reduce((sum, score) => sum + score, 0) / labels;
    },
  };
}

function explained(predictions: readonly number[], targets: readonly number[]): number {
  const mean = targets.reduce((sum, y) => sum + y, 0) / targets.length;
  const all = targets.reduce((sum, y) => sum + (y - mean) ** 2, 0);
  const left = targets.reduce((sum, y, i) => sum + (y - predictions[i]) ** 2, 0);
  if (all === 0) return left === 0 ? 1 : 0;
  return 1 - left / all;
}

/** @throws ShapeError, DTypeError unless both are f32 of one shape */
function checkSame(prediction: Tensor, target: Tensor, name: string): void {
  checkBoth(prediction, target, name);
  checkDType(target, ["f32"], `${name}: target`);
  if (!sameShape(prediction.shape, target.shape))
    throw new ShapeError(
      `${name}: prediction ${showShape(prediction.shape)} and target ${showShape(target.shape)} differ`,
    );
}
