// PACK: B into panels of panelOf(n) columns, each contiguous, so that the micro-kernel reads one stream. Missing columns are zero. Or A
// into strips of rows.
import { PACK_STRIPS } from "../isa/chunks";
import { packedColumns } from "../isa/cuts";
import { parts } from "../isa/integers";
import { wholePanels } from "../isa/panels";
import {
  PACK_ACROSS,
  PACK_BATCH,
  PACK_FROM,
  PACK_HEAD,
  PACK_HEADS,
  PACK_K,
  PACK_N,
  PACK_ROW,
  PACK_STRIDE,
  PACK_TO,
  PACK_TRANSPOSED,
} from "../isa/slots";
import { nextChunk, startClaims } from "../parallel";
import { lanesBelow } from "../simd";
import { transpose } from "../transpose";
import { panelOf, stripOf } from "./blocking";

const ROWS = 128; // of a panel whose columns are turned by fours: so many stay in the first cache

/** Panels, or strips, of each of the matrices; one occupies k x wholePanels(n) words. */
export function pack(pc: usize): void {
  const to = load<usize>(pc, 4 * PACK_TO);
  const matrices = load<i32>(pc, 4 * PACK_BATCH) * load<i32>(pc, 4 * PACK_HEADS);
  const k = load<i32>(pc, 4 * PACK_K);
  const n = load<i32>(pc, 4 * PACK_N);
  const transposed = load<i32>(pc, 4 * PACK_TRANSPOSED) !== 0;
  const across = load<i32>(pc, 4 * PACK_ACROSS);
  if (k === 0) return;
  const row = 4 * load<i32>(pc, 4 * PACK_ROW);
  if (across > 0) {
    packLeft(pc, to, matrices, k, n, row, transposed, stripOf(panelOf(across)));
    return;
  }
  const nr = panelOf(n);
  const width = packedColumns(k, nr);
  const groups = parts(n, width);
  const chunks = matrices * groups;
  startClaims();
  for (let chunk = nextChunk(); chunk < chunks; chunk = nextChunk()) {
    const matrix = chunk / groups;
    const first = (chunk % groups) * width;
    const last = min(n, first + width);
    const target = to + 4 * matrix * k * wholePanels(n);
    const source = matrixAt(pc, matrix);
    const at = target + 4 * first * k;
    if (transposed) packColumns(at, nr, source + first * row, row, k, last - first);
    else packPanels(at, nr, source + 4 * first, row, k, last - first);
  }
}

/** Where a matrix begins. */
function matrixAt(pc: usize, matrix: i32): usize {
  const heads = load<i32>(pc, 4 * PACK_HEADS);
  const batch = matrix / heads;
  const words = batch * load<i32>(pc, 4 * PACK_STRIDE) + (matrix - batch * heads) * load<i32>(pc, 4 * PACK_HEAD);
  return load<usize>(pc, 4 * PACK_FROM) + 4 * words;
}

/** Strips of `mr` rows of each A, which has m, with all of k in each; from its columns (k x m), or from its rows. */
function packLeft(pc: usize, to: usize, matrices: i32, k: i32, m: i32, lda: i32, byRows: bool, mr: i32): void {
  const groups = parts(m, PACK_STRIPS);
  startClaims();
  for (let chunk = nextChunk(); chunk < matrices * groups; chunk = nextChunk()) {
    const matrix = chunk / groups;
    const row = (chunk % groups) * PACK_STRIPS;
    const rows = min(PACK_STRIPS, m - row);
    const target = to + 4 * k * (matrix * wholePanels(m) + row);
    const source = matrixAt(pc, matrix);
    if (byRows) packRowStrips(target, source + row * lda, lda, rows, k, mr);
    else packStrips(target, source + 4 * row, lda, rows, k, mr);
  }
}

/** Panels from rows of the transpose of B (n x k), `ldb` bytes apart. */
export function packColumns(to: usize, nr: i32, from: usize, ldb: i32, k: i32, n: i32): void {
  for (; n > 0; n -= nr, to += 4 * nr * k, from += nr * ldb) packTransposed(to, nr, from, ldb, k, min(nr, n));
}

/** Panels from rows of B (k x n), `ldb` bytes apart. */
export function packPanels(to: usize, nr: i32, from: usize, ldb: i32, k: i32, n: i32): void {
  for (; n >= 2 * nr; n -= 2 * nr, to += 8 * nr * k, from += 8 * nr) packPair(to, nr, from, ldb, k);
  for (; n > 0; n -= nr, to += 4 * nr * k, from += 4 * nr) packRows(to, nr, from, ldb, k, min(nr, n));
}

/** Two whole panels from rows of B, `ldb` bytes apart: they share cache lines, which strides of powers of two would not leave in place. */
function packPair(to: usize, nr: i32, from: usize, ldb: i32, k: i32): void {
  const end = to + 4 * nr * k;
  let second = end;
  for (; to < end; to += 4 * nr, second += 4 * nr, from += ldb) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    if (nr > 8) {
      v128.store(to, v128.load(from, 32), 32);
      v128.store(second, v128.load(from, 48));
      v128.store(second, v128.load(from, 64), 16);
      v128.store(second, v128.load(from, 80), 32);
    } else {
      v128.store(second, v128.load(from, 32));
      v128.store(second, v128.load(from, 48), 16);
    }
  }
}

