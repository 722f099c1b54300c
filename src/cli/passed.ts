// The rows of a data file as they are there, to be passed on: texts of cells, also of those that mean that one is missing.

import { csvBlocks } from "../data/csv-rows.ts";
import type { CsvOptions, Table } from "../data/index.ts";
import { textOf } from "../data/text.ts";
import { isJsonLines, jsonRows, namesOf } from "./json-table.ts";

/** What a file holds, and the signs that it is written with. */
export interface Passed {
  readonly names: readonly string[];
  /** Undefined for what an object of JSON lines does not have. */
  readonly rows: readonly (readonly unknown[])[];
  readonly delimiter: string;
  readonly decimal: string;
}

/** The rows of a file that became a table. */
export async function passedRows(path: string, bytes: Uint8Array, read: Table, options: CsvOptions): Promise<Passed> {
  const { decimal = ".", delimiter = "", encoding, header = true } = options;
  if (isJsonLines(path)) {
    const lines = await jsonRows(bytes, path, encoding);
    const names = namesOf(lines);
    const rows = lines.map(({ row }) => names.map((name) => (Object.hasOwn(row, name) ? row[name] : undefined)));
    return { names, rows, delimiter: ",", decimal: "." };
  }
  const rows: (readonly (string | null)[])[] = [];
  let found = delimiter;
  for await (const block of csvBlocks(textOf(bytes, path, encoding), path, delimiter, decimal)) {
    found = block.delimiter;
    for (const [i, cells] of block.rows.entries()) if (!block.isBlank(i)) rows.push(cells.map(passedCell));
  }
  return { names: read.names, rows: header ? rows.slice(1) : rows, delimiter: found, decimal };
}

/** An empty cell holds nothing. What is left of an end of line belongs to no cell. */
function passedCell(cell: string, i: number, { length }: readonly string[]): string | null {
  const text = i === length - 1 ? cell.replace(/\r$/, "") : cell;
  return text === "" ? null : text;
}
