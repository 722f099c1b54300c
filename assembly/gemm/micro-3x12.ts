// Micro-kernels of 3 x 12 outputs: 9 sums in registers, a row of B in 3. As micro-6x8.ts in all else.
import { madd, put3 } from "../simd";

/** Tiles of 3 x 12 outputs from rows of A, `lda` bytes apart. */
export function rows3x12(
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
  tiles(true, a, lda, b, ldb, k, c, ldc, rows, add, count, alongA, alongB, alongC);
}

/** Tiles of 3 x 12 outputs from columns of A, `lda` bytes apart. */
export function columns3x12(
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
  tiles(false, a, lda, b, ldb, k, c, ldc, rows, add, count, alongA, alongB, alongC);
}

@inline
function tiles(
  byRows: bool,
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
    let c00 = f32x4.splat(0);
    let c01 = f32x4.splat(0);
    let c02 = f32x4.splat(0);
    let c10 = f32x4.splat(0);
    let c11 = f32x4.splat(0);
    let c12 = f32x4.splat(0);
    let c20 = f32x4.splat(0);
    let c21 = f32x4.splat(0);
    let c22 = f32x4.splat(0);
    const end = byRows ? b + ldb * k : a + lda * k;
    while (true) {
      // unroll 8
      {
        const b0 = v128.load(y);
        const b1 = v128.load(y, 16);
        const b2 = v128.load(y, 32);
        const x0 = byRows ? v128.load32_splat(x, 4 * TURN) : v128.load32_splat(x);
        c00 = madd(x0, b0, c00);
        c01 = madd(x0, b1, c01);
        c02 = madd(x0, b2, c02);
        const x1 = byRows ? v128.load32_splat(a1, 4 * TURN) : v128.load32_splat(x, 4);
        c10 = madd(x1, b0, c10);
        c11 = madd(x1, b1, c11);
        c12 = madd(x1, b2, c12);
        const x2 = byRows ? v128.load32_splat(a2, 4 * TURN) : v128.load32_splat(x, 8);
        c20 = madd(x2, b0, c20);
        c21 = madd(x2, b1, c21);
        c22 = madd(x2, b2, c22);
        y += ldb;
        if (!byRows) x += lda;
        if (byRows ? y === end : x === end) break;
      }
      // end of unroll
      if (byRows) {
        x += 32;
        a1 += 32;
        a2 += 32;
      }
    }
    put3(to, add, c00, c01, c02);
    if (rows > 1) {
      to += ldc;
      put3(to, add, c10, c11, c12);
      if (rows > 2) {
        to += ldc;
        put3(to, add, c20, c21, c22);
      }
    }
  }
}
