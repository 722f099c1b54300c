// Measuring a data set without training on it: loss and metrics, batch by batch, by programs that stay loaded. They count their rows
// themselves, and begin anew after the last one.
import type { Executor, LogRows, PlanEntry, ProgramId } from "../runtime/executor.ts";
import type { Variable } from "../variable.ts";
import { checkLabels } from "./check-labels.ts";
import { checkModel } from "./check-model.ts";
import { type CheckedSamples, type Dataset, release } from "./dataset.ts";
import { type BatchProgram, type Counted, evaluationOf, valuesOf } from "./evaluation.ts";
import type { Measures } from "./fit.ts";
import { freeing, loadProgram, orElse } from "./load.ts";
import type { Recipe } from "./programs.ts";
import { fill, fits, upload } from "./upload.ts";

export { tryRest } from "./trial.ts";

/** Rows measured at once, unless the trainer's options say otherwise. */
const BATCH = 256;

/** A loaded program for batches of one size. */
type Part = Omit<BatchProgram, "program"> & { readonly id: ProgramId };

export class Measurer {
  readonly #executor: Executor;
  readonly #data: Dataset;
  readonly #parts: Part[] = [];
  /** What tells the numbers of counted metrics. */
  #telling: ProgramId | undefined;
  #counted: readonly Counted[] = [];
  #fresh: readonly Variable[] = [];

  private constructor(executor: Executor, data: Dataset) {
    this.#executor = executor;
    this.#data = data;
  }

  /** Uploads the samples and loads what measures them. */
  static async create(executor: Executor, recipe: Recipe, samples: CheckedSamples, name: string): Promise<Measurer> {
    checkLabels(samples, recipe.loss);
    const data = await upload(executor, samples, name);
    const measurer = new Measurer(executor, data);
    await orElse(
      () => measurer.#load(recipe, name),
      () => measurer.dispose(),
    );
    return measurer;
  }

  async #load(recipe: Recipe, name: string): Promise<void> {
    const { evaluationBatch = BATCH } = recipe;
    const { rows } = this.#data;
    const batch = evaluationBatch === "all" ? rows : Math.min(evaluationBatch, rows);
    const { batches, telling, counted, fresh } = evaluationOf(recipe, this.#data, batch, name);
    this.#counted = counted;
    for (const { program, ...part } of batches) {
      this.#parts.push({ ...part, id: await loadProgram(this.#executor, program, fresh) });
      this.#fresh = fresh;
    }
    if (telling !== undefined) this.#telling = await loadProgram(this.#executor, telling, fresh);
  }

  /** Whether other samples fit in the place of its own. */
  fits(samples: CheckedSamples): boolean {
    return fits(this.#data, samples);
  }

  /** Puts them there. */
  replace(samples: CheckedSamples): Promise<void> {
    return fill(this.#executor, this.#data, samples);
  }

  /** All batches; numbers of rows are told after each of them, totals after the last. */
  get plan(): readonly PlanEntry[] {
    const telling = this.#telling;
    const parts = this.#parts;
    if (telling === undefined) return parts.map(({ id, steps }) => [id, steps]);
    if (this.#tellsRows)
      return parts.flatMap(({ id, steps, tellings }) =>
        Array.from({ length: steps }, (): PlanEntry[] => [
          [id, 1],
          [telling, tellings],
        ]).flat(),
      );
    return [...parts.map(({ id, steps }): PlanEntry => [id, steps]), [telling, parts[0].tellings]];
  }

  get #tellsRows(): boolean {
    return this.#counted.some(({ metric }) => metric.ofEachRow);
  }

  /** Measures of all rows, with the parameters as they are. Not to be called again before it is done. */
  async run(): Promise<Measures> {
    const run = this.#executor.run(this.plan, { urgent: true });
    await run.done;
    return this.measures(run.takeLog());
  }

  /** Measures of all rows, out of what the steps of the plan logged. */
  measures(log: readonly LogRows[]): Measures {
    const told: number[] = [];
    let scalars: readonly (readonly [string, number])[] = [];
    for (const { program, names, values } of log)
      if (program === this.#telling) for (const value of values) told.push(value);
      else scalars = names.map((name, i) => [name, values[values.length - names.length + i]]);
    const parts = this.#tellsRows ? this.#parts : [{ ...this.#parts[0], steps: 1 }];
    return Object.fromEntries([...scalars, ...valuesOf(this.#counted, parts, told)]) as Measures;
  }

  /** Frees what it holds, at once or after a part could not be loaded. */
  async dispose(): Promise<void> {
    const executor = this.#executor;
    await freeing(async () => {
      for (const { id } of this.#parts) await executor.unload(id);
      if (this.#telling !== undefined) await executor.unload(this.#telling);
      for (const { key } of this.#fresh) await executor.forget(key);
      await release(executor, this.#data);
    });
  }
}

/** Measures samples, by what measured others of their shape if there is such a one. @returns what measured them, too */
export async function evaluate(
  executor: Executor,
  recipe: Recipe,
  samples: CheckedSamples,
  kept: Measurer | undefined,
): Promise<{ readonly measurer: Measurer; readonly measures: Measures }> {
  checkModel(recipe, "evaluate");
  checkLabels(samples, recipe.loss);
  const fitting = kept?.fits(samples) ? kept : undefined;
  if (fitting === undefined) await kept?.dispose();
  const measurer = fitting ?? (await Measurer.create(executor, recipe, samples, "evaluation"));
  const measures = await orElse(
    async () => {
      await fitting?.replace(samples);
      return measurer.run();
    },
    () => measurer.dispose(),
  );
  return { measurer, measures };
}
