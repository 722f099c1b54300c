// NORMALIZE: rows brought to mean 0 and variance 1, or to mean square 1, and its gradient. MOMENTS: means, and squares of deviations from
// them, along the middle axis of outer x n x inner. WEIGHTED_SUMS: sums, and sums of products, along it. All is reckoned in float64, but for
// MOMENTS and WEIGHTED_SUMS of rows (inner 1) of 64 numbers and more: these add up 64 numbers at a time in float32, and such sums in float64, 2.5 times as fast. No
// number passes more than 8 roundings on its way into a sum, 18 in what is left of a row behind whole blocks. So with u = 2^-24 a sum is off by
// 8 u (18 u) times that of the absolute values at most, and as MOMENTS sums differences to about the mean, if need be in a second pass, its
// squares by 20 u (40 u) of themselves. Rows that are too large for that are reckoned in float64.
// Squares are those of differences to the first of the numbers, less what the mean of the differences makes of them, so that one pass is
// enough: the first of n numbers is sqrt(n) standard deviations off their mean at most, so this costs n roundings of float64 and no more.
import { cumulativeColumns, cumulativeGroups, rowsOfChunk } from "./isa/cuts";
import { parts } from "./isa/integers";
import {
  MOMENTS_FROM,
  MOMENTS_INNER,
  MOMENTS_MEAN,
  MOMENTS_N,
  MOMENTS_OUTER,
  MOMENTS_REST,
  MOMENTS_SQUARES,
  NORMALIZE_CENTRED,
  NORMALIZE_COLUMNS,
  NORMALIZE_EPSILON,
  NORMALIZE_FROM,
  NORMALIZE_GRADIENT_CENTRED,
  NORMALIZE_GRADIENT_COLUMNS,
  NORMALIZE_GRADIENT_FROM,
  NORMALIZE_GRADIENT_INVERSE,
  NORMALIZE_GRADIENT_ROWS,
  NORMALIZE_GRADIENT_TO,
  NORMALIZE_GRADIENT_VALUES,
  NORMALIZE_INVERSE,
  NORMALIZE_ROWS,
  NORMALIZE_VALUES,
  WEIGHTED_SUMS_FROM,
  WEIGHTED_SUMS_INNER,
  WEIGHTED_SUMS_N,
  WEIGHTED_SUMS_OUTER,
  WEIGHTED_SUMS_PRODUCTS,
  WEIGHTED_SUMS_SUMS,
  WEIGHTED_SUMS_WEIGHTS,
} from "./isa/slots";
import { nextChunk, startClaims } from "./parallel";
import { sumRowWide } from "./reduce";
import { hsum, lanesBelow, madd, put, rounded, upper, wideOne, wideTotal, wideTwo } from "./simd";

/** values[r, c] = (from[r, c] - mean) * inverse[r], inverse[r] = 1 / sqrt(mean of (from[r, :] - mean)^2 + epsilon); mean 0 unless centred. */
export function normalize(pc: usize): void {
  const values = load<usize>(pc, 4 * NORMALIZE_VALUES);
  const inverse = load<usize>(pc, 4 * NORMALIZE_INVERSE);
  const from = load<usize>(pc, 4 * NORMALIZE_FROM);
  const rows = load<i32>(pc, 4 * NORMALIZE_ROWS);
  const columns = load<i32>(pc, 4 * NORMALIZE_COLUMNS);
  const centred = load<i32>(pc, 4 * NORMALIZE_CENTRED) !== 0;
  const epsilon = <f64>load<f32>(load<usize>(pc, 4 * NORMALIZE_EPSILON));
  const step = rowsOfChunk(columns);
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    for (let r = first, last = min(rows, first + step); r < last; r++) {
      const row = from + 4 * r * columns;
      const start: f64 = centred ? <f64>load<f32>(row) : 0;
      addUp(row, columns, start);
      const mean = centred ? start + total / columns : 0;
      const variance = (centred ? squaresAboutMean(columns) : squares) / columns;
      const factor = 1 / sqrt<f64>(variance + epsilon);
      store<f32>(inverse + 4 * r, <f32>factor);
      scaleAbout(values + 4 * r * columns, row, columns, mean, factor);
    }
  }
}

