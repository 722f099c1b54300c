// Vector pow with C's special cases (C17, F.10.4.4), log2 and log10, of whole vectors as in math.ts.
// x^y = 2^(y log2 x). log2 and the product are computed in float64, which keeps the error of y log2 x, up to 151, below 2^-35;
// only 2^fraction is a float32 polynomial. Relaxed fused steps are used there alone.
import * as page from "./isa/math-page";
import { choose, constant, madd, upper } from "./simd";

/** to = a^b. */
export function pow(to: usize, base: usize, exponent: usize, bytes: i32): void {
  const least = constant(page.LEAST_NORMAL);
  const infinite = constant(page.INFINITE);
  const split = constant(page.POW_SPLIT);
  const one = constant(page.ONE);
  const c1 = constant(page.EXP2_1);
  const c2 = constant(page.EXP2_2);
  const c3 = constant(page.EXP2_3);
  const c4 = constant(page.EXP2_4);
  const c5 = constant(page.EXP2_5);
  const c6 = constant(page.EXP2_6);
  const shift = constant(page.POW_SHIFT);
  for (const end = to + bytes; to < end; to += 16, base += 16, exponent += 16) {
    const x = v128.load(base);
    const y = v128.load(exponent);
    const usual = v128.and(v128.and(f32x4.ge(x, least), f32x4.lt(x, infinite)), f32x4.lt(f32x4.abs(y), infinite));
    const special = i32x4.bitmask(usual) != 15;
    let normal = x;
    let offset = i32x4.splat(0);
    if (special) {
      const a = f32x4.abs(x);
      const isSmall = f32x4.lt(a, least);
      normal = choose(isSmall, f32x4.mul(a, constant(page.LOG_SCALE)), a);
      offset = v128.and(isSmall, i32x4.splat(23));
    }
    const e = i32x4.shr_s(i32x4.sub(normal, split), 23);
    const m = i32x4.sub(normal, i32x4.shl(e, 23));
    const n = i32x4.sub(e, offset);
    const low = exponent2(m, n, y);
    const high = exponent2(upper(m), upper(n), upper(y));
    const lowShifted = f64x2.add(low, shift);
    const highShifted = f64x2.add(high, shift);
    const f = i32x4.shuffle(
      f32x4.demote_f64x2_zero(f64x2.sub(low, f64x2.sub(lowShifted, shift))),
      f32x4.demote_f64x2_zero(f64x2.sub(high, f64x2.sub(highShifted, shift))),
      0,
      1,
      4,
      5,
    );
    const f2 = f32x4.mul(f, f);
    const q = madd(madd(c6, f, c5), f32x4.mul(f2, f2), madd(madd(c4, f, c3), f2, madd(c2, f, c1)));
    const p = madd(q, f, one);
    const t = i32x4.shuffle(lowShifted, highShifted, 0, 2, 4, 6);
    const half = i32x4.shr_s(t, 1);
    let z = f32x4.mul(f32x4.mul(p, i32x4.shl(half, 23)), i32x4.shl(i32x4.sub(t, half), 23));
    if (special) z = powSpecial(x, y, z);
    v128.store(to, z);
  }
}

/** log2 x, and exactly that of powers of two. */
export function log2(to: usize, from: usize, bytes: i32): void {
  logarithm(to, from, bytes, constant(page.POW_ONE));
}

/** log10 x: right for powers of ten, too, since it is rounded once. */
export function log10(to: usize, from: usize, bytes: i32): void {
  logarithm(to, from, bytes, constant(page.LOG10_OF_2));
}

