// The plan of a fit: which programs an epoch is made of, where in its data it begins, and what runs it.

import { compile } from "../compile/compile.ts";
import { DataError } from "../errors.ts";
import type { Minimizer } from "../optim/minimizer.ts";
import type { Program } from "../program/program.ts";
import type { Executor, LogRows, PlanEntry, ProgramId, RunHandle, Write } from "../runtime/executor.ts";
import type { Variable } from "../variable.ts";
import { type CheckedSamples, type Dataset, partsOf } from "./dataset.ts";
import { nextEpoch } from "./epoch.ts";
import type { Failure } from "./failure.ts";
import { Measurer } from "./measure.ts";
import type { Metric } from "./metrics.ts";
import type { Streamed } from "./place.ts";
import type { Batching, Recipe } from "./programs.ts";
import { saved } from "./state.ts";
import { gradientName, numberName, stepGraph } from "./step-graph.ts";
import { searchPrograms, stepProgram } from "./step-programs.ts";
import type { ChunkChecks } from "./stream-reader.ts";
import type { Slots } from "./stream-slots.ts";
import type { FitPlan } from "./training.ts";

export { Training } from "./training.ts";

/** What a fit needs of its trainer. */
export interface Workshop {
  readonly executor: Executor;
  readonly recipe: Recipe;
  readonly minimizer: Minimizer | undefined;
  /** A program, compiled and loaded once. */
  readonly program: (key: string, make: () => Program) => Promise<ProgramId>;
  /** One task after the other: while a search tries points, nobody measures there. */
  readonly exclusive: <T>(task: () => Promise<T>) => Promise<T>;
  readonly failed: (failure: Failure) => void;
  /** Steps are about to be made: of a stream, or of the data. */
  readonly begins: (stream?: Streamed) => void;
  /** The stream that the counters count in, if it is one. */
  readonly streamed: () => Streamed | undefined;
  /** Samples of a stream as a data set takes them. */
  readonly checked: ChunkChecks["checked"];
  /** Slots of the stream before, and what lets go of their programs. */
  readonly kept: { slots?: Slots | undefined };
  readonly forget: (prefix: string) => Promise<void>;
}

/** Options of a fit, checked. */
export interface Course {
  readonly batch: number;
  readonly epochs: number;
  readonly lastBatch: "keep" | "drop" | "pad";
  readonly shuffle: boolean;
  readonly held: CheckedSamples | undefined;
}

/** Loads what the fit runs, and finds where it begins. @throws DataError where the data that it was made for is gone */
export async function planOf(workshop: Workshop, data: Dataset | undefined, course: Course): Promise<FitPlan> {
  if (data === undefined) throw new DataError("fit: the data that this fit was made for is no longer loaded");
  const { executor, recipe, minimizer, program, failed, begins } = workshop;
  const { batch, epochs, lastBatch, shuffle, held } = course;
  const whole = Math.floor(data.rows / batch);
  const rest = data.rows - whole * batch;
  const rows = lastBatch === "drop" ? whole * batch : data.rows;
  const search = minimizer && (await import("./search.ts")); // rarely needed: not part of the core
  const advance = new Map<ProgramId, ProgramId>();
  const rowsOf = new Map<ProgramId, number>();
  const step = async (size: number) => {
    const batching: Batching = { batch: size, rows, shuffle };
    const key = `step ${partsOf<Variable>(data)[0][1].key} ${size} ${rows} ${shuffle}`;
    const programs = search && searchPrograms(recipe, stepGraph(recipe, data, batching));
    const id = await program(key, () => programs?.evaluation ?? stepProgram(recipe, data, batching));
    rowsOf.set(id, size);
    if (programs !== undefined) advance.set(id, await program(`${key} advance`, () => programs.advance));
    return id;
  };
  const padded = rest > 0 && lastBatch === "pad";
  const plan: PlanEntry[] = [[await step(batch), whole + (padded ? 1 : 0)]];
  if (rest > 0 && lastBatch === "keep") plan.push([await step(rest), 1]);
  const stepsPerEpoch = plan.reduce((sum, [, steps]) => sum + steps, 0);
  const nowhere = { from: 0, counter: 0, row: 0, anew: [] };
  const { from, counter, row, anew } = epochs === 0 ? nowhere : await beginning(workshop, batch, stepsPerEpoch);
  const before = await saved(executor, recipe.names.keys());
  const told = await toldBy(workshop, held);
  const entries = [...plan, ...told.after];
  const launch = launcher(workshop, search, advance);
  let writes = anew;
  const run = (part: readonly PlanEntry[], repeat: number, skipped: number) => {
    // In one go: a fit that is told to end before its run begins leaves the epoch as it is.
    begins();
    const written = executor.writeAll(writes);
    writes = [];
    return { handle: launch(part, repeat, skipped), written };
  };
  return {
    ...told,
    epochs,
    from,
    counter,
    row,
    rows: data.rows,
    stepsOf: () => stepsPerEpoch,
    totalSteps: epochs * stepsPerEpoch - from,
    rowsOf,
    all: () => run(entries, epochs, from),
    part: (after, most) =>
      run(cut(entries, after, after + most < stepsPerEpoch ? most : Number.POSITIVE_INFINITY), 1, 0),
    onNonFinite: (step) => failed({ plan, from, step, before }),
  };
}