const BLOCK = 64; // numbers that are added up in float32

let total: f64 = 0; // of the differences that addUp has seen
let squares: f64 = 0; // of their squares

/** Adds up n contiguous f32 less `start`, and the squares of that. */
function addUp(from: usize, n: i32, start: f64): void {
  const starts = f64x2.splat(start);
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (; n >= 8; n -= 8, from += 32) {
    const p = f64x2.sub(wideTwo(from), starts);
    const q = f64x2.sub(wideTwo(from + 8), starts);
    const r = f64x2.sub(wideTwo(from + 16), starts);
    const s = f64x2.sub(wideTwo(from + 24), starts);
    a = f64x2.add(a, p);
    b = f64x2.add(b, q);
    c = f64x2.add(c, r);
    d = f64x2.add(d, s);
    e = f64x2.add(e, f64x2.mul(p, p));
    f = f64x2.add(f, f64x2.mul(q, q));
    g = f64x2.add(g, f64x2.mul(r, r));
    h = f64x2.add(h, f64x2.mul(s, s));
  }
  for (; n > 0; n--, from += 4) {
    const p = f64x2(<f64>load<f32>(from) - start, 0);
    a = f64x2.add(a, p);
    e = f64x2.add(e, f64x2.mul(p, p));
  }
  total = wideTotal(a, b, c, d);
  squares = wideTotal(e, f, g, h);
}

/** Whether float32 was too small for what has been added up. */
function overflown(): bool {
  return !(abs<f64>(total) + abs<f64>(squares) <= f64.MAX_VALUE);
}

/** The mean of 16 of a row's numbers, four of each quarter. */
function meanOfSome(from: usize, n: i32): f64 {
  const apart = 4 * ((n >> 2) & ~3);
  const first = f32x4.add(v128.load(from), v128.load(from + apart));
  const second = f32x4.add(v128.load(from + 2 * apart), v128.load(from + 3 * apart));
  return <f64>(hsum(f32x4.add(first, second)) * 0.0625);
}

/** Adds up n contiguous f32, and their products with as many others, a block at a time. */
function addBlocks(from: usize, others: usize, n: i32): void {
  addByBlocks(false, from, others, n, 0);
}

/** Adds up n contiguous f32 less `start`, and the squares of that, a block at a time. */
function addDifferences(from: usize, n: i32, start: f32): void {
  addByBlocks(true, from, from, n, start);
}

@inline
function addByBlocks(about: bool, from: usize, others: usize, n: i32, start: f32): void {
  const starts = f32x4.splat(start);
  let low = f64x2.splat(0);
  let high = low;
  let lowSquares = low;
  let highSquares = low;
  while (n > 0) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let e = a;
    let f = a;
    let g = a;
    let h = a;
    if (n >= BLOCK) {
      for (const end = from + 4 * BLOCK; from < end; from += 64, others += 64) {
        const p = numbersAt(about, from, starts);
        a = f32x4.add(a, p);
        e = madd(p, about ? p : v128.load(others), e);
        const q = numbersAt(about, from + 16, starts);
        b = f32x4.add(b, q);
        f = madd(q, about ? q : v128.load(others, 16), f);
        const r = numbersAt(about, from + 32, starts);
        c = f32x4.add(c, r);
        g = madd(r, about ? r : v128.load(others, 32), g);
        const s = numbersAt(about, from + 48, starts);
        d = f32x4.add(d, s);
        h = madd(s, about ? s : v128.load(others, 48), h);
      }
      n -= BLOCK;
    } else {
      for (; n > 0; n -= 4, from += 16, others += 16) {
        const mask = lanesBelow(n);
        const p = v128.and(numbersAt(about, from, starts), mask);
        a = f32x4.add(a, p);
        e = madd(p, about ? p : v128.and(v128.load(others), mask), e);
      }
    }
    a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    e = f32x4.add(f32x4.add(e, f), f32x4.add(g, h));
    low = f64x2.add(low, f64x2.promote_low_f32x4(a));
    high = f64x2.add(high, f64x2.promote_low_f32x4(upper(a)));
    lowSquares = f64x2.add(lowSquares, f64x2.promote_low_f32x4(e));
    highSquares = f64x2.add(highSquares, f64x2.promote_low_f32x4(upper(e)));
  }
  const none = f64x2.splat(0);
  total = wideTotal(low, high, none, none);
  squares = wideTotal(lowSquares, highSquares, none, none);
}

