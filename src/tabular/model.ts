// TabularModel: rows of a table in, what is told of them out; and the file that it is.
import { aBoolean, checkOptions, isRecord, must } from "../check.ts";
import { array, type NumericArray, type TypedData } from "../data/array.ts";
import type { ColumnType } from "../data/column-types.ts";
import type { Table } from "../data/table.ts";
import { DataError, DTypeError } from "../errors.ts";
import { variables } from "../nn/module.ts";
import { anExecutor } from "../runtime/arguments.ts";
import type { Executor } from "../runtime/executor.ts";
import { checkState } from "../train/check-state.ts";
import type { Epoch } from "../train/history.ts";
import { ownArray } from "../train/own-array.ts";
import { Predictor } from "../train/predictor.ts";
import type { StateDict } from "../train/state.ts";
import { conformed, countOf, type GivenRows, type TabularRows } from "./cells.ts";
import { checksumOf } from "./checksum.ts";
import { type DroppedColumn, readingType, type TabularColumn } from "./columns.ts";
import { type FeatureScale, featureNames, featuresOf, scalesOf } from "./features.ts";
import { type Description, parseModel, serializeModel, type TabularMetrics, type TabularTraining } from "./file.ts";
import { faultOfWeights, networkOf, type TabularNetwork } from "./network.ts";
import type { TabularReading } from "./options.ts";
import { knownRows, partsOf, type TabularParts } from "./parts.ts";
import { targets } from "./prepare.ts";
import { classScores, largest, numberScores, type Scores } from "./scores.ts";
import { classValue, type Task } from "./target.ts";

/** What is told of a row. */
export interface TabularPrediction {
  /** The most probable class, as the column holds it, or the number. */
  readonly value: string | number | boolean;
  /** Of classes: the probability of each. */
  readonly probabilities?: Readonly<Record<string, number>>;
}

/** What a model was made with. */
interface Own {
  readonly executor?: Executor;
  readonly history?: readonly Epoch[];
  readonly tested?: Table;
}

/** What is said of a model whose weights were trained elsewhere. */
const ELSEWHERE = "its weights were trained elsewhere: the figures kept with it are those of the weights before";

/** Rows that are predicted at once. */
const ROWS = 4096;

/**
 * A model of one column of a table: what `fitTable` gives, and a file holds.
 *
 * @example
 * import { table } from "simdgrad/data";
 * import { fitTable, TabularModel } from "simdgrad/tabular";
 * const area = Array.from({ length: 80 }, (_, i) => 40 + i);
 * const town = area.map((_, i) => (i % 2 ? "Oslo" : "Rome"));
 * const houses = table({ area, town, price: area.map((each, i) => 2 * each + 30 * (i % 2)) });
 * const model = await fitTable(houses, { target: "price", task: "regression", seed: 1 });
 * const bytes = await model.save(); // a file, which PyTorch reads the weights of
 * const again = await TabularModel.load(bytes);
 * const [{ value }] = await again.predict([{ area: 80, town: "Oslo" }]);
 * Math.abs(Number(value) - 190) < 15; // => true
 * (await again.evaluate(houses)).r2 > 0.9; // => true
 * again.trainingRows(houses).inputs.shape; // => [80, 3]
 * again.partsOf(houses)?.test.length; // => 16
 * (await again.withWeights(model.weights).predict([{ area: 80, town: "Oslo" }]))[0].value === value; // => true
 * for (const each of [model, again]) await each.dispose();
 */
export class TabularModel {
  readonly #description: Description;
  readonly #state: StateDict;
  readonly #executor: Executor | undefined;
  #predictor: Predictor | undefined;
  /** The epochs of the training; of a model that was loaded none. */
  readonly history: readonly Epoch[];
  /** The rows that it was tested with, as they were given; undefined for a model that was loaded. */
  readonly tested: Table | undefined;

