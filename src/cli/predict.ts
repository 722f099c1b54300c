// simdgrad predict: what a model tells of the rows of a file, as CSV or JSON lines.
import type { CsvOptions } from "../data/csv.ts";
import type { Cell, Table } from "../data/table.ts";
import type { TabularModel, TabularPrediction } from "../tabular/index.ts";
import { CODES, type Command } from "./command.ts";
import { bytesOfFile, checkApart, type Terminal, write } from "./io.ts";
import { readModel } from "./models.ts";
import { CSV_OPTIONS, csvOptions, readTable } from "./tables.ts";
import { UsageError } from "./usage.ts";
import { several } from "./words.ts";

export const predict: Command = {
  usage: {
    name: "predict",
    summary: "Tells the target of each row of a file.",
    takes: ["MODEL", "DATA"],
    about: `The columns that the model reads must be there; others are passed on. What comes out has the columns of DATA, and behind them
predicted_TARGET and, for classes, the probability of that one. Cells that cannot be read are told with their line.`,
    options: {
      out: { value: "FILE", short: "o", help: "where it goes; default: stdout" },
      format: { value: "FORMAT", help: "csv or jsonl; default: csv, or as FILE is called" },
      only: { help: "without the columns of DATA" },
      probabilities: { help: "a column for the probability of each class" },
      ...CSV_OPTIONS,
    },
    examples: ["predict flowers.safetensors new.csv --out told.csv", "predict prices.safetensors - --only < new.csv"],
  },
  async run(given, terminal, voice) {
    const [path, data] = given.files;
    const out = given.values.get("out");
    checkApart("out", out, given.files);
    const format = formatOf(given.values.get("format"), out);
    if (path === "-" && data === "-") throw new UsageError("MODEL and DATA cannot both be stdin");
    const model = await readModel(path, terminal);
    try {
      if (model.task === "regression" && given.switches.has("probabilities"))
        throw new UsageError(`--probabilities: ${path} tells numbers, which have none`);
      const own = await kept(data, terminal);
      const options = { ...model.reading, ...csvOptions(given) };
      const table = await readTable(data, own, { ...options, types: model.types() });
      const told = await model.predict(table);
      const texts = given.switches.has("only") ? undefined : await textsOf(data, own, options, table);
      const rows = rowsOf(model, told, texts, given.switches.has("probabilities"));
      const text =
        format === "csv"
          ? csv(rows)
          : rows.values.map((row) => `${JSON.stringify(objectOf(rows.names, row))}\n`).join("");
      if (out !== undefined) {
        await write(out, text);
        voice.say(`${several(told.length, "row")} predicted: ${out}`);
      } else if (!voice.isJson) terminal.out(text);
      const result = { command: "predict", model: path, data, target: model.target, rows: told.length };
      voice.result(out === undefined ? { ...result, predictions: told } : { ...result, out });
      return CODES.good;
    } finally {
      await model.dispose();
    }
  },
};

function formatOf(asked: string | undefined, out: string | undefined): "csv" | "jsonl" {
  const format = asked ?? (out !== undefined && /\.(jsonl|ndjson)$/i.test(out) ? "jsonl" : "csv");
  if (format !== "csv" && format !== "jsonl") throw new UsageError(`--format must be csv or jsonl, and not ${format}`);
  return format;
}

/** A terminal whose stdin can be read several times. */
async function kept(path: string, terminal: Terminal): Promise<Terminal> {
  if (path !== "-") return terminal;
  const bytes = await bytesOfFile(path, terminal);
  const { signal, isTerminal } = terminal;
  const [out, err] = [terminal.out.bind(terminal), terminal.err.bind(terminal)];
  const input = {
    async *[Symbol.asyncIterator]() {
      yield bytes;
    },
  };
  return { out, err, signal, isTerminal, input };
}

/** The cells as they are in the file. */
async function textsOf(path: string, terminal: Terminal, reading: CsvOptions, { names }: Table): Promise<Table> {
  const types = Object.fromEntries(names.map((name) => [name, "text" as const]));
  return readTable(path, terminal, { ...reading, types });
}

interface Rows {
  readonly names: readonly string[];
  readonly values: readonly (readonly (string | number | boolean | null)[])[];
}

function rowsOf(
  model: TabularModel,
  told: readonly TabularPrediction[],
  texts: Table | undefined,
  withProbabilities: boolean,
): Rows {
  const { classes, target } = model;
  const isClass = model.task === "classification";
  const own = texts?.names ?? [];
  const names = [
    ...own,
    `predicted_${target}`,
    ...(isClass ? (withProbabilities ? classes.map((name) => `probability_${name}`) : ["probability"]) : []),
  ];
  const values = told.map(({ value, probabilities = {} }, row) => {
    const all = classes.map((name) => probabilities[name]);
    const shares = isClass ? (withProbabilities ? all : [Math.max(...all)]) : [];
    const cells = texts?.row(row) ?? {};
    return [...own.map((name) => written(cells[name])), value, ...shares];
  });
  return { names, values };
}

/** Of JSON lines a cell may be a date. */
function written(cell: Cell): string | number | boolean | null {
  return cell instanceof Date ? cell.toISOString() : cell;
}

function objectOf(names: readonly string[], row: Rows["values"][number]): object {
  return Object.fromEntries(names.map((name, i) => [name, row[i]]));
}

/** RFC 4180: quotes where a cell has commas, quotes or ends of lines, or spaces around it. */
function csv({ names, values }: Rows): string {
  const cell = (value: unknown) => {
    const text = value === null || Number.isNaN(value) ? "" : String(value);
    return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...values].map((row) => `${row.map(cell).join(",")}\n`).join("");
}
