// CONVOLVE_FILTER: the gradient of filters. Its sum runs over positions of all images, so many that they are cut, in parts that follow
// from sizes alone, and each part is a sum of its own: the same bits for any number of threads. A chunk is one part of some taps and rows,
// and C stays in the cache:
//
//     for each band of the part:  C[taps, rows] += patches[taps, positions] . gradients[rows, positions]^T
//
// Taps are read from planes (places.ts, dots.ts), or, where these do not fit, from patches, as rows of A that lie side by side.
import { panelOf } from "../gemm/blocking";
import { packColumns } from "../gemm/pack";
import { product, productAt } from "../gemm/product";
import { FEW_DEPTH, FILTER_DEPTH } from "../isa/chunks";
import { bandColumns, bandRows, cutFilter, filterBand, filterRows, filterTaps } from "../isa/cuts";
import { parts } from "../isa/integers";
import { wholePanels } from "../isa/panels";
import {
  CONVOLVE_CHANNELS,
  CONVOLVE_FROM,
  CONVOLVE_GRADIENTS,
  CONVOLVE_GROUPS,
  CONVOLVE_IMAGES,
  CONVOLVE_PARTS,
  CONVOLVE_POSITIONS_D,
  CONVOLVE_POSITIONS_H,
  CONVOLVE_POSITIONS_W,
  CONVOLVE_ROWS,
  CONVOLVE_SIZE_D,
  CONVOLVE_STEP_H,
  CONVOLVE_STEP_W,
  CONVOLVE_TAPS_D,
  CONVOLVE_TO,
} from "../isa/slots";
import { nextChunk, scratch, startClaims } from "../parallel";
import { fill } from "../words";
import { addDots, endDots, startDots } from "./dots";
import { addNine, isNine } from "./nine";
import { AXIS, isItself, isPlanar, lineBytes, packPatches, readAxes, spanOf, volume } from "./patches";
import { addPlaces, layPlaces } from "./places";

export function convolveFilter(pc: usize): void {
  const to = load<usize>(pc, 4 * CONVOLVE_TO);
  const gradients = load<usize>(pc, 4 * CONVOLVE_GRADIENTS);
  const from = load<usize>(pc, 4 * CONVOLVE_FROM);
  const images = load<i32>(pc, 4 * CONVOLVE_IMAGES);
  const groups = load<i32>(pc, 4 * CONVOLVE_GROUPS);
  const rows = load<i32>(pc, 4 * CONVOLVE_ROWS);
  const channels = load<i32>(pc, 4 * CONVOLVE_CHANNELS);
  const pieces = load<i32>(pc, 4 * CONVOLVE_PARTS);
  const k = channels * volume(pc + 4 * CONVOLVE_TAPS_D);
  const height = load<i32>(pc, 4 * CONVOLVE_POSITIONS_H);
  const width = load<i32>(pc, 4 * CONVOLVE_POSITIONS_W);
  const lines = load<i32>(pc, 4 * CONVOLVE_POSITIONS_D) * height;
  const image = 4 * channels * volume(pc + 4 * CONVOLVE_SIZE_D); // bytes of a group's
  const positions = lines * width;
  if (rows === 0 || k === 0 || groups === 0) return;
  const cut = cutOf(pc, channels, rows);
  const most = filterBand(cut);
  const columns = max(1, bandColumns(width, most));
  const band = max(1, bandRows(lines, width, most));
  const across = parts(width, columns);
  const bands = parts(lines, band) * across; // of an image
  const each = parts(images * bands, pieces); // bands of a part
  const taps = filterTaps(cut, k);
  const some = filterRows(rows);
  const down = parts(k, taps);
  const beside = parts(rows, some);
  const chunks = down * beside * groups * pieces;
  const planar = most === FILTER_DEPTH;
  const flat = planar && isItself(pc);
  const axes = scratch;
  const panels = axes + 3 * AXIS;
  startClaims();
  for (let chunk = nextChunk(); chunk < chunks; chunk = nextChunk()) {
    const tap = (chunk % down) * taps;
    let rest = chunk / down;
    const row = (rest % beside) * some;
    rest /= beside;
    const group = rest % groups;
    const count = min(taps, k - tap);
    const high = min(some, rows - row);
    const nr = panelOf(high);
    const c = to + 4 * ((rest * k + tap) * rows + row);
    const first = (rest / groups) * each;
    const last = min(images * bands, first + each);
    if (first >= last) for (let i = 0; i < count; i++) fill(c + 4 * i * rows, 0, high);
    readAxes(axes, pc);
    const few = most === FEW_DEPTH && first < last;
    if (few) startDots(count, high);
    const nine = few && columns === width && isNine(count, columns);
    let laid = -1; // of which band planes lie there
    for (let unit = first; unit < last; unit++) {
      const matrix = (unit / bands) * groups + group;
      const part = unit % bands;
      const line = (part / across) * band;
      const column = (part % across) * columns;
      const deep = min(band, lines - line);
      const wide = min(columns, width - column);
      const x = from + matrix * image;
      const g = gradients + 4 * ((matrix * rows + row) * positions + line * width + column);
      if (nine) {
        addNine(x, g, 4 * positions, high, line, deep, column, wide, width);
        continue;
      }
      if (few || planar) {
        if (!flat && part !== laid) layPlaces(pc, tap, count, line, deep, column, wide);
        laid = part;
        if (few) addDots(x, g, 4 * positions, count, high, deep, wide, width);
        else
          addPlaces(
            flat,
            flat ? x + 4 * (line * width + column) : x,
            g,
            4 * positions,
            c,
            4 * rows,
            unit > first,
            tap,
            count,
            high,
            deep,
            wide,
          );
        continue;
      }
      const depth = deep * wide;
      const stride = lineBytes(depth);
      const patches = panels + 4 * depth * wholePanels(high);
      packColumns(panels, nr, g, 4 * positions, depth, high);
      packPatches(patches, x, axes, tap, tap + count, height, line, deep, column, wide);
      const it = productAt(patches + count * stride + 16);
      it.c = c;
      it.rowC = 4 * rows;
      it.a = patches;
      it.rowA = stride;
      it.stepA = 4;
      it.strips = 0;
      it.b = panels;
      it.stepB = 4 * nr;
      it.across = 4 * nr * depth;
      it.nr = nr;
      it.rows = count;
      it.columns = high;
      it.k = depth;
      it.adds = unit > first ? 1 : 0;
      product(it);
    }
    if (few) endDots(c, 4 * rows, count, high);
  }
}

function cutOf(pc: usize, channels: i32, rows: i32): i32 {
  return cutFilter(
    channels,
    volume(pc + 4 * CONVOLVE_TAPS_D),
    rows,
    isPlanar(pc),
    load<i32>(pc, 4 * CONVOLVE_POSITIONS_H),
    load<i32>(pc, 4 * CONVOLVE_POSITIONS_W),
    load<i32>(pc, 4 * CONVOLVE_STEP_H),
    load<i32>(pc, 4 * CONVOLVE_STEP_W),
    spanOf(pc, 1, 1),
    spanOf(pc, 2, 1),
  );
}
