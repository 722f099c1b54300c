// Measuring a data set without training on it: loss and metrics, batch by batch, by programs that stay loaded. They count their rows
// themselves, and begin anew after the last one.
import type { Executor, LogRows, PlanEntry, ProgramId } from "../runtime/executor.ts";
import { Variable } from "../variable.ts";
import { type CheckedSamples, type Dataset, release, upload } from "./dataset.ts";
import type { Measures } from "./fit.ts";
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
  readonly #parts: readonly Part[];

  private constructor(executor: Executor, data: Dataset, row: Variable, parts: readonly Part[]) {
    this.#executor = executor;
    this.#data = data;
    this.#row = row;
    this.#parts = parts;
  }

  /** Uploads the samples and loads what measures them. */
  static async create(executor: Executor, recipe: Recipe, samples: CheckedSamples, name: string): Promise<Measurer> {
    const data = await upload(executor, samples, name);
    const row = new Variable([], 0, { dtype: "i32", label: `${name}.row` });
    const batch = Math.min(BATCH, data.rows);
    const rest = data.rows % batch;
    const load = (rows: number) => executor.load(evaluationProgram(recipe, data, row, rows));
    const parts: Part[] = [{ id: await load(batch), steps: Math.floor(data.rows / batch), rows: batch }];
    if (rest > 0) parts.push({ id: await load(rest), steps: 1, rows: rest });
    return new Measurer(executor, data, row, parts);
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
    const sums: Record<string, number> = {};
    for (const { program, names, values } of log) {
      const rows = this.#parts.find(({ id }) => id === program)?.rows ?? 0;
      values.forEach((value, i) => {
        const name = names[i % names.length];
        sums[name] = (sums[name] ?? 0) + value * rows;
      });
    }
    return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / this.#data.rows])) as Measures;
  }

  async dispose(): Promise<void> {
    for (const { id } of this.#parts) await this.#executor.unload(id);
    await this.#executor.forget(this.#row.key);
    await release(this.#executor, this.#data);
  }
}
