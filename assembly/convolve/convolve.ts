// CONVOLVE: filters over images. A chunk is a band of positions of one group of one image; all rows of the group's filters meet its patches,
// block by block of taps, packed as they are multiplied (patches.ts), as rows of B that lie side by side:
//
//     for each block of taps:  C[rows, positions] += filters[rows, taps] . patches[taps, positions]
//
// Spaced positions (of a strided convolution's input gradient) are as many convolutions as there are remainders of a position by the
// spacing: each has taps of its own, those that meet places of the image there, and none of zeros in between.

import { panelOf } from "../gemm/blocking";
import { product, productAt } from "../gemm/product";
import { CONVOLVE_DEPTH, CONVOLVE_MOST, SPACED_DEPTH, SPACED_MOST } from "../isa/chunks";
import { bandColumns, bandRows, convolveBand } from "../isa/cuts";
import { parts, upTo } from "../isa/integers";
import {
  CONVOLVE_CHANNELS,
  CONVOLVE_FILTERS,
  CONVOLVE_FROM,
  CONVOLVE_GROUPS,
  CONVOLVE_IMAGES,
  CONVOLVE_MAP,
  CONVOLVE_POSITIONS_D,
  CONVOLVE_ROWS,
  CONVOLVE_SIZE_D,
  CONVOLVE_SPACING_D,
  CONVOLVE_TAPS_D,
  CONVOLVE_TO,
  CONVOLVE_WORDS,
} from "../isa/slots";
import { mapRange } from "../map";
import { nextChunk, scratch, startClaims } from "../parallel";
import { fill } from "../words";
import { AXIS, axisAt, lineBytes, packPatches, readAxes, volume } from "./patches";

/** Depth of the blocks that a sum over k taps is cut into, none of more than `most`: as equal as can be. */
function blockOf(k: i32, most: i32): i32 {
  return k <= most ? k : upTo(parts(k, parts(k, most)), 8);
}

export function convolve(pc: usize): void {
  const to = load<usize>(pc, 4 * CONVOLVE_TO);
  const filters = load<usize>(pc, 4 * CONVOLVE_FILTERS);
  const from = load<usize>(pc, 4 * CONVOLVE_FROM);
  const groups = load<i32>(pc, 4 * CONVOLVE_GROUPS);
  const matrices = load<i32>(pc, 4 * CONVOLVE_IMAGES) * groups;
  const rows = load<i32>(pc, 4 * CONVOLVE_ROWS);
  const channels = load<i32>(pc, 4 * CONVOLVE_CHANNELS);
  const k = channels * volume(pc + 4 * CONVOLVE_TAPS_D);
  const image = 4 * channels * volume(pc + 4 * CONVOLVE_SIZE_D); // bytes of a group's
  const positions = volume(pc + 4 * CONVOLVE_POSITIONS_D);
  const spaced = volume(pc + 4 * CONVOLVE_SPACING_D) > 1;
  const epilogue = load<i32>(pc, 4 * CONVOLVE_MAP) > 0;
  if (matrices === 0 || rows === 0 || positions === 0) return;
  // Of one remainder, if positions are spaced.
  const depth = spacedPositions(pc, 0);
  const height = spacedPositions(pc, 1);
  const width = spacedPositions(pc, 2);
  const most = convolveBand(matrices, depth * height * width, k, spaced);
  const columns = bandColumns(width, most);
  const band = bandRows(depth * height, width, most);
  const across = parts(width, columns);
  const bands = parts(depth * height, band) * across;
  const flat = isFlat(pc);
  startClaims();
  for (let chunk = nextChunk(); chunk < matrices * bands; chunk = nextChunk()) {
    const matrix = chunk / bands;
    const line = ((chunk % bands) / across) * band;
    const column = (chunk % across) * columns;
    const deep = min(band, depth * height - line);
    const wide = min(columns, width - column);
    const c = to + 4 * matrix * rows * positions;
    const a = filters + 4 * (matrix % groups) * rows * k;
    const b = from + matrix * image;
    readAxes(scratch, pc);
    if (spaced) spacedBand(pc, c, a, b, rows, channels, line, deep, column, wide);
    else {
      const first = line * width + column;
      if (k === 0) for (let i = 0; i < rows; i++) fill(c + 4 * (i * positions + first), 0, deep * wide);
      else if (flat) inPlace(c + 4 * first, 4 * positions, a, b + 4 * first, 4 * positions, rows, k, deep * wide);
      else plainBand(c + 4 * first, 4 * positions, a, b, rows, k, height, line, deep, column, wide);
    }
    if (epilogue) {
      const map = pc + 4 * CONVOLVE_WORDS;
      if (spaced) spacedEpilogue(pc, map, matrix * rows, rows, line, deep, column, wide);
      else {
        const first = matrix * rows * positions + line * width + column;
        if (deep * wide === positions) mapRange(map, first, first + rows * positions);
        else for (let r = 0; r < rows; r++) mapRange(map, first + r * positions, first + r * positions + deep * wide);
      }
    }
  }
}

