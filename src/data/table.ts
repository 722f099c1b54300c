// Small tables: columns of equal length, each of one type. What preprocessing and splits read, and CSV files become.
import { aFunction, aListOf, aText, aWholeNumber, isDetached, isRecord, must } from "../check.ts";
import { ArgumentError, DataError, DTypeError } from "../errors.ts";
import { show } from "../show.ts";
import type { TypedData } from "./array.ts";
import { type ColumnType, NUMERIC_TYPES } from "./column-types.ts";
import { meant } from "./nearest.ts";

/** Numbers, NaN where one is missing, or texts, null where one is missing. */
export type ColumnValues = Float64Array | readonly (string | null)[];

/** A column of a table: booleans are 0 and 1, dates milliseconds since 1970 in UTC. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: ColumnValues;
}

/** What a row holds under a name; null where it is missing. */
export type Cell = number | boolean | Date | string | null;

/** A row as an object. */
export type TableRow = Record<string, Cell>;

/** Class indices, and the names that they stand for. */
export interface Classes {
  readonly data: Int32Array;
  readonly shape: readonly [number];
  readonly classes: readonly string[];
}

/** Whether the values of a type are numbers. */
export function isNumeric(type: ColumnType): boolean {
  return (NUMERIC_TYPES as readonly ColumnType[]).includes(type);
}

/**
 * Columns of equal length, by their names: what `table` makes and `readCsv` reads.
 *
 * @example
 * import { table } from "simdgrad/data";
 * const grown = table({ age: [31, 46, null], city: ["Rome", "Oslo", "Rome"] }).filter(({ age }) => age !== null);
 * grown.rows; // => 2
 * [...grown].map(({ city }) => city); // => ["Rome", "Oslo"]
 */
export class Table {
  readonly columns: readonly Column[];
  readonly rows: number;

