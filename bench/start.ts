// Where all contenders of a network start from: data, first weights and the order of the rows, as plain arrays that also other
// processes and other languages read. Never zero, the same in every run.
import { arange, evaluate, foldIn, JsExecutor, permuteIndex, randomKey, type Tensor, Trainer } from "../src/index.ts";
import {
  BatchNorm2d,
  type Context,
  Conv1d,
  Conv2d,
  crossEntropy,
  Embedding,
  Flatten,
  forward,
  GRU,
  type Layer,
  LayerNorm,
  Linear,
  LSTM,
  MaxPool1d,
  MaxPool2d,
  mseLoss,
  relu,
  Sequential,
  TransformerEncoderLayer,
  tanh,
} from "../src/nn/index.ts";
import { adam, sgd } from "../src/optim/index.ts";
import type { Executor } from "../src/runtime/executor.ts";
import type { EncoderRow, LayerRow, Network } from "./networks.ts";

export interface Values {
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

export interface Start {
  readonly network: Network;
  /** x and y of the data set. */
  readonly data: Readonly<Record<"x" | "y", Values>>;
  /** Rows in the order of the trainer's first epoch. */
  readonly order: Values;
  /** The state dictionary: 0.weight [out, in], 0.bias, 2.weight, ... */
  readonly weights: Readonly<Record<string, Values>>;
}

export async function startOf(network: Network): Promise<Start> {
  const { rows } = network;
  const data = network.rows === 4 ? truthTable() : patterns(network);
  const key = foldIn(randomKey(0, "shuffle"), 0);
  const order = await evaluate(permuteIndex(arange(rows), key, rows));
  const executor = new JsExecutor();
  const trainer = new Trainer(modelOf(network), optionsOf(network, executor));
  const state = Object.entries(await trainer.stateDict());
  await trainer.dispose();
  await executor.dispose();
  const weights = state.map(([name, { data: numbers, shape }]) => [name, { data: Float32Array.from(numbers), shape }]);
  return {
    network,
    data,
    order: { data: Int32Array.from(order), shape: [rows] },
    weights: Object.fromEntries(weights),
  };
}

/** Our trainer, with data and weights loaded. It measures nothing but the loss, as the peers do. */
export async function trainerOf({ network, data, weights }: Start, executor: Executor): Promise<Trainer> {
  const trainer = new Trainer(modelOf(network), optionsOf(network, executor));
  await trainer.load(data);
  await trainer.loadStateDict(weights);
  return trainer;
}

function modelOf(network: Network): Layer {
  if (network.kind === "layers") {
    const classesFirst = (x: Tensor) => x.transpose(1, 2);
    return built(network.layers, network.tokens === undefined ? [] : [classesFirst]);
  }
  const { widths, activation } = network;
  const layers = widths
    .slice(1)
    .flatMap((width, i) => [activation === "relu" ? relu : tanh, new Linear(widths[i], width)]);
  return new Sequential(...layers.slice(1));
}

function built(rows: readonly LayerRow[], then: readonly Layer[] = []): Sequential {
  return new Sequential(...rows.map(layerOf), ...then);
}

function layerOf(row: LayerRow): Layer {
  if (row === "relu") return relu;
  if (row === "flatten") return new Flatten();
  if (row === "mean") return (x: Tensor) => x.mean([...x.shape.keys()].slice(2));
  if (row === "lastStep") return (x: Tensor) => x.narrow(1, x.shape[1] - 1, 1).squeeze(1);
  if (row === "meanStep") return (x: Tensor) => x.mean(1);
  if ("conv" in row) {
    const { conv, channels, size, ...options } = row;
    return conv === 1 ? new Conv1d(...channels, size, options) : new Conv2d(...channels, size, options);
  }
  if ("maxPool" in row) return row.axes === 1 ? new MaxPool1d(row.maxPool) : new MaxPool2d(row.maxPool);
  if ("batchNorm" in row) return new BatchNorm2d(row.batchNorm);
  if ("linear" in row) return new Linear(...row.linear);
  if ("lstm" in row) return new LSTM(...row.lstm, { batchFirst: true });
  if ("gru" in row) return new GRU(...row.gru, { batchFirst: true });
  if ("encoder" in row) return new Encoder(row);
  if ("embedding" in row) return new Embedded(...row.embedding, row.places);
  if ("layerNorm" in row) return new LayerNorm(row.layerNorm);
  return new Block(built(row.main), built(row.shortcut));
}

/** Tokens and their places. */
class Embedded {
  readonly tokens: Embedding;
  readonly places: Embedding;

  constructor(tokens: number, width: number, places: number) {
    this.tokens = new Embedding(tokens, width);
    this.places = new Embedding(places, width);
  }

  forward(x: Tensor): Tensor {
    return this.tokens.forward(x).add(this.places.weight);
  }
}

/** A layer of an encoder, or a block of a GPT. */
class Encoder {
  readonly layer: TransformerEncoderLayer;
  readonly isCausal: boolean;

  constructor({ encoder, heads, causal = false }: EncoderRow) {
    const activation = causal ? "gelu" : "relu";
    const sizes = { dimFeedforward: 4 * encoder, dropout: 0, batchFirst: true };
    this.layer = new TransformerEncoderLayer(encoder, heads, { ...sizes, activation, normFirst: causal });
    this.isCausal = causal;
  }

  forward(src: Tensor, context: Context): Tensor {
    return forward(this.layer, { src, isCausal: this.isCausal }, context, "layer");
  }
}

/** The sum of what two make of the input. */
class Block {
  readonly main: Layer;
  readonly shortcut: Layer;

  constructor(main: Layer, shortcut: Layer) {
    this.main = main;
    this.shortcut = shortcut;
  }

  forward(x: Tensor, context: Context): Tensor {
    return forward(this.main, x, context, "main").add(forward(this.shortcut, x, context, "shortcut"));
  }
}

function optionsOf({ loss, optimizer: { name, rate } }: Network, executor: Executor) {
  const optimizer = name === "adam" ? adam(rate) : sgd(rate);
  return { loss: loss === "mse" ? mseLoss : crossEntropy, optimizer, executor, metrics: {} };
}

function truthTable() {
  return {
    x: { data: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), shape: [4, 2] },
    y: { data: Float32Array.of(0, 1, 1, 0), shape: [4, 1] },
  };
}

function patterns(network: Network) {
  const { rows } = network;
  const shape = [rows, ...(network.kind === "mlp" ? network.widths.slice(0, 1) : network.input)];
  const classes = network.kind === "mlp" ? network.widths[network.widths.length - 1] : 10;
  const length = shape.reduce((product, size) => product * size);
  if (network.kind === "layers" && network.tokens !== undefined) {
    const text = Int32Array.from({ length: length + 1 }, (_, i) => (i * i + (i >> 3)) % 65);
    return { x: { data: text.slice(0, -1), shape }, y: { data: text.slice(1), shape } };
  }
  return {
    x: { data: Float32Array.from({ length }, (_, i) => ((i * 0.618034) % 1) + 0.01), shape },
    y: { data: Int32Array.from({ length: rows }, (_, i) => (i * 7) % classes), shape: [rows] },
  };
}
