// From log-probabilities of classes, as a network trained by ctcLoss gives them, to labels. Plain functions of numbers that were read: no graph.
import { aBoolean, aListOf, aWholeNumber, checkOptions, numbers } from "../check.ts";
import { ArgumentError, DataError, ShapeError } from "../errors.ts";
import { checkShape, type Shape, showShape, sizeOf } from "../shape.ts";

/** Options of both ways to decode. */
export interface CtcDecodeOptions {
  /** The class that stands for no label; default 0. */
  readonly blank?: number;
  /** How many of the T times each sequence has; default all. */
  readonly inputLengths?: ArrayLike<number>;
  /** Whether the shape is [N, T, C]; default false: [T, N, C]. */
  readonly batchFirst?: boolean;
}

/** Options of ctcBeamDecode. */
export interface CtcBeamDecodeOptions extends CtcDecodeOptions {
  /** How many labellings go on from one time to the next; default 16. */
  readonly beamWidth?: number;
}

/** Labels without blanks, and what their logarithm of a probability was found to be. */
export interface CtcDecoded {
  readonly labels: number[];
  readonly logProbability: number;
}

/** Log-probabilities of the classes of one sequence at each of its times. */
type Sequence = readonly ArrayLike<number>[];

/**
 * The labels of the likeliest class at each time, equal neighbours as one, without blanks: of each sequence of log-probabilities of a shape
 * [T, N, C] (or [T, C]). Its logarithm of a probability is that of this one way to say them.
 * @throws ShapeError where numbers and shape do not fit, ArgumentError for a blank that is no class or lengths out of range, DataError for
 * NaN and Infinity
 *
 * @example
 * import { ctcGreedyDecode } from "simdgrad/nn";
 * const logProbs = Float32Array.of(-3, -0.1, -3, -3, -0.1, -3, -0.1, -3, -3, -3, -0.1, -3, -3, -3, -0.1);
 * ctcGreedyDecode(logProbs, [5, 3])[0].labels; // => [1, 1, 2]
 */
export function ctcGreedyDecode(
  logProbs: ArrayLike<number>,
  shape: Shape,
  options: CtcDecodeOptions = {},
): CtcDecoded[] {
  const name = "ctcGreedyDecode";
  checkOptions(options, name, decodeChecks);
  const { blank = 0 } = options;
  return sequencesOf(logProbs, shape, options, name).map((times) => {
    const best = times.map(likeliest);
    return {
      labels: best.filter((label, t) => label !== blank && label !== best[t - 1]),
      logProbability: times.reduce((sum, classes, t) => sum + classes[best[t]], 0),
    };
  });
}

/**
 * The likeliest labels of each sequence, the likeliest first and at most `beamWidth`, by a search over their beginnings in which all ways
 * to say the same are one (Graves 2012, Hannun et al. 2014): of log-probabilities of a shape [T, N, C] (or [T, C]). With a beam as wide
 * as there are beginnings each logarithm of a probability is -ctcLoss; else some of its ways may have been dropped.
 * Of times at which no class has a probability nothing can be said: no labels, of the logarithm -Infinity.
 * @throws ShapeError where numbers and shape do not fit, ArgumentError for a blank that is no class, lengths out of range or no beam,
 * DataError for NaN and Infinity
 *
 * @example
 * import { ctcBeamDecode } from "simdgrad/nn";
 * const logProbs = [0.6, 0.4, 0.6, 0.4].map(Math.log);
 * ctcBeamDecode(logProbs, [2, 2])[0].map(({ labels }) => labels); // => [[1], []]
 */
export function ctcBeamDecode(
  logProbs: ArrayLike<number>,
  shape: Shape,
  options: CtcBeamDecodeOptions = {},
): CtcDecoded[][] {
  const name = "ctcBeamDecode";
  checkOptions(options, name, { ...decodeChecks, beamWidth: aWholeNumber(1) });
  const { blank = 0, beamWidth = 16 } = options;
  return sequencesOf(logProbs, shape, options, name).map((times) => searched(times, blank, beamWidth));
}

const decodeChecks = { blank: aWholeNumber(0), inputLengths: numbers, batchFirst: aBoolean };

