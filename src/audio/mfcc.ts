// Logarithms of powers, and cepstra: cosine transforms of logarithms over mel. Definitions of librosa 0.10.
import { aNumberWithin, aPositiveNumber, aWholeNumber, type Checks, checkOptions, nullOr } from "../check.ts";
import { type ArrayLikeData, array } from "../data/array.ts";
import { ArgumentError, DataError } from "../errors.ts";
import type { FloatArray } from "./fourier.ts";
import { type MelSpectrogramOptions, melChecks, melsOf } from "./mel.ts";
import { spectrogramChecks } from "./stft.ts";

/** Options of powerToDb. */
export interface DecibelOptions {
  /** What is 0 dB: a power, or "max", the largest of all; default 1. */
  readonly ref?: number | "max";
  /** Smaller powers are taken for this; default 1e-10. */
  readonly aMin?: number;
  /** What is more than this below the largest of all is raised to it, in dB; null: nothing is. Default 80. */
  readonly topDb?: number | null;
}

/** Options of mfcc. */
export interface MfccOptions extends MelSpectrogramOptions {
  /** How many numbers of each frame; default 20. */
  readonly nMfcc?: number;
  /** Above 0, later numbers are raised: number i is multiplied by 1 + lifter / 2 sin(pi (i + 1) / lifter). Default 0: none is. */
  readonly lifter?: number;
  /** As that of powerToDb; default 80. */
  readonly topDb?: number | null;
}

const topDb = nullOr(aNumberWithin(0));

const decibelChecks: Checks<DecibelOptions> = {
  ref: (value, what) => value === "max" || aPositiveNumber(value, what),
  aMin: aPositiveNumber,
  topDb,
};

/**
 * Powers in decibels: 10 log10(power / ref), of any shape.
 * @throws DataError for a power below 0 or NaN, ArgumentError for options out of range
 *
 * @example
 * import { powerToDb } from "simdgrad/audio";
 * powerToDb([1, 100, 0]).data; // => [0, 20, -60]
 * powerToDb([1, 100, 0], { ref: "max", topDb: null }).data; // => [-20, 0, -120]
 */
export function powerToDb(power: ArrayLikeData, options: DecibelOptions = {}): FloatArray {
  const { data, shape } = array(power, undefined, "powerToDb: power");
  checkOptions(options, "powerToDb", decibelChecks);
  const wrong = data.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY));
  if (wrong >= 0) throw new DataError(`powerToDb: element ${wrong} is ${data[wrong]}, no power`);
  return { data: decibels(data, options, new Float32Array(data.length)), shape };
}

/** Writes powers in decibels. */
function decibels<To extends Float32Array | Float64Array>(
  powers: ArrayLike<number>,
  { ref = 1, aMin = 1e-10, topDb = 80 }: DecibelOptions,
  to: To,
): To {
  let largest = aMin;
  for (let i = 0; i < powers.length; i++) if (powers[i] > largest) largest = powers[i];
  const zero = ref === "max" ? largest : Math.max(aMin, ref);
  const least = topDb === null ? Number.NEGATIVE_INFINITY : 10 * Math.log10(largest / zero) - topDb;
  for (let i = 0; i < powers.length; i++) to[i] = Math.max(10 * Math.log10(Math.max(aMin, powers[i]) / zero), least);
  return to;
}

/**
 * Mel-frequency cepstral coefficients of a signal [..., samples]: [..., nMfcc, frames], the first numbers of the orthonormal cosine transform (type 2)
 * of `melSpectrogram` in decibels (Davis and Mermelstein 1980).
 * @throws ArgumentError for more numbers than filters, and as melSpectrogram; ShapeError and DataError as stft
 *
 * @example
 * import { mfcc } from "simdgrad/audio";
 * mfcc(new Float32Array(8000), { sampleRate: 8000, nFft: 256, nMels: 40, nMfcc: 13 }).shape; // => [13, 126]
 * mfcc(new Float32Array(16), { sampleRate: 8, nFft: 8, nMels: 1, nMfcc: 1, hopLength: 8 }).data; // => [-100, -100, -100]
 */
export function mfcc(signal: ArrayLikeData, options: MfccOptions = {}): FloatArray {
  const own = { nMfcc: aWholeNumber(1), lifter: aNumberWithin(0), topDb };
  checkOptions(options, "mfcc", { ...spectrogramChecks, ...melChecks, ...own });
  const { nMfcc = 20, lifter = 0, topDb: most = 80, ...others } = options;
  const nMels = options.nMels ?? 128;
  if (nMfcc > nMels) throw new ArgumentError(`mfcc: nMfcc ${nMfcc} is more than nMels ${nMels}`);
  const { data: mels, shape } = melsOf(signal, others, "mfcc");
  const logarithms = decibels(mels, { topDb: most }, new Float64Array(mels.length));
  const frames = shape[shape.length - 1];
  const weights = cosineWeights(nMfcc, nMels, lifter);
  const data = new Float32Array((mels.length / nMels) * nMfcc);
  for (let at = 0; at < data.length; at++) {
    const [signal, i, t] = [Math.floor(at / (nMfcc * frames)), Math.floor(at / frames) % nMfcc, at % frames];
    let sum = 0;
    for (let j = 0; j < nMels; j++) sum += weights[i * nMels + j] * logarithms[(signal * nMels + j) * frames + t];
    data[at] = sum;
  }
  return { data, shape: [...shape.slice(0, -2), nMfcc, frames] };
}

/** Rows of the orthonormal cosine transform, lifted. */
function cosineWeights(rows: number, n: number, lifter: number): Float64Array {
  return Float64Array.from({ length: rows * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    const lift = lifter > 0 ? 1 + (lifter / 2) * Math.sin((Math.PI * (i + 1)) / lifter) : 1;
    return lift * Math.sqrt((i === 0 ? 1 : 2) / n) * Math.cos((Math.PI * i * (2 * j + 1)) / (2 * n));
  });
}
