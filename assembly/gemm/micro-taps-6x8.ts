// Micro-kernels of convolutions: 6 x 8, 4 x 8, 6 x 4, 4 x 4 or 1 x 16 outputs, of neighbouring positions. Each turn of the sum over taps reads from a
// strip where its tap is, in bytes from the place of the first position, and a number of each filter: B needs not be put together.
import { choose, lanesBelow, madd, put, put2 } from "../simd";

/** Bytes of a turn in a strip of so many rows. */
export function turnBytes(rows: i32): i32 {
  return 4 + 4 * rows;
}

/**
 * `count` tiles of 6 x 8 outputs side by side, from a strip that ends at `end`, which is not empty; the first `rows` rows are stored. Only the
 * first `left` positions need be of the row from `at` on: others are of the next, where they would be if that one began at `below` and had
 * as many before them.
 */
export function taps6x8(
  strip: usize,
  end: usize,
  at: usize,
  below: usize,
  left: i32,
  c: usize,
  ldc: i32,
  rows: i32,
  add: bool,
  count: i32,
): void {
  tiles(true, false, strip, end, at, below, left, c, ldc, rows, add, count);
}

/** The same of 4 x 8. */
export function taps4x8(
  strip: usize,
  end: usize,
  at: usize,
  below: usize,
  left: i32,
  c: usize,
  ldc: i32,
  rows: i32,
  add: bool,
  count: i32,
): void {
  tiles(false, false, strip, end, at, below, left, c, ldc, rows, add, count);
}

/** One tile of 6 x 4. */
export function taps6x4(strip: usize, end: usize, at: usize, c: usize, ldc: i32, rows: i32, add: bool): void {
  tiles(true, true, strip, end, at, at, 8, c, ldc, rows, add, 1);
}

/** One tile of 4 x 4. */
export function taps4x4(strip: usize, end: usize, at: usize, c: usize, ldc: i32, rows: i32, add: bool): void {
  tiles(false, true, strip, end, at, at, 8, c, ldc, rows, add, 1);
}

/** `count` times 16 outputs of one filter. */
export function taps1x16(strip: usize, end: usize, at: usize, c: usize, add: bool, count: i32): void {
  for (; count > 0; count--, at += 64, c += 64) {
    let c0 = f32x4.splat(0);
    let c1 = f32x4.splat(0);
    let c2 = f32x4.splat(0);
    let c3 = f32x4.splat(0);
    let x = strip;
    while (true) {
      // unroll 2
      {
        const from = at + load<u32>(x);
        const w = v128.load32_splat(x, 4);
        c0 = madd(w, v128.load(from), c0);
        c1 = madd(w, v128.load(from, 16), c1);
        c2 = madd(w, v128.load(from, 32), c2);
        c3 = madd(w, v128.load(from, 48), c3);
        x += 8;
        if (x === end) break;
      }
      // end of unroll
    }
    put2(c, add, c0, c1);
    put2(c + 32, add, c2, c3);
  }
}

/** Up to 16 outputs of one filter at each of two rows of positions, the first `rows` of which are there, `next` bytes apart. */
export function lines2x16(strip: usize, end: usize, at: usize, next: i32, c: usize, ldc: i32, rows: i32, columns: i32): void {
  const second = rows > 1 ? next : 0;
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let d0 = f32x4.splat(0);
  let d1 = f32x4.splat(0);
  let d2 = f32x4.splat(0);
  let d3 = f32x4.splat(0);
  let x = strip;
  while (true) {
    // unroll 2
    {
      const from = at + load<u32>(x);
      const below = from + second;
      const w = v128.load32_splat(x, 4);
      c0 = madd(w, v128.load(from), c0);
      c1 = madd(w, v128.load(from, 16), c1);
      c2 = madd(w, v128.load(from, 32), c2);
      c3 = madd(w, v128.load(from, 48), c3);
      d0 = madd(w, v128.load(below), d0);
      d1 = madd(w, v128.load(below, 16), d1);
      d2 = madd(w, v128.load(below, 32), d2);
      d3 = madd(w, v128.load(below, 48), d3);
      x += 8;
      if (x === end) break;
    }
    // end of unroll
  }
  putEight(c, c0, c1, columns);
  if (columns > 8) putEight(c + 32, c2, c3, columns - 8);
  if (rows === 1) return;
  putEight(c + ldc, d0, d1, columns);
  if (columns > 8) putEight(c + ldc + 32, d2, d3, columns - 8);
}

/** Up to 8 outputs of one filter at each of four rows of positions. */
export function lines4x8(strip: usize, end: usize, at: usize, next: i32, c: usize, ldc: i32, rows: i32, columns: i32): void {
  const second = rows > 1 ? next : 0;
  const third = rows > 2 ? second + next : second;
  const fourth = rows > 3 ? third + next : third;
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let d0 = f32x4.splat(0);
  let d1 = f32x4.splat(0);
  let e0 = f32x4.splat(0);
  let e1 = f32x4.splat(0);
  let f0 = f32x4.splat(0);
  let f1 = f32x4.splat(0);
  let x = strip;
  while (true) {
    // unroll 2
    {
      const from = at + load<u32>(x);
      const w = v128.load32_splat(x, 4);
      c0 = madd(w, v128.load(from), c0);
      c1 = madd(w, v128.load(from, 16), c1);
      d0 = madd(w, v128.load(from + second), d0);
      d1 = madd(w, v128.load(from + second, 16), d1);
      e0 = madd(w, v128.load(from + third), e0);
      e1 = madd(w, v128.load(from + third, 16), e1);
      f0 = madd(w, v128.load(from + fourth), f0);
      f1 = madd(w, v128.load(from + fourth, 16), f1);
      x += 8;
      if (x === end) break;
    }
    // end of unroll
  }
  putEight(c, c0, c1, columns);
  if (rows === 1) return;
  putEight(c + ldc, d0, d1, columns);
  if (rows === 2) return;
  putEight(c + 2 * ldc, e0, e1, columns);
  if (rows === 3) return;
  putEight(c + 3 * ldc, f0, f1, columns);
}

