// Steps applied to columns of tables, fitted once and applied to any rows: what was learned is plain data, which JSON holds.
import { aListOf, aText, checkOptions, isRecord, must, oneOf } from "../../check.ts";
import { ArgumentError, DataError, DTypeError, ShapeError } from "../../errors.ts";
import { showShape } from "../../shape.ts";
import { show } from "../../show.ts";
import { type ArrayLikeData, array, type TypedData } from "../array.ts";
import { beforeFit } from "../before-fit.ts";
import { COLUMN_TYPES, type ColumnType } from "../column-types.ts";
import { areWhole, type Column, checkNames, checkOnce, checkRounding, columnIn, isNumeric, Table } from "../table.ts";
import { checkStep, type Feature, type Kind, type NumericFeature, type Step } from "./step.ts";
import { kinds } from "./steps.ts";

/** Steps for some columns: their names, all of them, those of numbers (booleans and dates, too), or those of texts. */
export interface ColumnSteps {
  readonly columns: readonly string[] | "all" | "numbers" | "texts";
  /** What is done with them, one after the other. None: they stay what they are. */
  readonly steps: readonly Step[];
}

/** A table, or rows of numbers [rows, columns], whose columns are x0, x1 and so on. */
export type TableLike = Table | ArrayLikeData;

interface FittedStep extends Step {
  /** Names of what it takes. */
  readonly names: readonly string[];
  /** What it learned of each. */
  readonly state: readonly unknown[];
}

interface FittedColumns {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly steps: readonly FittedStep[];
  /** Names of what it makes. */
  readonly names: readonly string[];
}

const FORMAT = "simdgrad preprocessing";
const VERSION = 1;

/**
 * Steps for columns, of which each learns from the rows that are fitted alone: a list of steps for all columns, or of columns with theirs,
 * as scikit-learn's ColumnTransformer. Columns that nobody names are left out.
 * @throws ArgumentError for anything else
 *
 * @example
 * import { imputeMissing, oneHot, preprocessing, preprocessingFromJSON, standardize, table } from "simdgrad/data";
 * const train = table({ age: [20, 40, null], city: ["Rome", "Oslo", "Rome"] });
 * const prepared = preprocessing([
 *   { columns: ["age"], steps: [imputeMissing(), standardize()] },
 *   { columns: "texts", steps: [oneHot()] },
 * ]).fit(train);
 * prepared.names; // => ["age", "city_Oslo", "city_Rome"]
 * prepared.transform(table({ age: [30], city: ["Oslo"] })); // => { data: [0, 1, 0], shape: [1, 3], dtype: "f32" }
 * const again = preprocessingFromJSON(JSON.stringify(prepared)); // beside the weights of the model
 * again.invert(again.transform(train)).row(1).city; // => "Oslo"
 */
export function preprocessing(given: readonly Step[] | readonly ColumnSteps[]): Preprocessing {
  must(
    Array.isArray(given) && given.length > 0,
    given,
    "preprocessing: what is given",
    "a list of steps, or of { columns, steps }",
  );
  const areSteps = given.map((each) => isRecord(each) && "kind" in each);
  const all = areSteps.every(Boolean)
    ? [{ columns: "all", steps: given as readonly Step[] } as const]
    : (given as readonly ColumnSteps[]);
  for (const [i, each] of Array.from(all).entries()) {
    const name = `preprocessing: ${i}`;
    checkOptions(each, name, { columns: aChoice, steps: aListOf(aStep) }, "columns", "steps");
  }
  return new Preprocessing(all);
}

function aChoice(value: unknown, what: string): void {
  if (Array.isArray(value)) aListOf(aText)(value, what);
  else
    must(
      ["all", "numbers", "texts"].includes(value as string),
      value,
      what,
      'a list of names, "all", "numbers" or "texts"',
    );
}

function aStep(value: unknown, what: string): void {
  const kind = isRecord(value) ? kinds.get(value.kind as string) : undefined;
  must(kind !== undefined, value, what, "a step, such as standardize()");
  checkStep(kind as Kind, (value as unknown as Step).options, what);
}

/**
 * Steps that have learned nothing yet: what `preprocessing` makes.
 *
 * @example
 * import { minMax, preprocessing } from "simdgrad/data";
 * preprocessing([minMax()]).fit([[1, 10], [3, 30]]).transform([[2, 20]]).data; // => [0.5, 0.5]
 */
export class Preprocessing {
  readonly #entries: readonly ColumnSteps[];

