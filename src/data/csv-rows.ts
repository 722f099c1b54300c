// The rows of a CSV file, block by block, with the line at which each begins. Papa Parse separates cells; what is refused is said here.
import { DataError } from "../errors.ts";
import { type CsvParser, csvParser } from "./papaparse.ts";
import { LONGEST_LINE, newlinesIn } from "./text.ts";

/** Characters from which the separators are found, and that are parsed at once. */
const BLOCK = 2 ** 16;

/** Rows that were parsed together; blank lines are among them. */
export interface CsvBlock {
  readonly rows: readonly (readonly string[])[];
  /** What separates their cells. */
  readonly delimiter: string;
  /** Whether a row is a blank line. One cell in quotes is none, though it is empty: in a file of one column it says that a value is missing. */
  isBlank(row: number): boolean;
  /** The line of the file at which a row begins, counted from 1. */
  lineOf(row: number): number;
}

/** @throws DataError with the line, for quotes that do not close, or close within a cell, and for what is no text of lines */
export async function* csvBlocks(
  text: AsyncIterable<string>,
  name: string,
  delimiter: string,
  decimal: string,
): AsyncGenerator<CsvBlock> {
  const reader = new BlockReader(name, delimiter, decimal);
  for await (const piece of text) {
    const block = reader.push(piece);
    if (block !== undefined) yield block;
  }
  yield reader.end();
}

class BlockReader {
  readonly #name: string;
  readonly #delimiter: string;
  readonly #decimal: string;
  #made: ReturnType<typeof csvParser> | undefined;
  #rest = "";
  /** Characters that are waited for: twice as many where they held no whole row. */
  #wanted = BLOCK;
  #line = 1;

  constructor(name: string, delimiter: string, decimal: string) {
    this.#name = name;
    this.#delimiter = delimiter;
    this.#decimal = decimal;
  }

  push(piece: string): CsvBlock | undefined {
    this.#rest += piece;
    if (this.#rest.length < this.#wanted) return undefined;
    const block = this.#parse(false);
    this.#wanted = block.rows.length > 0 ? BLOCK : 2 * this.#rest.length;
    if (this.#rest.length > LONGEST_LINE)
      throw new DataError(`${this.#name}, line ${this.#line}: the row has no end within ${LONGEST_LINE} characters`);
    return block.rows.length > 0 ? block : undefined;
  }

  end(): CsvBlock {
    return this.#parse(true);
  }

  #parse(isLast: boolean): CsvBlock {
    const text = this.#rest;
    this.#made ??= csvParser(text, this.#delimiter, this.#decimal);
    const { parser, newline, delimiter } = this.#made;
    const { data, errors, meta } = parsed(parser, text, isLast);
    const start = this.#line;
    // Of a row that is not whole nothing is known yet.
    const [fault] = errors.filter(({ index }) => index !== undefined && (isLast || index < meta.cursor));
    if (fault !== undefined) throw this.#fault(text.slice(0, fault.index), newline, fault.message);
    const cursor = isLast ? text.length : meta.cursor;
    this.#rest = text.slice(cursor);
    this.#line += newlinesIn(text.slice(0, cursor), newline);
    const quoted = QUOTED_BLANK.test(text) ? quotedBlanks(data, text, newline) : undefined;
    return {
      rows: data,
      delimiter,
      isBlank: (row) => data[row].length === 1 && data[row][0].trim() === "" && !quoted?.has(row),
      lineOf: (row) => lineOf(data, row, newline, start),
    };
  }

  #fault(before: string, newline: string, message: string): DataError {
    const column = before.length - (before.lastIndexOf(newline) + 1);
    const line = this.#line + newlinesIn(before, newline);
    const what = message.includes("unterminated")
      ? "a quote has no end"
      : "a quote ends within a cell; two quotes are one";
    return new DataError(`${this.#name}, line ${line}, character ${column}: ${what}`);
  }
}

function parsed(parser: CsvParser, text: string, isLast: boolean): ReturnType<CsvParser["parse"]> {
  return parser.parse(text, 0, !isLast);
}

/** A line that begins with quotes around nothing. */
const QUOTED_BLANK = /^"\s*"/m;

/** Rows that begin with quotes, and hold one empty cell. */
function quotedBlanks(rows: CsvBlock["rows"], text: string, newline: string): Set<number> {
  const found = new Set<number>();
  const lines = text.split(newline);
  let line = 0;
  for (const [row, cells] of rows.entries()) {
    if (cells.length === 1 && cells[0].trim() === "" && lines[line].startsWith('"')) found.add(row);
    line++;
    for (const cell of cells) line += newlinesIn(cell, newline);
  }
  return found;
}

function lineOf(rows: CsvBlock["rows"], row: number, newline: string, start: number): number {
  let line = start + row;
  for (const cells of rows.slice(0, row)) for (const cell of cells) line += newlinesIn(cell, newline);
  return line;
}
