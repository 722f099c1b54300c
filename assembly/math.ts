// Vector exp, expm1, sigmoid, log, log1p, tanh and erf over the whole range of float32; sin, cos and pow have files of their own.
// Each takes whole vectors: `bytes` is a multiple of 16, and `to` may be `from`. Coefficients come from the page of constants
// (src/runtime/wasm/math-page.ts says how they were found) and are loaded before the loop, because V8 builds a literal vector
// anew in every turn. Measured error bounds: src/runtime/wasm/accuracy.ts. No branch depends on more than its own vector, and no
// lane on its neighbours, so an element's bits do not depend on its place.
import * as page from "./isa/math-page";
import { choose, constant, madd, nmadd } from "./simd";

/** e^x. */
export function exp(to: usize, from: usize, bytes: i32): void {
  exponential(to, from, bytes, 0, false);
}

/** e^(x - largest) for x <= largest. */
export function expBelow(to: usize, from: usize, bytes: i32, largest: f32): void {
  exponential(to, from, bytes, largest, true);
}

/**
 * e^x: x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite), a polynomial for e^r, and 2^n as a product of two powers of two, so
 * that the only rounding of a subnormal result is the last one.
 */
function exponential(to: usize, from: usize, bytes: i32, largest: f32, below: bool): void {
  const low = constant(page.EXP_LOW);
  const high = below ? f32x4.splat(largest) : constant(page.EXP_HIGH);
  const log2e = constant(page.LOG2_E);
  const shift = constant(page.EXP_SHIFT);
  const ln2High = constant(page.LN2_HIGH);
  const ln2Low = constant(page.LN2_LOW);
  const one = constant(page.ONE);
  const c2 = constant(page.EXP_2);
  const c3 = constant(page.EXP_3);
  const c4 = constant(page.EXP_4);
  const c5 = constant(page.EXP_5);
  const c6 = constant(page.EXP_6);
  for (const end = to + bytes; to < end; to += 16, from += 16) {
    const given = v128.load(from);
    const x = below ? f32x4.pmax(f32x4.sub(given, high), low) : f32x4.pmin(f32x4.pmax(given, low), high);
    const t = madd(x, log2e, shift);
    const n = f32x4.sub(t, shift);
    const r = nmadd(n, ln2Low, nmadd(n, ln2High, x));
    const r2 = f32x4.mul(r, r);
    const q = madd(madd(c6, r2, madd(c5, r, c4)), r2, madd(c3, r, c2));
    const p = madd(q, r2, f32x4.add(r, one));
    const half = i32x4.shr_s(t, 1);
    v128.store(to, f32x4.mul(f32x4.mul(p, i32x4.shl(half, 23)), i32x4.shl(i32x4.sub(t, half), 23)));
  }
}

/** e^x - 1: as exp, then 2^n (e^r - 1) + (2^n - 1); x itself where |x| < 2^-25, which keeps subnormals and the sign of zero. */
export function expm1(to: usize, from: usize, bytes: i32): void {
  const low = constant(page.EXPM1_LOW);
  const high = constant(page.EXP_HIGH);
  const log2e = constant(page.LOG2_E);
  const shift = constant(page.EXPM1_SHIFT);
  const ln2High = constant(page.LN2_HIGH);
  const ln2Low = constant(page.LN2_LOW);
  const half = constant(page.HALF);
  const tiny = constant(page.TINY);
  const c2 = constant(page.EXP_2);
  const c3 = constant(page.EXP_3);
  const c4 = constant(page.EXP_4);
  const c5 = constant(page.EXP_5);
  const c6 = constant(page.EXP_6);
  for (const end = to + bytes; to < end; to += 16, from += 16) {
    const x = v128.load(from);
    const clamped = f32x4.pmin(f32x4.pmax(x, low), high);
    const t = madd(clamped, log2e, shift);
    const n = f32x4.sub(t, shift);
    const r = nmadd(n, ln2Low, nmadd(n, ln2High, clamped));
    const r2 = f32x4.mul(r, r);
    const q = madd(madd(c6, r2, madd(c5, r, c4)), r2, madd(c3, r, c2));
    const p = madd(q, r2, r);
    const scale = i32x4.shl(t, 23); // 2^(n - 1): 2^128 would overflow
    const y = madd(scale, p, f32x4.sub(scale, half));
    v128.store(to, choose(f32x4.lt(f32x4.abs(x), tiny), x, f32x4.add(y, y)));
  }
}

