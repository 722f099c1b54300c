// What is to be told of a row: a class, or a number.
import type { ColumnType } from "../data/column-types.ts";
import { meanOf } from "../data/mean.ts";
import { type Column, isNumeric, type Table } from "../data/table.ts";
import { DataError } from "../errors.ts";
import { show } from "../show.ts";
import { lookOf } from "./looks.ts";

/** Whether classes or numbers are predicted. */
export type Task = "classification" | "regression";

/** A target as the rows to train on have it. */
export interface Target {
  readonly name: string;
  readonly type: ColumnType;
  readonly task: Task;
  /** Of a classification: the classes, in the order of the network's outputs. */
  readonly classes: readonly string[];
  /** Of a regression: the network gives (value - mean) / scale. */
  readonly mean: number;
  readonly scale: number;
}

/** Different whole numbers that are taken for classes at the most. */
const CODES = 10;

/** Rows that each of them has on average at the least. */
const ROWS_OF_CODE = 10;

/**
 * Texts, true and false, and a few whole numbers are classes; other numbers are numbers.
 * @throws DataError for a target of dates, and for texts asked to be numbers
 */
export function taskOf(column: Column, asked: Task | undefined): Task {
  const { name, type, values } = column;
  if (type === "date") throw new DataError(`the target ${show(name)} is a date; a number of days can be predicted`);
  if (asked === "regression" && !isNumeric(type)) {
    const text = Array.from<unknown>(values).find((value) => value !== null);
    throw new DataError(
      `the target ${show(name)} holds texts such as ${show(text)}: a regression is of numbers${lookWords(column)}`,
    );
  }
  if (asked !== undefined) return asked;
  if (!isNumeric(type) || type === "boolean") return "classification";
  const different = new Set(Array.from(values as Float64Array).filter((value) => !Number.isNaN(value))).size;
  const areCodes = type === "integer" && (different <= 2 || different <= Math.min(CODES, values.length / ROWS_OF_CODE));
  return areCodes ? "classification" : "regression";
}

/**
 * The target of the rows to train on, of classes if some are given.
 * @throws DataError for numbers that are the same in all rows
 */
export function targetOf(train: Table, name: string, classes: readonly string[] | undefined): Target {
  const { type } = train.column(name);
  if (classes !== undefined) return { name, type, task: "classification", classes, mean: 0, scale: 1 };
  const values = train.column(name).values as Float64Array;
  const mean = meanOf(values);
  const scale = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
  if (scale === 0)
    throw new DataError(`the target ${show(name)} is ${mean} in all rows to train on: there is nothing to learn`);
  return { name, type, task: "regression", classes: [], mean, scale };
}

/** Numbers whose squares are finite, and not nothing. */
const [LARGEST, SMALLEST] = [1e150, 1e-150];

/** @throws DataError for a number whose square would be infinite */
export function checkSizes({ name, values }: Column): void {
  const row = (values as Float64Array).findIndex((value) => Number.isFinite(value) && Math.abs(value) > LARGEST);
  if (row >= 0)
    throw new DataError(
      `row ${row}, column ${show(name)}: ${values[row]} is beyond ${LARGEST}, too large to learn from`,
    );
}

/** @throws DataError for numbers of a target that are the same in all rows, or so large or so near one another that errors cannot be squared */
export function checkNumbers(column: Column): void {
  const { name, values } = column;
  checkSizes(column);
  const [low, high] = (values as Float64Array).reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  if (low === high) throw new DataError(`the target ${show(name)} is ${low} in all rows: there is nothing to learn`);
  if (high - low < SMALLEST)
    throw new DataError(`the values of the target ${show(name)} differ by ${high - low} at the most: multiply them`);
}

/** @throws DataError for one class in all rows, and for classes that are names of rows */
export function checkClasses(column: Column, classes: readonly string[]): void {
  const { name, values } = column;
  const rows = values.length;
  if (classes.length === 1)
    throw new DataError(`the target ${show(name)} is ${show(classes[0])} in all rows: there is nothing to learn`);
  if (classes.length > rows / 2)
    throw new DataError(
      `the target ${show(name)} has ${classes.length} different values in ${rows} rows: classes come again${lookWords(column)}`,
    );
}

/** What texts look like, behind what is wrong with them. */
function lookWords(column: Column): string {
  const look = lookOf(column);
  return look === undefined ? "" : `; ${look.words}`;
}

/** A class as a value of its column. */
export function classValue({ type }: Pick<Target, "type">, text: string): string | number | boolean {
  return type === "boolean" ? text === "true" : isNumeric(type) ? Number(text) : text;
}