@inline
function numbersAt(about: bool, from: usize, starts: v128): v128 {
  return about ? f32x4.sub(v128.load(from), starts) : v128.load(from);
}

/** Sum of the squares of n differences less their mean. */
function squaresAboutMean(n: i32): f64 {
  return max<f64>(0, squares - (total * total) / n);
}

/** to = (from - mean) * factor, of n contiguous f32. */
function scaleAbout(to: usize, from: usize, n: i32, mean: f64, factor: f64): void {
  const means = f64x2.splat(mean);
  const factors = f64x2.splat(factor);
  for (; n > 0; n -= 4, from += 16, to += 16) {
    const low = f64x2.mul(f64x2.sub(wideTwo(from), means), factors);
    const high = f64x2.mul(f64x2.sub(wideTwo(from + 8), means), factors);
    put(to, rounded(low, high), n);
  }
}

/** to[r, :] = inverse[r] (from[r, :] - mean of from[r, :] - values[r, :] * mean of (from values)[r, :]), without the first mean unless centred. */
export function normalizeGradient(pc: usize): void {
  const to = load<usize>(pc, 4 * NORMALIZE_GRADIENT_TO);
  const from = load<usize>(pc, 4 * NORMALIZE_GRADIENT_FROM);
  const values = load<usize>(pc, 4 * NORMALIZE_GRADIENT_VALUES);
  const inverse = load<usize>(pc, 4 * NORMALIZE_GRADIENT_INVERSE);
  const rows = load<i32>(pc, 4 * NORMALIZE_GRADIENT_ROWS);
  const columns = load<i32>(pc, 4 * NORMALIZE_GRADIENT_COLUMNS);
  const centred = load<i32>(pc, 4 * NORMALIZE_GRADIENT_CENTRED) !== 0;
  const step = rowsOfChunk(columns);
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    for (let r = first, last = min(rows, first + step); r < last; r++) {
      const start = 4 * r * columns;
      const mean: f64 = centred ? sumRowWide(from + start, columns) / columns : 0;
      const along = productsOfRows(from + start, values + start, columns) / columns;
      across(to + start, from + start, values + start, columns, mean, along, <f64>load<f32>(inverse + 4 * r));
    }
  }
}

/** Sum of the products of n contiguous f32 and as many others. */
function productsOfRows(p: usize, q: usize, n: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; n >= 8; n -= 8, p += 32, q += 32) {
    a = f64x2.add(a, f64x2.mul(wideTwo(p), wideTwo(q)));
    b = f64x2.add(b, f64x2.mul(wideTwo(p + 8), wideTwo(q + 8)));
    c = f64x2.add(c, f64x2.mul(wideTwo(p + 16), wideTwo(q + 16)));
    d = f64x2.add(d, f64x2.mul(wideTwo(p + 24), wideTwo(q + 24)));
  }
  for (; n > 0; n--, p += 4, q += 4) a = f64x2.add(a, f64x2.mul(wideOne(p), wideOne(q)));
  return wideTotal(a, b, c, d);
}

/** to = (from - mean - values * along) * factor, of n contiguous f32. */
function across(to: usize, from: usize, values: usize, n: i32, mean: f64, along: f64, factor: f64): void {
  const means = f64x2.splat(mean);
  const alongs = f64x2.splat(along);
  const factors = f64x2.splat(factor);
  for (; n > 0; n -= 4, from += 16, values += 16, to += 16) {
    const low = f64x2.sub(f64x2.sub(wideTwo(from), means), f64x2.mul(wideTwo(values), alongs));
    const high = f64x2.sub(f64x2.sub(wideTwo(from + 8), means), f64x2.mul(wideTwo(values + 8), alongs));
    put(to, rounded(f64x2.mul(low, factors), f64x2.mul(high, factors)), n);
  }
}