  constructor(columns: readonly Column[], rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** Names of the columns, in their order. */
  get names(): string[] {
    return this.columns.map(({ name }) => name);
  }

  /** Types of the columns by their names. */
  get types(): Record<string, ColumnType> {
    return Object.fromEntries(this.columns.map(({ name, type }) => [name, type]));
  }

  /**
   * The column of a name.
   * @throws ArgumentError if there is none
   */
  column(name: string): Column {
    return columnIn(this, name, "column: ");
  }

  /**
   * A table of some columns, in the order in which they are named.
   * @throws ArgumentError for a name that there is not, or that comes twice
   */
  select(names: readonly string[]): Table {
    aListOf(aText)(names, "select: names");
    checkOnce(names, "select: names");
    return new Table(
      names.map((name) => columnIn(this, name, "select: ")),
      this.rows,
    );
  }

  /**
   * A table of all columns but these.
   * @throws ArgumentError for a name that there is not
   */
  drop(names: readonly string[]): Table {
    aListOf(aText)(names, "drop: names");
    for (const name of names) columnIn(this, name, "drop: ");
    const kept = this.columns.filter(({ name }) => !names.includes(name));
    return new Table(kept, this.rows);
  }

  /**
   * A table of rows by their numbers, in this order; a row may come several times.
   * @throws ArgumentError for a row that there is not
   */
  take(rows: ArrayLike<number>): Table {
    checkRows(rows, this.rows, "take");
    const of = (values: ColumnValues): ColumnValues =>
      values instanceof Float64Array
        ? Float64Array.from(rows, (row) => values[row])
        : Array.from(rows, (row) => values[row]);
    return new Table(
      this.columns.map((column) => ({ ...column, values: of(column.values) })),
      rows.length,
    );
  }

  /** A table of the rows for which a function gives true. */
  filter(keep: (row: TableRow, i: number) => boolean): Table {
    aFunction(keep, "filter: keep");
    const rows = Array.from({ length: this.rows }, (_, i) => i);
    return this.take(rows.filter((i) => keep(this.row(i), i)));
  }

  /**
   * A row as an object: true or false, Dates, numbers and texts, null where one is missing.
   * @throws ArgumentError if there is none
   */
  row(i: number): TableRow {
    must(Number.isInteger(i) && i >= 0 && i < this.rows, i, "row: i", `a row from 0 to ${this.rows - 1}`);
    return Object.fromEntries(this.columns.map((column) => [column.name, cellOf(column, i)]));
  }

  /** All rows as objects. */
  *[Symbol.iterator](): Generator<TableRow> {
    for (let i = 0; i < this.rows; i++) yield this.row(i);
  }

  /**
   * Columns of numbers as rows for a training, f32 [rows, columns]; default: all columns.
   * @throws DTypeError for a column of texts, DataError for a value that is missing, a finite one beyond f32, and dates that f32 does not tell apart
   */
  toArray(names: readonly string[] = this.names): TypedData {
    const { columns } = this.select(names);
    const data = new Float32Array(this.rows * columns.length);
    for (const [c, { name, type, values }] of columns.entries()) {
      if (!(values instanceof Float64Array))
        throw new DTypeError(
          `toArray: column ${show(name)} is of type ${type}; oneHot() and ordinal() make numbers of it`,
        );
      const missing = values.findIndex(Number.isNaN);
      if (missing >= 0)
        throw new DataError(`toArray: row ${missing} of column ${show(name)} is missing; imputeMissing() fills it`);
      checkRounding(values, type, (row) => `toArray: row ${row} of column ${show(name)}`);
      for (let i = 0; i < this.rows; i++) data[i * columns.length + c] = values[i];
    }
    return { data, shape: [this.rows, columns.length], dtype: "f32" };
  }

  /**
   * A column as class indices i32 [rows], in the order of `classes`; default: what is in it, sorted.
   * @throws DataError for a value that is missing, or none of the classes
   */
  toClasses(name: string, classes?: readonly string[]): Classes {
    if (classes !== undefined) aListOf(aText)(classes, "toClasses: classes");
    const column = columnIn(this, name, "toClasses: ");
    const texts = Array.from({ length: this.rows }, (_, i) => textOfCell(column, i));
    const known = classes ?? sortedClasses(column);
    const indices = new Map(known.map((each, i) => [each, i]));
    const data = Int32Array.from(texts, (text, i) => {
      const index = text === null ? undefined : indices.get(text);
      if (index === undefined)
        throw new DataError(
          `toClasses: row ${i} of column ${show(name)} is ${text === null ? "missing" : `${show(text)}, none of [${known.join(", ")}]`}`,
        );
      return index;
    });
    return { data, shape: [this.rows], classes: known };
  }
}

/** The column of a name. @throws ArgumentError, behind who asks, with the nearest name there is */
export function columnIn(table: Table, name: string, who: string): Column {
  aText(name, `${who}name`);
  const found = table.columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const { names } = table;
  throw new ArgumentError(
    `${who}the table has no column ${show(name)}: it has [${names.join(", ")}]${meant(name, names)}`,
  );
}

/** @throws DataError for a finite number that is infinite as f32, and for two dates that are one as f32, which has two minutes of today */
export function checkRounding(values: Float64Array, type: ColumnType, place: (row: number) => string): void {
  const dates = new Map<number, number>();
  for (const [row, value] of values.entries()) {
    const rounded = Math.fround(value);
    if (Number.isFinite(value) && !Number.isFinite(rounded))
      throw new DataError(`${place(row)} is ${value}, which is beyond f32`);
    if (type !== "date") continue;
    const other = dates.get(rounded) ?? value;
    if (other !== value)
      throw new DataError(
        `${place(row)} is ${new Date(value).toISOString()}, which f32 does not tell from ${new Date(other).toISOString()}; standardize() of a preprocessing does`,
      );
    dates.set(rounded, value);
  }
}

/** An array, or a typed one. */
export function aList(value: unknown, what: string): void {
  const isView = ArrayBuffer.isView(value) && !(value instanceof DataView) && !isDetached(value.buffer);
  must(Array.isArray(value) || isView, value, what, "a list");
}

/** @throws ArgumentError unless all are rows of so many */
function checkRows(rows: ArrayLike<number>, count: number, name: string): void {
  aList(rows, `${name}: rows`);
  for (let i = 0; i < rows.length; i++) aWholeNumber(0, count - 1)(rows[i], `${name}: rows.${i}`);
}

function cellOf({ type, values }: Column, i: number): Cell {
  const value = values[i];
  if (typeof value !== "number") return value;
  if (Number.isNaN(value)) return null;
  return type === "boolean" ? value === 1 : type === "date" ? new Date(value) : value;
}

/** A cell as the name of a class: what of its type would be written. */
function textOfCell(column: Column, i: number): string | null {
  const cell = cellOf(column, i);
  return cell === null ? null : cell instanceof Date ? cell.toISOString() : `${cell}`;
}

/** Numbers by size, texts by their characters. */
function sortedClasses(column: Column): string[] {
  const { values } = column;
  if (!(values instanceof Float64Array)) return [...new Set(values.filter((value) => value !== null))].sort();
  const rows = new Map(Array.from(values, (value, i) => [value, i] as const));
  const sorted = Float64Array.from(rows.keys())
    .filter((value) => !Number.isNaN(value))
    .sort();
  return Array.from(sorted, (value) => textOfCell(column, rows.get(value) as number) as string);
}

/** @throws DataError for two columns of one name */
export function checkNames(names: readonly string[], what: string): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new DataError(`${what}: two columns are called ${show(twice)}`);
}

