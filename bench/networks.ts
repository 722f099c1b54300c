// The training steps that are timed, as data: our trainer and every peer build the same network from a row.

/** A convolution over one or two axes, a square window; its bias goes where a norm follows. */
export interface ConvRow {
  readonly conv: 1 | 2;
  readonly channels: readonly [from: number, to: number];
  readonly size: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
  readonly bias?: boolean;
}

/** Self-attention of several heads and two linear layers, as TransformerEncoderLayer without dropout. */
export interface EncoderRow {
  readonly encoder: number;
  readonly heads: number;
  /** Of a GPT: no place sees those after it, norms come first, the activation is gelu; else that is relu. */
  readonly causal?: boolean;
}

/** A layer: what it needs to be built by any library. */
export type LayerRow =
  | "relu"
  | "flatten"
  /** Over all places of a channel. */
  | "mean"
  | ConvRow
  | { readonly maxPool: number; readonly axes: 1 | 2 }
  | { readonly batchNorm: number }
  /** Along sequences [batch, steps, features], all outputs. */
  | { readonly lstm: readonly [from: number, to: number] }
  | { readonly gru: readonly [from: number, to: number] }
  | EncoderRow
  /** A vector of so many numbers for each of so many tokens, and one for each place. */
  | { readonly embedding: readonly [tokens: number, to: number]; readonly places: number }
  | { readonly layerNorm: number }
  /** Of all steps of a sequence: the last, or their mean. */
  | "lastStep"
  | "meanStep"
  | { readonly linear: readonly [from: number, to: number] }
  /** The sum of what both make of the input; nothing in a shortcut is the input itself. */
  | { readonly main: readonly LayerRow[]; readonly shortcut: readonly LayerRow[] };

/** Fully connected layers with an activation between them. */
export interface Dense {
  readonly kind: "mlp";
  readonly widths: readonly number[];
  readonly activation: "relu" | "tanh";
}

/** Layers of all kinds, one after the other. */
export interface Layered {
  readonly kind: "layers";
  /** The shape of one row of x. */
  readonly input: readonly number[];
  /** x is of so many tokens, and y has one for each of them. */
  readonly tokens?: number;
  readonly layers: readonly LayerRow[];
}

export type Network = (Dense | Layered) & Training;

export interface Training {
  readonly loss: "crossEntropy" | "mse";
  readonly optimizer: { readonly name: "adam" | "sgd"; readonly rate: number };
  readonly batch: number;
  /** Rows of the data set; a step takes `batch` of them. */
  readonly rows: number;
  /** Steps of one request at the most; a slow contender makes fewer. */
  readonly steps: number;
}

const digits = { kind: "mlp", activation: "relu", loss: "crossEntropy", rows: 1024 } as const;
const small = { ...digits, widths: [784, 128, 10], batch: 64, steps: 100 } as const;
const large = { ...digits, widths: [784, 512, 512, 10], batch: 128, steps: 12 } as const;
const images = { kind: "layers", loss: "crossEntropy", rows: 256 } as const;
const sequences = { kind: "layers", loss: "crossEntropy", rows: 192, steps: 20 } as const;
const adam = { name: "adam", rate: 1e-3 } as const;
const sgd = { name: "sgd", rate: 0.1 } as const;

