// Transposition by blocks of 4 x 4 words in registers; ragged edges word by word.

/** to[c, r] = from[r, c] for r < rows, c < columns; the strides are those of one row of each matrix, in bytes. */
export function transpose(to: usize, toStride: i32, from: usize, fromStride: i32, rows: i32, columns: i32): void {
  let c = 0;
  for (; c + 4 <= columns; c += 4) {
    let source = from + 4 * c;
    let target = to + c * toStride;
    let r = 0;
    for (; r + 4 <= rows; r += 4) {
      const r0 = v128.load(source);
      const r1 = v128.load(source + fromStride);
      const r2 = v128.load(source + 2 * fromStride);
      const r3 = v128.load(source + 3 * fromStride);
      const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
      const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
      const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
      const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
      v128.store(target, i64x2.shuffle(low01, low23, 0, 2));
      v128.store(target + toStride, i64x2.shuffle(low01, low23, 1, 3));
      v128.store(target + 2 * toStride, i64x2.shuffle(high01, high23, 0, 2));
      v128.store(target + 3 * toStride, i64x2.shuffle(high01, high23, 1, 3));
      source += 4 * fromStride;
      target += 16;
    }
    for (; r < rows; r++) {
      const row = v128.load(source);
      v128.store32_lane(target, row, 0);
      v128.store32_lane(target + toStride, row, 1);
      v128.store32_lane(target + 2 * toStride, row, 2);
      v128.store32_lane(target + 3 * toStride, row, 3);
      source += fromStride;
      target += 4;
    }
  }
  for (; c < columns; c++) {
    let source = from + 4 * c;
    const target = to + c * toStride;
    for (let r = 0; r < rows; r++) {
      store<u32>(target + 4 * r, load<u32>(source));
      source += fromStride;
    }
  }
}
