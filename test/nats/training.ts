// What members of the tests' runs train: two spirals.
import { Trainer, WasmExecutor } from "../../src/index.ts";
import { type Distribution, type NatsOptions, nats } from "../../src/nats/index.ts";
import { crossEntropy, Linear, Sequential, tanh } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";

const ROWS = 300;
const y = Array.from({ length: ROWS }, (_, i) => i % 2);
const x = y.map((side, i) => {
  const [radius, angle] = [i / ROWS, (9 * i) / ROWS + Math.PI * side];
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
});
export const data = { x, y };

export function trainer(seed: number, units = 16): Trainer {
  const model = new Sequential(new Linear(2, units), tanh, new Linear(units, units), tanh, new Linear(units, 2));
  return new Trainer(model, {
    loss: crossEntropy,
    optimizer: adam(0.01),
    executor: new WasmExecutor({ threads: 1 }),
    seed,
  });
}

export interface Trained {
  readonly digests: readonly string[];
  readonly distribute: Distribution;
  readonly loss: number;
}

/** Trains as one member, and tells the digest after each round. */
export async function train(given: NatsOptions, seed: number, epochs = 10, units = 16): Promise<Trained> {
  const one = trainer(seed, units);
  await one.load(data);
  const distribute = nats(given);
  const digests: string[] = [];
  const told = {
    every: given.innerSteps,
    onSteps: () => {
      if (distribute.round) digests[distribute.round.round] = distribute.round.digest;
    },
  };
  const history = await one.fit({ batch: 30, epochs, callbacks: [told], distribute });
  if (distribute.round) digests[distribute.round.round] = distribute.round.digest;
  await one.dispose();
  return { digests, distribute, loss: history.at(-1)?.loss ?? Number.NaN };
}
