// Chance that repeats: what a seed gives, it gives again, on every machine.

const GOLDEN = 0x9e3779b9;

/** Murmur3's finalizer: a bijection of 32-bit words in which every bit depends on every other. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** Numbers of a seed; streams of other numbers are independent. */
export class Chance {
  readonly #start: number;
  #draws = 0;

  constructor(seed: number, stream = 0) {
    this.#start = mix(mix(seed ^ mix(Math.floor(seed / 2 ** 32))) + Math.imul(stream, GOLDEN));
  }

  /** A whole number below `size`. */
  below(size: number): number {
    return Math.floor(this.unit() * size);
  }

  /** A multiple of 2^-53 in [0, 1). */
  unit(): number {
    const high = this.#word() >>> 5;
    return (high * 2 ** 26 + (this.#word() >>> 6)) * 2 ** -53;
  }

  #word(): number {
    return mix(this.#start + Math.imul(this.#draws++, GOLDEN)) >>> 0;
  }
}

/** Puts a list into random order (Fisher and Yates). */
export function shuffle<T extends { [i: number]: unknown; readonly length: number }>(list: T, chance: Chance): T {
  for (let i = list.length - 1; i > 0; i--) {
    const other = chance.below(i + 1);
    [list[i], list[other]] = [list[other], list[i]];
  }
  return list;
}
