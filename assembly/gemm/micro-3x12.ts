// Micro-kernels over panels of twelve columns: 3 x 12 outputs in 9 registers, B's panel in 3.
// As micro-6x8.ts in all else.
import { madd, put3 } from "../simd";

/** 3 x 12 outputs from rows of A, `lda` bytes apart. */
export function rows3x12(a0: usize, lda: i32, b: usize, k: i32, c: usize, ldc: i32, rows: i32, add: bool): void {
  let a1 = rows > 1 ? a0 + lda : a0;
  let a2 = rows > 2 ? a1 + lda : a1;
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c02 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c12 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c22 = f32x4.splat(0);
  const end = b + 48 * k;
  do {
    const p0 = v128.load(b);
    const p1 = v128.load(b, 16);
    const p2 = v128.load(b, 32);
    const x0 = v128.load32_splat(a0);
    c00 = madd(x0, p0, c00);
    c01 = madd(x0, p1, c01);
    c02 = madd(x0, p2, c02);
    const x1 = v128.load32_splat(a1);
    c10 = madd(x1, p0, c10);
    c11 = madd(x1, p1, c11);
    c12 = madd(x1, p2, c12);
    const x2 = v128.load32_splat(a2);
    c20 = madd(x2, p0, c20);
    c21 = madd(x2, p1, c21);
    c22 = madd(x2, p2, c22);
    if (b + 48 === end) break;
    const q0 = v128.load(b, 48);
    const q1 = v128.load(b, 64);
    const q2 = v128.load(b, 80);
    const y0 = v128.load32_splat(a0, 4);
    c00 = madd(y0, q0, c00);
    c01 = madd(y0, q1, c01);
    c02 = madd(y0, q2, c02);
    const y1 = v128.load32_splat(a1, 4);
    c10 = madd(y1, q0, c10);
    c11 = madd(y1, q1, c11);
    c12 = madd(y1, q2, c12);
    const y2 = v128.load32_splat(a2, 4);
    c20 = madd(y2, q0, c20);
    c21 = madd(y2, q1, c21);
    c22 = madd(y2, q2, c22);
    if (b + 96 === end) break;
    const r0 = v128.load(b, 96);
    const r1 = v128.load(b, 112);
    const r2 = v128.load(b, 128);
    const z0 = v128.load32_splat(a0, 8);
    c00 = madd(z0, r0, c00);
    c01 = madd(z0, r1, c01);
    c02 = madd(z0, r2, c02);
    const z1 = v128.load32_splat(a1, 8);
    c10 = madd(z1, r0, c10);
    c11 = madd(z1, r1, c11);
    c12 = madd(z1, r2, c12);
    const z2 = v128.load32_splat(a2, 8);
    c20 = madd(z2, r0, c20);
    c21 = madd(z2, r1, c21);
    c22 = madd(z2, r2, c22);
    if (b + 144 === end) break;
    const s0 = v128.load(b, 144);
    const s1 = v128.load(b, 160);
    const s2 = v128.load(b, 176);
    const w0 = v128.load32_splat(a0, 12);
    c00 = madd(w0, s0, c00);
    c01 = madd(w0, s1, c01);
    c02 = madd(w0, s2, c02);
    const w1 = v128.load32_splat(a1, 12);
    c10 = madd(w1, s0, c10);
    c11 = madd(w1, s1, c11);
    c12 = madd(w1, s2, c12);
    const w2 = v128.load32_splat(a2, 12);
    c20 = madd(w2, s0, c20);
    c21 = madd(w2, s1, c21);
    c22 = madd(w2, s2, c22);
    b += 192;
    a0 += 16;
    a1 += 16;
    a2 += 16;
  } while (b !== end);
  put3(c, add, c00, c01, c02);
  if (rows === 1) return;
  c += ldc;
  put3(c, add, c10, c11, c12);
  if (rows === 2) return;
  c += ldc;
  put3(c, add, c20, c21, c22);
}

/** 3 x 12 outputs from columns of A, `lda` bytes apart. */
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
): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c02 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c12 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c22 = f32x4.splat(0);
  const end = b + ldb * k;
  do {
    const p0 = v128.load(b);
    const p1 = v128.load(b, 16);
    const p2 = v128.load(b, 32);
    const x0 = v128.load32_splat(a);
    c00 = madd(x0, p0, c00);
    c01 = madd(x0, p1, c01);
    c02 = madd(x0, p2, c02);
    const x1 = v128.load32_splat(a, 4);
    c10 = madd(x1, p0, c10);
    c11 = madd(x1, p1, c11);
    c12 = madd(x1, p2, c12);
    const x2 = v128.load32_splat(a, 8);
    c20 = madd(x2, p0, c20);
    c21 = madd(x2, p1, c21);
    c22 = madd(x2, p2, c22);
    b += ldb;
    a += lda;
  } while (b !== end);
  put3(c, add, c00, c01, c02);
  if (rows === 1) return;
  c += ldc;
  put3(c, add, c10, c11, c12);
  if (rows === 2) return;
  c += ldc;
  put3(c, add, c20, c21, c22);
}
