// Measuring a data set without training on it: loss and metrics, batch by batch, by programs that stay loaded. They count their rows
// themselves, and begin anew after the last one.
import type { TypedData } from "../data/array.ts";
import type { Executor, LogRows, PlanEntry, ProgramId } from "../runtime/executor.ts";
import { sameShape } from "../shape.ts";
import { Variable } from "../variable.ts";
import { type CheckedSamples, type Dataset, fill, release, upload } from "./dataset.ts";
import type { Measures } from "./fit.ts";
import { freeing, loadProgram, orElse } from "./load.ts";
import { evaluationProgram, type Recipe } from "./programs.ts";

const BATCH = 256;

/** Rows of one program call. */
interface Part {
  readonly id: ProgramId;
  readonly steps: number;
  readonly rows: number;
}

export class Measurer {
  readonly #executor: Executor;
  readonly #data: Dataset;
  readonly #row: Variable;
  readonly #parts: Part[] = [];

  private constructor(executor: Executor, data: Dataset, row: Variable) {
    this.#executor = executor;
    this.#data = data;
    this.#row = row;
  }

  /** Uploads the samples and loads what measures them. */
  static async create(executor: Executor, recipe: Recipe, samples: CheckedSamples, name: string): Promise<Measurer> {
    const data = await upload(executor, samples, name);
    const row = new Variable([], 0, { dtype: "i32", label: `${name}.row` });
    const measurer = new Measurer(executor, data, row);
    await orElse(
      () => measurer.#load(recipe),
      () => measurer.dispose(),
    );
    return measurer;
  }

  async #load(recipe: Recipe): Promise<void> {
    const data = this.#data;
    const batch = Math.min(BATCH, data.rows);
    const rest = data.rows % batch;
    const load = async (rows: number, steps: number) => {
      const program = evaluationProgram(recipe, data, this.#row, rows);
      this.#parts.push({ id: await loadProgram(this.#executor, program, this.#row), steps, rows });
    };
    await load(batch, Math.floor(data.rows / batch));
    if (rest > 0) await load(rest, 1);
  }

  /** Whether other samples fit in the place of its own. */
  fits({ x, y }: CheckedSamples): boolean {
    const same = (variable: Variable, data: TypedData) =>
      variable.dtype === data.dtype && sameShape(variable.shape, data.shape);
    return same(this.#data.x, x) && same(this.#data.y, y);
  }

  /** Puts them there. */
  replace(samples: CheckedSamples): Promise<void> {
    return fill(this.#executor, this.#data, samples);
  }

  get plan(): readonly PlanEntry[] {
    return this.#parts.map(({ id, steps }) => [id, steps]);
  }

  /** Means over all rows, with the parameters as they are. Not to be called again before it is done. */
  async run(): Promise<Measures> {
    const run = this.#executor.run(this.plan, { urgent: true });
    await run.done;
    return this.measures(run.takeLog());
  }

  /** Means over all rows, out of what the steps of the plan logged. */
  measures(log: readonly LogRows[]): Measures {
    const sums = new Map<string, number>();
    for (const { program, names, values } of log) {
      const rows = this.#parts.find(({ id }) => id === program)?.rows ?? 0;
      values.forEach((value, i) => {
        const name = names[i % names.length];
        sums.set(name, (sums.get(name) ?? 0) + value * rows);
      });
    }
    return Object.fromEntries([...sums].map(([name, sum]) => [name, sum / this.#data.rows])) as Measures;
  }

  /** Frees what it holds, at once or after a part could not be loaded. */
  async dispose(): Promise<void> {
    const executor = this.#executor;
    await freeing(async () => {
      for (const { id } of this.#parts) await executor.unload(id);
      if (this.#parts.length > 0) await executor.forget(this.#row.key);
      await release(executor, this.#data);
    });
  }
}
