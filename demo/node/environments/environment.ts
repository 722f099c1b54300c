// What an agent acts in, and random numbers that are the same for a seed.

/** What an action leads to. */
export interface Outcome {
  readonly reward: number;
  /** The episode is over, and nothing would come after it. */
  readonly terminated: boolean;
  /** The episode is over because its time is up: more would have come. */
  readonly truncated: boolean;
}

/** One episode after the other, each begun by `reset`. */
export interface Environment {
  /** Numbers of an observation. */
  readonly observed: number;
  reset(random: Random): void;
  /** An action is the number of a choice, or a number itself. */
  step(action: number): Outcome;
  /** Writes what is seen from the state, from `at` on. */
  observe(into: Float32Array, at: number): void;
}

/** Random numbers: mulberry32 by Tommy Ettinger, 2^32 states. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1);
  }

  /** From 0 to below 1. */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.uniform();
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(count * this.uniform());
  }

  /** The numbers from 0 to below `count` in any order (Fisher and Yates). */
  order(count: number): Int32Array {
    const numbers = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const other = this.below(i + 1);
      [numbers[i], numbers[other]] = [numbers[other], numbers[i]];
    }
    return numbers;
  }

  /** Normal, of mean 0 and deviation 1 (Box and Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A choice by probabilities in a row that begins at `at`. */
  choice(probabilities: ArrayLike<number>, at: number, count: number): number {
    let left = this.uniform();
    for (let i = 0; i < count - 1; i++) {
      left -= probabilities[at + i];
      if (left < 0) return i;
    }
    return count - 1;
  }
}
