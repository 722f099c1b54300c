// Sizes of the matrix product (Goto and van de Geijn's and BLIS's names), and why they are what they are.
import { PANEL } from "../isa/sizes";

// The micro-kernel keeps MR x NR sums in registers. x86-64 has 15 vector registers for V8: 6 x 8 takes 12 sums, 2 vectors of B and
// 1 of A. Without fused multiply-add a product needs one more, and 3 x 12 (9 + 3 + 1 + 1) is what fits best.
export const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 3;
export const NR: i32 = ASC_FEATURE_RELAXED_SIMD ? 8 : 12;

// So many rows left over by the tiles take less time one by one (micro-1x24.ts).
export const THIN: i32 = ASC_FEATURE_RELAXED_SIMD ? 3 : 1;

// A chunk, claimed by one thread, is at most MC x NC outputs: MC x KC words of A (96 kB) stay in L2 while panels of B pass
// through L1. Both are multiples of both tiles.
const MC = 96;
const NC = 480;

// Columns of a chunk from which on it pays to pack a transposed A.
export const PACK_COLUMNS = 96;

// Chunks are cut smaller until there are enough for 16 threads, but not below what is worth a claim (about a microsecond).
const ENOUGH = 16;
const MIN_ROWS = 6;
const MIN_COLUMNS = 48;
const MIN_PRODUCTS = 16384;

/** Rows of a chunk. Depends on the shape alone. */
export function chunkRows(batch: i32, m: i32, n: i32, k: i32): i32 {
  const products = min(n, NC) * min(k, MIN_PRODUCTS); // of a row, bounded: nothing overflows
  let rows = MC;
  while (rows > MIN_ROWS && rows >= m) rows >>= 1;
  if (rows < m) rows <<= 1;
  while (rows > MIN_ROWS && rows * products > MIN_PRODUCTS && batch * parts(m, rows) * parts(n, NC) < ENOUGH)
    rows >>= 1;
  return rows;
}

/** Columns of a chunk of so many rows: all of them (whole rows serve epilogues best) unless that leaves threads without work. */
export function chunkColumns(batch: i32, m: i32, n: i32, k: i32, rows: i32): i32 {
  const products = min(m, rows) * min(k, MIN_PRODUCTS); // of a column
  let columns = min(n, NC);
  while (
    columns > MIN_COLUMNS &&
    columns * products > MIN_PRODUCTS &&
    batch * parts(m, rows) * parts(n, columns) < ENOUGH
  ) {
    columns = wholePanels((columns + 1) >> 1);
  }
  return columns;
}

function parts(whole: i32, part: i32): i32 {
  return (whole + part - 1) / part;
}

/** Columns rounded up to PANEL, a multiple of every NR: what a panel buffer is sized for. */
export function wholePanels(n: i32): i32 {
  return ((n + PANEL - 1) / PANEL) * PANEL;
}
