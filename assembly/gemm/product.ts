// The product of some rows of A and columns of B on one thread, tile by tile: what a chunk of MATMUL is, and what other kernels may call
// on tiles of their own. The loops around the micro-kernel are those of Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication" (2008).
import { CLOSE, PANEL } from "../isa/sizes";
import { storeLanes } from "../simd";
import { depthOf, MR, NR, PACK_COLUMNS, PACK_ROWS, stripOf, TALL, THIN } from "./blocking";
import { direct } from "./direct";
import { row1x24 } from "./micro-1x24";
import { columns3x12, rows3x12 } from "./micro-3x12";
import { columns4x8, columns6x8, rows4x8, rows6x8 } from "./micro-6x8";
import { packRowStrips, packStrips } from "./pack";

/** What is multiplied, at the beginning of a frame: the caller writes all of it. Strides are bytes. */
@unmanaged
class Product {
  /** rows x columns numbers are written from here on, rows `rowC` apart. */
  c: usize;
  rowC: i32;
  /** A: the numbers of a row are `stepA` apart, rows `rowA`; a transposed one has rows of 4 apart. */
  a: usize;
  rowA: i32;
  stepA: i32;
  /** Strips of A for all of k (packStrips), or 0. */
  strips: usize;
  /** B: a panel has a row of `nr` every `stepB`, the next panel begins `across` on. Without panels both lie in B itself. */
  b: usize;
  stepB: i32;
  across: i32;
  nr: i32;
  rows: i32;
  columns: i32;
  /** More than 0. */
  k: i32;
  /** 1 if the product is added to what stands in C: a block of a longer sum. */
  adds: i32;
}

// Bytes of a frame: the Product, one tile, then strips of A for a block of k, if its numbers are put side by side here.
const FRAME_TILE = 64;
const FRAME_STRIPS = 256;

/** The product of the frame that begins there. */
export function productAt(frame: usize): Product {
  return changetype<Product>(frame);
}

/**
 * Computes a product in its frame, block after block of k:
 *
 *     B is `close`: all of a block fits the first cache       else: one panel of it does
 *       for each strip of mr rows of A                          for each panel of nr columns of B
 *         for each panel of B: a tile of C                        for each strip of A: a tile of C
 *
 * So close, A is read as it lies, once. Else, where enough panels read them, numbers of A are first put side by side in the frame
 * (`packs`): far apart, each column of a transposed A is a cache line of its own, and strides of powers of two evict one another.
 * Neighbouring tiles of the inner loop are one call (`count`), but a ragged one, which has fewer columns than a panel, goes by way of the
 * frame's tile.
 */
