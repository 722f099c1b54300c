// Copies of a training's variables, kept on its executor: made and put back by programs of their own, between two steps. Loaded with the
// first callback that wants one.
import { compile } from "../compile/compile.ts";
import { ArgumentError } from "../errors.ts";
import type { Executor, ProgramId } from "../runtime/executor.ts";
import { sameShape } from "../shape.ts";
import { type Assignment, Variable } from "../variable.ts";
import type { Copy } from "./callback.ts";
import { freeing, loadProgram, orElse } from "./load.ts";
import type { StateDict } from "./state.ts";

export class ExecutorCopy implements Copy {
  readonly #executor: Executor;
  readonly #kept: readonly Variable[];
  readonly #programs: ProgramId[] = [];

  private constructor(executor: Executor, kept: readonly Variable[]) {
    this.#executor = executor;
    this.#kept = kept;
  }

  static async create(executor: Executor, variables: readonly Variable[]): Promise<ExecutorCopy> {
    const kept = variables.map(
      ({ shape, dtype, label }) => new Variable(shape, 0, { dtype, label: `${label}.copy`, trainable: false }),
    );
    const copy = new ExecutorCopy(executor, kept);
    const taking = kept.map((own, i): Assignment => [own, variables[i]]);
    await orElse(
      async () => {
        for (const assignments of [taking, taking.map(([own, variable]): Assignment => [variable as Variable, own])])
          copy.#programs.push(await loadProgram(executor, compile({ assignments }), kept));
      },
      () => copy.dispose(),
    );
    return copy;
  }

  async take(): Promise<void> {
    await this.#executor.run([[this.#programs[0], 1]]).done;
  }

  async putBack(): Promise<void> {
    await this.#executor.run([[this.#programs[1], 1]]).done;
  }

  async read(): Promise<StateDict> {
    const values = await this.#executor.readAll(this.#kept.map(({ key }) => ({ variable: key })));
    return Object.fromEntries(values.map((data, i) => [i, { data, shape: [...this.#kept[i].shape] }]));
  }

  async write(values: StateDict): Promise<void> {
    const isRight = this.#kept.every(({ shape }, i) => values[i] !== undefined && sameShape(values[i].shape, shape));
    if (!isRight || Object.keys(values).length !== this.#kept.length)
      throw new ArgumentError("write: these are no values of the copied variables");
    await this.#executor.writeAll(this.#kept.map(({ key }, i) => ({ slot: { variable: key }, data: values[i].data })));
  }

  /** Frees it. */
  async dispose(): Promise<void> {
    await freeing(async () => {
      const loaded = this.#programs.length > 0;
      for (const id of this.#programs.splice(0)) await this.#executor.unload(id);
      if (loaded) for (const { key } of this.#kept) await this.#executor.forget(key);
    });
  }
}
