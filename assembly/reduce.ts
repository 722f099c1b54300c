// REDUCE: sums, maxima and places of maxima over the middle axis of outer x n x inner.
// The order of summation depends on the shape alone. Sums of many elements are kept in float64 (WIDE_SUM): columns take no longer so, a
// long row that lies in the first caches takes about twice as long (bench/README.md). Few are float32 in several sums side by side.
import { reduceColumns, reduceRows } from "./isa/cuts";
import { parts } from "./isa/integers";
import {
  KIND_ARGMAX,
  KIND_MAX,
  KIND_MAX_I32,
  KIND_NORM,
  KIND_SUM,
  KIND_SUM_I32,
  KIND_SUM_IN_TWO,
  KIND_WIDE_SUM,
  REDUCE_FROM,
  REDUCE_INNER,
  REDUCE_KIND,
  REDUCE_N,
  REDUCE_OUTER,
  REDUCE_TO,
} from "./isa/slots";
import { nextChunk, scratch, startClaims } from "./parallel";
import { lanesBelow, put, rounded, upper } from "./simd";

const MANY_ROWS = 16; // from which on columns are summed by 16

/** to[o, i] = fold of from[o, 0..n, i]. */
export function reduce(pc: usize): void {
  const to = load<usize>(pc, 4 * REDUCE_TO);
  const from = load<usize>(pc, 4 * REDUCE_FROM);
  const kind = load<i32>(pc, 4 * REDUCE_KIND);
  const outer = load<i32>(pc, 4 * REDUCE_OUTER);
  const n = load<i32>(pc, 4 * REDUCE_N);
  const inner = load<i32>(pc, 4 * REDUCE_INNER);
  if (outer === 0 || inner === 0) return;
  const width = reduceColumns(n, inner);
  const height = reduceRows(n, inner, width);
  const widths = parts(inner, width);
  const chunks = widths * parts(outer, height);
  startClaims();
  for (let chunk = nextChunk(); chunk < chunks; chunk = nextChunk()) {
    const column = (chunk % widths) * width;
    const columns = min(width, inner - column);
    const first = (chunk / widths) * height;
    const last = min(outer, first + height);
    for (let o = first; o < last; o++) {
      const source = from + 4 * (o * n * inner + column);
      if (kind === KIND_SUM_IN_TWO) {
        wideSums(to + 4 * (2 * o * inner + column), inner * 4, source, n, inner * 4, columns);
        continue;
      }
      const target = to + 4 * (o * inner + column);
      if (kind === KIND_WIDE_SUM) wideSums(target, 0, source, n, inner * 4, columns);
      else if (kind === KIND_NORM) norms(target, source, n, inner * 4, columns);
      else if (inner === 1) row(kind, target, source, n);
      else group(kind, target, source, n, inner * 4, columns);
    }
  }
}

/** One result from n contiguous elements. */
function row(kind: i32, to: usize, from: usize, n: i32): void {
  switch (kind) {
    case KIND_SUM:
      store<f32>(to, sumRow<f32>(from, n));
      break;
    case KIND_SUM_I32:
      store<i32>(to, sumRow<i32>(from, n));
      break;
    case KIND_MAX:
      store<f32>(to, maxRow<f32>(from, n));
      break;
    case KIND_MAX_I32:
      store<i32>(to, maxRow<i32>(from, n));
      break;
    case KIND_ARGMAX:
      store<i32>(to, argmaxRow(from, n));
      break;
    default:
      unreachable();
  }
}

/** `columns` neighbouring results, each from n elements that lie `stride` bytes apart. */
function group(kind: i32, to: usize, from: usize, n: i32, stride: i32, columns: i32): void {
  if (n >= MANY_ROWS && (kind === KIND_SUM || kind === KIND_SUM_I32)) {
    for (; columns >= 16; columns -= 16, to += 64, from += 64) {
      if (kind === KIND_SUM) sumSixteen<f32>(to, from, n, stride);
      else sumSixteen<i32>(to, from, n, stride);
    }
  }
  for (; columns > 0; columns -= 4, to += 16, from += 16) {
    let result: v128;
    switch (kind) {
      case KIND_SUM:
        result = sumColumns<f32>(from, n, stride);
        break;
      case KIND_SUM_I32:
        result = sumColumns<i32>(from, n, stride);
        break;
      case KIND_MAX:
        result = maxColumns<f32>(from, n, stride);
        break;
      case KIND_MAX_I32:
        result = maxColumns<i32>(from, n, stride);
        break;
      default:
        result = argmaxColumns(from, n, stride);
    }
    put(to, result, columns);
  }
}

