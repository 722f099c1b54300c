// simdgrad/optim: optimizers, the transforms they are chained from, schedules.
export { adam, adamW, type SgdOptions, sgd } from "./optimizers.ts";
export { constantSchedule, cosineDecay, type Schedule, scheduled } from "./schedules.ts";
export {
  type AdamOptions,
  addDecayedWeights,
  chain,
  type Optimizer,
  type OptimizerState,
  scaleByAdam,
  scaleByLearningRate,
  type Transform,
  type Transformed,
  trace,
} from "./transform.ts";
