// Convolutions of one channel by a filter of 3 x 3 taps beside one another: its numbers, and the sums of three rows of positions, fit in
// registers, so each row of the image is read once, where it lies. Four positions of all rows of a band come after one another; masks take
// away what lies beside a row.
import { CONVOLVE_SPACING_H, CONVOLVE_SPACING_W } from "../isa/slots";
import { scratch } from "../parallel";
import { madd, put } from "../simd";
import { even, isNear, odd } from "./nine";
import { axisAt } from "./patches";

/** Whether a chunk is of this kind, whose axes lie in scratch. */
export function isThree(columns: i32): bool {
  const apart = axisAt(scratch, 2).apart;
  const step = axisAt(scratch, 2).step;
  return axisAt(scratch, 1).step === step && (apart === 1 || (apart === -1 && step === 1)) && isNear(apart, columns);
}

/** A band of one image, by the filter at `a`: `to` is its first position. */
export function threeBand(
  to: usize,
  a: usize,
  image: usize,
  line: i32,
  deep: i32,
  column: i32,
  wide: i32,
  width: i32,
): void {
  const heights = axisAt(scratch, 1);
  const widths = axisAt(scratch, 2);
  // Filters that are turned around have their last tap first.
  const turned = heights.apart < 0;
  const first = heights.first - (turned ? 2 : 0);
  const left = column * widths.step + widths.first - (turned ? 2 : 0);
  const top = line * heights.step + first;
  const from = turned ? a + 32 : a;
  const next = turned ? -4 : 4;
  if (widths.step === 1)
    three1(to, 4 * width, from, next, image, heights.size, widths.size, top, left, deep, wide);
  else three2(to, 4 * width, from, next, image, heights.size, widths.size, top, left, deep, wide);
}

function three1(
  to: usize,
  stride: i32,
  a: usize,
  next: i32,
  image: usize,
  height: i32,
  width: i32,
  top: i32,
  left: i32,
  rows: i32,
  columns: i32,
): void {
  const w0 = v128.load32_splat(a);
  const w1 = v128.load32_splat(a + next);
  const w2 = v128.load32_splat(a + 2 * next);
  const w3 = v128.load32_splat(a + 3 * next);
  const w4 = v128.load32_splat(a + 4 * next);
  const w5 = v128.load32_splat(a + 5 * next);
  const w6 = v128.load32_splat(a + 6 * next);
  const w7 = v128.load32_splat(a + 7 * next);
  const w8 = v128.load32_splat(a + 8 * next);
  const line = 4 * width;
  for (; columns > 0; columns -= 4, to += 16, left += 4) {
    const places = i32x4.add(i32x4.splat(left), i32x4(0, 1, 2, 3));
    const m0 = i32x4.lt_u(places, i32x4.splat(width));
    const m1 = i32x4.lt_u(i32x4.add(places, i32x4.splat(1)), i32x4.splat(width));
    const m2 = i32x4.lt_u(i32x4.add(places, i32x4.splat(2)), i32x4.splat(width));
    let p = image + 4 * (top * width + left);
    let at = to;
    // Sums of the row whose last taps come next, and of the one behind it.
    let s = f32x4.splat(0);
    let t = s;
    for (let y = top, r = -2; r < rows; r++, y++, p += line) {
      let u = f32x4.splat(0);
      if (<u32>y < <u32>height) {
        const x0 = v128.and(v128.load(p), m0);
        s = madd(w6, x0, s);
        t = madd(w3, x0, t);
        u = f32x4.mul(w0, x0);
        const x1 = v128.and(v128.load(p, 4), m1);
        s = madd(w7, x1, s);
        t = madd(w4, x1, t);
        u = madd(w1, x1, u);
        const x2 = v128.and(v128.load(p, 8), m2);
        s = madd(w8, x2, s);
        t = madd(w5, x2, t);
        u = madd(w2, x2, u);
      }
      if (r >= 0) {
        put(at, s, columns);
        at += stride;
      }
      s = t;
      t = u;
    }
  }
}