/** @throws ArgumentError for a name that comes twice in a list of columns */
export function checkOnce(names: readonly string[], what: string): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new ArgumentError(`${what}: ${show(twice)} comes twice`);
}

/** What a column or a list of rows may hold. */
type Given = Cell | undefined;

/**
 * A table of columns by their names, or of rows that are objects. Numbers, booleans, Dates and texts; null, undefined and NaN are missing. Texts
 * of 64 different values at the most are a category.
 * @throws ArgumentError for anything else in it, DataError for columns of different lengths or kinds of values
 *
 * @example
 * import { table } from "simdgrad/data";
 * const people = table({ age: [31, 46, null], city: ["Rome", "Oslo", "Rome"] });
 * people.types; // => { age: "integer", city: "category" }
 * people.select(["age"]).take([0, 1]).toArray(); // => { data: [31, 46], shape: [2, 1], dtype: "f32" }
 * people.toClasses("city"); // => { data: [1, 0, 1], shape: [3], classes: ["Oslo", "Rome"] }
 * people.row(2); // => { age: null, city: "Rome" }
 * table([{ age: 31 }, { age: 46, city: "Oslo" }]).names; // => ["age", "city"]
 */
export function table<R extends object, C extends object>(
  given:
    | Readonly<Record<string, ArrayLike<Given>>>
    | readonly Readonly<Record<string, Given>>[]
    | readonly { readonly [K in keyof R]: Given }[]
    | { readonly [K in keyof C]: ArrayLike<Given> },
): Table {
  if (Array.isArray(given)) {
    for (const [i, row] of Array.from(given as readonly unknown[]).entries())
      must(isRecord(row), row, `table: row ${i}`, "an object such as { name: value }");
    const names = [...new Set(given.flatMap((row: object) => Object.keys(row)))];
    // What a row inherits, such as its constructor, is none of its own.
    const cellOf = (row: Record<string, Given>, name: string) => (Object.hasOwn(row, name) ? row[name] : undefined);
    return tableOf(names.map((name) => [name, given.map((row) => cellOf(row, name))]));
  }
  must(isRecord(given), given, "table: what is given", "a list of rows, or an object of columns by their names");
  return tableOf(Object.entries(given as Record<string, ArrayLike<Given>>));
}

function tableOf(columns: readonly (readonly [string, ArrayLike<Given>])[]): Table {
  const made = columns.map(([name, values]) => columnOf(name, values));
  const rows = made[0]?.values.length ?? 0;
  const other = made.find(({ values }) => values.length !== rows);
  if (other !== undefined)
    throw new DataError(
      `table: column ${show(other.name)} has ${other.values.length} rows, ${show(made[0].name)} ${rows}`,
    );
  return new Table(made, rows);
}

/** Most different texts of a category. */
export const CATEGORIES = 64;

function columnOf(name: string, given: ArrayLike<Given>): Column {
  aList(given, `table: ${name}`);
  const kinds = Array.from(given, (value, i) => kindOf(value, `table: ${name}: row ${i}`));
  const [kind = "number", ...others] = new Set(kinds.filter((each) => each !== "missing"));
  if (others.length > 0)
    throw new DataError(
      `table: column ${show(name)} holds ${kind}s and ${others[0]}s: row ${kinds.indexOf(others[0])}`,
    );
  if (kind === "text") {
    const values = Array.from(given, (value) => (value ?? null) as string | null);
    return { name, type: new Set(values).size > CATEGORIES ? "text" : "category", values };
  }
  const values = Float64Array.from(given, (value) =>
    value === null || value === undefined ? Number.NaN : Number(value),
  );
  return { name, type: kind === "number" && areWhole(values) ? "integer" : kind, values };
}

/** Whole numbers, one at least. */
export function areWhole(values: Float64Array): boolean {
  return values.some(Number.isInteger) && values.every((value) => Number.isNaN(value) || Number.isSafeInteger(value));
}

function kindOf(value: unknown, what: string): "number" | "boolean" | "date" | "text" | "missing" {
  if (value === null || value === undefined || Number.isNaN(value)) return "missing";
  if (typeof value === "string") return "text";
  if (typeof value === "number" || typeof value === "boolean") return typeof value as "number" | "boolean";
  must(
    value instanceof Date && !Number.isNaN(value.getTime()),
    value,
    what,
    "a number, true or false, a Date, a text, or null",
  );
  return "date";
}
