// Which columns of a table are learned from, as what, and which are left out: found on the rows that are trained on.
import { type ColumnType, NUMERIC_TYPES } from "../data/column-types.ts";
import { type Column, isNumeric, type Table } from "../data/table.ts";
import { DataError } from "../errors.ts";
import { type DatePart, partsOfDates } from "./dates.ts";
import { lookOf } from "./looks.ts";

/** What becomes of a column: a standardized number, a feature a category, features that texts are hashed to, days and parts of a date. */
export type ColumnUse = (typeof USES)[number];

export const USES = ["number", "category", "hash", "date"] as const;

/** A column that a model learns from. */
export interface TabularColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly use: ColumnUse;
  /** Of a date: what else of it differs from row to row. */
  readonly parts: readonly DatePart[];
}

/** A column that a model does not learn from, and why. */
export interface DroppedColumn {
  readonly name: string;
  readonly reason: string;
}

/** Columns that are learned from, and those that are not. */
export interface Chosen {
  readonly columns: readonly TabularColumn[];
  readonly dropped: readonly DroppedColumn[];
}

/** Share of rows with a value of their own from which on texts are names. */
const NAMES = 0.9;

/** Rows from which on whole numbers in a row are taken for numbers of rows. */
const NUMBERED = 20;

/**
 * What is learned from, of all columns but the target; those that were asked for stay, unless they say nothing at all. Where all that say
 * something are like names of the rows, they are not taken for such.
 * @throws DataError where none is left
 */
export function choose(train: Table, table: Table, target: string, asked: readonly string[] | undefined): Chosen {
  const names = asked ?? table.names.filter((name) => name !== target);
  const nothing = new Map(names.map((name) => [name, emptiness(train.column(name))]));
  const something = names.filter((name) => nothing.get(name) === undefined);
  const identities = new Map(something.map((name) => [name, identity(table.column(name))]));
  const areNames = asked === undefined && something.some((name) => identities.get(name) === undefined);
  const reasonOf = (name: string) => nothing.get(name) ?? (areNames ? identities.get(name) : undefined);
  const dropped = names.flatMap((name) => {
    const reason = reasonOf(name);
    return reason === undefined ? [] : [{ name, reason }];
  });
  const columns = names.filter((name) => reasonOf(name) === undefined).map((name) => useOf(train.column(name)));
  if (columns.length === 0) {
    const why = dropped.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
    throw new DataError(`there is no column to learn ${target} from${why && ` (${why})`}`);
  }
  return { columns, dropped };
}

/** Why a column says nothing. */
function emptiness({ values }: Column): string | undefined {
  const different = new Set<unknown>();
  for (const value of values) {
    different.add(isMissing(value) ? null : value);
    if (different.size > 1) return undefined;
  }
  return different.has(null) ? "all its cells are missing" : `all its cells are ${[...different][0]}`;
}

function isMissing(value: string | number | null): boolean {
  return value === null || Number.isNaN(value) || Math.abs(value as number) === Number.POSITIVE_INFINITY;
}

/** Why the values of a column are names of its rows. */
function identity(column: Column): string | undefined {
  const present = Array.from<string | number | null>(column.values).filter((value) => !isMissing(value));
  const different = new Set(present);
  if (!isNumeric(column.type)) {
    if (different.size <= NAMES * present.length) return undefined;
    const look = lookOf(column);
    if (look?.kind === "date") return `its dates are not written as 2024-05-31, but as ${look.example}`;
    return `nearly every row has a text of its own${look === undefined ? "" : `; ${look.words}`}`;
  }
  if (column.type !== "integer" || different.size < column.values.length) return undefined;
  const [first] = column.values as Float64Array;
  const isNumbering =
    first >= 0 && first <= 1 && (column.values as Float64Array).every((value, row) => value === first + row);
  if (isNumbering && different.size >= NUMBERED) return "it numbers the rows";
  return isIdName(column.name) ? "it identifies the rows" : undefined;
}

function isIdName(name: string): boolean {
  return /^(id|uid|uuid|key|index|rownames?)$|[\s_.-]id$/i.test(name) || /[a-z]I[dD]$/.test(name);
}

function useOf({ name, type, values }: Column): TabularColumn {
  if (type === "date") return { name, type, use: "date", parts: partsOfDates(values as Float64Array) };
  const use = isNumeric(type) ? "number" : type === "category" ? "category" : "hash";
  return { name, type, use, parts: [] };
}

/** How a column's type is called in the options of readCsv, so that files to come are read as the one that was trained on. */
export function readingType({ type }: { readonly type: ColumnType }): ColumnType {
  if (!(NUMERIC_TYPES as readonly ColumnType[]).includes(type)) return "text";
  return type === "integer" ? "number" : type;
}
