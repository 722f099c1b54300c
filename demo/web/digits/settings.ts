// What a visitor chooses, as values and in the address.
import { choice, number, seed, whole } from "../shared/address.ts";
import type { Place } from "../shared/places.ts";
import type { Amount } from "./data.ts";
import { type Activation, type Architecture, activations, type OptimizerName, optimizers } from "./model.ts";

export type Settings = Architecture & Training;

interface Training {
  /** Of the first weights, the order of the digits, and everything else random. */
  readonly seed: number;
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  readonly batch: number;
  readonly epochs: number;
  readonly amount: Amount;
  /** Pixels that digits are moved by at the most, another way each time. */
  readonly shift: number;
  readonly weightDecay: number;
  readonly place: Place;
  readonly build: "fastest" | "portable";
}

/** What each field of the form may be. */
export const offers = {
  kind: ["convolutional", "dense"],
  width: ["0", "16", "32", "64", "128", "256", "512"],
  batch: ["32", "64", "128", "256", "512", "1000"],
  weightDecay: ["0", "0.00001", "0.0001", "0.001", "0.01", "0.1"],
  dropout: ["0", "0.1", "0.25", "0.5"],
  shift: ["0", "1", "2"],
} as const;

const names = <T extends string>(of: Readonly<Record<T, unknown>>) => Object.keys(of) as T[];

/** The address of the page: all settings, and where the training ends by itself. */
export const fields = {
  seed,
  /** 0: after the epochs that are asked for. */
  steps: whole(0, 0, 1e9),
  layers: choice("convolutional", offers.kind),
  hidden1: choice("128", offers.width),
  hidden2: choice("0", offers.width),
  activation: choice<Activation>("relu", names(activations)),
  dropout: choice("0.25", offers.dropout),
  optimizer: choice<OptimizerName>("adam", names(optimizers)),
  rate: number(optimizers.adam.rate, 1e-5, 1),
  batch: choice("64", offers.batch),
  epochs: whole(15, 1, 1000),
  digits: choice<Amount>("10000", ["10000", "60000"]),
  shift: choice("1", offers.shift),
  decay: choice("0", offers.weightDecay),
  place: choice<Place>("threads", ["threads", "one", "js", "page"]),
  build: choice("fastest", ["fastest", "portable"] as const),
};

/** Whether one training can go on in the middle of the other's epoch. */
export function sameTraining(a: Settings, b: Settings): boolean {
  const parts = ["optimizer", "weightDecay", "batch", "amount", "shift", "seed"] as const;
  return parts.every((name) => a[name] === b[name]);
}
