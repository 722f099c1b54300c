// Measuring a data set without training on it: loss and metrics, batch by batch, by programs that stay loaded. They count their rows
// themselves, and begin anew after the last one.
import type { TypedData } from "../data/array.ts";
import type { Executor, LogRows, PlanEntry, ProgramId } from "../runtime/executor.ts";
import { sameShape } from "../shape.ts";
import { Variable } from "../variable.ts";
import { type CheckedSamples, type Dataset, fill, release, upload } from "./dataset.ts";
import type { Measures } from "./fit.ts";
import { COUNTED, knowsIgnored } from "./ignored.ts";
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
  /** Names of what is a mean over the targets that count, not over the rows. */
  readonly #ofCounted: ReadonlySet<string>;
  readonly #parts: Part[] = [];

  private constructor(executor: Executor, { loss, metrics }: Recipe, data: Dataset, row: Variable) {
    this.#executor = executor;
    this.#data = data;
    this.#row = row;
    const all = Object.entries({ ...metrics, loss });
    this.#ofCounted = new Set(all.filter(([, each]) => knowsIgnored(each)).map(([name]) => name));
  }

  /** Uploads the samples and loads what measures them. */
  static async create(executor: Executor, recipe: Recipe, samples: CheckedSamples, name: string): Promise<Measurer> {
    const data = await upload(executor, samples, name);
    const row = new Variable([], 0, { dtype: "i32", label: `${name}.row` });
    const measurer = new Measurer(executor, recipe, data, row);
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
  fits({ x, y, ignores }: CheckedSamples): boolean {
    const same = (variable: Variable, data: TypedData) =>
      variable.dtype === data.dtype && sameShape(variable.shape, data.shape);
    return same(this.#data.x, x) && same(this.#data.y, y) && this.#data.ignores === ignores;
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
    const sums = new Map<string, { sum: number; weight: number }>();
    for (const { program, names, values } of log) {
      const rows = this.#parts.find(({ id }) => id === program)?.rows ?? 0;
      const counted = names.indexOf(COUNTED);
      values.forEach((value, i) => {
        const at = i % names.length;
        if (at === counted) return;
        const weight = counted >= 0 && this.#ofCounted.has(names[at]) ? values[i - at + counted] : rows;
        const { sum, weight: before } = sums.get(names[at]) ?? { sum: 0, weight: 0 };
        sums.set(names[at], { sum: sum + value * weight, weight: before + weight });
      });
    }
    return Object.fromEntries([...sums].map(([name, { sum, weight }]) => [name, sum / weight])) as Measures;
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