/** 1 / (1 + e^-x), written for both signs with e^-|x|, which cannot overflow: (x < 0 ? e^-|x| : 1) / (1 + e^-|x|). */
export function sigmoid(to: usize, from: usize, bytes: i32): void {
  const low = constant(page.EXP_LOW);
  const sign = constant(page.SIGN_BIT);
  const log2e = constant(page.LOG2_E);
  const shift = constant(page.EXP_SHIFT);
  const ln2High = constant(page.LN2_HIGH);
  const ln2Low = constant(page.LN2_LOW);
  const one = constant(page.ONE);
  const c2 = constant(page.EXP_2);
  const c3 = constant(page.EXP_3);
  const c4 = constant(page.EXP_4);
  const c5 = constant(page.EXP_5);
  const c6 = constant(page.EXP_6);
  for (const end = to + bytes; to < end; to += 16, from += 16) {
    const x = v128.load(from);
    const negative = f32x4.pmax(v128.or(x, sign), low);
    const t = madd(negative, log2e, shift);
    const n = f32x4.sub(t, shift);
    const r = nmadd(n, ln2Low, nmadd(n, ln2High, negative));
    const r2 = f32x4.mul(r, r);
    const q = madd(madd(c6, r2, madd(c5, r, c4)), r2, madd(c3, r, c2));
    const p = madd(q, r2, f32x4.add(r, one));
    const half = i32x4.shr_s(t, 1);
    const e = f32x4.mul(f32x4.mul(p, i32x4.shl(half, 23)), i32x4.shl(i32x4.sub(t, half), 23));
    v128.store(to, f32x4.div(choose(i32x4.shr_s(x, 31), e, one), f32x4.add(e, one)));
  }
}

/**
 * Natural logarithm: x = 2^e m with m in 2/3..4/3, f = m - 1, log x = e ln 2 + (f - f^2 / 2 + f^3 P(f)), smallest parts first.
 * A vector with a lane that is not a positive normal number takes a branch.
 */
export function log(to: usize, from: usize, bytes: i32): void {
  const least = constant(page.LEAST_NORMAL);
  const infinite = constant(page.INFINITE);
  const split = constant(page.LOG_SPLIT);
  const one = constant(page.ONE);
  const half = constant(page.HALF);
  const ln2High = constant(page.LN2_HIGH);
  const ln2Low = constant(page.LN2_LOW);
  const c3 = constant(page.LOG_3);
  const c4 = constant(page.LOG_4);
  const c5 = constant(page.LOG_5);
  const c6 = constant(page.LOG_6);
  const c7 = constant(page.LOG_7);
  const c8 = constant(page.LOG_8);
  const c9 = constant(page.LOG_9);
  const c10 = constant(page.LOG_10);
  for (const end = to + bytes; to < end; to += 16, from += 16) {
    const x = v128.load(from);
    const special = i32x4.bitmask(v128.and(f32x4.ge(x, least), f32x4.lt(x, infinite))) != 15;
    let normal = x;
    let offset = i32x4.splat(0);
    if (special) {
      const isSmall = f32x4.lt(x, least);
      normal = choose(isSmall, f32x4.mul(x, constant(page.LOG_SCALE)), x);
      offset = v128.and(isSmall, constant(page.LOG_SCALED));
    }
    const e = i32x4.shr_s(i32x4.sub(normal, split), 23);
    const f = f32x4.sub(i32x4.sub(normal, i32x4.shl(e, 23)), one);
    const n = f32x4.sub(f32x4.convert_i32x4_s(e), offset);
    const f2 = f32x4.mul(f, f);
    const q0 = madd(madd(c6, f, c5), f2, madd(c4, f, c3));
    const q1 = madd(madd(c10, f, c9), f2, madd(c8, f, c7));
    const q = madd(q1, f32x4.mul(f2, f2), q0);
    const small = madd(n, ln2Low, f32x4.mul(f32x4.sub(f32x4.mul(q, f), half), f2));
    let y = madd(n, ln2High, f32x4.add(small, f));
    if (special) y = logSpecial(x, x, y);
    v128.store(to, y);
  }
}

/** log(1 + x): as log of u = 1 + x, with what the sum lost put back into f; x itself where |x| < 2^-25. */
export function log1p(to: usize, from: usize, bytes: i32): void {
  const infinite = constant(page.INFINITE);
  const split = constant(page.LOG_SPLIT);
  const zero = i32x4.splat(0);
  const one = constant(page.ONE);
  const half = constant(page.HALF);
  const tiny = constant(page.TINY);
  const ln2High = constant(page.LN2_HIGH);
  const ln2Low = constant(page.LN2_LOW);
  const c3 = constant(page.LOG_3);
  const c4 = constant(page.LOG_4);
  const c5 = constant(page.LOG_5);
  const c6 = constant(page.LOG_6);
  const c7 = constant(page.LOG_7);
  const c8 = constant(page.LOG_8);
  const c9 = constant(page.LOG_9);
  const c10 = constant(page.LOG_10);
  for (const end = to + bytes; to < end; to += 16, from += 16) {
    const x = v128.load(from);
    const u = f32x4.add(x, one);
    const lost = f32x4.sub(x, f32x4.sub(u, one));
    const e = i32x4.shl(i32x4.shr_s(i32x4.sub(u, split), 23), 23);
    const scale = i32x4.max_s(i32x4.sub(one, e), zero); // 2^-e, or 0 for 2^-128, where nothing was lost
    const f = madd(lost, scale, f32x4.sub(i32x4.sub(u, e), one));
    const n = f32x4.convert_i32x4_s(i32x4.shr_s(e, 23));
    const f2 = f32x4.mul(f, f);
    const q0 = madd(madd(c6, f, c5), f2, madd(c4, f, c3));
    const q1 = madd(madd(c10, f, c9), f2, madd(c8, f, c7));
    const q = madd(q1, f32x4.mul(f2, f2), q0);
    const small = madd(n, ln2Low, f32x4.mul(f32x4.sub(f32x4.mul(q, f), half), f2));
    let y = madd(n, ln2High, f32x4.add(small, f));
    if (i32x4.bitmask(v128.and(f32x4.gt(u, zero), f32x4.lt(u, infinite))) != 15) y = logSpecial(u, x, y);
    v128.store(to, choose(f32x4.lt(f32x4.abs(x), tiny), x, y));
  }
}

