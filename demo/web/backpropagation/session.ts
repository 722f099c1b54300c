// One network from its first weights on: the executor makes updates, and every one that was made is kept.
import type { Executor } from "simdgrad";
import type { NumericArray } from "simdgrad/data";
import type { Metadata } from "../shared/tools.ts";
import { type Graph, graphOf, type Update, updateOf } from "./graph.ts";
import type { Setup } from "./network.ts";

/** Updates that are kept, and so made, at the most: some 10 MB of the largest network. */
export const MOST_UPDATES = 5000;

export class Session {
  readonly setup: Setup;
  readonly #graph: Graph;
  readonly #executor: Executor;
  readonly #id: number;
  readonly #updates: Update[] = [];

  private constructor(setup: Setup, graph: Graph, executor: Executor, id: number) {
    this.setup = setup;
    this.#graph = graph;
    this.#executor = executor;
    this.#id = id;
  }

  /** Brings a network to the executor, and computes its first update: what there is to be seen at once. */
  static async create(setup: Setup, executor: Executor): Promise<Session> {
    const graph = graphOf(setup);
    const id = await executor.load(graph.program);
    await executor.writeAll(graph.first.map(({ key, data }) => ({ slot: { variable: key }, data })));
    const session = new Session(setup, graph, executor, id);
    await session.reach(0);
    return session;
  }

  /** What happens in the update with this number, 0 the first. */
  update(index: number): Update {
    return this.#updates[index];
  }

  /** Computes what there is to be seen after so many updates: the next one, and the weights that come of it. */
  async reach(made: number): Promise<void> {
    while (this.#updates.length < made + 2) {
      const given = await this.#executor.step(this.#id, this.#graph.given);
      this.#updates.push(updateOf(this.setup, given));
    }
  }

  /** The weights that an update begins with, under PyTorch's names. */
  weights(index: number): Record<string, NumericArray> {
    const { sizes, activation, bias } = this.setup;
    const stride = activation === "linear" ? 1 : 2;
    const entries = this.#updates[index].layers.slice(1).flatMap(({ w, b }, at): [string, NumericArray][] => {
      const name = `${at * stride}`;
      const weight = { data: w, shape: [sizes[at + 1], sizes[at]] };
      return [
        [`${name}.weight`, weight],
        ...(bias ? [[`${name}.bias`, { data: b, shape: [b.length] }] as const] : []),
      ] as [string, NumericArray][];
    });
    return Object.fromEntries(entries);
  }

  /** The network with the weights that an update begins with, as a file of ONNX's. */
  async onnx(index: number, metadata: Metadata): Promise<Uint8Array> {
    const { toOnnx } = await import("simdgrad/onnx");
    const signature = { input: ["batch", this.setup.sizes[0]], inputNames: ["x"], outputNames: ["y"] };
    return toOnnx(this.#graph.model, signature, { state: this.weights(index), metadata });
  }

  async dispose(): Promise<void> {
    await this.#executor.unload(this.#id);
    await Promise.all(this.#graph.first.map(({ key }) => this.#executor.forget(key)));
  }
}