  constructor(entries: readonly ColumnSteps[]) {
    this.#entries = entries;
    beforeFit(this, "preprocessing", FittedPreprocessing);
  }

  /**
   * Learns from the rows to train on: none of those to test with may be among them.
   * @throws DataError, DTypeError for columns that a step cannot take
   */
  fit(data: TableLike): FittedPreprocessing {
    const table = tableOf(data, "fit: data");
    if (table.rows === 0) throw new DataError("fit: there are no rows to learn from");
    return new FittedPreprocessing(this.#entries.map((entry) => fitted(entry, table)));
  }
}

/**
 * Steps that have learned from rows: what `fit` of a preprocessing gives.
 *
 * @example
 * import { preprocessing, robust, table } from "simdgrad/data";
 * const fitted = preprocessing([robust()]).fit(table({ x: [1, 2, 3], y: [0, 5, 10] }));
 * fitted.names; // => ["x", "y"]
 * fitted.transform(table({ y: [10], x: [2] })).data; // => [0, 1]
 */
export class FittedPreprocessing {
  readonly #entries: readonly FittedColumns[];

  constructor(entries: readonly FittedColumns[]) {
    checkNames(
      entries.flatMap(({ names }) => names),
      "preprocessing",
    );
    this.#entries = entries;
  }

  /** Names of the features that it makes, in their order. */
  get names(): string[] {
    return this.#entries.flatMap(({ names }) => names);
  }

  /**
   * Features of rows, f32 [rows, features], for `fit`, `evaluate` and `predict`.
   * @throws ArgumentError for a column that is not there, DTypeError for one of texts where numbers were fitted, and for texts that remain;
   * DataError for what is missing at the end, or no f32, for dates that f32 does not tell apart, and for categories that were not there
   */
  transform(data: TableLike): TypedData {
    const table = tableOf(data, "transform: data");
    const features = this.#entries.flatMap((entry) => transformed(entry, table));
    const result = new Float32Array(table.rows * features.length);
    for (const [c, feature] of features.entries()) fill(result, feature, c, features.length);
    return { data: result, shape: [table.rows, features.length], dtype: "f32" };
  }

  /**
   * The columns that features came from: of what a model predicts, in the numbers that people know. Booleans are true from 0.5 on; whole
   * numbers are not rounded: where one is not whole, the column's type is "number".
   * @throws ShapeError for another number of features, ArgumentError for steps that lose what was there: normalize and hashing;
   * DataError for dates beyond what a Date holds
   */
  invert(data: ArrayLikeData): Table {
    const given = array(data, undefined, "invert: data");
    const [rows, width] = given.shape;
    const { length } = this.names;
    if (given.shape.length !== 2 || width !== length)
      throw new ShapeError(`invert: data is ${showShape(given.shape)}, but there are ${length} features`);
    let next = 0;
    const columns = this.#entries.flatMap((entry) => {
      const features = entry.names.map((name): NumericFeature => {
        const at = next++;
        return { name, values: Float64Array.from({ length: rows }, (_, row) => given.data[row * width + at]) };
      });
      return inverted(entry, features, rows);
    });
    checkNames(
      columns.map(({ name }) => name),
      "invert",
    );
    return new Table(columns, rows);
  }

  /** What JSON.stringify writes, and `preprocessingFromJSON` reads. */
  toJSON(): object {
    return { format: FORMAT, version: VERSION, entries: this.#entries };
  }
}

/**
 * The preprocessing that `JSON.stringify` has written, or what `JSON.parse` made of that: the same numbers, to the last bit.
 * @throws DataError for what is no JSON, of another format, or of a version that is not known; ArgumentError, with its place, for anything in it
 * that no preprocessing has
 *
 * @example
 * import { minMax, preprocessing, preprocessingFromJSON } from "simdgrad/data";
 * const text = JSON.stringify(preprocessing([minMax()]).fit([[1], [3]]));
 * preprocessingFromJSON(text).transform([[2]]).data; // => [0.5]
 * preprocessingFromJSON("{}"); // => throws DataError: preprocessingFromJSON: this is no preprocessing
 */
