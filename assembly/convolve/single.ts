// Groups of one filter (depthwise convolutions): there are many, each of little work. So what a chunk's groups and images have in common is
// found once, before them, and rows of positions share a turn of the loop over taps.
import { lines2x16, lines4x8 } from "../gemm/micro-taps-6x8";
import { PLANE_TAPS } from "../isa/chunks";
import { parts } from "../isa/integers";
import { CONVOLVE_POSITIONS_H, CONVOLVE_POSITIONS_W, CONVOLVE_SPACING_H, CONVOLVE_SPACING_W } from "../isa/slots";
import { scratch } from "../parallel";
import { fill } from "../words";
import { axisAt } from "./patches";
import { EDGE, ENDS, fillPlanes, fillStrip, filterTaps, PLANES, planesNow, ROW_BYTES, STRIP, zipRows } from "./planes";
import { NARROWED, narrow, remaindersOf } from "./spaced";

const ROWS = 4; // of spaced positions that are made at once
const APART = 4 * 256; // bytes between those of two remainders across
const TURN = 8; // bytes of a strip: a place and a number
const NUMBERS = STRIP + TURN * PLANE_TAPS; // where in a filter these are found

/** Whether a chunk is of this kind: strips of all remainders fit, and so do results where positions are spaced. */
export function isSingle(pc: usize, rows: i32, channels: i32, wide: i32): bool {
  if (rows !== 1 || channels > planesNow().channels || channels * filterTaps() > PLANE_TAPS) return false;
  const byWidth = load<i32>(pc, 4 * CONVOLVE_SPACING_W);
  const across = remaindersOf(pc, 2);
  if (across !== byWidth || remaindersOf(pc, 1) * across > 8) return false;
  return byWidth === 1 || (byWidth === 2 && 4 * wide <= APART);
}

/** Writes the strips of all remainders, which say of each number where it is found. */
export function layStrips(pc: usize, channels: i32): void {
  const it = planesNow();
  const across = remaindersOf(pc, 2);
  let end = scratch + STRIP;
  let ends = scratch + ENDS;
  for (let h = 0, down = remaindersOf(pc, 1); h < down; h++) {
    narrow(1, load<i32>(pc, 4 * CONVOLVE_SPACING_H), h);
    for (let w = 0; w < across; w++, ends += 4) {
      narrow(2, load<i32>(pc, 4 * CONVOLVE_SPACING_W), w);
      const k = channels * axisAt(scratch + NARROWED, 1).taps * axisAt(scratch + NARROWED, 2).taps;
      end = fillStrip(it, end, 0, channels, 0, 1, 0, 0, k);
      store<usize>(ends, end);
    }
  }
  let to = scratch + NUMBERS;
  for (let at = scratch + STRIP; at < end; at += TURN, to += 4) store<u32>(to, load<u32>(at, 4));
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
  const last = load<usize>(ends + 4 * (down * across - 1));
  for (let at = from, number = scratch + NUMBERS; at < last; at += TURN, number += 4)
    store<u32>(at, load<u32>(a + load<u32>(number)), 4);
  const edge = scratch + EDGE;
  const ldc = 4 * byHeight * width;
  for (let h = 0; h < down; h++) {
    const rows = min(deep, parts(height - h, byHeight) - line);
    const to = c + 4 * ((h + line * byHeight) * width + across * column);
    const end = load<usize>(ends);
    if (across === 1) lines(from, end, scratch + PLANES, it.next, to, ldc, rows, wide);
    else {
      const second = load<usize>(ends, 4);
      let at = scratch + PLANES;
      for (let r = 0; r < rows; r += ROWS, at += ROWS * it.next) {
        const some = min(ROWS, rows - r);
        lines(from, end, at, it.next, edge, ROW_BYTES, some, wide);
        lines(end, second, at, it.next, edge + APART, ROW_BYTES, some, wide);
        zipRows(to + r * ldc, ldc, edge, APART, some, min(2 * wide, width - 2 * column), false);
      }
    }
    ends += 4 * across;
    from = load<usize>(ends - 4);
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
