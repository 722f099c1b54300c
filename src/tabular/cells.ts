// Rows as callers bring them, as the types of the columns that a model was fitted to.
import { isRecord, must } from "../check.ts";
import { type ColumnType, type NumericType, numericValue } from "../data/column-types.ts";
import { type Cell, type Column, isNumeric, Table, type TableRow, table } from "../data/table.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { show } from "../show.ts";

/** A table, or rows as objects, which may be of an interface `R`. */
export type TabularRows<R extends object = Readonly<Record<string, Cell | undefined>>> =
  | Table
  | readonly Readonly<Record<string, Cell | undefined>>[]
  | readonly { readonly [K in keyof R]: Cell | undefined }[];

/** The same, not looked at yet. */
export type GivenRows = Table | readonly object[];

/** A column by name and type. */
interface Typed {
  readonly name: string;
  readonly type: ColumnType;
}

/** @throws ArgumentError, DataError for what is none */
export function asTable(given: GivenRows, what: string): Table {
  if (given instanceof Table) return given;
  aListOfRows(given, what);
  return table(given as Readonly<Record<string, Cell>>[]);
}

function aListOfRows(given: unknown, what: string): void {
  must(Array.isArray(given), given, what, "a table, such as readCsv() and table() give, or a list of rows as objects");
  for (const [i, row] of Array.from(given as readonly unknown[]).entries())
    must(isRecord(row), row, `${what}: row ${i}`, "an object such as { name: value }");
}

/** How many rows are given. @throws ArgumentError for what are none */
export function countOf(given: GivenRows, what: string): number {
  if (given instanceof Table) return given.rows;
  aListOfRows(given, what);
  return given.length;
}

/**
 * The columns that a model reads, of its types: numbers and dates that came as texts are read, other values become texts where such were.
 * @throws ArgumentError for a column that is missing, DataError with row and column for a cell of another type
 */
export function conformed(given: GivenRows, columns: readonly Typed[], what: string): Table {
  const names =
    given instanceof Table ? given.names : [...new Set(Array.from(given).flatMap((row) => Object.keys(row)))];
  const known = new Set(names);
  const missing = columns.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (missing.length > 0)
    throw new ArgumentError(
      `${what} has no column ${missing.map(show).join(", ")}: it has [${names.join(", ")}]; null is what is not known`,
    );
  const rows = given instanceof Table ? given.rows : given.length;
  return new Table(
    columns.map(({ name, type }) => columnOf(name, type, cellsOf(given, name), rows, what)),
    rows,
  );
}

/** The cells of a column, by their rows. */
function cellsOf(given: GivenRows, name: string): (row: number) => unknown {
  if (!(given instanceof Table))
    return (row) => (Object.hasOwn(given[row], name) ? (given[row] as TableRow)[name] : undefined);
  const { type, values } = given.column(name);
  if (type === "boolean") return (row) => (Number.isNaN(values[row]) ? null : values[row] === 1);
  return type === "date" ? (row) => new Date(values[row] as number) : (row) => values[row];
}

function columnOf(name: string, type: ColumnType, cell: (row: number) => unknown, rows: number, what: string): Column {
  const values = Array.from({ length: rows }, (_, row) => {
    const given = cell(row);
    if (isMissing(given)) return null;
    const value = isNumeric(type) ? numberOf(given, type as NumericType) : textOf(given);
    if (value === undefined)
      throw new DataError(`${what}: row ${row}, column ${show(name)}: ${show(given)} is no ${WORDS[type]}`);
    return value;
  });
  if (!isNumeric(type)) return { name, type, values: values as (string | null)[] };
  return { name, type, values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))) };
}

const WORDS: Readonly<Record<ColumnType, string>> = {
  number: "number",
  integer: "number",
  boolean: "true or false",
  date: "date, such as 2024-05-31",
  category: "text",
  text: "text",
};

/** Empty texts, as forms have them, and dates without a time are missing, too. */
function isMissing(cell: unknown): boolean {
  if (cell instanceof Date) return Number.isNaN(cell.getTime());
  return cell === null || cell === undefined || cell === "" || Number.isNaN(cell);
}

function numberOf(cell: unknown, type: NumericType): number | undefined {
  if (typeof cell === "string") return numericValue(cell.trim(), type === "integer" ? "number" : type, ".");
  if (cell instanceof Date) return type === "date" ? cell.getTime() : undefined;
  if (type === "date") return undefined;
  if (typeof cell === "boolean") return Number(cell);
  if (typeof cell !== "number") return undefined;
  return type === "boolean" && cell !== 0 && cell !== 1 ? undefined : cell;
}

function textOf(cell: unknown): string | undefined {
  if (cell instanceof Date) return cell.toISOString();
  return ["string", "number", "boolean"].includes(typeof cell) ? String(cell) : undefined;
}
