// simdgrad: tensors, gradients, programs, executors, training. Layers are in simdgrad/nn, optimizers in simdgrad/optim.
export { customGradient, grad, valueAndGrad } from "./autodiff.ts";
export { type CompileOptions, type Computation, compile } from "./compile/compile.ts";
export { compileInit } from "./compile/init.ts";
export type { Program, ProgramConstant, ProgramSlot, ProgramVariable } from "./compile/program.ts";
export * from "./errors.ts";
export { type ScanStep, scan } from "./ops/loop.ts";
export { foldIn, normal, permuteIndex, randomKey, uniform } from "./ops/random.ts";
export { createExecutor } from "./runtime/create.ts";
export { type EvaluateOptions, evaluate, evaluateAll } from "./runtime/evaluate.ts";
export type * from "./runtime/executor.ts";
export { JsExecutor } from "./runtime/js/js-executor.ts";
export { WasmExecutor } from "./runtime/wasm/wasm-executor.ts";
export type { Aval, DType, Shape } from "./shape.ts";
export {
  type Assignment,
  arange,
  concat,
  constant,
  type Initializer,
  input,
  type KeepDims,
  type Nested,
  type RandomKey,
  scalar,
  stack,
  stopGradient,
  Tensor,
  type TensorLike,
  Variable,
} from "./tensor.ts";
export type { Samples } from "./train/dataset.ts";
export type { Fit, Measures, Report } from "./train/fit.ts";
export { accuracy, type Metric } from "./train/metrics.ts";
export { type FitOptions, Trainer, type TrainerOptions } from "./train/trainer.ts";
