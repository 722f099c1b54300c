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

// In scratch, behind a piece: lists of numbers, one of each for each row of a chunk. Row i has its own at scratch + 4 * i and these offsets.
const PAD = 16;
const ROW_NUMBERS = 4 * (ROWS_CHUNK + PAD);
const TOTALS = 4 * (PIECE + PAD); // sums of the exponentials, without those that are left out
const LEFT_OUT = TOTALS + ROW_NUMBERS; // the exponentials that are left out; 0 where none is
const LARGEST = LEFT_OUT + ROW_NUMBERS;
const BELOW = LARGEST + ROW_NUMBERS; // how far the target's number is below the largest

/** to[r, c] = exp(from[r, c]) / sum of exp(from[r, :]). `to` may be `from`. */
export function softmax(pc: usize): void {
  const to = load<usize>(pc, 4 * ROWS_TO);
  const from = load<usize>(pc, 4 * ROWS_FROM);
  const rows = load<i32>(pc, 4 * ROWS_ROWS);
  const columns = load<i32>(pc, 4 * ROWS_COLUMNS);
  const step = rowsOfChunk(columns);
  const group = rowsTogether(columns);
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    const last = min(rows, first + step);
    for (let r = first; r < last; r += group) {
      const some = min(group, last - r);
      const target = to + 4 * r * columns;
      sumRows(scratch, target, from + 4 * r * columns, columns, some, 0);
      for (let i = 0; i < some; i++) scale(target + 4 * i * columns, columns, 1 / load<f32>(scratch + 4 * i, TOTALS));
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
  const group = rowsTogether(columns);
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    const last = min(rows, first + step);
    for (let r = first; r < last; r += group)
      sumRows(scratch + 4 * (r - first), 0, from + 4 * r * columns, columns, min(group, last - r), 0);
    log(scratch + TOTALS, scratch + TOTALS, bytesOfTotals(last - first));
    for (let r = first, own = scratch; r < last; r++, own += 4) {
      const largest = load<f32>(own, LARGEST);
      // An infinite maximum is the result, unless there is a NaN; the sum would always be one.
      const isInfinite = abs<f32>(largest) === Infinity;
      const result = isInfinite ? maxRow<f32>(from + 4 * r * columns, columns) : largest + load<f32>(own, TOTALS);
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
  const group = rowsTogether(columns);
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    const last = min(rows, first + step);
    for (let r = first; r < last; r += group)
      sumRows(scratch + 4 * (r - first), 0, from + 4 * r * columns, columns, min(group, last - r), index + 4 * r);
    for (let r = first, own = scratch; r < last; r++, own += 4) {
      const c = load<u32>(index + 4 * r);
      // Differences to the largest are small and exact where it matters: log(total) - (x - largest), not (log(total) + largest) - x.
      const known = c < (columns as u32);
      const below: f32 = known ? load<f32>(from + 4 * (r * columns + c)) - load<f32>(own, LARGEST) : NaN;
      const others = load<f32>(own, TOTALS);
      store<f32>(own, below === 0 ? others : others + load<f32>(own, LEFT_OUT) - 1, TOTALS);
      store<f32>(own, below, BELOW);
    }
    log1p(scratch + TOTALS, scratch + TOTALS, bytesOfTotals(last - first));
    for (let r = first, own = scratch; r < last; r++, own += 4)
      store<f32>(to + 4 * r, load<f32>(own, TOTALS) - load<f32>(own, BELOW));
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
  const group = rowsTogether(columns);
  startClaims();
  for (let first = nextChunk() * step; first < rows; first = nextChunk() * step) {
    const last = min(rows, first + step);
    for (let r = first; r < last; r += group) {
      const some = min(group, last - r);
      sumRows(scratch, to + 4 * r * columns, from + 4 * r * columns, columns, some, index + 4 * r);
      for (let i = 0; i < some; i++) {
        const target = to + 4 * (r + i) * columns;
        const c = load<u32>(index + 4 * (r + i));
        const factor = load<f32>(scales + 4 * (r + i));
        const others = load<f32>(scratch + 4 * i, TOTALS);
        const total = others + load<f32>(scratch + 4 * i, LEFT_OUT);
        scale(target, columns, factor / total);
        if (c < (columns as u32)) store<f32>(target + 4 * c, -(others / total) * factor); // softmax - 1
      }
    }
  }
}

/** Rows that go through exp together: as many short ones as make up a piece. */
function rowsTogether(columns: i32): i32 {
  return columns > FEW ? 1 : PIECE / max(1, columns);
}

/**
 * The numbers of `rows` rows that may go together, the first row's at `own`. The exponentials, of each number less its row's largest, are
 * written to `to`, which may be the rows, or absent (0). That in the column which the row's word at `index` names, if there is an index,
 * is left out: in the sum, and as 0 in `to`.
 */
function sumRows(own: usize, to: usize, from: usize, columns: i32, rows: i32, index: usize): void {
  if (columns > FEW) sumLong(own, to, from, columns, index);
  else sumTogether(own, to, from, columns, rows, index);
}

/** One long row. The vector functions take whole vectors: the last few elements, and what is not kept, go through scratch. */
function sumLong(own: usize, to: usize, from: usize, columns: i32, index: usize): void {
  const largest = largestOf(from, columns);
  store<f32>(own, largest, LARGEST);
  store<f32>(own, 0, LEFT_OUT);
  let without = columnAt(index);
  let total: f64 = 0;
  for (let rest = columns; rest > 0; rest -= PIECE, from += 4 * PIECE, without -= PIECE) {
    const count = min(rest, PIECE);
    const at = to === 0 ? scratch : to;
    if (to === 0) expBelow(scratch, from, (4 * count + 15) & ~15, largest);
    else {
      const whole = count & ~3;
      expBelow(to, from, 4 * whole, largest);
      if (whole < count) {
        expBelow(scratch, from + 4 * whole, 16, largest);
        storeLanes(to + 4 * whole, v128.load(scratch), count - whole);
      }
      to += 4 * PIECE;
    }
    if (without < (count as u32)) leaveOut(own, at + 4 * without);
    total += sumRow<f32>(at, count);
  }
  store<f32>(own, <f32>total, TOTALS);
}

/** Short rows, whose exponentials stand one after the other in scratch. */
function sumTogether(own: usize, to: usize, from: usize, columns: i32, rows: i32, index: usize): void {
  let at = scratch;
  for (let r = 0; r < rows; r++, at += 4 * columns, from += 4 * columns) {
    const largest = largestOf(from, columns);
    store<f32>(own + 4 * r, largest, LARGEST);
    const most = f32x4.splat(largest);
    // Whole vectors: what one writes past its row's end is overwritten by the next.
    for (let c = 0; c < columns; c += 4) v128.store(at + 4 * c, f32x4.sub(v128.load(from + 4 * c), most));
  }
  expBelow(scratch, scratch, (4 * rows * columns + 15) & ~15, 0);
  at = scratch;
  for (const end = own + 4 * rows; own < end; own += 4, at += 4 * columns) {
    const without = columnAt(index);
    store<f32>(own, 0, LEFT_OUT);
    if (without < (columns as u32)) leaveOut(own, at + 4 * without);
    store<f32>(own, sumRow<f32>(at, columns), TOTALS);
    if (index !== 0) index += 4;
    if (to === 0) continue;
    copyWords(to, at, columns);
    to += 4 * columns;
  }
}

/** The column that the word at `index` names; none without an index. */
function columnAt(index: usize): u32 {
  return index === 0 ? u32.MAX_VALUE : load<u32>(index);
}

/** Puts 0 in the place of an exponential of the row with its numbers at `own`. */
function leaveOut(own: usize, at: usize): void {
  store<f32>(own, load<f32>(at), LEFT_OUT);
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

/** Of the totals of so many rows, whole vectors. */
function bytesOfTotals(rows: i32): i32 {
  return (4 * rows + 15) & ~15;
}

/** Multiplies a row in place. */
export function scale(at: usize, columns: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (; columns >= 4; columns -= 4, at += 16) v128.store(at, f32x4.mul(v128.load(at), factors));
  if (columns > 0) storeLanes(at, f32x4.mul(v128.load(at), factors), columns);
}
