// The micro-kernel of convolutions whose lanes are filters: 6 positions, wherever they lie, by 8 filters. A list says where each tap is, in
// bytes from a position's place, and the filters' numbers of a tap lie side by side: no lane is lost where a row of positions ends.
import { madd } from "../simd";

/**
 * `count` tiles of 6 positions, whose places stand one after the other from `spots` on, by taps from `places` up to `end`, which is behind the
 * first. Rows of C are filters.
 */
export function lanes6x8(
  places: usize,
  end: usize,
  numbers: usize,
  spots: usize,
  c: usize,
  ldc: i32,
  add: bool,
  count: i32,
): void {
  for (; count > 0; count--, spots += 24, c += 24) {
    const p0 = load<usize>(spots);
    const p1 = load<usize>(spots, 4);
    const p2 = load<usize>(spots, 8);
    const p3 = load<usize>(spots, 12);
    const p4 = load<usize>(spots, 16);
    const p5 = load<usize>(spots, 20);
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
    let x = places;
    let y = numbers;
    while (true) {
      // unroll 2
      {
        const from = load<u32>(x);
        const b0 = v128.load(y);
        const b1 = v128.load(y, 16);
        const x0 = v128.load32_splat(p0 + from);
        c00 = madd(x0, b0, c00);
        c01 = madd(x0, b1, c01);
        const x1 = v128.load32_splat(p1 + from);
        c10 = madd(x1, b0, c10);
        c11 = madd(x1, b1, c11);
        const x2 = v128.load32_splat(p2 + from);
        c20 = madd(x2, b0, c20);
        c21 = madd(x2, b1, c21);
        const x3 = v128.load32_splat(p3 + from);
        c30 = madd(x3, b0, c30);
        c31 = madd(x3, b1, c31);
        const x4 = v128.load32_splat(p4 + from);
        c40 = madd(x4, b0, c40);
        c41 = madd(x4, b1, c41);
        const x5 = v128.load32_splat(p5 + from);
        c50 = madd(x5, b0, c50);
        c51 = madd(x5, b1, c51);
        x += 4;
        y += 32;
        if (x === end) break;
      }
      // end of unroll
    }
    putTurned(c, ldc, add, c00, c10, c20, c30, c40, c50);
    putTurned(c + 4 * ldc, ldc, add, c01, c11, c21, c31, c41, c51);
  }
}

/** Four rows of six columns, each of which is a vector. */
@inline
function putTurned(c: usize, ldc: i32, add: bool, v0: v128, v1: v128, v2: v128, v3: v128, v4: v128, v5: v128): void {
  const low01 = i32x4.shuffle(v0, v1, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(v0, v1, 2, 6, 3, 7);
  const low23 = i32x4.shuffle(v2, v3, 0, 4, 1, 5);
  const high23 = i32x4.shuffle(v2, v3, 2, 6, 3, 7);
  const low45 = i32x4.shuffle(v4, v5, 0, 4, 1, 5);
  const high45 = i32x4.shuffle(v4, v5, 2, 6, 3, 7);
  putSix(c, add, i64x2.shuffle(low01, low23, 0, 2), low45);
  putSix(c + ldc, add, i64x2.shuffle(low01, low23, 1, 3), i64x2.shuffle(low45, low45, 1, 0));
  putSix(c + 2 * ldc, add, i64x2.shuffle(high01, high23, 0, 2), high45);
  putSix(c + 3 * ldc, add, i64x2.shuffle(high01, high23, 1, 3), i64x2.shuffle(high45, high45, 1, 0));
}

/** Writes, or adds, a vector and two lanes of another. */
@inline
function putSix(to: usize, add: bool, v0: v128, v1: v128): void {
  if (add) {
    v0 = f32x4.add(v128.load(to), v0);
    v1 = f32x4.add(v128.load64_zero(to, 16), v1);
  }
  v128.store(to, v0);
  v128.store64_lane(to, v1, 0, 16);
}
