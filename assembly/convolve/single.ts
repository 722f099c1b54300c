// Groups of one filter (depthwise convolutions): there are many, each of little work. So what a chunk's groups and images have in common is
// found once, before them, and rows of positions share a turn of the loop over taps.
import { lines2x16, lines4x8 } from "../gemm/micro-taps-6x8";
import { parts } from "../isa/integers";
import { CONVOLVE_POSITIONS_H, CONVOLVE_POSITIONS_W, CONVOLVE_SPACING_H, CONVOLVE_SPACING_W } from "../isa/slots";
import { scratch } from "../parallel";
import { fill } from "../words";
import { EDGE, ENDS, fillPlanes, NUMBERS, PLANES, planesNow, putPlaces, ROW_BYTES, STRIP, zipRows } from "./planes";
import { remaindersOf } from "./spaced";

const ROWS = 4; // of spaced positions that are made at once
const APART = 4 * 256; // bytes between those of two remainders across
const TURN = 8; // bytes of a strip: a place and a number

/** Whether a chunk is of this kind: all of its taps are listed, and there is room for results where positions are spaced. */
export function isSingle(pc: usize, rows: i32, channels: i32, wide: i32): bool {
  const it = planesNow();
  if (rows !== 1 || channels > it.channels || it.listed === 0) return false;
  const byWidth = load<i32>(pc, 4 * CONVOLVE_SPACING_W);
  return remaindersOf(pc, 2) === byWidth && (byWidth === 1 || (byWidth === 2 && 4 * wide <= APART));
}

/** Writes the strips of all remainders, one after the other, without their numbers. */
export function layStrips(pc: usize): void {
  const all = load<i32>(scratch + ENDS + 4 * (remaindersOf(pc, 1) * remaindersOf(pc, 2) - 1));
  putPlaces(scratch + STRIP, 0, all, 1);
}

/** A band of one image, by the filter at `a`. */
export function singleBand(
  pc: usize,
  c: usize,
  a: usize,
  image: usize,
  channels: i32,
  line: i32,
  deep: i32,
  column: i32,
  wide: i32,
): void {
  const it = planesNow();
  fillPlanes(it, image, 0, channels);
  const height = load<i32>(pc, 4 * CONVOLVE_POSITIONS_H);
  const width = load<i32>(pc, 4 * CONVOLVE_POSITIONS_W);
  const byHeight = load<i32>(pc, 4 * CONVOLVE_SPACING_H);
  const across = remaindersOf(pc, 2);
  const down = remaindersOf(pc, 1);
  let from = scratch + STRIP;
  let ends = scratch + ENDS;
  const last = from + TURN * load<i32>(ends + 4 * (down * across - 1));
  for (let at = from, number = scratch + NUMBERS; at < last; at += TURN, number += 4)
    store<u32>(at, load<u32>(a + load<u32>(number)), 4);
  const edge = scratch + EDGE;
  const ldc = 4 * byHeight * width;
  for (let h = 0; h < down; h++) {
    const rows = min(deep, parts(height - h, byHeight) - line);
    const to = c + 4 * ((h + line * byHeight) * width + across * column);
    const end = scratch + STRIP + TURN * load<i32>(ends);
    if (across === 1) lines(from, end, scratch + PLANES, it.next, to, ldc, rows, wide);
    else {
      const second = scratch + STRIP + TURN * load<i32>(ends, 4);
      let at = scratch + PLANES;
      for (let r = 0; r < rows; r += ROWS, at += ROWS * it.next) {
        const some = min(ROWS, rows - r);
        lines(from, end, at, it.next, edge, ROW_BYTES, some, wide);
        lines(end, second, at, it.next, edge + APART, ROW_BYTES, some, wide);
        zipRows(to + r * ldc, ldc, edge, APART, some, min(2 * wide, width - 2 * column), false);
      }
    }
    ends += 4 * across;
    from = across === 1 ? end : scratch + STRIP + TURN * load<i32>(ends - 4);
  }
}

/** Rows of positions whose places lie `next` bytes apart, results `ldc`. */
function lines(strip: usize, end: usize, at: usize, next: i32, c: usize, ldc: i32, rows: i32, columns: i32): void {
  if (strip === end) {
    for (let r = 0; r < rows; r++) fill(c + r * ldc, 0, columns);
    return;
  }
  for (; columns > 8; columns -= 16, at += 64, c += 64)
    for (let r = 0; r < rows; r += 2)
      lines2x16(strip, end, at + r * next, next, c + r * ldc, ldc, min(2, rows - r), columns);
  if (columns <= 0) return;
  for (let r = 0; r < rows; r += 4)
    lines4x8(strip, end, at + r * next, next, c + r * ldc, ldc, min(4, rows - r), columns);
}
