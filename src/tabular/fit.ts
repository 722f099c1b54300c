// From a table to a model of one of its columns.
import { checkOptions } from "../check.ts";
import { ArgumentError, SimdgradError } from "../errors.ts";
import { createExecutor } from "../runtime/create.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Epoch } from "../train/history.ts";
import { asTable, type TabularRows } from "./cells.ts";
import { TabularModel } from "./model.ts";
import {
  defaultBatch,
  defaultDropout,
  defaultEpochs,
  defaultHidden,
  defaultPatience,
  type TabularNetwork,
} from "./network.ts";
import { type TabularOptions, tabularChecks } from "./options.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { classScores, numberScores, type Scores, shares } from "./scores.ts";
import type { Target } from "./target.ts";
import { type Course, type Trained, train } from "./training.ts";

const NAME = "fitTable";

/** The linear model's rate is larger: no layers amplify it. */
const LINEAR_RATE = 0.01;

/**
 * Learns to tell one column of a table from the others: finds whether it holds classes or numbers, fills in what is missing, standardizes,
 * encodes texts and dates, leaves out what only names its rows, keeps rows to validate and to test with (of classes in their shares), and
 * trains a network of dense layers by AdamW until nothing gets better. What it found, and how good the model is beside a guess and
 * beside a linear model, is on the model. A seed gives the same weights for any number of threads.
 * @throws ArgumentError for columns that there are not and options that are none; DataError for a table that nothing can be learned from;
 * NonFiniteError for a rate that is too large; the signal's reason where it came before the end of the first epoch
 *
 * @example
 * import { table } from "simdgrad/data";
 * import { fitTable } from "simdgrad/tabular";
 * const sizes = Array.from({ length: 60 }, (_, i) => 1 + (i % 30) / 10);
 * const fruits = table({ size: sizes, kind: sizes.map((size) => (size < 2.5 ? "plum" : "pear")) });
 * const model = await fitTable(fruits, { target: "kind", epochs: 60 });
 * model.task; // => "classification"
 * (await model.predict([{ size: 1.2 }, { size: 3.8 }])).map(({ value }) => value); // => ["plum", "pear"]
 * model.metrics.test.accuracy > model.metrics.baseline.accuracy; // => true
 * await model.dispose();
 */
export async function fitTable<R extends object>(rows: TabularRows<R>, options: TabularOptions): Promise<TabularModel> {
  checkOptions(options, NAME, tabularChecks, "target");
  if (options.executor !== undefined && options.threads !== undefined)
    throw new ArgumentError(`${NAME}: threads are of an executor of its own: the one that is given has some`);
  const table = asTable(rows, `${NAME}: rows`);
  options.signal?.throwIfAborted();
  const prepared = named(() => prepare(table, options));
  return withExecutor(options, async (executor) => {
    const network = await trained(prepared, options, executor);
    return modelOf(prepared, options, network, await linearScores(prepared, options, executor));
  });
}

/** Errors say who was called. */
function named<T>(task: () => T): T {
  try {
    return task();
  } catch (error) {
    if (error instanceof SimdgradError && !error.message.startsWith(NAME)) error.message = `${NAME}: ${error.message}`;
    throw error;
  }
}

/** On the executor that was given, or on one that is gone afterwards. */
export async function withExecutor<T>(
  { executor, threads }: Pick<TabularOptions, "executor" | "threads">,
  task: (executor: Executor) => Promise<T>,
): Promise<T> {
  if (executor !== undefined) return task(executor);
  const own = createExecutor(threads === undefined ? {} : { threads });
  try {
    return await task(own);
  } finally {
    await own.dispose();
  }
}

/** A network that was trained, and how good it is. */
export interface TrainedNetwork extends Trained {
  readonly network: TabularNetwork;
  readonly scores: Scores;
  readonly course: Pick<Course, "seed" | "rate" | "weightDecay" | "batch" | "epochs" | "patience">;
}