/** So many steps of a plan, after others. */
function cut(plan: readonly PlanEntry[], after: number, steps: number): PlanEntry[] {
  let [skip, left] = [after, steps];
  return plan.flatMap(([id, length]): PlanEntry[] => {
    const skipped = Math.min(skip, length);
    const now = Math.min(length - skipped, left);
    skip -= skipped;
    left -= now;
    return now > 0 ? [[id, now]] : [];
  });
}

/** What runs entries: the executor itself, or a search, whose evaluations are followed by what `advance` names. */
export function launcher(
  { executor, recipe, minimizer, exclusive }: Workshop,
  search: typeof import("./search.ts") | undefined,
  advance: ReadonlyMap<ProgramId, ProgramId>,
): (plan: readonly PlanEntry[], repeat: number, from: number, after?: RunHandle) => RunHandle {
  if (search === undefined || minimizer === undefined)
    return (plan, repeat, from, after) => executor.run(plan, { repeat, from, after });
  const parameters = [...recipe.parameters.values()];
  return (plan, repeat, from) =>
    new search.SearchRun(executor, minimizer, { parameters, plan, repeat, from, advance, gradientName, exclusive });
}

/** What fits of all kinds tell and measure in the same way, and what follows the steps of an epoch. */
export async function toldBy(workshop: Workshop, held: CheckedSamples | undefined) {
  const { executor, recipe } = workshop;
  const rate = await rateOf(workshop);
  const measurer = held && (await Measurer.create(executor, recipe, held, "validation"));
  return {
    after: [...(typeof rate === "object" ? [rate] : []), ...(measurer?.plan ?? [])],
    metrics: metricsOf(recipe),
    isMean: (name: string) => typeof (Object.hasOwn(recipe.metrics, name) && recipe.metrics[name]) === "function",
    validation: measurer && {
      plan: measurer.plan,
      names: ["loss", ...Object.keys(recipe.metrics)],
      measures: (log: readonly LogRows[]) => measurer.measures(log),
    },
    rate,
    measures: ["loss", ...Object.entries(recipe.metrics).flatMap(([name, each]) => (isOfEachRow(each) ? [] : [name]))],
    newCopy: async (counters: boolean) => {
      const { ExecutorCopy } = await import("./copies.ts");
      return ExecutorCopy.create(executor, copiedOf(recipe, counters));
    },
    finish: () => measurer?.dispose() ?? Promise.resolve(),
  };
}

/** The learning rate of the step that was made last, as a number or as a program that logs it. */
async function rateOf({ recipe, program }: Workshop): Promise<FitPlan["rate"]> {
  const { optimizer, state, names } = recipe;
  const rate = optimizer.rate?.(state.step.sub(1));
  if (typeof rate !== "object") return rate;
  return [await program("rate", () => compile({ outputs: { rate }, names })), 1];
}

/** What a copy holds: all but hyper-parameters, and counters only where they are asked for. */
function copiedOf({ names, counters }: Recipe, all: boolean): Variable[] {
  const isCounter = (variable: Variable) => variable === counters.epoch || variable === counters.row;
  return [...names].flatMap(([variable, path]) =>
    (isCounter(variable) ? all : !path.startsWith("hyperparameters.")) ? [variable] : [],
  );
}

function isOfEachRow(metric: Metric): boolean {
  return typeof metric !== "function" && metric.ofEachRow === true;
}

/** Metrics over steps, out of the sums of what these logged; those of each row's numbers are measured over data sets alone. */
function metricsOf(recipe: Recipe): FitPlan["metrics"] {
  const metrics = Object.entries(recipe.metrics);
  const measured = (name: string, metric: Metric, sums: ReadonlyMap<string, number>, steps: number): number => {
    if (typeof metric === "function") return (sums.get(name) ?? Number.NaN) / steps;
    const numbers: number[] = [];
    for (let i = 0; sums.has(numberName(name, i)); i++) numbers.push(sums.get(numberName(name, i)) as number);
    return metric.value(Float64Array.from(numbers), numbers.length);
  };
  const told = metrics.filter(([, metric]) => !isOfEachRow(metric));
  return (sums, steps) =>
    Object.fromEntries(told.map(([name, metric]) => [name, measured(name, metric, sums, steps)] as const));
}

/**
 * How many steps an earlier fit made of the epoch that it began and did not finish, and what is to be written first: where batches of this
 * size do not meet its end, another is begun.
 */
async function beginning(
  { executor, recipe, streamed }: Workshop,
  batch: number,
  stepsPerEpoch: number,
): Promise<Pick<FitPlan, "from" | "counter" | "row"> & { readonly anew: readonly Write[] }> {
  const { row: counted, epoch, anew } = await nextEpoch(executor, recipe.counters);
  const row = streamed() === undefined ? counted : 0; // what counts in a stream does not count here
  const steps = row / batch;
  if ((row > 0 || counted === 0) && Number.isInteger(steps) && steps < stepsPerEpoch)
    return { from: steps, counter: epoch, row, anew: [] };
  return { from: 0, counter: epoch + (anew.length > 0 ? 1 : 0), row, anew };
}