export function preprocessingFromJSON(json: unknown): FittedPreprocessing {
  const name = "preprocessingFromJSON";
  const given = typeof json === "string" ? parsed(json, name) : json;
  if (!isRecord(given) || given.format !== FORMAT)
    throw new DataError(`${name}: this is no preprocessing, got ${show(given)}`);
  if (given.version !== VERSION)
    throw new DataError(`${name}: version ${show(given.version)} of the format is not known, only ${VERSION}`);
  aListOf(fittedColumns)(given.entries, `${name}: entries`);
  for (const [i, entry] of (given.entries as readonly FittedColumns[]).entries())
    checkChain(entry, `${name}: entries.${i}`);
  return new FittedPreprocessing(given.entries as readonly FittedColumns[]);
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${name}: this is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function fittedColumns(value: unknown, what: string): void {
  const columns = aListOf((each, where) =>
    checkOptions(
      each as object,
      where,
      { name: aText, type: oneOf(...COLUMN_TYPES) },
      "name" as never,
      "type" as never,
    ),
  );
  const checks = { columns, steps: aListOf(fittedStep), names: aListOf(aText) };
  checkOptions(value as FittedColumns, what, checks, "columns", "steps", "names");
}

function fittedStep(value: unknown, what: string): void {
  const checks = { kind: aText, options: () => undefined, names: aListOf(aText), state: aListOf(() => undefined) };
  checkOptions(value as FittedStep, what, checks, "kind", "names", "state");
  aStep({ kind: (value as Step).kind, options: (value as Step).options }, what);
  const { kind, names, state } = value as FittedStep;
  const { state: check } = kinds.get(kind) as Kind;
  const length = check === null ? 0 : names.length;
  must(state.length === length, state, `${what}.state`, `a list of ${length}, one for each of [${names.join(", ")}]`);
  if (check !== null) aListOf(check)(state, `${what}.state`);
}

/** @throws DataError unless each step takes what the one before it makes: of no rows they tell the names. */
function checkChain({ columns, steps, names }: FittedColumns, what: string): void {
  let features: readonly Feature[] = columns.map(({ name, type }) => ({ name, values: absent(type, 0) }));
  const expect = (given: readonly string[], where: string) => {
    const made = features.map(({ name }) => name);
    if (made.length !== given.length || made.some((name, i) => name !== given[i]))
      throw new DataError(`${where} are [${given.join(", ")}], but what is there is [${made.join(", ")}]`);
  };
  for (const [i, { kind, options, names, state }] of steps.entries()) {
    expect(names, `${what}: steps.${i}: names`);
    features = (kinds.get(kind) as Kind).apply(features, state, options);
  }
  expect(names, `${what}: names`);
  checkNumbers(features);
}

function tableOf(data: TableLike, what: string): Table {
  if (data instanceof Table) return data;
  const given = array(data, undefined, what);
  const [rows, width] = given.shape;
  if (given.shape.length !== 2)
    throw new ShapeError(`${what} is ${showShape(given.shape)}, not a table or [rows, columns]`);
  const columns = Array.from({ length: width }, (_, c): Column => {
    const values = Float64Array.from({ length: rows }, (_, row) => given.data[row * width + c]);
    return { name: `x${c}`, type: "number", values };
  });
  return new Table(columns, rows);
}

function fitted({ columns, steps }: ColumnSteps, table: Table): FittedColumns {
  const chosen = chosenOf(columns, table);
  let features: readonly Feature[] = chosen;
  const made = steps.map(({ kind, options: given }): FittedStep => {
    const own = kinds.get(kind) as Kind;
    const options = asJSON(given) as object;
    const state = learned(kind, features, own.fit(features, options));
    const names = features.map(({ name }) => name);
    features = own.apply(features, state, options);
    return { kind, options, names, state };
  });
  checkNumbers(features);
  return {
    columns: chosen.map(({ name, type }) => ({ name, type })),
    steps: made,
    names: features.map(({ name }) => name),
  };
}

/** Data as JSON gives it back: so what is fitted and what is read from its file are the same, also -0, which JSON does not have. */
function asJSON(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** @throws DataError for numbers that are so large that what is learned of them is infinite */
function learned(kind: string, features: readonly Feature[], state: readonly unknown[]): readonly unknown[] {
  const isEndless = (value: unknown): boolean =>
    typeof value === "object" && value !== null
      ? Object.values(value).some(isEndless)
      : typeof value === "number" && !Number.isFinite(value);
  const at = state.findIndex(isEndless);
  if (at >= 0)
    throw new DataError(
      `${kind}: the numbers of column ${show(features[at].name)} are too large: what is learned of them is infinite`,
    );
  return asJSON(state) as readonly unknown[];
}

function chosenOf(columns: ColumnSteps["columns"], table: Table): readonly Column[] {
  if (typeof columns !== "string") {
    checkOnce(columns, "preprocessing: columns");
    return columns.map((name) => columnIn(table, name, "preprocessing: "));
  }
  const found = table.columns.filter(({ type }) => columns === "all" || isNumeric(type) === (columns === "numbers"));
  if (found.length === 0)
    throw new ArgumentError(
      `preprocessing: the table has no columns of ${columns}: it has [${table.names.join(", ")}]`,
    );
  return found;
}

/** @throws DTypeError for texts that remain */
function checkNumbers(features: readonly Feature[]): void {
  const text = features.find(({ values }) => !(values instanceof Float64Array));
  if (text !== undefined)
    throw new DTypeError(
      `preprocessing: column ${show(text.name)} still holds texts; oneHot(), ordinal() or hashing() makes numbers of them`,
    );
}

function transformed({ columns, steps, names }: FittedColumns, table: Table): readonly NumericFeature[] {
  let features: readonly Feature[] = columns.map(({ name, type }) => {
    const { values } = columnIn(table, name, "transform: ");
    if (values instanceof Float64Array !== isNumeric(type) && !isEmpty(values))
      throw new DTypeError(`transform: column ${show(name)} is of type ${table.column(name).type}; ${type} was fitted`);
    return { name, values: isNumeric(type) === values instanceof Float64Array ? values : absent(type, values.length) };
  });
  for (const { kind, options, names, state } of steps) {
    checkCount(features, names.length);
    features = (kinds.get(kind) as Kind).apply(features, state, options);
  }
  checkCount(features, names.length);
  checkNumbers(features);
  if (steps.every(({ kind }) => kind === "imputeMissing"))
    for (const [i, { name, type }] of columns.entries())
      checkRounding(features[i].values as Float64Array, type, (row) => `transform: row ${row} of ${show(name)}`);
  return features as readonly NumericFeature[];
}

/** Whether a column has no value at all: then it says nothing of its type. */
function isEmpty(values: Feature["values"]): boolean {
  return Array.from(values as ArrayLike<unknown>).every((value) => value === null || Number.isNaN(value));
}

function absent(type: ColumnType, rows: number): Feature["values"] {
  return isNumeric(type) ? new Float64Array(rows).fill(Number.NaN) : new Array<null>(rows).fill(null);
}

function checkCount(features: readonly Feature[], count: number): void {
  if (features.length !== count)
    throw new DataError(`preprocessing: ${features.length} features, where ${count} were fitted`);
}

function fill(result: Float32Array, { name, values }: NumericFeature, column: number, width: number): void {
  const missing = values.findIndex(Number.isNaN);
  if (missing >= 0)
    throw new DataError(
      `transform: row ${missing} of ${show(name)} is missing; imputeMissing() before the other steps fills it`,
    );
  for (let row = 0; row < values.length; row++) {
    const rounded = Math.fround(values[row]);
    if (!Number.isFinite(rounded))
      throw new DataError(`transform: row ${row} of ${show(name)} is ${values[row]}, which is no f32`);
    result[row * width + column] = rounded;
  }
}

function inverted(
  { columns, steps }: FittedColumns,
  features: readonly NumericFeature[],
  rows: number,
): readonly Column[] {
  let own: readonly Feature[] = features;
  for (const { kind, options, names, state } of [...steps].reverse()) {
    const { invert } = kinds.get(kind) as Kind;
    if (invert === undefined) throw new ArgumentError(`invert: what ${kind}() makes does not tell what was there`);
    own = invert(own as readonly NumericFeature[], state, options, names, rows);
  }
  return own.map(({ values }, i) => columnOf(columns[i], values));
}

/** The latest time that a Date holds, and the earliest below 0. */
const LATEST = 8.64e15;

/** A column whose values are of its type: f32 rounds, and models predict what is between. Of whole numbers it says whether they are. */
function columnOf({ name, type }: FittedColumns["columns"][number], values: Feature["values"]): Column {
  if (!(values instanceof Float64Array)) return { name, type, values };
  if (type === "boolean")
    return { name, type, values: values.map((value) => (Number.isNaN(value) ? value : Number(value >= 0.5))) };
  if (type === "date") {
    const row = values.findIndex((value) => Math.abs(value) > LATEST);
    if (row >= 0) throw new DataError(`invert: row ${row} of column ${show(name)} is ${values[row]}, which is no date`);
    return { name, type, values: values.map(Math.round) };
  }
  return { name, type: type === "integer" && !areWhole(values) ? "number" : type, values };
}
