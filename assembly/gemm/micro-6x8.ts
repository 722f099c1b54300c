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
    do {
      const p0 = v128.load(y);
      const p1 = v128.load(y, 16);
      const px0 = v128.load32_splat(x);
      c00 = madd(px0, p0, c00);
      c01 = madd(px0, p1, c01);
      const px1 = byRows ? v128.load32_splat(a1) : v128.load32_splat(x, 4);
      c10 = madd(px1, p0, c10);
      c11 = madd(px1, p1, c11);
      const px2 = byRows ? v128.load32_splat(a2) : v128.load32_splat(x, 8);
      c20 = madd(px2, p0, c20);
      c21 = madd(px2, p1, c21);
      const px3 = byRows ? v128.load32_splat(a3) : v128.load32_splat(x, 12);
      c30 = madd(px3, p0, c30);
      c31 = madd(px3, p1, c31);
      if (tall) {
        const px4 = byRows ? v128.load32_splat(a4) : v128.load32_splat(x, 16);
        c40 = madd(px4, p0, c40);
        c41 = madd(px4, p1, c41);
        const px5 = byRows ? v128.load32_splat(a5) : v128.load32_splat(x, 20);
        c50 = madd(px5, p0, c50);
        c51 = madd(px5, p1, c51);
      }
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const q0 = v128.load(y);
      const q1 = v128.load(y, 16);
      const qx0 = byRows ? v128.load32_splat(x, 4) : v128.load32_splat(x);
      c00 = madd(qx0, q0, c00);
      c01 = madd(qx0, q1, c01);
      const qx1 = byRows ? v128.load32_splat(a1, 4) : v128.load32_splat(x, 4);
      c10 = madd(qx1, q0, c10);
      c11 = madd(qx1, q1, c11);
      const qx2 = byRows ? v128.load32_splat(a2, 4) : v128.load32_splat(x, 8);
      c20 = madd(qx2, q0, c20);
      c21 = madd(qx2, q1, c21);
      const qx3 = byRows ? v128.load32_splat(a3, 4) : v128.load32_splat(x, 12);
      c30 = madd(qx3, q0, c30);
      c31 = madd(qx3, q1, c31);
      if (tall) {
        const qx4 = byRows ? v128.load32_splat(a4, 4) : v128.load32_splat(x, 16);
        c40 = madd(qx4, q0, c40);
        c41 = madd(qx4, q1, c41);
        const qx5 = byRows ? v128.load32_splat(a5, 4) : v128.load32_splat(x, 20);
        c50 = madd(qx5, q0, c50);
        c51 = madd(qx5, q1, c51);
      }
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const r0 = v128.load(y);
      const r1 = v128.load(y, 16);
      const rx0 = byRows ? v128.load32_splat(x, 8) : v128.load32_splat(x);
      c00 = madd(rx0, r0, c00);
      c01 = madd(rx0, r1, c01);
      const rx1 = byRows ? v128.load32_splat(a1, 8) : v128.load32_splat(x, 4);
      c10 = madd(rx1, r0, c10);
      c11 = madd(rx1, r1, c11);
      const rx2 = byRows ? v128.load32_splat(a2, 8) : v128.load32_splat(x, 8);
      c20 = madd(rx2, r0, c20);
      c21 = madd(rx2, r1, c21);
      const rx3 = byRows ? v128.load32_splat(a3, 8) : v128.load32_splat(x, 12);
      c30 = madd(rx3, r0, c30);
      c31 = madd(rx3, r1, c31);
      if (tall) {
        const rx4 = byRows ? v128.load32_splat(a4, 8) : v128.load32_splat(x, 16);
        c40 = madd(rx4, r0, c40);
        c41 = madd(rx4, r1, c41);
        const rx5 = byRows ? v128.load32_splat(a5, 8) : v128.load32_splat(x, 20);
        c50 = madd(rx5, r0, c50);
        c51 = madd(rx5, r1, c51);
      }
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const s0 = v128.load(y);
      const s1 = v128.load(y, 16);
      const sx0 = byRows ? v128.load32_splat(x, 12) : v128.load32_splat(x);
      c00 = madd(sx0, s0, c00);
      c01 = madd(sx0, s1, c01);
      const sx1 = byRows ? v128.load32_splat(a1, 12) : v128.load32_splat(x, 4);
      c10 = madd(sx1, s0, c10);
      c11 = madd(sx1, s1, c11);
      const sx2 = byRows ? v128.load32_splat(a2, 12) : v128.load32_splat(x, 8);
      c20 = madd(sx2, s0, c20);
      c21 = madd(sx2, s1, c21);
      const sx3 = byRows ? v128.load32_splat(a3, 12) : v128.load32_splat(x, 12);
      c30 = madd(sx3, s0, c30);
      c31 = madd(sx3, s1, c31);
      if (tall) {
        const sx4 = byRows ? v128.load32_splat(a4, 12) : v128.load32_splat(x, 16);
        c40 = madd(sx4, s0, c40);
        c41 = madd(sx4, s1, c41);
        const sx5 = byRows ? v128.load32_splat(a5, 12) : v128.load32_splat(x, 20);
        c50 = madd(sx5, s0, c50);
        c51 = madd(sx5, s1, c51);
      }
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const t0 = v128.load(y);
      const t1 = v128.load(y, 16);
      const tx0 = byRows ? v128.load32_splat(x, 16) : v128.load32_splat(x);
      c00 = madd(tx0, t0, c00);
      c01 = madd(tx0, t1, c01);
      const tx1 = byRows ? v128.load32_splat(a1, 16) : v128.load32_splat(x, 4);
      c10 = madd(tx1, t0, c10);
      c11 = madd(tx1, t1, c11);
      const tx2 = byRows ? v128.load32_splat(a2, 16) : v128.load32_splat(x, 8);
      c20 = madd(tx2, t0, c20);
      c21 = madd(tx2, t1, c21);
      const tx3 = byRows ? v128.load32_splat(a3, 16) : v128.load32_splat(x, 12);
      c30 = madd(tx3, t0, c30);
      c31 = madd(tx3, t1, c31);
      if (tall) {
        const tx4 = byRows ? v128.load32_splat(a4, 16) : v128.load32_splat(x, 16);
        c40 = madd(tx4, t0, c40);
        c41 = madd(tx4, t1, c41);
        const tx5 = byRows ? v128.load32_splat(a5, 16) : v128.load32_splat(x, 20);
        c50 = madd(tx5, t0, c50);
        c51 = madd(tx5, t1, c51);
      }
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const u0 = v128.load(y);
      const u1 = v128.load(y, 16);
      const ux0 = byRows ? v128.load32_splat(x, 20) : v128.load32_splat(x);
      c00 = madd(ux0, u0, c00);
      c01 = madd(ux0, u1, c01);
      const ux1 = byRows ? v128.load32_splat(a1, 20) : v128.load32_splat(x, 4);
      c10 = madd(ux1, u0, c10);
      c11 = madd(ux1, u1, c11);
      const ux2 = byRows ? v128.load32_splat(a2, 20) : v128.load32_splat(x, 8);
      c20 = madd(ux2, u0, c20);
      c21 = madd(ux2, u1, c21);
      const ux3 = byRows ? v128.load32_splat(a3, 20) : v128.load32_splat(x, 12);
      c30 = madd(ux3, u0, c30);
      c31 = madd(ux3, u1, c31);
      if (tall) {
        const ux4 = byRows ? v128.load32_splat(a4, 20) : v128.load32_splat(x, 16);
        c40 = madd(ux4, u0, c40);
        c41 = madd(ux4, u1, c41);
        const ux5 = byRows ? v128.load32_splat(a5, 20) : v128.load32_splat(x, 20);
        c50 = madd(ux5, u0, c50);
        c51 = madd(ux5, u1, c51);
      }
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const v0 = v128.load(y);
      const v1 = v128.load(y, 16);
      const vx0 = byRows ? v128.load32_splat(x, 24) : v128.load32_splat(x);
      c00 = madd(vx0, v0, c00);
      c01 = madd(vx0, v1, c01);
      const vx1 = byRows ? v128.load32_splat(a1, 24) : v128.load32_splat(x, 4);
      c10 = madd(vx1, v0, c10);
      c11 = madd(vx1, v1, c11);
      const vx2 = byRows ? v128.load32_splat(a2, 24) : v128.load32_splat(x, 8);
      c20 = madd(vx2, v0, c20);
      c21 = madd(vx2, v1, c21);
      const vx3 = byRows ? v128.load32_splat(a3, 24) : v128.load32_splat(x, 12);
      c30 = madd(vx3, v0, c30);
      c31 = madd(vx3, v1, c31);
      if (tall) {
        const vx4 = byRows ? v128.load32_splat(a4, 24) : v128.load32_splat(x, 16);
        c40 = madd(vx4, v0, c40);
        c41 = madd(vx4, v1, c41);
        const vx5 = byRows ? v128.load32_splat(a5, 24) : v128.load32_splat(x, 20);
        c50 = madd(vx5, v0, c50);
        c51 = madd(vx5, v1, c51);
      }
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const w0 = v128.load(y);
      const w1 = v128.load(y, 16);
      const wx0 = byRows ? v128.load32_splat(x, 28) : v128.load32_splat(x);
      c00 = madd(wx0, w0, c00);
      c01 = madd(wx0, w1, c01);
      const wx1 = byRows ? v128.load32_splat(a1, 28) : v128.load32_splat(x, 4);
      c10 = madd(wx1, w0, c10);
      c11 = madd(wx1, w1, c11);
      const wx2 = byRows ? v128.load32_splat(a2, 28) : v128.load32_splat(x, 8);
      c20 = madd(wx2, w0, c20);
      c21 = madd(wx2, w1, c21);
      const wx3 = byRows ? v128.load32_splat(a3, 28) : v128.load32_splat(x, 12);
      c30 = madd(wx3, w0, c30);
      c31 = madd(wx3, w1, c31);
      if (tall) {
        const wx4 = byRows ? v128.load32_splat(a4, 28) : v128.load32_splat(x, 16);
        c40 = madd(wx4, w0, c40);
        c41 = madd(wx4, w1, c41);
        const wx5 = byRows ? v128.load32_splat(a5, 28) : v128.load32_splat(x, 20);
        c50 = madd(wx5, w0, c50);
        c51 = madd(wx5, w1, c51);
      }
      y += ldb;
      x += byRows ? 32 : lda;
      if (byRows) {
        a1 += 32;
        a2 += 32;
        a3 += 32;
        a4 += 32;
        a5 += 32;
      }
    } while (byRows ? y !== end : x !== end);
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
