// What a training's programs are made of: graphs. Each program is a whole computation over state; only row counters change from run to run.
// The compiler is not in here, so that a page begins without it (step-programs.ts).
import { grad } from "../autodiff.ts";
import { input } from "../create.ts";
import { weighedByRows } from "../nn/losses/loss.ts";
import type { Loss } from "../nn/losses.ts";
import { type Context, evaluationContext, forward, type Layer, trainingContext } from "../nn/module.ts";
import { foldIn, permuteIndex, randomKey } from "../ops/random.ts";
import type { Optimizer, OptimizerState } from "../optim/transform.ts";
import type { Aval } from "../shape.ts";
import { arange, aTensor, type Tensor } from "../tensor.ts";
import { type Assignment, Variable } from "../variable.ts";
import type { Dataset } from "./dataset.ts";
import { counting, type Ignoring, knowsIgnored } from "./ignored.ts";
import type { CountedMetric, Metric, MetricFunction } from "./metrics.ts";

/** What is trained and how: everything programs are made from. */
export interface Recipe {
  readonly model: Layer;
  readonly loss: Loss;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly preprocess: (x: Tensor) => Tensor;
  readonly parameters: ReadonlyMap<string, Variable>;
  readonly optimizer: Optimizer;
  readonly state: OptimizerState;
  readonly counters: Counters;
  readonly seed: number;
  /** Rows that are measured at once. */
  readonly evaluationBatch?: number | "all";
  /** All variables of the training, by their paths. */
  readonly names: ReadonlyMap<Variable, string>;
}

/** Where training is in its data: i32 scalars. */
export interface Counters {
  readonly epoch: Variable;
  /** Rows of this epoch already used. */
  readonly row: Variable;
}

export function newCounters(): Counters {
  const counter = (label: string) => new Variable([], 0, { dtype: "i32", label });
  return { epoch: counter("epoch"), row: counter("row") };
}

/** How the rows of a data set become batches. */
export interface Batching {
  readonly batch: number;
  /** Rows of an epoch: whole batches only when the last, ragged one is dropped. */
  readonly rows: number;
  readonly shuffle: boolean;
}

export function gradientName(parameter: number): string {
  return `gradient ${parameter}`;
}

/** The output of a step that holds a number of a counted metric. */
export function numberName(metric: string, i: number): string {
  return `${metric}#${i}`;
}

/** What a step computes: what it logs, gradients, and what it assigns besides the update. */
export function stepGraph(recipe: Recipe, data: Dataset, batching: Batching) {
  const { state, parameters, counters, seed } = recipe;
  const assigned: Assignment[] = [];
  const measured = measure(recipe, batchOf(recipe, data, batching), trainingContext(seed, state.step, assigned));
  const gradients = grad(measured[0].value, [...parameters.values()]);
  const outputs = Object.fromEntries(measured.flatMap(loggedOf));
  return { outputs, gradients, assigned, counted: count(counters, batching) };
}

/** What a step logs: numbers of a counted metric one by one, but for those of each row. */
function loggedOf({ name, value, metric }: Measured): [string, Tensor][] {
  if (metric === undefined) return [[name, value]];
  const count = metric.ofEachRow ? 0 : value.shape[0];
  return Array.from({ length: count }, (_, i) => [numberName(name, i), value.narrow(0, i, 1).reshape([])]);
}

/** What is done with x unless a caller has other plans. */
export function bytesAsFloats(x: Tensor): Tensor {
  return x.dtype === "u8" ? x.cast("f32") : x;
}

/** From rows of x to the model's output, without training. @throws ShapeError and the like, with the layer's path */
export function predictorOf({ model, preprocess }: Pick<Recipe, "model" | "preprocess">): (x: Tensor) => Tensor {
  return (x) => {
    const output = forward(model, preprocess(x), evaluationContext());
    aTensor(output, "what the model gives");
    return output;
  };
}

/** The model's output for so many rows of x. @throws what `predictorOf` throws */
export function outputOf(recipe: Recipe, x: Aval, rows: number): Tensor {
  return predictorOf(recipe)(inputOf(x, rows));
}

/** So many rows, of which nothing is known but their shape. */
function inputOf({ shape, dtype }: Aval, rows: number): Tensor {
  return input([rows, ...shape.slice(1)], dtype);
}

/** What is measured of a batch: a scalar, or numbers of a counted metric. */
export interface Measured {
  readonly name: string;
  readonly value: Tensor;
  readonly metric?: CountedMetric;
}

/** Rows of a data set. */
export interface Rows {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly sampleWeight?: Tensor;
  /** Whether some of the targets may be ignored. */
  readonly ignores: boolean;
}

/**
 * The loss, then the metrics. Where no target is ignored, what knows of ignored ones is asked to count all, which is less work; a batch
 * without any that counts has loss 0, and nothing to learn.
 */
export function measure(recipe: Recipe, { x, y, sampleWeight, ignores }: Rows, context: Context): Measured[] {
  const { model, preprocess, loss, metrics } = recipe;
  const prediction = forward(model, preprocess(x), context);
  const ignoreIndex = ignores ? (loss.ignoreIndex as number) : null;
  const counted = ignoreIndex === null || !context.training ? undefined : counting(y, ignoreIndex).sum();
  const of = (each: Loss | MetricFunction) => {
    if (!knowsIgnored(each)) return each(prediction, y);
    const value = (each as Ignoring)(prediction, y, { ignoreIndex });
    return counted?.equal(0).select(0, value) ?? value;
  };
  const measured = Object.entries(metrics).map(([name, metric]) =>
    typeof metric === "function" ? { name, value: of(metric) } : { name, value: metric.numbers(prediction, y), metric },
  );
  return [{ name: "loss", value: weighedByRows(sampleWeight, () => of(loss)) }, ...measured];
}

/** The batch that the counters point at. An epoch's order is a permutation keyed by the epoch: nothing is sorted or stored. */
function batchOf({ counters, seed }: Recipe, data: Dataset, { batch, shuffle }: Batching): Rows {
  if (batch === data.rows) return data; // all rows: the order does not matter
  const place = arange(batch).add(counters.row).remainder(data.rows);
  const key = foldIn(randomKey(seed, "shuffle"), counters.epoch);
  const index = shuffle ? permuteIndex(place, key, data.rows) : place;
  return rowsAt(data, index);
}

/** So many rows, of which nothing is known but their shapes. */
export function inputsOf(
  {
    x,
    y,
    sampleWeight,
    ignores,
  }: Readonly<Record<"x" | "y", Aval>> & Pick<Rows, "ignores"> & { readonly sampleWeight?: Aval },
  rows: number,
): Rows {
  return {
    x: inputOf(x, rows),
    y: inputOf(y, rows),
    sampleWeight: sampleWeight && inputOf(sampleWeight, rows),
    ignores,
  };
}

/** Rows by their index. */
export function rowsAt({ x, y, sampleWeight, ignores }: Dataset, index: Tensor): Rows {
  return { x: x.gather(index), y: y.gather(index), sampleWeight: sampleWeight?.gather(index), ignores };
}

function count({ epoch, row }: Counters, { batch, rows }: Batching): Assignment[] {
  const next = row.add(batch);
  const goesOn = next.less(rows);
  return [
    [row, goesOn.select(next, next.like(0))],
    [epoch, goesOn.select(epoch, epoch.add(1))],
  ];
}
