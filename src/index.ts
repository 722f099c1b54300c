// simdgrad: tensors, gradients, programs, executors, training. Layers are in simdgrad/nn, optimizers in simdgrad/optim,
// what fewer pages need of functions in simdgrad/functions.
export { customGradient, grad, valueAndGrad } from "./autodiff.ts";
export { type CompileOptions, type Computation, compile } from "./compile/compile.ts";
export { compileInit } from "./compile/init.ts";
export { concat, constant, input, type Nested, stack } from "./create.ts";
export * from "./errors.ts";
export { type EvaluateOptions, evaluate, evaluateAll } from "./evaluate.ts";
export { type ScanStep, scan } from "./ops/loop.ts";
export { foldIn, normal, permuteIndex, randomKey, uniform } from "./ops/random.ts";
export type { Program, ProgramConstant, ProgramSlot, ProgramVariable } from "./program/program.ts";
export { createExecutor } from "./runtime/create.ts";
export type * from "./runtime/executor.ts";
export { JsExecutor } from "./runtime/js/js-executor.ts";
export { WasmExecutor } from "./runtime/wasm/wasm-executor.ts";
export type { Aval, DType, Shape } from "./shape.ts";
export { arange, type Correction, type KeepDims, scalar, stopGradient, Tensor, type TensorLike } from "./tensor.ts";
export type { Callback, Copy, FitContext } from "./train/callback.ts";
export type { Samples } from "./train/dataset.ts";
export type { Fit, Measures, Report, Reporting, ReportOf } from "./train/fit.ts";
export type { Epoch } from "./train/history.ts";
export { accuracy, type CountedMetric, type Metric } from "./train/metrics.ts";
export type { FitOptions, TrainerOptions } from "./train/options.ts";
export type { PredictOptions } from "./train/predict.ts";
export { Predictor, type PredictorOptions } from "./train/predictor.ts";
export type { Batch } from "./train/programs.ts";
export type { LoadStateOptions, StateDict, StateDifference } from "./train/state.ts";
export { Trainer } from "./train/trainer.ts";
export { type Assignment, type Initializer, type RandomKey, type Sharing, Variable } from "./variable.ts";
