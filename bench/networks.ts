// The training steps that are timed, and data for them: seeded, never zero, the same in every process.
import { Trainer } from "../src/index.ts";
import { crossEntropy, Linear, mseLoss, relu, Sequential, tanh } from "../src/nn/index.ts";
import { adam, sgd } from "../src/optim/index.ts";
import type { Executor } from "../src/runtime/executor.ts";

export interface Network {
  readonly batch: number;
  /** Steps of one request, about. */
  readonly steps: number;
  readonly trainer: (executor: Executor) => Promise<Trainer>;
}

const ROWS = 1024;

function mlp(
  widths: readonly number[],
  batch: number,
  steps: number,
  optimizer: () => ReturnType<typeof sgd>,
): Network {
  const trainer = async (executor: Executor) => {
    const layers = widths.slice(1).flatMap((width, i) => [relu, new Linear(widths[i], width)]);
    const made = new Trainer(new Sequential(...layers.slice(1)), {
      loss: crossEntropy,
      optimizer: optimizer(),
      executor,
    });
    const x = Float32Array.from({ length: ROWS * widths[0] }, (_, i) => ((i * 0.618034) % 1) + 0.01);
    const y = Int32Array.from({ length: ROWS }, (_, i) => (i * 7) % 10);
    await made.load({ x: { data: x, shape: [ROWS, widths[0]] }, y: { data: y, shape: [ROWS] } });
    return made;
  };
  return { batch, steps, trainer };
}

async function xor(executor: Executor): Promise<Trainer> {
  const model = new Sequential(new Linear(2, 3), tanh, new Linear(3, 1));
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor });
  await trainer.load({
    x: [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ],
    y: [[0], [1], [1], [0]],
  });
  return trainer;
}

export const networks: Readonly<Record<string, Network>> = {
  "mlp-128-adam": mlp([784, 128, 10], 64, 20, () => adam(1e-3)),
  "mlp-128-sgd": mlp([784, 128, 10], 64, 20, () => sgd(0.01)),
  "mlp-512-adam": mlp([784, 512, 512, 10], 128, 4, () => adam(1e-3)),
  "mlp-512-sgd": mlp([784, 512, 512, 10], 128, 4, () => sgd(0.01)),
  xor: { batch: 4, steps: 20_000, trainer: xor },
};
