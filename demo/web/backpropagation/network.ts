// What network is shown, on which sample, and what its parts are called. Plain data: the numbers are made in graph.ts.

export type Activation = "linear" | "sigmoid" | "tanh" | "relu";

export const activations: Readonly<Record<Activation, string>> = {
  linear: "none (linear)",
  sigmoid: "sigmoid",
  tanh: "tanh",
  relu: "ReLU",
};

/** Everything that the numbers follow from. */
export interface Setup {
  /** Units of each layer, inputs first. */
  readonly sizes: readonly number[];
  /** Of the hidden layers. */
  readonly activation: Activation;
  /** Of the last layer. */
  readonly last: Activation;
  readonly bias: boolean;
  readonly inputs: readonly number[];
  readonly targets: readonly number[];
  readonly rate: number;
  /** First weights in order: a layer's rows, one for each of its units, then its biases. */
  readonly weights: readonly number[];
}

/** One weight, or with `from` undefined the bias of a unit. */
export interface Weight {
  /** Of the layer that it leads into; 1 is the first after the inputs. */
  readonly layer: number;
  readonly from: number | undefined;
  readonly to: number;
}

export const MOST_HIDDEN_LAYERS = 2;
export const MOST_UNITS = 4;

/** The exercise that the page begins with. */
export const exercise: Setup = {
  sizes: [2, 1],
  activation: "sigmoid",
  last: "linear",
  bias: false,
  inputs: [1, 0.8],
  targets: [0.6],
  rate: 0.1,
  weights: [0.5, -0.2],
};

/** The same sample with two units between. */
export const hiddenLayer: Setup = {
  ...exercise,
  sizes: [2, 2, 1],
  rate: 0.5,
  weights: [0.5, -0.2, 0.3, 0.8, 0.7, -0.4],
};

/** Layers that have weights. */
export function depth({ sizes }: Pick<Setup, "sizes">): number {
  return sizes.length - 1;
}

export function activationOf({ sizes, activation, last }: Setup, layer: number): Activation {
  return layer === sizes.length - 1 ? last : activation;
}

/** All weights and biases, layer by layer and unit by unit. */
export function allWeights({ sizes, bias }: Pick<Setup, "sizes" | "bias">): Weight[] {
  return sizes.slice(1).flatMap((size, at) =>
    Array.from({ length: size }, (_, to) => {
      const into = Array.from({ length: sizes[at] }, (_, from) => ({ layer: at + 1, from, to }));
      return bias ? [...into, { layer: at + 1, from: undefined, to }] : into;
    }).flat(),
  );
}

/** The first weights by layers: rows of one for each unit, and biases. */
export function splitWeights({
  sizes,
  bias,
  weights,
}: Setup): { readonly rows: number[][]; readonly biases: number[] }[] {
  let at = 0;
  const take = (count: number) => {
    at += count;
    return weights.slice(at - count, at);
  };
  return sizes.slice(1).map((size, before) => ({
    rows: Array.from({ length: size }, () => take(sizes[before])),
    biases: take(bias ? size : 0),
  }));
}

export function weightCount({ sizes, bias }: Pick<Setup, "sizes" | "bias">): number {
  return sizes.slice(1).reduce((sum, size, before) => sum + size * (sizes[before] + (bias ? 1 : 0)), 0);
}

/** Weights between -1 and 1 with two digits, the same for the same seed in every engine. */
export function drawnWeights(shape: Pick<Setup, "sizes" | "bias">, seed: number): number[] {
  let state = (seed % 2147483646) + 1;
  const next = () => {
    state = (state * 48271) % 2147483647; // the minimal standard generator of Park and Miller
    return state;
  };
  next();
  return Array.from({ length: weightCount(shape) }, () => {
    const drawn = (next() % 198) - 99;
    return (drawn < 0 ? drawn : drawn + 1) / 100; // never 0, which would hide a path
  });
}

const small = "₀₁₂₃₄₅₆₇₈₉";

function letter(sizes: readonly number[], layer: number): string {
  if (layer === 0) return "x";
  if (layer === sizes.length - 1) return "y";
  return layer === 1 ? "h" : "k";
}

/** What a unit is called, such as x₁, h₂ or, the only output, y. */
export function unitName({ sizes }: Pick<Setup, "sizes">, layer: number, unit: number): string {
  const alone = layer === sizes.length - 1 && sizes[layer] === 1;
  return letter(sizes, layer) + (alone ? "" : small[unit + 1]);
}

/** What the sum is called that a unit makes of what comes in. */
export function sumName(setup: Pick<Setup, "sizes">, layer: number, unit: number): string {
  return setup.sizes.length === 2 && setup.sizes[1] === 1 ? "z" : `z(${unitName(setup, layer, unit)})`;
}

export function targetName({ sizes }: Pick<Setup, "sizes">, unit: number): string {
  return (sizes.at(-1) ?? 1) === 1 ? "t" : `t${small[unit + 1]}`;
}

/** What a weight is called: w₁ where all lead to one unit, w(x₁→h₂) elsewhere, b(h₂) a bias. */
export function weightName(setup: Pick<Setup, "sizes">, { layer, from, to }: Weight): string {
  const alone = setup.sizes.length === 2 && setup.sizes[1] === 1;
  if (from === undefined) return alone ? "b" : `b(${unitName(setup, layer, to)})`;
  return alone ? `w${small[from + 1]}` : `w(${unitName(setup, layer - 1, from)}→${unitName(setup, layer, to)})`;
}

export function sameWeight(a: Weight, b: Weight): boolean {
  return a.layer === b.layer && a.from === b.from && a.to === b.to;
}
