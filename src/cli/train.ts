// simdgrad train: from a data file to a model file.
import type { Table } from "../data/table.ts";
import { fitTable } from "../tabular/index.ts";
import { CODES, type Command } from "./command.ts";
import { besides, checkApart, checkEnding, nameOf, write } from "./io.ts";
import { description, metricsTable, modelObject } from "./models.ts";
import { Progress } from "./progress.ts";
import { REPORT_OPTIONS, reportFile, reportOf } from "./report.ts";
import {
  CSV_OPTIONS,
  checkColumn,
  checkDecimal,
  checkRows,
  csvOptions,
  DATA_OPTIONS,
  readTable,
  TRAINING_OPTIONS,
  tabularOptions,
} from "./tables.ts";
import { several } from "./words.ts";

export const train: Command = {
  usage: {
    name: "train",
    summary: "Learns to tell one column of a table from the others, and writes the model to a file.",
    takes: ["DATA"],
    about: `DATA is a CSV file (or JSON lines, where its name ends in .jsonl), gzipped or not; - is stdin. Types of columns are found;
what is missing is filled in, numbers are standardized, texts and dates become features, names of rows are left out. Rows are
kept to stop early by, and others to measure the model with, beside a linear model and a guess. Ctrl-C keeps the best weights
so far.`,
    options: {
      ...DATA_OPTIONS,
      ...TRAINING_OPTIONS,
      out: {
        value: "FILE",
        short: "o",
        help: "where the model goes; default: named as DATA, .safetensors, in this folder",
      },
      ...REPORT_OPTIONS,
      ...CSV_OPTIONS,
    },
    examples: [
      "train flowers.csv --target species",
      "train houses.csv --target price --features area,rooms,town --out prices.safetensors",
      "train sales.csv --target units --delimiter ';' --decimal , --seed 7 --json",
    ],
  },
  async run(given, terminal, voice) {
    const [path] = given.files;
    const options = tabularOptions(given);
    const out = given.values.get("out") ?? besides(path, ".safetensors");
    const report = reportFile(given, out);
    checkApart("out", out, [path]);
    checkEnding("out", out, "safetensors");
    checkApart("report", report, [path, out]);
    const table = await readTable(path, terminal, csvOptions(given));
    for (const [option, names] of [
      ["target", [options.target]],
      ["features", options.features ?? []],
    ] as const)
      for (const name of names) checkColumn(option, name, table, path);
    checkRows(options, table, path);
    checkDecimal(given, options, table, path);
    voice.say(`data        ${nameOf(path)}: ${several(table.rows, "row")}, ${several(table.columns.length, "column")}`);
    const progress = new Progress(voice.progress);
    const { signal } = terminal;
    const model = await fitTable(table, { ...options, signal, report: (epoch) => progress.tell(epoch) });
    progress.end();
    if (signal.aborted) voice.say(`interrupted after epoch ${model.training.ran}: the best weights so far are kept`);
    voice.say(`${description(model)}\n\n${metricsTable(model)}\n`);
    await write(out, await model.save());
    voice.say(`model       ${out}`);
    if (report !== undefined) {
      const rows = model.tested as Table;
      const { test, linear, baseline } = model.metrics;
      const metrics = { network: test, "linear model": linear, "a guess": baseline };
      await write(report, await reportOf(model, { data: nameOf(path), rows, metrics }));
      voice.say(`report      ${report}`);
    }
    await model.dispose();
    voice.result({
      command: "train",
      data: nameOf(path),
      out,
      report: report ?? null,
      interrupted: signal.aborted,
      ...modelObject(model),
    });
    return signal.aborted ? CODES.interrupted : CODES.good;
  },
};