/** Sum of n contiguous elements: four interleaved vector sums. */
export function sumRow<T>(from: usize, n: i32): T {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let c = i32x4.splat(0);
  let d = i32x4.splat(0);
  for (; n >= 16; n -= 16, from += 64) {
    a = v128.add<T>(a, v128.load(from));
    b = v128.add<T>(b, v128.load(from, 16));
    c = v128.add<T>(c, v128.load(from, 32));
    d = v128.add<T>(d, v128.load(from, 48));
  }
  for (; n >= 4; n -= 4, from += 16) a = v128.add<T>(a, v128.load(from));
  if (n > 0) b = v128.add<T>(b, v128.and(v128.load(from), lanesBelow(n)));
  a = v128.add<T>(v128.add<T>(a, b), v128.add<T>(c, d));
  a = v128.add<T>(a, i32x4.shuffle(a, a, 2, 3, 0, 1));
  return v128.extract_lane<T>(a, 0) + v128.extract_lane<T>(a, 1);
}

/** Sum of n contiguous f32, in float64: four interleaved sums of two. */
export function sumRowWide(from: usize, n: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; n >= 8; n -= 8, from += 32) {
    a = f64x2.add(a, f64x2.promote_low_f32x4(v128.load64_zero(from)));
    b = f64x2.add(b, f64x2.promote_low_f32x4(v128.load64_zero(from, 8)));
    c = f64x2.add(c, f64x2.promote_low_f32x4(v128.load64_zero(from, 16)));
    d = f64x2.add(d, f64x2.promote_low_f32x4(v128.load64_zero(from, 24)));
  }
  for (; n > 0; n--, from += 4) a = f64x2.add(a, f64x2.promote_low_f32x4(v128.load32_zero(from)));
  a = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}

/**
 * Sums of `columns` neighbours, each of n elements that lie `stride` bytes apart, in float64. With `below` not 0, what the rounding
 * of a result left goes so many bytes behind it.
 */
function wideSums(to: usize, below: i32, from: usize, n: i32, stride: i32, columns: i32): void {
  if (stride === 4) {
    const sum = f64x2(sumRowWide(from, n), 0);
    storeWide(to, below, sum, sum, 1);
    return;
  }
  for (; columns >= 16; columns -= 16, to += 64, from += 64) wideSixteen(to, below, from, n, stride);
  for (; columns > 0; columns -= 4, to += 16, from += 16) {
    let low = f64x2.splat(0);
    let high = low;
    for (let at = from, left = n; left > 0; left--, at += stride) {
      const x = v128.load(at);
      low = f64x2.add(low, f64x2.promote_low_f32x4(x));
      high = f64x2.add(high, f64x2.promote_low_f32x4(upper(x)));
    }
    storeWide(to, below, low, high, min(4, columns));
  }
}

/** The same of 16 columns, a cache line, so that each row is read once. */
function wideSixteen(to: usize, below: i32, from: usize, n: i32, stride: i32): void {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (; n > 0; n--, from += stride) {
    a = f64x2.add(a, f64x2.promote_low_f32x4(v128.load64_zero(from)));
    b = f64x2.add(b, f64x2.promote_low_f32x4(v128.load64_zero(from, 8)));
    c = f64x2.add(c, f64x2.promote_low_f32x4(v128.load64_zero(from, 16)));
    d = f64x2.add(d, f64x2.promote_low_f32x4(v128.load64_zero(from, 24)));
    e = f64x2.add(e, f64x2.promote_low_f32x4(v128.load64_zero(from, 32)));
    f = f64x2.add(f, f64x2.promote_low_f32x4(v128.load64_zero(from, 40)));
    g = f64x2.add(g, f64x2.promote_low_f32x4(v128.load64_zero(from, 48)));
    h = f64x2.add(h, f64x2.promote_low_f32x4(v128.load64_zero(from, 56)));
  }
  storeWide(to, below, a, b, 4);
  storeWide(to + 16, below, c, d, 4);
  storeWide(to + 32, below, e, f, 4);
  storeWide(to + 48, below, g, h, 4);
}

