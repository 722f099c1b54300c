// What the networks are trained on: single digits somewhere in a stretch of time, and strings of digits with pauses between.
import { shuffled } from "./random.ts";
import type { Clip } from "./spoken-clips.ts";
import { addHiss, atSpeed, batchOf, HOP, loudestOf } from "./spoken-mels.ts";

/** Frames of a single digit, 0.8 seconds; longer ones are cut at both ends. */
const FRAMES = 64;
const STRETCH = FRAMES * HOP;
/** Frames of a string, 4.8 seconds. */
export const STRING_FRAMES = 384;
/** Digits of a string. */
const [LEAST, MOST] = [3, 6];
/** Samples of a pause, 0.05 to 0.3 seconds. */
const [SHORT, LONG] = [400, 2400];
/** Decibels by which a digit of a string may be quieter than the loudest. */
const QUIETER = 10;
/** Speeds of what is trained on. */
const SPEED = { least: 0.87, most: 1.15 };

function between(low: number, high: number, random: () => number): number {
  return low + (high - low) * random();
}

/** Samples in a stretch, their middle cut out if they are longer; `share` of what is free is before them. */
function placed(samples: Float32Array, share: number): Float32Array {
  const free = STRETCH - samples.length;
  const stretch = new Float32Array(STRETCH);
  if (free >= 0) stretch.set(samples, Math.floor(share * free));
  else stretch.set(samples.subarray(Math.floor(-free / 2), Math.floor(-free / 2) + STRETCH));
  return stretch;
}

const digitsOf = (clips: readonly Clip[]) => Int32Array.from(clips, ({ digit }) => digit);

/** Clips as they are, each in the middle of a stretch. */
export function digitSamples(clips: readonly Clip[]) {
  return { x: pieceSamples(clips.map(({ samples }) => samples)), y: digitsOf(clips) };
}

/** Stretches of samples, each in the middle. */
export function pieceSamples(pieces: readonly Float32Array[]) {
  return batchOf(pieces.map((samples) => placed(samples, 0.5)));
}

/** All clips in another order, each at a speed, at a place and in noise of its own. */
export function* drawnDigits(clips: readonly Clip[], chunk: number, random: () => number) {
  const order = shuffled(clips, random);
  for (let first = 0; first < order.length; first += chunk) {
    const some = order.slice(first, first + chunk);
    const heard = some.map(({ samples }) => {
      const stretch = placed(atSpeed(samples, between(SPEED.least, SPEED.most, random)), random());
      addHiss(stretch, between(25, 70, random), random);
      return stretch;
    });
    yield { x: batchOf(heard), y: digitsOf(some) };
  }
}

/** Digits one after the other. */
export interface Spoken {
  readonly digits: readonly number[];
  /** STRING_FRAMES * HOP of them. */
  readonly samples: Float32Array;
}

/** A string of clips that are drawn, each brought to a loudness of its own, and pauses that are drawn, in faint noise. */
export function drawnString(clips: readonly Clip[], random: () => number, speeds = { least: 1, most: 1 }): Spoken {
  const samples = new Float32Array(STRING_FRAMES * HOP);
  for (;;) {
    samples.fill(0);
    const digits: number[] = [];
    const count = LEAST + Math.floor((MOST + 1 - LEAST) * random());
    let at = Math.floor(between(SHORT, LONG, random));
    while (digits.length < count) {
      const clip = clips[Math.floor(clips.length * random())];
      const said = atSpeed(clip.samples, between(speeds.least, speeds.most, random));
      const gain = 10 ** (-between(0, QUIETER, random) / 20) / loudestOf(said);
      if (at + said.length > samples.length) break;
      for (let i = 0; i < said.length; i++) samples[at + i] = gain * said[i];
      digits.push(clip.digit);
      at += said.length + Math.floor(between(SHORT, LONG, random));
    }
    if (digits.length < count) continue; // too long: another one
    addHiss(samples, between(35, 55, random), random);
    return { digits, samples };
  }
}

/** Strings as x and y of a training by ctcLoss: labels one more than the digits, 0 behind the last. */
export function stringSamples(strings: readonly Spoken[]) {
  const labels = new Int32Array(strings.length * MOST);
  for (const [row, { digits }] of strings.entries())
    for (const [i, digit] of digits.entries()) labels[row * MOST + i] = digit + 1;
  const lengths = Int32Array.from(strings, ({ digits }) => digits.length);
  return {
    x: batchOf(strings.map(({ samples }) => samples)),
    y: { labels: { data: labels, shape: [strings.length, MOST] }, lengths },
  };
}

/** So many new strings, at speeds of their own. */
export function* drawnStrings(clips: readonly Clip[], count: number, chunk: number, random: () => number) {
  for (let first = 0; first < count; first += chunk) {
    const length = Math.min(chunk, count - first);
    yield stringSamples(Array.from({ length }, () => drawnString(clips, random, SPEED)));
  }
}
