// MATMUL: C = A . B over a batch, B in panels (pack.ts), A in strips (packed so, or by the chunk) or where it lies. The loops around the
// micro-kernel are those of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008).
// Each output is summed over k in order within blocks (depthOf), and the blocks in order: the same bits for any tile or thread.
import { MC, NC } from "../isa/chunks";
import { cutProduct, productColumns, productRows } from "../isa/cuts";
import { parts } from "../isa/integers";
import { wholePanels } from "../isa/panels";
import { CLOSE, PANEL, SCRATCH_TILE } from "../isa/sizes";
import {
  MATMUL_A,
  MATMUL_B,
  MATMUL_BATCH,
  MATMUL_C,
  MATMUL_K,
  MATMUL_M,
  MATMUL_MAP,
  MATMUL_N,
  MATMUL_PANELS,
  MATMUL_STRIDE_A,
  MATMUL_STRIDE_B,
  MATMUL_STRIPS,
  MATMUL_TRANSPOSED,
  MATMUL_WORDS,
} from "../isa/slots";
import { mapRange } from "../map";
import { nextChunk, scratch, startClaims, threads } from "../parallel";
import { storeLanes } from "../simd";
import { fill } from "../words";
import {
  depthOf,
  FEW_LYING,
  FEW_PRODUCTS,
  MR,
  NR,
  PACK_COLUMNS,
  PACK_ROWS,
  panelOf,
  stripOf,
  TALL,
  THIN,
} from "./blocking";
import { direct } from "./direct";
import { row1x24 } from "./micro-1x24";
import { columns3x12, rows3x12 } from "./micro-3x12";
import { columns4x8, columns6x8, rows4x8, rows6x8 } from "./micro-6x8";
import { packColumns, packRowStrips, packStrips } from "./pack";

/** C[b] = A[b] . B[b] (m x k . k x n), and the epilogue on each finished chunk. */
export function matmul(pc: usize): void {
  const c = load<usize>(pc, 4 * MATMUL_C);
  const a = load<usize>(pc, 4 * MATMUL_A);
  const panels = load<usize>(pc, 4 * MATMUL_PANELS);
  const strips = load<usize>(pc, 4 * MATMUL_STRIPS);
  const batch = load<i32>(pc, 4 * MATMUL_BATCH);
  const m = load<i32>(pc, 4 * MATMUL_M);
  const n = load<i32>(pc, 4 * MATMUL_N);
  const k = load<i32>(pc, 4 * MATMUL_K);
  const flags = load<i32>(pc, 4 * MATMUL_TRANSPOSED);
  const transposed = (flags & 1) !== 0;
  const lies = (flags & 2) !== 0; // B transposed
  const rowA = transposed ? 4 : 4 * k;
  const stepA = transposed ? 4 * m : 4;
  const b = load<usize>(pc, 4 * MATMUL_B);
  const strideB = load<i32>(pc, 4 * MATMUL_STRIDE_B);
  const strideA = load<i32>(pc, 4 * MATMUL_STRIDE_A);
  const stridePanels = strideB !== 0 ? k * wholePanels(n) : 0;
  const own = panels === 0 && lies && n * k <= CLOSE && n >= FEW_LYING; // panels in scratch, chunk by chunk
  const epilogue = load<i32>(pc, 4 * MATMUL_MAP) > 0;
  if (m === 0 || n === 0) return;
  if (panels === 0 && batch === 1 && m <= MC && n <= NC && m * n * k <= FEW_PRODUCTS && k > 0) {
    // One chunk, of which nothing need be found out.
    startClaims();
    if (nextChunk() !== 0) return;
    directly(pc, c, a, 0, 0, 0, m, n);
    if (epilogue) mapRange(pc + 4 * MATMUL_WORDS, 0, m * n);
    return;
  }

  const strideStrips = strideA !== 0 ? k * wholePanels(m) : 0;
  const nr = panelOf(n);
  const cut = cutProduct(batch, m, n, k, transposed && strips === 0, epilogue, stripOf(nr), threads === 1);
  const mc = productRows(cut);
  const nc = productColumns(cut);
  const down = m <= mc ? 1 : parts(m, mc);
  const across = n <= nc ? 1 : parts(n, nc);
  const chunks = batch * down * across;
  startClaims();
  for (let chunk = nextChunk(); chunk < chunks; chunk = nextChunk()) {
    // Divisions are a good part of the time of a very small product.
    const matrix = down * across === 1 ? chunk : chunk / (down * across);
    const row = down === 1 ? 0 : (chunk % down) * mc;
    const column = across === 1 ? 0 : ((chunk / down) % across) * nc;
    const rows = min(mc, m - row);
    const columns = min(nc, n - column);
    const first = (matrix * m + row) * n + column; // of the flat elements of C
    const target = c + 4 * first;
    const panel = panels + 4 * (matrix * stridePanels + column * k);
    const source = a + 4 * matrix * strideA;
    const x = source + row * rowA;
    const lying = b + 4 * (matrix * strideB + column);
    const ready: usize = strips === 0 ? 0 : strips + 4 * (matrix * strideStrips + row * k);
    if (k === 0) zero(target, 4 * n, rows, columns);
    else if (panels === 0 && (m <= 2 || (lies && !own)))
      directly(pc, target, source, row, column, matrix, rows, columns);
    else if (own) {
      packColumns(scratch, nr, b + 4 * (matrix * strideB + column * k), k, columns);
      product(target, 4 * n, x, rowA, stepA, ready, scratch, 4 * nr, 4 * nr * k, nr, rows, columns, k);
    } else if (panels === 0) product(target, 4 * n, x, rowA, stepA, ready, lying, 4 * n, 4 * nr, nr, rows, columns, k);
    else product(target, 4 * n, x, rowA, stepA, ready, panel, 4 * nr, 4 * nr * k, nr, rows, columns, k);
    if (epilogue) {
      const map = pc + 4 * MATMUL_WORDS;
      if (columns === n) mapRange(map, first, first + rows * n);
      else for (let r = 0; r < rows; r++) mapRange(map, first + r * n, first + r * n + columns);
    }
  }
}

