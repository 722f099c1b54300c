// Short-time Fourier transforms: signals cut into frames, each weighed by a window and transformed; and signals made of them again.
import { aBoolean, aPositiveNumber, aWholeNumber, type Checks, checkOptions, oneOf } from "../check.ts";
import { type ArrayLikeData, array } from "../data/array.ts";
import { ArgumentError, DataError, ShapeError } from "../errors.ts";
import { showShape, sizeOf } from "../shape.ts";
import { type FloatArray, transformOf } from "./fourier.ts";
import { aWindow, type WindowName, windowFor } from "./windows.ts";

/** How a signal is cut into frames, and frames are put together. */
export interface FrameOptions {
  /** Samples that are transformed together; default 2048. */
  readonly nFft?: number;
  /** Samples from one frame to the next; default a quarter of winLength. */
  readonly hopLength?: number;
  /** Samples that the window is of, in the middle of a frame, the others count 0; default nFft, or the length of a window that is given. */
  readonly winLength?: number;
  /** A periodic window by its name, or its numbers; default "hann". */
  readonly window?: WindowName | ArrayLike<number>;
  /** Whether the middle of frame t is sample t * hopLength, and both ends of the signal are padded by half a frame; default true. */
  readonly center?: boolean;
}

/** Options of stft. */
export interface StftOptions extends FrameOptions {
  /** What is beyond the ends: 0, or the signal mirrored at its first and last sample; default "constant". */
  readonly padMode?: "constant" | "reflect";
}

/** Options of istft. */
export interface IstftOptions extends FrameOptions {
  /** Samples that the signal gets, cut off or filled by 0; default what the frames make. */
  readonly length?: number;
}

/** Options of spectrogram. */
export interface SpectrogramOptions extends StftOptions {
  /** The power of the magnitudes: 1 for amplitudes, 2 for energies; default 2. */
  readonly power?: number;
}

const MOST = 2 ** 24;
const size = aWholeNumber(1, MOST);

const frameChecks: Checks<FrameOptions> = {
  nFft: size,
  hopLength: size,
  winLength: size,
  window: aWindow,
  center: aBoolean,
};

export const spectrogramChecks: Checks<SpectrogramOptions> = {
  ...frameChecks,
  padMode: oneOf("constant", "reflect"),
  power: aPositiveNumber,
};

/** Frames whose options are settled. */
export interface Framing {
  readonly nFft: number;
  readonly hopLength: number;
  /** Of nFft samples. */
  readonly window: Float64Array;
  readonly center: boolean;
  readonly padMode: "constant" | "reflect";
}

export function framingOf(options: StftOptions, name: string, nFft = options.nFft ?? 2048): Framing {
  const { window = "hann", center = true, padMode = "constant" } = options;
  const winLength = options.winLength ?? (typeof window === "string" ? nFft : window.length);
  const hopLength = options.hopLength ?? Math.max(1, winLength >> 2);
  return { nFft, hopLength, window: windowFor(window, winLength, nFft, name), center, padMode };
}

/** Signals of one length, one after the other, and the axes before them. */
export interface Signals {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly samples: number;
}

/** @throws ShapeError for a scalar or no samples, DataError for what is not finite */
export function signalsOf(signal: ArrayLikeData, name: string): Signals {
  const { data, shape } = array(signal, undefined, `${name}: signal`);
  const samples = shape[shape.length - 1];
  if (!(samples > 0)) throw new ShapeError(`${name}: takes a signal [..., samples], got ${showShape(shape)}`);
  const wrong = (data as Float32Array).findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new DataError(`${name}: sample ${wrong % samples} of the signal is ${data[wrong]}`);
  return { data: data as Float32Array, shape: shape.slice(0, -1), samples };
}

/** How many frames there are of a signal. @throws ShapeError if it is too short */
export function framesIn(samples: number, { nFft, hopLength, center, padMode }: Framing, name: string): number {
  const half = nFft >> 1;
  if (center && padMode === "reflect" && samples <= half)
    throw new ShapeError(`${name}: ${samples} samples are too few to be mirrored by half a frame of ${nFft}`);
  const left = samples + (center ? 2 * half : 0) - nFft;
  if (left < 0) throw new ShapeError(`${name}: ${samples} samples are less than a frame of ${nFft}`);
  return 1 + Math.floor(left / hopLength);
}

