// CONVOLVE: filters over images. A chunk is a band of positions of one group of one image, or of a few small ones, and all rows of the group's
// filters. How it is computed follows from sizes alone: from planes (planes.ts), from the image as it lies, or, block by block of taps, by a
// product with patches that are packed as they are multiplied (patches.ts), as rows of B that lie side by side:
//
//     for each block of taps:  C[rows, positions] += filters[rows, taps] . patches[taps, positions]
import { panelOf } from "../gemm/blocking";
import { product, productAt } from "../gemm/product";
import { CONVOLVE_DEPTH, CONVOLVE_MOST, PLANE_PRODUCTS, PLANE_WIDE } from "../isa/chunks";
import { bandColumns, bandRows, bandsTogether, convolveBand, planeMatrices, planeRows } from "../isa/cuts";
import { parts } from "../isa/integers";
import {
  CONVOLVE_CHANNELS,
  CONVOLVE_FILTERS,
  CONVOLVE_FROM,
  CONVOLVE_GROUPS,
  CONVOLVE_IMAGES,
  CONVOLVE_MAP,
  CONVOLVE_POSITIONS_D,
  CONVOLVE_POSITIONS_H,
  CONVOLVE_POSITIONS_W,
  CONVOLVE_ROWS,
  CONVOLVE_SIZE_D,
  CONVOLVE_SPACING_D,
  CONVOLVE_STEP_H,
  CONVOLVE_STEP_W,
  CONVOLVE_TAPS_D,
  CONVOLVE_TO,
  CONVOLVE_WORDS,
} from "../isa/slots";
import { mapRange } from "../map";
import { nextChunk, scratch, startClaims, threads } from "../parallel";
import { fill } from "../words";
import { listSpots, mayBeLanes } from "./lanes";
import { AXIS, blockOf, isItself, isPlanar, lineBytes, packPatches, readAxes, spanOf, volume } from "./patches";
import { clearPlanes, layPlanes, listAll, planesBand } from "./planes";
import { isSingle, layStrips, singleBand } from "./single";
import { spacedBand, spacedEpilogue, spacedPositions } from "./spaced";
import { isSpread, isThree, spreadBand, threeBand } from "./three";

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
  const spaced = isSpaced(pc);
  const epilogue = load<i32>(pc, 4 * CONVOLVE_MAP) > 0;
  if (matrices === 0 || rows === 0 || positions === 0) return;
  // Of one remainder, if positions are spaced.
  const depth = spacedPositions(pc, 0);
  const height = spacedPositions(pc, 1);
  const width = spacedPositions(pc, 2);
  const nominal = planarRows(pc, matrices, height, width, true);
  const planar = threads === 1 ? nominal : planarRows(pc, matrices, height, width, false);
  const most = planar > 0 ? PLANE_WIDE : convolveBand(matrices, depth * height * width, k, spaced);
  const columns = bandColumns(width, most);
  const band = planar > 0 ? planar : bandRows(depth * height, width, most);
  const across = parts(width, columns);
  const bands = parts(depth * height, band) * across;
  const flat = !spaced && isItself(pc);
  const planes = planar > 0 && !flat && k > 0;
  const some = planar > 0 ? bandsTogether(matrices, bands, epilogue) : 1;
  const pieces = bands / some; // of a group of images
  const stretch = some > 1 ? depth * height * width : band * columns;
  const each = planes ? planeMatrices(matrices, pieces, rows * min(stretch, PLANE_PRODUCTS), k) : 1;
  const map = epilogue ? pc + 4 * CONVOLVE_WORDS : 0;
  startClaims();
  for (let chunk = nextChunk(); chunk < parts(matrices, each) * pieces; chunk = nextChunk()) {
    const start = (chunk / pieces) * each;
    const last = min(matrices, start + each);
    const part = (chunk % pieces) * some;
    for (let piece = part; piece < part + some; piece++) {
      const line = (piece / across) * band;
      const column = (piece % across) * columns;
      const deep = min(band, depth * height - line);
      const wide = min(columns, width - column);
      const first = line * width + column;
      readAxes(scratch, pc);
      const alone = planes && rows === 1 && channels === 1 && columns === width;
      const three = alone && (spaced ? isSpread(pc, width) : isThree(width));
      if (planes && !three) {
        layPlanes(pc, spacingOf(pc, 1), spacingOf(pc, 2), channels, nominal, line, deep, column, wide);
        clearPlanes();
        listAll(pc);
        if (mayBeLanes(rows)) listSpots(deep, wide);
      }
      const single = planes && !three && isSingle(pc, rows, channels, wide);
      if (single) layStrips(pc);
      for (let matrix = start; matrix < last; matrix++) {
        const c = to + 4 * matrix * rows * positions;
        const a = filters + 4 * (matrix % groups) * rows * k;
        const b = from + matrix * image;
        if (three && spaced)
          spreadBand(
            c,
            a,
            b,
            line,
            deep,
            load<i32>(pc, 4 * CONVOLVE_POSITIONS_H),
            load<i32>(pc, 4 * CONVOLVE_POSITIONS_W),
          );
        else if (three) threeBand(c + 4 * first, a, b, line, deep, column, wide, width);
        else if (single) singleBand(pc, c, a, b, channels, line, deep, column, wide);
        else if (planes) planesBand(pc, c, a, b, rows, channels, line, deep, column, wide);
        else if (spaced) spacedBand(pc, c, a, b, rows, channels, line, deep, column, wide);
        else if (k === 0) for (let i = 0; i < rows; i++) fill(c + 4 * (i * positions + first), 0, deep * wide);
        else if (flat) inPlace(c + 4 * first, 4 * positions, a, b + 4 * first, 4 * positions, rows, k, deep * wide);
        else plainBand(c + 4 * first, 4 * positions, a, b, rows, k, height, line, deep, column, wide);
      }
      // An epilogue writes over what says how planes lie.
      if (!epilogue || pieces === 1) continue;
      for (let matrix = start; matrix < last; matrix++) {
        if (spaced) spacedEpilogue(pc, map, matrix * rows, rows, line, deep, column, wide);
        else
          for (let i = matrix * rows; i < (matrix + 1) * rows; i++)
            mapRange(map, i * positions + first, i * positions + first + deep * wide);
      }
    }
    if (epilogue && pieces === 1) mapRange(map, start * rows * positions, last * rows * positions);
  }
}

function spacingOf(pc: usize, axis: i32): i32 {
  return load<i32>(pc + 4 * axis, 4 * CONVOLVE_SPACING_D);
}

/** Whether positions of any axis are spaced. */
function isSpaced(pc: usize): bool {
  return spacingOf(pc, 0) > 1 || spacingOf(pc, 1) > 1 || spacingOf(pc, 2) > 1;
}

/** Rows of a band of images that are put into planes; 0 if patches are packed: of volumes, and where taps lie far apart. */
function planarRows(pc: usize, matrices: i32, height: i32, width: i32, alone: bool): i32 {
  if (!isPlanar(pc)) return 0;
  const down = load<i32>(pc, 4 * CONVOLVE_STEP_H);
  const across = load<i32>(pc, 4 * CONVOLVE_STEP_W);
  return planeRows(
    matrices,
    height,
    width,
    down,
    across,
    spanOf(pc, 1, spacingOf(pc, 1)),
    spanOf(pc, 2, spacingOf(pc, 2)),
    alone,
  );
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