/** mean[o, i] + rest[o, i] = mean of from[o, :, i], squares[o, i] = sum of the squares of from[o, :, i] less it. */
export function moments(pc: usize): void {
  const mean = load<usize>(pc, 4 * MOMENTS_MEAN);
  const rest = load<usize>(pc, 4 * MOMENTS_REST) - mean;
  const sums = load<usize>(pc, 4 * MOMENTS_SQUARES) - mean;
  const from = load<usize>(pc, 4 * MOMENTS_FROM);
  const outer = load<i32>(pc, 4 * MOMENTS_OUTER);
  const n = load<i32>(pc, 4 * MOMENTS_N);
  const inner = load<i32>(pc, 4 * MOMENTS_INNER);
  if (outer === 0 || inner === 0) return;
  const width = cumulativeColumns(inner);
  const widths = parts(inner, width);
  const groups = outer * widths;
  const step = cumulativeGroups(n, width);
  startClaims();
  for (let group = nextChunk() * step; group < groups; group = nextChunk() * step) {
    for (let g = group, last = min(groups, group + step); g < last; g++) {
      const o = g / widths;
      let column = (g % widths) * width;
      for (const end = min(inner, column + width); column < end; column += 8) {
        const to = mean + 4 * (o * inner + column);
        const source = from + 4 * (o * n * inner + column);
        if (inner === 1) momentsOfRow(to, rest, sums, source, n);
        else momentsOfEight(to, rest, sums, source, n, 4 * inner, end - column);
      }
    }
  }
}

/** Of n contiguous numbers. The rest and the squares lie so far from the mean. */
function momentsOfRow(to: usize, rest: usize, sums: usize, from: usize, n: i32): void {
  let start = <f64>load<f32>(from);
  if (n >= BLOCK) {
    start = meanOfSome(from, n);
    addDifferences(from, n, <f32>start);
    // More than a deviation off: once more, from the mean.
    if (total * total > 0.5 * squares * n) {
      start = <f64>(<f32>(start + total / n));
      addDifferences(from, n, <f32>start);
    }
  }
  if (n < BLOCK || overflown()) {
    start = <f64>load<f32>(from);
    addUp(from, n, start);
  }
  const mean = start + total / n;
  store<f32>(to, <f32>mean);
  store<f32>(to + rest, <f32>(mean - <f64>(<f32>mean)));
  store<f32>(to + sums, <f32>squaresAboutMean(n));
}

/** Of neighbouring columns, eight at most: half of a cache line, so that a row is read twice where there are many. */
function momentsOfEight(to: usize, rest: usize, sums: usize, from: usize, n: i32, stride: i32, columns: i32): void {
  const w = wideTwo(from);
  const x = wideTwo(from + 8);
  const y = wideTwo(from + 16);
  const z = wideTwo(from + 24);
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (let left = n; left > 0; left--, from += stride) {
    const p = f64x2.sub(wideTwo(from), w);
    const q = f64x2.sub(wideTwo(from + 8), x);
    const r = f64x2.sub(wideTwo(from + 16), y);
    const s = f64x2.sub(wideTwo(from + 24), z);
    a = f64x2.add(a, p);
    b = f64x2.add(b, q);
    c = f64x2.add(c, r);
    d = f64x2.add(d, s);
    e = f64x2.add(e, f64x2.mul(p, p));
    f = f64x2.add(f, f64x2.mul(q, q));
    g = f64x2.add(g, f64x2.mul(r, r));
    h = f64x2.add(h, f64x2.mul(s, s));
  }
  storeMoments(to, rest, sums, w, x, a, b, e, f, n, columns);
  if (columns > 4) storeMoments(to + 16, rest, sums, y, z, c, d, g, h, n, columns - 4);
}