  /** For `fitTable` and `load`. */
  constructor(description: Description, state: StateDict, { executor, history = [], tested }: Own = {}) {
    this.#description = description;
    this.#state = state;
    this.#executor = executor;
    this.history = history;
    this.tested = tested;
  }

  /**
   * The model that `save` made bytes of.
   * @throws DataError saying what is wrong with them: other files, newer versions, changed and torn ones
   */
  static async load(
    bytes: Uint8Array | ArrayBuffer,
    options: { readonly executor?: Executor } = {},
  ): Promise<TabularModel> {
    checkOptions(options, "load", { executor: anExecutor });
    const { description, state } = parseModel(bytes);
    return new TabularModel(description, state, options);
  }

  /** Whether it tells classes or numbers. */
  get task(): Task {
    return this.#description.target.task;
  }

  /** The column that it tells. */
  get target(): string {
    return this.#description.target.name;
  }

  /** The classes, in the order of the network's outputs; of numbers none. */
  get classes(): readonly string[] {
    return this.#description.target.classes;
  }

  /** The columns that it reads, and as what. */
  get columns(): readonly TabularColumn[] {
    return this.#description.columns;
  }

  /** The columns of the table that it does not read, and why. */
  get dropped(): readonly DroppedColumn[] {
    return this.#description.dropped;
  }

  /** What else was done with the table: rows that were left out, classes that were not tested. */
  get notes(): readonly string[] {
    return this.#description.notes;
  }

