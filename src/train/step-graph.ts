// What a step of a training computes, and what is measured of rows: graphs. Loaded with the first data.
import { grad } from "../autodiff.ts";
import { constant } from "../create.ts";
import { ArgumentError } from "../errors.ts";
import { weighedByRows } from "../nn/losses/loss.ts";
import type { Loss } from "../nn/losses.ts";
import { type Context, forward, trainingContext } from "../nn/module.ts";
import { foldIn, permuteIndex, randomKey } from "../ops/random.ts";
import { showAval } from "../shape.ts";
import { arange, Tensor } from "../tensor.ts";
import type { Assignment, Variable } from "../variable.ts";
import { type Bundle, memberOf, pathOf, shareOf } from "./bundle.ts";
import { type Dataset, likeParts } from "./dataset.ts";
import { counting, type Ignoring, knowsIgnored } from "./ignored.ts";
import type { CountedMetric, MetricFunction } from "./metrics.ts";
import { lossAt, lossesOf } from "./objectives.ts";
import type { Batching, Counters, Recipe, Rows } from "./programs.ts";
import { type Made, transformed } from "./transform.ts";

export function gradientName(parameter: number): string {
  return `gradient ${parameter}`;
}

/** The output of a step that holds a number of a counted metric. */
export function numberName(metric: string, i: number): string {
  return `${metric}#${i}`;
}

/** What a step computes: what it logs, gradients, and what it assigns besides the update. */
export type StepGraph = ReturnType<typeof stepGraphOn>;

/** A step on a batch of a data set. */
export function stepGraph(recipe: Recipe, data: Dataset, batching: Batching): StepGraph {
  return stepGraphOn(recipe, batchOf(recipe, data, batching), count(recipe.counters, batching));
}

/** A step on these rows, with what is counted. */
export function stepGraphOn(recipe: Recipe, rows: Rows, counted: readonly Assignment[]) {
  const { state, parameters, seed } = recipe;
  const assigned: Assignment[] = [];
  const measured = measure(recipe, rows, trainingContext(seed, state.step, assigned));
  const gradients = grad(measured[0].value, [...parameters.values()]);
  const outputs = Object.fromEntries(measured.flatMap(loggedOf));
  return { outputs, gradients, assigned, counted };
}

/** What a step logs: numbers of a counted metric one by one, but for those of each row. */
function loggedOf({ name, value, metric }: Measured): [string, Tensor][] {
  if (metric === undefined) return [[name, value]];
  const count = metric.ofEachRow ? 0 : value.shape[0];
  return Array.from({ length: count }, (_, i) => [numberName(name, i), value.narrow(0, i, 1).reshape([])]);
}

/** What is measured of a batch: a scalar, or numbers of a counted metric. */
export interface Measured {
  readonly name: string;
  readonly value: Tensor;
  readonly metric?: CountedMetric;
  /** Of a loss: factors that the rows' losses are multiplied by. */
  readonly weight?: Tensor;
}

/**
 * The loss, then those of outputs, then the metrics. Where no target is ignored, what knows of ignored ones is asked to count all, which is
 * less work; a batch without any that counts has loss 0, and nothing to learn.
 */