function sequencesOf(
  logProbs: ArrayLike<number>,
  shape: Shape,
  { blank = 0, inputLengths, batchFirst = false }: CtcDecodeOptions,
  name: string,
): Sequence[] {
  numbers(logProbs, `${name}: logProbs`);
  checkShape(shape, name);
  if (shape.length !== 2 && shape.length !== 3)
    throw new ShapeError(`${name}: takes a shape [T, N, C] or [T, C], got ${showShape(shape)}`);
  if (sizeOf(shape) !== logProbs.length)
    throw new ShapeError(`${name}: ${logProbs.length} numbers do not fill ${showShape(shape)}`);
  const classes = shape[shape.length - 1];
  const [times, n] = shape.length === 2 ? [shape[0], 1] : batchFirst ? [shape[1], shape[0]] : shape;
  if (blank >= classes)
    throw new ArgumentError(`${name}: blank ${blank} is none of the classes 0..${classes - 1} of ${showShape(shape)}`);
  const lengths = Array.from(inputLengths ?? Array<number>(n).fill(times));
  aListOf(aWholeNumber(0, times))(lengths, `${name}: inputLengths`);
  if (lengths.length !== n) throw new ShapeError(`${name}: ${lengths.length} inputLengths for ${n} sequences`);
  const all = Array.from(logProbs);
  return lengths.map((length, i) =>
    Array.from({ length }, (_, t) => {
      const row = batchFirst || shape.length === 2 ? i * times + t : t * n + i;
      const own = all.slice(row * classes, (row + 1) * classes);
      const wrong = own.find((each) => !(each < Number.POSITIVE_INFINITY));
      if (wrong === undefined) return own;
      throw new DataError(`${name}: sequence ${i} holds ${wrong} at time ${t}, no logarithm of a probability`);
    }),
  );
}

/** The first class of the largest number. */
function likeliest(classes: ArrayLike<number>): number {
  let best = 0;
  for (let c = 1; c < classes.length; c++) if (classes[c] > classes[best]) best = c;
  return best;
}

/** A beginning of labels, as a leaf of a tree of them. */
interface Beginning {
  readonly label: number;
  readonly before?: Beginning;
  readonly after: Map<number, Beginning>;
}

/** Logarithms of the probabilities of a beginning: of the ways that end in a blank, and of those that end in its last label. */
interface Ways {
  blank: number;
  label: number;
}

const NONE = Number.NEGATIVE_INFINITY;

function searched(times: Sequence, blank: number, beamWidth: number): CtcDecoded[] {
  let beam = new Map<Beginning, Ways>([
    [
      { label: -1, after: new Map() },
      { blank: 0, label: NONE },
    ],
  ]);
  for (const classes of times) {
    const next = new Map<Beginning, Ways>();
    for (const [beginning, ways] of beam) goOn(beginning, ways, classes, blank, next);
    beam = new Map(byProbability(next).slice(0, beamWidth));
  }
  const found = byProbability(beam).map(([beginning, ways]) => ({
    labels: labelsOf(beginning),
    logProbability: logAdd(ways.blank, ways.label),
  }));
  return found.length > 0 ? found : [{ labels: [], logProbability: NONE }];
}

/** Adds what comes of a beginning after one more time: itself, and itself with each label behind it. */
function goOn(
  beginning: Beginning,
  ways: Ways,
  classes: ArrayLike<number>,
  blank: number,
  next: Map<Beginning, Ways>,
): void {
  const total = logAdd(ways.blank, ways.label);
  const same = waysOf(beginning, next);
  same.blank = logAdd(same.blank, total + classes[blank]);
  if (beginning.before) same.label = logAdd(same.label, ways.label + classes[beginning.label]);
  for (let label = 0; label < classes.length; label++) {
    // The same label again is another one only after a blank.
    const from = label === beginning.label ? ways.blank : total;
    if (label === blank || from + classes[label] === NONE) continue;
    const longer = waysOf(withLabel(beginning, label), next);
    longer.label = logAdd(longer.label, from + classes[label]);
  }
}

function waysOf(beginning: Beginning, all: Map<Beginning, Ways>): Ways {
  const ways = all.get(beginning) ?? { blank: NONE, label: NONE };
  all.set(beginning, ways);
  return ways;
}

function withLabel(before: Beginning, label: number): Beginning {
  const longer = before.after.get(label) ?? { label, before, after: new Map() };
  before.after.set(label, longer);
  return longer;
}

/** The likeliest first; of equally likely ones, those that came first. Without those of no way. */
function byProbability(beam: Map<Beginning, Ways>): [Beginning, Ways][] {
  const likely = (ways: Ways) => logAdd(ways.blank, ways.label);
  return [...beam].filter(([, ways]) => likely(ways) !== NONE).sort(([, a], [, b]) => likely(b) - likely(a));
}

function labelsOf(beginning: Beginning): number[] {
  const labels: number[] = [];
  for (let at = beginning; at.before; at = at.before) labels.unshift(at.label);
  return labels;
}

/** ln(e^a + e^b). */
function logAdd(a: number, b: number): number {
  const [high, low] = a > b ? [a, b] : [b, a];
  return low === NONE ? high : high + Math.log1p(Math.exp(low - high));
}