/** Roots of the sums of squares of `columns` neighbours, each of n elements that lie `stride` bytes apart: no square of an f32 leaves f64. */
function norms(to: usize, from: usize, n: i32, stride: i32, columns: i32): void {
  if (stride === 4) {
    store<f32>(to, <f32>sqrt<f64>(squaresOfRow(from, n)));
    return;
  }
  for (; columns > 0; columns -= 4, to += 16, from += 16) {
    let low = f64x2.splat(0);
    let high = low;
    for (let at = from, left = n; left > 0; left--, at += stride) {
      const x = v128.load(at);
      const p = f64x2.promote_low_f32x4(x);
      const q = f64x2.promote_low_f32x4(upper(x));
      low = f64x2.add(low, f64x2.mul(p, p));
      high = f64x2.add(high, f64x2.mul(q, q));
    }
    put(to, rounded(f64x2.sqrt(low), f64x2.sqrt(high)), columns);
  }
}

/** Sum of the squares of n contiguous f32. */
function squaresOfRow(from: usize, n: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; n >= 8; n -= 8, from += 32) {
    const p = f64x2.promote_low_f32x4(v128.load64_zero(from));
    const q = f64x2.promote_low_f32x4(v128.load64_zero(from, 8));
    const r = f64x2.promote_low_f32x4(v128.load64_zero(from, 16));
    const s = f64x2.promote_low_f32x4(v128.load64_zero(from, 24));
    a = f64x2.add(a, f64x2.mul(p, p));
    b = f64x2.add(b, f64x2.mul(q, q));
    c = f64x2.add(c, f64x2.mul(r, r));
    d = f64x2.add(d, f64x2.mul(s, s));
  }
  for (; n > 0; n--, from += 4) {
    const x = f64x2.promote_low_f32x4(v128.load32_zero(from));
    a = f64x2.add(a, f64x2.mul(x, x));
  }
  a = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}

/** Rounds the sums of up to four columns, two in each vector; what is left of those that are finite goes `below`. */
function storeWide(to: usize, below: i32, low: v128, high: v128, columns: i32): void {
  const sums = rounded(low, high);
  put(to, sums, columns);
  if (below === 0) return;
  const restLow = f64x2.sub(low, f64x2.promote_low_f32x4(sums));
  const restHigh = f64x2.sub(high, f64x2.promote_low_f32x4(upper(sums)));
  const bounded = f32x4.lt(f32x4.abs(sums), f32x4.splat(Infinity));
  put(to + below, v128.and(rounded(restLow, restHigh), bounded), columns);
}

/** What a maximum of nothing is. */
function lowest<T>(): T {
  return isFloat<T>() ? <T>-Infinity : <T>i32.MIN_VALUE;
}

/** Largest of n contiguous elements, NaN if there is one. */
export function maxRow<T>(from: usize, n: i32): T {
  const none = v128.splat<T>(lowest<T>());
  let a = none;
  let b = none;
  let c = none;
  let d = none;
  for (; n >= 16; n -= 16, from += 64) {
    a = v128.max<T>(a, v128.load(from));
    b = v128.max<T>(b, v128.load(from, 16));
    c = v128.max<T>(c, v128.load(from, 32));
    d = v128.max<T>(d, v128.load(from, 48));
  }
  for (; n >= 4; n -= 4, from += 16) a = v128.max<T>(a, v128.load(from));
  if (n > 0) b = v128.max<T>(b, v128.bitselect(v128.load(from), none, lanesBelow(n)));
  a = v128.max<T>(v128.max<T>(a, b), v128.max<T>(c, d));
  a = v128.max<T>(a, i32x4.shuffle(a, a, 2, 3, 0, 1));
  return v128.extract_lane<T>(v128.max<T>(a, i32x4.shuffle(a, a, 1, 0, 3, 2)), 0);
}

