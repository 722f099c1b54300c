// What a model is trained for: one loss of all that it gives, or one an output; and what is measured beside it, under one name each.
import {
  aBundleOf,
  aFunction,
  aListOf,
  aNumberWithin,
  aRecordOf,
  isFunction,
  isRecord,
  must,
  nullOr,
} from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { Loss } from "../nn/losses.ts";
import type { Tensor } from "../tensor.ts";
import { type Bundle, pathOf } from "./bundle.ts";
import { accuracy, aMetric, type Metric } from "./metrics.ts";

/** Losses by outputs; null for an output that has none. */
export type Losses = readonly (Loss | null)[] | Readonly<Record<string, Loss | null>>;

/** A loss an output of a model of several; null for one that is given, and not trained. */
export type LossesOf<Y> = Y extends Tensor ? never : { readonly [K in keyof Y]: Loss | null };

/** Metrics by their names, of all that a model gives or of one of its outputs. */
export type Metrics<Y, T> = Readonly<Record<string, Metric<Y, T>>> | ByOutputs<Y, Readonly<Record<string, Metric>>>;

/** The losses with the outputs that they are of: without a name of all that the model gives. */
export function lossesOf(loss: Loss | Losses): [output: string | undefined, loss: Loss][] {
  if (typeof loss === "function") return [[undefined, loss]];
  return Object.entries(loss).filter((entry): entry is [string, Loss] => entry[1] !== null);
}

/** The loss of an output, or without a name of all that the model gives. */
export function lossAt(loss: Loss | Losses, output: string | undefined): Loss | undefined {
  return lossesOf(loss).find(([name]) => name === output)?.[1];
}

/** What is measured beside the loss, by its whole name, and which output it is of, if it is of one. */
export interface Named {
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly outputs: ReadonlyMap<string, string>;
}

/** The losses of the outputs and the metrics, named as `digit.loss` and `digit.accuracy`. @throws ArgumentError for two of one name */
export function namedBy(loss: Loss | Losses, given: Bundle<unknown> | undefined): Named {
  const metrics: [string, Metric][] = [];
  const outputs = new Map<string, string>();
  const add = (output: string | undefined, name: string, metric: Metric) => {
    const path = output === undefined ? name : pathOf(output, name);
    if (path === "loss" || metrics.some(([other]) => other === path))
      throw new ArgumentError(`Trainer: metrics.${path}: the loss has this name`);
    if (output !== undefined) outputs.set(path, output);
    metrics.push([path, metric]);
  };
  for (const [output, each] of lossesOf(loss)) if (output !== undefined) add(output, "loss", each as Metric);
  for (const [name, each] of Object.entries(given ?? {}))
    if (isMetric(each)) add(undefined, name, each);
    else {
      const own = Object.entries(each as Readonly<Record<string, Metric>>);
      if (own.length === 0 && typeof loss === "function") aMetric(each, `Trainer: metrics.${name}`);
      for (const [inner, metric] of own) add(name, inner, metric);
    }
  if (given === undefined)
    for (const [output, { targets }] of lossesOf(loss)) if (targets === "classes") add(output, "accuracy", accuracy);
  return { metrics: Object.fromEntries(metrics), outputs };
}

function isMetric(value: unknown): value is Metric {
  return typeof value !== "object" || isFunction((value as Partial<Metric & { numbers: unknown }> | null)?.numbers);
}

/** What is given by outputs of a model of several. */
export type ByOutputs<Y, T> = Y extends Tensor ? never : { readonly [K in keyof Y]?: T };

/** How the losses are weighed: a factor an output, and a factor a class. */
export interface Weighing {
  readonly lossWeights?: Bundle<number | undefined>;
  readonly classWeight?: Bundle<unknown>;
}

/** Throws an ArgumentError unless values are metrics, or records of metrics, by names. */
export function metricsByName(value: unknown, what: string): void {
  aBundleOf((each, path) => {
    if (isRecord(each) && !isMetric(each)) aRecordOf(aMetric)(each, path);
    else aMetric(each, path);
  })(value, what);
}

/** Throws an ArgumentError unless values are factors of classes, or lists of such by outputs. */
export function classFactors(value: unknown, what: string): void {
  const isFactor = aNumberWithin(0);
  must(typeof value === "object" && value !== null, value, what, "a list of one factor a class, such as [1, 5]");
  const isMeant = (each: unknown) => Array.isArray(each) || ArrayBuffer.isView(each); // but no view is an array
  aBundleOf((each, path) => (isMeant(each) ? aListOf(isFactor) : isFactor)(each, path))(value, what);
}

/** Throws an ArgumentError unless a value is a loss, or losses by outputs. */
export function aLoss(value: unknown, what: string): void {
  const isSeveral = Array.isArray(value) || isRecord(value);
  if (isSeveral) aBundleOf(nullOr(aFunction))(value, what);
  const holds = isSeveral ? Object.values(value).some(isFunction) : isFunction(value);
  must(holds, value, what, isSeveral ? "a function, or functions by outputs" : "a loss, such as crossEntropy");
}
