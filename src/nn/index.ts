// simdgrad/nn: layers, activations, losses, initialisers.
export { gelu, leakyRelu, logSoftmax, relu, sigmoid, silu, softmax, softplus, tanh } from "./functional.ts";
export { linearUniform } from "./init.ts";
export { Dropout, Flatten, Linear, Sequential } from "./layers.ts";
export {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  type Loss,
  type LossOptions,
  mseLoss,
  type Reduction,
} from "./losses.ts";
export {
  type Context,
  evaluationContext,
  forward,
  type Layer,
  type Module,
  parameters,
  trainingContext,
  variables,
} from "./module.ts";
