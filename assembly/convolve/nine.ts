// Gradients of filters of 3 x 3 taps beside one another in one channel, of which few share it: nine sums fit in registers, so images are read
// where they lie. Four positions of all rows of a band come after one another; masks take away what lies beside a row.
import { scratch } from "../parallel";
import { lanesBelow, madd } from "../simd";
import { axisAt } from "./patches";
import { EDGE } from "./planes";

const BESIDE = 15; // words before and behind a row of an image that may be read

/** Whether filters, whose axes lie in scratch, have 3 x 3 taps so far apart, which read but a few words beside rows of an image. */
export function isNear(apart: i32, columns: i32): bool {
  const heights = axisAt(scratch, 1);
  const widths = axisAt(scratch, 2);
  if (heights.taps !== 3 || widths.taps !== 3 || heights.apart !== apart || widths.apart !== apart) return false;
  const step = widths.step;
  const first = widths.first + min(0, 2 * apart);
  if (step > 2 || first < -BESIDE) return false;
  const last = ((columns - 1) & ~3) * step + first + (step === 1 ? 5 : 9); // place that is read
  return last - widths.size < BESIDE;
}

/** Whether a chunk is of this kind: all of its filters' taps, at every position or every second one. */
export function isNine(taps: i32, columns: i32): bool {
  return taps === 9 && isNear(1, columns);
}

/** Adds a band of one image: gradients of positions from `gradients` on, those of each filter `next` bytes apart. */
export function addNine(
  image: usize,
  gradients: usize,
  next: i32,
  filters: i32,
  line: i32,
  deep: i32,
  column: i32,
  wide: i32,
  width: i32,
): void {
  const heights = axisAt(scratch, 1);
  const widths = axisAt(scratch, 2);
  const top = line * heights.step + heights.first;
  const left = column * widths.step + widths.first;
  let totals = scratch + EDGE;
  for (let f = 0; f < filters; f++, gradients += next, totals += 9 * 16) {
    if (widths.step === 1)
      nine1(totals, image, heights.size, widths.size, heights.step, top, left, gradients, 4 * width, deep, wide);
    else nine2(totals, image, heights.size, widths.size, heights.step, top, left, gradients, 4 * width, deep, wide);
  }
}

function nine1(
  totals: usize,
  image: usize,
  height: i32,
  width: i32,
  step: i32,
  top: i32,
  left: i32,
  gradients: usize,
  next: i32,
  rows: i32,
  columns: i32,
): void {
  nine(false, totals, image, height, width, step, top, left, gradients, next, rows, columns);
}

function nine2(
  totals: usize,
  image: usize,
  height: i32,
  width: i32,
  step: i32,
  top: i32,
  left: i32,
  gradients: usize,
  next: i32,
  rows: i32,
  columns: i32,
): void {
  nine(true, totals, image, height, width, step, top, left, gradients, next, rows, columns);
}

/** Adds nine sums to the totals: of gradients, rows of them `next` bytes apart, and an image from place `top`, `left` on. */
@inline
function nine(
  second: bool,
  totals: usize,
  image: usize,
  height: i32,
  width: i32,
  step: i32,
  top: i32,
  left: i32,
  gradients: usize,
  next: i32,
  rows: i32,
  columns: i32,
): void {
  const line = 4 * width;
  const apart = step * line;
  const across = second ? 2 : 1;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  let s8 = s0;
  for (; columns > 0; columns -= 4, gradients += 16, left += 4 * across) {
    const exists = lanesBelow(columns);
    const places = i32x4.add(i32x4.splat(left), second ? i32x4(0, 2, 4, 6) : i32x4(0, 1, 2, 3));
    // Of places below 0, which as numbers without a sign are large, and of those behind a row nothing is left.
    const m0 = v128.and(i32x4.lt_u(places, i32x4.splat(width)), exists);
    const m1 = v128.and(i32x4.lt_u(i32x4.add(places, i32x4.splat(1)), i32x4.splat(width)), exists);
    const m2 = v128.and(i32x4.lt_u(i32x4.add(places, i32x4.splat(2)), i32x4.splat(width)), exists);
    let p = image + 4 * (top * width + left);
    let at = gradients;
    for (let r = rows, y = top; r > 0; r--, y += step, p += apart, at += next) {
      const g = v128.and(v128.load(at), exists);
      if (<u32>y < <u32>height) {
        s0 = madd(g, v128.and(even(second, p), m0), s0);
        s1 = madd(g, v128.and(odd(second, p), m1), s1);
        s2 = madd(g, v128.and(even(second, p + 8), m2), s2);
      }
      if (<u32>(y + 1) < <u32>height) {
        const q = p + line;
        s3 = madd(g, v128.and(even(second, q), m0), s3);
        s4 = madd(g, v128.and(odd(second, q), m1), s4);
        s5 = madd(g, v128.and(even(second, q + 8), m2), s5);
      }
      if (<u32>(y + 2) < <u32>height) {
        const q = p + 2 * line;
        s6 = madd(g, v128.and(even(second, q), m0), s6);
        s7 = madd(g, v128.and(odd(second, q), m1), s7);
        s8 = madd(g, v128.and(even(second, q + 8), m2), s8);
      }
    }
  }
  v128.store(totals, f32x4.add(v128.load(totals), s0));
  v128.store(totals, f32x4.add(v128.load(totals, 16), s1), 16);
  v128.store(totals, f32x4.add(v128.load(totals, 32), s2), 32);
  v128.store(totals, f32x4.add(v128.load(totals, 48), s3), 48);
  v128.store(totals, f32x4.add(v128.load(totals, 64), s4), 64);
  v128.store(totals, f32x4.add(v128.load(totals, 80), s5), 80);
  v128.store(totals, f32x4.add(v128.load(totals, 96), s6), 96);
  v128.store(totals, f32x4.add(v128.load(totals, 112), s7), 112);
  v128.store(totals, f32x4.add(v128.load(totals, 128), s8), 128);
}

/** Four places of an image, or every second one. */
@inline
export function even(second: bool, at: usize): v128 {
  return second ? i32x4.shuffle(v128.load(at), v128.load(at, 16), 0, 2, 4, 6) : v128.load(at);
}

/** The four places behind those. */
@inline
export function odd(second: bool, at: usize): v128 {
  return second ? i32x4.shuffle(v128.load(at), v128.load(at, 16), 1, 3, 5, 7) : v128.load(at, 4);
}
