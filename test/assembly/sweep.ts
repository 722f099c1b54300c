// Arguments all over float32, and how far results are from double precision: for tests of functions' error bounds.
import { expect } from "vitest";

const inf = Number.POSITIVE_INFINITY;

const floatOf = new Float32Array(1);
const bitsOf = new Uint32Array(floatOf.buffer);
const double = new Float64Array(1);
const doubleBits = new Uint32Array(double.buffer);

const REGULAR = everywhere();

/** Every 4,093rd bit pattern, and the floats next to multiples of pi / 2. */
function everywhere(): Uint32Array {
  const regular = Math.ceil(2 ** 32 / 4093);
  const turns = 40_000;
  const patterns = new Uint32Array(regular + 3 * turns);
  for (let k = 0; k < regular; k++) patterns[k] = 4093 * k;
  for (let k = 0; k < turns; k++) {
    floatOf[0] = ((k + 1) * Math.PI) / 2;
    for (let d = 0; d < 3; d++) patterns[regular + 3 * k + d] = bitsOf[0] + d - 1;
  }
  return patterns;
}

/** 2,049 floats around each spot, zero and infinity, of either sign. */
function around(spots: readonly number[]): Uint32Array {
  const patterns: number[] = [];
  for (const spot of [0, inf, ...spots]) {
    floatOf[0] = spot;
    const centre = bitsOf[0];
    for (let bits = centre - 1024; bits <= centre + 1024; bits++) patterns.push(bits, bits ^ 0x80000000);
  }
  return Uint32Array.from(patterns);
}

/** Arguments of every size, and dense around the spots, zero and infinity, where formulas change: more than 10^6. */
export function sweep(spots: readonly number[]): Float32Array {
  const dense = around(spots);
  const patterns = new Uint32Array(REGULAR.length + dense.length);
  patterns.set(REGULAR);
  patterns.set(dense, REGULAR.length);
  return new Float32Array(patterns.buffer);
}

/** |got - exact| in units in the last place; infinity where the result must be a certain one and is not. */
function ulps(got: number, exact: number): number {
  if (Number.isNaN(got) || Number.isNaN(exact)) return Number.isNaN(got) === Number.isNaN(exact) ? 0 : inf;
  if (exact === 0 || Math.abs(exact) === inf) return Object.is(got, exact) ? 0 : inf;
  // Overflow: infinity stands for 2^128.
  const limit = 2 ** 128;
  const near = Math.min(limit, Math.abs(exact));
  double[0] = Math.min(near, 2 ** 127);
  const unit = 2 ** (Math.max(-126, (doubleBits[1] >>> 20) - 1023) - 23);
  const error = Math.abs(Math.min(limit, Math.abs(got)) - near) / unit;
  return Math.sign(got) * Math.sign(exact) < 0 ? inf : error;
}

/** An error in units in the last place, with its arguments, the result and the exact one. */
export interface Worst {
  ulps: number;
  at: readonly number[];
}

/** The largest error, and where it is. */
export function worstOf(got: Float32Array, exact: Float64Array, ...from: readonly Float32Array[]): Worst {
  const worst: Worst = { ulps: 0, at: [] };
  for (let i = 0; i < got.length; i++) {
    const error = ulps(got[i], exact[i]);
    if (error > worst.ulps) {
      worst.ulps = error;
      worst.at = [...from.map((x) => x[i]), got[i], exact[i]];
    }
  }
  return worst;
}

/** A bound must hold, and not be loose. */
export function expectBound({ ulps, at }: Worst, bound: number): void {
  expect(ulps, `at ${at}`).toBeLessThanOrEqual(bound);
  expect(bound).toBeLessThanOrEqual(1.5 * ulps);
}