/** Positions along an axis, or those of the remainder that has the most. */
function spacedPositions(pc: usize, axis: i32): i32 {
  const at = pc + 4 * axis;
  return parts(load<i32>(at, 4 * CONVOLVE_POSITIONS_D), load<i32>(at, 4 * CONVOLVE_SPACING_D));
}

/** Whether patches are the image itself: one tap, at each position's own place. */
function isFlat(pc: usize): bool {
  if (volume(pc + 4 * CONVOLVE_TAPS_D) !== 1) return false;
  readAxes(scratch, pc);
  for (let axis = 0; axis < 3; axis++) {
    const it = axisAt(scratch, axis);
    if (it.first !== 0 || it.step !== 1 || it.size !== load<i32>(pc + 4 * axis, 4 * CONVOLVE_POSITIONS_D)) return false;
  }
  return volume(pc + 4 * CONVOLVE_SPACING_D) === 1;
}

/** A product with the image, without patches. */
function inPlace(c: usize, ldc: i32, a: usize, b: usize, ldb: i32, rows: i32, k: i32, positions: i32): void {
  const it = productAt(scratch + 4 * 16);
  for (let row = 0; row < rows; row += CONVOLVE_MOST) {
    for (let p = 0; p < k; p += CONVOLVE_DEPTH) {
      it.c = c + row * ldc;
      it.rowC = ldc;
      it.a = a + 4 * (row * k + p);
      it.rowA = 4 * k;
      it.stepA = 4;
      it.strips = 0;
      it.b = b + p * ldb;
      it.stepB = ldb;
      it.nr = panelOf(positions);
      it.across = 4 * it.nr;
      it.rows = min(CONVOLVE_MOST, rows - row);
      it.columns = positions;
      it.k = min(CONVOLVE_DEPTH, k - p);
      it.adds = p > 0 ? 1 : 0;
      product(it);
    }
  }
}

/** A product with patches, block by block of taps. */
function plainBand(
  c: usize,
  ldc: i32,
  a: usize,
  image: usize,
  rows: i32,
  k: i32,
  height: i32,
  line: i32,
  deep: i32,
  column: i32,
  wide: i32,
): void {
  const positions = deep * wide;
  const stride = lineBytes(positions);
  const patches = scratch + 3 * AXIS;
  const block = blockOf(k, CONVOLVE_DEPTH);
  const it = productAt(patches + block * stride + 16);
  for (let p = 0; p < k; p += block) {
    const last = min(k, p + block);
    packPatches(patches, image, scratch, p, last, height, line, deep, column, wide);
    for (let row = 0; row < rows; row += CONVOLVE_MOST) {
      it.c = c + row * ldc;
      it.rowC = ldc;
      it.a = a + 4 * (row * k + p);
      it.rowA = 4 * k;
      it.stepA = 4;
      it.strips = 0;
      it.b = patches;
      it.stepB = stride;
      it.nr = panelOf(positions);
      it.across = 4 * it.nr;
      it.rows = min(CONVOLVE_MOST, rows - row);
      it.columns = positions;
      it.k = last - p;
      it.adds = p > 0 ? 1 : 0;
      product(it);
    }
  }
}

/** Which taps of an axis meet places of the image at positions of one remainder: the first of them, and from one to the next. */
@unmanaged
class Met {
  tap: i32;
  next: i32;
}

// What lies in scratch for spaced positions: axes of the instruction, those of a remainder, the taps they have, results, filters, patches.
const NARROWED = 3 * AXIS;
const MET = 2 * NARROWED;
const EACH = <i32>offsetof<Met>();
const RESULTS = MET + 3 * EACH;

function metAt(axis: i32): Met {
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
function remaindersOf(pc: usize, axis: i32): i32 {
  const at = pc + 4 * axis;
  return min(load<i32>(at, 4 * CONVOLVE_SPACING_D), load<i32>(at, 4 * CONVOLVE_POSITIONS_D));
}

/** Narrows an axis of the instruction to positions remainder + j * spacing. */
function narrow(axis: i32, spacing: i32, remainder: i32): void {
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
function spacedBand(
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
function spacedEpilogue(
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