/** The same of every second position. */
function three2(
  to: usize,
  stride: i32,
  a: usize,
  next: i32,
  image: usize,
  height: i32,
  width: i32,
  top: i32,
  left: i32,
  rows: i32,
  columns: i32,
): void {
  const w0 = v128.load32_splat(a);
  const w1 = v128.load32_splat(a + next);
  const w2 = v128.load32_splat(a + 2 * next);
  const w3 = v128.load32_splat(a + 3 * next);
  const w4 = v128.load32_splat(a + 4 * next);
  const w5 = v128.load32_splat(a + 5 * next);
  const w6 = v128.load32_splat(a + 6 * next);
  const w7 = v128.load32_splat(a + 7 * next);
  const w8 = v128.load32_splat(a + 8 * next);
  const line = 4 * width;
  for (; columns > 0; columns -= 4, to += 16, left += 8) {
    const places = i32x4.add(i32x4.splat(left), i32x4(0, 2, 4, 6));
    const m0 = i32x4.lt_u(places, i32x4.splat(width));
    const m1 = i32x4.lt_u(i32x4.add(places, i32x4.splat(1)), i32x4.splat(width));
    const m2 = i32x4.lt_u(i32x4.add(places, i32x4.splat(2)), i32x4.splat(width));
    let p = image + 4 * (top * width + left);
    let at = to;
    // Of the row of positions that is made, what the last row of the one before had for it.
    let s = f32x4.splat(0);
    if (<u32>top < <u32>height) {
      s = f32x4.mul(w0, v128.and(even(true, p), m0));
      s = madd(w1, v128.and(odd(true, p), m1), s);
      s = madd(w2, v128.and(even(true, p + 8), m2), s);
    }
    for (let y = top + 1, r = rows; r > 0; r--, y += 2) {
      p += line;
      let t = s;
      let u = f32x4.splat(0);
      if (<u32>y < <u32>height) {
        t = madd(w3, v128.and(even(true, p), m0), t);
        t = madd(w4, v128.and(odd(true, p), m1), t);
        t = madd(w5, v128.and(even(true, p + 8), m2), t);
      }
      p += line;
      if (<u32>(y + 1) < <u32>height) {
        const x0 = v128.and(even(true, p), m0);
        t = madd(w6, x0, t);
        u = f32x4.mul(w0, x0);
        const x1 = v128.and(odd(true, p), m1);
        t = madd(w7, x1, t);
        u = madd(w1, x1, u);
        const x2 = v128.and(even(true, p + 8), m2);
        t = madd(w8, x2, t);
        u = madd(w2, x2, u);
      }
      put(at, t, columns);
      at += stride;
      s = u;
    }
  }
}

/** Whether a chunk is of this kind with a spacing of 2: turned filters whose middle tap meets every second position, of so many places. */
export function isSpread(pc: usize, places: i32): bool {
  const heights = axisAt(scratch, 1);
  const widths = axisAt(scratch, 2);
  if (load<i32>(pc, 4 * CONVOLVE_SPACING_H) !== 2 || load<i32>(pc, 4 * CONVOLVE_SPACING_W) !== 2) return false;
  if (heights.taps !== 3 || widths.taps !== 3 || heights.apart !== -1 || widths.apart !== -1) return false;
  if (heights.step !== 1 || widths.step !== 1 || heights.first !== 1 || widths.first !== 1) return false;
  return ((places - 1) & ~3) + 5 - widths.size <= 15; // words behind a row that are read
}

/** Two rows of positions for each of `deep` rows of places from `line` on, whole, by the filter at `a`: `to` is the first position of all. */
export function spreadBand(to: usize, a: usize, image: usize, line: i32, deep: i32, height: i32, width: i32): void {
  const heights = axisAt(scratch, 1);
  const widths = axisAt(scratch, 2);
  spread(to, a, image, heights.size, widths.size, line, deep, height, width);
}

function spread(
  to: usize,
  a: usize,
  image: usize,
  height: i32,
  width: i32,
  top: i32,
  rows: i32,
  positionsDown: i32,
  positions: i32,
): void {
  const w0 = v128.load32_splat(a);
  const w1 = v128.load32_splat(a, 4);
  const w2 = v128.load32_splat(a, 8);
  const w3 = v128.load32_splat(a, 12);
  const w4 = v128.load32_splat(a, 16);
  const w5 = v128.load32_splat(a, 20);
  const w6 = v128.load32_splat(a, 24);
  const w7 = v128.load32_splat(a, 28);
  const w8 = v128.load32_splat(a, 32);
  const line = 4 * width;
  const stride = 4 * positions;
  const bottom = min(2 * (top + rows), positionsDown);
  to += 2 * top * stride;
  for (let left = 0; 2 * left < positions; left += 4, to += 32) {
    const columns = positions - 2 * left;
    const places = i32x4.add(i32x4.splat(left), i32x4(0, 1, 2, 3));
    const m0 = i32x4.lt_s(places, i32x4.splat(width));
    const m1 = i32x4.lt_s(places, i32x4.splat(width - 1));
    let p = image + 4 * (top * width + left);
    let at = to;
    let x0 = f32x4.splat(0);
    let x1 = x0;
    if (top < height) {
      x0 = v128.and(v128.load(p), m0);
      x1 = v128.and(v128.load(p, 4), m1);
    }
    for (let y = 2 * top; y < bottom; y += 2) {
      putZipped(at, f32x4.mul(w4, x0), madd(w5, x0, f32x4.mul(w3, x1)), columns);
      at += stride;
      let e = f32x4.mul(w7, x0);
      let o = madd(w8, x0, f32x4.mul(w6, x1));
      p += line;
      x0 = f32x4.splat(0);
      x1 = x0;
      if (y + 2 < 2 * height) {
        x0 = v128.and(v128.load(p), m0);
        x1 = v128.and(v128.load(p, 4), m1);
        e = madd(w1, x0, e);
        o = madd(w0, x1, o);
        o = madd(w2, x0, o);
      }
      if (y + 1 < bottom) putZipped(at, e, o, columns);
      at += stride;
    }
  }
}

/** Writes lanes of two vectors by turns, up to eight of them. */
@inline
function putZipped(to: usize, even: v128, odd: v128, columns: i32): void {
  put(to, i32x4.shuffle(even, odd, 0, 4, 1, 5), columns);
  if (columns > 4) put(to + 16, i32x4.shuffle(even, odd, 2, 6, 3, 7), columns - 4);
}