/** First index of the largest of n contiguous f32, NaN being the largest of all: the maximum first, then its place. */
function argmaxRow(from: usize, n: i32): i32 {
  const largest = f32x4.splat(maxRow<f32>(from, n));
  const nan = f32x4.ne(largest, largest);
  for (let i = 0; i < n; i += 4, from += 16) {
    const x = v128.load(from);
    const found = i32x4.bitmask(v128.bitselect(f32x4.ne(x, x), f32x4.eq(x, largest), nan));
    if (found !== 0) return i + ctz(found);
  }
  return 0;
}

/** Sums of four columns: four interleaved rows. */
function sumColumns<T>(from: usize, n: i32, stride: i32): v128 {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let c = i32x4.splat(0);
  let d = i32x4.splat(0);
  for (; n >= 4; n -= 4, from += 4 * stride) {
    a = v128.add<T>(a, v128.load(from));
    b = v128.add<T>(b, v128.load(from + stride));
    c = v128.add<T>(c, v128.load(from + 2 * stride));
    d = v128.add<T>(d, v128.load(from + 3 * stride));
  }
  for (; n > 0; n--, from += stride) a = v128.add<T>(a, v128.load(from));
  return v128.add<T>(v128.add<T>(a, b), v128.add<T>(c, d));
}

/**
 * Sums of 16 columns, a cache line: of rows 0, 4, 8, ..., then of rows 1, 5, 9, ..., so that each row is read once. The order is that
 * of four columns, where these sums stand side by side; in scratch they have 16 words each.
 */
function sumSixteen<T>(to: usize, from: usize, n: i32, stride: i32): void {
  memory.fill(scratch, 0, 4 * 64);
  for (let turn = 0; turn < 4; turn++) addRows<T>(scratch + 64 * turn, from + turn * stride, n >> 2, 4 * stride);
  addRows<T>(scratch, from + (n & ~3) * stride, n & 3, stride);
  for (let at = scratch; at < scratch + 64; at += 16, to += 16) {
    const first = v128.add<T>(v128.load(at), v128.load(at, 64));
    const second = v128.add<T>(v128.load(at, 2 * 64), v128.load(at, 3 * 64));
    v128.store(to, v128.add<T>(first, second));
  }
}

/** Adds rows of 16 elements to the 16 at `at`. */
function addRows<T>(at: usize, from: usize, rows: i32, stride: i32): void {
  let a = v128.load(at);
  let b = v128.load(at, 16);
  let c = v128.load(at, 32);
  let d = v128.load(at, 48);
  for (; rows > 0; rows--, from += stride) {
    a = v128.add<T>(a, v128.load(from));
    b = v128.add<T>(b, v128.load(from, 16));
    c = v128.add<T>(c, v128.load(from, 32));
    d = v128.add<T>(d, v128.load(from, 48));
  }
  v128.store(at, a);
  v128.store(at, b, 16);
  v128.store(at, c, 32);
  v128.store(at, d, 48);
}

/** Maxima of four columns. */
function maxColumns<T>(from: usize, n: i32, stride: i32): v128 {
  let a = v128.splat<T>(lowest<T>());
  let b = a;
  for (; n >= 2; n -= 2, from += 2 * stride) {
    a = v128.max<T>(a, v128.load(from));
    b = v128.max<T>(b, v128.load(from + stride));
  }
  if (n > 0) a = v128.max<T>(a, v128.load(from));
  return v128.max<T>(a, b);
}

/** Places of the maxima of four columns of f32. */
function argmaxColumns(from: usize, n: i32, stride: i32): v128 {
  let place = i32x4.splat(0);
  if (n === 0) return place;
  let best = v128.load(from);
  for (let i = 1; i < n; i++) {
    from += stride;
    const x = v128.load(from);
    const firstNan = v128.andnot(f32x4.ne(x, x), f32x4.ne(best, best));
    const better = v128.or(f32x4.gt(x, best), firstNan);
    best = v128.bitselect(x, best, better);
    place = v128.bitselect(i32x4.splat(i), place, better);
  }
  return place;
}
