// A report of a model as one HTML file: what simdgrad/insight draws of a training and of the rows that it was tested with.
import { basename, extname } from "node:path";
import type { Table, TableRow } from "../data/table.ts";
import { report } from "../insight/index.ts";
import type { TabularModel, TabularPrediction } from "../tabular/index.ts";
import type { Scores } from "../tabular/scores.ts";
import { checkEnding } from "./io.ts";
import { type Given, type Option, UsageError } from "./usage.ts";
import { several } from "./words.ts";

/** Rows of the table of the worst cases. */
const WORST = 20;

/** Of commands that write a report unless they are told not to. */
export const REPORT_OPTIONS: Readonly<Record<string, Option>> = {
  report: { value: "FILE", help: "where the report goes, an HTML file; default: named as the model, .html" },
  "no-report": { help: "no report" },
};

/** Where the report of a model goes, if there is to be one. */
export function reportFile({ values, switches }: Given, out: string): string | undefined {
  const asked = values.get("report");
  if (switches.has("no-report")) {
    if (asked !== undefined) throw new UsageError("--report and --no-report do not go together");
    return undefined;
  }
  if (asked !== undefined) checkEnding("report", asked, "html");
  return asked ?? `${out.slice(0, out.length - extname(out).length)}.html`;
}

/** What a report is of. */
interface Reported {
  /** The file. */
  readonly data: string;
  /** Rows that the model is measured with: all of them have the target. */
  readonly rows: Table;
  readonly metrics: Readonly<Record<string, Scores>>;
}

/** The report's HTML. */
export async function reportOf(model: TabularModel, { data, rows, metrics }: Reported): Promise<string> {
  const { task, target, classes, columns, dropped, notes, network, training } = model;
  const told = await model.predict(rows);
  const given = [...rows];
  const own = Object.fromEntries(columns.map(({ name, use, parts }) => [name, [use, ...parts].join(", ")]));
  const left = Object.fromEntries(dropped.map(({ name, reason }) => [name, reason]));
  return report({
    title: `${target} of ${basename(data)}`,
    summary: summaryOf(model, data, rows.rows),
    history: model.history,
    metrics,
    predictions: predictionsOf(model, given, told),
    worst: worstOf(model, given, told),
    configuration: {
      data,
      target,
      task,
      ...(classes.length > 0 && { classes: classes.join(", ") }),
      columns: own,
      ...(dropped.length > 0 && { "left out": left }),
      ...(notes.length > 0 && { notes: notes.join("; ") }),
      network: { ...network, hidden: network.hidden.join(", ") },
      training: {
        ...training,
        rows: Object.entries(training.rows)
          .map((each) => each.join(" "))
          .join(", "),
      },
    },
    seeds: { seed: training.seed },
  });
}

function summaryOf({ task, target, columns }: TabularModel, data: string, rows: number): string {
  const what = task === "classification" ? "the class" : "the number";
  const from = `${several(columns.length, "column")} of ${basename(data)}`;
  return `A model that tells ${what} ${target} from ${from}, measured with ${several(rows, "row")}.`;
}

/** What the column holds, as the model has the names of its classes. */
function textOf(row: TableRow, target: string): string {
  return String(row[target]);
}

function predictionsOf(
  { task, target, classes }: TabularModel,
  rows: readonly TableRow[],
  told: readonly TabularPrediction[],
) {
  if (task === "regression")
    return { outputs: told.map(({ value }) => Number(value)), targets: rows.map((row) => Number(row[target])) };
  const outputs = told.map(({ probabilities = {} }) => classes.map((name) => probabilities[name]));
  return { outputs, targets: rows.map((row) => classes.indexOf(textOf(row, target))), classes, probabilities: true };
}

/** Rows whose class was thought the least probable, or whose number was the farthest off. */
function worstOf(
  { task, target }: TabularModel,
  rows: readonly TableRow[],
  told: readonly TabularPrediction[],
): Record<string, unknown>[] {
  const cases = rows.map((row, i) => {
    const { value, probabilities = {} } = told[i];
    const error =
      task === "regression" ? Math.abs(Number(value) - Number(row[target])) : 1 - probabilities[textOf(row, target)];
    return { row, value, error };
  });
  return cases
    .sort((a, b) => b.error - a.error)
    .slice(0, WORST)
    .map(({ row, value, error }) => ({
      [target]: row[target],
      predicted: value,
      [task === "regression" ? "off by" : "probability of the right class"]: task === "regression" ? error : 1 - error,
      ...Object.fromEntries(
        Object.entries(row)
          .filter(([name]) => name !== target)
          .map(([name, cell]) => [name, shownCell(cell)]),
      ),
    }));
}

function shownCell(cell: TableRow[string]): unknown {
  return cell instanceof Date ? cell.toISOString().replace("T00:00:00.000Z", "") : (cell ?? "");
}
