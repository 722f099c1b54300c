// CUMULATIVE_SUM: running sums along the middle axis of outer x n x inner, each kept in float64 to its end. CUMULATIVE_MAX: what is largest
// along it so far, and where.
import { cumulativeColumns, cumulativeGroups } from "./isa/cuts";
import { parts } from "./isa/integers";
import {
  CUMULATIVE_MAX_FROM,
  CUMULATIVE_MAX_INDICES,
  CUMULATIVE_MAX_INNER,
  CUMULATIVE_MAX_INTEGER,
  CUMULATIVE_MAX_N,
  CUMULATIVE_MAX_OUTER,
  CUMULATIVE_MAX_SMALLEST,
  CUMULATIVE_MAX_VALUES,
  CUMULATIVE_SUM_EXCLUSIVE,
  CUMULATIVE_SUM_FROM,
  CUMULATIVE_SUM_INNER,
  CUMULATIVE_SUM_INTEGER,
  CUMULATIVE_SUM_N,
  CUMULATIVE_SUM_OUTER,
  CUMULATIVE_SUM_REVERSE,
  CUMULATIVE_SUM_TO,
} from "./isa/slots";
import { nextChunk, startClaims } from "./parallel";
import { put, rounded, upper } from "./simd";

/** to[o, k, i] = sum of from[o, 0..k, i]. */
export function cumulativeSum(pc: usize): void {
  const to = load<usize>(pc, 4 * CUMULATIVE_SUM_TO);
  const from = load<usize>(pc, 4 * CUMULATIVE_SUM_FROM);
  const outer = load<i32>(pc, 4 * CUMULATIVE_SUM_OUTER);
  const n = load<i32>(pc, 4 * CUMULATIVE_SUM_N);
  const inner = load<i32>(pc, 4 * CUMULATIVE_SUM_INNER);
  if (outer === 0 || n === 0 || inner === 0) return;
  const width = cumulativeColumns(inner);
  const widths = parts(inner, width);
  const groups = outer * widths;
  const step = cumulativeGroups(n, width);
  const first = load<i32>(pc, 4 * CUMULATIVE_SUM_REVERSE) ? 4 * (n - 1) * inner : 0;
  const stride = first > 0 ? -4 * inner : 4 * inner;
  startClaims();
  for (let group = nextChunk() * step; group < groups; group = nextChunk() * step) {
    for (let g = group, last = min(groups, group + step); g < last; g++) {
      const column = (g % widths) * width;
      const start = 4 * ((g / widths) * n * inner + column) + first;
      sums(pc, to + start, from + start, n, stride, min(width, inner - column));
    }
  }
}

/** Sums of so many neighbouring columns. */
function sums(pc: usize, to: usize, from: usize, n: i32, stride: i32, columns: i32): void {
  if (load<i32>(pc, 4 * CUMULATIVE_SUM_EXCLUSIVE)) {
    memory.fill(to, 0, 4 * columns);
    to += stride;
    n--;
  }
  if (load<i32>(pc, 4 * CUMULATIVE_SUM_INTEGER)) {
    for (; columns > 0; columns--, to += 4, from += 4) sumsOfOne<i32, i32>(to, from, n, stride);
  } else if (columns === 1) sumsOfOne<f32, f64>(to, from, n, stride);
  else for (; columns > 0; columns -= 4, to += 16, from += 16) sumsOfFour(to, from, n, stride, columns);
}

function sumsOfOne<T, Sum>(to: usize, from: usize, n: i32, stride: i32): void {
  let sum: Sum = 0;
  for (; n > 0; n--, from += stride, to += stride) {
    sum += <Sum>load<T>(from);
    store<T>(to, <T>sum);
  }
}

function sumsOfFour(to: usize, from: usize, n: i32, stride: i32, columns: i32): void {
  let low = f64x2.splat(0);
  let high = low;
  for (; n > 0; n--, from += stride, to += stride) {
    const x = v128.load(from);
    low = f64x2.add(low, f64x2.promote_low_f32x4(x));
    high = f64x2.add(high, f64x2.promote_low_f32x4(upper(x)));
    put(to, rounded(low, high), columns);
  }
}

/** values[o, k, i] = largest of from[o, 0..k, i], indices[o, k, i] = where it stands. */
export function cumulativeMax(pc: usize): void {
  const values = load<usize>(pc, 4 * CUMULATIVE_MAX_VALUES);
  const indices = load<usize>(pc, 4 * CUMULATIVE_MAX_INDICES) - values;
  const from = load<usize>(pc, 4 * CUMULATIVE_MAX_FROM) - values;
  const outer = load<i32>(pc, 4 * CUMULATIVE_MAX_OUTER);
  const n = load<i32>(pc, 4 * CUMULATIVE_MAX_N);
  const inner = load<i32>(pc, 4 * CUMULATIVE_MAX_INNER);
  if (outer === 0 || n === 0 || inner === 0) return;
  const isInteger = load<i32>(pc, 4 * CUMULATIVE_MAX_INTEGER) !== 0;
  const turn: i32 = load<i32>(pc, 4 * CUMULATIVE_MAX_SMALLEST) ? (isInteger ? -1 : 1 << 31) : 0;
  const width = cumulativeColumns(inner);
  const widths = parts(inner, width);
  const groups = outer * widths;
  const step = cumulativeGroups(n, width);
  startClaims();
  for (let group = nextChunk() * step; group < groups; group = nextChunk() * step) {
    for (let g = group, last = min(groups, group + step); g < last; g++) {
      const column = (g % widths) * width;
      let to = values + 4 * ((g / widths) * n * inner + column);
      for (let columns = min(width, inner - column); columns > 0; columns -= 4, to += 16)
        largestOfFour(to, indices, from, n, 4 * inner, columns, isInteger, turn);
    }
  }
}

/**
 * Of neighbouring columns, four at most; indices and elements lie so far from the values. With the bits of `turn` changed, the smallest is the
 * largest.
 */
function largestOfFour(
  to: usize,
  indices: usize,
  from: usize,
  n: i32,
  stride: i32,
  columns: i32,
  isInteger: bool,
  turn: i32,
): void {
  const turned = i32x4.splat(turn);
  let largest = v128.xor(v128.load(to + from), turned);
  let place = i32x4.splat(0);
  for (let k = 0; k < n; k++, to += stride) {
    const x = v128.xor(v128.load(to + from), turned);
    const isLargest = isInteger ? i32x4.ge_s(x, largest) : v128.or(f32x4.ge(x, largest), f32x4.ne(x, x)); // or NaN, beside which nothing is as large
    largest = v128.bitselect(x, largest, isLargest);
    place = v128.bitselect(i32x4.splat(k), place, isLargest);
    put(to, v128.xor(largest, turned), columns);
    put(to + indices, place, columns);
  }
}
