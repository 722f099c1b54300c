// What the network hears at once, and what is kept of an example.

/** Samples a second. */
export const RATE = 16_000;
/** Samples from one of its moments to the next, and of one of them. */
const [HOP, WINDOW] = [160, 512];
/** Samples that it hears at once: 76 moments, 0.78 seconds. */
export const HEARD = 75 * HOP + WINDOW;
/** Versions of an example, each some moments later than the last. */
export const VERSIONS = 5;
export const SHIFT = 8 * HOP;
/** Samples of an example: what all of its versions hear, 1.1 seconds. */
export const KEPT = HEARD + (VERSIONS - 1) * SHIFT;
/** Samples from one answer to the next. */
export const ANSWER_EVERY = 8 * HOP;

/** Nothing of a sound that is less loud than this anywhere is heard: a microphone that is muted, an empty file. */
const AUDIBLE = 0.001;

export function isSilent(samples: Float32Array): boolean {
  return samples.every((sample) => Math.abs(sample) < AUDIBLE);
}

/** Where the loudest stretch of so many samples begins. */
function loudest(samples: Float32Array, length: number): number {
  let sum = 0;
  let [best, most] = [0, -1];
  for (let i = 0; i < samples.length; i++) {
    sum += samples[i] ** 2;
    if (i >= length) sum -= samples[i - length] ** 2;
    if (i >= length - 1 && sum > most) [best, most] = [i + 1 - length, sum];
  }
  return best;
}

/** KEPT samples with the loudest half second in their middle; what is missing at the ends is silence. */
export function centred(samples: Float32Array): Float32Array {
  const half = RATE / 2;
  const middle = loudest(samples, Math.min(half, samples.length)) + Math.min(half, samples.length) / 2;
  return cut(samples, Math.round(middle - KEPT / 2));
}

/** KEPT samples from a place on. */
function cut(samples: Float32Array, first: number): Float32Array {
  const kept = new Float32Array(KEPT);
  for (let i = 0; i < KEPT; i++) kept[i] = samples[first + i] ?? 0;
  return kept;
}

/** All of a longer sound, in pieces of KEPT samples: one at least. */
export function pieces(samples: Float32Array): Float32Array[] {
  const count = Math.max(1, Math.floor(samples.length / KEPT));
  return Array.from({ length: count }, (_, i) => cut(samples, i * KEPT));
}
