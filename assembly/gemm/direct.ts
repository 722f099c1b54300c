// Products that read B where it lies, since packing it would cost as much as they do: very small ones, and those of a row or two.
// Every output is summed as the tiles sum it: over k in order within blocks, and the blocks in order.
import { madd, storeLanes } from "../simd";
import { depthOf } from "./blocking";

/**
 * rows x columns of C = A . B, B (k x n) with rows `ldb` bytes apart, or transposed (n x k) with columns `ldb` bytes apart. The numbers
 * of a row of A are `step` bytes apart, its rows `lda`. k > 0. `adds`: to what stands in C.
 */
export function direct(
  c: usize,
  ldc: i32,
  a: usize,
  lda: i32,
  step: i32,
  b: usize,
  ldb: i32,
  transposed: bool,
  rows: i32,
  columns: i32,
  k: i32,
  adds: bool,
): void {
  const block = depthOf(k);
  for (let p = 0; p < k; p += block) {
    const depth = min(block, k - p);
    for (let i = 0; i < rows; i += 4) {
      const x = a + i * lda + p * step;
      const y = c + i * ldc;
      const some = rows - i;
      const add = adds || p > 0;
      let j = 0;
      if (transposed) {
        const z = b + 4 * p;
        if (some === 1) for (; j + 8 <= columns; j += 8) eightColumns(y + 4 * j, x, step, z + j * ldb, ldb, depth, add);
        for (; j < columns; j += 4)
          fourColumns(y + 4 * j, ldc, some, columns - j, x, lda, step, z + j * ldb, ldb, depth, add);
      } else {
        const z = b + p * ldb;
        if (some === 1) for (; j + 16 <= columns; j += 16) sixteen(y + 4 * j, x, step, z + 4 * j, ldb, depth, add);
        for (; j < columns; j += 4) four(y + 4 * j, ldc, some, columns - j, x, lda, step, z + 4 * j, ldb, depth, add);
      }
    }
  }
}

/** Up to four rows and columns. Rows that do not exist are computed as the first, and not stored. */
function four(
  c: usize,
  ldc: i32,
  rows: i32,
  columns: i32,
  a: usize,
  lda: i32,
  step: i32,
  b: usize,
  ldb: i32,
  k: i32,
  add: bool,
): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let second = rows > 1 ? a + lda : a;
  let third = rows > 2 ? second + lda : a;
  let fourth = rows > 3 ? third + lda : a;
  for (; k > 0; k--) {
    const y = v128.load(b);
    c0 = madd(v128.load32_splat(a), y, c0);
    c1 = madd(v128.load32_splat(second), y, c1);
    c2 = madd(v128.load32_splat(third), y, c2);
    c3 = madd(v128.load32_splat(fourth), y, c3);
    a += step;
    second += step;
    third += step;
    fourth += step;
    b += ldb;
  }
  put(c, c0, columns, add);
  if (rows > 1) put(c + ldc, c1, columns, add);
  if (rows > 2) put(c + 2 * ldc, c2, columns, add);
  if (rows > 3) put(c + 3 * ldc, c3, columns, add);
}

/** The same with B transposed: four numbers of four columns are turned in registers, so that each output keeps its order. */
function fourColumns(
  c: usize,
  ldc: i32,
  rows: i32,
  columns: i32,
  a: usize,
  lda: i32,
  step: i32,
  b: usize,
  ldb: i32,
  k: i32,
  add: bool,
): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let second = rows > 1 ? a + lda : a;
  let third = rows > 2 ? second + lda : a;
  let fourth = rows > 3 ? third + lda : a;
  let b1 = columns > 1 ? b + ldb : b;
  let b2 = columns > 2 ? b1 + ldb : b;
  let b3 = columns > 3 ? b2 + ldb : b;
  for (; ; k -= 4) {
    // Numbers past the last are read, turned, and left alone.
    const w = v128.load(b);
    const x = v128.load(b1);
    const y = v128.load(b2);
    const z = v128.load(b3);
    const wx = v128.shuffle<f32>(w, x, 0, 4, 1, 5);
    const yz = v128.shuffle<f32>(y, z, 0, 4, 1, 5);
    const column0 = v128.shuffle<f32>(wx, yz, 0, 1, 4, 5);
    c0 = madd(v128.load32_splat(a), column0, c0);
    c1 = madd(v128.load32_splat(second), column0, c1);
    c2 = madd(v128.load32_splat(third), column0, c2);
    c3 = madd(v128.load32_splat(fourth), column0, c3);
    if (k === 1) break;
    a += step;
    second += step;
    third += step;
    fourth += step;
    const column1 = v128.shuffle<f32>(wx, yz, 2, 3, 6, 7);
    c0 = madd(v128.load32_splat(a), column1, c0);
    c1 = madd(v128.load32_splat(second), column1, c1);
    c2 = madd(v128.load32_splat(third), column1, c2);
    c3 = madd(v128.load32_splat(fourth), column1, c3);
    if (k === 2) break;
    a += step;
    second += step;
    third += step;
    fourth += step;
    const wxHigh = v128.shuffle<f32>(w, x, 2, 6, 3, 7);
    const yzHigh = v128.shuffle<f32>(y, z, 2, 6, 3, 7);
    const column2 = v128.shuffle<f32>(wxHigh, yzHigh, 0, 1, 4, 5);
    c0 = madd(v128.load32_splat(a), column2, c0);
    c1 = madd(v128.load32_splat(second), column2, c1);
    c2 = madd(v128.load32_splat(third), column2, c2);
    c3 = madd(v128.load32_splat(fourth), column2, c3);
    if (k === 3) break;
    a += step;
    second += step;
    third += step;
    fourth += step;
    const column3 = v128.shuffle<f32>(wxHigh, yzHigh, 2, 3, 6, 7);
    c0 = madd(v128.load32_splat(a), column3, c0);
    c1 = madd(v128.load32_splat(second), column3, c1);
    c2 = madd(v128.load32_splat(third), column3, c2);
    c3 = madd(v128.load32_splat(fourth), column3, c3);
    if (k === 4) break;
    a += step;
    second += step;
    third += step;
    fourth += step;
    b += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
  }
  put(c, c0, columns, add);
  if (rows > 1) put(c + ldc, c1, columns, add);
  if (rows > 2) put(c + 2 * ldc, c2, columns, add);
  if (rows > 3) put(c + 3 * ldc, c3, columns, add);
}

