// What the networks hear of samples: logarithms of mel spectra, an image with time across.
import { melSpectrogram, powerToDb } from "simdgrad/audio";
import { RATE } from "./spoken-clips.ts";

export const MELS = 40;
/** Samples from one frame to the next: 80 frames a second. */
export const HOP = 100;
/** Decibels below the loudest that are heard. */
const DEPTH = 60;

/** Log-mels of samples, -1 to 1, 1 the loudest: [MELS, frames], one frame for each hop. */
export function melsOf(samples: Float32Array): Float32Array {
  const frames = samples.length / HOP;
  const mels = melSpectrogram(samples, { sampleRate: RATE, nFft: 256, winLength: 200, hopLength: HOP, nMels: MELS });
  const { data } = powerToDb(mels, { ref: "max", topDb: DEPTH });
  const given = data.length / MELS;
  const heard = new Float32Array(MELS * frames);
  for (let mel = 0; mel < MELS; mel++)
    for (let t = 0; t < frames; t++) heard[mel * frames + t] = 1 + (2 * data[mel * given + t]) / DEPTH;
  return heard;
}

/** Samples that are said faster, by a factor above 1, and higher, or slower and lower. */
export function atSpeed(samples: Float32Array, factor: number): Float32Array {
  const said = new Float32Array(Math.max(1, Math.floor((samples.length - 1) / factor)));
  for (let i = 0; i < said.length; i++) {
    const at = Math.floor(i * factor);
    const share = i * factor - at;
    said[i] = samples[at] * (1 - share) + samples[at + 1] * share;
  }
  return said;
}

/** The largest sample, whichever its sign. */
export function loudestOf(samples: Float32Array): number {
  let most = 0;
  for (let i = 0; i < samples.length; i++) most = Math.max(most, Math.abs(samples[i]));
  return most;
}

/** Adds evenly drawn noise, so many decibels below the loudest sample. */
export function addHiss(samples: Float32Array, below: number, random: () => number): void {
  const loud = loudestOf(samples) * 10 ** (-below / 20);
  for (let i = 0; i < samples.length; i++) samples[i] += loud * (2 * random() - 1);
}

/** Clips as a batch of images [N, 1, MELS, frames], of samples that all have frames * HOP. */
export function batchOf(all: readonly Float32Array[]): { readonly data: Float32Array; readonly shape: number[] } {
  const frames = all[0].length / HOP;
  const data = new Float32Array(all.length * MELS * frames);
  for (const [row, samples] of all.entries()) data.set(melsOf(samples), row * MELS * frames);
  return { data, shape: [all.length, 1, MELS, frames] };
}