export function product(it: Product): void {
  const c = it.c;
  const ldc = it.rowC;
  const a = it.a;
  const rowA = it.rowA;
  const stepA = it.stepA;
  const ready = it.strips;
  const b = it.b;
  const stepB = it.stepB;
  const across = it.across;
  const nr = it.nr;
  const rows = it.rows;
  const columns = it.columns;
  const k = it.k;
  const adds = it.adds !== 0;
  const tile = changetype<usize>(it) + FRAME_TILE;
  const space = changetype<usize>(it) + FRAME_STRIPS;
  const mr = stripOf(nr);
  const tiled = nr === NR && rows % MR <= THIN ? rows - (rows % MR) : rows;
  const transposed = rowA === 4;
  const inPlace = across === 4 * nr; // a row of B may be as long as one of a panel
  const block = depthOf(k);
  const close = columns * min(k, block) <= CLOSE;
  const packs = ready === 0 && !close && columns >= (transposed ? PACK_COLUMNS : PACK_ROWS);
  const strips = packs || ready !== 0; // A is read from strips
  const byRows = !strips && !transposed;
  const nextB = across / nr; // from column to column
  const ldx = strips ? 4 * mr : byRows ? rowA : stepA;
  const most = close ? tiled : columns; // of the outer loop; the other one passes through the first cache
  const least = close ? columns : tiled;
  for (let p = 0; tiled > 0 && p < k; p += block) {
    const depth = min(block, k - p);
    const from = a + p * stepA;
    if (packs) {
      if (transposed) packStrips(space, from, stepA, tiled, depth, mr);
      else packRowStrips(space, from, rowA, tiled, depth, mr);
    }
    // Where this block of A begins, and the bytes from there to its next row.
    const x = packs ? space : ready !== 0 ? ready + 4 * mr * p : from;
    const nextX = packs ? 4 * depth : ready !== 0 ? 4 * k : rowA;
    const panel = b + p * stepB;
    // Bytes from a tile to the next of the inner loop.
    const alongA = close ? 0 : mr * nextX;
    const alongB = close ? across : 0;
    const alongC = close ? 4 * nr : mr * ldc;
    for (let outer = 0; outer < most; outer += close ? mr : nr) {
      let count = 1;
      for (let inner = 0; inner < least; inner += count * (close ? nr : mr)) {
        const i = close ? outer : inner;
        const j = close ? inner : outer;
        const y = c + i * ldc + 4 * j;
        const width = columns - j;
        const high = tiled - i;
        const ragged = width < nr;
        const z = ragged ? tile : y;
        const ldz = ragged ? 4 * nr : ldc;
        const more = adds || p > 0;
        count = ragged ? 1 : close ? width / nr : max(1, high / mr);
        const tileA = x + i * nextX;
        const tileB = panel + j * nextB;
        tiles(
          byRows,
          nr,
          tileA,
          ldx,
          tileB,
          stepB,
          depth,
          z,
          ldz,
          high,
          more && !ragged,
          count,
          alongA,
          alongB,
          alongC,
        );
        if (ragged) putEdge(y, ldc, z, ldz, min(high, mr), width, more);
      }
    }
  }
  // A few rows left over go one by one.
  if (inPlace) {
    direct(c + tiled * ldc, ldc, a + tiled * rowA, rowA, stepA, b, stepB, false, rows - tiled, columns, k, adds);
    return;
  }
  for (let i = tiled; i < rows; i++) {
    for (let p = 0; p < k; p += block)
      row(
        tile,
        c + i * ldc,
        a + i * rowA + p * stepA,
        stepA,
        b + p * stepB,
        columns,
        k,
        min(block, k - p),
        adds || p > 0,
      );
  }
}

/** Tiles of C from rows of A, or columns: of a transposed one, or of a strip. `high` is how many rows of C there are from here on. */
function tiles(
  byRows: bool,
  nr: i32,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  k: i32,
  c: usize,
  ldc: i32,
  high: i32,
  add: bool,
  count: i32,
  alongA: i32,
  alongB: i32,
  alongC: i32,
): void {
  if (nr === 12) {
    if (byRows) rows3x12(a, lda, b, ldb, k, c, ldc, high, add, count, alongA, alongB, alongC);
    else columns3x12(a, lda, b, ldb, k, c, ldc, high, add, count, alongA, alongB, alongC);
  } else if (TALL && high > 4) {
    if (byRows) rows6x8(a, lda, b, ldb, k, c, ldc, high, add, count, alongA, alongB, alongC);
    else columns6x8(a, lda, b, ldb, k, c, ldc, high, add, count, alongA, alongB, alongC);
  } else if (byRows) rows4x8(a, lda, b, ldb, k, c, ldc, high, add, count, alongA, alongB, alongC);
  else columns4x8(a, lda, b, ldb, k, c, ldc, high, add, count, alongA, alongB, alongC);
}

/** One row of C from one of A, its numbers `step` bytes apart, the last ones of it by way of a tile. */
function row(
  tile: usize,
  c: usize,
  a: usize,
  step: i32,
  panels: usize,
  columns: i32,
  k: i32,
  depth: i32,
  add: bool,
): void {
  const stride = 4 * NR * k;
  for (let j = 0; j < columns; j += PANEL) {
    const width = columns - j;
    const y = c + 4 * j;
    const z = width >= PANEL ? y : tile;
    row1x24(a, step, panels + 4 * j * k, stride, depth, z, add && width >= PANEL);
    if (width < PANEL) putEdge(y, 0, z, 0, 1, width, add);
  }
}

/** Stores, or adds, the rows x columns of a ragged tile that exist. */
function putEdge(c: usize, ldc: i32, tile: usize, ldt: i32, rows: i32, columns: i32, add: bool): void {
  for (let i = 0; i < rows; i++, c += ldc, tile += ldt) {
    for (let j = 0; j < columns; j += 4) {
      const at = c + 4 * j;
      let sum = v128.load(tile + 4 * j);
      if (add) sum = f32x4.add(v128.load(at), sum);
      if (columns - j >= 4) v128.store(at, sum);
      else storeLanes(at, sum, columns - j);
    }
  }
}
