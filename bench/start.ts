// Where all contenders of a network start from: data, first weights and the order of the rows, as plain arrays that also other
// processes and other languages read. Never zero, the same in every run.
import { arange, evaluate, foldIn, JsExecutor, permuteIndex, randomKey, Trainer } from "../src/index.ts";
import { crossEntropy, type Layer, Linear, mseLoss, relu, Sequential, tanh } from "../src/nn/index.ts";
import { adam, sgd } from "../src/optim/index.ts";
import type { Executor } from "../src/runtime/executor.ts";
import type { Network } from "./networks.ts";

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

function modelOf({ widths, activation }: Network): Layer {
  const layers = widths
    .slice(1)
    .flatMap((width, i) => [activation === "relu" ? relu : tanh, new Linear(widths[i], width)]);
  return new Sequential(...layers.slice(1));
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

function patterns({ rows, widths }: Network) {
  const [width, classes] = [widths[0], widths[widths.length - 1]];
  return {
    x: {
      data: Float32Array.from({ length: rows * width }, (_, i) => ((i * 0.618034) % 1) + 0.01),
      shape: [rows, width],
    },
    y: { data: Int32Array.from({ length: rows }, (_, i) => (i * 7) % classes), shape: [rows] },
  };
}
