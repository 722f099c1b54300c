// simdgrad evaluate: how good a model is on rows whose target is known.

import type { Table } from "../data/table.ts";
import type { TabularModel, TabularParts } from "../tabular/index.ts";
import { CODES, type Command } from "./command.ts";
import { checkApart, checkEnding, nameOf, write } from "./io.ts";
import { confusionTable, readKnown, readModel, scoreTable } from "./models.ts";
import { reportOf } from "./report.ts";
import { CSV_OPTIONS } from "./tables.ts";
import { UsageError } from "./usage.ts";
import { several } from "./words.ts";

export const evaluate: Command = {
  usage: {
    name: "evaluate",
    summary: "Measures a model on the rows of a file that has the target, too.",
    takes: ["MODEL", "DATA"],
    about:
      "Rows without a target count nothing. The figures of classes come with a table of which were taken for which.",
    options: { report: { value: "FILE", help: "writes a report, an HTML file" }, ...CSV_OPTIONS },
    examples: ["evaluate flowers.safetensors more.csv", "evaluate prices.safetensors more.csv --json"],
  },
  async run(given, terminal, voice) {
    const [path, data] = given.files;
    const report = given.values.get("report");
    checkApart("report", report, given.files);
    if (report !== undefined) checkEnding("report", report, "html");
    if (path === "-" && data === "-") throw new UsageError("MODEL and DATA cannot both be stdin");
    const model = await readModel(path, terminal);
    try {
      const table = await readKnown(model, data, terminal, given);
      const scores = await model.evaluate(table);
      const known = table.filter((row) => row[model.target] !== null);
      voice.say(
        `${nameOf(data)}: ${several(known.rows, "row")} with ${model.target}\n\n${scoreTable({ [nameOf(path)]: scores })}`,
      );
      const parts = model.partsOf(table);
      const isMadeOf = parts !== undefined;
      const tested = isMadeOf && model.isTrainedElsewhere ? await testedOf(model, table, parts) : undefined;
      if (tested !== undefined)
        voice.say(
          `note: these are the rows that the model was made of, and its weights were trained elsewhere, maybe on them; on ` +
            `the ${several(tested.rows, "row")} to test with, which "simdgrad export --data" keeps back:\n${scoreTable({ [nameOf(path)]: tested.scores })}`,
        );
      else if (isMadeOf)
        voice.say(
          `note: these are the rows that the model was made of, and most of them it has learned from: ` +
            `"simdgrad inspect" tells the figures on those that it had not seen`,
        );
      const counts = model.task === "classification" ? await countsOf(model, known) : undefined;
      if (counts !== undefined) voice.say(`\n${confusionTable(model.classes, counts)}`);
      if (report !== undefined) {
        const metrics = { [nameOf(data)]: scores };
        await write(report, await reportOf(model, { data: nameOf(data), rows: known, metrics }));
        voice.say(`\nreport      ${report}`);
      }
      voice.result({
        command: "evaluate",
        model: path,
        data,
        target: model.target,
        rows: known.rows,
        scores,
        isMadeOf,
        ...(tested && { tested }),
        ...(counts && { classes: model.classes, confusion: counts }),
      });
      return CODES.good;
    } finally {
      await model.dispose();
    }
  },
};

/** The figures on the rows that its training left out to test with. */
async function testedOf(model: TabularModel, table: Table, { test }: TabularParts) {
  return { rows: test.length, scores: await model.evaluate(table.take(test)) };
}

/** How often each class was taken for each. */
async function countsOf(model: TabularModel, rows: Table): Promise<number[][]> {
  const { classes, target } = model;
  const told = await model.predict(rows);
  const counts = classes.map(() => classes.map(() => 0));
  for (const [row, cells] of [...rows].entries())
    counts[classes.indexOf(String(cells[target]))][classes.indexOf(String(told[row].value))]++;
  return counts;
}