/** Of up to four columns, two in each vector: by their first numbers, the sums of differences to them, and of the squares of these. */
function storeMoments(
  to: usize,
  rest: usize,
  sums: usize,
  startLow: v128,
  startHigh: v128,
  low: v128,
  high: v128,
  squaresLow: v128,
  squaresHigh: v128,
  n: i32,
  columns: i32,
): void {
  const count = f64x2.splat(<f64>n);
  const meanLow = f64x2.add(startLow, f64x2.div(low, count));
  const meanHigh = f64x2.add(startHigh, f64x2.div(high, count));
  const means = rounded(meanLow, meanHigh);
  const restLow = f64x2.sub(meanLow, f64x2.promote_low_f32x4(means));
  const restHigh = f64x2.sub(meanHigh, f64x2.promote_low_f32x4(upper(means)));
  const none = f64x2.splat(0);
  const aboutLow = f64x2.max(none, f64x2.sub(squaresLow, f64x2.div(f64x2.mul(low, low), count)));
  const aboutHigh = f64x2.max(none, f64x2.sub(squaresHigh, f64x2.div(f64x2.mul(high, high), count)));
  put(to, means, columns);
  put(to + rest, rounded(restLow, restHigh), columns);
  put(to + sums, rounded(aboutLow, aboutHigh), columns);
}

/** sums[o, i] = sum of from[o, :, i], products[o, i] = sum of (from weights)[o, :, i]. */
export function weightedSums(pc: usize): void {
  const sums = load<usize>(pc, 4 * WEIGHTED_SUMS_SUMS);
  const products = load<usize>(pc, 4 * WEIGHTED_SUMS_PRODUCTS) - sums;
  const from = load<usize>(pc, 4 * WEIGHTED_SUMS_FROM);
  const weights = load<usize>(pc, 4 * WEIGHTED_SUMS_WEIGHTS) - from;
  const outer = load<i32>(pc, 4 * WEIGHTED_SUMS_OUTER);
  const n = load<i32>(pc, 4 * WEIGHTED_SUMS_N);
  const inner = load<i32>(pc, 4 * WEIGHTED_SUMS_INNER);
  if (outer === 0 || inner === 0) return;
  const width = cumulativeColumns(inner);
  const widths = parts(inner, width);
  const groups = outer * widths;
  const step = cumulativeGroups(n, width);
  startClaims();
  for (let group = nextChunk() * step; group < groups; group = nextChunk() * step) {
    for (let g = group, last = min(groups, group + step); g < last; g++) {
      const o = g / widths;
      let column = (g % widths) * width;
      for (const end = min(inner, column + width); column < end; column += 8) {
        const to = sums + 4 * (o * inner + column);
        const source = from + 4 * (o * n * inner + column);
        if (inner === 1) {
          if (n >= BLOCK) addBlocks(source, source + weights, n);
          if (n < BLOCK || overflown()) {
            total = sumRowWide(source, n);
            squares = productsOfRows(source, source + weights, n);
          }
          store<f32>(to, <f32>total);
          store<f32>(to + products, <f32>squares);
        } else sumsOfEight(to, products, source, weights, n, 4 * inner, end - column);
      }
    }
  }
}

/** Of neighbouring columns, eight at most. The products lie so far from the sums, the weights from the numbers. */
function sumsOfEight(to: usize, products: usize, from: usize, weights: usize, n: i32, stride: i32, columns: i32): void {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (; n > 0; n--, from += stride) {
    const p = wideTwo(from);
    const q = wideTwo(from + 8);
    const r = wideTwo(from + 16);
    const s = wideTwo(from + 24);
    a = f64x2.add(a, p);
    b = f64x2.add(b, q);
    c = f64x2.add(c, r);
    d = f64x2.add(d, s);
    e = f64x2.add(e, f64x2.mul(p, wideTwo(from + weights)));
    f = f64x2.add(f, f64x2.mul(q, wideTwo(from + weights + 8)));
    g = f64x2.add(g, f64x2.mul(r, wideTwo(from + weights + 16)));
    h = f64x2.add(h, f64x2.mul(s, wideTwo(from + weights + 24)));
  }
  put(to, rounded(a, b), columns);
  put(to + products, rounded(e, f), columns);
  if (columns <= 4) return;
  put(to + 16, rounded(c, d), columns - 4);
  put(to + products + 16, rounded(g, h), columns - 4);
}