/** Calls `visit` for each frame of each signal with its spectrum, complex numbers of which the first nFft / 2 + 1 are right. */
export function eachSpectrum(
  { data, samples }: Signals,
  framing: Framing,
  frames: number,
  visit: (spectrum: Float64Array, signal: number, frame: number) => void,
): void {
  const { nFft, hopLength, window, center, padMode } = framing;
  const fourier = transformOf(nFft);
  const [frame, spectrum] = [new Float64Array(nFft), new Float64Array(2 * nFft)];
  const last = samples - 1;
  for (let signal = 0; signal < data.length / samples; signal++)
    for (let t = 0; t < frames; t++) {
      const start = t * hopLength - (center ? nFft >> 1 : 0);
      for (let i = 0; i < nFft; i++) {
        let at = start + i;
        if (padMode === "reflect") at = at < 0 ? -at : at > last ? 2 * last - at : at;
        frame[i] = at < 0 || at > last ? 0 : window[i] * data[signal * samples + at];
      }
      fourier.realTransform(spectrum, frame);
      visit(spectrum, signal, t);
    }
}

/**
 * The short-time Fourier transform of a signal [..., samples], such as a `Sound`: complex numbers [..., nFft / 2 + 1, frames, 2], real and imaginary
 * parts. Frame t begins at sample t * hopLength, or has it in its middle (`center`). Float64 inside, rounded once. Definition of
 * librosa 0.10; `padMode: "reflect"` makes it PyTorch's.
 * @throws ShapeError for no samples, or fewer than a frame takes; DataError for NaN and infinity; ArgumentError for a window that does not fit
 *
 * @example
 * import { stft } from "simdgrad/audio";
 * const wave = [1, 1, -1, -1, 1, 1, -1, -1]; // four samples a turn
 * const { data, shape } = stft(wave, { nFft: 4, hopLength: 4, window: "ones", center: false });
 * shape; // => [3, 2, 2]
 * data; // => [0, 0, 0, 0, 2, -2, 2, -2, 0, 0, 0, 0]
 */
export function stft(signal: ArrayLikeData, options: StftOptions = {}): FloatArray {
  const signals = signalsOf(signal, "stft");
  const { power: _, ...checks } = spectrogramChecks;
  checkOptions(options, "stft", checks);
  const framing = framingOf(options, "stft");
  const frames = framesIn(signals.samples, framing, "stft");
  const bins = (framing.nFft >> 1) + 1;
  const data = new Float32Array(sizeOf(signals.shape) * bins * frames * 2);
  eachSpectrum(signals, framing, frames, (spectrum, signal, t) => {
    for (let k = 0; k < bins; k++) {
      const at = 2 * ((signal * bins + k) * frames + t);
      data[at] = spectrum[2 * k];
      data[at + 1] = spectrum[2 * k + 1];
    }
  });
  return { data, shape: [...signals.shape, bins, frames, 2] };
}

/**
 * How strong each frequency of a signal [..., samples] is at each time: magnitudes of its `stft` to a power, [..., nFft / 2 + 1, frames].
 * @throws as stft
 *
 * @example
 * import { spectrogram } from "simdgrad/audio";
 * const wave = [1, 0, -1, 0, 1, 0, -1, 0];
 * spectrogram(wave, { nFft: 4, hopLength: 4, window: "ones", center: false }); // => { data: [0, 0, 4, 4, 0, 0], shape: [3, 2] }
 */
export function spectrogram(signal: ArrayLikeData, options: SpectrogramOptions = {}): FloatArray {
  const signals = signalsOf(signal, "spectrogram");
  checkOptions(options, "spectrogram", spectrogramChecks);
  const framing = framingOf(options, "spectrogram");
  const frames = framesIn(signals.samples, framing, "spectrogram");
  const bins = (framing.nFft >> 1) + 1;
  const data = new Float32Array(sizeOf(signals.shape) * bins * frames);
  const strengths = new Float64Array(bins);
  eachSpectrum(signals, framing, frames, (spectrum, signal, t) => {
    writePowers(strengths, spectrum, options.power ?? 2);
    for (let k = 0; k < bins; k++) data[(signal * bins + k) * frames + t] = strengths[k];
  });
  return { data, shape: [...signals.shape, bins, frames] };
}

/** The magnitudes of complex numbers, to a power. */
export function writePowers(to: Float64Array, spectrum: Float64Array, power: number): void {
  for (let k = 0; k < to.length; k++) {
    const square = spectrum[2 * k] ** 2 + spectrum[2 * k + 1] ** 2;
    to[k] = power === 2 ? square : power === 1 ? Math.sqrt(square) : square ** (power / 2);
  }
}

/** Where squares of windows add up to less, a sample has been seen by no frame. That of SciPy's istft. */
const UNSEEN = 1e-10;

