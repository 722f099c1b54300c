// Keras' activations by their names.
import { isRecord } from "../check.ts";
import {
  celu,
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  hardshrink,
  hardtanh,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softshrink,
  softsign,
  tanh,
  tanhshrink,
} from "../nn/functional.ts";
import { show } from "../show.ts";
import type { Tensor } from "../tensor.ts";
import { Unsupported } from "./fault.ts";
import type { Dialect, Settings } from "./settings.ts";

/** What is done with the elements of a tensor, or with rows of its last axis. */
export interface Activation {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
  /** Whether each element counts alone. */
  readonly isElementwise: boolean;
}

const elementwise: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  linear: (x) => x,
  relu,
  relu6,
  sigmoid,
  tanh,
  softplus: (x) => softplus(x),
  softsign,
  selu,
  elu: (x) => elu(x),
  celu: (x) => celu(x),
  gelu: (x) => gelu(x),
  gelu_new: (x) => gelu(x, "tanh"),
  swish: silu,
  silu,
  mish,
  exponential: (x) => x.exp(),
  leaky_relu: (x) => leakyRelu(x, 0.2),
  log_sigmoid: logSigmoid,
  hard_silu: hardSwish,
  hard_swish: hardSwish,
  hard_tanh: (x) => hardtanh(x),
  hard_shrink: (x) => hardshrink(x),
  soft_shrink: (x) => softshrink(x),
  tanh_shrink: tanhshrink,
};

const ofRows: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  softmax: (x) => x.softmax(-1),
  log_softmax: (x) => x.logSoftmax(-1),
};

/** 0.2 x + 0.5, cut off at 0 and 1: what Keras 2 and TensorFlow.js call so; Keras 3 means x / 6 + 0.5. */
function oldHardSigmoid(x: Tensor): Tensor {
  return x.mul(0.2).add(0.5).clamp(0, 1);
}

/** @throws Unsupported for a name that is not known, or for a class of the user's */
export function activationOf(settings: Settings, key: string, otherwise = "linear"): Activation {
  const given = settings.get(key) ?? otherwise;
  if (isRecord(given) && given.class_name !== "function") throw new Unsupported(`${key} ${show(given.class_name)}`);
  const name = isRecord(given) ? given.config : given;
  if (typeof name !== "string") throw settings.wrong(key, "the name of an activation");
  const known = named(snakeCase(name), settings.dialect);
  if (known === undefined) throw new Unsupported(`${key} ${show(name)}`);
  return known;
}

function named(name: string, dialect: Dialect): Activation | undefined {
  if (name === "hard_sigmoid")
    return { name, f: dialect === "keras 3" ? hardSigmoid : oldHardSigmoid, isElementwise: true };
  if (Object.hasOwn(elementwise, name)) return { name, f: elementwise[name], isElementwise: true };
  if (Object.hasOwn(ofRows, name)) return { name, f: ofRows[name], isElementwise: false };
  return undefined;
}

/** hardSigmoid as hard_sigmoid. */
function snakeCase(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}
