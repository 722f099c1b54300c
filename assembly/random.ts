// Counter-based random numbers of the block machine; src/runtime/js/random.ts gives identical bits. All integers are 32-bit words.
//
// UNIFORM with the key (a, b): element i of the map belongs to group g = i >> 4, and there to word w = (i >> 2) & 3 and lane
// l = i & 3. Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) of the counter
// (4 g + l, 0, 0, 0) under the key (a, b) gives four words; the element is (word w >>> 8) * 2^-24.
//
// PERMUTE_INDEX with key b and size c: a if a is outside 0..c-1. Up to SHUFFLED indices are shuffled (Fisher and Yates, in the order of
// Durstenfeld 1964): for k = c - 1, c - 2, ..., 1 what lies at k changes places with what lies at ((mix(mix(b + 0x9e3779b9) +
// k * 0x9e3779b9) * (k + 1)) >> 32), and the result is where a has come to. Every order of so few is as likely as every other.
// Of more, h is the least number >= 1 with 4^h >= c, and a value of 2 h bits, at first a,
// goes through a balanced Feistel network of 8 rounds, again and again until it is below c ("cycle
// walking": Black, Rogaway, "Ciphers with arbitrary finite domains", 2002). Round r takes the halves (left, right) to
// (right, left ^ (mix(right ^ (mix(b + 0x9e3779b9) + r * 0x9e3779b9)) mod 2^h)), with mix the finalizer of Murmur3:
// x ^= x >>> 16; x *= 0x85ebca6b; x ^= x >>> 13; x *= 0xc2b2ae35; x ^= x >>> 16.
import * as page from "./isa/math-page";
import { SHUFFLED } from "./isa/sizes";
import { constant } from "./simd";

const FEISTEL_ROUNDS = 8;

/** UNIFORM for elements first.. (a multiple of 16) under the key in the first words at `a` and `b`; `bytes` is a multiple of 64. */
export function uniform(to: usize, a: usize, b: usize, first: i32, bytes: i32): void {
  const multiplier0 = constant(page.PHILOX_MULTIPLIER_0);
  const multiplier1 = constant(page.PHILOX_MULTIPLIER_1);
  const bump0 = constant(page.PHILOX_BUMP_0);
  const bump1 = constant(page.PHILOX_BUMP_1);
  const unit = constant(page.UNIFORM_UNIT);
  const key0 = v128.load_splat<u32>(a);
  const key1 = v128.load_splat<u32>(b);
  let counter = i32x4.add(i32x4.splat(first >> 2), i32x4(0, 1, 2, 3));
  for (const end = to + bytes; to < end; to += 64) {
    let c0 = counter;
    let c1 = i32x4.splat(0);
    let c2 = c1;
    let c3 = c1;
    let k0 = key0;
    let k1 = key1;
    for (let round = 0; round < 10; round++) {
      const low0 = i64x2.extmul_low_i32x4_u(c0, multiplier0);
      const high0 = i64x2.extmul_high_i32x4_u(c0, multiplier0);
      const low1 = i64x2.extmul_low_i32x4_u(c2, multiplier1);
      const high1 = i64x2.extmul_high_i32x4_u(c2, multiplier1);
      c0 = v128.xor(v128.xor(i32x4.shuffle(low1, high1, 1, 3, 5, 7), c1), k0);
      c1 = i32x4.shuffle(low1, high1, 0, 2, 4, 6);
      c2 = v128.xor(v128.xor(i32x4.shuffle(low0, high0, 1, 3, 5, 7), c3), k1);
      c3 = i32x4.shuffle(low0, high0, 0, 2, 4, 6);
      k0 = i32x4.add(k0, bump0);
      k1 = i32x4.add(k1, bump1);
    }
    v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(c0, 8)), unit));
    v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(c1, 8)), unit), 16);
    v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(c2, 8)), unit), 32);
    v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(c3, 8)), unit), 48);
    counter = i32x4.add(counter, i32x4.splat(4));
  }
}

/** PERMUTE_INDEX for `count` elements: indices at `a`, keys at `b`, sizes at `c`. */
export function permute(to: usize, a: usize, b: usize, c: usize, count: i32): void {
  for (let i = 0; i < count; i++, to += 4, a += 4, b += 4, c += 4) {
    store<i32>(to, permuteIndex(load<i32>(a), load<i32>(b), load<i32>(c)));
  }
}

function permuteIndex(index: i32, key: i32, size: i32): i32 {
  if (index < 0 || index >= size) return index;
  const start = mix((key as u32) + 0x9e3779b9);
  if (size <= SHUFFLED) return shuffled(index, start, size);
  const half = (33 - clz(size - 1)) >> 1;
  const mask: u32 = (1 << half) - 1;
  let value: u32 = index;
  do {
    let left = value >> half;
    let right = value & mask;
    let weyl = start;
    for (let round = 0; round < FEISTEL_ROUNDS; round++) {
      const next = left ^ (mix(right ^ weyl) & mask);
      left = right;
      right = next;
      weyl += 0x9e3779b9;
    }
    value = (left << half) | right;
  } while (value >= (size as u32));
  return value;
}

/** Where a shuffle takes an index: what came to place k when it was k's turn stays there. */
function shuffled(index: i32, start: u32, size: i32): i32 {
  let place = index;
  for (let k = size - 1; k > 0; k--) {
    const draw = mix(start + (k as u32) * 0x9e3779b9);
    const other = (((draw as u64) * (k + 1)) >> 32) as i32;
    if (place === other) return k;
    if (place === k) place = other;
  }
  return place;
}

function mix(x: u32): u32 {
  x = (x ^ (x >> 16)) * 0x85ebca6b;
  x = (x ^ (x >> 13)) * 0xc2b2ae35;
  return x ^ (x >> 16);
}
