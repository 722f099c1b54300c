// The networks and optimizers on offer; the convolutional one is built in convolutional.ts.
import type { Tensor } from "simdgrad";
import { Dropout, gelu, Linear, relu, Sequential, sigmoid, silu, tanh } from "simdgrad/nn";
import { adam, adamW, lion, muon, type Optimizer, rmsprop, type Schedule, sgd } from "simdgrad/optim";
import { PIXELS } from "./data.ts";

export const activations = { relu, gelu, silu, tanh, sigmoid };
export type Activation = keyof typeof activations;

/** Layers that see the whole digit at once. */
export interface Dense {
  readonly kind: "dense";
  /** Widths of the hidden layers, none to two. */
  readonly hidden: readonly number[];
  readonly activation: Activation;
  /** Share of each hidden layer left out in training. */
  readonly dropout: number;
}

/** Two layers of filters, each pooled, and one that reads what they find. */
interface Convolutional {
  readonly kind: "convolutional";
  /** Share of what the last layer reads left out in training. */
  readonly dropout: number;
}

/** What a model is made of: all that must be known to load its weights. */
export type Architecture = Dense | Convolutional;

interface OptimizerChoice {
  readonly name: string;
  /** A learning rate that usually works. */
  readonly rate: number;
  readonly make: (rate: Schedule, weightDecay: number) => Optimizer;
}

export const optimizers = {
  adam: { name: "Adam", rate: 3e-3, make: (rate, weightDecay) => adam(rate, { weightDecay }) },
  adamW: { name: "AdamW", rate: 3e-3, make: (rate, weightDecay) => adamW(rate, { weightDecay }) },
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

/** A digit with its article. */
export function aDigit(digit: number): string {
  return `${digit === 8 ? "an" : "a"} ${digit}`;
}

/** Width and height of the convolutional network's filters. */
export const FILTER_SIDE = 5;
/** Filters of its two layers. */
export const FILTERS = [8, 16] as const;
/** Numbers that its last layer reads: each filter's map of 28x28, pooled twice. */
export const READ = (FILTERS[1] * PIXELS) / 16;

/** What a model is made of, without anything else that is beside it. */
export function architectureOf(architecture: Architecture): Architecture {
  const { kind, dropout } = architecture;
  if (kind === "convolutional") return { kind, dropout };
  const { hidden, activation } = architecture;
  return { kind, hidden, activation, dropout };
}

/** 784 inputs, the hidden layers, 10 outputs. */
export function dense({ hidden, activation, dropout }: Dense): Sequential {
  const widths = [PIXELS, ...hidden];
  const layers = hidden.flatMap((width, i) => [
    new Linear(widths[i], width),
    activations[activation],
    ...(dropout > 0 ? [new Dropout(dropout)] : []),
  ]);
  return new Sequential(...layers, new Linear(widths[hidden.length], CLASSES));
}

/** Weights and biases, counted. */
export function parameterCount(architecture: Architecture): number {
  if (architecture.kind === "convolutional") {
    const weights = FILTER_SIDE * FILTER_SIDE;
    const [first, second] = FILTERS;
    return (weights + 1) * first + (weights * first + 1) * second + (READ + 1) * CLASSES;
  }
  const widths = [PIXELS, ...architecture.hidden, CLASSES];
  return widths.slice(1).reduce((sum, width, i) => sum + (widths[i] + 1) * width, 0);
}

/** Bytes become numbers with mean 0 and deviation 1 over MNIST. */
export function preprocess(x: Tensor): Tensor {
  return x
    .cast("f32")
    .sub(0.1307 * 255)
    .mul(1 / (0.3081 * 255));
}

/** Whether two describe the same network. */
export function sameNetwork(a: Architecture, b: Architecture): boolean {
  return JSON.stringify(architectureOf(a)) === JSON.stringify(architectureOf(b));
}

/** "784 – 128 – 10", or with numbers of filters "28 × 28 – 8 – 16 – 10" */
export function showShape(architecture: Architecture): string {
  const [input, widths] = architecture.kind === "convolutional" ? ["28 × 28", FILTERS] : [PIXELS, architecture.hidden];
  return [input, ...widths, CLASSES].join(" – ");
}
