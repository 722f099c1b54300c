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
    do {
      const p0 = v128.load(y);
      const p1 = v128.load(y, 16);
      const p2 = v128.load(y, 32);
      const px0 = v128.load32_splat(x);
      c00 = madd(px0, p0, c00);
      c01 = madd(px0, p1, c01);
      c02 = madd(px0, p2, c02);
      const px1 = byRows ? v128.load32_splat(a1) : v128.load32_splat(x, 4);
      c10 = madd(px1, p0, c10);
      c11 = madd(px1, p1, c11);
      c12 = madd(px1, p2, c12);
      const px2 = byRows ? v128.load32_splat(a2) : v128.load32_splat(x, 8);
      c20 = madd(px2, p0, c20);
      c21 = madd(px2, p1, c21);
      c22 = madd(px2, p2, c22);
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const q0 = v128.load(y);
      const q1 = v128.load(y, 16);
      const q2 = v128.load(y, 32);
      const qx0 = byRows ? v128.load32_splat(x, 4) : v128.load32_splat(x);
      c00 = madd(qx0, q0, c00);
      c01 = madd(qx0, q1, c01);
      c02 = madd(qx0, q2, c02);
      const qx1 = byRows ? v128.load32_splat(a1, 4) : v128.load32_splat(x, 4);
      c10 = madd(qx1, q0, c10);
      c11 = madd(qx1, q1, c11);
      c12 = madd(qx1, q2, c12);
      const qx2 = byRows ? v128.load32_splat(a2, 4) : v128.load32_splat(x, 8);
      c20 = madd(qx2, q0, c20);
      c21 = madd(qx2, q1, c21);
      c22 = madd(qx2, q2, c22);
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const r0 = v128.load(y);
      const r1 = v128.load(y, 16);
      const r2 = v128.load(y, 32);
      const rx0 = byRows ? v128.load32_splat(x, 8) : v128.load32_splat(x);
      c00 = madd(rx0, r0, c00);
      c01 = madd(rx0, r1, c01);
      c02 = madd(rx0, r2, c02);
      const rx1 = byRows ? v128.load32_splat(a1, 8) : v128.load32_splat(x, 4);
      c10 = madd(rx1, r0, c10);
      c11 = madd(rx1, r1, c11);
      c12 = madd(rx1, r2, c12);
      const rx2 = byRows ? v128.load32_splat(a2, 8) : v128.load32_splat(x, 8);
      c20 = madd(rx2, r0, c20);
      c21 = madd(rx2, r1, c21);
      c22 = madd(rx2, r2, c22);
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const s0 = v128.load(y);
      const s1 = v128.load(y, 16);
      const s2 = v128.load(y, 32);
      const sx0 = byRows ? v128.load32_splat(x, 12) : v128.load32_splat(x);
      c00 = madd(sx0, s0, c00);
      c01 = madd(sx0, s1, c01);
      c02 = madd(sx0, s2, c02);
      const sx1 = byRows ? v128.load32_splat(a1, 12) : v128.load32_splat(x, 4);
      c10 = madd(sx1, s0, c10);
      c11 = madd(sx1, s1, c11);
      c12 = madd(sx1, s2, c12);
      const sx2 = byRows ? v128.load32_splat(a2, 12) : v128.load32_splat(x, 8);
      c20 = madd(sx2, s0, c20);
      c21 = madd(sx2, s1, c21);
      c22 = madd(sx2, s2, c22);
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const t0 = v128.load(y);
      const t1 = v128.load(y, 16);
      const t2 = v128.load(y, 32);
      const tx0 = byRows ? v128.load32_splat(x, 16) : v128.load32_splat(x);
      c00 = madd(tx0, t0, c00);
      c01 = madd(tx0, t1, c01);
      c02 = madd(tx0, t2, c02);
      const tx1 = byRows ? v128.load32_splat(a1, 16) : v128.load32_splat(x, 4);
      c10 = madd(tx1, t0, c10);
      c11 = madd(tx1, t1, c11);
      c12 = madd(tx1, t2, c12);
      const tx2 = byRows ? v128.load32_splat(a2, 16) : v128.load32_splat(x, 8);
      c20 = madd(tx2, t0, c20);
      c21 = madd(tx2, t1, c21);
      c22 = madd(tx2, t2, c22);
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const u0 = v128.load(y);
      const u1 = v128.load(y, 16);
      const u2 = v128.load(y, 32);
      const ux0 = byRows ? v128.load32_splat(x, 20) : v128.load32_splat(x);
      c00 = madd(ux0, u0, c00);
      c01 = madd(ux0, u1, c01);
      c02 = madd(ux0, u2, c02);
      const ux1 = byRows ? v128.load32_splat(a1, 20) : v128.load32_splat(x, 4);
      c10 = madd(ux1, u0, c10);
      c11 = madd(ux1, u1, c11);
      c12 = madd(ux1, u2, c12);
      const ux2 = byRows ? v128.load32_splat(a2, 20) : v128.load32_splat(x, 8);
      c20 = madd(ux2, u0, c20);
      c21 = madd(ux2, u1, c21);
      c22 = madd(ux2, u2, c22);
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const v0 = v128.load(y);
      const v1 = v128.load(y, 16);
      const v2 = v128.load(y, 32);
      const vx0 = byRows ? v128.load32_splat(x, 24) : v128.load32_splat(x);
      c00 = madd(vx0, v0, c00);
      c01 = madd(vx0, v1, c01);
      c02 = madd(vx0, v2, c02);
      const vx1 = byRows ? v128.load32_splat(a1, 24) : v128.load32_splat(x, 4);
      c10 = madd(vx1, v0, c10);
      c11 = madd(vx1, v1, c11);
      c12 = madd(vx1, v2, c12);
      const vx2 = byRows ? v128.load32_splat(a2, 24) : v128.load32_splat(x, 8);
      c20 = madd(vx2, v0, c20);
      c21 = madd(vx2, v1, c21);
      c22 = madd(vx2, v2, c22);
      y += ldb;
      if (!byRows) x += lda;
      if (byRows ? y === end : x === end) break;
      const w0 = v128.load(y);
      const w1 = v128.load(y, 16);
      const w2 = v128.load(y, 32);
      const wx0 = byRows ? v128.load32_splat(x, 28) : v128.load32_splat(x);
      c00 = madd(wx0, w0, c00);
      c01 = madd(wx0, w1, c01);
      c02 = madd(wx0, w2, c02);
      const wx1 = byRows ? v128.load32_splat(a1, 28) : v128.load32_splat(x, 4);
      c10 = madd(wx1, w0, c10);
      c11 = madd(wx1, w1, c11);
      c12 = madd(wx1, w2, c12);
      const wx2 = byRows ? v128.load32_splat(a2, 28) : v128.load32_splat(x, 8);
      c20 = madd(wx2, w0, c20);
      c21 = madd(wx2, w1, c21);
      c22 = madd(wx2, w2, c22);
      y += ldb;
      x += byRows ? 32 : lda;
      if (byRows) {
        a1 += 32;
        a2 += 32;
      }
    } while (byRows ? y !== end : x !== end);
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
