// Data files as tables: what their options are called, and how options become those of simdgrad/tabular.
import { type CsvOptions, readCsv, type Table } from "../data/index.ts";
import { nearest } from "../data/nearest.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { lookOf } from "../tabular/looks.ts";
import { type TabularOptions, type TabularReading, tabularChecks } from "../tabular/options.ts";
import { isSafetensors, nameOf, piecesOf, type Terminal } from "./io.ts";
import { isJsonLines, jsonRows, jsonTable } from "./json-table.ts";
import { type Given, type Option, UsageError } from "./usage.ts";
import { listed, quoted, several } from "./words.ts";

/** Options of data files. */
export const CSV_OPTIONS: Readonly<Record<string, Option>> = {
  delimiter: { value: "CHAR", help: 'what separates cells; default: found, one of , ; | and tab ("tab" is one)' },
  decimal: { value: "CHAR", help: "decimal sign, . or , (default .)" },
  encoding: {
    value: "NAME",
    help: "such as windows-1252 (default utf-8, or what a byte order mark says)",
  },
  missing: {
    value: "LIST",
    help: "texts of missing cells, with commas between; default: empty, NA, NaN, null and the like",
  },
  "no-header": { help: "the first line is a row, and columns are called column1, column2 and so on" },
};

/** How a file is read. */
export function csvOptions({ values, switches }: Given): CsvOptions {
  const delimiter = values.get("delimiter");
  const decimal = values.get("decimal");
  const encoding = values.get("encoding");
  const missing = values.get("missing");
  if (decimal !== undefined && decimal !== "." && decimal !== ",")
    throw new UsageError(`--decimal must be . or , and not ${decimal}`);
  if (delimiter !== undefined && delimiter.length !== 1 && !["tab", "\\t"].includes(delimiter))
    throw new UsageError(`--delimiter must be one character, or tab, and not ${delimiter}`);
  if (encoding !== undefined && !isEncoding(encoding))
    throw new UsageError(`--encoding must be the name of one, such as windows-1252, and not ${encoding}`);
  return {
    ...(delimiter !== undefined && { delimiter: delimiter.length === 1 ? delimiter : "\t" }),
    ...(decimal !== undefined && { decimal: decimal as "." | "," }),
    ...(encoding !== undefined && { encoding }),
    ...(missing !== undefined && { missing: ["", ...listOf(missing)] }),
    ...(switches.has("no-header") && { header: false }),
  };
}

/** How a model keeps that a file was read: files to come may have another encoding, which is found out. */
function readingOf(given: Given): TabularReading {
  const { encoding: _, ...reading } = csvOptions(given);
  return reading;
}

function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name) !== undefined;
  } catch {
    return false;
  }
}

/** Reads a CSV file, or JSON lines where its name ends so. @throws DataError with file, line and column */
export async function readTable(
  path: string,
  terminal: Terminal,
  options: CsvOptions,
  source: AsyncIterable<Uint8Array> = piecesOf(path, terminal),
): Promise<Table> {
  const file = nameOf(path);
  const text = textPieces(source, file);
  if (!isJsonLines(path)) return readCsv(text, { ...options, file });
  return jsonTable(await jsonRows(text, file, options.encoding), file, options.types);
}

/** Files that are no text of rows, by their first bytes. */
const OTHERS: readonly (readonly [string, string])[] = [
  ["PK\u0003\u0004", "a zip archive, as .xlsx files are: a CSV file is wanted"],
  ["\u00d0\u00cf\u0011\u00e0", "an Excel file: a CSV file is wanted"],
  ["PAR1", "a Parquet file: a CSV file is wanted"],
  ["SQLite format 3", "a database: a CSV file is wanted"],
  ["%PDF-", "a PDF file: a CSV file is wanted"],
];

/** The pieces of a file, if it is not known to be another one than a table. */
async function* textPieces(source: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const piece of source) {
    if (isFirst && isSafetensors(piece))
      throw new DataError(`${file} is a safetensors file, as models are, and no table: a CSV file is wanted`);
    const other = isFirst
      ? OTHERS.find(([mark]) => mark === Buffer.from(piece.slice(0, mark.length)).toString("latin1"))
      : undefined;
    if (other !== undefined) throw new DataError(`${file} is ${other[1]}`);
    isFirst = false;
    yield piece;
  }
}

/** @throws UsageError for a column that the table does not have, with the nearest one */
export function checkColumn(option: string, name: string, { names }: Table, path: string): void {
  if (names.includes(name)) return;
  const near = nearest(name, names);
  const advice = near === undefined ? `it has ${listed(names.map(quoted))}` : `did you mean ${JSON.stringify(near)}?`;
  throw new UsageError(`--${option}: ${nameOf(path)} has no column ${JSON.stringify(name)}; ${advice}`);
}

/** @throws UsageError where the rows that are asked for to test and to validate with leave none */
export function checkRows({ test, validation }: TabularOptions, { rows }: Table, path: string): void {
  const size = (share: number) => (share < 1 ? Math.ceil(share * rows) : share);
  const isLeft = size(test ?? 0.2) + size(validation ?? 0.15) < rows;
  if (isLeft || (test === undefined && validation === undefined)) return;
  const given = test === undefined ? `--validation ${validation}` : `--test ${test}`;
  throw new UsageError(`${given}: of ${several(rows, "row")} of ${nameOf(path)} none is left to train on`);
}