  /** Names of the numbers that the network takes, in their order. */
  get features(): readonly string[] {
    return featureNames(this.#description.preprocessing, this.columns);
  }

  /**
   * How features of numbers come from their columns: (number - mean) / scale, of the median where it is missing, and of 1 or 0 those that
   * say whether it is; features of categories are 0 or 1, those of texts hashed.
   */
  get scales(): readonly FeatureScale[] {
    return scalesOf(this.#description.preprocessing, this.columns);
  }

  /** Of numbers: what is told is mean + scale times the network's output. Undefined for classes. */
  get outputScale(): { readonly mean: number; readonly scale: number } | undefined {
    const { mean, scale } = this.#description.target;
    return this.task === "regression" ? { mean, scale } : undefined;
  }

  /** Sizes of its network. */
  get network(): TabularNetwork {
    return this.#description.network;
  }

  /** How it was trained. */
  get training(): TabularTraining {
    return this.#description.training;
  }

  /**
   * How good it is on rows that it was not trained on, beside a linear model, and beside what is told without a look at the row (classes in
   * their shares, or the mean): `accuracy`, `f1` (the mean of the classes') and `logLoss`; or `rootMeanSquaredError`, `meanAbsoluteError`
   * and `r2`.
   */
  get metrics(): TabularMetrics {
    return this.#description.metrics;
  }

  /** The weights by PyTorch's names, f32: of Linear, ReLU and Dropout one after the other. */
  get weights(): StateDict {
    return this.#state;
  }

  /** How the file of the rows that it was made of was read: options for `readCsv`, beside `types()`. */
  get reading(): TabularReading {
    return this.#description.source?.reading ?? {};
  }

  /**
   * Whether these are the rows that it was made of, by a checksum of the cells that it read: figures of them say little. Never of a
   * file of an earlier time, which has none.
   * @throws as predict
   */
  isMadeOf<R extends object>(rows: TabularRows<R>): boolean {
    countOf(rows, "isMadeOf: rows");
    const columns = [...this.columns, this.#description.target];
    return checksumOf(conformed(rows, columns, "isMadeOf: the table"), columns) === this.#description.source?.checksum;
  }

  /**
   * Which of the rows that it was made of it was trained on, validated with and tested with; those that miss the target are in no part.
   * Undefined for other rows, as `isMadeOf` tells them.
   * @throws as predict
   */
  partsOf<R extends object>(rows: TabularRows<R>): TabularParts | undefined {
    countOf(rows, "partsOf: rows");
    if (!this.isMadeOf(rows)) return undefined;
    const { target, training } = this.#description;
    const given = conformed(rows, [target], "partsOf: the table");
    const known = knownRows(given.column(target.name));
    const own = given.take(known);
    const { validation, test } = training.rows;
    const classes = target.task === "classification" ? own.toClasses(target.name) : undefined;
    const parts = partsOf(own.rows, classes, { validation, test, seed: training.seed });
    const of = (part: Int32Array) => part.map((row) => known[row]);
    return { train: of(parts.train), validation: of(parts.validation), test: of(parts.test) };
  }

  /** Whether its weights came by `withWeights`: its figures are those of the weights before. */
  get isTrainedElsewhere(): boolean {
    return this.notes.includes(ELSEWHERE);
  }

  /** Types for `readCsv`, by which a file to be predicted is read as the one that was trained on; with its target, to evaluate. */
  types(options: { readonly target?: boolean } = {}): Record<string, ColumnType> {
    checkOptions(options, "types", { target: aBoolean });
    const columns = options.target ? [...this.columns, this.#description.target] : this.columns;
    return Object.fromEntries(columns.map((column) => [column.name, readingType(column)]));
  }

  /**
   * What it tells of each row. A category that was not there in training says nothing; null is what is not known.
   * @throws ArgumentError for a column that is missing, DataError with row and column for a cell that is of another type,
   * and for a number that is too far from those of the training
   */
  async predict<R extends object>(rows: TabularRows<R>): Promise<TabularPrediction[]> {
    if (countOf(rows, "predict: rows") === 0) return [];
    const what = "predict: the table";
    const outputs = await this.#outputs(conformed(rows, this.columns, what), (row) => `${what}: row ${row}`);
    const { classes, mean, scale } = this.#description.target;
    if (this.task === "regression") return Array.from(outputs, (value) => ({ value: mean + scale * value }));
    const values = classes.map((each) => classValue(this.#description.target, each));
    return Array.from(largest(outputs, classes.length), (best, row) => {
      const own = outputs.subarray(row * classes.length, (row + 1) * classes.length);
      return { value: values[best], probabilities: Object.fromEntries(classes.map((name, c) => [name, own[c]])) };
    });
  }

  /**
   * How good it is on rows that have the target, too; rows that miss it count nothing. The figures are those of `metrics`.
   * @throws as predict; DataError for a class that it does not know, and where no row has a target
   */
  async evaluate<R extends object>(rows: TabularRows<R>): Promise<Scores> {
    const { target } = this.#description;
    const { own, place } = this.#known(rows, "evaluate");
    const outputs = await this.#outputs(own, place);
    return target.task === "classification"
      ? classScores(outputs, targets(own, target).data as Int32Array, target.classes.length)
      : numberScores(
          Float64Array.from(outputs, (value) => target.mean + target.scale * value),
          own.column(target.name).values as Float64Array,
        );
  }

  /**
   * Rows as its network is trained on them, for a training elsewhere: `inputs` [rows, features] f32 are what it takes, `targets` the indices of
   * classes [rows], or numbers [rows, 1] as the table has them. Rows that miss the target are left out. Of a table that the model was made of
   * `table.take(model.partsOf(table).train)` leaves out those to validate and to test with, too.
   * @throws as evaluate
   */
  trainingRows<R extends object>(rows: TabularRows<R>): { readonly inputs: TypedData; readonly targets: NumericArray } {
    const { target, preprocessing } = this.#description;
    const { own, place } = this.#known(rows, "trainingRows");
    const inputs = featuresOf(preprocessing, own, this.columns, place);
    const { data, shape } = targets(own, target);
    if (target.task === "classification") return { inputs, targets: { data, shape } };
    return { inputs, targets: { data: Float32Array.from(own.column(target.name).values as Float64Array), shape } };
  }

  /**
   * The same model with weights that were trained elsewhere, under the names and in the shapes of `weights`. Its figures stay those of the
   * weights before, which a note says: `evaluate` gives its own.
   * @throws ArgumentError for names that are missing or unknown, ShapeError for other shapes, DTypeError for whole numbers and for what is beyond
   * f32, DataError for NaN and infinities, and for numbers so large that nothing could be predicted
   */
  withWeights(weights: StateDict): TabularModel {
    must(isRecord(weights), weights, "withWeights: weights", "an object of names and arrays, as weights are");
    const { network, notes } = this.#description;
    const own = variables(networkOf(network));
    checkState("withWeights", weights, own, array);
    for (const name of own.keys()) {
      const { dtype } = array(weights[name], undefined, name);
      if (dtype !== "f32") throw new DTypeError(`withWeights: ${name} is ${dtype}, and weights are f32`);
    }
    const state = Object.fromEntries([...own.keys()].map((name) => [name, ownArray(weights[name], "f32", name)]));
    for (const [name, { data }] of Object.entries(state)) {
      const none = data.findIndex((value) => !Number.isFinite(value));
      if (none >= 0) throw new DataError(`withWeights: ${name} holds ${data[none]}`);
    }
    const fault = faultOfWeights(network, state);
    if (fault !== undefined) throw new DataError(`withWeights: ${fault}`);
    const told = { ...this.#description, notes: [...notes.filter((note) => note !== ELSEWHERE), ELSEWHERE] };
    return new TabularModel(told, state, { ...(this.#executor && { executor: this.#executor }) });
  }

  /** The rows whose target is known, as columns of its own, and how an error calls one. @throws DataError where there is none */
  #known(rows: GivenRows, caller: string): { readonly own: Table; readonly place: (row: number) => string } {
    const what = `${caller}: the table`;
    const { target } = this.#description;
    countOf(rows, `${caller}: rows`);
    const given = conformed(rows, [...this.columns, target], what);
    const { values } = given.column(target.name);
    const isKnown = (row: number) => values[row] !== null && !Number.isNaN(values[row]);
    const known = Array.from({ length: given.rows }, (_, row) => row).filter(isKnown);
    const own = given.take(known);
    if (own.rows === 0) throw new DataError(`${what} has no row with a target ${JSON.stringify(target.name)}`);
    return { own, place: (row) => `${what}: row ${known[row]}` };
  }

  /** Probabilities, or numbers as the network gives them, of all rows. @throws DataError where they are none */
  async #outputs(own: Table, place: (row: number) => string): Promise<Float32Array> {
    const { columns } = this;
    const { preprocessing, network } = this.#description;
    this.#predictor ??= new Predictor(networkOf(network), {
      state: this.#state,
      ...(this.#executor && { executor: this.#executor }),
    });
    const outputs = new Float32Array(own.rows * network.outputs);
    for (let start = 0; start < own.rows; start += ROWS) {
      const rows = Array.from({ length: Math.min(ROWS, own.rows - start) }, (_, i) => start + i);
      const x = featuresOf(preprocessing, own.take(rows), columns, (row) => place(start + row));
      const { data } = await this.#predictor.predict(x, { as: this.task === "classification" ? "softmax" : undefined });
      outputs.set(data as Float32Array, start * network.outputs);
    }
    const none = outputs.findIndex((value) => !Number.isFinite(value));
    if (none >= 0) {
      const row = place(Math.floor(none / network.outputs));
      const fault =
        faultOfWeights(network, this.#state) ?? "its numbers are too far from those of the rows to train on";
      throw new DataError(`${row}: ${fault}`);
    }
    return outputs;
  }

  /** All of it as one file: weights, columns, preprocessing, network, metrics. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return serializeModel(this.#description, this.#state);
  }

  /** Frees the executor that it predicts on, if that is its own. */
  async dispose(): Promise<void> {
    await this.#predictor?.dispose();
    this.#predictor = undefined;
  }
}