export function measure(recipe: Recipe, rows: Rows, context: Context): Measured[] {
  const { model, preprocess, loss, lossWeights, metrics, outputs, transform } = recipe;
  const given = { ...rows, x: preprocess(rows.x) };
  const batch = context.training && transform ? transformed(recipe, given, context) : { ...given, classes: rows.y };
  const prediction = forward(model, batch.x, context);
  const counts = new Map(
    [undefined, ...new Set(outputs.values())].map((output) => [output, countsOf(recipe, batch, output, context)]),
  );
  const of = (each: Loss | MetricFunction, output: string | undefined, targets: Bundle<Tensor>) => {
    const [own, target] = [memberOf(prediction, output), memberOf(targets, output)] as [Tensor, Tensor];
    if (!knowsIgnored(each)) return each(own, target);
    const { ignoreIndex = null, counted } = counts.get(output) ?? {};
    const value = (each as Ignoring)(own, target, { ignoreIndex });
    return counted?.equal(0).select(0, value) ?? value;
  };
  const losses = lossesOf(loss).map(([output, each]) => {
    const weight = weightOf(recipe, batch, output, counts.get(output)?.ignoreIndex ?? null);
    return { output, weight, value: weighedByRows(weight, () => of(each, output, batch.y)) };
  });
  const weighed = losses.map(({ output, value }) => {
    const factor = output === undefined ? undefined : memberOf(lossWeights, output);
    return factor === undefined ? value : value.mul(factor);
  });
  const ofOutputs = new Map(
    losses.map(({ output, ...each }) => [output === undefined ? "loss" : pathOf(output, "loss"), each]),
  );
  const measured = Object.entries(metrics).map(([name, metric]): Measured => {
    const output = outputs.get(name);
    if (typeof metric === "function")
      return { name, ...(ofOutputs.get(name) ?? { value: of(metric, output, batch.classes) }) };
    const [own, target] = [memberOf(prediction, output), memberOf(batch.classes, output)] as [Tensor, Tensor];
    const { told = null } = counts.get(output) ?? {};
    return { name, value: metric.numbers(own, target, { ignoreIndex: told }), metric };
  });
  return [
    { name: "loss", value: weighed.reduce((sum, each) => sum.add(each)), weight: ofOutputs.get("loss")?.weight },
    ...measured,
  ];
}

/**
 * Which target of an output counts nothing; which may be among others of its data set, as counted metrics are told, who leave out the class,
 * too; and while training how many count.
 */
function countsOf(
  { loss }: Recipe,
  { y, classes, ignores }: Made,
  output: string | undefined,
  { training }: Context,
): { readonly ignoreIndex: number | null; readonly told: number | null; readonly counted?: Tensor } {
  const target = memberOf(y, output);
  const isIndex = target === memberOf(classes, output);
  const told = (isIndex ? lossAt(loss, output)?.ignoreIndex : undefined) ?? null;
  const ignoreIndex = ignores ? told : null;
  const isCounted = training && ignoreIndex !== null && target instanceof Tensor;
  return { ignoreIndex, told, counted: isCounted ? counting(target, ignoreIndex).sum() : undefined };
}

/** Factors of the losses of an output: those of its rows, and of the classes of its targets. */
function weightOf(
  { classWeight }: Recipe,
  { y, sampleWeight }: Rows,
  output: string | undefined,
  ignoreIndex: number | null,
): Tensor | undefined {
  const ofRows = shareOf(sampleWeight, output);
  const factors = memberOf(classWeight, output) as readonly number[] | undefined;
  if (factors === undefined) return ofRows;
  const target = memberOf(y, output) as Tensor;
  if (target.dtype !== "i32")
    throw new ArgumentError(
      `classWeight: ${pathOf("y", output)} ${showAval(target)} is no longer of class indices; weigh rows by sampleWeight in transform`,
    );
  const known = ignoreIndex === null ? target : target.equal(ignoreIndex).select(0, target);
  const ofClasses = constant(factors).gather(known);
  return ofRows === undefined
    ? ofClasses
    : ofClasses.mul(ofRows.reshape(target.shape.map((size, i) => (i === 0 ? size : 1))));
}

/** The batch that the counters point at. An epoch's order is a permutation keyed by the epoch: nothing is sorted or stored. */
function batchOf({ counters, seed }: Recipe, data: Dataset, { batch, shuffle }: Batching): Rows {
  if (batch === data.rows) return data; // all rows: the order does not matter
  const place = arange(batch).add(counters.row).remainder(data.rows);
  const key = foldIn(randomKey(seed, "shuffle"), counters.epoch);
  const index = shuffle ? permuteIndex(place, key, data.rows) : place;
  return rowsAt(data, index);
}

/** Rows by their index. */
export function rowsAt(data: Dataset, index: Tensor): Rows {
  return { ...likeParts<Variable, Tensor>(data, (each) => each.gather(index)), ignores: data.ignores };
}

function count({ epoch, row }: Counters, { batch, rows }: Batching): Assignment[] {
  const next = row.add(batch);
  const goesOn = next.less(rows);
  return [
    [row, goesOn.select(next, next.like(0))],
    [epoch, goesOn.select(epoch, epoch.add(1))],
  ];
}
