// Calibration: whether what was said to be likely happens as often as was said.
import { aBoolean, aWholeNumber, type Checks, checkOptions, oneOf } from "../check.ts";
import { checkFinite, type NumericArray } from "../data/array.ts";
import { DataError, ShapeError } from "../errors.ts";
import { showShape, sizeOf } from "../shape.ts";
import { type Numbers, numbersOf } from "./numbers.ts";

/** How a calibration is made. */
export interface CalibrationOptions {
  /** Default 10. */
  readonly bins?: number;
  /** Bins of equal width, or of equally many rows. Default "uniform". */
  readonly strategy?: "uniform" | "quantile";
  /** Outputs are probabilities, not logits; default false. To be said of logits that look like probabilities, too. */
  readonly probabilities?: boolean;
}

/** Rows whose answers were said to be about as likely. */
export interface CalibrationBin {
  /** Probabilities in it: above `from` (the first one: from it on) and up to `to`. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** The mean of the probabilities. */
  readonly predicted: number;
  /** The share of rows for which what they are the probabilities of is true. */
  readonly actual: number;
}

/** A reliability curve, and what it comes to. Plain data. */
export interface Calibration {
  /** Bins that hold rows, in order. On the diagonal, where predicted is actual, all is well. */
  readonly curve: readonly CalibrationBin[];
  /** The mean distance of actual from predicted, each bin weighed by its rows. */
  readonly expectedCalibrationError: number;
  /** The largest of these distances. */
  readonly maximumCalibrationError: number;
  /** The mean square of probability minus what came: of yes and no, and of two classes, from 0 to 1; of more summed over these, from 0 to 2. */
  readonly brierScore: number;
  readonly rows: number;
}

const checks: Checks<CalibrationOptions> = {
  bins: aWholeNumber(1, 2 ** 20),
  strategy: oneOf("uniform", "quantile"),
  probabilities: aBoolean,
};

/** Probabilities of something, whether it came (1 or 0), and the mean square of what is between the two. */
interface Events {
  readonly likely: Float64Array;
  readonly came: Float64Array;
  readonly brierScore: number;
}

/** How far from 1 probabilities of classes may add up, as f32 numbers do. */
const SLACK = 1e-3;

/**
 * How far outputs are to be believed: a reliability curve, its expected calibration error and the Brier score. Of classes (outputs [N, C] with two or more, and
 * class indices [N]; those below 0 are left out) the curve is of the probability of the likeliest class; of yes and no
 * (outputs and targets 0 or 1 of one shape) of that of yes. The curve of yes and no, and the score of these and of two classes, are
 * scikit-learn's `calibration_curve` and `brier_score_loss`. Sources: Brier 1950; Naeini et al. 2015; Guo et al. 2017.
 * @throws ShapeError for targets that do not fit, DataError for probabilities and targets that are none, and for logits all of which look like
 * probabilities where `probabilities` is not said
 *
 * @example
 * import { calibration } from "simdgrad/insight";
 * const said = [0.1, 0.1, 0.1, 0.9, 0.9];
 * const { curve, expectedCalibrationError, brierScore } = calibration(said, [0, 0, 1, 1, 1], { probabilities: true, bins: 5 });
 * curve.map(({ predicted }) => predicted); // => [0.1, 0.9]
 * curve.map(({ actual }) => actual); // => [0.3333, 1]
 * expectedCalibrationError; // => 0.18
 * brierScore; // => 0.17
 */
export function calibration(outputs: Numbers, targets: Numbers, options: CalibrationOptions = {}): Calibration {
  checkOptions(options, "calibration", checks);
  const { bins = 10, strategy = "uniform", probabilities } = options;
  const given = numbersOf(outputs, "calibration: outputs");
  const wanted = numbersOf(targets, "calibration: targets");
  for (const [what, each] of Object.entries({ outputs: given, targets: wanted }))
    checkFinite(each, `calibration: ${what}`);
  const { likely, came, brierScore } = eventsOf(given, wanted, probabilities);
  if (likely.length === 0) throw new DataError("calibration: no row has a target");
  const edges = strategy === "uniform" ? evenly(bins) : quantiles(likely, bins);
  const curve = curveOf(likely, came, edges);
  const rows = likely.length;
  const distances = curve.map(({ predicted, actual }) => Math.abs(actual - predicted));
  return {
    curve,
    expectedCalibrationError: curve.reduce((sum, bin, i) => sum + (bin.rows / rows) * distances[i], 0),
    maximumCalibrationError: distances.reduce((most, each) => Math.max(most, each), 0),
    brierScore,
    rows,
  };
}

/** What outputs are probabilities of. */
function eventsOf(outputs: NumericArray, targets: NumericArray, said: boolean | undefined): Events {
  const [count, classes = 1] = outputs.shape;
  const isOfClasses = outputs.shape.length === 2 && classes > 1 && targets.data.length === count;
  const probabilities = said ?? false;
  if (said === undefined) checkLogits(outputs.data, isOfClasses ? classes : 1);
  if (isOfClasses) return ofClasses(outputs, targets, probabilities);
  if (sizeOf(outputs.shape) !== sizeOf(targets.shape))
    throw new ShapeError(
      `calibration: outputs ${showShape(outputs.shape)} take targets of their shape, or class indices of outputs [N, C]; got ${showShape(targets.shape)}`,
    );
  return ofLabels(outputs, targets, probabilities);
}

