// COPY: strided words to strided words, any rank. The last two dimensions (rows x columns) are done by an inner loop fitted to
// their strides, those before them by counting. Broadcasts have a stride of 0 on the reading side, flips a negative one.
import { copyColumns, copyOuter, copyRows, copySwaps, copyTurns } from "./isa/cuts";
import { parts } from "./isa/integers";
import { COPY_DIMENSION_WORDS, COPY_FIRST, COPY_FROM, COPY_RANK, COPY_TO } from "./isa/slots";
import { nextChunk, startClaims } from "./parallel";
import { transpose } from "./transpose";
import { copyWords, fill } from "./words";

const DIMENSION = 4 * COPY_DIMENSION_WORDS;

/** to[sum(index * toStride)] = from[sum(index * fromStride)]; strides in words. */
export function copy(pc: usize): void {
  const to = load<usize>(pc, 4 * COPY_TO);
  const from = load<usize>(pc, 4 * COPY_FROM);
  const rank = load<i32>(pc, 4 * COPY_RANK);
  const dimensions = pc + 4 * COPY_FIRST;
  // The inner two dimensions; missing ones have size 1.
  const last = dimensions + (rank - 1) * DIMENSION;
  let rows = rank > 1 ? size(last - DIMENSION) : 1;
  let rowTo = rank > 1 ? toStride(last - DIMENSION) : 0;
  let rowFrom = rank > 1 ? fromStride(last - DIMENSION) : 0;
  let columns = rank > 0 ? size(last) : 1;
  let columnTo = rank > 0 ? toStride(last) : 0;
  let columnFrom = rank > 0 ? fromStride(last) : 0;
  if (copySwaps(rowTo, columnTo)) {
    let swap = rows;
    rows = columns;
    columns = swap;
    swap = rowTo;
    rowTo = columnTo;
    columnTo = swap;
    swap = rowFrom;
    rowFrom = columnFrom;
    columnFrom = swap;
  }
  let outer = 1;
  for (let d = 0; d < rank - 2; d++) outer *= size(dimensions + d * DIMENSION);
  if (outer === 0 || rows === 0 || columns === 0) return;

  const transposed = copyTurns(columnTo, rowFrom);
  const boxColumns = copyColumns(columns, transposed);
  const boxRows = copyRows(rows, boxColumns);
  const boxOuter = copyOuter(rows, columns, boxRows, boxColumns);
  const columnChunks = parts(columns, boxColumns);
  const rowChunks = parts(rows, boxRows);
  const chunks = columnChunks * rowChunks * parts(outer, boxOuter);
  startClaims();
  for (let chunk = nextChunk(); chunk < chunks; chunk = nextChunk()) {
    const column = (chunk % columnChunks) * boxColumns;
    const row = ((chunk / columnChunks) % rowChunks) * boxRows;
    const firstOuter = (chunk / columnChunks / rowChunks) * boxOuter;
    const lastOuter = min(outer, firstOuter + boxOuter);
    const width = min(boxColumns, columns - column);
    const height = min(boxRows, rows - row);
    for (let o = firstOuter; o < lastOuter; o++) {
      let target = to + 4 * (row * rowTo + column * columnTo);
      let source = from + 4 * (row * rowFrom + column * columnFrom);
      for (let d = rank - 3, rest = o; d >= 0; d--) {
        const dimension = dimensions + d * DIMENSION;
        const count = size(dimension);
        target += 4 * (rest % count) * toStride(dimension);
        source += 4 * (rest % count) * fromStride(dimension);
        rest /= count;
      }
      if (transposed) transpose(target, 4 * rowTo, source, 4 * columnFrom, width, height);
      else box(target, source, height, width, 4 * rowTo, 4 * rowFrom, 4 * columnTo, 4 * columnFrom);
    }
  }
}

/** Elements of a dimension. */
function size(dimension: usize): i32 {
  return load<i32>(dimension);
}

/** Words from one index of a dimension to the next on the writing side. */
function toStride(dimension: usize): i32 {
  return load<i32>(dimension, 4);
}

/** Words from one index of a dimension to the next on the reading side. */
function fromStride(dimension: usize): i32 {
  return load<i32>(dimension, 8);
}

/** rows x columns words, strides in bytes. */
function box(
  to: usize,
  from: usize,
  rows: i32,
  columns: i32,
  rowTo: i32,
  rowFrom: i32,
  columnTo: i32,
  columnFrom: i32,
): void {
  for (let r = 0; r < rows; r++) {
    if (columnTo === 4 && columnFrom === 4) copyWords(to, from, columns);
    else if (columnTo === 4 && columnFrom === 0) fill(to, load<u32>(from), columns);
    else strided(to, from, columns, columnTo, columnFrom);
    to += rowTo;
    from += rowFrom;
  }
}

function strided(to: usize, from: usize, count: i32, toStep: i32, fromStep: i32): void {
  for (let i = 0; i < count; i++) {
    store<u32>(to, load<u32>(from));
    to += toStep;
    from += fromStep;
  }
}