/** The rows and columns of C from `row` and `column` on, without panels. */
function directly(pc: usize, c: usize, a: usize, row: i32, column: i32, matrix: i32, rows: i32, columns: i32): void {
  const m = load<i32>(pc, 4 * MATMUL_M);
  const n = load<i32>(pc, 4 * MATMUL_N);
  const k = load<i32>(pc, 4 * MATMUL_K);
  const flags = load<i32>(pc, 4 * MATMUL_TRANSPOSED);
  const b = load<usize>(pc, 4 * MATMUL_B) + 4 * matrix * load<i32>(pc, 4 * MATMUL_STRIDE_B);
  const lda = (flags & 1) !== 0 ? 4 : 4 * k;
  const step = (flags & 1) !== 0 ? 4 * m : 4;
  if ((flags & 2) !== 0) direct(c, 4 * n, a + row * lda, lda, step, b + 4 * column * k, 4 * k, true, rows, columns, k);
  else direct(c, 4 * n, a + row * lda, lda, step, b + 4 * column, 4 * n, false, rows, columns, k);
}

/**
 * rows x columns of C from as many rows of A and columns of B. The numbers of a row of A are `stepA` bytes apart, its rows `rowA`; a
 * transposed one has stepA > rowA. A panel of B has a row of `nr` every `stepB` bytes, the next panel begins `across` bytes on: where
 * there are no panels, both lie in B itself.
 *
 * Where B stays in the first cache while all rows of A pass, A is read as it lies, once. Else one panel stays there, and where enough
 * panels read them, numbers of A are first put side by side in scratch: far apart, each column of a transposed A is a cache line of
 * its own, and strides of powers of two evict one another. `ready` is where that has been done, for all of k, or 0.
 */
function product(
  c: usize,
  ldc: i32,
  a: usize,
  rowA: i32,
  stepA: i32,
  ready: usize,
  b: usize,
  stepB: i32,
  across: i32,
  nr: i32,
  rows: i32,
  columns: i32,
  k: i32,
): void {
  const mr = stripOf(nr);
  const tiled = nr === NR && rows % MR <= THIN ? rows - (rows % MR) : rows;
  const transposed = rowA === 4;
  const inPlace = across === 4 * nr; // a row of B may be as long as one of a panel
  const block = depthOf(k);
  const close = columns * min(k, block) <= CLOSE;
  const packs = ready === 0 && !close && columns >= (transposed ? PACK_COLUMNS : PACK_ROWS);
  const strips = packs || ready !== 0;
  const byRows = !strips && !transposed;
  const nextB = across / nr; // from column to column
  const ldx = strips ? 4 * mr : byRows ? rowA : stepA;
  const most = close ? tiled : columns; // of the outer loop; the other one passes through the first cache
  const least = close ? columns : tiled;
  for (let p = 0; tiled > 0 && p < k; p += block) {
    const depth = min(block, k - p);
    const from = a + p * stepA;
    if (packs) {
      if (transposed) packStrips(scratch, from, stepA, tiled, depth, mr);
      else packRowStrips(scratch, from, rowA, tiled, depth, mr);
    }
    const x = packs ? scratch : ready !== 0 ? ready + 4 * mr * p : from;
    const nextX = packs ? 4 * depth : ready !== 0 ? 4 * k : rowA;
    const panel = b + p * stepB;
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
        const z = ragged ? scratch + 4 * SCRATCH_TILE : y;
        const ldz = ragged ? 4 * nr : ldc;
        const add = p > 0 && !ragged;
        count = ragged ? 1 : close ? width / nr : max(1, high / mr);
        const tileA = x + i * nextX;
        const tileB = panel + j * nextB;
        tiles(byRows, nr, tileA, ldx, tileB, stepB, depth, z, ldz, high, add, count, alongA, alongB, alongC);
        if (ragged) putEdge(y, ldc, z, ldz, min(high, mr), width, p > 0);
      }
    }
  }
  // A few rows left over go one by one.
  if (inPlace) {
    direct(c + tiled * ldc, ldc, a + tiled * rowA, rowA, stepA, b, stepB, false, rows - tiled, columns, k);
    return;
  }
  for (let i = tiled; i < rows; i++) {
    for (let p = 0; p < k; p += block)
      row(c + i * ldc, a + i * rowA + p * stepA, stepA, b + p * stepB, columns, k, min(block, k - p), p > 0);
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

/** One row of C from one of A, its numbers `step` bytes apart. */
function row(c: usize, a: usize, step: i32, panels: usize, columns: i32, k: i32, depth: i32, add: bool): void {
  const stride = 4 * NR * k;
  for (let j = 0; j < columns; j += PANEL) {
    const width = columns - j;
    const y = c + 4 * j;
    const z = width >= PANEL ? y : scratch + 4 * SCRATCH_TILE;
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

/** rows x columns of C without any product. */
function zero(c: usize, ldc: i32, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++, c += ldc) fill(c, 0, columns);
}