/** @throws DataError for columns of numbers with a decimal comma, unless the decimal sign was told */
export function checkDecimal(
  { values }: Given,
  { target, features }: TabularOptions,
  table: Table,
  path: string,
): void {
  if (values.has("decimal") || isJsonLines(path)) return;
  const found = [target, ...(features ?? table.names.filter((name) => name !== target))].flatMap((name) => {
    const look = lookOf(table.column(name));
    return look?.kind === "comma" ? [{ name, example: look.example }] : [];
  });
  if (found.length === 0) return;
  const [names, [{ example }]] = [listed(found.map(({ name }) => JSON.stringify(name))), found];
  throw new DataError(
    `${nameOf(path)}: column${found.length > 1 ? "s" : ""} ${names}: texts that look like numbers with a decimal comma, such as ${example}: ` +
      `--decimal , reads them, --decimal . leaves them texts`,
  );
}

/** Options of trainings, by their names here and in `fitTable`. */
const NUMBERS = {
  test: "test",
  validation: "validation",
  seed: "seed",
  epochs: "epochs",
  patience: "patience",
  batch: "batch",
  dropout: "dropout",
  rate: "rate",
  "weight-decay": "weightDecay",
} as const;

/** Options that a training and a search have in common. */
export const DATA_OPTIONS: Readonly<Record<string, Option>> = {
  target: { value: "COLUMN", short: "t", help: "the column to be told (needed)" },
  features: {
    value: "LIST",
    help: 'columns to learn from, with commas between, "a, b" in quotes; default: all that say something',
  },
  task: { value: "TASK", help: "classification or regression; default: what the target looks like" },
  test: { value: "SHARE", help: "share or number of the rows to test with (default 0.2)" },
  validation: { value: "SHARE", help: "share or number of the rows to stop early by (default 0.15)" },
  seed: { value: "N", help: "of everything random (default 0): the same seed gives the same model" },
  threads: { value: "N", help: "threads; default: as many as help. The model has the same bits for any number" },
  epochs: { value: "N", help: "passes through the rows at the most (default 200, of few rows up to 1000)" },
  patience: {
    value: "N",
    help: "epochs without an improvement until it stops (default a tenth of them, 20 at the least)",
  },
};

/** Options of one training. */
export const TRAINING_OPTIONS: Readonly<Record<string, Option>> = {
  batch: { value: "N", help: "rows a step; default: a 64th of them, from 16 to 256" },
  hidden: {
    value: "LIST",
    help: 'units of the hidden layers, such as 64,32; "" is a linear model; default: by rows and columns',
  },
  dropout: {
    value: "SHARE",
    help: "share of units that a step leaves out (default 0.2, or 0.1 of 1,000 rows and more)",
  },
  rate: { value: "R", help: "learning rate of AdamW (default 0.003)" },
  "weight-decay": { value: "W", help: "how much AdamW draws weights to 0 (default 0.01)" },
};

/** Options of `fitTable`. @throws UsageError for values that are out of range */
export function tabularOptions(given: Given): TabularOptions {
  const { values } = given;
  const target = values.get("target");
  if (target === undefined) throw new UsageError("--target is missing: which column is to be told?");
  const texts: Record<string, unknown> = { target };
  const set = (option: string, name: keyof TabularOptions, value: unknown) => {
    try {
      tabularChecks[name](value, `--${option}`);
    } catch (error) {
      if (error instanceof ArgumentError) throw new UsageError(error.message.replace(/got "(.*)"$/, "got $1"));
      throw error;
    }
    texts[name] = value;
  };
  for (const [option, name] of Object.entries(NUMBERS))
    if (values.has(option)) set(option, name, numberOf(values.get(option) as string));
  for (const option of ["task", "threads"] as const) {
    const text = values.get(option);
    if (text !== undefined) set(option, option, option === "threads" ? numberOf(text) : text);
  }
  const hidden = values.get("hidden");
  if (hidden !== undefined) set("hidden", "hidden", listOf(hidden).map(numberOf));
  const features = values.get("features");
  if (features !== undefined) set("features", "features", listOf(features));
  if ((texts.features as readonly string[] | undefined)?.includes(target))
    throw new UsageError(`--features: ${quoted(target)} is the target, which is to be told`);
  return { ...texts, reading: readingOf(given) } as unknown as TabularOptions;
}

/** A number, or the text where it is none, which its check refuses. */
export function numberOf(text: string): number | string {
  return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

/** Items with commas between; one with a comma is written in quotes, as in CSV files. */
function listOf(text: string): string[] {
  const items = text.match(/\s*"([^"]|"")*"\s*(?=,|$)|[^,]+|(?<=^|,)(?=,|$)/g) ?? [];
  return text.trim() === "" ? [] : items.map((item) => unquoted(item.trim()));
}

function unquoted(item: string): string {
  return /^".*"$/s.test(item) ? item.slice(1, -1).replaceAll('""', '"') : item;
}
