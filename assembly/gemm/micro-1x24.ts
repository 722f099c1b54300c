// The micro-kernel for the last few rows, and for a batch of one: 1 x 24 outputs, from as many panels side by side as make up 24
// columns (three of eight or two of twelve). A whole tile would spend most of its work on rows that do not exist.
import { madd } from "../simd";
import { NR } from "./blocking";

/** One row of A, its numbers `step` bytes apart; panels `stride` bytes apart; 24 outputs written to c, or added. k > 0. */
export function row1x24(a: usize, step: i32, b: usize, stride: i32, k: i32, c: usize, add: bool): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let c4 = f32x4.splat(0);
  let c5 = f32x4.splat(0);
  const end = b + 4 * NR * k;
  let second = b + stride;
  let third = second + stride;
  do {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b, 16), c1);
    if (NR === 8) {
      c2 = madd(x, v128.load(second), c2);
      c3 = madd(x, v128.load(second, 16), c3);
      c4 = madd(x, v128.load(third), c4);
      c5 = madd(x, v128.load(third, 16), c5);
      third += 4 * NR;
    } else {
      c2 = madd(x, v128.load(b, 32), c2);
      c3 = madd(x, v128.load(second), c3);
      c4 = madd(x, v128.load(second, 16), c4);
      c5 = madd(x, v128.load(second, 32), c5);
    }
    a += step;
    b += 4 * NR;
    second += 4 * NR;
  } while (b !== end);
  if (add) {
    c0 = f32x4.add(v128.load(c), c0);
    c1 = f32x4.add(v128.load(c, 16), c1);
    c2 = f32x4.add(v128.load(c, 32), c2);
    c3 = f32x4.add(v128.load(c, 48), c3);
    c4 = f32x4.add(v128.load(c, 64), c4);
    c5 = f32x4.add(v128.load(c, 80), c5);
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
  v128.store(c, c4, 64);
  v128.store(c, c5, 80);
}
