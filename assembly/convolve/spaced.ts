// Spaced positions: each remainder of a position by the spacing is a convolution of its own, by the taps that meet places of the image there.
import { panelOf } from "../gemm/blocking";
import { product, productAt } from "../gemm/product";
import { SPACED_DEPTH, SPACED_MOST } from "../isa/chunks";
import { parts } from "../isa/integers";
import { CONVOLVE_POSITIONS_D, CONVOLVE_SPACING_D } from "../isa/slots";
import { mapRange } from "../map";
import { scratch } from "../parallel";
import { fill } from "../words";
import { AXIS, axisAt, blockOf, lineBytes, packPatches } from "./patches";

/** Positions along an axis, or those of the remainder that has the most. */
export function spacedPositions(pc: usize, axis: i32): i32 {
  const at = pc + 4 * axis;
  return parts(load<i32>(at, 4 * CONVOLVE_POSITIONS_D), load<i32>(at, 4 * CONVOLVE_SPACING_D));
}

/** Which taps of an axis meet places of the image at positions of one remainder: the first of them, and from one to the next. */
@unmanaged
export class Met {
  tap: i32;
  next: i32;
}

// What lies in scratch for spaced positions: axes of the instruction, those of a remainder, the taps they have, results, filters, patches.
export const NARROWED = 3 * AXIS;
const MET = 2 * NARROWED;
const EACH = <i32>offsetof<Met>();
/** What is behind them is free. */
export const RESULTS = MET + 3 * EACH;

export function metAt(axis: i32): Met {
  return changetype<Met>(scratch + MET + axis * EACH);
}