export const networks: Readonly<Record<string, Network>> = {
  "mlp-128-adam": { ...small, optimizer: adam },
  "mlp-128-sgd": { ...small, optimizer: sgd },
  "mlp-512-adam": { ...large, optimizer: adam },
  "mlp-512-sgd": { ...large, optimizer: sgd },
  xor: {
    kind: "mlp",
    widths: [2, 3, 1],
    activation: "tanh",
    loss: "mse",
    optimizer: { name: "sgd", rate: 0.1 },
    batch: 4,
    rows: 4,
    steps: 200_000,
  },
  "cnn-adam": {
    ...images,
    input: [1, 28, 28],
    layers: [
      { conv: 2, channels: [1, 8], size: 5, padding: 2 },
      "relu",
      { maxPool: 2, axes: 2 },
      { conv: 2, channels: [8, 16], size: 5, padding: 2 },
      "relu",
      { maxPool: 2, axes: 2 },
      "flatten",
      { linear: [16 * 7 * 7, 10] },
    ],
    optimizer: adam,
    batch: 64,
    steps: 50,
  },
  "cnn-20-adam": {
    ...images,
    input: [3, 36, 36],
    layers: [
      { conv: 2, channels: [3, 12], size: 3, padding: 1 },
      "relu",
      { maxPool: 2, axes: 2 },
      { conv: 2, channels: [12, 20], size: 3, padding: 1 },
      "relu",
      { maxPool: 2, axes: 2 },
      "flatten",
      { linear: [20 * 9 * 9, 10] },
    ],
    optimizer: adam,
    batch: 32,
    steps: 50,
  },
  "residual-adam": {
    ...images,
    input: [3, 32, 32],
    layers: [
      ...normed(3, 16),
      ...block(16, 16),
      ...block(16, 32, 2),
      ...block(32, 64, 2),
      "mean",
      { linear: [64, 10] },
    ],
    optimizer: adam,
    batch: 32,
    steps: 6,
  },
  "residual-24-adam": {
    ...images,
    input: [3, 28, 28],
    layers: [...normed(3, 24), ...block(24, 24), ...block(24, 40, 2), "mean", { linear: [40, 10] }],
    optimizer: adam,
    rows: 240,
    batch: 24,
    steps: 6,
  },
  "separable-adam": {
    ...images,
    input: [3, 32, 32],
    layers: [
      ...normed(3, 16),
      ...separable(16, 32, 2),
      ...separable(32, 64, 2),
      ...separable(64, 64),
      "mean",
      { linear: [64, 10] },
    ],
    optimizer: adam,
    batch: 32,
    steps: 20,
  },
  "separable-24-adam": {
    ...images,
    input: [3, 28, 28],
    layers: [...normed(3, 24), ...separable(24, 48, 2), ...separable(48, 48), "mean", { linear: [48, 10] }],
    optimizer: adam,
    rows: 240,
    batch: 24,
    steps: 20,
  },
  "conv1d-adam": {
    ...images,
    input: [1, 16_000],
    layers: [
      { conv: 1, channels: [1, 16], size: 80, stride: 4 },
      "relu",
      { maxPool: 4, axes: 1 },
      { conv: 1, channels: [16, 32], size: 9 },
      "relu",
      { maxPool: 4, axes: 1 },
      { conv: 1, channels: [32, 64], size: 9 },
      "relu",
      "mean",
      { linear: [64, 10] },
    ],
    optimizer: adam,
    rows: 64,
    batch: 16,
    steps: 10,
  },
  "conv1d-24-adam": {
    ...images,
    input: [2, 6000],
    layers: [
      { conv: 1, channels: [2, 24], size: 40, stride: 3 },
      "relu",
      { maxPool: 4, axes: 1 },
      { conv: 1, channels: [24, 40], size: 7 },
      "relu",
      "mean",
      { linear: [40, 10] },
    ],
    optimizer: adam,
    rows: 60,
    batch: 20,
    steps: 20,
  },
  "lstm-adam": {
    ...sequences,
    input: [32, 64],
    layers: [{ lstm: [64, 128] }, "lastStep", { linear: [128, 64] }],
    optimizer: adam,
    batch: 32,
  },
  "lstm-256-adam": {
    ...sequences,
    input: [24, 40],
    layers: [{ lstm: [40, 256] }, "lastStep", { linear: [256, 10] }],
    optimizer: adam,
    batch: 16,
  },
  "gru-adam": {
    ...sequences,
    input: [32, 64],
    layers: [{ gru: [64, 128] }, "lastStep", { linear: [128, 64] }],
    optimizer: adam,
    batch: 32,
  },
  "gru-96-adam": {
    ...sequences,
    input: [50, 20],
    layers: [{ gru: [20, 96] }, "lastStep", { linear: [96, 10] }],
    optimizer: adam,
    batch: 24,
  },
  "gpt-adam": { ...gpt(4, 128, 4, 64), optimizer: adam, batch: 12 },
  "gpt-96-adam": { ...gpt(2, 96, 3, 100), optimizer: adam, batch: 8 },
  "encoder-adam": {
    ...sequences,
    input: [128, 128],
    layers: [...encoders(2, 128, 4), "meanStep", { linear: [128, 10] }],
    optimizer: adam,
    batch: 16,
  },
  "encoder-64-adam": {
    ...sequences,
    input: [80, 64],
    layers: [...encoders(2, 64, 2), "meanStep", { linear: [64, 10] }],
    optimizer: adam,
    batch: 12,
  },
};

function encoders(count: number, encoder: number, heads: number, causal = false): readonly EncoderRow[] {
  return Array.from({ length: count }, () => ({ encoder, heads, causal }));
}

/** Over 65 letters, as nanoGPT, with weights of its own for the head. */
function gpt(depth: number, width: number, heads: number, places: number): Layered & typeof sequences {
  const ends = [{ layerNorm: width }, { linear: [width, 65] }] as const;
  const layers = [{ embedding: [65, width], places }, ...encoders(depth, width, heads, true), ...ends] as const;
  return { ...sequences, input: [places], tokens: 65, layers };
}

/** A 3x3 convolution with batch norm and an activation. */
function normed(from: number, to: number, stride = 1): readonly LayerRow[] {
  return [{ conv: 2, channels: [from, to], size: 3, stride, padding: 1, bias: false }, { batchNorm: to }, "relu"];
}

/** A residual block of two 3x3 convolutions. */
function block(from: number, to: number, stride = 1): readonly LayerRow[] {
  const main = [...normed(from, to, stride), ...normed(to, to).slice(0, 2)];
  const one: ConvRow = { conv: 2, channels: [from, to], size: 1, stride, bias: false };
  return [{ main, shortcut: from === to && stride === 1 ? [] : [one, { batchNorm: to }] }, "relu"];
}

/** A 3x3 convolution of each channel by itself, then one of single places over all channels. */
function separable(from: number, to: number, stride = 1): readonly LayerRow[] {
  return [
    { conv: 2, channels: [from, from], size: 3, stride, padding: 1, groups: from, bias: false },
    { batchNorm: from },
    "relu",
    { conv: 2, channels: [from, to], size: 1, bias: false },
    { batchNorm: to },
    "relu",
  ];
}
