// Convolutions in JavaScript: every tap of every filter at every position, in plain loops along the width. Twin of assembly/convolve.
import { bandColumns, bandRows, cutFilter, filterBand, tapSpan } from "../../../assembly/isa/cuts.ts";
import { parts } from "../../../assembly/isa/integers.ts";
import * as slot from "../../../assembly/isa/slots.ts";
import { map } from "./map.ts";
import type { JsMemory } from "./memory.ts";

/** Along one axis, from the slots. */
interface Axis {
  readonly taps: number;
  readonly size: number;
  readonly positions: number;
  readonly step: number;
  readonly apart: number;
  readonly first: number;
  readonly spacing: number;
}

function axesAt(code: Int32Array, at: number, isSpaced: boolean): readonly Axis[] {
  return [0, 1, 2].map((axis) => {
    const word = (first: number) => code[at + first + axis];
    return {
      taps: word(slot.CONVOLVE_TAPS_D),
      size: word(slot.CONVOLVE_SIZE_D),
      positions: word(slot.CONVOLVE_POSITIONS_D),
      step: word(slot.CONVOLVE_STEP_D),
      apart: word(slot.CONVOLVE_APART_D),
      first: word(slot.CONVOLVE_FIRST_D),
      spacing: isSpaced ? word(slot.CONVOLVE_SPACING_D) : 1,
    };
  });
}

/** The place of an image that a tap finds at a position, or -1. */
function placeOf({ step, apart, first, spacing, size }: Axis, position: number, tap: number): number {
  const place = (position * step + first + tap * apart) / spacing;
  return Number.isInteger(place) && place >= 0 && place < size ? place : -1;
}

/** Positions from `low` up to `high` at which a tap finds a place: the first, one beyond the last, and from one to the next. */
function stretch(axis: Axis, tap: number, low: number, high: number): readonly [from: number, to: number, by: number] {
  let from = low;
  while (from < high && placeOf(axis, from, tap) < 0) from++;
  let to = from;
  for (; to < high && placeOf(axis, to, tap) >= 0; to += axis.spacing);
  return [from, to, axis.spacing];
}

/** CONVOLVE: the epilogue runs when all of C is there. */
export function convolve(memory: JsMemory, code: Int32Array, at: number): void {
  const { f } = memory;
  const [images, groups, rows, channels] = [0, 1, 2, 3].map((i) => code[at + slot.CONVOLVE_IMAGES + i]);
  const axes = axesAt(code, at, true);
  const [depth, height, width] = axes;
  const positions = depth.positions * height.positions * width.positions;
  const image = depth.size * height.size * width.size;
  const taps = depth.taps * height.taps * width.taps;
  const sums = new Float64Array(width.positions);
  // What is the same everywhere: places down, by positions and taps, and across, from where on and up to where each tap finds any.
  const down = Int32Array.from({ length: height.positions * height.taps }, (_, i) =>
    placeOf(height, Math.floor(i / height.taps), i % height.taps),
  );
  const stretches = Array.from({ length: width.taps }, (_, k) => stretch(width, k, 0, width.positions));
  const from = Int32Array.from(stretches, ([first]) => first);
  const to = Int32Array.from(stretches, ([, beyond]) => beyond);
  const place = Int32Array.from(stretches, ([first], k) => placeOf(width, first, k));
  const { step, spacing: by } = width;
  for (let matrix = 0; matrix < images * groups; matrix++)
    for (let row = 0; row < rows; row++)
      for (let d = 0; d < depth.positions; d++)
        for (let h = 0; h < height.positions; h++) {
          sums.fill(0);
          let filter = code[at + slot.CONVOLVE_FILTERS] + ((matrix % groups) * rows + row) * channels * taps;
          for (let channel = 0; channel < channels; channel++)
            for (let i = 0; i < depth.taps; i++)
              for (let j = 0; j < height.taps; j++) {
                const [z, y] = [placeOf(depth, d, i), down[h * height.taps + j]];
                if (z < 0 || y < 0) {
                  filter += width.taps;
                  continue;
                }
                const line =
                  code[at + slot.CONVOLVE_FROM] +
                  (matrix * channels + channel) * image +
                  (z * height.size + y) * width.size;
                for (let k = 0; k < width.taps; k++, filter++) {
                  const w = f[filter];
                  const end = to[k];
                  for (let p = from[k], x = line + place[k]; p < end; p += by, x += step) sums[p] += w * f[x];
                }
              }
          const c = code[at + slot.CONVOLVE_TO] + (matrix * rows + row) * positions;
          const first = c + (d * height.positions + h) * width.positions;
          for (let p = 0; p < width.positions; p++) f[first + p] = sums[p];
        }
  if (code[at + slot.CONVOLVE_MAP] > 0) map(memory, code, at + slot.CONVOLVE_WORDS - 1);
}

