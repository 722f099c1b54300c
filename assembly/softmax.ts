// Row kernels of classification: softmax, logSumExp, cross-entropy and its gradient. Each row's largest element is subtracted first,
// so nothing overflows. Where a class is the target, its exponential is left out of the sum and added last: what the others have is then
// there to the last digit, also where it is next to nothing. NaN and infinities end as they do in PyTorch.
import { ROWS_CHUNK } from "./isa/chunks";
import { rowsOfChunk } from "./isa/cuts";
import {
  ENTROPY_COLUMNS,
  ENTROPY_FROM,
  ENTROPY_INDEX,
  ENTROPY_ROWS,
  ENTROPY_SCALE,
  ENTROPY_TO,
  ROWS_COLUMNS,
  ROWS_FROM,
  ROWS_ROWS,
  ROWS_TO,
} from "./isa/slots";
import { expBelow, log, log1p } from "./math";
import { nextChunk, scratch, startClaims } from "./parallel";
import { maxRow, sumRow } from "./reduce";
import { hmax, lanesBelow, storeLanes } from "./simd";
import { copyWords } from "./words";

const PIECE = 2048; // elements of a row, or of several short ones, that go through scratch at a time
const FEW = 64; // columns of a row so short that several go through exp together

// In scratch, behind a piece: for each row of a chunk, the sum of its exponentials, and a number of its own.
const PAD = 16;
const TOTALS = 4 * (PIECE + PAD);
const OWN = TOTALS + 4 * (ROWS_CHUNK + PAD);
const OWN_LARGEST = OWN + 4 * (ROWS_CHUNK + PAD); // of rows that go through exp together

/** to[r, c] = exp(from[r, c]) / sum of exp(from[r, :]). `to` may be `from`. */
export function softmax(pc: usize): void {
  const to = load<usize>(pc, 4 * ROWS_TO);
  const from = load<usize>(pc, 4 * ROWS_FROM);
  const rows = load<i32>(pc, 4 * ROWS_ROWS);
  const columns = load<i32>(pc, 4 * ROWS_COLUMNS);
  const step = rowsOfChunk(columns);
  waiting = 0;
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    const last = min(rows, first + step);
    for (let r = first; r < last; r++) {
      const row = from + 4 * r * columns;
      const target = to + 4 * r * columns;
      const total = totalOf(target, row, columns, last - r, NONE);
      scale(target, columns, 1 / total);
    }
  }
}

/** to[r] = log(sum of exp(from[r, :])). */
export function logSumExp(pc: usize): void {
  const to = load<usize>(pc, 4 * ROWS_TO);
  const from = load<usize>(pc, 4 * ROWS_FROM);
  const rows = load<i32>(pc, 4 * ROWS_ROWS);
  const columns = load<i32>(pc, 4 * ROWS_COLUMNS);
  const step = rowsOfChunk(columns);
  waiting = 0;
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    const last = min(rows, first + step);
    for (let r = first; r < last; r++) {
      const total = totalOf(0, from + 4 * r * columns, columns, last - r, NONE);
      note(r - first, total, largest);
    }
    log(scratch + TOTALS, scratch + TOTALS, bytesOfTotals(last - first));
    for (let r = first; r < last; r++) {
      const most = ownOf(r - first);
      // An infinite maximum is the result, unless there is a NaN; the sum would always be one.
      const result =
        abs<f32>(most) === Infinity ? maxRow<f32>(from + 4 * r * columns, columns) : most + logOfTotal(r - first);
      store<f32>(to + 4 * r, result);
    }
  }
}

/** to[r] = logSumExp(from[r, :]) - from[r, index[r]]. */
export function crossEntropy(pc: usize): void {
  const to = load<usize>(pc, 4 * ENTROPY_TO);
  const from = load<usize>(pc, 4 * ENTROPY_FROM);
  const index = load<usize>(pc, 4 * ENTROPY_INDEX);
  const rows = load<i32>(pc, 4 * ENTROPY_ROWS);
  const columns = load<i32>(pc, 4 * ENTROPY_COLUMNS);
  const step = rowsOfChunk(columns);
  waiting = 0;
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    const last = min(rows, first + step);
    for (let r = first; r < last; r++) {
      const row = from + 4 * r * columns;
      const c = load<u32>(index + 4 * r);
      const known = c < (columns as u32);
      const others = totalOf(0, row, columns, last - r, known ? c : NONE);
      // Differences to the maximum are small and exact where it matters: log(total) - (x - largest), not (log(total) + largest) - x.
      const below: f32 = known ? load<f32>(row + 4 * c) - largest : NaN;
      note(r - first, below === 0 ? others : others + left - 1, below);
    }
    log1p(scratch + TOTALS, scratch + TOTALS, bytesOfTotals(last - first));
    for (let r = first; r < last; r++) store<f32>(to + 4 * r, logOfTotal(r - first) - ownOf(r - first));
  }
}

/** to[r, c] = (softmax(from[r, :])[c] - (c === index[r])) * scale[r]. `to` may be `from`. */
export function crossEntropyGradient(pc: usize): void {
  const to = load<usize>(pc, 4 * ENTROPY_TO);
  const from = load<usize>(pc, 4 * ENTROPY_FROM);
  const index = load<usize>(pc, 4 * ENTROPY_INDEX);
  const rows = load<i32>(pc, 4 * ENTROPY_ROWS);
  const columns = load<i32>(pc, 4 * ENTROPY_COLUMNS);
  const scales = load<usize>(pc, 4 * ENTROPY_SCALE);
  const step = rowsOfChunk(columns);
  waiting = 0;
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    const last = min(rows, first + step);
    for (let r = first; r < last; r++) {
      const target = to + 4 * r * columns;
      const c = load<u32>(index + 4 * r);
      const factor = load<f32>(scales + 4 * r);
      const row = from + 4 * r * columns;
      const known = c < (columns as u32);
      const others = totalOf(target, row, columns, last - r, known ? c : NONE);
      const total = others + left;
      scale(target, columns, factor / total);
      if (known) store<f32>(target + 4 * c, -(others / total) * factor); // softmax - 1
    }
  }
}

