// Random numbers of one trial: a seed, the trial and the count of draws name each, so a study that goes on draws what it would have drawn.
import { philox4x32 } from "../runtime/js/random.ts";

export class Draws {
  readonly #keys: readonly [number, number];
  readonly #trial: number;
  #count = 0;

  constructor(seed: number, trial: number) {
    this.#keys = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    this.#trial = trial;
  }

  /** In [0, 1), a multiple of 2^-53. */
  next(): number {
    const [key0, key1] = this.#keys;
    const word = (i: number) => philox4x32(this.#count, this.#trial, 0, 0, key0, key1, i);
    const value = ((word(0) >>> 5) * 2 ** 26 + (word(1) >>> 6)) * 2 ** -53;
    this.#count++;
    return value;
  }

  /** A whole number from 0 on, below `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** A place in a list of weights with the sum 1, drawn by weight. */
  weighted(weights: ArrayLike<number>): number {
    let rest = this.next();
    for (let i = 0; i < weights.length - 1; i++) {
      rest -= weights[i];
      if (rest < 0) return i;
    }
    return weights.length - 1;
  }
}