/** CONVOLVE_FILTER: each part sums over the bands that are its own, as the kernel shares them out. */
export function convolveFilter({ f }: JsMemory, code: Int32Array, at: number): void {
  const [images, groups, rows, channels] = [0, 1, 2, 3].map((i) => code[at + slot.CONVOLVE_IMAGES + i]);
  const pieces = code[at + slot.CONVOLVE_PARTS];
  const axes = axesAt(code, at, false);
  const [depth, height, width] = axes;
  const lines = depth.positions * height.positions;
  const image = depth.size * height.size * width.size;
  const taps = depth.taps * height.taps * width.taps;
  const isFlat = depth.taps === 1 && depth.size === 1 && depth.positions === 1 && depth.first === 0;
  const span = ({ taps: count, apart, first }: Axis) => tapSpan(count, apart, first, 1);
  const [high, wide] = [height.positions, width.positions];
  const steps = [height.step, width.step] as const;
  const most = filterBand(cutFilter(channels, taps, rows, isFlat, high, wide, ...steps, span(height), span(width)));
  const columns = Math.max(1, bandColumns(wide, most));
  const band = Math.max(1, bandRows(lines, wide, most));
  const across = parts(width.positions, columns);
  const bands = parts(lines, band) * across;
  const each = parts(images * bands, pieces);
  let to = code[at + slot.CONVOLVE_TO];
  for (let part = 0; part < pieces; part++)
    for (let group = 0; group < groups; group++)
      for (let channel = 0; channel < channels; channel++)
        for (let tap = 0; tap < taps; tap++)
          for (let row = 0; row < rows; row++, to++) {
            const w = tap % width.taps;
            const h = Math.floor(tap / width.taps) % height.taps;
            const d = Math.floor(tap / width.taps / height.taps);
            let sum = 0;
            for (let unit = part * each; unit < Math.min(images * bands, (part + 1) * each); unit++) {
              const matrix = Math.floor(unit / bands) * groups + group;
              const first = Math.floor((unit % bands) / across) * band;
              const column = ((unit % bands) % across) * columns;
              const [low, beyond] = stretch(width, w, column, Math.min(width.positions, column + columns));
              for (let line = first; line < Math.min(lines, first + band); line++) {
                const z = placeOf(depth, Math.floor(line / height.positions), d);
                const y = placeOf(height, line % height.positions, h);
                if (z < 0 || y < 0 || low >= beyond) continue;
                const from =
                  code[at + slot.CONVOLVE_FROM] +
                  (matrix * channels + channel) * image +
                  (z * height.size + y) * width.size +
                  placeOf(width, low, w);
                const gradients =
                  code[at + slot.CONVOLVE_GRADIENTS] + ((matrix * rows + row) * lines + line) * width.positions;
                for (let p = low, x = from; p < beyond; p++, x += width.step) sum += f[gradients + p] * f[x];
              }
            }
            f[to] = sum;
          }
}