/** The greatest number that divides both, the first of which is positive. */
function divisor(a: i32, b: i32): i32 {
  while (b !== 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return abs(a);
}

/** Remainders along an axis that there are positions of. */
export function remaindersOf(pc: usize, axis: i32): i32 {
  const at = pc + 4 * axis;
  return min(load<i32>(at, 4 * CONVOLVE_SPACING_D), load<i32>(at, 4 * CONVOLVE_POSITIONS_D));
}

/** Narrows an axis of the instruction to positions remainder + j * spacing. */
export function narrow(axis: i32, spacing: i32, remainder: i32): void {
  const all = axisAt(scratch, axis);
  const some = axisAt(scratch + NARROWED, axis);
  const met = metAt(axis);
  const first = remainder * all.step + all.first;
  let tap = 0;
  while (tap < all.taps && (first + tap * all.apart) % spacing !== 0) tap++;
  const common = divisor(spacing, all.apart);
  met.tap = tap;
  met.next = spacing / common;
  some.taps = parts(all.taps - tap, met.next);
  some.size = all.size;
  some.step = all.step;
  some.apart = all.apart / common;
  some.first = (first + tap * all.apart) / spacing;
}

/** All remainders of a band of spaced positions. */
export function spacedBand(
  pc: usize,
  c: usize,
  a: usize,
  image: usize,
  rows: i32,
  channels: i32,
  line: i32,
  deep: i32,
  column: i32,
  wide: i32,
): void {
  const stride = lineBytes(deep * wide);
  const results = scratch + RESULTS;
  const filters = results + SPACED_MOST * stride;
  const patches = filters + 4 * SPACED_MOST * SPACED_DEPTH;
  const narrowed = scratch + NARROWED;
  const it = productAt(patches + SPACED_DEPTH * stride + 16);
  const spacing = pc + 4 * CONVOLVE_SPACING_D;
  const height = spacedPositions(pc, 1);
  const remainders = remaindersOf(pc, 0) * remaindersOf(pc, 1) * remaindersOf(pc, 2);
  for (let remainder = 0; remainder < remainders; remainder++) {
    let rest = remainder;
    let k = channels;
    for (let axis = 2; axis >= 0; axis--) {
      const each = remaindersOf(pc, axis);
      narrow(axis, load<i32>(spacing + 4 * axis), rest % each);
      k *= axisAt(narrowed, axis).taps;
      rest /= each;
    }
    const block = blockOf(k, SPACED_DEPTH);
    for (let row = 0; row < rows; row += SPACED_MOST) {
      const some = min(SPACED_MOST, rows - row);
      if (k === 0) for (let i = 0; i < some; i++) fill(results + i * stride, 0, deep * wide);
      for (let p = 0; p < k; p += block) {
        const last = min(k, p + block);
        gatherTaps(filters, a, row, some, channels, p, last);
        packPatches(patches, image, narrowed, p, last, height, line, deep, column, wide);
        it.c = results;
        it.rowC = stride;
        it.a = filters;
        it.rowA = 4 * (last - p);
        it.stepA = 4;
        it.strips = 0;
        it.b = patches;
        it.stepB = stride;
        it.nr = panelOf(deep * wide);
        it.across = 4 * it.nr;
        it.rows = some;
        it.columns = deep * wide;
        it.k = last - p;
        it.adds = p > 0 ? 1 : 0;
        product(it);
      }
      spread(pc, c, results, stride, remainder, row, some, line, deep, column, wide);
    }
  }
}

/** The taps `from` up to `to` that are met, of some rows of filters, side by side. */
function gatherTaps(at: usize, filters: usize, row: i32, rows: i32, channels: i32, from: i32, to: i32): void {
  const depths = axisAt(scratch + NARROWED, 0).taps;
  const heights = axisAt(scratch + NARROWED, 1).taps;
  const widths = axisAt(scratch + NARROWED, 2).taps;
  const all = axisAt(scratch, 0).taps;
  const high = axisAt(scratch, 1).taps;
  const wide = axisAt(scratch, 2).taps;
  const stride = 4 * (to - from);
  const filter = 4 * channels * all * high * wide; // bytes of a row
  for (let k = from; k < to; k++, at += 4) {
    let rest = k;
    const w = metAt(2).tap + (rest % widths) * metAt(2).next;
    rest /= widths;
    const h = metAt(1).tap + (rest % heights) * metAt(1).next;
    rest /= heights;
    const d = metAt(0).tap + (rest % depths) * metAt(0).next;
    let source = filters + row * filter + 4 * ((((rest / depths) * all + d) * high + h) * wide + w);
    for (let i = 0, target = at; i < rows; i++, target += stride, source += filter)
      store<u32>(target, load<u32>(source));
  }
}

/** Puts results of a remainder where they belong. */
function spread(
  pc: usize,
  c: usize,
  results: usize,
  stride: i32,
  remainder: i32,
  row: i32,
  rows: i32,
  line: i32,
  deep: i32,
  column: i32,
  wide: i32,
): void {
  const positions = pc + 4 * CONVOLVE_POSITIONS_D;
  const depth = load<i32>(positions);
  const height = load<i32>(positions, 4);
  const width = load<i32>(positions, 8);
  const spacing = pc + 4 * CONVOLVE_SPACING_D;
  const byHeight = load<i32>(spacing, 4);
  const byWidth = load<i32>(spacing, 8);
  const lines = spacedPositions(pc, 1); // of each depth
  const across = remaindersOf(pc, 2);
  const w = (remainder % across) + column * byWidth;
  const count = min(wide, parts(width - w, byWidth));
  const h = (remainder / across) % remaindersOf(pc, 1);
  const d = remainder / across / remaindersOf(pc, 1);
  for (let l = line; l < line + deep; l++) {
    const y = h + (l % lines) * byHeight;
    const z = d + (l / lines) * load<i32>(spacing);
    if (y >= height || z >= depth) continue;
    for (let i = 0; i < rows; i++) {
      let source = results + i * stride + 4 * (l - line) * wide;
      let target = c + 4 * ((((row + i) * depth + z) * height + y) * width + w);
      for (let j = 0; j < count; j++, source += 4, target += 4 * byWidth) store<u32>(target, load<u32>(source));
    }
  }
}

/** The epilogue on the results of a band of spaced positions: those between them are there, too. `first` is the first row of C. */
export function spacedEpilogue(
  pc: usize,
  map: usize,
  first: i32,
  rows: i32,
  line: i32,
  deep: i32,
  column: i32,
  wide: i32,
): void {
  const positions = pc + 4 * CONVOLVE_POSITIONS_D;
  const depth = load<i32>(positions);
  const height = load<i32>(positions, 4);
  const width = load<i32>(positions, 8);
  const spacing = pc + 4 * CONVOLVE_SPACING_D;
  const byHeight = load<i32>(spacing, 4);
  const lines = spacedPositions(pc, 1);
  const from = column * load<i32>(spacing, 8);
  const to = min(width, (column + wide) * load<i32>(spacing, 8));
  for (let row = first; row < first + rows; row++) {
    let start = 0;
    let end = 0;
    for (let l = line; l < line + deep; l++) {
      const z = (l / lines) * load<i32>(spacing);
      const y = (l % lines) * byHeight;
      for (let d = z; d < min(depth, z + load<i32>(spacing)); d++) {
        for (let h = y; h < min(height, y + byHeight); h++) {
          const at = ((row * depth + d) * height + h) * width;
          if (at + from !== end) {
            if (end > start) mapRange(map, start, end);
            start = at + from;
          }
          end = at + to; // rows that follow one another go together
        }
      }
    }
    if (end > start) mapRange(map, start, end);
  }
}
