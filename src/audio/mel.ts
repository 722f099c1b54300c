// Mel scales: frequencies as far apart as they are heard, and how strong they are. Definitions of librosa 0.10.
import {
  aBoolean,
  aNumberWithin,
  aPositiveNumber,
  aWholeNumber,
  type Checks,
  checkOptions,
  isRecord,
  oneOf,
} from "../check.ts";
import type { ArrayLikeData } from "../data/array.ts";
import { ArgumentError } from "../errors.ts";
import { checkShape, LISTED, sizeOf } from "../shape.ts";
import type { FloatArray } from "./fourier.ts";
import {
  eachSpectrum,
  framesIn,
  framingOf,
  type SpectrogramOptions,
  signalsOf,
  spectrogramChecks,
  writePowers,
} from "./stft.ts";

/** Which frequencies filters are of. */
export interface MelOptions {
  /** How many filters; default 128. */
  readonly nMels?: number;
  /** Where the first filter begins, in Hz; default 0. */
  readonly fMin?: number;
  /** Where the last filter ends, in Hz; default half of the sample rate. */
  readonly fMax?: number;
  /** Whether mel is 2595 log10(1 + f / 700), as in HTK; default false: Slaney's scale, straight up to 1,000 Hz. */
  readonly htk?: boolean;
  /** "slaney": triangles of area 1 in Hz; null: of height 1. Default "slaney". */
  readonly norm?: "slaney" | null;
}

/** Options of melFilters. */
export interface MelFilterOptions extends MelOptions {
  /** Samples a second. */
  readonly sampleRate: number;
  /** Samples that are transformed together; default 2048. */
  readonly nFft?: number;
}

/** Options of melSpectrogram. */
export interface MelSpectrogramOptions extends SpectrogramOptions, MelOptions {
  /** Samples a second; default that of the signal, if it is a Sound. */
  readonly sampleRate?: number;
}

export const melChecks: Checks<MelOptions & Pick<MelSpectrogramOptions, "sampleRate">> = {
  sampleRate: aPositiveNumber,
  nMels: aWholeNumber(1, 2 ** 16),
  fMin: aNumberWithin(0),
  fMax: aPositiveNumber,
  htk: aBoolean,
  norm: oneOf("slaney", null),
};

/** Slaney's scale is straight up to this, in Hz, and a logarithm above. */
const STRAIGHT = 1000;
const HZ_A_MEL = 200 / 3;
/** 27 mels from 1,000 to 6,400 Hz. */
const STEP = Math.log(6.4) / 27;

function melOf(hz: number, htk: boolean): number {
  if (htk) return 2595 * Math.log10(1 + hz / 700);
  return hz < STRAIGHT ? hz / HZ_A_MEL : STRAIGHT / HZ_A_MEL + Math.log(hz / STRAIGHT) / STEP;
}

function hzOf(mel: number, htk: boolean): number {
  if (htk) return 700 * (10 ** (mel / 2595) - 1);
  const border = STRAIGHT / HZ_A_MEL;
  return mel < border ? mel * HZ_A_MEL : STRAIGHT * Math.exp(STEP * (mel - border));
}

/** A filter's weights of some bins of a spectrum. */
interface Filter {
  readonly first: number;
  readonly weights: Float64Array;
}

/** What was warned of, once each. */
const warned = new Set<string>();

/** Warns of filters that are 0 for all spectra: so few frequencies are no more bands. */
function warnOfEmpty(filters: readonly Filter[], nFft: number, name: string): void {
  const empty = filters.filter(({ weights }) => weights.every((weight) => weight === 0)).length;
  const text = `simdgrad: ${name}: ${empty} of ${filters.length} filters lie between two frequencies of nFft ${nFft}, and are 0: fewer nMels or a longer nFft help`;
  if (empty > 0 && warned.size < warned.add(text).size) console.warn(text);
}

/** @throws ArgumentError for frequencies that are not in order, or beyond half of the sample rate */
function filtersOf(options: MelFilterOptions, nFft: number, name: string): Filter[] {
  const { sampleRate, nMels = 128, fMin = 0, fMax = sampleRate / 2, htk = false, norm = "slaney" } = options;
  if (fMax > sampleRate / 2)
    throw new ArgumentError(`${name}: fMax ${fMax} is more than half of the sample rate, ${sampleRate / 2}`);
  if (fMin >= fMax) throw new ArgumentError(`${name}: fMin ${fMin} is not below fMax ${fMax}`);
  const [low, high] = [melOf(fMin, htk), melOf(fMax, htk)];
  const corners = Array.from({ length: nMels + 2 }, (_, i) => hzOf(low + (i * (high - low)) / (nMels + 1), htk));
  const hz = sampleRate / nFft;
  const last = nFft >> 1;
  const filters = Array.from({ length: nMels }, (_, i): Filter => {
    const [left, middle, right] = corners.slice(i, i + 3);
    const height = norm === "slaney" ? 2 / (right - left) : 1;
    const first = Math.min(last, Math.max(0, Math.ceil(left / hz)));
    const weights = new Float64Array(Math.max(0, Math.min(last, Math.floor(right / hz)) + 1 - first));
    for (let i = 0; i < weights.length; i++) {
      const f = (first + i) * hz;
      weights[i] = height * Math.max(0, Math.min((f - left) / (middle - left), (right - f) / (right - middle)));
    }
    return { first, weights };
  });
  warnOfEmpty(filters, nFft, name);
  return filters;
}

