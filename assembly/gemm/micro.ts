// Micro-kernels: MR x NR outputs held in registers while k runs. For every k one row of NR from B's panel, and MR numbers of A,
// each splatted. The loops are as the engine's register allocator likes them: not unrolled (-30 %), one exit at the end (+15 %).
// c (rows `ldc` bytes apart) is written, or added to when `add` is set. k > 0.
import { madd } from "../simd";

/** 6 x 8, A in rows `lda` bytes apart, of which only the first `rows` are read. */
export function rows6x8(a0: usize, lda: i32, rows: i32, b: usize, k: i32, c: usize, ldc: i32, add: bool): void {
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
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x0 = v128.load32_splat(a0);
    c00 = madd(x0, b0, c00);
    c01 = madd(x0, b1, c01);
    const x1 = v128.load32_splat(a1);
    c10 = madd(x1, b0, c10);
    c11 = madd(x1, b1, c11);
    const x2 = v128.load32_splat(a2);
    c20 = madd(x2, b0, c20);
    c21 = madd(x2, b1, c21);
    const x3 = v128.load32_splat(a3);
    c30 = madd(x3, b0, c30);
    c31 = madd(x3, b1, c31);
    const x4 = v128.load32_splat(a4);
    c40 = madd(x4, b0, c40);
    c41 = madd(x4, b1, c41);
    const x5 = v128.load32_splat(a5);
    c50 = madd(x5, b0, c50);
    c51 = madd(x5, b1, c51);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
    b += 32;
  } while (b !== end);
  put2(c, add, c00, c01);
  put2(c + ldc, add, c10, c11);
  put2(c + 2 * ldc, add, c20, c21);
  put2(c + 3 * ldc, add, c30, c31);
  put2(c + 4 * ldc, add, c40, c41);
  put2(c + 5 * ldc, add, c50, c51);
}

/** 6 x 8, A transposed: one column of 6 at a time, `lda` bytes apart. */
export function columns6x8(a: usize, lda: i32, b: usize, k: i32, c: usize, ldc: i32, add: bool): void {
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
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x0 = v128.load32_splat(a);
    c00 = madd(x0, b0, c00);
    c01 = madd(x0, b1, c01);
    const x1 = v128.load32_splat(a, 4);
    c10 = madd(x1, b0, c10);
    c11 = madd(x1, b1, c11);
    const x2 = v128.load32_splat(a, 8);
    c20 = madd(x2, b0, c20);
    c21 = madd(x2, b1, c21);
    const x3 = v128.load32_splat(a, 12);
    c30 = madd(x3, b0, c30);
    c31 = madd(x3, b1, c31);
    const x4 = v128.load32_splat(a, 16);
    c40 = madd(x4, b0, c40);
    c41 = madd(x4, b1, c41);
    const x5 = v128.load32_splat(a, 20);
    c50 = madd(x5, b0, c50);
    c51 = madd(x5, b1, c51);
    a += lda;
    b += 32;
  } while (b !== end);
  put2(c, add, c00, c01);
  put2(c + ldc, add, c10, c11);
  put2(c + 2 * ldc, add, c20, c21);
  put2(c + 3 * ldc, add, c30, c31);
  put2(c + 4 * ldc, add, c40, c41);
  put2(c + 5 * ldc, add, c50, c51);
}

/** 3 x 12, A in rows `lda` bytes apart, of which only the first `rows` are read. */
export function rows3x12(a0: usize, lda: i32, rows: i32, b: usize, k: i32, c: usize, ldc: i32, add: bool): void {
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
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const x0 = v128.load32_splat(a0);
    c00 = madd(x0, b0, c00);
    c01 = madd(x0, b1, c01);
    c02 = madd(x0, b2, c02);
    const x1 = v128.load32_splat(a1);
    c10 = madd(x1, b0, c10);
    c11 = madd(x1, b1, c11);
    c12 = madd(x1, b2, c12);
    const x2 = v128.load32_splat(a2);
    c20 = madd(x2, b0, c20);
    c21 = madd(x2, b1, c21);
    c22 = madd(x2, b2, c22);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    b += 48;
  } while (b !== end);
  put3(c, add, c00, c01, c02);
  put3(c + ldc, add, c10, c11, c12);
  put3(c + 2 * ldc, add, c20, c21, c22);
}

/** 3 x 12, A transposed: one column of 3 at a time, `lda` bytes apart. */
export function columns3x12(a: usize, lda: i32, b: usize, k: i32, c: usize, ldc: i32, add: bool): void {
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
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const x0 = v128.load32_splat(a);
    c00 = madd(x0, b0, c00);
    c01 = madd(x0, b1, c01);
    c02 = madd(x0, b2, c02);
    const x1 = v128.load32_splat(a, 4);
    c10 = madd(x1, b0, c10);
    c11 = madd(x1, b1, c11);
    c12 = madd(x1, b2, c12);
    const x2 = v128.load32_splat(a, 8);
    c20 = madd(x2, b0, c20);
    c21 = madd(x2, b1, c21);
    c22 = madd(x2, b2, c22);
    a += lda;
    b += 48;
  } while (b !== end);
  put3(c, add, c00, c01, c02);
  put3(c + ldc, add, c10, c11, c12);
  put3(c + 2 * ldc, add, c20, c21, c22);
}

/** One row of eight outputs. */
function put2(c: usize, add: bool, v0: v128, v1: v128): void {
  if (add) {
    v0 = f32x4.add(v128.load(c), v0);
    v1 = f32x4.add(v128.load(c, 16), v1);
  }
  v128.store(c, v0);
  v128.store(c, v1, 16);
}

/** One row of twelve outputs. */
function put3(c: usize, add: bool, v0: v128, v1: v128, v2: v128): void {
  put2(c, add, v0, v1);
  if (add) v2 = f32x4.add(v128.load(c, 32), v2);
  v128.store(c, v2, 32);
}