/** Figures of a linear model, or none where the training was ended before it. */
export async function linearScores(prepared: Prepared, options: TabularOptions, executor: Executor): Promise<Scores> {
  if (options.signal?.aborted) return {};
  const plain = { ...options, signal: undefined, hidden: [], dropout: 0, rate: LINEAR_RATE };
  const isWanted = () => !options.signal?.aborted;
  const { scores } = await trained(prepared, { ...plain, model: "linear", onEpoch: isWanted }, executor);
  return options.signal?.aborted ? {} : scores;
}

/** How a training is to go, with a word on each of its epochs. */
export interface NetworkOptions extends TabularOptions {
  /** What reports call it. Default "network". */
  readonly model?: "linear" | "network";
  /** Called after each epoch; false ends the training. */
  readonly onEpoch?: (epoch: Epoch) => unknown;
}

/** Trains a network on what was prepared, and tests it. */
export async function trained(
  prepared: Prepared,
  options: NetworkOptions,
  executor: Executor,
): Promise<TrainedNetwork> {
  const { target } = prepared;
  const [rows, features] = prepared.train.x.shape;
  const { hidden = defaultHidden(rows, features), dropout = defaultDropout(rows), signal, report, onEpoch } = options;
  const { model = "network" } = options;
  const outputs = target.task === "classification" ? target.classes.length : 1;
  const network = { features, hidden: [...hidden], outputs, dropout };
  const { seed = 0, rate = 0.003, weightDecay = 0.01 } = options;
  const batch = Math.min(rows, options.batch ?? defaultBatch(rows));
  const { epochs = defaultEpochs(rows, batch), patience = defaultPatience(epochs) } = options;
  const course = { seed, rate, weightDecay, batch, epochs, patience };
  const tell = (epoch: Epoch) => {
    report?.({ model, epoch: epoch.epoch, epochs, loss: epoch.loss, validation: epoch.validation?.loss ?? Number.NaN });
    return onEpoch?.(epoch);
  };
  const result = await train(prepared, { ...course, task: target.task, network, executor, signal, onEpoch: tell });
  return { ...result, network, course, scores: scoresOf(prepared, result.told) };
}

/** How good outputs for the rows to test with are. */
function scoresOf({ target, test, tested }: Prepared, told: ArrayLike<number>): Scores {
  if (target.task === "classification") return classScores(told, test.y.data as Int32Array, target.classes.length);
  const { mean, scale } = target;
  return numberScores(
    Float64Array.from(told, (value) => mean + scale * value),
    tested.column(target.name).values as Float64Array,
  );
}

/** What is told without a look at the row: each class in its share, or the mean. */
function baselineOf(prepared: Prepared): Scores {
  const { target, train, test } = prepared;
  const [rows] = test.x.shape;
  if (target.task === "regression") return scoresOf(prepared, new Float64Array(rows));
  const guess = shares(train.y.data as Int32Array, target.classes.length);
  return scoresOf(prepared, Array.from({ length: rows }, () => guess).flat());
}

/** The model that a network makes with what was prepared. */
export function modelOf(
  prepared: Prepared,
  options: Pick<TabularOptions, "executor" | "reading">,
  { network, course, scores, state, history, best }: TrainedNetwork,
  linear: Scores,
): TabularModel {
  const { target, columns, dropped, notes, preprocessing, tested, checksum } = prepared;
  const rowsOf = (part: "train" | "validation" | "test") => prepared[part].x.shape[0];
  const rows = { train: rowsOf("train"), validation: rowsOf("validation"), test: rowsOf("test") };
  const description = {
    target: plain(target),
    columns,
    dropped,
    notes,
    preprocessing,
    network,
    training: { ...course, ran: history.length, best: best.epoch, loss: best.validation?.loss ?? Number.NaN, rows },
    metrics: { test: scores, linear, baseline: baselineOf(prepared) },
    source: { checksum, reading: options.reading ?? {} },
  };
  return new TabularModel(description, state, { executor: options.executor, history, tested });
}

function plain({ name, type, task, classes, mean, scale }: Target): Target {
  return { name, type, task, classes: [...classes], mean, scale };
}
