// JSON lines as a table: as CSV files are read, with types that are known and with faults that name the line.
import { isRecord } from "../check.ts";
import { type ColumnType, type NumericType, numericValue, whyNot } from "../data/column-types.ts";
import { numberedValues } from "../data/json-lines.ts";
import { type Cell, isNumeric, type Table, table } from "../data/table.ts";
import type { TextSource } from "../data/text.ts";
import { DataError } from "../errors.ts";
import { show } from "../show.ts";

/** Whether a file is one of JSON lines, by its name. */
export function isJsonLines(path: string): boolean {
  return /\.(jsonl|ndjson)(\.gz)?$/i.test(path);
}

/** Of one line. */
interface Line {
  readonly line: number;
  readonly row: Readonly<Record<string, unknown>>;
}

/** The objects of a file, one on each line. @throws DataError with the line for anything else, and for a file without any */
export async function jsonRows(source: TextSource, file: string, encoding?: string): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const { line, value } of numberedValues(source, { file, ...(encoding !== undefined && { encoding }) })) {
    if (!isRecord(value))
      throw new DataError(`${file}, line ${line}: ${show(value)} is no object such as { "name": value }`);
    lines.push({ line, row: value as Record<string, unknown> });
  }
  if (lines.length === 0) throw new DataError(`${file} has no rows`);
  return lines;
}

/** Names of what the objects hold, in the order in which they come. */
export function namesOf(lines: readonly Line[]): string[] {
  return [...new Set(lines.flatMap(({ row }) => Object.keys(row)))];
}

/** @throws DataError with file, line and column for a cell of another type, and for a column that is in no line */
export function jsonTable(
  lines: readonly Line[],
  file: string,
  types: Readonly<Record<string, ColumnType>> = {},
): Table {
  const names = namesOf(lines);
  const absent = Object.keys(types).find((name) => !names.includes(name));
  if (absent !== undefined)
    throw new DataError(`${file}: there is no column ${show(absent)}, only [${names.join(", ")}]`);
  return table(
    Object.fromEntries(
      names.map((name) => {
        const place = (i: number) => `${file}, line ${lines[i].line}, column ${show(name)}`;
        const cells = lines.map(({ row }) => (Object.hasOwn(row, name) ? row[name] : null));
        return [name, column(cells, Object.hasOwn(types, name) ? types[name] : undefined, place)];
      }),
    ),
  );
}

type Plain = string | number | boolean | null;

function column(cells: readonly unknown[], type: ColumnType | undefined, place: (i: number) => string): Cell[] {
  const plain = cells.map((cell, i) => plainCell(cell, place(i)));
  if (type !== undefined) return plain.map((cell, i) => typedCell(cell, type, place(i)));
  const kinds = new Set(plain.filter((cell) => cell !== null).map((cell) => typeof cell));
  if (kinds.size < 2) return plain;
  const numbers = plain.map((cell) => numberIn(cell, "number"));
  return kinds.has("boolean") || numbers.includes(undefined) ? plain.map(textOf) : (numbers as (number | null)[]);
}

function plainCell(cell: unknown, place: string): Plain {
  if (cell === null || ["string", "number", "boolean"].includes(typeof cell)) return cell as Plain;
  throw new DataError(`${place}: ${show(cell)} is no number, true or false, text or null`);
}

function typedCell(cell: Plain, type: ColumnType, place: string): Cell {
  if (cell === null || !isNumeric(type)) return textOf(cell);
  const value = numberIn(cell, type as NumericType);
  if (value === undefined) throw new DataError(`${place}: ${show(cell)} is of no type ${type}${whyNot(String(cell))}`);
  if (value === null) return null;
  return type === "date" ? new Date(value) : type === "boolean" ? value === 1 : value;
}

function textOf(cell: Plain): string | null {
  return cell === null ? null : String(cell);
}

/** What it is as a number of a type: numbers may come as texts. Undefined where it is none; an empty text is missing. */
function numberIn(cell: Plain, type: NumericType): number | null | undefined {
  if (cell === null || cell === "") return null;
  if (typeof cell === "string") return numericValue(cell.trim(), type === "integer" ? "number" : type, ".");
  if (type === "date") return undefined;
  const value = Number(cell);
  return type === "boolean" && value !== 0 && value !== 1 ? undefined : value;
}
