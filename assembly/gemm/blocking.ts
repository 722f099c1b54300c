// Sizes of the matrix product (Goto and van de Geijn's and BLIS's names), and why they are what they are.
import { panelFor, tileRows } from "../isa/cuts";
import { parts, upTo } from "../isa/integers";
import { NARROW_PANEL, TALL_ROWS, WIDE_PANEL, WIDE_ROWS } from "../isa/panels";
import { CONTROL_NARROW, KC } from "../isa/sizes";

// The micro-kernel keeps MR x NR sums in registers. x86-64 has 15 vector registers for V8: 6 x 8 takes 12 sums, 2 vectors of B and
// 1 of A. Without fused multiply-add a product needs one more, and 3 x 12 (9 + 3 + 1 + 1) is what fits best.
export const TALL = ASC_FEATURE_RELAXED_SIMD;
export const MR: i32 = TALL ? TALL_ROWS : WIDE_ROWS;
export const NR: i32 = TALL ? NARROW_PANEL : WIDE_PANEL;

// So many rows left over by the tiles take less time one by one (micro-1x24.ts).
export const THIN: i32 = ASC_FEATURE_RELAXED_SIMD ? 2 : 1;

// Columns of a chunk from which on it pays to put the rows of A side by side in strips, and those of a transposed A.
export const PACK_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 48 : 144; // 3 x 12 uses a row of A seldom
export const PACK_COLUMNS = 96;

// Columns of a transposed B from which on a chunk packs them for itself, if it has no panels (so many fit into scratch).
export const FEW_LYING = 4;

// Rows of A from which on it pays to do the same with a B whose rows lie apart: as they lie, they evict one another from the first cache.
export const MANY_ROWS = 24;

// Products up to which no tile pays.
export const FEW_PRODUCTS = 4096;

/** Depth of the blocks that a sum over k is cut into, the last one excepted: as equal as can be, whole turns of the micro-kernels' loop. */
export function depthOf(k: i32): i32 {
  return k <= KC ? k : upTo(parts(k, parts(k, KC)), 8);
}

/** Columns of the panels of B, which has n: both widths are there, for where the other one pads B less, or NR does not suit the engine. */
export function panelOf(n: i32): i32 {
  return !TALL && load<i32>(CONTROL_NARROW) !== 0 ? NARROW_PANEL : panelFor(n, NR);
}

/** Rows of a strip of A that meets panels of nr columns. */
export function stripOf(nr: i32): i32 {
  return tileRows(nr, NR);
}
