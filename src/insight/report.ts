// A training in one HTML file: nothing is asked of anywhere, and no script is needed to read it.
import { aBoolean, aListOf, aRecordOf, aText, type Checks, checkOptions, isRecord, must } from "../check.ts";
import { checkFinite } from "../data/array.ts";
import { DataError, ShapeError } from "../errors.ts";
import { showShape } from "../shape.ts";
import type { Epoch } from "../train/history.ts";
import { calibration } from "./calibration.ts";
import { escaped, figure, htmlTable, shownNumber } from "./html.ts";
import { type Numbers, numbersOf } from "./numbers.ts";
import { style } from "./style.ts";

/** What a model said of rows that it was not trained on, and what they are. */
export interface ReportedPredictions {
  /** Of classes: logits, or `probabilities`, [N, C], or of two classes those of the second one, [N] or [N, 1]. Else values, [N] or [N, 1]. */
  readonly outputs: Numbers;
  /** Class indices, or values. */
  readonly targets: Numbers;
  /** The classes' names: without, outputs are values. */
  readonly classes?: readonly string[];
  /** Outputs are probabilities, not logits; default false. To be said of logits that look like probabilities, too. */
  readonly probabilities?: boolean;
}

/** What a report tells of. Everything but the title may be left out. */
export interface ReportedTraining {
  readonly title: string;
  /** What it comes to, in a few sentences. */
  readonly summary?: string;
  /** `trainer.history`, or what a fit gives. */
  readonly history?: readonly Epoch[];
  /** Measures by what they are of: `{ test: { accuracy: 0.97 }, baseline: { accuracy: 0.63 } }`. */
  readonly metrics?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly predictions?: ReportedPredictions;
  /** Rows of a table of the worst cases, such as `topLosses` gives, with whatever else is known of them. */
  readonly worst?: readonly Readonly<Record<string, unknown>>[];
  /** How it was trained: options, sizes, versions; may be nested. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly seeds?: Readonly<Record<string, number>>;
}

const checks: Checks<ReportedTraining> = {
  title: aText,
  summary: aText,
  history: aListOf(anEpoch),
  metrics: aRecordOf(aRecordOf(aMeasure)),
  predictions: (value, what) => must(isRecord(value), value, what, "{ outputs, targets }"),
  worst: aListOf((value, what) => must(isRecord(value), value, what, "an object of cells by their columns")),
  configuration: (value, what) => must(isPlain(value), value, what, "an object of values by their names"),
  seeds: aRecordOf(aMeasure),
};

/** An object of settings, and not a tensor, an executor or a date. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

function aMeasure(value: unknown, what: string): void {
  must(typeof value === "number", value, what, "a number");
}

function anEpoch(value: unknown, what: string): void {
  const isOne = isRecord(value) && Number.isInteger(value.epoch) && typeof value.loss === "number";
  must(isOne && isRecord((value as unknown as Epoch).metrics), value, what, "an epoch, as trainer.history has them");
}

/** Pictures, once they are loaded. */
type Charts = typeof import("./charts.ts");

/**
 * A training as one HTML file: its curves, measures, confusion matrix (or predicted beside actual values), calibration, worst cases,
 * configuration and seeds, in light and dark. It asks nothing of anywhere and needs no script. The same training gives the same text. Of many
 * classes, epochs and rows it shows so many that it stays a page, and says of how many.
 * @throws ArgumentError for what it does not tell of, ShapeError and DataError for predictions that do not fit
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { report } from "simdgrad/insight";
 * import { crossEntropy, Linear } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 2), { loss: crossEntropy, optimizer: sgd(0.5) });
 * await trainer.load({ x: [[0], [1], [2], [3]], y: [0, 0, 1, 1] });
 * const history = await trainer.fit({ epochs: 20 });
 * const outputs = await trainer.predict([[0.5], [2.5]]);
 * const predictions = { outputs, targets: [0, 1], classes: ["small", "large"] };
 * const html = await report({ title: "Sizes", history, predictions, configuration: { rate: 0.5 } });
 * html.startsWith("<!doctype html>"); // => true
 */
export async function report(training: ReportedTraining): Promise<string> {
  checkOptions<ReportedTraining>(training, "report", checks, "title");
  const { title, summary, history = [], metrics, predictions, worst = [], configuration, seeds } = training;
  const told = predictions && toldOf(predictions);
  const { confusion, lines, reliability, scatter } = await import("./charts.ts");
  const charts = { confusion, lines, reliability, scatter };
  const sections = [
    metrics && section("Measures", metricsTable(metrics)),
    history.length > 0 && section("Curves", curves(charts, history)),
    told && section(told.classes ? "Classes" : "Predictions", told.draw(charts)),
    worst.length > 0 && section("Worst cases", worstTable(worst, predictions?.classes)),
    (configuration || seeds) && section("Configuration", settings(configuration, seeds)),
    history.length > 0 && section("Epochs", epochs(history)),
  ].filter((each) => typeof each === "string");
  return page(title, summary, sections);
}

function page(title: string, summary: string | undefined, sections: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${summary === undefined ? "" : `<p class="summary">${escaped(summary)}</p>\n`}${sections.join("\n")}
</main>
</body>
</html>
`;
}

function section(heading: string, content: string): string {
  return `<section><h2>${escaped(heading)}</h2>\n${content}\n</section>`;
}

function metricsTable(metrics: NonNullable<ReportedTraining["metrics"]>): string {
  const names = [...new Set(Object.values(metrics).flatMap((each) => Object.keys(each)))];
  const rows = Object.entries(metrics).map(([name, each]) => [name, ...names.map((measure) => each[measure])]);
  return htmlTable("What was measured", ["of", ...names], rows);
}

/** Loss and metrics by epochs, beside those of the validation, and the rate where it changes. */
function curves({ lines }: Charts, history: readonly Epoch[]): string {
  const names = ["loss", ...new Set(history.flatMap(({ metrics }) => Object.keys(metrics)))];
  const some = thinned(history);
  const of = (value: (epoch: Epoch) => number | undefined, epochs = history) =>
    epochs.flatMap((epoch): (readonly [number, number])[] => {
      const y = value(epoch);
      return y === undefined ? [] : [[epoch.epoch, y]];
    });
  const drawn = names.map((name) => {
    const held = ({ validation }: Epoch) => validation?.[name];
    const series = [
      { name: "training", points: of(({ loss, metrics }) => (name === "loss" ? loss : metrics[name]), some) },
      { name: "validation", points: of(held, some) },
    ].filter(({ points }) => points.some(([, y]) => Number.isFinite(y)));
    if (series.length === 0) return "";
    const [, best] = series.length > 1 ? [0, bestOf(name, of(held))] : [];
    return figure(
      lines(name, series),
      best
        ? `${name} by epoch; validation at its best ${shownNumber(best[1])} after epoch ${best[0]}`
        : `${name} by epoch`,
      series.map((each) => each.name),
    );
  });
  const rates = of(({ learningRate }) => learningRate, some);
  const isConstant = rates.every(([, rate]) => rate === rates[0][1]);
  if (!isConstant)
    drawn.push(figure(lines("learning rate", [{ name: "rate", points: rates }]), "learning rate by epoch"));
  return `<div class="figures">${drawn.join("\n")}</div>`;
}

/** The best point where it is known which is better: of a loss, or an accuracy. */
function bestOf(name: string, points: readonly (readonly [number, number])[]) {
  const sign = /(^|\.)loss$/.test(name) ? 1 : /accuracy$/i.test(name) ? -1 : undefined;
  if (sign === undefined) return undefined;
  return points
    .filter(([, y]) => Number.isFinite(y))
    .reduce((best, point) => (sign * point[1] < sign * best[1] ? point : best));
}

/** What is told of predictions. */
interface Told {
  readonly classes: boolean;
  readonly draw: (charts: Charts) => string;
}

const predictionChecks: Checks<ReportedPredictions> = {
  outputs: () => undefined, // looked at as numbers
  targets: () => undefined,
  classes: aListOf(aText),
  probabilities: aBoolean,
};

function toldOf(predictions: ReportedPredictions): Told {
  const name = "report: predictions";
  checkOptions<ReportedPredictions>(predictions, name, predictionChecks);
  const { classes, probabilities } = predictions;
  const outputs = numbersOf(predictions.outputs, `${name}.outputs`);
  const targets = numbersOf(predictions.targets, `${name}.targets`);
  for (const [what, each] of Object.entries({ outputs, targets })) checkFinite(each, `${name}.${what}`);
  const rows = targets.data.length;
  const width = outputs.data.length / rows;
  const isRight = width === 1 || (classes !== undefined && width === classes.length);
  if (rows === 0 || !isRight || outputs.shape[0] !== targets.shape[0])
    throw new ShapeError(
      `${name}: outputs ${showShape(outputs.shape)} and targets ${showShape(targets.shape)} are not [N${classes ? `, ${classes.length}` : ""}] and [N]`,
    );
  if (classes === undefined) {
    const points = Array.from(targets.data, (target, row): [number, number] => [target, outputs.data[row]]);
    return { classes: false, draw: (charts) => values(charts, points) };
  }
  if (width === 1 && classes.length !== 2)
    throw new ShapeError(`${name}: one output a row is of two classes, not of ${classes.length}`);
  const answers = Array.from(targets.data, (target, row) => {
    if (!Number.isInteger(target) || target < 0 || target >= classes.length)
      throw new DataError(`${name}.targets: row ${row} is ${target}, not a class index of 0..${classes.length - 1}`);
    const own = outputs.data.subarray(row * width, (row + 1) * width);
    const isSecond = own[0] > (probabilities ? 0.5 : 0);
    return [target, width === 1 ? Number(isSecond) : own.indexOf(Math.max(...own))] as const;
  });
  const believed = calibration(predictions.outputs, predictions.targets, { probabilities });
  return { classes: true, draw: (charts) => classification(charts, answers, classes, believed) };
}

function classification(
  { confusion, reliability }: Charts,
  answers: readonly (readonly [target: number, predicted: number])[],
  classes: readonly string[],
  believed: ReturnType<typeof calibration>,
): string {
  const counts = classes.map(() => ({ own: 0, said: 0, right: 0 }));
  for (const [target, predicted] of answers) {
    counts[target].own++;
    counts[predicted].said++;
    if (target === predicted) counts[target].right++;
  }
  const right = counts.reduce((all, each) => all + each.right, 0);
  const rowOf = (i: number) => {
    const { own, said, right } = counts[i];
    return [classes[i], own, shareOf(right, own), shareOf(right, said)];
  };
  const share = `${right} of ${answers.length} rows right (${shownNumber((100 * right) / answers.length)} %)`;
  const [drawn, listed] = [MOST_DRAWN, MOST_LISTED].map((most) => mostWrong(counts, most));
  const { expectedCalibrationError, brierScore } = believed;
  const worst = classes.length > 2 ? 2 : 1;
  return `<div class="figures">${[
    figure(
      confusion(
        confusionOf(answers, drawn),
        drawn.map((i) => classes[i]),
      ),
      `Confusion matrix${ofThem(drawn, classes)}: ${share}`,
    ),
    figure(
      reliability(believed),
      `Reliability: on the dashed line probabilities come true. Expected calibration error ${shownNumber(expectedCalibrationError)} (0 is best), Brier score ${shownNumber(brierScore)} (0 is best, ${worst} worst)`,
    ),
  ].join("\n")}</div>
${htmlTable(`Classes${ofThem(listed, classes)}`, ["class", "rows", "recall", "precision"], listed.map(rowOf))}`;
}

/** Classes of a confusion matrix, and of a table, at the most. */
const MOST_DRAWN = 50;
const MOST_LISTED = 500;

/** Rows of a class, those that were said to be of it, and those of both. */
interface Counts {
  readonly own: number;
  readonly said: number;
  readonly right: number;
}

/** Classes in their order, of many so many: those that rows were most often taken for or from. */
function mostWrong(counts: readonly Counts[], most: number): number[] {
  const wrong = ({ own, said, right }: Counts) => own + said - 2 * right;
  const order = [...counts.keys()].sort((a, b) => wrong(counts[b]) - wrong(counts[a]) || counts[b].own - counts[a].own);
  return order.slice(0, most).sort((a, b) => a - b);
}

function ofThem(some: readonly number[], classes: readonly string[]): string {
  return some.length < classes.length ? ` (of the ${some.length} most mistaken of ${classes.length} classes)` : "";
}

/** Rows of some classes by their class and by what was predicted. */
function confusionOf(answers: readonly (readonly [target: number, predicted: number])[], classes: readonly number[]) {
  const places = new Map(classes.map((each, i) => [each, i]));
  const counts = classes.map(() => classes.map(() => 0));
  for (const [target, predicted] of answers) {
    const [row, column] = [places.get(target), places.get(predicted)];
    if (row !== undefined && column !== undefined) counts[row][column]++;
  }
  return counts;
}

function shareOf(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}

function sum(all: number, each: number): number {
  return all + each;
}

/** Points that are drawn at the most. */
const MOST_POINTS = 2000;

function values({ scatter }: Charts, points: readonly (readonly [number, number])[]): string {
  const step = Math.ceil(points.length / MOST_POINTS);
  const some = points.filter((_, i) => i % step === 0);
  const errors = points.map(([target, predicted]) => Math.abs(predicted - target)).sort((a, b) => a - b);
  const mean = errors.reduce(sum, 0) / errors.length;
  const drawn = some.length < points.length ? ` (${some.length} of ${points.length} rows drawn)` : "";
  return figure(
    scatter(some),
    `Predicted by actual values${drawn}. Mean absolute error ${shownNumber(mean)}, median ${shownNumber(errors[errors.length >> 1])}, largest ${shownNumber(errors[errors.length - 1])}`,
  );
}

/** Rows of a table, and epochs of a curve, at the most. */
const MOST_ROWS = 1000;

/** Some of many, as far apart in their order as they can be, with the first and the last one. */
function thinned<T>(all: readonly T[]): readonly T[] {
  if (all.length <= MOST_ROWS) return all;
  return Array.from({ length: MOST_ROWS }, (_, i) => all[Math.round((i * (all.length - 1)) / (MOST_ROWS - 1))]);
}

function worstTable(worst: readonly Readonly<Record<string, unknown>>[], classes?: readonly string[]): string {
  const columns = [...new Set(worst.flatMap((each) => Object.keys(each)))];
  const named = (column: string, value: unknown) => {
    const isIndex = /^(target|predicted)$/.test(column) && typeof value === "number";
    return isIndex ? (classes?.[value] ?? value) : value;
  };
  const some = worst.slice(0, MOST_ROWS);
  const rows = some.map((each) => columns.map((column) => named(column, each[column])));
  const cut = some.length < worst.length ? ` (the first ${some.length} of ${worst.length})` : "";
  return htmlTable(`Rows with the largest losses${cut}`, columns, rows);
}

function settings(configuration: ReportedTraining["configuration"], seeds: ReportedTraining["seeds"]): string {
  return [
    configuration && htmlTable("How it was trained", ["setting", "value"], flat(configuration)),
    seeds && htmlTable("Seeds", ["of", "seed"], Object.entries(seeds)),
  ]
    .filter((each) => each !== undefined)
    .join("\n");
}

/** Settings within settings that have rows of their own. */
const DEPTH = 8;

/** Settings within settings, by their paths. */
function flat(values: Readonly<Record<string, unknown>>, path = "", depth = 0): [string, unknown][] {
  return Object.entries(values).flatMap(([name, value]): [string, unknown][] =>
    isPlain(value) && depth < DEPTH
      ? flat(value, `${path}${name}.`, depth + 1)
      : [[path + name, typeof value === "number" ? shownNumber(value) : value]],
  );
}

function epochs(history: readonly Epoch[]): string {
  const metrics = [...new Set(history.flatMap((each) => Object.keys(each.metrics)))];
  const held = [...new Set(history.flatMap(({ validation }) => Object.keys(validation ?? {})))];
  const rates = history.some(({ learningRate }) => learningRate !== undefined) ? ["rate"] : [];
  const head = ["epoch", "loss", ...metrics, ...held.map((name) => `validation ${name}`), ...rates, "seconds"];
  const some = thinned(history);
  const rows = some.map(({ epoch, loss, metrics: own, validation, learningRate, seconds }) => [
    epoch,
    loss,
    ...metrics.map((name) => own[name]),
    ...held.map((name) => validation?.[name]),
    ...rates.map(() => learningRate),
    Number(seconds.toPrecision(3)),
  ]);
  return `<details><summary>${some.length < history.length ? `${some.length} of ` : ""}${history.length} epochs in numbers</summary>${htmlTable("Epochs", head, rows)}</details>`;
}