/** The logarithm's values where u, the number whose logarithm it is, is zero (-inf), negative or NaN (NaN), or infinite; y elsewhere. */
function logSpecial(u: v128, x: v128, y: v128): v128 {
  const zero = i32x4.splat(0);
  const infinite = constant(page.INFINITE);
  y = choose(f32x4.ge(u, zero), y, constant(page.NOT_A_NUMBER));
  y = choose(f32x4.eq(u, zero), f32x4.neg(infinite), y);
  return choose(f32x4.eq(x, infinite), infinite, y);
}

/**
 * tanh x = 2 t / (1 + t^2) with t = tanh(x / 2) = w / Q, a rational function, in one division: 2 w Q / (Q^2 + w^2). Going by the
 * half angle spares terms, and damps the error of w and Q by 1 / cosh x. Exactly 1 from where tanh rounds to 1.
 */
export function tanh(to: usize, from: usize, bytes: i32): void {
  const limit = constant(page.TANH_LIMIT);
  const one = constant(page.ONE);
  const quarter = constant(page.QUARTER);
  const sign = constant(page.SIGN_BIT);
  const c0 = constant(page.TANH_0);
  const p2 = constant(page.TANH_P2);
  const p4 = constant(page.TANH_P4);
  const q2 = constant(page.TANH_Q2);
  const q4 = constant(page.TANH_Q4);
  const q6 = constant(page.TANH_Q6);
  for (const end = to + bytes; to < end; to += 16, from += 16) {
    const x = v128.load(from);
    const a = f32x4.pmin(v128.andnot(x, sign), limit);
    const z = f32x4.mul(a, a);
    const q = madd(madd(madd(q6, z, q4), z, q2), z, c0);
    const w = f32x4.mul(madd(madd(p4, z, p2), z, c0), a); // 2 w of the formula
    const y = f32x4.div(f32x4.mul(w, q), madd(f32x4.mul(w, quarter), w, f32x4.mul(q, q)));
    v128.store(to, v128.or(saturated(a, limit, y, one), v128.and(x, sign)));
  }
}

/** y, but at most 1, and exactly 1 from the limit on: a NaN passes. */
function saturated(a: v128, limit: v128, y: v128, one: v128): v128 {
  return choose(f32x4.ge(a, limit), one, f32x4.pmin(y, one));
}

/**
 * erf x = 1 - u^4, u = erfc(x)^(1/4), x >= 0. With t = 4 - 4 u, a polynomial without constant term, 1 - u^4 is s - s^2 / 4 where
 * s = t - t^2 / 8, with a relative error as small as that of t; where erf nears 1 the two steps damp it. Exactly 1 from where erf rounds
 * to 1. The sign is put back.
 */
export function erf(to: usize, from: usize, bytes: i32): void {
  const limit = constant(page.ERF_LIMIT);
  const one = constant(page.ONE);
  const sign = constant(page.SIGN_BIT);
  const quarter = constant(page.QUARTER);
  const eighth = constant(page.EIGHTH);
  const high = constant(page.ERF_1_HIGH);
  const low = constant(page.ERF_1_LOW);
  const c2 = constant(page.ERF_2);
  const c3 = constant(page.ERF_3);
  const c4 = constant(page.ERF_4);
  const c5 = constant(page.ERF_5);
  const c6 = constant(page.ERF_6);
  const c7 = constant(page.ERF_7);
  const c8 = constant(page.ERF_8);
  const c9 = constant(page.ERF_9);
  const c10 = constant(page.ERF_10);
  const c11 = constant(page.ERF_11);
  for (const end = to + bytes; to < end; to += 16, from += 16) {
    const x = v128.load(from);
    const a = f32x4.pmin(v128.andnot(x, sign), limit);
    const a2 = f32x4.mul(a, a);
    const upper = madd(madd(c11, a, c10), a2, madd(c9, a, c8));
    const lower = madd(madd(madd(c7, a, c6), a2, madd(c5, a, c4)), a2, madd(c3, a, c2));
    const p = madd(upper, f32x4.mul(f32x4.mul(a2, a2), a2), lower);
    const t = madd(high, a, f32x4.mul(madd(p, a, low), a));
    const s = nmadd(f32x4.mul(t, eighth), t, t);
    const y = nmadd(f32x4.mul(s, quarter), s, s);
    v128.store(to, v128.or(saturated(a, limit, y, one), v128.and(x, sign)));
  }
}
