// simdgrad predict: what a model tells of the rows of a file, as CSV or JSON lines.
import type { TabularModel, TabularPrediction } from "../tabular/index.ts";
import { CODES, type Command } from "./command.ts";
import { bytesOfFile, checkApart, checkEnding, nameOf, once, write } from "./io.ts";
import { readModel } from "./models.ts";
import { type Passed, passedRows } from "./passed.ts";
import { CSV_OPTIONS, csvOptions, readTable } from "./tables.ts";
import { UsageError } from "./usage.ts";
import { listed, quoted, several } from "./words.ts";

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
    const out = given.values.get("out") === "-" ? undefined : given.values.get("out");
    const format = formatOf(given.values.get("format"), out);
    checkApart("out", out, given.files);
    if (out !== undefined) checkEnding("out", out, ...(format === "csv" ? ["csv", "tsv", "txt"] : ["jsonl", "ndjson"]));
    if (path === "-" && data === "-") throw new UsageError("MODEL and DATA cannot both be stdin");
    const model = await readModel(path, terminal);
    try {
      if (model.task === "regression" && given.switches.has("probabilities"))
        throw new UsageError(`--probabilities: ${path} tells numbers, which have none`);
      const options = { ...model.reading, ...csvOptions(given) };
      const bytes = await bytesOfFile(data, terminal); // read once: a pipe gives them once
      const table = await readTable(data, terminal, { ...options, types: model.types() }, once(bytes));
      const told = await model.predict(table);
      const passed = await passedRows(data, bytes, table, options);
      const nothing = { names: [], rows: [] };
      const rows = rowsOf(
        model,
        told,
        given.switches.has("only") ? nothing : passed,
        given.switches.has("probabilities"),
      );
      if (rows.replaced.length > 0)
        voice.note(`note: ${listed(rows.replaced.map(quoted))} of ${nameOf(data)} gave way to what is told now`);
      const text =
        format === "csv"
          ? csv(rows, passed)
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

/** What is written. */
interface Rows {
  readonly names: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

/** The rows with what is told of them. Columns that are called so already give way. */
function rowsOf(
  model: TabularModel,
  told: readonly TabularPrediction[],
  passed: Pick<Passed, "names" | "rows">,
  withProbabilities: boolean,
): Rows & { readonly replaced: readonly string[] } {
  const { classes, target } = model;
  const isClass = model.task === "classification";
  const added = [
    `predicted_${target}`,
    ...(isClass ? (withProbabilities ? classes.map((name) => `probability_${name}`) : ["probability"]) : []),
  ];
  const kept = passed.names.map((_, c) => c).filter((c) => !added.includes(passed.names[c]));
  const values = told.map(({ value, probabilities = {} }, row) => {
    const all = classes.map((name) => probabilities[name]);
    const shares = isClass ? (withProbabilities ? all : [Math.max(...all)]) : [];
    return [...kept.map((c) => passed.rows[row]?.[c]), value, ...shares];
  });
  return {
    names: [...kept.map((c) => passed.names[c]), ...added],
    values,
    replaced: passed.names.filter((name) => added.includes(name)),
  };
}

function objectOf(names: readonly string[], row: Rows["values"][number]): object {
  return Object.fromEntries(names.map((name, i) => [name, row[i]]));
}

/** RFC 4180, with the signs of DATA: quotes where a cell has separators, quotes or ends of lines. */
function csv({ names, values }: Rows, { delimiter, decimal }: Pick<Passed, "delimiter" | "decimal">): string {
  const cell = (value: unknown) => {
    const text = typeof value === "number" ? numberText(value, decimal) : value === null ? "" : String(value ?? "");
    return text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  // A line of nothing would be a blank one, which is no row.
  const line = (row: readonly unknown[]) => {
    const text = row.map(cell).join(delimiter);
    return text.trim() === "" && row.length === 1 ? '""' : text;
  };
  return [names, ...values].map((row) => `${line(row)}\n`).join("");
}

function numberText(value: number, decimal: string): string {
  return Number.isNaN(value) ? "" : String(value).replace(".", decimal);
}