function ofLabels({ data, shape }: NumericArray, targets: NumericArray, probabilities: boolean): Events {
  const width = sizeOf(shape.slice(1));
  const came = Float64Array.from(targets.data);
  const strange = came.findIndex((each) => each !== 0 && each !== 1);
  if (strange >= 0)
    throw new DataError(
      `calibration: targets: row ${Math.floor(strange / width)} is ${came[strange]}, not 0 (no) or 1 (yes)`,
    );
  if (probabilities) checkProbabilities(data, width);
  const likely = Float64Array.from(data, (each) => (probabilities ? each : 1 / (1 + Math.exp(-each))));
  const squares = likely.reduce((sum, each, i) => sum + (each - came[i]) ** 2, 0);
  return { likely, came, brierScore: squares / likely.length };
}

function ofClasses({ data, shape: [, classes] }: NumericArray, targets: NumericArray, probabilities: boolean): Events {
  const known = [...targets.data.keys()].filter((row) => !(targets.data[row] < 0));
  const [likely, came] = [new Float64Array(known.length), new Float64Array(known.length)];
  let squares = 0;
  for (const [i, row] of known.entries()) {
    const target = targets.data[row];
    if (!Number.isInteger(target) || target >= classes)
      throw new DataError(`calibration: targets: row ${row} is ${target}, not a class index of 0..${classes - 1}`);
    const own = Array.from(data.subarray(row * classes, (row + 1) * classes));
    const shares = probabilities ? own : softmax(own);
    if (probabilities) checkShares(own, row);
    const best = shares.indexOf(Math.max(...shares));
    likely[i] = shares[best];
    came[i] = Number(best === target);
    squares += shares.reduce((sum, share, each) => sum + (share - Number(each === target)) ** 2, 0);
  }
  return { likely, came, brierScore: squares / known.length / (classes === 2 ? 2 : 1) }; // two classes are off by the same
}

function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const powers = logits.map((each) => Math.exp(each - most));
  const sum = powers.reduce((all, each) => all + each, 0);
  return powers.map((each) => each / sum);
}

/** @throws DataError where all look like probabilities, not like logits: a second sigmoid or softmax would be silent. Those of no training are 0. */
function checkLogits(data: NumericArray["data"], classes: number): void {
  let some = false;
  for (let row = 0; row < data.length; row += classes) {
    let sum = 0;
    for (const each of data.subarray(row, row + classes)) {
      if (each < 0 || each > 1) return;
      some ||= each > 0;
      sum += each;
    }
    if (classes > 1 && Math.abs(sum - 1) > SLACK) return;
  }
  if (some)
    throw new DataError(
      "calibration: outputs: all are from 0 to 1, as probabilities are: say probabilities: true, or false of logits",
    );
}

/** @throws DataError for what is below 0 or above 1 */
function checkProbabilities(data: NumericArray["data"], width: number): void {
  const strange = data.findIndex((each) => each < 0 || each > 1);
  if (strange >= 0) throw strangeness(Math.floor(strange / width), `holds ${data[strange]}`);
}

/** @throws DataError for probabilities of classes that do not add up to 1 */
function checkShares(shares: readonly number[], row: number): void {
  const sum = shares.reduce((all, each) => all + each, 0);
  if (Math.abs(sum - 1) > SLACK || shares.some((each) => each < 0)) throw strangeness(row, `adds up to ${sum}`);
}

function strangeness(row: number, what: string): DataError {
  return new DataError(
    `calibration: outputs: row ${row} ${what}: no probabilities; of logits, leave out probabilities: true`,
  );
}

/** Edges of bins of equal width, as numpy.linspace(0, 1) has them. */
function evenly(bins: number): number[] {
  return Array.from({ length: bins + 1 }, (_, i) => (i === bins ? 1 : i * (1 / bins)));
}

/** Edges of bins that hold equally many, with the roundings of numpy.percentile, since values lie on them. */
function quantiles(values: Float64Array, bins: number): number[] {
  const sorted = values.toSorted();
  return evenly(bins).map((share) => {
    const place = ((share * 100) / 100) * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    const part = place - Math.floor(place);
    return part < 0.5 ? below + (above - below) * part : above - (above - below) * (1 - part);
  });
}

/** Bins with rows: a value is in the first whose upper edge is not below it, else in the last. */
function curveOf(likely: Float64Array, came: Float64Array, edges: readonly number[]): CalibrationBin[] {
  const bins = edges.slice(1).map((to, i) => ({ from: edges[i], to, rows: 0, said: 0, came: 0 }));
  const upper = edges.slice(1, -1);
  for (const [i, share] of likely.entries()) {
    let [low, high] = [0, upper.length]; // the number of upper edges below it
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upper[middle] < share) low = middle + 1;
      else high = middle;
    }
    const bin = bins[low];
    bin.rows++;
    bin.said += share;
    bin.came += came[i];
  }
  return bins
    .filter(({ rows }) => rows > 0)
    .map(({ from, to, rows, said, came }) => ({ from, to, rows, predicted: said / rows, actual: came / rows }));
}