/** Writes as many of two vectors' lanes. */
@inline
function putEight(to: usize, v0: v128, v1: v128, columns: i32): void {
  put(to, v0, columns);
  if (columns > 4) put(to + 16, v1, columns - 4);
}

/** Of two vectors of positions one is of one row, the other may be joined of lanes of both: the first one, if fewer than four are left. */
@inline
function tiles(
  tall: bool,
  narrow: bool,
  strip: usize,
  end: usize,
  at: usize,
  below: usize,
  left: i32,
  c: usize,
  ldc: i32,
  rows: i32,
  add: bool,
  count: i32,
): void {
  const joined = !narrow && left < 8 && left !== 4;
  const side = narrow || left >= 4 ? 0 : 16; // of the vector that is of one row
  const above = lanesBelow(left & 3);
  let whole = side === 0 ? at : below + 16;
  let first = left === 4 ? below + 16 : at + 16 - side;
  below += 16 - side;
  for (; count > 0; count--, whole += 32, first += 32, c += 32) {
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
    let x = strip;
    if (joined) {
      do {
        const from = load<u32>(x);
        const b1 = choose(above, v128.load(first + from), v128.load(below + from));
        const b0 = v128.load(whole + from);
        const x0 = v128.load32_splat(x, 4);
        c00 = madd(x0, b0, c00);
        c01 = madd(x0, b1, c01);
        const x1 = v128.load32_splat(x, 8);
        c10 = madd(x1, b0, c10);
        c11 = madd(x1, b1, c11);
        const x2 = v128.load32_splat(x, 12);
        c20 = madd(x2, b0, c20);
        c21 = madd(x2, b1, c21);
        const x3 = v128.load32_splat(x, 16);
        c30 = madd(x3, b0, c30);
        c31 = madd(x3, b1, c31);
        if (tall) {
          const x4 = v128.load32_splat(x, 20);
          c40 = madd(x4, b0, c40);
          c41 = madd(x4, b1, c41);
          const x5 = v128.load32_splat(x, 24);
          c50 = madd(x5, b0, c50);
          c51 = madd(x5, b1, c51);
        }
        x += tall ? 28 : 20;
      } while (x !== end);
    } else {
      while (true) {
        // unroll 2
        {
          const from = load<u32>(x);
          const b0 = v128.load(whole + from);
          const b1 = narrow ? b0 : v128.load(first + from);
          const x0 = v128.load32_splat(x, 4);
          c00 = madd(x0, b0, c00);
          if (!narrow) c01 = madd(x0, b1, c01);
          const x1 = v128.load32_splat(x, 8);
          c10 = madd(x1, b0, c10);
          if (!narrow) c11 = madd(x1, b1, c11);
          const x2 = v128.load32_splat(x, 12);
          c20 = madd(x2, b0, c20);
          if (!narrow) c21 = madd(x2, b1, c21);
          const x3 = v128.load32_splat(x, 16);
          c30 = madd(x3, b0, c30);
          if (!narrow) c31 = madd(x3, b1, c31);
          if (tall) {
            const x4 = v128.load32_splat(x, 20);
            c40 = madd(x4, b0, c40);
            if (!narrow) c41 = madd(x4, b1, c41);
            const x5 = v128.load32_splat(x, 24);
            c50 = madd(x5, b0, c50);
            if (!narrow) c51 = madd(x5, b1, c51);
          }
          x += tall ? 28 : 20;
          if (x === end) break;
        }
        // end of unroll
      }
    }
    let to = c;
    store(narrow, to, side, add, c00, c01);
    if (rows > 1) {
      to += ldc;
      store(narrow, to, side, add, c10, c11);
      if (rows > 2) {
        to += ldc;
        store(narrow, to, side, add, c20, c21);
        if (rows > 3) {
          to += ldc;
          store(narrow, to, side, add, c30, c31);
          if (tall && rows > 4) {
            to += ldc;
            store(narrow, to, side, add, c40, c41);
            if (rows > 5) {
              to += ldc;
              store(narrow, to, side, add, c50, c51);
            }
          }
        }
      }
    }
  }
}

/** Writes, or adds, a vector, and the one beside it: before it, if it lies `side` bytes from the first. */
@inline
function store(narrow: bool, to: usize, side: i32, add: bool, v0: v128, v1: v128): void {
  if (add) {
    v0 = f32x4.add(v128.load(to + side), v0);
    if (!narrow) v1 = f32x4.add(v128.load(to + 16 - side), v1);
  }
  v128.store(to + side, v0);
  if (!narrow) v128.store(to + 16 - side, v1);
}
