// MATMUL: C = A . B over a batch, chunk by chunk, B in panels (pack.ts), A in strips (packed so, or by the chunk) or where it lies.
// Each output is summed over k in order within blocks (depthOf), and the blocks in order: the same bits for any tile or thread.
import { MC, NC } from "../isa/chunks";
import { cutProduct, productColumns, productRows } from "../isa/cuts";
import { parts } from "../isa/integers";
import { wholePanels } from "../isa/panels";
import { CLOSE } from "../isa/sizes";
import {
  MATMUL_A,
  MATMUL_B,
  MATMUL_BATCH,
  MATMUL_C,
  MATMUL_HEAD_A,
  MATMUL_HEAD_B,
  MATMUL_HEAD_C,
  MATMUL_HEADS,
  MATMUL_K,
  MATMUL_M,
  MATMUL_MAP,
  MATMUL_N,
  MATMUL_PANELS,
  MATMUL_ROW_A,
  MATMUL_ROW_B,
  MATMUL_ROW_C,
  MATMUL_STRIDE_A,
  MATMUL_STRIDE_B,
  MATMUL_STRIDE_C,
  MATMUL_STRIPS,
  MATMUL_TRANSPOSED,
  MATMUL_WORDS,
} from "../isa/slots";
import { mapRange } from "../map";
import { nextChunk, scratch, startClaims, threads } from "../parallel";
import { fill } from "../words";
import { FEW_LYING, FEW_PRODUCTS, MANY_ROWS, panelOf, stripOf } from "./blocking";
import { direct } from "./direct";
import { packColumns, packPanels } from "./pack";
import { product, productAt } from "./product";

/** C[b, h] = A[b, h] . B[b, h] (m x k . k x n), and the epilogue on each finished chunk. */
export function matmul(pc: usize): void {
  const c = load<usize>(pc, 4 * MATMUL_C);
  const a = load<usize>(pc, 4 * MATMUL_A);
  const b = load<usize>(pc, 4 * MATMUL_B);
  const panels = load<usize>(pc, 4 * MATMUL_PANELS);
  const strips = load<usize>(pc, 4 * MATMUL_STRIPS);
  const heads = load<i32>(pc, 4 * MATMUL_HEADS);
  const matrices = load<i32>(pc, 4 * MATMUL_BATCH) * heads;
  const m = load<i32>(pc, 4 * MATMUL_M);
  const n = load<i32>(pc, 4 * MATMUL_N);
  const k = load<i32>(pc, 4 * MATMUL_K);
  const flags = load<i32>(pc, 4 * MATMUL_TRANSPOSED);
  const transposed = (flags & 1) !== 0;
  const lies = (flags & 2) !== 0; // B transposed
  // Bytes from row to row, as they are stored.
  const lda = 4 * load<i32>(pc, 4 * MATMUL_ROW_A);
  const ldb = 4 * load<i32>(pc, 4 * MATMUL_ROW_B);
  const ldc = 4 * load<i32>(pc, 4 * MATMUL_ROW_C);
  const rowA = transposed ? 4 : lda;
  const stepA = transposed ? lda : 4;
  // Panels in scratch, chunk by chunk.
  const own = panels === 0 && n * k <= CLOSE && n >= FEW_LYING && (lies || (m >= MANY_ROWS && ldb !== 4 * n));
  const epilogue = load<i32>(pc, 4 * MATMUL_MAP) > 0;
  if (m === 0 || n === 0) return;
  if (panels === 0 && matrices === 1 && m <= MC && n <= NC && m * n * k <= FEW_PRODUCTS && k > 0) {
    // One chunk, of which nothing need be found out.
    startClaims();
    if (nextChunk() !== 0) return;
    direct(c, ldc, a, rowA, stepA, b, ldb, lies, m, n, k, false);
    if (epilogue) mapRange(pc + 4 * MATMUL_WORDS, 0, m * n);
    return;
  }

  const strideA = load<i32>(pc, 4 * MATMUL_STRIDE_A);
  const strideB = load<i32>(pc, 4 * MATMUL_STRIDE_B);
  const strideC = load<i32>(pc, 4 * MATMUL_STRIDE_C);
  const headA = load<i32>(pc, 4 * MATMUL_HEAD_A);
  const headB = load<i32>(pc, 4 * MATMUL_HEAD_B);
  const headC = load<i32>(pc, 4 * MATMUL_HEAD_C);
  const nr = panelOf(n);
  const cut = cutProduct(matrices, m, n, k, transposed && strips === 0, epilogue, stripOf(nr), threads === 1);
  const mc = productRows(cut);
  const nc = productColumns(cut);
  const down = m <= mc ? 1 : parts(m, mc);
  const across = n <= nc ? 1 : parts(n, nc);
  const chunks = matrices * down * across;
  startClaims();
  for (let chunk = nextChunk(); chunk < chunks; chunk = nextChunk()) {
    // Divisions are a good part of the time of a very small product.
    const matrix = down * across === 1 ? chunk : chunk / (down * across);
    const batch = heads === 1 ? matrix : matrix / heads;
    const head = matrix - batch * heads;
    const row = down === 1 ? 0 : (chunk % down) * mc;
    const column = across === 1 ? 0 : ((chunk / down) % across) * nc;
    const rows = min(mc, m - row);
    const columns = min(nc, n - column);
    const y = c + 4 * (batch * strideC + head * headC + column) + row * ldc;
    const x = a + 4 * (batch * strideA + head * headA) + row * rowA;
    const z = b + 4 * (batch * strideB + head * headB) + column * (lies ? ldb : 4);
    if (k === 0) zero(y, ldc, rows, columns);
    else if (panels === 0 && (m <= 2 || (lies && !own)))
      direct(y, ldc, x, rowA, stepA, z, ldb, lies, rows, columns, k, false);
    else {
      // Panels of the chunk's own come before its frame.
      const it = productAt(own ? scratch + 4 * k * wholePanels(columns) : scratch);
      it.c = y;
      it.rowC = ldc;
      it.a = x;
      it.rowA = rowA;
      it.stepA = stepA;
      it.strips =
        strips === 0 ? 0 : strips + 4 * k * (packed(batch, head, strideA, headA, heads) * wholePanels(m) + row);
      it.nr = nr;
      it.rows = rows;
      it.columns = columns;
      it.k = k;
      it.adds = 0;
      if (panels === 0 && !own) {
        it.b = z;
        it.stepB = ldb;
        it.across = 4 * nr;
      } else {
        it.b = own ? scratch : panels + 4 * k * (packed(batch, head, strideB, headB, heads) * wholePanels(n) + column);
        it.stepB = 4 * nr;
        it.across = 4 * nr * k;
      }
      if (own) {
        if (lies) packColumns(scratch, nr, z, ldb, k, columns);
        else packPanels(scratch, nr, z, ldb, k, columns);
      }
      product(it);
    }
    if (epilogue) {
      const map = pc + 4 * MATMUL_WORDS;
      const first = (matrix * m + row) * n + column; // of the elements of C in their order
      if (columns === n) mapRange(map, first, first + rows * n);
      else for (let r = 0; r < rows; r++) mapRange(map, first + r * n, first + r * n + columns);
    }
  }
}

/** Which of the packed matrices is that of a batch and a head: what is shared, for its stride is 0, is packed once. */
function packed(batch: i32, head: i32, stride: i32, byHead: i32, heads: i32): i32 {
  if (byHead === 0) return stride === 0 ? 0 : batch;
  return stride === 0 ? head : batch * heads + head;
}

/** rows x columns of C without any product. */
function zero(c: usize, ldc: i32, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++, c += ldc) fill(c, 0, columns);
}
