// Random cases from a seed: numbers, shapes and values with what is special among them. Everything drawn is a number of float32.
import { type Shape, sizeOf } from "../../src/shape.ts";
import type { Value } from "../golden.ts";

/**
 * What the values of a case are like: ordinary ones, ties and kinks, all magnitudes of one to a million and their inverses, or with
 * infinities, NaN, subnormals and numbers near the ends of float32 among them.
 */
export type Mood = "plain" | "kinks" | "wide" | "special";

/** Which numbers an input may hold: ordinary ones within `plain`, others within `limits`. */
export interface Domain {
  readonly plain: readonly [number, number];
  readonly limits: readonly [number, number];
}

const inf = Number.POSITIVE_INFINITY;
export const ANY: Domain = { plain: [-3, 3], limits: [-inf, inf] };
export const FINITE: Domain = { plain: [-3, 3], limits: [-1e6, 1e6] };
export const POSITIVE: Domain = { plain: [0.05, 4], limits: [0, inf] };
export const ABOVE_ZERO: Domain = { plain: [0.05, 4], limits: [1e-6, 1e6] };
/** Probabilities without their ends. */
export const INSIDE: Domain = { plain: [0.01, 0.99], limits: [2 ** -12, 1 - 2 ** -12] };
export const UNIT: Domain = { plain: [0, 1], limits: [0, 1] };

const KINKS = [0, -0, 0.25, 0.5, -0.5, 1, -1, 1.5, -1.5, 2, -2, 3, -3, 6, -6];
const LIMITS = [2 ** -149, 2 ** -126, 1e-40, 1e-30, 1e-20, 1e-8, 16, 17, 88, 89, 104, 1e4, 2 ** 24, 1e10, 1e19, 1e30];
const LARGEST = Math.fround(3.4028234663852886e38);
const SPECIAL = [Number.NaN, inf, -inf, 0, -0, ...LIMITS, ...LIMITS.map((x) => -x), LARGEST, -LARGEST];
const INTEGERS = [-(2 ** 31), 2 ** 31 - 1, -(2 ** 31) + 1, 2 ** 30, 65_536, -65_537, 0, 1, -1, 2, -2, 7, -7];

export class Draw {
  readonly mood: Mood;
  #state: number;

  constructor(seed: number, mood?: Mood) {
    this.#state = seed >>> 0;
    const turn = this.next();
    this.mood = mood ?? (turn < 0.4 ? "plain" : turn < 0.6 ? "kinks" : turn < 0.75 ? "wide" : "special");
  }

  /** The same without values of very different sizes, for what divides by lengths: gradients grow with their inverses. */
  tame(): Draw {
    return new Draw(this.whole(0, 2 ** 31), this.mood === "kinks" ? "kinks" : "plain");
  }

  /** At least 0 and below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** At least `low`, below `high`. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low));
  }

  between(low: number, high: number): number {
    return Math.fround(low + this.next() * (high - low));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length)];
  }

  /** Sizes of an axis, 0 rarely. */
  size(least = 0): number {
    const size = this.pick([1, 1, 2, 2, 3, 3, 4, 5, 7]);
    return Math.max(least, this.chance(0.06) ? 0 : size);
  }

  /** Of rank 0 to 3, now and then one long axis; `least` is the smallest rank. */
  shape(options: { readonly least?: number; readonly most?: number; readonly smallest?: number } = {}): Shape {
    const { least = 0, most = 3, smallest = 0 } = options;
    if (most > 0 && this.chance(0.04)) return [...new Array(Math.max(0, least - 1)).fill(1), this.whole(120, 300)];
    return Array.from({ length: this.whole(least, most + 1) }, () => this.size(smallest));
  }

  /** Shapes that broadcast to a common one. */
  broadcast(count: number): Shape[] {
    const shape = this.shape();
    const part = (whole: Shape) =>
      whole.slice(this.chance(0.3) ? this.whole(0, whole.length + 1) : 0).map((n) => (this.chance(0.2) ? 1 : n));
    return Array.from({ length: count }, (_, i) => (i === 0 || this.chance(0.4) ? shape : part(shape)));
  }

  /** One number of a domain, as the mood has it. */
  number({ plain: [low, high], limits: [least, most] }: Domain = ANY): number {
    const inside = (list: readonly number[]) =>
      list.filter((x) => (x >= least && x <= most) || (Number.isNaN(x) && most === inf));
    const ordinary = this.between(low, high);
    if (this.mood === "kinks" && this.chance(0.8)) return this.pick([...inside(KINKS), ordinary]);
    if (this.mood === "special" && this.chance(0.5)) return Math.fround(this.pick([...inside(SPECIAL), ordinary]));
    if (this.mood !== "wide") return ordinary;
    const size = Math.fround(2 ** (40 * this.next() - 20));
    return this.pick([...inside([size, -size]), ordinary]);
  }

  reals(shape: Shape, domain: Domain = ANY): Value {
    return { shape, dtype: "f32", data: Array.from({ length: sizeOf(shape) }, () => this.number(domain)) };
  }

  /** Cotangents: ordinary numbers, some or all of them 0. */
  cotangents(count: number): number[] {
    const zeros = this.pick([0, 0, 0.3, 0.3, 1]);
    return Array.from({ length: count }, () => (this.chance(zeros) ? 0 : this.between(-2, 2)));
  }

  /** i32 from `low` to below `high`. */
  indices(shape: Shape, low: number, high: number): Value {
    return { shape, dtype: "i32", data: Array.from({ length: sizeOf(shape) }, () => this.whole(low, high)) };
  }

  /** i32 small or of all sizes, with both ends of the range. */
  integers(shape: Shape): Value {
    const one = () =>
      this.mood === "plain" ? this.whole(-9, 10) : this.chance(0.5) ? this.pick(INTEGERS) : (this.next() * 2 ** 32) | 0;
    return { shape, dtype: "i32", data: Array.from({ length: sizeOf(shape) }, one) };
  }

  /** An axis of a shape, counted from either end. */
  axis(shape: Shape): number {
    return this.whole(-shape.length, shape.length);
  }

  /** Axes of a reduction: all, one, or several. */
  axes(shape: Shape): number | readonly number[] | undefined {
    if (shape.length === 0 || this.chance(0.3)) return undefined;
    return this.chance(0.5) ? this.axis(shape) : [...shape.keys()].filter(() => this.chance(0.5));
  }
}

/** The seed of one case: FNV-1a of what names it. */
export function seedOf(seed: number, subject: string, index: number): number {
  let hash = 0x811c9dc5;
  for (const character of `${seed}/${subject}/${index}`)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