/** @throws ArgumentError where samples between frames are seen by none: their values are lost, whatever the frames hold */
function checkSeen({ nFft, hopLength, window }: Framing, frames: number): void {
  const squares = new Float64Array(hopLength);
  for (let i = 0; i < nFft; i++) squares[i % hopLength] += window[i] ** 2;
  const unseen = squares.filter((sum) => !(sum > UNSEEN)).length;
  if (unseen === 0 || frames === 1) return;
  throw new ArgumentError(
    `istft: of every ${hopLength} samples, a hopLength, ${unseen} are seen by no frame: the window of ${window.filter((each) => each !== 0).length} samples that are not 0 wants a shorter hopLength`,
  );
}

/**
 * The signal [..., samples] whose `stft` with the same options is nearest to complex numbers [..., bins, frames, 2]: frames are weighed by the
 * window once more, added up, and divided by the sums of its squares (Griffin and Lim 1984). What no frame has seen at the ends is 0. nFft is twice
 * bins - 1 unless it is said. Definition of librosa 0.10.
 * @throws ShapeError for other axes, or no frames; DataError for NaN and infinity; ArgumentError for a window that does not fit, or a
 * hopLength that leaves samples between frames which no window sees
 *
 * @example
 * import { istft, stft } from "simdgrad/audio";
 * const signal = Float32Array.of(1, 2, 3, 4, 3, 2, 1, 0);
 * istft(stft(signal, { nFft: 4 }), { nFft: 4 }); // => { data: [1, 2, 3, 4, 3, 2, 1, 0], shape: [8] }
 */
export function istft(spectrum: ArrayLikeData, options: IstftOptions = {}): FloatArray {
  const { data, shape } = array(spectrum, undefined, "istft: spectrum");
  checkOptions(options, "istft", { ...frameChecks, length: aWholeNumber(0) });
  const [bins, frames, parts] = shape.slice(-3);
  if (shape.length < 3 || parts !== 2 || bins < 1 || frames < 1)
    throw new ShapeError(`istft: takes a spectrum [..., bins, frames, 2], got ${showShape(shape)}`);
  const wrong = (data as Float32Array).findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new DataError(`istft: the spectrum holds ${data[wrong]}`);
  const nFft = options.nFft ?? Math.max(1, 2 * (bins - 1));
  if (nFft >> 1 !== bins - 1)
    throw new ArgumentError(`istft: nFft ${nFft} makes ${(nFft >> 1) + 1} bins, but the spectrum has ${bins}`);
  const framing = framingOf(options, "istft", nFft);
  checkSeen(framing, frames);
  const { hopLength, window, center } = framing;
  const start = center ? nFft >> 1 : 0;
  const whole = nFft + hopLength * (frames - 1);
  const samples = options.length ?? Math.max(0, whole - 2 * start);
  const squares = new Float64Array(whole);
  for (let t = 0; t < frames; t++) for (let i = 0; i < nFft; i++) squares[t * hopLength + i] += window[i] ** 2;

  const signals = sizeOf(shape.slice(0, -3));
  const result = new Float32Array(signals * samples);
  const sums = new Float64Array(whole);
  for (let signal = 0; signal < signals; signal++) {
    addFrames(sums.fill(0), data, signal * bins * frames * 2, framing, frames);
    for (let i = 0; i < Math.min(samples, whole - start); i++) {
      const seen = squares[start + i];
      result[signal * samples + i] = seen > UNSEEN ? sums[start + i] / seen : 0;
    }
  }
  return { data: result, shape: [...shape.slice(0, -3), samples] };
}

/** Adds up the frames of spectra [bins, frames, 2] that begin at a place, weighed by the window. */
function addFrames(
  sums: Float64Array,
  data: ArrayLike<number>,
  first: number,
  { nFft, hopLength, window }: Framing,
  frames: number,
): void {
  const fourier = transformOf(nFft);
  const [spectrum, frame] = [new Float64Array(2 * nFft), new Float64Array(2 * nFft)];
  for (let t = 0; t < frames; t++) {
    // Of a real signal the second half mirrors the first, and the first number, as that in the middle, is real. The inverse transform is the
    // conjugate of the transform of the conjugate, divided by the length.
    for (let k = 0; k <= nFft >> 1; k++) {
      const at = first + 2 * (k * frames + t);
      const isReal = k === 0 || 2 * k === nFft;
      for (const [place, sign] of [
        [k, -1],
        [(nFft - k) % nFft, 1],
      ]) {
        spectrum[2 * place] = data[at];
        spectrum[2 * place + 1] = isReal ? 0 : sign * data[at + 1];
      }
    }
    fourier.transform(frame, spectrum);
    for (let i = 0; i < nFft; i++) sums[t * hopLength + i] += (window[i] * frame[2 * i]) / nFft;
  }
}
