// simdgrad/optim: optimizers, the transforms they are chained from, schedules.

export { accumulate } from "./accumulate.ts";
export { scaleByAdam } from "./adam.ts";
export { ema, swa } from "./averages.ts";
export { agc, clipByGlobalNorm, clipByValue } from "./clip.ts";
export { type Constraint, clamp, constrained, maxNorm, nonNegative, unitNorm } from "./constraints.ts";
export {
  type CyclicOptions,
  cosineAnnealing,
  cosineRestarts,
  cyclic,
  type OneCycleMomentumOptions,
  type OneCycleOptions,
  oneCycle,
  oneCycleMomentum,
} from "./cycles.ts";
export { addDecayedWeights, type DecayOptions, l1Penalty, l2Penalty } from "./decay.ts";
export type { OptimizerOptions } from "./descent.ts";
export { freeze, type ParameterGroup, parameterGroups } from "./groups.ts";
export { hyperparameter } from "./hyperparameter.ts";
export { joinedSchedules, linearSchedule, linearWarmup, noam, scaledSchedule } from "./joined.ts";
export { type LbfgsOptions, lbfgs } from "./lbfgs.ts";
export { scaleByLearningRate } from "./learning-rate.ts";
export { lookahead } from "./lookahead.ts";
export type { Evaluation, Minimizer } from "./minimizer.ts";
export * from "./optimizers.ts";
export {
  constantSchedule,
  cosineDecay,
  exponentialDecay,
  inverseTimeDecay,
  multiStepDecay,
  piecewiseConstant,
  polynomialDecay,
  type Schedule,
  scheduled,
  stepDecay,
} from "./schedules.ts";
export { masked, type Selection } from "./selection.ts";
export { type TraceOptions, trace } from "./sgd.ts";
export {
  type Average,
  chain,
  type Optimizer,
  type OptimizerState,
  type Transform,
  type Transformed,
} from "./transform.ts";
