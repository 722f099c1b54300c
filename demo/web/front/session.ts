// The network of the front page in training: two numbers in, two arms out. Always the portable build, so that a link gives the same bits.
import { type Executor, type Fit, Trainer } from "simdgrad";
import type { NumericArray } from "simdgrad/data";
import { crossEntropy, Linear, Sequential, tanh } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { open } from "../shared/places.ts";
import type { Metadata } from "../shared/tools.ts";
import { HIDDEN, RATE, SIDE } from "./network.ts";
import { spiral } from "./spiral.ts";

const ENDLESS = 1_000_000_000;

const grid = {
  data: Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
    const point = i >> 1;
    return (2 * ((i & 1 ? Math.floor(point / SIDE) : point % SIDE) + 0.5)) / SIDE - 1;
  }),
  shape: [SIDE * SIDE, 2],
};

export class Session {
  readonly points: ReturnType<typeof spiral>;
  readonly #executor: Executor;
  readonly #model = new Sequential(
    new Linear(2, HIDDEN),
    tanh,
    new Linear(HIDDEN, HIDDEN),
    tanh,
    new Linear(HIDDEN, 2),
  );
  readonly #trainer: Trainer;

  private constructor(seed: number, executor: Executor) {
    this.#executor = executor;
    this.points = spiral(seed);
    this.#trainer = new Trainer(this.#model, { loss: crossEntropy, optimizer: adam(RATE), executor, seed });
  }

  /** A network with the first weights of a seed, in a worker with one thread, its points loaded. */
  static async create(seed: number, place: "one" | "js"): Promise<Session> {
    const session = new Session(seed, await open(place, "portable"));
    await session.#trainer.load(session.points);
    return session;
  }

  /** Goes on for so many steps, each on all points; 0: without end. */
  fit(steps: number): Fit {
    return this.#trainer.fit({ batch: "all", shuffle: false, epochs: steps === 0 ? ENDLESS : steps });
  }

  /** How sure it is of the second arm, all over the picture, line by line: 0 to 1. */
  async surface(): Promise<Float32Array> {
    const { data } = await this.#trainer.predict(grid, { as: "softmax" });
    return Float32Array.from({ length: SIDE * SIDE }, (_, i) => data[2 * i + 1]);
  }

  weights(): Promise<Record<string, NumericArray>> {
    return this.#trainer.stateDict();
  }

  async onnx(metadata: Metadata): Promise<Uint8Array> {
    const { toOnnx } = await import("simdgrad/onnx");
    const signature = { input: ["batch", 2], inputNames: ["point"], outputNames: ["scores"] };
    return toOnnx(this.#model, signature, { state: await this.weights(), metadata });
  }

  dispose(): Promise<void> {
    return this.#executor.dispose();
  }
}
