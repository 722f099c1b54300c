// Rows picked by index, and their adjoint. Indices are i32; one out of range is never followed.
import { SCATTER_COLUMNS, SCATTER_WIDE } from "./isa/chunks";
import { gatherRows, scatterRows } from "./isa/cuts";
import { parts } from "./isa/integers";
import {
  GATHER_BYTES,
  GATHER_COUNT,
  GATHER_FROM,
  GATHER_INDEX,
  GATHER_ROWS,
  GATHER_TO,
  GATHER_WIDTH,
  SCATTER_COUNT,
  SCATTER_FROM,
  SCATTER_INDEX,
  SCATTER_ROWS,
  SCATTER_TO,
  SCATTER_WIDTH,
} from "./isa/slots";
import { nextChunk, scratch, startClaims } from "./parallel";
import { storeLanes } from "./simd";
import { copyWords, fill } from "./words";

const NOT_A_NUMBER = 0x7fc00000;

/** to[i, :] = from[index[i], :] (count x width). */
export function gather(pc: usize): void {
  const to = load<usize>(pc, 4 * GATHER_TO);
  const from = load<usize>(pc, 4 * GATHER_FROM);
  const index = load<usize>(pc, 4 * GATHER_INDEX);
  const count = load<i32>(pc, 4 * GATHER_COUNT);
  const width = load<i32>(pc, 4 * GATHER_WIDTH);
  const rows = load<u32>(pc, 4 * GATHER_ROWS);
  const words = load<i32>(pc, 4 * GATHER_BYTES) === 4;
  const rowBytes = words ? 4 * width : width;
  const rowsPerChunk = gatherRows(width);
  startClaims();
  for (let first = nextChunk() * rowsPerChunk; first < count; first = nextChunk() * rowsPerChunk) {
    const last = min(count, first + rowsPerChunk);
    for (let i = first; i < last; i++) {
      const row = load<u32>(index + 4 * i);
      const target = to + i * rowBytes;
      if (row >= rows) {
        if (words) fill(target, NOT_A_NUMBER, width);
        else memory.fill(target, 0, width);
      } else if (words) copyWords(target, from + row * rowBytes, width);
      else copyBytes(target, from + row * rowBytes, width);
    }
  }
}

function copyBytes(to: usize, from: usize, bytes: i32): void {
  const whole = to + (bytes & ~15);
  const end = to + bytes;
  for (; to < whole; to += 16, from += 16) v128.store(to, v128.load(from));
  for (; to < end; to++, from++) store<u8>(to, load<u8>(from));
}

/**
 * to[r, :] = sum of from[i, :] over all i with index[i] = r, in the order of i (from: count x width, to: rows x width).
 * A chunk owns a range of target rows and columns and looks at every index: the order of summation is the same for any number
 * of threads, and no two threads write to one row.
 */
export function scatterAdd(pc: usize): void {
  const to = load<usize>(pc, 4 * SCATTER_TO);
  const from = load<usize>(pc, 4 * SCATTER_FROM);
  const index = load<usize>(pc, 4 * SCATTER_INDEX);
  const count = load<i32>(pc, 4 * SCATTER_COUNT);
  const width = load<i32>(pc, 4 * SCATTER_WIDTH);
  const rows = load<i32>(pc, 4 * SCATTER_ROWS);
  if (rows === 0 || width === 0) return;
  const part = scatterRows(rows);
  const ranges = parts(rows, part);
  const chunks = ranges * parts(width, SCATTER_COLUMNS);
  startClaims();
  for (let chunk = nextChunk(); chunk < chunks; chunk = nextChunk()) {
    const firstRow = (chunk % ranges) * part;
    const partRows = min(rows - firstRow, part);
    const firstColumn = (chunk / ranges) * SCATTER_COLUMNS;
    const columns = min(width - firstColumn, SCATTER_COLUMNS);
    const target = to + 4 * (firstRow * width + firstColumn);
    if (partRows * columns <= SCATTER_WIDE) {
      addWide(target, from + 4 * firstColumn, index, count, width, firstRow, partRows, columns);
      continue;
    }
    for (let row = 0; row < partRows; row++) fill(target + 4 * row * width, 0, columns);
    for (let i = 0; i < count; i++) {
      const row = load<i32>(index + 4 * i) - firstRow;
      if ((row as u32) < (partRows as u32))
        addRow(target + 4 * row * width, from + 4 * (i * width + firstColumn), columns);
    }
  }
}

/** The same for few rows, on which many fall: their sums are kept in float64, in scratch. */
function addWide(
  to: usize,
  from: usize,
  index: usize,
  count: i32,
  width: i32,
  firstRow: i32,
  rows: i32,
  columns: i32,
): void {
  memory.fill(scratch, 0, 8 * rows * columns);
  for (let i = 0; i < count; i++, from += 4 * width) {
    const row = load<i32>(index + 4 * i) - firstRow;
    if ((row as u32) >= (rows as u32)) continue;
    const sums = scratch + 8 * row * columns;
    let c = 0;
    for (; c < columns - 1; c += 2) {
      const pair = f64x2.promote_low_f32x4(v128.load64_zero(from + 4 * c));
      v128.store(sums + 8 * c, f64x2.add(v128.load(sums + 8 * c), pair));
    }
    if (c < columns) store<f64>(sums + 8 * c, load<f64>(sums + 8 * c) + <f64>load<f32>(from + 4 * c));
  }
  for (let row = 0; row < rows; row++) {
    const sums = scratch + 8 * row * columns;
    const target = to + 4 * row * width;
    let c = 0;
    for (; c < columns - 1; c += 2)
      v128.store64_lane(target + 4 * c, f32x4.demote_f64x2_zero(v128.load(sums + 8 * c)), 0);
    if (c < columns) store<f32>(target + 4 * c, <f32>load<f64>(sums + 8 * c));
  }
}

function addRow(to: usize, from: usize, columns: i32): void {
  const end = to + 4 * (columns & ~3);
  for (; to < end; to += 16, from += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
  storeLanes(to, f32x4.add(v128.load(to), v128.load(from)), columns & 3);
}
