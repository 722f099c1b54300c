// simdgrad/keras: models of Keras and TensorFlow.js, read and written.
export type { ReadOptions } from "./build.ts";
export type { ModelInput } from "./config.ts";
export { fromKeras } from "./from-keras.ts";
export { fromTensorFlowJs, type TensorFlowJsArtifacts, type TensorFlowJsFiles } from "./from-tensor-flow-js.ts";
export type { KerasModel, KerasOptimizer, KerasState, Tensors } from "./model.ts";
export {
  type TensorFlowJsOptions,
  type TensorFlowJsShape,
  type TensorFlowJsSignature,
  toTensorFlowJs,
  type WrittenTensorFlowJs,
} from "./to-tensor-flow-js.ts";
