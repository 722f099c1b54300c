// Sounds for who has neither microphone nor files at hand: a whistle that rises, one that falls, and a hiss.
import { KEPT, RATE } from "./sounds.ts";

export const whistles = ["rising", "falling"] as const;
export type Whistle = (typeof whistles)[number];

/** A hiss of KEPT samples by random numbers 0 to 1. */
export function hiss(random: () => number): Float32Array {
  const loud = 0.002 + 0.01 * random();
  return Float32Array.from({ length: KEPT }, () => loud * (2 * random() - 1));
}

/** A whistle in a hiss. */
export function whistle(kind: Whistle, random: () => number): Float32Array {
  const samples = hiss(random);
  const length = Math.round(RATE * (0.35 + 0.2 * random()));
  const first = Math.round((KEPT - length) / 2 + RATE * 0.1 * (random() - 0.5));
  const [low, high, loud] = [500 + 300 * random(), 1500 + 800 * random(), 0.1 + 0.3 * random()];
  const [from, to] = kind === "rising" ? [low, high] : [high, low];
  let turns = 0;
  for (let i = 0; i < length; i++) {
    turns += (from + ((to - from) * i) / length) / RATE;
    const swell = Math.sin((Math.PI * i) / length);
    samples[first + i] += loud * swell * Math.sin(2 * Math.PI * turns);
  }
  return samples;
}
