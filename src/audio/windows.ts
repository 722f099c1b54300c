// Windows: weights of the samples of a frame, small at its ends. Sums of cosines (Harris 1978), computed in float64.
import { aBoolean, aFraction, aWholeNumber, type Check, checkOptions, must, numbers } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { FloatArray } from "./fourier.ts";

/** Options of windows. */
export interface WindowOptions {
  /** Whether the window goes on as if it were repeated, which spectra want; else its ends are equal, as filters want. Default true. */
  readonly periodic?: boolean;
}

/** Options of hamming. */
export interface HammingOptions extends WindowOptions {
  /** The constant part, 1 less that of the cosine; default 0.54, which NumPy, SciPy and PyTorch take. ONNX takes 25 / 46. */
  readonly alpha?: number;
}

/** Windows by their names; of "ones" each sample counts the same. */
export type WindowName = "hann" | "hamming" | "blackman" | "ones";

/** What cosines of 0, 1 and 2 turns count. */
const byName: Readonly<Record<WindowName, readonly number[]>> = {
  hann: [0.5, -0.5],
  hamming: [0.54, -0.46],
  blackman: [0.42, -0.5, 0.08],
  ones: [1],
};

/** Samples that a window may have. */
const MOST = 2 ** 24;

/**
 * The Hann window [length]: 0.5 - 0.5 cos(2 pi i / N), N the length, or one less if it is not periodic.
 * @throws ArgumentError for a length that is no whole number above 0
 *
 * @example
 * import { hann } from "simdgrad/audio";
 * hann(4).data; // => [0, 0.5, 1, 0.5]
 * hann(5, { periodic: false }).data; // => [0, 0.5, 1, 0.5, 0]
 */
export function hann(length: number, options: WindowOptions = {}): FloatArray {
  return windowBy("hann", length, options, byName.hann);
}

/**
 * The Hamming window [length]: alpha - (1 - alpha) cos(2 pi i / N), N the length, or one less if it is not periodic.
 * @throws ArgumentError for a length that is no whole number above 0, or an alpha outside 0 to 1
 *
 * @example
 * import { hamming } from "simdgrad/audio";
 * hamming(4).data; // => [0.08, 0.54, 1, 0.54]
 * hamming(3, { periodic: false, alpha: 0.5 }).data; // => [0, 1, 0]
 */
export function hamming(length: number, options: HammingOptions = {}): FloatArray {
  checkOptions(options, "hamming", { periodic: aBoolean, alpha: aFraction });
  const { alpha = 0.54, ...others } = options;
  return windowBy("hamming", length, others, [alpha, alpha - 1]);
}

/**
 * The Blackman window [length]: 0.42 - 0.5 cos(2 pi i / N) + 0.08 cos(4 pi i / N), N the length, or one less if it is not periodic.
 * @throws ArgumentError for a length that is no whole number above 0
 *
 * @example
 * import { blackman } from "simdgrad/audio";
 * blackman(4).data; // => [0, 0.34, 1, 0.34]
 */
export function blackman(length: number, options: WindowOptions = {}): FloatArray {
  return windowBy("blackman", length, options, byName.blackman);
}

function windowBy(name: string, length: number, options: WindowOptions, terms: readonly number[]): FloatArray {
  aWholeNumber(1, MOST)(length, `${name}: length`);
  checkOptions(options, name, { periodic: aBoolean });
  return { data: Float32Array.from(cosines(length, options.periodic ?? true, terms)), shape: [length] };
}

/** Sums of cosines; what should be 0 at an end, and is less than 1e-15 by roundings, is 0. A window of one sample is 1. */
function cosines(length: number, periodic: boolean, terms: readonly number[]): Float64Array {
  if (length === 1) return Float64Array.of(1);
  const angle = (2 * Math.PI) / (periodic ? length : length - 1);
  return Float64Array.from({ length }, (_, i) => {
    const value = terms.reduce((sum, term, j) => sum + term * Math.cos(angle * i * j), 0);
    return Math.abs(value) < 1e-15 ? 0 : value;
  });
}

/** A window's name, or its numbers. */
export const aWindow: Check = (value, what) => {
  const isName = typeof value === "string" && Object.hasOwn(byName, value);
  const isList = typeof value === "object" && value !== null;
  must(isName || isList, value, what, `${Object.keys(byName).join(", ")} or an array of numbers`);
  if (isList) numbers(value, what);
};

/** A periodic window, or one that is given, with zeros on both sides to fill a frame. @throws ArgumentError where it does not fit */
export function windowFor(
  window: WindowName | ArrayLike<number>,
  winLength: number,
  nFft: number,
  name: string,
): Float64Array {
  if (winLength > nFft) throw new ArgumentError(`${name}: winLength ${winLength} is more than nFft ${nFft}`);
  const own = typeof window === "string" ? cosines(winLength, true, byName[window]) : window;
  if (own.length !== winLength)
    throw new ArgumentError(`${name}: the window has ${own.length} numbers, but winLength is ${winLength}`);
  const wrong = Array.from(own).find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new ArgumentError(`${name}: the window holds ${wrong}`);
  const frame = new Float64Array(nFft);
  frame.set(own, (nFft - winLength) >> 1);
  return frame;
}
