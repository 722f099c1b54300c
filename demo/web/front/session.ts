// The network of the front page in training: two numbers in, two arms out. Its programs came with the page (prepare.ts), and are run by an
// executor in a worker; always the portable build, so that a link gives the same bits.

import { data, first, keys, predict, step } from "virtual:prepared";
import type { Executor, Program, ProgramId } from "simdgrad";
import type { NumericArray } from "simdgrad/data";
import { spawn } from "simdgrad/worker";
import { streamOf } from "../../../src/ops/stream.ts";
import type { Metadata } from "../shared/tools.ts";
import { SIDE } from "./network.ts";
import { spiral } from "./spiral.ts";
import { Training } from "./training.ts";

const grid = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
  const point = i >> 1;
  return (2 * ((i & 1 ? Math.floor(point / SIDE) : point % SIDE) + 0.5)) / SIDE - 1;
});

/** Weights and biases, as a trainer names them. */
const parameters = first.variables.filter(({ name }) => /^\d/.test(name));

export class Session {
  readonly points: ReturnType<typeof spiral>;
  readonly #executor: Executor;
  readonly #step: ProgramId;
  readonly #predict: ProgramId;
  /** What is still read for a file. */
  #reading: Promise<unknown> = Promise.resolve();

  private constructor(executor: Executor, points: ReturnType<typeof spiral>, programs: readonly ProgramId[]) {
    this.#executor = executor;
    this.points = points;
    [this.#step, this.#predict] = programs;
  }

  /** A network with the first weights of a seed, in a worker with one thread, its points there. */
  static async create(seed: number, place: "one" | "js"): Promise<Session> {
    const where = place === "js" ? ({ executor: "js" } as const) : ({ build: "portable" } as const);
    const executor = await spawn({ threads: 1, respawn: true, ...where });
    try {
      return await Session.#of(executor, seed);
    } catch (error) {
      await executor.dispose();
      throw error;
    }
  }

  static async #of(executor: Executor, seed: number): Promise<Session> {
    const points = spiral(seed);
    const once = [await executor.load(firstOf(seed)), await executor.load(data)];
    await executor.run(once.map((id) => [id, 1])).done;
    await executor.writeAll([
      { slot: { variable: "data.x" }, data: points.x.flat() },
      { slot: { variable: "data.y" }, data: points.y },
    ]);
    const programs = [await executor.load(step), await executor.load(predict)];
    for (const id of once) await executor.unload(id);
    return new Session(executor, points, programs);
  }

  /** Goes on for so many steps, each on all points; 0: without end. */
  fit(steps: number): Training {
    const repeat = steps === 0 ? Number.POSITIVE_INFINITY : steps;
    return new Training(this.#executor.run([[this.#step, 1]], { repeat }), repeat, this.points.y.length);
  }

  /** How sure it is of the second arm, all over the picture, line by line: 0 to 1. */
  async surface(): Promise<Float32Array> {
    const { y } = await this.#executor.step(this.#predict, { x: grid });
    return Float32Array.from({ length: SIDE * SIDE }, (_, i) => y[2 * i + 1]);
  }

  /** Whether it runs as WebAssembly. */
  get isWasm(): boolean {
    return this.#executor.info.name.startsWith("wasm");
  }

  weights(): Promise<Record<string, NumericArray>> {
    const weights = this.#weights();
    this.#reading = Promise.allSettled([this.#reading, weights]);
    return weights;
  }

  async #weights(): Promise<Record<string, NumericArray>> {
    const values = await this.#executor.readAll(parameters.map(({ key }) => ({ variable: key })));
    return Object.fromEntries(parameters.map(({ name, shape }, i) => [name, { data: values[i], shape: [...shape] }]));
  }

  async onnx(metadata: Metadata): Promise<Uint8Array> {
    const [state, { toOnnx }, { newModel }] = await Promise.all([
      this.weights(),
      import("simdgrad/onnx"),
      import("./model.ts"),
    ]);
    const signature = { input: ["batch", 2], inputNames: ["point"], outputNames: ["scores"] };
    return toOnnx(newModel(), signature, { state, metadata });
  }

  /** Once what is read of it is there. */
  async dispose(): Promise<void> {
    await this.#reading;
    await this.#executor.dispose();
  }
}

/** The program that gives the first weights of a seed. */
function firstOf(seed: number): Program {
  const constants = [...first.constants];
  for (const [index, path, half] of keys)
    constants[index] = { ...constants[index], data: Int32Array.of(streamOf(seed, path)[half]) };
  return { ...first, constants };
}