/**
 * Triangular filters [nMels, nFft / 2 + 1] whose middles are equally far apart in mel, each over its neighbours' middles: products with power
 * spectra give mel spectra. A filter that lies between two frequencies of a spectrum is 0, of which a
 * warning tells: fewer filters or a longer nFft help. Slaney's scale
 * and areas ("Auditory Toolbox", 1998), or HTK's scale.
 * @throws ArgumentError for frequencies that are not in order, or beyond half of the sample rate; ShapeError for more than 2^26 numbers
 *
 * @example
 * import { melFilters } from "simdgrad/audio";
 * melFilters({ sampleRate: 8, nFft: 8, nMels: 1, norm: null }); // => { data: [0, 0.5, 1, 0.5, 0], shape: [1, 5] }
 * melFilters({ sampleRate: 8000, fMax: 8000 }); // => throws ArgumentError: melFilters: fMax 8000 is more than half of the sample rate, 4000
 */
export function melFilters(options: MelFilterOptions): FloatArray {
  checkOptions(options, "melFilters", { ...melChecks, nFft: spectrogramChecks.nFft }, "sampleRate");
  const { nFft = 2048, nMels = 128 } = options;
  const bins = (nFft >> 1) + 1;
  checkShape([nMels, bins], "melFilters", LISTED);
  const filters = filtersOf(options, nFft, "melFilters");
  const data = new Float32Array(filters.length * bins);
  for (const [i, { first, weights }] of filters.entries()) data.set(weights, i * bins + first);
  return { data, shape: [filters.length, bins] };
}

/**
 * How strong a signal [..., samples] is in each of `melFilters` at each time: [..., nMels, frames], of the power spectrum unless `power` is 1. Of a `Sound`,
 * as `parseWav` gives it, the sample rate is known.
 * @throws ArgumentError without a sample rate, or for filters as melFilters refuses; ShapeError and DataError as stft
 *
 * @example
 * import { melSpectrogram } from "simdgrad/audio";
 * const wave = Float32Array.from({ length: 8000 }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / 8000));
 * const { data, shape } = melSpectrogram(wave, { sampleRate: 8000, nFft: 256, nMels: 20, center: false });
 * shape; // => [20, 122]
 * const strongest = Array.from({ length: 20 }, (_, mel) => data[mel * 122 + 60]);
 * strongest.indexOf(Math.max(...strongest)); // => 3
 */
export function melSpectrogram(signal: ArrayLikeData, options: MelSpectrogramOptions = {}): FloatArray {
  checkOptions(options, "melSpectrogram", { ...spectrogramChecks, ...melChecks });
  return melsOf(signal, options, "melSpectrogram");
}

/** The mel spectra of a signal, for a function of this name, which has checked the options. */
export function melsOf(signal: ArrayLikeData, options: MelSpectrogramOptions, name: string): FloatArray {
  const signals = signalsOf(signal, name);
  const sampleRate = options.sampleRate ?? rateOf(signal);
  melChecks.sampleRate(sampleRate, `${name}: sampleRate`);
  const framing = framingOf(options, name);
  const frames = framesIn(signals.samples, framing, name);
  const filters = filtersOf({ ...options, sampleRate: sampleRate as number }, framing.nFft, name);
  const data = new Float32Array(sizeOf(signals.shape) * filters.length * frames);
  const strengths = new Float64Array((framing.nFft >> 1) + 1);
  eachSpectrum(signals, framing, frames, (spectrum, signal, t) => {
    writePowers(strengths, spectrum, options.power ?? 2);
    for (const [i, { first, weights }] of filters.entries()) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * strengths[first + k];
      data[(signal * filters.length + i) * frames + t] = sum;
    }
  });
  return { data, shape: [...signals.shape, filters.length, frames] };
}

/** The sample rate of a Sound. */
function rateOf(signal: ArrayLikeData): unknown {
  return isRecord(signal) ? (signal as Readonly<Record<string, unknown>>).sampleRate : undefined;
}
