// Sizes of the matrix product (Goto and van de Geijn's and BLIS's names), and why they are what they are.
import { ENOUGH, FEW_COLUMNS, FEW_COLUMNS_PACKED, FEW_ROWS, LARGE, MANY, MC, NC, SEGMENT, SMALL } from "../isa/chunks";
import { CONTROL_NARROW, KC, PANEL } from "../isa/sizes";
import { threads } from "../parallel";

// The micro-kernel keeps MR x NR sums in registers. x86-64 has 15 vector registers for V8: 6 x 8 takes 12 sums, 2 vectors of B and
// 1 of A. Without fused multiply-add a product needs one more, and 3 x 12 (9 + 3 + 1 + 1) is what fits best.
export const TALL = ASC_FEATURE_RELAXED_SIMD;
export const MR: i32 = TALL ? 6 : 3;
export const NR: i32 = TALL ? 8 : 12;

// Both widths of panels are there: B has the second one where that pads it less (panelOf).
export const SECOND_MR: i32 = TALL ? 3 : 4;
export const SECOND_NR: i32 = TALL ? 12 : 8;

// So many rows left over by the tiles take less time one by one (micro-1x24.ts).
export const THIN: i32 = ASC_FEATURE_RELAXED_SIMD ? 2 : 1;

// Columns of a chunk from which on it pays to put the rows of A side by side in strips, and those of a transposed A.
export const PACK_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 48 : 144; // 3 x 12 uses a row of A seldom
export const PACK_COLUMNS = 96;

// Columns of a transposed B from which on a chunk packs them for itself, if it has no panels (so many fit into scratch).
export const FEW_LYING = 4;

// Products up to which no tile pays.
export const FEW_PRODUCTS = 4096;

/** Rows and columns of the chunks that cutChunks() found. */
export let chunkRows: i32 = 0;
export let chunkColumns: i32 = 0;

/** Depth of the blocks that a sum over k is cut into, the last one excepted: as equal as can be, whole turns of the micro-kernels' loop. */
export function depthOf(k: i32): i32 {
  return k <= KC ? k : whole(parts(k, parts(k, KC)), 8);
}

/** How to cut a product: for one thread not smaller than is best for its caches. `columnwise`: chunks pack columns of A. */
export function cutChunks(batch: i32, m: i32, n: i32, k: i32, columnwise: bool, epilogue: bool): void {
  const few = columnwise ? FEW_COLUMNS_PACKED : FEW_COLUMNS;
  const depth = min(k, 1 << 15); // so that no product of sizes overflows
  const most = k > KC / 2 ? MC / 2 : MC;
  const unit = TALL || panelOf(n) === NR ? 6 : SECOND_MR; // so that no tile lacks rows
  let rows = whole(parts(m, parts(m, most)), unit);
  let columns = n <= NC ? n : wholePanels(parts(n, parts(n, NC)));
  while (true) {
    const work = min(m, rows) * columns * depth;
    if (work <= SMALL || (threads === 1 && work <= LARGE)) break;
    const chunks = batch * parts(m, rows) * parts(n, columns);
    if (chunks >= MANY || (chunks >= ENOUGH && (work <= LARGE || rows <= FEW_ROWS))) break;
    const half = wholePanels(columns >> 1);
    const wide = columns > few && (!epilogue || half * depth >= SEGMENT);
    if (wide && rows <= FEW_ROWS) columns = half;
    else if (rows > unit) rows = whole(rows >> 1, unit);
    else break;
  }
  chunkRows = rows;
  chunkColumns = columns;
}

/** Columns of the panels of B, which has n: NR, or SECOND_NR if that makes a twelfth less of them, or if NR does not suit the engine. */
export function panelOf(n: i32): i32 {
  if (!TALL && load<i32>(CONTROL_NARROW) !== 0) return SECOND_NR;
  return 12 * whole(n, SECOND_NR) <= 11 * whole(n, NR) ? SECOND_NR : NR;
}

/** Rows of a strip of A that meets panels of nr columns. */
export function stripOf(nr: i32): i32 {
  return nr === NR ? MR : SECOND_MR;
}

/** Columns rounded up to PANEL, a multiple of both widths of panels: what a panel buffer is sized for. */
export function wholePanels(n: i32): i32 {
  return whole(n, PANEL);
}

/** x rounded up to a multiple. */
function whole(x: i32, multiple: i32): i32 {
  return parts(x, multiple) * multiple;
}

function parts(total: i32, part: i32): i32 {
  return (total + part - 1) / part;
}
