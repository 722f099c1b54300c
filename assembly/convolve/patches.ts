// Patches: what the taps of a filter find in an image at a band of positions, a line for each tap of each channel, side by side in scratch.
// Tap t of channel i at position p lies at place(i) + p * step + first + t * apart, on each of three axes: nothing is stored but what a
// product is about to read. What lies outside of the image is 0.
import { tapSpan } from "../isa/cuts";
import { parts, upTo } from "../isa/integers";
import {
  CONVOLVE_APART_D,
  CONVOLVE_FIRST_D,
  CONVOLVE_POSITIONS_D,
  CONVOLVE_SIZE_D,
  CONVOLVE_STEP_D,
  CONVOLVE_TAPS_D,
} from "../isa/slots";

/** Along one axis: taps, places of an image, from position to position, from tap to tap, and where the first tap of the first position is. */
@unmanaged
export class Axis {
  taps: i32;
  size: i32;
  step: i32;
  apart: i32;
  first: i32;
}

/** The three axes begin there, one after another: as an instruction has them, or taps of them that meet positions so far apart. */
export const AXIS = <i32>offsetof<Axis>();

export function axisAt(axes: usize, axis: i32): Axis {
  return changetype<Axis>(axes + axis * AXIS);
}

/** The product of three words. */
export function volume(at: usize): i32 {
  return load<i32>(at) * load<i32>(at, 4) * load<i32>(at, 8);
}

/** Writes the axes of an instruction. */
export function readAxes(axes: usize, pc: usize): void {
  for (let axis = 0; axis < 3; axis++, pc += 4) {
    const it = axisAt(axes, axis);
    it.taps = load<i32>(pc, 4 * CONVOLVE_TAPS_D);
    it.size = load<i32>(pc, 4 * CONVOLVE_SIZE_D);
    it.step = load<i32>(pc, 4 * CONVOLVE_STEP_D);
    it.apart = load<i32>(pc, 4 * CONVOLVE_APART_D);
    it.first = load<i32>(pc, 4 * CONVOLVE_FIRST_D);
  }
}

/** Whether patches are the image itself: one tap, at each position's own place. */
export function isItself(pc: usize): bool {
  if (volume(pc + 4 * CONVOLVE_TAPS_D) !== 1) return false;
  for (let axis = 0; axis < 3; axis++, pc += 4) {
    if (load<i32>(pc, 4 * CONVOLVE_FIRST_D) !== 0 || load<i32>(pc, 4 * CONVOLVE_STEP_D) !== 1) return false;
    if (load<i32>(pc, 4 * CONVOLVE_SIZE_D) !== load<i32>(pc, 4 * CONVOLVE_POSITIONS_D)) return false;
  }
  return true;
}

/** Whether images have no depth. */
export function isPlanar(pc: usize): bool {
  const taps = load<i32>(pc, 4 * CONVOLVE_TAPS_D);
  const size = load<i32>(pc, 4 * CONVOLVE_SIZE_D);
  return (
    taps === 1 &&
    size === 1 &&
    load<i32>(pc, 4 * CONVOLVE_POSITIONS_D) === 1 &&
    load<i32>(pc, 4 * CONVOLVE_FIRST_D) === 0
  );
}

/** Places that the taps of an axis span, at positions so far apart. */
export function spanOf(pc: usize, axis: i32, spacing: i32): i32 {
  const at = pc + 4 * axis;
  const first = load<i32>(at, 4 * CONVOLVE_FIRST_D);
  return tapSpan(load<i32>(at, 4 * CONVOLVE_TAPS_D), load<i32>(at, 4 * CONVOLVE_APART_D), first, spacing);
}

/** Depth of the blocks that a sum over k taps is cut into, none of more than `most`: as equal as can be. */
export function blockOf(k: i32, most: i32): i32 {
  return k <= most ? k : upTo(parts(k, parts(k, most)), 8);
}

/** Bytes from line to line of patches of so many positions: neighbours do not share the same places in a cache. */
export function lineBytes(positions: i32): i32 {
  const words = (positions + 3) & ~3;
  return 4 * ((words & 63) === 0 ? words + 4 : words);
}

/**
 * Lines `from` up to `to` of the patches at `rows` rows of positions from `row` on (of depth and height as one axis, `height` of each depth),
 * and `columns` of each from `column` on. Three words behind the last line are written, too.
 */
export function packPatches(
  at: usize,
  image: usize,
  axes: usize,
  from: i32,
  to: i32,
  height: i32,
  row: i32,
  rows: i32,
  column: i32,
  columns: i32,
): void {
  const depths = axisAt(axes, 0);
  const heights = axisAt(axes, 1);
  const widths = axisAt(axes, 2);
  const stride = lineBytes(rows * columns);
  const line = widths.size;
  const plane = line * heights.size;
  const step = widths.step;
  const size = heights.size;
  let w = from % widths.taps;
  let rest = from / widths.taps;
  let h = rest % heights.taps;
  rest /= heights.taps;
  let d = rest % depths.taps;
  let channel = image + 4 * (rest / depths.taps) * depths.size * plane;
  const firstDepth = row / height;
  const firstHeight = row % height;
  for (let k = from; k < to; k++, at += stride) {
    // Columns that lie in the image.
    const x = column * step + widths.first + w * widths.apart;
    const low = x >= 0 ? 0 : min(columns, (step - 1 - x) / step);
    const high = x >= line ? low : max(low, min(columns, (line - 1 - x) / step + 1));
    let place = firstHeight * heights.step + heights.first + h * heights.apart;
    let slice = firstDepth * depths.step + depths.first + d * depths.apart;
    let left = height - firstHeight; // rows of this depth
    let target = at;
    for (let r = 0; r < rows; r++, target += 4 * columns, place += heights.step) {
      if (left === 0) {
        left = height;
        place -= height * heights.step;
        slice += depths.step;
      }
      left--;
      if (<u32>slice >= <u32>depths.size || <u32>place >= <u32>size || low === high) {
        zeros(target, columns);
        continue;
      }
      const source = channel + 4 * (slice * plane + place * line + x);
      if (low > 0) zeros(target, low);
      if (step === 1) copyRow(target + 4 * low, source + 4 * low, high - low);
      else if (step === 2) copySecond(target + 4 * low, source + 8 * low, high - low);
      else copyEach(target + 4 * low, source + 4 * step * low, step, high - low);
      if (high < columns) zeros(target + 4 * high, columns - high);
    }
    if (++w === widths.taps) {
      w = 0;
      if (++h === heights.taps) {
        h = 0;
        if (++d === depths.taps) {
          d = 0;
          channel += 4 * depths.size * plane;
        }
      }
    }
  }
}

// All of these write whole vectors: up to three words behind the last are written over next, or belong to nobody.

function zeros(to: usize, words: i32): void {
  for (const end = to + 4 * words; to < end; to += 16) v128.store(to, i32x4.splat(0));
}

function copyRow(to: usize, from: usize, words: i32): void {
  for (const end = to + 4 * words; to < end; to += 16, from += 16) v128.store(to, v128.load(from));
}

/** Every second word. */
function copySecond(to: usize, from: usize, words: i32): void {
  for (const end = to + 4 * words; to < end; to += 16, from += 32)
    v128.store(to, i32x4.shuffle(v128.load(from), v128.load(from, 16), 0, 2, 4, 6));
}

function copyEach(to: usize, from: usize, step: i32, words: i32): void {
  for (const end = to + 4 * words; to < end; to += 4, from += 4 * step) store<u32>(to, load<u32>(from));
}
