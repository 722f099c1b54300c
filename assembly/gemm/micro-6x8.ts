// Micro-kernels over panels of eight columns: 6 x 8 outputs in 12 registers while k runs over rows of eight from B's panel (2 registers)
// and over numbers of A, splatted (1). The portable build has no registers for more than 4 x 8. Only the first `rows` rows are stored, or added to C where `add` is set. k > 0.
import { madd, put2 } from "../simd";
import { TALL } from "./blocking";

/**
 * 6 x 8 outputs from rows of A, `lda` bytes apart; rows that do not exist are not read.
 *
 * Four turns of k make one of the loop, which saves pointer additions (+3 %, +30 % where another thread shares the core). The
 * exits between the turns end odd depths, and keep Binaryen from mixing the turns, which would spill (-40 %).
 */
export function rows6x8(a0: usize, lda: i32, b: usize, k: i32, c: usize, ldc: i32, rows: i32, add: bool): void {
  let a1 = rows > 1 ? a0 + lda : a0;
  let a2 = rows > 2 ? a1 + lda : a1;
  let a3 = rows > 3 ? a2 + lda : a2;
  let a4 = rows > 4 ? a3 + lda : a3;
  let a5 = rows > 5 ? a4 + lda : a4;
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
  const end = b + 32 * k;
  do {
    const p0 = v128.load(b);
    const p1 = v128.load(b, 16);
    const x0 = v128.load32_splat(a0);
    c00 = madd(x0, p0, c00);
    c01 = madd(x0, p1, c01);
    const x1 = v128.load32_splat(a1);
    c10 = madd(x1, p0, c10);
    c11 = madd(x1, p1, c11);
    const x2 = v128.load32_splat(a2);
    c20 = madd(x2, p0, c20);
    c21 = madd(x2, p1, c21);
    const x3 = v128.load32_splat(a3);
    c30 = madd(x3, p0, c30);
    c31 = madd(x3, p1, c31);
    if (TALL) {
      const x4 = v128.load32_splat(a4);
      c40 = madd(x4, p0, c40);
      c41 = madd(x4, p1, c41);
      const x5 = v128.load32_splat(a5);
      c50 = madd(x5, p0, c50);
      c51 = madd(x5, p1, c51);
    }
    if (b + 32 === end) break;
    const q0 = v128.load(b, 32);
    const q1 = v128.load(b, 48);
    const y0 = v128.load32_splat(a0, 4);
    c00 = madd(y0, q0, c00);
    c01 = madd(y0, q1, c01);
    const y1 = v128.load32_splat(a1, 4);
    c10 = madd(y1, q0, c10);
    c11 = madd(y1, q1, c11);
    const y2 = v128.load32_splat(a2, 4);
    c20 = madd(y2, q0, c20);
    c21 = madd(y2, q1, c21);
    const y3 = v128.load32_splat(a3, 4);
    c30 = madd(y3, q0, c30);
    c31 = madd(y3, q1, c31);
    if (TALL) {
      const y4 = v128.load32_splat(a4, 4);
      c40 = madd(y4, q0, c40);
      c41 = madd(y4, q1, c41);
      const y5 = v128.load32_splat(a5, 4);
      c50 = madd(y5, q0, c50);
      c51 = madd(y5, q1, c51);
    }
    if (b + 64 === end) break;
    const r0 = v128.load(b, 64);
    const r1 = v128.load(b, 80);
    const z0 = v128.load32_splat(a0, 8);
    c00 = madd(z0, r0, c00);
    c01 = madd(z0, r1, c01);
    const z1 = v128.load32_splat(a1, 8);
    c10 = madd(z1, r0, c10);
    c11 = madd(z1, r1, c11);
    const z2 = v128.load32_splat(a2, 8);
    c20 = madd(z2, r0, c20);
    c21 = madd(z2, r1, c21);
    const z3 = v128.load32_splat(a3, 8);
    c30 = madd(z3, r0, c30);
    c31 = madd(z3, r1, c31);
    if (TALL) {
      const z4 = v128.load32_splat(a4, 8);
      c40 = madd(z4, r0, c40);
      c41 = madd(z4, r1, c41);
      const z5 = v128.load32_splat(a5, 8);
      c50 = madd(z5, r0, c50);
      c51 = madd(z5, r1, c51);
    }
    if (b + 96 === end) break;
    const s0 = v128.load(b, 96);
    const s1 = v128.load(b, 112);
    const w0 = v128.load32_splat(a0, 12);
    c00 = madd(w0, s0, c00);
    c01 = madd(w0, s1, c01);
    const w1 = v128.load32_splat(a1, 12);
    c10 = madd(w1, s0, c10);
    c11 = madd(w1, s1, c11);
    const w2 = v128.load32_splat(a2, 12);
    c20 = madd(w2, s0, c20);
    c21 = madd(w2, s1, c21);
    const w3 = v128.load32_splat(a3, 12);
    c30 = madd(w3, s0, c30);
    c31 = madd(w3, s1, c31);
    if (TALL) {
      const w4 = v128.load32_splat(a4, 12);
      c40 = madd(w4, s0, c40);
      c41 = madd(w4, s1, c41);
      const w5 = v128.load32_splat(a5, 12);
      c50 = madd(w5, s0, c50);
      c51 = madd(w5, s1, c51);
    }
    b += 128;
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
    a4 += 16;
    a5 += 16;
  } while (b !== end);
  put2(c, add, c00, c01);
  if (rows === 1) return;
  c += ldc;
  put2(c, add, c10, c11);
  if (rows === 2) return;
  c += ldc;
  put2(c, add, c20, c21);
  if (rows === 3) return;
  c += ldc;
  put2(c, add, c30, c31);
  if (!TALL || rows === 4) return;
  c += ldc;
  put2(c, add, c40, c41);
  if (rows === 5) return;
  c += ldc;
  put2(c, add, c50, c51);
}

/**
 * 6 x 8 outputs from columns of A, `lda` bytes apart. Six numbers of each are read, whether so many exist or not. One pointer
 * serves all of them, so a longer loop would gain nothing.
 */
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
): void {
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
  const end = b + ldb * k;
  do {
    const p0 = v128.load(b);
    const p1 = v128.load(b, 16);
    const x0 = v128.load32_splat(a);
    c00 = madd(x0, p0, c00);
    c01 = madd(x0, p1, c01);
    const x1 = v128.load32_splat(a, 4);
    c10 = madd(x1, p0, c10);
    c11 = madd(x1, p1, c11);
    const x2 = v128.load32_splat(a, 8);
    c20 = madd(x2, p0, c20);
    c21 = madd(x2, p1, c21);
    const x3 = v128.load32_splat(a, 12);
    c30 = madd(x3, p0, c30);
    c31 = madd(x3, p1, c31);
    if (TALL) {
      const x4 = v128.load32_splat(a, 16);
      c40 = madd(x4, p0, c40);
      c41 = madd(x4, p1, c41);
      const x5 = v128.load32_splat(a, 20);
      c50 = madd(x5, p0, c50);
      c51 = madd(x5, p1, c51);
    }
    b += ldb;
    a += lda;
  } while (b !== end);
  put2(c, add, c00, c01);
  if (rows === 1) return;
  c += ldc;
  put2(c, add, c10, c11);
  if (rows === 2) return;
  c += ldc;
  put2(c, add, c20, c21);
  if (rows === 3) return;
  c += ldc;
  put2(c, add, c30, c31);
  if (!TALL || rows === 4) return;
  c += ldc;
  put2(c, add, c40, c41);
  if (rows === 5) return;
  c += ldc;
  put2(c, add, c50, c51);
}
