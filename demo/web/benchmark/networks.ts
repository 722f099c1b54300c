// The networks whose training steps are measured: those of the project's own benchmarks, and a tiny one.
import { networks as all, type Network } from "../../../bench/networks.ts";

const tiny: Network = {
  kind: "mlp",
  widths: [2, 8, 8, 2],
  activation: "tanh",
  loss: "crossEntropy",
  optimizer: { name: "adam", rate: 1e-3 },
  batch: 32,
  rows: 256,
  steps: 5000,
};

export interface Measured {
  readonly name: string;
  readonly about: string;
  readonly network: Network;
}

export const measured = {
  dense: { name: "784-128-10", about: "reads digits; batches of 64, Adam", network: all["mlp-128-adam"] },
  cnn: {
    name: "Convolutions",
    about: "8 and 16 filters of 5 × 5 on 28 × 28; batches of 64, Adam",
    network: all["cnn-adam"],
  },
  tiny: { name: "2-8-8-2", about: "separates points in a plane; batches of 32, Adam", network: tiny },
} satisfies Readonly<Record<string, Measured>>;

export type NetworkName = keyof typeof measured;
export const networkNames = Object.keys(measured) as NetworkName[];
