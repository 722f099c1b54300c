// Vector sin and cos for every finite float32, and atan2, of whole vectors as in math.ts.
// |x| <= 200: n = the nearest multiple of pi / 2 is taken off in three parts (Cody and Waite 1980). Beyond, lane by lane, the
// argument is multiplied by as many bits of 2 / pi as matter (Payne and Hanek 1983), in integers: right to the largest float.
import * as page from "./isa/math-page";
import { MATH_PAGE } from "./isa/sizes";
import { choose, constant, madd, nmadd } from "./simd";

export function sin(to: usize, from: usize, bytes: i32): void {
  sinOrCos(to, from, bytes, i32x4.splat(0), constant(page.SIGN_BIT));
}

export function cos(to: usize, from: usize, bytes: i32): void {
  sinOrCos(to, from, bytes, i32x4.splat(1), i32x4.splat(0));
}

/** sin(|x| + quarter * pi / 2), with the sign of x if the mask `sign` says so. */
function sinOrCos(to: usize, from: usize, bytes: i32, quarter: v128, sign: v128): void {
  const limit = constant(page.TURN_LIMIT);
  const twoOverPi = constant(page.TWO_OVER_PI);
  const shift = constant(page.TURN_SHIFT);
  const part1 = constant(page.QUARTER_1);
  const part2 = constant(page.QUARTER_2);
  const part3 = constant(page.QUARTER_3);
  const one = constant(page.ONE);
  const half = constant(page.HALF);
  const s3 = constant(page.SIN_3);
  const s5 = constant(page.SIN_5);
  const s7 = constant(page.SIN_7);
  const c4 = constant(page.COS_4);
  const c6 = constant(page.COS_6);
  const c8 = constant(page.COS_8);
  for (const end = to + bytes; to < end; to += 16, from += 16) {
    const x = v128.load(from);
    const a = f32x4.abs(x);
    let quadrant = madd(a, twoOverPi, shift); // its low bits
    const n = f32x4.sub(quadrant, shift);
    let r = nmadd(n, part3, nmadd(n, part2, nmadd(n, part1, a)));
    const near = f32x4.le(a, limit);
    if (i32x4.bitmask(near) != 15) {
      const first = reduceFar(i32x4.extract_lane(a, 0));
      const second = reduceFar(i32x4.extract_lane(a, 1));
      const third = reduceFar(i32x4.extract_lane(a, 2));
      const fourth = reduceFar(i32x4.extract_lane(a, 3));
      const low = i64x2.replace_lane(i64x2.splat(first), 1, second);
      const high = i64x2.replace_lane(i64x2.splat(third), 1, fourth);
      r = choose(near, r, i32x4.shuffle(low, high, 0, 2, 4, 6));
      quadrant = choose(near, quadrant, i32x4.shuffle(low, high, 1, 3, 5, 7));
    }
    quadrant = i32x4.add(quadrant, quarter);
    const r2 = f32x4.mul(r, r);
    const s = madd(f32x4.mul(madd(madd(s7, r2, s5), r2, s3), r2), r, r);
    const c = madd(f32x4.sub(f32x4.mul(madd(madd(c8, r2, c6), r2, c4), r2), half), r2, one);
    const isOdd = i32x4.shr_s(i32x4.shl(quadrant, 31), 31);
    const flip = v128.xor(i32x4.shl(i32x4.shr_u(quadrant, 1), 31), v128.and(x, sign));
    v128.store(to, v128.xor(choose(isOdd, c, s), flip));
  }
}

/**
 * The float with these bits, positive and at least 2^7, less its nearest multiple q of pi / 2: q << 32 | bits of the rest; NaN for
 * infinity and NaN. With x = m 2^e, x * 2 / pi modulo 4 needs 96 bits of 2 / pi, from the one of weight 2^(1 - e) on: what lies
 * above gives multiples of 4, what lies below less than 2^-70, and no float32 is nearer to a multiple of pi / 2 than 2^-31.
 */
function reduceFar(bits: i32): u64 {
  const exponent = (bits >> 23) - 150;
  if (exponent == 105) return 0x7fc00000;
  const m = <u64>((bits & 0x7fffff) | 0x800000);
  const from = max(exponent, -23) + 30; // place of the first bit among FAR_BITS, which begin with 32 zeros
  const at = <usize>MATH_PAGE + 16 * page.FAR_BITS + ((from >> 5) << 2);
  const low = m * farBits(at + 8, from);
  const middle = m * farBits(at + 4, from) + (low >> 32);
  const product = ((m * farBits(at, from) + (middle >> 32)) << 32) | (middle & 0xffffffff); // of its 64 bits, 62 are a fraction
  const quadrant = (product + (1 << 61)) >> 62;
  const fraction = <i64>((product << 2) | ((low & 0xffffffff) >> 30)); // in units of 2^-64 quarters, now between -1/2 and 1/2
  const r = <f32>(<f64>fraction * load<f64>(MATH_PAGE + 16 * page.FAR_QUARTER));
  return (quadrant << 32) | <u64>reinterpret<u32>(r);
}

/** 32 bits that begin at bit `from` modulo 32 of the word at an address. */
function farBits(at: usize, from: i32): u64 {
  const pair = ((<u64>load<u32>(at)) << 32) | <u64>load<u32>(at, 4);
  return (pair << (from & 31)) >> 32;
}

/**
 * C's atan2, the angle of the point (x, y): that of its eighth of the plane, atan of the smaller size by the larger, then added to or taken
 * from the multiple of pi / 2 on its other side.
 */
export function atan2(to: usize, ys: usize, xs: usize, bytes: i32): void {
  const one = constant(page.ONE);
  const sign = constant(page.SIGN_BIT);
  const zero = i32x4.splat(0);
  const quarterHigh = constant(page.ATAN_QUARTER_HIGH);
  const quarterLow = constant(page.ATAN_QUARTER_LOW);
  const c3 = constant(page.ATAN_3);
  const c5 = constant(page.ATAN_5);
  const c7 = constant(page.ATAN_7);
  const c9 = constant(page.ATAN_9);
  const c11 = constant(page.ATAN_11);
  const c13 = constant(page.ATAN_13);
  const c15 = constant(page.ATAN_15);
  const c17 = constant(page.ATAN_17);
  const c19 = constant(page.ATAN_19);
  for (const end = to + bytes; to < end; to += 16, ys += 16, xs += 16) {
    const y = v128.load(ys);
    const x = v128.load(xs);
    const a = f32x4.abs(y);
    const b = f32x4.abs(x);
    const small = f32x4.min(a, b);
    const large = f32x4.max(a, b);
    // Two zeros have the ratio 0, two infinities 1.
    const q = choose(f32x4.eq(small, large), v128.and(f32x4.gt(large, zero), one), f32x4.div(small, large));
    const z = f32x4.mul(q, q);
    const upper = madd(madd(madd(madd(c19, z, c17), z, c15), z, c13), z, c11);
    const p = madd(madd(madd(madd(upper, z, c9), z, c7), z, c5), z, c3);
    const angle = madd(f32x4.mul(p, z), q, q);
    const isSteep = f32x4.gt(a, b);
    const isLeft = i32x4.shr_s(x, 31);
    const quarters = choose(isSteep, one, v128.and(isLeft, f32x4.add(one, one)));
    const turned = v128.xor(angle, v128.and(v128.xor(isSteep, isLeft), sign));
    const sum = f32x4.add(f32x4.mul(quarters, quarterHigh), f32x4.add(f32x4.mul(quarters, quarterLow), turned));
    v128.store(to, v128.or(sum, v128.and(y, sign)));
  }
}
