// Micro-kernels of the gradients of filters: 6 x 8, 4 x 8 or 3 x 12 sums over a band of positions. The numbers of a tap lie in a plane, from a place of
// its own on, those of a row of positions side by side; 8 or 12
// filters' gradients at each position make a row of a panel.
import { madd, put2, put3 } from "../simd";

/** 6 taps, whose places stand in a list, the first `taps` of which are stored. */
export function places6x8(places: usize, taps: i32, next: i32, panel: usize, rows: i32, columns: i32, c: usize, ldc: i32, add: bool): void {
  tile(true, places, taps, next, panel, rows, columns, c, ldc, add);
}

/** The same of 4 taps. */
export function places4x8(places: usize, taps: i32, next: i32, panel: usize, rows: i32, columns: i32, c: usize, ldc: i32, add: bool): void {
  tile(false, places, taps, next, panel, rows, columns, c, ldc, add);
}

/** Rows of positions lie `next` bytes apart in a plane, and without gaps in the panel. */
@inline
function tile(tall: bool, places: usize, taps: i32, next: i32, panel: usize, rows: i32, columns: i32, c: usize, ldc: i32, add: bool): void {
  let p0 = load<usize>(places);
  let p1 = taps > 1 ? load<usize>(places, 4) : p0;
  let p2 = taps > 2 ? load<usize>(places, 8) : p0;
  let p3 = taps > 3 ? load<usize>(places, 12) : p0;
  let p4 = tall && taps > 4 ? load<usize>(places, 16) : p0;
  let p5 = tall && taps > 5 ? load<usize>(places, 20) : p0;
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
  let y = panel;
  for (let r = 0; r < rows; r++) {
    let a0 = p0;
    let a1 = p1;
    let a2 = p2;
    let a3 = p3;
    let a4 = p4;
    let a5 = p5;
    const end = y + 32 * columns;
    while (true) {
      // unroll 2
      {
        const b0 = v128.load(y);
        const b1 = v128.load(y, 16);
        const x0 = v128.load32_splat(a0, 4 * TURN);
        c00 = madd(x0, b0, c00);
        c01 = madd(x0, b1, c01);
        const x1 = v128.load32_splat(a1, 4 * TURN);
        c10 = madd(x1, b0, c10);
        c11 = madd(x1, b1, c11);
        const x2 = v128.load32_splat(a2, 4 * TURN);
        c20 = madd(x2, b0, c20);
        c21 = madd(x2, b1, c21);
        const x3 = v128.load32_splat(a3, 4 * TURN);
        c30 = madd(x3, b0, c30);
        c31 = madd(x3, b1, c31);
        if (tall) {
          const x4 = v128.load32_splat(a4, 4 * TURN);
          c40 = madd(x4, b0, c40);
          c41 = madd(x4, b1, c41);
          const x5 = v128.load32_splat(a5, 4 * TURN);
          c50 = madd(x5, b0, c50);
          c51 = madd(x5, b1, c51);
        }
        y += 32;
        if (y === end) break;
      }
      // end of unroll
      a0 += 8;
      a1 += 8;
      a2 += 8;
      a3 += 8;
      if (tall) {
        a4 += 8;
        a5 += 8;
      }
    }
    p0 += next;
    p1 += next;
    p2 += next;
    p3 += next;
    if (tall) {
      p4 += next;
      p5 += next;
    }
  }
  let to = c;
  put2(to, add, c00, c01);
  if (taps > 1) {
    to += ldc;
    put2(to, add, c10, c11);
    if (taps > 2) {
      to += ldc;
      put2(to, add, c20, c21);
      if (taps > 3) {
        to += ldc;
        put2(to, add, c30, c31);
        if (tall && taps > 4) {
          to += ldc;
          put2(to, add, c40, c41);
          if (taps > 5) {
            to += ldc;
            put2(to, add, c50, c51);
          }
        }
      }
    }
  }
}

/** The same of 3 taps by 12 filters. */
export function places3x12(places: usize, taps: i32, next: i32, panel: usize, rows: i32, columns: i32, c: usize, ldc: i32, add: bool): void {
  let p0 = load<usize>(places);
  let p1 = taps > 1 ? load<usize>(places, 4) : p0;
  let p2 = taps > 2 ? load<usize>(places, 8) : p0;
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c02 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c12 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c22 = f32x4.splat(0);
  let y = panel;
  for (let r = 0; r < rows; r++) {
    let a0 = p0;
    let a1 = p1;
    let a2 = p2;
    const end = y + 48 * columns;
    while (true) {
      // unroll 2
      {
        const b0 = v128.load(y);
        const b1 = v128.load(y, 16);
        const b2 = v128.load(y, 32);
        const x0 = v128.load32_splat(a0, 4 * TURN);
        c00 = madd(x0, b0, c00);
        c01 = madd(x0, b1, c01);
        c02 = madd(x0, b2, c02);
        const x1 = v128.load32_splat(a1, 4 * TURN);
        c10 = madd(x1, b0, c10);
        c11 = madd(x1, b1, c11);
        c12 = madd(x1, b2, c12);
        const x2 = v128.load32_splat(a2, 4 * TURN);
        c20 = madd(x2, b0, c20);
        c21 = madd(x2, b1, c21);
        c22 = madd(x2, b2, c22);
        y += 48;
        if (y === end) break;
      }
      // end of unroll
      a0 += 8;
      a1 += 8;
      a2 += 8;
    }
    p0 += next;
    p1 += next;
    p2 += next;
  }
  put3(c, add, c00, c01, c02);
  if (taps > 1) put3(c + ldc, add, c10, c11, c12);
  if (taps > 2) put3(c + 2 * ldc, add, c20, c21, c22);
}
