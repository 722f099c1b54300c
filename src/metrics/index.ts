// simdgrad/metrics: what is measured beside the loss, as scikit-learn defines it: numbers that programs add up over all rows, and values
// that are made of them.

export { accuracy, type CountedMetric, type Metric, type Told } from "../train/metrics.ts";
export { measure } from "./measure.ts";
export {
  type AverageOptions,
  binaryAccuracy,
  categoricalAccuracy,
  cohenKappa,
  confusionMatrix,
  f1,
  matthewsCorrelation,
  meanIoU,
  type OutcomeOptions,
  precision,
  recall,
  type ThresholdOptions,
  topKAccuracy,
} from "./outcomes.ts";
export {
  type CalibrationOptions,
  expectedCalibrationError,
  logLoss,
  type ProbabilityOptions,
  perplexity,
} from "./probabilities.ts";
export { prAuc, type RankingOptions, rocAuc } from "./ranking.ts";
export {
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  r2Score,
  rootMeanSquaredError,
} from "./regression.ts";
export type { IgnoringOptions } from "./targets.ts";
