// What simdgrad/metrics exports, with right arguments: a metric is made, and measured.
import { constant } from "../../src/index.ts";
import * as metrics from "../../src/metrics/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const logits = constant([
  [1, 2],
  [3, 1],
]);
const classes = constant(Int32Array.of(0, 1));
const values = constant([
  [1, 3],
  [2, 4],
]);

function metric(make: (...args: never[]) => metrics.CountedMetric, ...args: readonly a.Argument[]): Call {
  return call(
    (...given: readonly never[]) => {
      const made = make(...given);
      return metrics.measure(made, logits, ofValues.includes(make) ? values : classes);
    },
    ...args,
  );
}

const ofValues: readonly unknown[] = [
  metrics.binaryAccuracy,
  metrics.meanAbsoluteError,
  metrics.meanAbsolutePercentageError,
  metrics.meanSquaredError,
  metrics.r2Score,
  metrics.rootMeanSquaredError,
];

const threshold = { threshold: a.number(0) };
const average = { average: a.word("micro") };
const ignoring = { ignoreIndex: a.also(a.seed(1), ["null", "none is ignored"]) };
const probabilities = { probabilities: a.flag(false), ...ignoring };
const averaged = a.options({ ...threshold, ...ignoring, ...average, label: a.whole(1) });

export const metricCalls: Readonly<Record<string, Call>> = {
  accuracy: call(metrics.accuracy, a.tensor(logits), a.fitting(classes), a.options(ignoring)),
  binaryAccuracy: metric(metrics.binaryAccuracy, a.options(threshold)),
  categoricalAccuracy: metric(metrics.categoricalAccuracy, a.options(ignoring)),
  cohenKappa: metric(metrics.cohenKappa, a.options({ ...threshold, ...ignoring })),
  confusionMatrix: call(metrics.confusionMatrix, a.tensor(logits), a.tensor(classes), a.options(ignoring)),
  expectedCalibrationError: metric(metrics.expectedCalibrationError, a.options({ ...probabilities, bins: a.whole(4) })),
  f1: metric(metrics.f1, averaged),
  logLoss: metric(metrics.logLoss, a.options(probabilities)),
  matthewsCorrelation: metric(metrics.matthewsCorrelation, a.options({ ...threshold, ...ignoring })),
  meanAbsoluteError: metric(metrics.meanAbsoluteError),
  meanAbsolutePercentageError: metric(metrics.meanAbsolutePercentageError),
  meanIoU: metric(metrics.meanIoU, averaged),
  meanSquaredError: metric(metrics.meanSquaredError),
  measure: call(metrics.measure, a.instance(metrics.f1()), a.tensor(logits), a.tensor(classes)),
  perplexity: metric(metrics.perplexity, a.options(probabilities)),
  prAuc: metric(metrics.prAuc, a.options({ ...average, ...ignoring })),
  precision: metric(metrics.precision, averaged),
  r2Score: metric(metrics.r2Score),
  recall: metric(metrics.recall, averaged),
  rocAuc: metric(metrics.rocAuc, a.options({ ...average, ...ignoring })),
  rootMeanSquaredError: metric(metrics.rootMeanSquaredError),
  topKAccuracy: metric(metrics.topKAccuracy, a.whole(1), a.options(ignoring)),
};
