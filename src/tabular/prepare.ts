// From a table to what a network is trained on: rows that have a target, columns that say something, parts, features.
import type { NumericArray } from "../data/array.ts";
import { numericValue } from "../data/column-types.ts";
import { meant } from "../data/nearest.ts";
import type { FittedPreprocessing } from "../data/preprocessing/preprocessing.ts";
import type { Table } from "../data/table.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { show } from "../show.ts";
import { checksumOf } from "./checksum.ts";
import { choose, type DroppedColumn, type TabularColumn } from "./columns.ts";
import { featuresOf, fitFeatures, innerTable } from "./features.ts";
import { lookOf } from "./looks.ts";
import type { TabularOptions } from "./options.ts";
import { knownRows, partsOf } from "./parts.ts";
import { checkClasses, checkNumbers, checkSizes, type Target, targetOf, taskOf } from "./target.ts";
import type { Part } from "./training.ts";

/** Rows that a model is made of at the least. */
const FEWEST = 10;

/** What trainings of a table have in common. */
export interface Prepared {
  readonly target: Target;
  readonly columns: readonly TabularColumn[];
  readonly dropped: readonly DroppedColumn[];
  /** What else is to be known. */
  readonly notes: readonly string[];
  readonly preprocessing: FittedPreprocessing;
  readonly train: Part;
  readonly validation: Part;
  readonly test: Part;
  /** The rows to test with, as they were given. */
  readonly tested: Table;
  /** Of all rows: of the columns that are learned from, and of the target. */
  readonly checksum: string;
}

/** @throws ArgumentError for columns that there are not, DataError for what nothing can be learned from */
export function prepare(given: Table, options: TabularOptions): Prepared {
  const { target: name, features, test = 0.2, validation = 0.15, seed = 0 } = options;
  for (const each of [name, ...(features ?? [])])
    if (!given.names.includes(each))
      throw new ArgumentError(
        `there is no column ${show(each)}: the table has [${given.names.join(", ")}]${meant(each, given.names)}`,
      );
  if (features?.includes(name))
    throw new ArgumentError(`the target ${show(name)} is among the features: it cannot be learned from itself`);
  const task = taskOf(given.column(name), options.task);
  const { table, notes, rowOf } = withTarget(given, name);
  const cells = task === "classification" ? table.toClasses(name) : undefined;
  if (cells !== undefined) checkClasses(table.column(name), cells.classes);
  const parts = partsOf(table.rows, cells, { test, validation, seed });
  const [trained, validated, tested] = [parts.train, parts.validation, parts.test].map((rows) => table.take(rows));
  if (task === "regression") checkNumbers(table.column(name));
  const target = targetOf(trained, name, cells?.classes);
  const { columns, dropped } = choose(trained, table, name, features);
  for (const { name: each, use } of columns) if (use === "number") checkSizes(given.column(each));
  const preprocessing = fitFeatures(innerTable(trained, columns));
  const partOf = (rows: Table, numbers: Int32Array): Part => ({
    x: featuresOf(preprocessing, rows, columns, (row) => `row ${rowOf(numbers[row])}`),
    y: targets(rows, target),
  });
  return {
    target,
    columns,
    dropped,
    notes: [...notes, ...parts.notes, ...looks(table, [target, ...columns]), ...namesNote(given)],
    preprocessing,
    train: partOf(trained, parts.train),
    validation: partOf(validated, parts.validation),
    test: partOf(tested, parts.test),
    tested,
    checksum: checksumOf(given, [...columns, target]),
  };
}

/** Columns of texts that people would call numbers or dates. */
function looks(table: Table, columns: readonly { readonly name: string }[]): string[] {
  return columns.flatMap(({ name }) => {
    const look = lookOf(table.column(name));
    return look === undefined ? [] : [`${name} is taken for texts; ${look.words}`];
  });
}

/** A word on a file whose first line may be a row. */
function namesNote({ names }: Table): string[] {
  const numbers = names.filter((name) => numericValue(name, "number", ".") !== undefined);
  if (numbers.length === 0) return [];
  const are = numbers.length === 1 ? "a column is called" : `${numbers.length} columns are called`;
  return [
    `${are} ${numbers.slice(0, 3).join(", ")}: if the first line is a row and no header, say so (header: false, --no-header)`,
  ];
}

/** Rows whose target is known, and which of those given they are. */
interface Known {
  readonly table: Table;
  readonly notes: readonly string[];
  readonly rowOf: (row: number) => number;
}

/** The rows whose target is known. */
function withTarget(given: Table, name: string): Known {
  const rows = knownRows(given.column(name));
  const missing = given.rows - rows.length;
  if (rows.length < FEWEST)
    throw new DataError(
      `${rows.length} ${rows.length === 1 ? "row" : "rows"}${missing > 0 ? ` with a target ${show(name)}` : ""} ` +
        `${rows.length === 1 ? "is" : "are"} too few to learn from: ${FEWEST} at the least`,
    );
  if (missing === 0) return { table: given, notes: [], rowOf: (row) => row };
  const notes = [`${missing} ${missing === 1 ? "row is" : "rows are"} left out: the target is missing`];
  return { table: given.take(rows), notes, rowOf: (row) => rows[row] };
}

/** The targets of rows as the loss takes them. */
export function targets(rows: Table, { name, task, classes, mean, scale }: Target): NumericArray {
  if (task === "classification") {
    const { data, shape } = rows.toClasses(name, classes);
    return { data, shape };
  }
  const values = rows.column(name).values as Float64Array;
  const far = values.find((value) => !Number.isFinite(Math.fround((value - mean) / scale)));
  if (far !== undefined)
    throw new DataError(
      `the target ${show(name)} is ${far} in a row, which is too far from those of the rows to train on`,
    );
  return { data: Float32Array.from(values, (value) => (value - mean) / scale), shape: [values.length, 1] };
}
