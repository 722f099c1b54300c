// Few noisy points and a wide network: it learns the noise, too, unless its weights are held small or it stops in time.
import { type Executor, Trainer } from "simdgrad";
import { Linear, mseLoss, Sequential, tanh } from "simdgrad/nn";
import { adamW } from "simdgrad/optim";

export const UPDATES = 4000;
/** Of the validation loss of a training to the end: what another one is to reach. */
export const SHARE = 0.6;
const UNITS = 64;
const RATE = 1e-3;
/** Inputs are stretched, so that the network may bend as much as it likes. */
const STRETCH = 6;

interface Sample {
  readonly x: number;
  readonly y: number;
}

/** What is behind the points. */
export function truth(x: number): number {
  return 0.8 * Math.sin(2.5 * x);
}

const noise = [0.28, -0.33, 0.1, 0.36, -0.25, -0.3, 0.31, -0.12, 0.25, -0.34];
/** What it learns from: ten points with noise. */
export const points: readonly Sample[] = noise.map((off, i) => {
  const x = -1 + (2 * i) / (noise.length - 1);
  return { x, y: truth(x) + off };
});
/** What it never learns from: thirty other points, each of the ten errors three times among them, backwards and shifted. */
export const validationPoints = Array.from({ length: 3 * noise.length }, (_, i): Sample => {
  const x = -0.97 + (1.94 * i) / (3 * noise.length - 1);
  return { x, y: truth(x) + noise[(9 * i + 4 * Math.floor(i / noise.length) + 3) % noise.length] };
});

const columns = (samples: readonly Sample[]) => ({
  x: samples.map(({ x }) => [STRETCH * x]),
  y: samples.map(({ y }) => [y]),
});

export interface Losses {
  readonly training: number;
  readonly validation: number;
}

export class CurveTraining {
  readonly #trainer: Trainer;
  #loaded = false;

  constructor(weightDecay: number, executor: Executor) {
    const model = new Sequential(new Linear(1, UNITS), tanh, new Linear(UNITS, 1));
    this.#trainer = new Trainer(model, { loss: mseLoss, optimizer: adamW(RATE, { weightDecay }), executor });
  }

  /** Makes so many updates; gives the losses after each. */
  async train(updates: number): Promise<Losses[]> {
    if (!this.#loaded) await this.#trainer.load(columns(points));
    this.#loaded = true;
    const history = await this.#trainer.fit({
      batch: "all",
      epochs: updates,
      shuffle: false,
      validation: columns(validationPoints),
    });
    // The history begins with the first fit. A step tells its loss before its update, which is the loss after the one before.
    const latest = history.slice(-updates);
    const { loss: now } = await this.#trainer.evaluate(columns(points));
    return latest.map(({ validation }, i) => ({
      training: latest[i + 1]?.loss ?? now,
      validation: validation?.loss ?? Number.NaN,
    }));
  }

  /** The curve that it draws by now. */
  async curve(xs: readonly number[]): Promise<number[]> {
    const { data } = await this.#trainer.predict(xs.map((x) => [STRETCH * x]));
    return [...data];
  }

  dispose(): Promise<void> {
    return this.#trainer.dispose();
  }
}