/** From rows of B, `ldb` bytes apart. */
function packRows(to: usize, nr: i32, from: usize, ldb: i32, k: i32, columns: i32): void {
  const end = to + 4 * nr * k;
  if (columns === nr) {
    for (; to < end; to += 4 * nr, from += ldb) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      if (nr > 8) v128.store(to, v128.load(from, 32), 32);
    }
    return;
  }
  for (; to < end; to += 4 * nr, from += ldb) {
    for (let j = 0; j < nr; j += 4) {
      // Vectors past the last column are not read: they may lie past the buffer.
      const some = j < columns ? v128.and(v128.load(from + 4 * j), lanesBelow(columns - j)) : i32x4.splat(0);
      v128.store(to + 4 * j, some);
    }
  }
}

/** From rows of the transpose of B, `ldb` bytes apart. */
function packTransposed(to: usize, nr: i32, from: usize, ldb: i32, k: i32, columns: i32): void {
  if (columns < nr) memory.fill(to, 0, 4 * nr * k);
  for (let row = 0; row < k; row += ROWS, to += 4 * nr * ROWS, from += 4 * ROWS) {
    const rows = min(ROWS, k - row);
    let j = 0;
    for (; j + 4 <= columns; j += 4) packFour(to + 4 * j, 4 * nr, from + j * ldb, ldb, rows);
    if (j < columns) transpose(to + 4 * j, 4 * nr, from + j * ldb, ldb, columns - j, rows);
  }
}

/** Four columns of a panel from rows of the transpose, `ldb` bytes apart: as transpose(), but by four pointers, in a third less time. */
function packFour(to: usize, stride: i32, from: usize, ldb: i32, rows: i32): void {
  let a = from;
  let b = a + ldb;
  let c = b + ldb;
  let d = c + ldb;
  for (; rows >= 4; rows -= 4, to += 4 * stride) {
    const r0 = v128.load(a);
    const r1 = v128.load(b);
    const r2 = v128.load(c);
    const r3 = v128.load(d);
    const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
    v128.store(to + stride, i64x2.shuffle(low01, low23, 1, 3));
    v128.store(to + 2 * stride, i64x2.shuffle(high01, high23, 0, 2));
    v128.store(to + 3 * stride, i64x2.shuffle(high01, high23, 1, 3));
    a += 16;
    b += 16;
    c += 16;
    d += 16;
  }
  transpose(to, stride, a, ldb, 4, rows);
}

/** Strips of `mr` (6, 4 or 3) rows of A, each depth x mr contiguous, from columns `lda` bytes apart. Reads whole strips, existing or not. */
export function packStrips(to: usize, from: usize, lda: i32, rows: i32, depth: i32, mr: i32): void {
  for (const end = to + 4 * mr * depth; to < end; to += 4 * mr, from += lda) {
    let target = to;
    let source = from;
    for (let i = 0; i < rows; i += mr) {
      const x = v128.load(source);
      if (mr > 3) {
        v128.store(target, x);
        if (mr === 6) store<u64>(target, load<u64>(source, 16), 16);
      } else {
        v128.store64_lane(target, x, 0);
        v128.store32_lane(target, x, 2, 8);
      }
      target += 4 * mr * depth;
      source += 4 * mr;
    }
  }
}

/** Strips of `mr` rows, from rows `lda` bytes apart. Where the last strip has fewer, its last row stands for those that are missing. */
export function packRowStrips(to: usize, from: usize, lda: i32, rows: i32, depth: i32, mr: i32): void {
  const last = from + (rows - 1) * lda;
  const stride = 4 * mr;
  for (let i = 0; i < rows; i += mr) {
    let a = from + i * lda;
    let b = min(a + lda, last);
    let c = min(b + lda, last);
    let d = min(c + lda, last);
    let e = min(d + lda, last);
    let f = min(e + lda, last);
    let k = depth;
    for (; k >= 4; k -= 4, to += 4 * stride) {
      const r0 = v128.load(a);
      const r1 = v128.load(b);
      const r2 = v128.load(c);
      const r3 = v128.load(d);
      const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
      const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
      const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
      const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
      // Of three rows, each vector's fourth word is written over by the next one, and the last vector has none.
      v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
      v128.store(to + stride, i64x2.shuffle(low01, low23, 1, 3));
      v128.store(to + 2 * stride, i64x2.shuffle(high01, high23, 0, 2));
      const fourth = i64x2.shuffle(high01, high23, 1, 3);
      if (mr > 3) v128.store(to + 3 * stride, fourth);
      else {
        v128.store64_lane(to, fourth, 0, 36);
        v128.store32_lane(to, fourth, 2, 44);
      }
      if (mr === 6) {
        const r4 = v128.load(e);
        const r5 = v128.load(f);
        const low45 = i32x4.shuffle(r4, r5, 0, 4, 1, 5);
        const high45 = i32x4.shuffle(r4, r5, 2, 6, 3, 7);
        v128.store64_lane(to, low45, 0, 16);
        v128.store64_lane(to, low45, 1, 40);
        v128.store64_lane(to, high45, 0, 64);
        v128.store64_lane(to, high45, 1, 88);
      }
      a += 16;
      b += 16;
      c += 16;
      d += 16;
      e += 16;
      f += 16;
    }
    for (; k > 0; k--, to += stride) {
      store<u32>(to, load<u32>(a));
      store<u32>(to, load<u32>(b), 4);
      store<u32>(to, load<u32>(c), 8);
      if (mr > 3) store<u32>(to, load<u32>(d), 12);
      if (mr === 6) {
        store<u32>(to, load<u32>(e), 16);
        store<u32>(to, load<u32>(f), 20);
      }
      a += 4;
      b += 4;
      c += 4;
      d += 4;
      e += 4;
      f += 4;
    }
  }
}
