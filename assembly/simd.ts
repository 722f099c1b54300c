// The few vector helpers that kernels share, and the only feature test of the module: relaxed SIMD has one rounding in
// a * b + c, portable SIMD two. Everything else is written with the intrinsics themselves.
import { MATH_PAGE } from "./isa/sizes";

/** a * b + c in each f32 lane: fused where the engine has it (relaxed build), rounded twice in the portable build. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a * b in each f32 lane, rounded as `madd` is. */
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** The f32 (or i32) at an address in all four lanes. */
@inline
export function splatF(address: usize): v128 {
  return v128.load_splat<f32>(address);
}

/** The vector of the page of constants with this number, see isa/math-page.ts: to be loaded before a loop. */
@inline
export function constant(vector: i32): v128 {
  return v128.load(<usize>(MATH_PAGE + 16 * vector));
}

/** Sum of the four f32 lanes in a fixed order: (0 + 2) + (1 + 3). */
@inline
export function hsum(a: v128): f32 {
  const pairs = f32x4.add(a, i32x4.shuffle(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** Largest of the four f32 lanes, NaN if any is NaN. */
@inline
export function hmax(a: v128): f32 {
  const pairs = f32x4.max(a, i32x4.shuffle(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.max(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** Sum of the four i32 lanes, wrapping. */
@inline
export function hsumI(a: v128): i32 {
  const pairs = i32x4.add(a, i32x4.shuffle(a, a, 2, 3, 0, 1));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

/** Largest of the four i32 lanes. */
@inline
export function hmaxI(a: v128): i32 {
  const pairs = i32x4.max_s(a, i32x4.shuffle(a, a, 2, 3, 0, 1));
  return i32x4.extract_lane(i32x4.max_s(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** Lanes 2 and 3 in the place of lanes 0 and 1. */
@inline
export function upper(x: v128): v128 {
  return i32x4.shuffle(x, x, 2, 3, 2, 3);
}

/** Lanes of x that are larger than those of another vector, or NaN. */
@inline
export function isLargerOrNaN(x: v128, than: v128): v128 {
  return v128.or(f32x4.gt(x, than), f32x4.ne(x, x));
}

/** Bits of `yes` where the mask is set, of `no` elsewhere; the mask must be all ones or all zeros in each lane. */
@inline
export function choose(mask: v128, yes: v128, no: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_laneselect(yes, no, mask);
  return v128.bitselect(yes, no, mask);
}

/** All ones in the first `count` lanes (0 to 4), zeros in the rest. */
@inline
export function lanesBelow(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** Writes the first `count` lanes (0 to 3) and nothing else. */
@inline
export function storeLanes(to: usize, v: v128, count: i32): void {
  if ((count & 2) !== 0) {
    v128.store64_lane(to, v, 0);
    if ((count & 1) !== 0) v128.store32_lane(to, v, 2, 8);
  } else if ((count & 1) !== 0) v128.store32_lane(to, v, 0);
}

/** Four words, `stride` apart: of neighbours, and of every other one, the last may be read up to eight words beyond the first. */
@inline
export function every(address: usize, stride: i32): v128 {
  if (stride === 1) return v128.load(address);
  if (stride === 2) return i32x4.shuffle(v128.load(address), v128.load(address, 16), 0, 2, 4, 6);
  const step = 4 * stride;
  let x = v128.load32_zero(address);
  x = v128.load32_lane(address + step, x, 1);
  x = v128.load32_lane(address + 2 * step, x, 2);
  return v128.load32_lane(address + 3 * step, x, 3);
}

/** Two neighbouring f32 as float64. */
@inline
export function wideTwo(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/** One f32 as float64, and a zero. */
@inline
export function wideOne(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load32_zero(at));
}

/** Sum of the float64 lanes of four vectors in a fixed order. */
@inline
export function wideTotal(a: v128, b: v128, c: v128, d: v128): f64 {
  const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Four float64 as float32. */
@inline
export function rounded(low: v128, high: v128): v128 {
  return i32x4.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** Writes the first lanes, one to four. */
@inline
export function put(to: usize, x: v128, columns: i32): void {
  if (columns >= 4) v128.store(to, x);
  else storeLanes(to, x, columns);
}

/** Writes two vectors side by side, or adds them. */
@inline
export function put2(to: usize, add: bool, v0: v128, v1: v128): void {
  if (add) {
    v0 = f32x4.add(v128.load(to), v0);
    v1 = f32x4.add(v128.load(to, 16), v1);
  }
  v128.store(to, v0);
  v128.store(to, v1, 16);
}

/** Writes three vectors side by side, or adds them. */
@inline
export function put3(to: usize, add: bool, v0: v128, v1: v128, v2: v128): void {
  if (add) {
    v0 = f32x4.add(v128.load(to), v0);
    v1 = f32x4.add(v128.load(to, 16), v1);
    v2 = f32x4.add(v128.load(to, 32), v2);
  }
  v128.store(to, v0);
  v128.store(to, v1, 16);
  v128.store(to, v2, 32);
}
