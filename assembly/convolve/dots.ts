// Gradients of filters of one channel, of which few share it: each tap is the sum of products of a plane, moved aside, with gradients. A product
// would have one column for eight.

import { scratch } from "../parallel";
import { hsum, lanesBelow, madd } from "../simd";
import { EDGE, fillPlanes, planesNow, STRIP } from "./planes";

/** Sums of one call: so many fit in registers beside what they are made of. */
const SUMS = 9;

// Where sums of four lanes lie in scratch.
const TOTALS = EDGE;

/** Begins the sums of so many taps of so many filters. */
export function startDots(taps: i32, filters: i32): void {
  memory.fill(scratch + TOTALS, 0, 16 * taps * filters);
}

/** Adds a band of one image: taps that `layPlaces` told, gradients of positions from `gradients` on, those of each filter `next` bytes apart. */
export function addDots(
  image: usize,
  gradients: usize,
  next: i32,
  taps: i32,
  filters: i32,
  deep: i32,
  wide: i32,
  width: i32,
): void {
  const it = planesNow();
  fillPlanes(it, image, 0, 1);
  const nextRow = it.next;
  for (let f = 0; f < filters; f++, gradients += next) {
    for (let t = 0; t < taps; t += SUMS)
      dots(
        scratch + TOTALS + 16 * (f * taps + t),
        scratch + STRIP + 4 * t,
        min(SUMS, taps - t),
        nextRow,
        gradients,
        4 * width,
        deep,
        wide,
      );
  }
}

/** Writes the sums: taps lie `row` bytes apart, filters side by side. */
export function endDots(to: usize, row: i32, taps: i32, filters: i32): void {
  for (let t = 0; t < taps; t++, to += row)
    for (let f = 0; f < filters; f++) store<f32>(to + 4 * f, hsum(v128.load(scratch + TOTALS + 16 * (f * taps + t))));
}

/** Adds to `count` sums, up to nine: of places that are not there, those of the first one are taken, and left alone. */
function dots(
  totals: usize,
  places: usize,
  count: i32,
  nextRow: i32,
  gradients: usize,
  nextGradients: i32,
  rows: i32,
  columns: i32,
): void {
  const p0 = load<usize>(places);
  const p1 = count > 1 ? load<usize>(places, 4) : p0;
  const p2 = count > 2 ? load<usize>(places, 8) : p0;
  const p3 = count > 3 ? load<usize>(places, 12) : p0;
  const p4 = count > 4 ? load<usize>(places, 16) : p0;
  const p5 = count > 5 ? load<usize>(places, 20) : p0;
  const p6 = count > 6 ? load<usize>(places, 24) : p0;
  const p7 = count > 7 ? load<usize>(places, 28) : p0;
  const p8 = count > 8 ? load<usize>(places, 32) : p0;
  let s0 = v128.load(totals);
  let s1 = v128.load(totals, 16);
  let s2 = v128.load(totals, 32);
  let s3 = v128.load(totals, 48);
  let s4 = v128.load(totals, 64);
  let s5 = v128.load(totals, 80);
  let s6 = v128.load(totals, 96);
  let s7 = v128.load(totals, 112);
  let s8 = v128.load(totals, 128);
  const whole = 4 * (columns & ~3);
  const mask = lanesBelow(columns & 3);
  for (let r = 0, row = 0; r < rows; r++, row += nextRow, gradients += nextGradients) {
    let x = row;
    let y = gradients;
    for (const end = gradients + whole; y < end; y += 16, x += 16) {
      const g = v128.load(y);
      s0 = madd(g, v128.load(p0 + x), s0);
      s1 = madd(g, v128.load(p1 + x), s1);
      s2 = madd(g, v128.load(p2 + x), s2);
      s3 = madd(g, v128.load(p3 + x), s3);
      s4 = madd(g, v128.load(p4 + x), s4);
      s5 = madd(g, v128.load(p5 + x), s5);
      s6 = madd(g, v128.load(p6 + x), s6);
      s7 = madd(g, v128.load(p7 + x), s7);
      s8 = madd(g, v128.load(p8 + x), s8);
    }
    if ((columns & 3) === 0) continue;
    // Lanes beyond a row are 0 in both: what lies there may be no number.
    const g = v128.and(v128.load(y), mask);
    s0 = madd(g, v128.and(v128.load(p0 + x), mask), s0);
    s1 = madd(g, v128.and(v128.load(p1 + x), mask), s1);
    s2 = madd(g, v128.and(v128.load(p2 + x), mask), s2);
    s3 = madd(g, v128.and(v128.load(p3 + x), mask), s3);
    s4 = madd(g, v128.and(v128.load(p4 + x), mask), s4);
    s5 = madd(g, v128.and(v128.load(p5 + x), mask), s5);
    s6 = madd(g, v128.and(v128.load(p6 + x), mask), s6);
    s7 = madd(g, v128.and(v128.load(p7 + x), mask), s7);
    s8 = madd(g, v128.and(v128.load(p8 + x), mask), s8);
  }
  v128.store(totals, s0);
  if (count > 1) v128.store(totals, s1, 16);
  if (count > 2) v128.store(totals, s2, 32);
  if (count > 3) v128.store(totals, s3, 48);
  if (count > 4) v128.store(totals, s4, 64);
  if (count > 5) v128.store(totals, s5, 80);
  if (count > 6) v128.store(totals, s6, 96);
  if (count > 7) v128.store(totals, s7, 112);
  if (count > 8) v128.store(totals, s8, 128);
}