/** One row and eight columns of a transposed B: turned as above, two sums at a time, for each waits for the one before. */
function eightColumns(c: usize, a: usize, step: i32, b: usize, ldb: i32, k: i32, add: bool): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let b1 = b + ldb;
  let b2 = b1 + ldb;
  let b3 = b2 + ldb;
  const next = 4 * ldb;
  for (; ; k -= 4) {
    const w = v128.load(b);
    const x = v128.load(b1);
    const y = v128.load(b2);
    const z = v128.load(b3);
    const s = v128.load(b + next);
    const t = v128.load(b1 + next);
    const u = v128.load(b2 + next);
    const v = v128.load(b3 + next);
    const wx = v128.shuffle<f32>(w, x, 0, 4, 1, 5);
    const yz = v128.shuffle<f32>(y, z, 0, 4, 1, 5);
    const st = v128.shuffle<f32>(s, t, 0, 4, 1, 5);
    const uv = v128.shuffle<f32>(u, v, 0, 4, 1, 5);
    const first = v128.load32_splat(a);
    c0 = madd(first, v128.shuffle<f32>(wx, yz, 0, 1, 4, 5), c0);
    c1 = madd(first, v128.shuffle<f32>(st, uv, 0, 1, 4, 5), c1);
    if (k === 1) break;
    a += step;
    const second = v128.load32_splat(a);
    c0 = madd(second, v128.shuffle<f32>(wx, yz, 2, 3, 6, 7), c0);
    c1 = madd(second, v128.shuffle<f32>(st, uv, 2, 3, 6, 7), c1);
    if (k === 2) break;
    a += step;
    const wxHigh = v128.shuffle<f32>(w, x, 2, 6, 3, 7);
    const yzHigh = v128.shuffle<f32>(y, z, 2, 6, 3, 7);
    const stHigh = v128.shuffle<f32>(s, t, 2, 6, 3, 7);
    const uvHigh = v128.shuffle<f32>(u, v, 2, 6, 3, 7);
    const third = v128.load32_splat(a);
    c0 = madd(third, v128.shuffle<f32>(wxHigh, yzHigh, 0, 1, 4, 5), c0);
    c1 = madd(third, v128.shuffle<f32>(stHigh, uvHigh, 0, 1, 4, 5), c1);
    if (k === 3) break;
    a += step;
    const fourth = v128.load32_splat(a);
    c0 = madd(fourth, v128.shuffle<f32>(wxHigh, yzHigh, 2, 3, 6, 7), c0);
    c1 = madd(fourth, v128.shuffle<f32>(stHigh, uvHigh, 2, 3, 6, 7), c1);
    if (k === 4) break;
    a += step;
    b += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
  }
  put(c, c0, 4, add);
  put(c + 16, c1, 4, add);
}

/** One row and 16 columns. */
function sixteen(c: usize, a: usize, step: i32, b: usize, ldb: i32, k: i32, add: bool): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  for (; k > 0; k--) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b, 16), c1);
    c2 = madd(x, v128.load(b, 32), c2);
    c3 = madd(x, v128.load(b, 48), c3);
    a += step;
    b += ldb;
  }
  put(c, c0, 4, add);
  put(c + 16, c1, 4, add);
  put(c + 32, c2, 4, add);
  put(c + 48, c3, 4, add);
}

/** Stores, or adds, the columns that exist. */
function put(c: usize, sum: v128, columns: i32, add: bool): void {
  if (add) sum = f32x4.add(v128.load(c), sum);
  if (columns >= 4) v128.store(c, sum);
  else storeLanes(c, sum, columns);
}
