// CUMULATIVE_SUM: running sums along the middle axis of outer x n x inner, each kept in float64 to its end.
import { REDUCE_CHUNK, REDUCE_COLUMNS } from "./isa/chunks";
import {
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
  // A chunk is some groups of neighbouring columns, one at least.
  const width = min(inner, REDUCE_COLUMNS);
  const widths = (inner + width - 1) / width;
  const groups = outer * widths;
  const step = max(1, REDUCE_CHUNK / (n * width));
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
