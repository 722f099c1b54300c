// Sound at another rate, piece by piece as it comes: each new sample is a sum of old ones around it, weighed by a windowed sinc.
// Source: J. O. Smith, "Digital audio resampling".

/** Zero crossings of the sinc on each side, and steps of the table from one to the next. */
const [CROSSINGS, STEPS] = [12, 256];

/** sin(pi t) / (pi t) under a Hann window, for t from 0 to CROSSINGS. */
const table = Float32Array.from({ length: CROSSINGS * STEPS + 2 }, (_, i) => {
  const t = i / STEPS;
  if (t >= CROSSINGS) return 0;
  const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
  return sinc * (0.5 + 0.5 * Math.cos((Math.PI * t) / CROSSINGS));
});

export class Resampler {
  /** Old samples for each new one. */
  readonly #pace: number;
  /** Of the highest frequency that both rates have, in zero crossings an old sample. */
  readonly #density: number;
  readonly #reach: number;
  #kept = new Float32Array(0);
  /** Where the next sample is taken, in `kept`. */
  #at: number;

  constructor(from: number, to: number) {
    this.#pace = from / to;
    this.#density = Math.min(1, to / from);
    this.#reach = Math.ceil(CROSSINGS / this.#density);
    // What was before the beginning is silence.
    this.#kept = new Float32Array(this.#reach);
    this.#at = this.#reach;
  }

  /** The samples that can be made now that these have come. */
  push(samples: Float32Array): Float32Array {
    const all = new Float32Array(this.#kept.length + samples.length);
    all.set(this.#kept);
    all.set(samples, this.#kept.length);
    const count = Math.max(0, Math.ceil((all.length - this.#reach - this.#at) / this.#pace));
    const made = Float32Array.from({ length: count }, (_, i) => this.#sample(all, this.#at + i * this.#pace));
    this.#at += count * this.#pace;
    const used = Math.max(0, Math.floor(this.#at) - this.#reach);
    this.#kept = all.slice(used);
    this.#at -= used;
    return made;
  }

  #sample(all: Float32Array, at: number): number {
    let sum = 0;
    for (let i = Math.max(0, Math.ceil(at - this.#reach)); i <= Math.min(all.length - 1, at + this.#reach); i++) {
      const place = Math.min(CROSSINGS, Math.abs(at - i) * this.#density) * STEPS;
      const step = Math.floor(place);
      sum += all[i] * (table[step] + (place - step) * (table[step + 1] - table[step]));
    }
    return sum * this.#density;
  }
}

/** A whole sound at another rate, as long as it was. */
export function resampled(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples;
  const length = Math.round((samples.length * to) / from);
  const tail = new Float32Array(Math.ceil((CROSSINGS + 1) * Math.max(1, from / to)) + 1);
  const padded = new Float32Array(samples.length + tail.length);
  padded.set(samples);
  return new Resampler(from, to).push(padded).slice(0, length);
}
