// The micro-kernel of the gradients of filters whose lanes are positions: 4 x 2 sums over a band of positions. Both a tap's numbers, which lie
// in a plane, and a filter's gradients are read where they lie.
import { madd, upper } from "../simd";

/**
 * 4 taps, whose places stand in a list, by 2 filters, `apart` bytes from each other; the first `taps` and `filters` are stored. Rows of positions,
 * whole vectors, lie `next` bytes apart in a plane, and without gaps in gradients.
 */
export function along4x2(
  places: usize,
  taps: i32,
  next: i32,
  gradients: usize,
  apart: i32,
  rows: i32,
  columns: i32,
  c: usize,
  ldc: i32,
  filters: i32,
  add: bool,
): void {
  let p0 = load<usize>(places);
  let p1 = taps > 1 ? load<usize>(places, 4) : p0;
  let p2 = taps > 2 ? load<usize>(places, 8) : p0;
  let p3 = taps > 3 ? load<usize>(places, 12) : p0;
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let y = gradients;
  const other = filters > 1 ? apart : 0;
  for (let r = 0; r < rows; r++) {
    let a0 = p0;
    let a1 = p1;
    let a2 = p2;
    let a3 = p3;
    const end = y + 4 * columns;
    let z = y + other;
    while (y !== end) {
      // unroll 2
      {
        const b0 = v128.load(y);
        const b1 = v128.load(z, 16 * TURN);
        const x0 = v128.load(a0, 16 * TURN);
        c00 = madd(x0, b0, c00);
        c01 = madd(x0, b1, c01);
        const x1 = v128.load(a1, 16 * TURN);
        c10 = madd(x1, b0, c10);
        c11 = madd(x1, b1, c11);
        const x2 = v128.load(a2, 16 * TURN);
        c20 = madd(x2, b0, c20);
        c21 = madd(x2, b1, c21);
        const x3 = v128.load(a3, 16 * TURN);
        c30 = madd(x3, b0, c30);
        c31 = madd(x3, b1, c31);
        y += 16;
        if (y === end) break;
      }
      // end of unroll
      z += 32;
      a0 += 32;
      a1 += 32;
      a2 += 32;
      a3 += 32;
    }
    p0 += next;
    p1 += next;
    p2 += next;
    p3 += next;
  }
  putTwo(c, ldc, taps, filters, add, c00, c01, c10, c11);
  if (taps > 2) putTwo(c + 2 * ldc, ldc, taps - 2, filters, add, c20, c21, c30, c31);
}

/** Writes, or adds, the sums of lanes of two taps, or of one if it is the last, by two filters, or one. */
function putTwo(
  c: usize,
  ldc: i32,
  taps: i32,
  filters: i32,
  add: bool,
  v00: v128,
  v01: v128,
  v10: v128,
  v11: v128,
): void {
  const first = f32x4.add(i32x4.shuffle(v00, v01, 0, 4, 1, 5), i32x4.shuffle(v00, v01, 2, 6, 3, 7));
  const second = f32x4.add(i32x4.shuffle(v10, v11, 0, 4, 1, 5), i32x4.shuffle(v10, v11, 2, 6, 3, 7));
  let sums = f32x4.add(i64x2.shuffle(first, second, 0, 2), i64x2.shuffle(first, second, 1, 3));
  for (let i = min(2, taps); i > 0; i--, c += ldc, sums = upper(sums)) {
    const x = add ? f32x4.add(v128.load64_zero(c), sums) : sums;
    if (filters > 1) v128.store64_lane(c, x, 0);
    else v128.store32_lane(c, x, 0);
  }
}
