// Activations of TensorFlow.js, by its names and by the functions here.
import {
  elu,
  gelu,
  logSoftmax,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  tanh,
} from "../../nn/functional.ts";

/** Functions with their standard arguments. */
export const activationNames: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [elu, "elu"],
  [gelu, "gelu"],
  [mish, "mish"],
  [relu, "relu"],
  [relu6, "relu6"],
  [selu, "selu"],
  [sigmoid, "sigmoid"],
  [silu, "swish"],
  [softmax, "softmax"],
  [logSoftmax, "log_softmax"],
  [softplus, "softplus"],
  [softsign, "softsign"],
  [tanh, "tanh"],
]);

/** Those that TensorFlow.js 4.22 reads; its own gelu_new it writes, but does not read. */
export const TFJS_ACTIVATIONS: ReadonlySet<string> = new Set([...activationNames.values(), "linear", "hard_sigmoid"]);
