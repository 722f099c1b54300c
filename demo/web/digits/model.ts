// The networks and optimizers on offer.
import type { Tensor } from "simdgrad";
import { Dropout, gelu, Linear, relu, Sequential, sigmoid, silu, tanh } from "simdgrad/nn";
import { adam, adamW, lion, muon, type Optimizer, rmsprop, type Schedule, sgd } from "simdgrad/optim";
import { PIXELS } from "./data.ts";

export const activations = { relu, gelu, silu, tanh, sigmoid };
export type Activation = keyof typeof activations;

/** What a model is made of: all that must be known to load its weights. */
export interface Architecture {
  /** Widths of the hidden layers, none to two. */
  readonly hidden: readonly number[];
  readonly activation: Activation;
  /** Share of each hidden layer left out in training. */
  readonly dropout: number;
}

interface OptimizerChoice {
  readonly name: string;
  /** A learning rate that usually works. */
  readonly rate: number;
  readonly make: (rate: Schedule, weightDecay: number) => Optimizer;
}

export const optimizers = {
  adam: { name: "Adam", rate: 1e-3, make: (rate, weightDecay) => adam(rate, { weightDecay }) },
  adamW: { name: "AdamW", rate: 1e-3, make: (rate, weightDecay) => adamW(rate, { weightDecay }) },
  sgd: { name: "Gradient descent", rate: 0.1, make: (rate, weightDecay) => sgd(rate, { weightDecay }) },
  momentum: {
    name: "Descent with momentum",
    rate: 0.02,
    make: (rate, weightDecay) => sgd(rate, { momentum: 0.9, weightDecay }),
  },
  rmsprop: { name: "RMSprop", rate: 1e-3, make: (rate, weightDecay) => rmsprop(rate, { weightDecay }) },
  lion: { name: "Lion", rate: 3e-4, make: (rate, weightDecay) => lion(rate, { weightDecay }) },
  muon: { name: "Muon", rate: 0.01, make: (rate, weightDecay) => muon(rate, { weightDecay }) },
} satisfies Record<string, OptimizerChoice>;
export type OptimizerName = keyof typeof optimizers;

export const CLASSES = 10;

/** 784 inputs, the hidden layers, 10 outputs. */
export function network({ hidden, activation, dropout }: Architecture): Sequential {
  const widths = [PIXELS, ...hidden];
  const layers = hidden.flatMap((width, i) => [
    new Linear(widths[i], width),
    activations[activation],
    ...(dropout > 0 ? [new Dropout(dropout)] : []),
  ]);
  return new Sequential(...layers, new Linear(widths[hidden.length], CLASSES));
}

/** Weights and biases, counted. */
export function parameterCount({ hidden }: Pick<Architecture, "hidden">): number {
  const widths = [PIXELS, ...hidden, CLASSES];
  return widths.slice(1).reduce((sum, width, i) => sum + (widths[i] + 1) * width, 0);
}

/** Bytes become numbers with mean 0 and deviation 1 over MNIST. */
export function preprocess(x: Tensor): Tensor {
  return x
    .cast("f32")
    .sub(0.1307 * 255)
    .mul(1 / (0.3081 * 255));
}

/** "784 – 128 – 10" */
export function showShape({ hidden }: Pick<Architecture, "hidden">): string {
  return [PIXELS, ...hidden, CLASSES].join(" – ");
}
