// Micro-kernels of 6 x 8 and of 4 x 8 outputs: 12 or 8 sums in registers while k runs over rows of eight of B (2 registers) and over
// numbers of A, splatted (1). The portable build has no registers for more than 4 x 8.
import { madd, put2 } from "../simd";

/** Tiles of 6 x 8 outputs from rows of A, `lda` bytes apart. */
export function rows6x8(
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  k: i32,
  c: usize,
  ldc: i32,
  rows: i32,
  add: bool,
  count: i32,
  alongA: i32,
  alongB: i32,
  alongC: i32,
): void {
  tiles(true, true, a, lda, b, ldb, k, c, ldc, rows, add, count, alongA, alongB, alongC);
}

/** Tiles of 4 x 8 outputs from rows of A. */
export function rows4x8(
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  k: i32,
  c: usize,
  ldc: i32,
  rows: i32,
  add: bool,
  count: i32,
  alongA: i32,
  alongB: i32,
  alongC: i32,
): void {
  tiles(true, false, a, lda, b, ldb, k, c, ldc, rows, add, count, alongA, alongB, alongC);
}

/** Tiles of 6 x 8 outputs from columns of A, `lda` bytes apart. */
export function columns6x8(
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  k: i32,
  c: usize,
  ldc: i32,
  rows: i32,
  add: bool,
  count: i32,
  alongA: i32,
  alongB: i32,
  alongC: i32,
): void {
  tiles(false, true, a, lda, b, ldb, k, c, ldc, rows, add, count, alongA, alongB, alongC);
}

/** Tiles of 4 x 8 outputs from columns of A. */
export function columns4x8(
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  k: i32,
  c: usize,
  ldc: i32,
  rows: i32,
  add: bool,
  count: i32,
  alongA: i32,
  alongB: i32,
  alongC: i32,
): void {
  tiles(false, false, a, lda, b, ldb, k, c, ldc, rows, add, count, alongA, alongB, alongC);
}

/**
 * Rows of B are `ldb` bytes apart: 32 in a panel. Only the first `rows` rows of C are stored, or added to it where `add` is set. Rows
 * of A that do not exist are not read; of its columns, 6 or 4 numbers each are. k > 0. So for `count` tiles; from one to the next it
 * is `alongA` bytes of A, `alongB` of B, `alongC` of C.
 *
 * Eight turns of k make one of the loop, each with an exit, which end other depths and keep Binaryen from mixing the turns: that
 * would spill (-40 %). Loops of single turns lose 5 to 30 % where another thread shares the core, and its front end.
 */
@inline
function tiles(
  byRows: bool,
  tall: bool,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  k: i32,
  c: usize,
  ldc: i32,
  rows: i32,
  add: bool,
  count: i32,
  alongA: i32,
  alongB: i32,
  alongC: i32,
): void {
  for (; count > 0; count--, a += alongA, b += alongB, c += alongC) {
    let x = a;
    let y = b;
    let to = c;
    let a1 = byRows && rows > 1 ? a + lda : a;
    let a2 = byRows && rows > 2 ? a1 + lda : a;
    let a3 = byRows && rows > 3 ? a2 + lda : a;
    let a4 = byRows && rows > 4 ? a3 + lda : a;
    let a5 = byRows && rows > 5 ? a4 + lda : a;
    let c00 = f32x4.splat(0);
    let c01 = f32x4.splat(0);
    let c10 = f32x4.splat(0);
    let c11 = f32x4.splat(0);
    let c20 = f32x4.splat(0);
    let c21 = f32x4.splat(0);
    let c30 = f32x4.splat(0);
    let c31 = f32x4.splat(0);
    let c40 = f32x4.splat(0);
    let c41 = f32x4.splat(0);
    let c50 = f32x4.splat(0);
    let c51 = f32x4.splat(0);
    const end = byRows ? b + ldb * k : a + lda * k;
    while (true) {
      // unroll 8
      {
        const b0 = v128.load(y);
        const b1 = v128.load(y, 16);
        const x0 = byRows ? v128.load32_splat(x, 4 * TURN) : v128.load32_splat(x);
        c00 = madd(x0, b0, c00);
        c01 = madd(x0, b1, c01);
        const x1 = byRows ? v128.load32_splat(a1, 4 * TURN) : v128.load32_splat(x, 4);
        c10 = madd(x1, b0, c10);
        c11 = madd(x1, b1, c11);
        const x2 = byRows ? v128.load32_splat(a2, 4 * TURN) : v128.load32_splat(x, 8);
        c20 = madd(x2, b0, c20);
        c21 = madd(x2, b1, c21);
        const x3 = byRows ? v128.load32_splat(a3, 4 * TURN) : v128.load32_splat(x, 12);
        c30 = madd(x3, b0, c30);
        c31 = madd(x3, b1, c31);
        if (tall) {
          const x4 = byRows ? v128.load32_splat(a4, 4 * TURN) : v128.load32_splat(x, 16);
          c40 = madd(x4, b0, c40);
          c41 = madd(x4, b1, c41);
          const x5 = byRows ? v128.load32_splat(a5, 4 * TURN) : v128.load32_splat(x, 20);
          c50 = madd(x5, b0, c50);
          c51 = madd(x5, b1, c51);
        }
        y += ldb;
        if (!byRows) x += lda;
        if (byRows ? y === end : x === end) break;
      }
      // end of unroll
      if (byRows) {
        x += 32;
        a1 += 32;
        a2 += 32;
        a3 += 32;
        a4 += 32;
        a5 += 32;
      }
    }
    put2(to, add, c00, c01);
    if (rows > 1) {
      to += ldc;
      put2(to, add, c10, c11);
      if (rows > 2) {
        to += ldc;
        put2(to, add, c20, c21);
        if (rows > 3) {
          to += ldc;
          put2(to, add, c30, c31);
          if (tall && rows > 4) {
            to += ldc;
            put2(to, add, c40, c41);
            if (rows > 5) {
              to += ldc;
              put2(to, add, c50, c51);
            }
          }
        }
      }
    }
  }
}