/** log2 x times a scale, in float64 until the end: so two lanes a turn. */
function logarithm(to: usize, from: usize, bytes: i32, scale: v128): void {
  const least = constant(page.LEAST_NORMAL);
  const infinite = constant(page.INFINITE);
  const split = constant(page.POW_SPLIT);
  const scaling = constant(page.LOG_SCALE);
  const notANumber = constant(page.NOT_A_NUMBER);
  const zero = i32x4.splat(0);
  for (const end = to + bytes; to < end; to += 8, from += 8) {
    const x = v128.load64_zero(from);
    const isSmall = f32x4.lt(x, least);
    const normal = choose(isSmall, f32x4.mul(x, scaling), x);
    const e = i32x4.shr_s(i32x4.sub(normal, split), 23);
    const m = i32x4.sub(normal, i32x4.shl(e, 23));
    const n = i32x4.sub(e, v128.and(isSmall, i32x4.splat(23)));
    const log = f32x4.demote_f64x2_zero(f64x2.mul(log2Of(m, n), scale));
    const y = choose(f32x4.lt(x, infinite), log, infinite);
    v128.store64_lane(to, choose(f32x4.gt(x, zero), y, choose(f32x4.eq(x, zero), f32x4.neg(infinite), notANumber)), 0);
  }
}

/** y * (n + log2 m) of the first two lanes in float64, clamped to where 2 to its power is 0 or infinite; m in sqrt(1/2)..sqrt(2). */
function exponent2(m: v128, n: v128, y: v128): v128 {
  const t = f64x2.mul(f64x2.promote_low_f32x4(y), log2Of(m, n));
  return f64x2.pmin(f64x2.pmax(t, constant(page.POW_LOW)), constant(page.POW_HIGH));
}

/** n + log2 m of the first two lanes in float64; m in sqrt(1/2)..sqrt(2). */
function log2Of(m: v128, n: v128): v128 {
  const one = constant(page.POW_ONE);
  const wide = f64x2.promote_low_f32x4(m);
  const s = f64x2.div(f64x2.sub(wide, one), f64x2.add(wide, one));
  const z = f64x2.mul(s, s);
  let p = f64x2.add(f64x2.mul(constant(page.LOG2_11), z), constant(page.LOG2_9));
  p = f64x2.add(f64x2.mul(p, z), constant(page.LOG2_7));
  p = f64x2.add(f64x2.mul(p, z), constant(page.LOG2_5));
  p = f64x2.add(f64x2.mul(p, z), constant(page.LOG2_3));
  p = f64x2.add(f64x2.mul(p, z), constant(page.LOG2_1));
  return f64x2.add(f64x2.convert_low_i32x4_s(n), f64x2.mul(p, s));
}

/** The cases in which x is not a positive normal number, or y not finite; z = |x|^y holds where neither is 0, infinite or NaN. */
function powSpecial(x: v128, y: v128, z: v128): v128 {
  const zero = i32x4.splat(0);
  const one = constant(page.ONE);
  const infinite = constant(page.INFINITE);
  const notANumber = constant(page.NOT_A_NUMBER);
  const a = f32x4.abs(x);
  const b = f32x4.abs(y);
  // |x| of 0 or infinity, or y infinite: infinite where both |x| > 1 and y > 0 or neither is, else 0; 1 to the infinite is 1.
  const isEndless = v128.or(v128.or(f32x4.eq(a, zero), f32x4.eq(a, infinite)), f32x4.eq(b, infinite));
  const isGrowing = v128.not(v128.xor(f32x4.gt(a, one), f32x4.gt(y, zero)));
  z = choose(isEndless, v128.and(isGrowing, infinite), z);
  z = choose(f32x4.eq(a, one), one, z);
  // A negative x: the sign of an odd power; NaN to a fraction, unless x is -0 or -infinity.
  const isNegative = i32x4.shr_s(x, 31);
  const isInteger = f32x4.eq(f32x4.floor(y), y);
  const parity = v128.and(i32x4.trunc_sat_f32x4_s(y), f32x4.lt(b, constant(page.ODD_LIMIT)));
  const isOdd = v128.and(isInteger, i32x4.shr_s(i32x4.shl(parity, 31), 31));
  z = v128.xor(z, v128.and(v128.and(isNegative, isOdd), constant(page.SIGN_BIT)));
  z = choose(v128.andnot(v128.andnot(isNegative, isInteger), isEndless), notANumber, z);
  z = choose(v128.and(f32x4.eq(x, x), f32x4.eq(y, y)), z, notANumber);
  return choose(v128.or(f32x4.eq(y, zero), f32x4.eq(x, one)), one, z);
}
