// CSV files as tables, whole or chunk by chunk: cells from csv-rows.ts, what they mean from column-types.ts.
import { aBoolean, aListOf, aRecordOf, aText, aWholeNumber, type Checks, checkOptions, must, oneOf } from "../check.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { show } from "../show.ts";
import { COLUMN_TYPES, type ColumnType, type NumericType, numericValue, typeOfTexts, whyNot } from "./column-types.ts";
import { type CsvBlock, csvBlocks } from "./csv-rows.ts";
import { meant } from "./nearest.ts";
import { CATEGORIES, type Column, checkNames, checkOnce, isNumeric, Table } from "./table.ts";
import { aTextSource, fileName, type TextOptions, type TextSource, textChecks, textOf } from "./text.ts";

/** Texts of cells that are missing, as pandas has them. */
const MISSING = ["", "#N/A", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"];

/** How a CSV file is read. */
export interface CsvOptions extends TextOptions {
  /** What separates cells. Default: found in the first rows, one of `,` `;` `|` and tab. */
  readonly delimiter?: string;
  /** Whether the first row has the names of the columns. Default true; without, they are column1, column2 and so on. */
  readonly header?: boolean;
  /** Names of the columns, in the place of those of the file. */
  readonly names?: readonly string[];
  /** Columns to read, in this order. Default: all. */
  readonly columns?: readonly string[];
  /** Types of columns by their names. Default: the narrowest that all cells fit. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Texts of cells that are missing. Default: the empty one, NA, N/A, NaN, null, None and the like. */
  readonly missing?: readonly string[];
  /** The decimal sign, "." or ",". Default ".". */
  readonly decimal?: "." | ",";
  /** Most different texts of a category; a column of more is text. Default 64. */
  readonly categories?: number;
}

/** How a CSV file is read chunk by chunk. */
export interface CsvStreamOptions extends CsvOptions {
  /** Rows of a table. Default 1024. */
  readonly chunk?: number;
}

export const csvChecks: Checks<CsvOptions> = {
  ...textChecks,
  delimiter: aDelimiter,
  header: aBoolean,
  names: aListOf(aText),
  columns: severalNames,
  types: aRecordOf(oneOf(...COLUMN_TYPES)),
  missing: aListOf(aText),
  decimal: oneOf(".", ","),
  categories: aWholeNumber(0),
};

function severalNames(value: unknown, what: string): void {
  aListOf(aText)(value, what);
  checkOnce(value as string[], what);
}

function aDelimiter(value: unknown, what: string): void {
  const isSign = typeof value === "string" && value.length === 1 && !['"', "\r", "\n", "\uFEFF"].includes(value);
  must(isSign, value, what, 'one character, such as ";"');
}

/**
 * A CSV file as a table, read piece by piece. Types are found: whole numbers, numbers, true and false, ISO dates, few different texts, texts.
 * Blank lines count nothing, spaces around cells neither; a line of quotes around nothing is a cell that is missing. Numbers with leading
 * zeros stay texts, whole ones beyond 2^53, too. A `types` that is given is read into numbers at once, in less memory.
 * Source: RFC 4180; cells are separated by Papa Parse.
 * @throws DataError with the line for rows of another number of cells, quotes without an end, cells that are not of the type that was asked
 * for, bytes that are no text, two columns of one name; ArgumentError for a source that is none, such as a path, and names that the file does not have
 *
 * @example
 * import { readCsv } from "simdgrad/data";
 * const text = "name;born;height\nAda;1815-12-10;1,65\nAlan;1912-06-23;NA\n";
 * const people = await readCsv(text, { decimal: "," });
 * people.types; // => { name: "category", born: "date", height: "number" }
 * people.row(1).height; // => null
 * await readCsv("a,b\n1,2\n3\n"); // => throws DataError: readCsv: csv, line 3: 1 cell, where there are 2 columns
 */
export async function readCsv(source: TextSource, options: CsvOptions = {}): Promise<Table> {
  aTextSource(source, "readCsv: source");
  checkOptions(options, "readCsv", csvChecks);
  let builder: TableBuilder | undefined;
  for await (const each of cellsOf(source, options, "readCsv")) {
    builder ??= new TableBuilder(each.place, options, options.types ?? {});
    each.into(builder, each.rows.length);
  }
  return (builder as TableBuilder).table(); // there is a block, or an error
}

/**
 * A CSV file as tables of `chunk` rows, for files of any size: as many rows are in memory, and a piece of the file. The types that are not
 * given are those of the first chunk.
 * @throws DataError with the line, as readCsv, also for a cell that is not of its column's type; ArgumentError for a source that is none, such as a path
 *
 * @example
 * import { streamCsv } from "simdgrad/data";
 * const rows: number[] = [];
 * for await (const table of streamCsv("x,y\n1,2\n3,4\n5,6\n", { chunk: 2 })) rows.push(table.rows);
 * rows; // => [2, 1]
 */
export function streamCsv(source: TextSource, options: CsvStreamOptions = {}): AsyncGenerator<Table> {
  aTextSource(source, "streamCsv: source");
  checkOptions(options, "streamCsv", { ...csvChecks, chunk: aWholeNumber(1) });
  return tablesOf(source, options);
}

async function* tablesOf(source: TextSource, options: CsvStreamOptions): AsyncGenerator<Table> {
  const { chunk = 1024 } = options;
  let { types = {} } = options;
  let builder: TableBuilder | undefined;
  for await (const each of cellsOf(source, options, "streamCsv")) {
    builder ??= new TableBuilder(each.place, options, types);
    while (each.left > 0) {
      each.into(builder, chunk - builder.rows);
      if (builder.rows < chunk) break;
      const table = builder.table();
      types = table.types;
      yield table;
      builder = new TableBuilder(each.place, options, types);
    }
  }
  if (builder !== undefined && builder.rows > 0) yield builder.table();
}

/** Where cells are: the file, its columns, and those that are read. */
interface Place {
  readonly file: string;
  readonly names: readonly string[];
  /** Places of the columns that are read. */
  readonly read: readonly number[];
}

/** Rows of a block that are waiting. */
class Cells {
  readonly place: Place;
  readonly rows: CsvBlock["rows"];
  readonly #block: CsvBlock;
  #next: number;

  constructor(place: Place, block: CsvBlock, next: number) {
    this.place = place;
    this.rows = block.rows;
    this.#block = block;
    this.#next = next;
  }

  get left(): number {
    return this.rows.length - this.#next;
  }

  /** Puts rows into a table, so many at the most. */
  into(builder: TableBuilder, most: number): void {
    const { file, names } = this.place;
    const end = builder.rows + most;
    for (; this.left > 0 && builder.rows < end; this.#next++) {
      const cells = this.rows[this.#next];
      if (this.#block.isBlank(this.#next)) continue;
      const line = () => this.#block.lineOf(this.#next);
      if (cells.length !== names.length)
        throw new DataError(
          `${file}, line ${line()}: ${countOf(cells.length, "cell")}, where there ${names.length === 1 ? "is" : "are"} ${countOf(names.length, "column")}`,
        );
      builder.push(cells, line);
    }
  }
}

function countOf(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

async function* cellsOf(source: TextSource, options: CsvOptions, caller: string): AsyncGenerator<Cells> {
  const file = `${caller}: ${fileName(source, options.file, "csv")}`;
  const text = textOf(source, file, options.encoding);
  let place: Place | undefined;
  for await (const block of csvBlocks(text, file, options.delimiter ?? "", options.decimal ?? ".")) {
    const first = block.rows.findIndex((_, row) => !block.isBlank(row));
    if (first < 0) continue;
    const isHeader: boolean = place === undefined && options.header !== false;
    place ??= placeOf(file, block.rows[first], block.lineOf(first), options);
    yield new Cells(place, block, isHeader ? first + 1 : first);
  }
  if (place === undefined) throw new DataError(`${file} has no rows`);
}

/** The columns, as the first row or the options name them. */
function placeOf(file: string, first: readonly string[], line: number, options: CsvOptions): Place {
  const { header = true, names: given, columns } = options;
  if (given !== undefined && given.length !== first.length)
    throw new ArgumentError(
      `${file}, line ${line}: ${countOf(first.length, "cell")}, but ${countOf(given.length, "name")}`,
    );
  const names = given ?? namesOf(header ? first.map((cell) => cell.trim()) : first.map(() => ""));
  checkNames(names, `${file}, line ${line}`);
  for (const name of [...(columns ?? []), ...Object.keys(options.types ?? {})])
    if (!names.includes(name))
      throw new ArgumentError(
        `${file}, line ${line}: there is no column ${show(name)}, only [${names.join(", ")}]${meant(name, names)}`,
      );
  return { file, names, read: columns?.map((name) => names.indexOf(name)) ?? names.map((_, i) => i) };
}

/** The names of the columns; one without is called by its place, with a line behind it where another one is called so. */
function namesOf(cells: readonly string[]): string[] {
  const taken = new Set(cells);
  return cells.map((cell, i) => {
    let name = cell === "" ? `column${i + 1}` : cell;
    while (cell === "" && taken.has(name)) name += "_";
    taken.add(name);
    return name;
  });
}

/** The columns of a table that grow row by row. */
class TableBuilder {
  rows = 0;
  readonly #place: Place;
  readonly #missing: ReadonlySet<string>;
  readonly #columns: readonly (NumberColumn | TextColumn)[];

  constructor(place: Place, options: CsvOptions, types: Readonly<Record<string, ColumnType>>) {
    const { missing = MISSING, decimal = ".", categories = CATEGORIES } = options;
    this.#place = place;
    this.#missing = new Set(missing);
    this.#columns = place.read.map((at) => {
      const name = place.names[at];
      const type = Object.hasOwn(types, name) ? types[name] : undefined;
      return type !== undefined && isNumeric(type)
        ? new NumberColumn(name, type as NumericType, decimal)
        : new TextColumn(name, type, decimal, categories);
    });
  }

  push(cells: readonly string[], line: () => number): void {
    const { read, file } = this.#place;
    for (let c = 0; c < read.length; c++) {
      const text = cells[read[c]].trim();
      const column = this.#columns[c];
      if (!column.push(this.#missing.has(text) ? null : text))
        throw new DataError(
          `${file}, line ${line()}, column ${show(column.name)}: ${show(text)} is of no type ${column.type}${whyNot(text)}`,
        );
    }
    this.rows++;
  }

  table(): Table {
    return new Table(
      this.#columns.map((column) => column.column()),
      this.rows,
    );
  }
}

/** Numbers of a type that is known. */
class NumberColumn {
  readonly name: string;
  readonly type: NumericType;
  readonly #decimal: string;
  #values = new Float64Array(1024);
  #rows = 0;

  constructor(name: string, type: NumericType, decimal: string) {
    this.name = name;
    this.type = type;
    this.#decimal = decimal;
  }

  /** Whether it was of the type. */
  push(text: string | null): boolean {
    const value = text === null ? Number.NaN : numericValue(text, this.type, this.#decimal);
    if (value === undefined) return false;
    if (this.#rows === this.#values.length) {
      const more = new Float64Array(2 * this.#rows);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[this.#rows++] = value;
    return true;
  }

  column(): Column {
    return { name: this.name, type: this.type, values: this.#values.slice(0, this.#rows) };
  }
}

/** Texts, or what is not known before its end. */
class TextColumn {
  readonly name: string;
  readonly type: ColumnType | undefined;
  readonly #decimal: string;
  readonly #categories: number;
  readonly #values: (string | null)[] = [];
  /** Texts that come again are kept once. */
  readonly #known = new Map<string, string>();

  constructor(name: string, type: ColumnType | undefined, decimal: string, categories: number) {
    this.name = name;
    this.type = type;
    this.#decimal = decimal;
    this.#categories = categories;
  }

  push(text: string | null): boolean {
    const known = text === null ? null : this.#known.get(text);
    if (known === undefined && this.#known.size < 1024) this.#known.set(text as string, text as string);
    this.#values.push(known ?? text);
    return true;
  }

  column(): Column {
    const { name } = this;
    const type = this.type ?? typeOfTexts(this.#values, this.#decimal, this.#categories);
    if (!isNumeric(type)) return { name, type, values: this.#values };
    const numberOf = (text: string | null) =>
      text === null ? Number.NaN : (numericValue(text, type as NumericType, this.#decimal) as number);
    return { name, type, values: Float64Array.from(this.#values, numberOf) };
  }
}