const NONE: u32 = 0xffffffff; // no column

let largest: f32 = 0; // of the row that totalOf() was last asked for
let left: f32 = 0; // the exponential that it left out, 0 if none
let waiting = 0; // rows whose exponentials stand in scratch
let exponential: usize = 0; // where those of the next one begin

/**
 * Sum of exp(row - its largest), which are written to `to` (may be the row, or absent); `rows` like it follow one another. That of column
 * `without` is left out: in the sum, and as 0 in `to`.
 */
function totalOf(to: usize, row: usize, columns: i32, rows: i32, without: u32): f32 {
  left = 0;
  if (columns > FEW) {
    largest = largestOf(row, columns);
    return exponentials(to, row, columns, largest, without);
  }
  if (waiting === 0) {
    waiting = columns === 0 ? rows : min(rows, PIECE / columns);
    together(row, columns, waiting);
    exponential = scratch;
  }
  const own = exponential;
  waiting--;
  exponential += 4 * columns;
  largest = load<f32>(scratch + 4 * waiting, OWN_LARGEST);
  if (without !== NONE) leaveOut(own + 4 * without);
  if (to !== 0) copyWords(to, own, columns);
  return sumRow<f32>(own, columns);
}

/** The exponentials of short rows, one after the other in scratch; and their largest, the last row's first. */
function together(from: usize, columns: i32, rows: i32): void {
  let to = scratch;
  for (let r = rows - 1; r >= 0; r--) {
    const most = largestOf(from, columns);
    store<f32>(scratch + 4 * r, most, OWN_LARGEST);
    const below = f32x4.splat(most);
    // Whole vectors: what one writes past its row's end is overwritten by the next.
    for (let c = 0; c < columns; c += 4) v128.store(to + 4 * c, f32x4.sub(v128.load(from + 4 * c), below));
    to += 4 * columns;
    from += 4 * columns;
  }
  expBelow(scratch, scratch, (4 * rows * columns + 15) & ~15, 0);
}

/**
 * Sum of exp(from - largest) over a row; the exponentials themselves go to `to`, which may be `from` or absent (0). The vector
 * functions take whole vectors: the last few elements, and what is not kept, go through scratch.
 */
function exponentials(to: usize, from: usize, columns: i32, largest: f32, without: u32): f32 {
  let total: f64 = 0;
  for (let rest = columns; rest > 0; rest -= PIECE, from += 4 * PIECE, without -= PIECE) {
    const count = min(rest, PIECE);
    if (to === 0) {
      expBelow(scratch, from, (4 * count + 15) & ~15, largest);
      if (without < (count as u32)) leaveOut(scratch + 4 * without);
      total += sumRow<f32>(scratch, count);
      continue;
    }
    const whole = count & ~3;
    expBelow(to, from, 4 * whole, largest);
    if (whole < count) {
      expBelow(scratch, from + 4 * whole, 16, largest);
      storeLanes(to + 4 * whole, v128.load(scratch), count - whole);
    }
    if (without < (count as u32)) leaveOut(to + 4 * without);
    total += sumRow<f32>(to, count);
    to += 4 * PIECE;
  }
  return <f32>total;
}

function leaveOut(at: usize): void {
  left = load<f32>(at);
  store<f32>(at, 0);
}

/** Largest number of a row; NaN are passed over, since they make NaN of the exponentials' sum. */
function largestOf(from: usize, columns: i32): f32 {
  const none = f32x4.splat(-Infinity);
  let a = none;
  let b = none;
  let c = none;
  let d = none;
  for (; columns >= 16; columns -= 16, from += 64) {
    a = f32x4.pmax(a, v128.load(from));
    b = f32x4.pmax(b, v128.load(from, 16));
    c = f32x4.pmax(c, v128.load(from, 32));
    d = f32x4.pmax(d, v128.load(from, 48));
  }
  for (; columns >= 4; columns -= 4, from += 16) a = f32x4.pmax(a, v128.load(from));
  if (columns > 0) b = f32x4.pmax(b, v128.bitselect(v128.load(from), none, lanesBelow(columns)));
  return hmax(f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
}

/** Keeps the total of the chunk's row i, and a number beside it. */
function note(i: i32, total: f32, own: f32): void {
  store<f32>(scratch + 4 * i, total, TOTALS);
  store<f32>(scratch + 4 * i, own, OWN);
}

/** Of the totals of so many rows, whole vectors. */
function bytesOfTotals(rows: i32): i32 {
  return (4 * rows + 15) & ~15;
}

function logOfTotal(i: i32): f32 {
  return load<f32>(scratch + 4 * i, TOTALS);
}

function ownOf(i: i32): f32 {
  return load<f32>(scratch + 4 * i, OWN);
}

/** Multiplies a row in place. */
function scale(at: usize, columns: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (; columns >= 4; columns -= 4, at += 16) v128.store(at, f32x4.mul(v128.load(at), factors));
  if (columns > 0) storeLanes(at, f32x4.mul(v128.load(at), factors), columns);
}
