// Counter-based random numbers: the same integers as assembly/random.ts, whose header holds the specification.
// Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
import { SHUFFLED } from "../../../assembly/isa/sizes.ts";

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const low = al * bl;
  const middle = ah * bl + (low >>> 16);
  const cross = al * bh + (middle % 65536);
  return ah * bh + Math.floor(middle / 65536) + Math.floor(cross / 65536);
}

/** One of the four words (0 to 3) of Philox4x32-10 for the counter (c0, c1, c2, c3) under the key (key0, key1). */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  key0: number,
  key1: number,
  word: number,
): number {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (high1 ^ c1 ^ key0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ key1) >>> 0;
    c3 = low0;
    key0 = (key0 + 0x9e3779b9) >>> 0;
    key1 = (key1 + 0xbb67ae85) >>> 0;
  }
  return word < 2 ? (word === 0 ? c0 : c1) : word === 2 ? c2 : c3;
}

/** Element i of a map's UNIFORM step under the key (key0, key1): a multiple of 2^-24 in [0, 1). */
export function uniform(i: number, key0: number, key1: number): number {
  const word = philox4x32((i >>> 4) * 4 + (i & 3), 0, 0, 0, key0, key1, (i >>> 2) & 3);
  return (word >>> 8) * 2 ** -24;
}

const ROUNDS = 8;

/** Murmur3's finalizer: a bijection of 32-bit words in which every bit depends on every other. */
export function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** Where a shuffle takes an index: what came to place k when it was k's turn stays there. */
function shuffled(index: number, start: number, size: number): number {
  let place = index;
  for (let k = size - 1; k > 0; k--) {
    const draw = mix(start + Math.imul(k, 0x9e3779b9)) >>> 0;
    const other = Math.floor((draw * (k + 1)) / 2 ** 32);
    if (place === other) return k;
    if (place === k) place = other;
  }
  return place;
}

/** Where a permutation of 0..size-1, chosen by the key, sends i; an i outside 0..size-1 stays as it is. */
export function permuteIndex(i: number, key: number, size: number): number {
  if (i < 0 || i >= size) return i;
  const start = mix(key + 0x9e3779b9);
  if (size <= SHUFFLED) return shuffled(i, start, size);
  let half = 1;
  while (4 ** half < size) half++;
  const mask = 2 ** half - 1;
  let value = i;
  do {
    let left = value >>> half;
    let right = value & mask;
    for (let round = 0, weyl = start; round < ROUNDS; round++) {
      const next = left ^ (mix(right ^ weyl) & mask);
      left = right;
      right = next;
      weyl = (weyl + 0x9e3779b9) | 0;
    }
    value = left * 2 ** half + right;
  } while (value >= size);
  return value;
}
