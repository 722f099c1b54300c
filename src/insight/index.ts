// simdgrad/insight: what a training did, and how far its model is to be believed.
export { type Calibration, type CalibrationBin, type CalibrationOptions, calibration } from "./calibration.ts";
export { type FindLearningRateOptions, findLearningRate, type LearningRates } from "./find-learning-rate.ts";
export {
  type GradientMonitor,
  type GradientMonitorOptions,
  type GradientRecord,
  type GradientState,
  gradientMonitor,
  type LayerGradient,
} from "./gradient-monitor.ts";
export { csvLogger, jsonLines, type LogOptions, type LogTarget } from "./logs.ts";
export { type OverfitOneBatchOptions, type OverfitResult, overfitOneBatch } from "./overfit-one-batch.ts";
export { type ProgressBarOptions, progressBar, type Terminal } from "./progress-bar.ts";
export type { RatePoint } from "./range.ts";
export { type ReportedPredictions, type ReportedTraining, report } from "./report.ts";
export { type RowValues, type TopLoss, topLosses } from "./top-losses.ts";
