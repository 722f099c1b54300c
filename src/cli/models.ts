// Models in files, and what is said of them.
import type { Table } from "../data/table.ts";
import { DataError, SimdgradError } from "../errors.ts";
import { TabularModel } from "../tabular/index.ts";
import type { Scores } from "../tabular/scores.ts";
import { bytesOfFile, checkNotEmpty, isSafetensors, nameOf, type Terminal } from "./io.ts";
import { csvOptions, readTable } from "./tables.ts";
import type { Given } from "./usage.ts";
import { columns, count, listed, quoted, several, shown } from "./words.ts";

/** @throws DataError with the file's name for anything but a model of a table */
export async function readModel(path: string, terminal: Terminal): Promise<TabularModel> {
  const bytes = checkNotEmpty(path, await bytesOfFile(path, terminal));
  if (!isSafetensors(bytes)) throw new DataError(`${nameOf(path)} is no model; MODEL comes first, then DATA`);
  return modelOf(path, bytes);
}

/** The model that a file holds. @throws DataError with the file's name */
export function modelOf(path: string, bytes: Uint8Array): Promise<TabularModel> {
  return named(path, () => TabularModel.load(bytes));
}

/** The rows of a file that has a model's target, too. @throws DataError with the row for a class that the model does not know */
export async function readKnown(model: TabularModel, path: string, terminal: Terminal, given: Given): Promise<Table> {
  const types = model.types({ target: true });
  const table = await readTable(path, terminal, { ...model.reading, ...csvOptions(given), types });
  checkClasses(model, table, path);
  return table;
}

/** @throws DataError with the row for a class that a model does not know */
function checkClasses({ task, target, classes }: TabularModel, table: Table, path: string): void {
  if (task !== "classification") return;
  const cells = Array.from(table.select([target]), (row) => row[target]);
  const row = cells.findIndex((cell) => cell !== null && !classes.includes(String(cell)));
  if (row >= 0)
    throw new DataError(
      `${nameOf(path)}, row ${row + 1} below the names, column ${JSON.stringify(target)}: ` +
        `${JSON.stringify(cells[row])} is no class that the model knows: ${listed(classes.map(quoted))}`,
    );
}

/** Errors name the file. */
export async function named<T>(path: string, task: () => T | Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof SimdgradError)) throw error;
    throw new DataError(`${nameOf(path)}: ${error.message}`, { cause: error });
  }
}

/** What it tells, from what, and how it was made. */
export function description(model: TabularModel): string {
  const { network, training, isTrainedElsewhere } = model;
  const { train, validation, test } = training.rows;
  const target =
    model.task === "classification"
      ? `${model.target}: ${model.classes.length} classes (${listed(model.classes.map(quoted))})`
      : `${model.target}: numbers`;
  const used = model.columns.map(({ name, use, parts }) => `${quoted(name)} (${[use, ...parts].join(", ")})`);
  const widths = [`${several(network.features, "feature")}`, ...network.hidden.map(count), count(network.outputs)];
  return [
    `target      ${target}`,
    `columns     ${listed(used, 16)}`,
    ...model.dropped.map(({ name, reason }) => `left out    ${name}: ${reason}`),
    ...model.notes.map((note) => `note        ${note}`),
    `rows        ${count(train)} to train on, ${count(validation)} to validate, ${count(test)} to test`,
    `network     ${widths.join(" - ")}: ${several(weightsOf(model), "weight")}, dropout ${shown(network.dropout)}`,
    `training    ${isTrainedElsewhere ? "elsewhere; before, " : ""}epoch ${training.best} of ${training.ran}${isTrainedElsewhere ? " was kept" : " is kept"}; AdamW, rate ${shown(training.rate)}, batch ${training.batch}, ` +
      `seed ${training.seed}`,
  ].join("\n");
}

/** How many numbers it has learned. */
function weightsOf({ weights }: TabularModel): number {
  return Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
}

const WORDS: Readonly<Record<string, string>> = {
  accuracy: "accuracy",
  f1: "F1",
  logLoss: "log loss",
  rootMeanSquaredError: "root mean squared error",
  meanAbsoluteError: "mean absolute error",
  r2: "R2",
};

/** Figures under one another. */
export function scoreTable(rows: Readonly<Record<string, Scores>>): string {
  const names = Object.keys(Object.values(rows)[0] ?? {});
  return columns([
    ["", ...names.map((name) => WORDS[name] ?? name)],
    ...Object.entries(rows)
      .filter(([, scores]) => Object.keys(scores).length > 0)
      .map(([row, scores]) => [row, ...names.map((name) => shown(scores[name]))]),
  ]);
}

/** The figures of a model beside those of what knows less. Weights that were trained elsewhere have none of their own. */
export function metricsTable({ metrics, training, isTrainedElsewhere }: TabularModel): string {
  const others = { "linear model": metrics.linear, "a guess": metrics.baseline };
  if (isTrainedElsewhere)
    return (
      `of the weights that it had first, on ${several(training.rows.test, "row")} that they were not trained on:\n` +
      `${scoreTable({ "network then": metrics.test, ...others })}\n"simdgrad evaluate" tells the figures of the weights that it has now`
    );
  const rows = { network: metrics.test, ...others };
  return `on ${several(training.rows.test, "row")} that nothing was trained on:\n${scoreTable(rows)}${verdict(metrics)}`;
}

/** A line where the network is no better than what knows less. */
function verdict({ test, linear, baseline }: TabularModel["metrics"]): string {
  const figure = "logLoss" in test ? "logLoss" : "rootMeanSquaredError";
  const isNoBetter = (other: Scores) => !(test[figure] < (other[figure] ?? Number.POSITIVE_INFINITY));
  const by = (other: Scores) => `by ${WORDS[figure]}, ${shown(test[figure])} to ${shown(other[figure])}`;
  if (isNoBetter(baseline))
    return `\nthe network is no better than a guess (${by(baseline)}): it has found nothing in these columns`;
  if (isNoBetter(linear))
    return `\nthe network is no better than the linear model (${by(linear)}), which --hidden "" --rate 0.01 makes`;
  return "";
}

/** Everything that is known of a model but its weights, for programs. */
export function modelObject(model: TabularModel): object {
  const { task, target, classes, columns, dropped, notes, features, scales, reading, network, training, metrics } =
    model;
  const { outputScale = null, isTrainedElsewhere } = model;
  const known = { task, target, classes, columns, dropped, notes, features, scales, outputScale, reading, network };
  return { ...known, weights: weightsOf(model), isTrainedElsewhere, training, metrics };
}

/** How often each class was taken for each, if the classes fit on a screen. */
export function confusionTable(classes: readonly string[], counts: readonly (readonly number[])[]): string {
  if (classes.length > 12) return "";
  const rows = [["given \\ told", ...classes], ...counts.map((row, c) => [classes[c], ...row.map(count)])];
  return columns(rows);
}
