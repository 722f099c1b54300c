// What has rows, and some of them: tables, lists, arrays with a shape, records of those, and a number of rows, which stands for them.
import { isDetached, isRecord, must } from "../check.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { sizeOf } from "../shape.ts";
import { array, type NumericArray } from "./array.ts";
import { roomLike } from "./room-like.ts";
import { columnIn, Table } from "./table.ts";

/** A list of one value a row. */
export type List = readonly unknown[] | Float32Array | Float64Array | Int32Array | Uint8Array;

/** Anything with rows: a table, a list, an array with its shape, an object of those; a number stands for the rows from 0 on. */
export type Rows =
  | number
  | Table
  | List
  | NumericArray
  | { readonly [name: string]: Table | List | NumericArray | object };

/** The same of a type whose own members are looked at, as an interface promises nothing of others. */
export type RowsOf<D> = Rows | (object & { readonly [K in keyof D]: Table | List | NumericArray | object });

/** Some rows of it: row numbers, where it is a number. */
export type SomeRows<D> = D extends number ? Int32Array : D;

const EXPECTED = "a table, a list, { data, shape }, an object of those, or a number of rows";

/** @throws ArgumentError for what has no rows, DataError for parts of different numbers of rows */
export function countRows(given: unknown, what: string): number {
  if (typeof given === "number") {
    must(Number.isInteger(given) && given >= 0 && given < 2 ** 31, given, what, EXPECTED);
    return given;
  }
  if (given instanceof Table) return given.rows;
  if (isList(given)) return given.length;
  must(isRecord(given), given, what, EXPECTED);
  if (isArray(given)) return rowsOfArray(given, what);
  const [first, ...others] = Object.entries(given as object);
  must(first !== undefined, given, what, EXPECTED);
  const rows = countPart(first[1], `${what}.${first[0]}`);
  for (const [name, part] of others)
    if (countPart(part, `${what}.${name}`) !== rows)
      throw new DataError(`${what}.${name} has ${countPart(part, name)} rows, ${what}.${first[0]} ${rows}`);
  return rows;
}

function countPart(part: unknown, what: string): number {
  must(typeof part !== "number", part, what, "a table, a list, { data, shape }, or an object of those");
  return countRows(part, what);
}

function isList(value: unknown): value is List {
  const isKind = [Float32Array, Float64Array, Int32Array, Uint8Array].some((Kind) => value instanceof Kind);
  return Array.isArray(value) || (isKind && !isDetached((value as Float32Array).buffer));
}

function isArray(value: unknown): value is NumericArray {
  return isRecord(value) && "data" in value && "shape" in value;
}

function rowsOfArray(given: NumericArray, what: string): number {
  const { shape } = array(given, undefined, what);
  if (shape.length === 0) throw new ArgumentError(`${what} has no axis of rows`);
  return shape[0];
}

/** Rows of what countRows has counted, in this order. */
export function takeRows<D>(given: D, rows: Int32Array): SomeRows<D> {
  return taken(given, rows) as SomeRows<D>;
}

function taken(given: unknown, rows: Int32Array): unknown {
  if (typeof given === "number") return rows;
  if (given instanceof Table) return given.take(rows);
  if (Array.isArray(given)) return Array.from(rows, (row) => given[row]);
  if (isList(given)) return rowsOf({ data: given as Float32Array, shape: [given.length] }, rows).data;
  if (isArray(given)) return rowsOf(given, rows);
  return Object.fromEntries(Object.entries(given as object).map(([name, part]) => [name, taken(part, rows)]));
}

function rowsOf(given: NumericArray, rows: Int32Array): NumericArray {
  const { data, shape } = array(given);
  const width = sizeOf(shape.slice(1));
  const result = roomLike(data, rows.length * width);
  for (const [i, row] of rows.entries()) result.set(data.subarray(row * width, (row + 1) * width), i * width);
  return { ...given, data: result, shape: [rows.length, ...shape.slice(1)] };
}

/** One value a row: a list, or a column of the table by its name. @throws DataError for another number of rows */
export function valuesOfRows(given: unknown, data: unknown, rows: number, what: string): readonly unknown[] {
  if (typeof given === "string") {
    must(data instanceof Table, given, what, "a list of one value a row; names are of columns of a table");
    return [...columnIn(data as Table, given, `${what}: `).values];
  }
  must(isList(given), given, what, "a list of one value a row, or the name of a column");
  const values = Array.from(given as readonly unknown[]);
  if (values.length !== rows) throw new DataError(`${what} has ${values.length} values, the data ${rows} rows`);
  return values;
}

/** Rows by their values, in the order in which these come first. */
export function groupsOf(values: readonly unknown[]): Map<unknown, number[]> {
  const groups = new Map<unknown, number[]>();
  for (const [row, value] of values.entries()) {
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [row]);
    else group.push(row);
  }
  return groups;
}
