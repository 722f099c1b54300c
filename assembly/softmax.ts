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

// In scratch, behind a piece: numbers of the rows of a chunk.
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
      sumRows(0, target, from + 4 * r * columns, columns, some, 0);
      for (let i = 0; i < some; i++) scale(target + 4 * i * columns, columns, 1 / numberOf(i, TOTALS));
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
      sumRows(r - first, 0, from + 4 * r * columns, columns, min(group, last - r), 0);
    log(scratch + TOTALS, scratch + TOTALS, bytesOfTotals(last - first));
    for (let r = first; r < last; r++) {
      const largest = numberOf(r - first, LARGEST);
      // An infinite maximum is the result, unless there is a NaN; the sum would always be one.
      const result =
        abs<f32>(largest) === Infinity
          ? maxRow<f32>(from + 4 * r * columns, columns)
          : largest + numberOf(r - first, TOTALS);
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
      sumRows(r - first, 0, from + 4 * r * columns, columns, min(group, last - r), index + 4 * r);
    for (let r = first; r < last; r++) {
      const i = r - first;
      const c = load<u32>(index + 4 * r);
      // Differences to the largest are small and exact where it matters: log(total) - (x - largest), not (log(total) + largest) - x.
      const below: f32 = c < (columns as u32) ? load<f32>(from + 4 * (r * columns + c)) - numberOf(i, LARGEST) : NaN;
      const others = numberOf(i, TOTALS);
      setNumber(i, TOTALS, below === 0 ? others : others + numberOf(i, LEFT_OUT) - 1);
      setNumber(i, BELOW, below);
    }
    log1p(scratch + TOTALS, scratch + TOTALS, bytesOfTotals(last - first));
    for (let r = first; r < last; r++) store<f32>(to + 4 * r, numberOf(r - first, TOTALS) - numberOf(r - first, BELOW));
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
      sumRows(0, to + 4 * r * columns, from + 4 * r * columns, columns, some, index + 4 * r);
      for (let i = 0; i < some; i++) {
        const target = to + 4 * (r + i) * columns;
        const c = load<u32>(index + 4 * (r + i));
        const factor = load<f32>(scales + 4 * (r + i));
        const others = numberOf(i, TOTALS);
        const total = others + numberOf(i, LEFT_OUT);
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

/** A number of the chunk's row i: of those that begin at TOTALS, LEFT_OUT, LARGEST or BELOW. */
function numberOf(i: i32, which: usize): f32 {
  return load<f32>(scratch + 4 * i + which);
}

function setNumber(i: i32, which: usize, value: f32): void {
  store<f32>(scratch + 4 * i + which, value);
}

/**
 * The numbers of `rows` rows, which may go together: row i of the chunk and those after it. The exponentials, of each number less its
 * row's largest, are written to `to`, which may be the rows, or absent (0). That in the column which the row's word at `index` names, if
 * there is an index, is left out: in the sum, and as 0 in `to`.
 */
function sumRows(i: i32, to: usize, from: usize, columns: i32, rows: i32, index: usize): void {
  if (columns > FEW) {
    const largest = largestOf(from, columns);
    setNumber(i, LARGEST, largest);
    setNumber(i, LEFT_OUT, 0);
    setNumber(i, TOTALS, exponentials(i, to, from, columns, largest, columnAt(index)));
    return;
  }
  exponentialsTogether(i, from, columns, rows);
  for (let own = scratch, end = i + rows; i < end; i++, own += 4 * columns) {
    const without = columnAt(index);
    setNumber(i, LEFT_OUT, 0);
    if (without < (columns as u32)) leaveOut(i, own + 4 * without);
    setNumber(i, TOTALS, sumRow<f32>(own, columns));
    if (index !== 0) index += 4;
    if (to === 0) continue;
    copyWords(to, own, columns);
    to += 4 * columns;
  }
}

/** The column that the word at `index` names; none without an index. */
function columnAt(index: usize): u32 {
  return index === 0 ? u32.MAX_VALUE : load<u32>(index);
}

/** The exponentials of short rows, one after the other in scratch; and their largest. */
function exponentialsTogether(i: i32, from: usize, columns: i32, rows: i32): void {
  const end = i + rows;
  for (let to = scratch; i < end; i++, to += 4 * columns, from += 4 * columns) {
    const largest = largestOf(from, columns);
    setNumber(i, LARGEST, largest);
    const most = f32x4.splat(largest);
    // Whole vectors: what one writes past its row's end is overwritten by the next.
    for (let c = 0; c < columns; c += 4) v128.store(to + 4 * c, f32x4.sub(v128.load(from + 4 * c), most));
  }
  expBelow(scratch, scratch, (4 * rows * columns + 15) & ~15, 0);
}

/**
 * Sum of exp(from - largest) over row i; the exponentials themselves go to `to`, which may be `from` or absent (0). The vector
 * functions take whole vectors: the last few elements, and what is not kept, go through scratch.
 */
function exponentials(i: i32, to: usize, from: usize, columns: i32, largest: f32, without: u32): f32 {
  let total: f64 = 0;
  for (let rest = columns; rest > 0; rest -= PIECE, from += 4 * PIECE, without -= PIECE) {
    const count = min(rest, PIECE);
    if (to === 0) {
      expBelow(scratch, from, (4 * count + 15) & ~15, largest);
      if (without < (count as u32)) leaveOut(i, scratch + 4 * without);
      total += sumRow<f32>(scratch, count);
      continue;
    }
    const whole = count & ~3;
    expBelow(to, from, 4 * whole, largest);
    if (whole < count) {
      expBelow(scratch, from + 4 * whole, 16, largest);
      storeLanes(to + 4 * whole, v128.load(scratch), count - whole);
    }
    if (without < (count as u32)) leaveOut(i, to + 4 * without);
    total += sumRow<f32>(to, count);
    to += 4 * PIECE;
  }
  return <f32>total;
}

/** Puts 0 in the place of an exponential of row i. */
function leaveOut(i: i32, at: usize): void {
  setNumber(i, LEFT_OUT, load<f32>(at));
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
function scale(at: usize, columns: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (; columns >= 4; columns -= 4, at += 16) v128.store(at, f32x4.mul(v128.load(at), factors));
  if (columns > 0) storeLanes(at, f32x4.mul(v128.load(at), factors), columns);
}
