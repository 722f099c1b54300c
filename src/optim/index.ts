// simdgrad/optim: optimizers, the transforms they are chained from, schedules.
export { adam, adamW, sgd, type SgdOptions } from "./optimizers.ts";
export { constantSchedule, cosineDecay, type Schedule, scheduled } from "./schedules.ts";
export {
  type AdamOptions,
  addDecayedWeights,
  chain,
  type Optimizer,
  type OptimizerState,
  scaleByAdam,
  scaleByLearningRate,
  trace,
  type Transform,
  type Transformed,
} from "./transform.ts";
