// Exclusive or: 1 where one of two inputs is 1 and the other is not. No straight line parts these points, so it takes a hidden layer.
import { type Executor, Trainer } from "simdgrad";
import { binaryCrossEntropyWithLogits, Linear, Sequential, tanh } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";

export const samples = {
  x: [[0, 0], [0, 1], [1, 0], [1, 1]], // biome-ignore format: a table
  y: [[0], [1], [1], [0]],
};
export const UPDATES = 2000;

export class XorTraining {
  readonly #trainer: Trainer;
  #loaded = false;

  /** @param units of the hidden layer; 0: none */
  constructor(units: number, seed: number, executor: Executor) {
    const model = units === 0 ? new Linear(2, 1) : new Sequential(new Linear(2, units), tanh, new Linear(units, 1));
    this.#trainer = new Trainer(model, { loss: binaryCrossEntropyWithLogits, optimizer: sgd(0.5), executor, seed });
  }

  /** Makes so many updates; gives their losses. */
  async train(updates: number): Promise<number[]> {
    if (!this.#loaded) await this.#trainer.load(samples);
    this.#loaded = true;
    const history = await this.#trainer.fit({ batch: "all", epochs: updates, shuffle: false });
    // The history begins with the first fit.
    return history.slice(-updates).map(({ loss }) => loss);
  }

  /** What it says of the four samples: how sure it is of 1. */
  async answers(): Promise<number[]> {
    const { data } = await this.#trainer.predict(samples.x, { as: "sigmoid" });
    return [...data];
  }

  dispose(): Promise<void> {
    return this.#trainer.dispose();
  }
}
