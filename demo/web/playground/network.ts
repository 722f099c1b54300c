// What networks are made of here: what they see of a point, their activations, their optimizers; each beside its text in the page's code.

import type { Variable } from "simdgrad";
import { concat, type Tensor } from "simdgrad";
import { gelu, Linear, relu, Sequential, sigmoid, tanh } from "simdgrad/nn";
import {
  adam,
  chain,
  hyperparameter,
  l1Penalty,
  l2Penalty,
  type Optimizer,
  rmsprop,
  type Schedule,
  sgd,
} from "simdgrad/optim";

type Feature = (x: Tensor, y: Tensor) => Tensor;

/** What a network may see of a point. */
export const features = {
  x: { name: "x", of: (x) => x, text: "x" },
  y: { name: "y", of: (_, y) => y, text: "y" },
  xx: { name: "x²", of: (x) => x.square(), text: "x.square()" },
  yy: { name: "y²", of: (_, y) => y.square(), text: "y.square()" },
  xy: { name: "xy", of: (x, y) => x.mul(y), text: "x.mul(y)" },
  sx: { name: "sin x", of: (x) => x.sin(), text: "x.sin()" },
  sy: { name: "sin y", of: (_, y) => y.sin(), text: "y.sin()" },
} satisfies Record<string, { name: string; of: Feature; text: string }>;
export type FeatureName = keyof typeof features;

/** None is called by a function, too, so that layers keep their places. */
export const activations = {
  tanh: { name: "tanh", of: tanh, text: "tanh" },
  relu: { name: "ReLU", of: relu, text: "relu" },
  gelu: { name: "GELU", of: gelu, text: "gelu" },
  sigmoid: { name: "sigmoid", of: sigmoid, text: "sigmoid" },
  none: { name: "none (linear)", of: (x: Tensor) => x, text: "none" },
} satisfies Record<string, { name: string; of: (x: Tensor) => Tensor; text: string }>;
export type ActivationName = keyof typeof activations;

export const optimizers = {
  adam: { name: "Adam", of: (rate) => adam(rate), text: "adam(rate)", uses: "adam" },
  sgd: { name: "Gradient descent", of: (rate) => sgd(rate), text: "sgd(rate)", uses: "sgd" },
  momentum: {
    name: "Descent with momentum",
    of: (rate) => sgd(rate, { momentum: 0.9 }),
    text: "sgd(rate, { momentum: 0.9 })",
    uses: "sgd",
  },
  rmsprop: { name: "RMSprop", of: (rate) => rmsprop(rate), text: "rmsprop(rate)", uses: "rmsprop" },
} satisfies Record<string, { name: string; of: (rate: Schedule) => Optimizer; text: string; uses: string }>;
export type OptimizerName = keyof typeof optimizers;

/** What keeps weights small, biases left alone. */
export const penalties = {
  none: { name: "none" },
  l1: { name: "L1", of: l1Penalty, text: "l1Penalty" },
  l2: { name: "L2", of: l2Penalty, text: "l2Penalty" },
} satisfies Record<string, { name: string; of?: typeof l1Penalty; text?: string }>;
export type PenaltyName = keyof typeof penalties;

export interface Shape {
  readonly features: readonly FeatureName[];
  readonly hidden: readonly number[];
}

/** How it is trained on. */
export interface Way {
  readonly optimizer: OptimizerName;
  readonly rate: number;
  readonly penalty: PenaltyName;
  readonly strength: number;
}

/** Numbers of each layer, from what is seen to what is given. */
export function widthsOf({ features: seen, hidden }: Shape, outputs: number): number[] {
  return [seen.length, ...hidden, outputs];
}

/** Layers with new weights. */
export function layersOf(shape: Shape, outputs: number): Linear[] {
  const widths = widthsOf(shape, outputs);
  return widths.slice(1).map((width, i) => new Linear(widths[i], width));
}

/** The layers, an activation between each two. */
export function networkOf(layers: readonly Linear[], activation: ActivationName): Sequential {
  const { of } = activations[activation];
  return new Sequential(...layers.flatMap((layer, i) => (i === 0 ? [layer] : [of, layer])));
}

/** From points [rows, 2] to what the network sees; undefined where that is the points. */
export function preprocessOf(seen: readonly FeatureName[]): ((points: Tensor) => Tensor) | undefined {
  if (seen.join() === "x,y") return undefined;
  return (points) => {
    const [x, y] = [points.narrow(1, 0, 1), points.narrow(1, 1, 1)];
    return concat(
      seen.map((name) => (features[name].of as Feature)(x, y)),
      1,
    );
  };
}

export function optimizerOf({ optimizer, rate, penalty, strength }: Way): { rate: Variable; optimizer: Optimizer } {
  const variable = hyperparameter(rate);
  const plain = optimizers[optimizer].of(variable);
  if (penalty === "none" || strength === 0) return { rate: variable, optimizer: plain };
  const pull = penalties[penalty].of(strength, { mask: ({ shape }) => shape.length > 1 });
  return { rate: variable, optimizer: chain(pull, plain) };
}
