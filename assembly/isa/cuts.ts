// How an instruction's work is cut into chunks, said once: the kernels cut by these formulas, src/runtime/wasm/work.ts counts by them. What
// is cut follows from the slots of the instruction; sums that a chunk may not cut follow from the shape alone, so none of this changes a
// bit. The sizes and why: chunks.ts.
//
// A chunk is a box: each axis of the work is cut into pieces of one length and a rest, `parts` of them, and chunks are numbered along the
// first axis first. A function here gives the length of a piece of one axis.
import * as chunk from "./chunks.ts";
import type { i32 } from "./integers.ts";
import { parts, upTo } from "./integers.ts";
import { LOW_ROWS, NARROW_PANEL, TALL_ROWS, WIDE_PANEL, WIDE_ROWS, wholePanels } from "./panels.ts";
import { BLOCK, KC, MAP_CHUNK } from "./sizes.ts";

/** So many whole ones, of `each` elements, as make up a chunk: at least one. */
function fitting(elements: i32, each: i32): i32 {
  return most(1, (elements / most(1, each)) | 0);
}

function least(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

function most(a: i32, b: i32): i32 {
  return a > b ? a : b;
}

// MAP: elements, for several threads; one takes MAP_CHUNK.

/** Elements of a chunk of a map of so many steps: whole blocks. */
export function mapElements(n: i32, steps: i32): i32 {
  const worth = upTo(parts(chunk.MAP_WORK, most(1, steps)), BLOCK);
  return least(MAP_CHUNK, most(worth, upTo(parts(n, chunk.ENOUGH), BLOCK)));
}

// REDUCE: columns, outer indices. As many columns as there are, or as fit, then as many outer indices.

export function reduceColumns(n: i32, inner: i32): i32 {
  return least(inner, most(chunk.REDUCE_COLUMNS, fitting(chunk.REDUCE_CHUNK, n) & -chunk.REDUCE_COLUMNS));
}

/** Outer indices of a chunk of so many columns. */
export function reduceRows(n: i32, inner: i32, columns: i32): i32 {
  return columns === inner ? fitting(chunk.REDUCE_CHUNK, most(1, n) * inner) : 1;
}

// PACK: columns of B, matrices (one by one); or rows of A, which become strips.

/** Columns of a chunk: pairs of whole panels. */
export function packedColumns(k: i32, panel: i32): i32 {
  return 2 * panel * fitting(chunk.PACK_CHUNK, 2 * k * panel);
}

// COPY: columns, rows, outer indices, of which the first two are the inner dimensions. Strides are in words.

/** Whether the inner dimensions change places: writing goes along the columns where it can. */
export function copySwaps(rowTo: i32, columnTo: i32): boolean {
  return rowTo === 1 && columnTo !== 1;
}

/** Whether a copy, its dimensions in place, is a transposition. */
export function copyTurns(columnTo: i32, rowFrom: i32): boolean {
  return columnTo === 1 && rowFrom === 1;
}

export function copyColumns(columns: i32, turns: boolean): i32 {
  return least(columns, turns ? chunk.COPY_SQUARE : chunk.COPY_CHUNK);
}

/** Rows of a chunk of so many columns. */
export function copyRows(rows: i32, chunkColumns: i32): i32 {
  return least(rows, fitting(chunk.COPY_CHUNK, chunkColumns));
}

/** Outer indices of a chunk of so many rows and columns. */
export function copyOuter(rows: i32, columns: i32, chunkRows: i32, chunkColumns: i32): i32 {
  return chunkRows === rows && chunkColumns === columns ? fitting(chunk.COPY_CHUNK, rows * columns) : 1;
}

// GATHER: rows of the result.

export function gatherRows(width: i32): i32 {
  return fitting(chunk.GATHER_CHUNK, width);
}

// SCATTER_ADD: rows of the result, columns.

export function scatterRows(rows: i32): i32 {
  return parts(rows, chunk.SCATTER_PARTS);
}

// SOFTMAX and its kin, SORT: rows.

export function rowsOfChunk(columns: i32): i32 {
  return fitting(chunk.ROWS_CHUNK, columns);
}

// CUMULATIVE_SUM: groups of neighbouring columns, one at least; those of an outer index follow those of the one before.

/** Columns of a group: its last one in an outer index may have fewer. */
export function cumulativeColumns(inner: i32): i32 {
  return least(inner, chunk.REDUCE_COLUMNS);
}

/** Groups of a chunk, of so many columns each. */
export function cumulativeGroups(n: i32, columns: i32): i32 {
  return fitting(chunk.REDUCE_CHUNK, n * columns);
}

// MAX_POOL, SUM_POOL: rows of the result. A row has `columns` windows, of so many places along each axis at most.

export function poolRows(columns: i32, d: i32, h: i32, w: i32): i32 {
  const area = few(d) * few(h);
  return fitting(chunk.POOL_CHUNK, few(few(area) * few(w)) * few(columns));
}

/** At most as many as a chunk has, so that no product overflows. */
function few(count: i32): i32 {
  return least(count, chunk.POOL_CHUNK);
}

/** Places of a window along an axis at most: of one of `kernel` places, or, if that is 0, of one of `out` that cover the axis. */
export function poolPlaces(size: i32, out: i32, kernel: i32): i32 {
  return least(size, kernel > 0 ? kernel : parts(size, most(1, out)) + 1);
}

// SUM_POOL_TRANSPOSED, SCATTER_PLANES: planes.

export function planesOfChunk(elements: i32): i32 {
  return fitting(chunk.POOL_CHUNK, elements);
}

// MATMUL: rows of C, columns, matrices of all batches and heads (one by one).

/** Columns of the panels of B, which has n: `usual` ones, or those of the other width if that makes a twelfth less of them. */
export function panelFor(n: i32, usual: i32): i32 {
  const other = NARROW_PANEL + WIDE_PANEL - usual;
  return 12 * upTo(n, other) <= 11 * upTo(n, usual) ? other : usual;
}

/** Rows of a tile that meets a panel of so many columns, in a build with such `usual` ones. */
export function tileRows(panel: i32, usual: i32): i32 {
  return panel === WIDE_PANEL ? WIDE_ROWS : usual === NARROW_PANEL ? TALL_ROWS : LOW_ROWS;
}

/**
 * How to cut a product: for one thread (`alone`) not smaller than is best for its caches. `columnwise`: chunks pack columns of A;
 * `tile`: rows of a tile. Read the answer by productRows and productColumns.
 */
export function cutProduct(
  matrices: i32,
  m: i32,
  n: i32,
  k: i32,
  columnwise: boolean,
  epilogue: boolean,
  tile: i32,
  alone: boolean,
): i32 {
  const few = columnwise ? chunk.FEW_COLUMNS_PACKED : chunk.FEW_COLUMNS;
  const depth = least(k, 1 << 15); // so that no product of sizes overflows
  const unit = tile === LOW_ROWS ? LOW_ROWS : TALL_ROWS; // so that no tile lacks rows
  let rows = upTo(parts(m, parts(m, k > KC / 2 ? chunk.MC / 2 : chunk.MC)), unit);
  let columns = n <= chunk.NC ? n : wholePanels(parts(n, parts(n, chunk.NC)));
  while (true) {
    const work = least(m, rows) * columns * depth;
    if (work <= chunk.SMALL || (alone && work <= chunk.LARGE)) break;
    const chunks = matrices * parts(m, rows) * parts(n, columns);
    if (chunks >= chunk.MANY || (chunks >= chunk.ENOUGH && (work <= chunk.LARGE || rows <= chunk.FEW_ROWS))) break;
    const half = wholePanels(columns >> 1);
    const wide = columns > few && (!epilogue || half * depth >= chunk.SEGMENT);
    if (wide && rows <= chunk.FEW_ROWS) columns = half;
    else if (rows > unit) rows = upTo(rows >> 1, unit);
    else break;
  }
  return rows | (columns << 8); // at most 96 and 528
}

/** Rows of the chunks of a product that was cut so. */
export function productRows(cut: i32): i32 {
  return cut & 255;
}

/** Columns of the chunks of a product that was cut so. */
export function productColumns(cut: i32): i32 {
  return cut >> 8;
}

// CONVOLVE: columns of positions, rows of positions, groups of all images (one by one). CONVOLVE_FILTER: taps, rows of filters, groups,
// parts (one by one).

/** The length of equal pieces, none of which is longer than `piece`. */
function evenly(total: i32, piece: i32): i32 {
  return parts(total, most(1, parts(total, piece)));
}

/** Positions of a band at most, of a convolution of so many groups of images, each with so many positions and sums of k. */
export function convolveBand(matrices: i32, positions: i32, k: i32, spaced: boolean): i32 {
  const all = (chunk.CONVOLVE_LINES / least(most(1, k), chunk.CONVOLVE_DEPTH)) | 0;
  let band = spaced ? chunk.SPACED_WIDE : least(all, chunk.CONVOLVE_WIDE);
  while (band > chunk.CONVOLVE_LEAST && matrices * parts(positions, band) < chunk.ENOUGH) band = band >> 1;
  return band;
}

/** Columns of a band of so many positions at most: all of them, or equal pieces. */
export function bandColumns(columns: i32, band: i32): i32 {
  return columns <= band ? columns : least(band, upTo(evenly(columns, band), 4));
}

/** Rows of such a band: several only if they are whole. */
export function bandRows(rows: i32, columns: i32, band: i32): i32 {
  return columns > band ? 1 : evenly(rows, fitting(band, columns));
}

/** a / b, rounded down; b is positive. */
function down(a: i32, b: i32): i32 {
  return ((a - (((a % b) + b) % b)) / b) | 0;
}

/** The first place that any tap of an axis finds at position 0, or at one of the first `spacing` ones. */
export function tapLow(taps: i32, apart: i32, first: i32, spacing: i32): i32 {
  return 0 - down(0 - first - least(0, (taps - 1) * apart), spacing);
}

/** Places from there to the last. */
export function tapSpan(taps: i32, apart: i32, first: i32, spacing: i32): i32 {
  const last = down(spacing - 1 + first + most(0, (taps - 1) * apart), spacing);
  return most(1, last - tapLow(taps, apart, first, spacing) + 1);
}

/**
 * Words of a row of a plane of one remainder by the step: so many columns of positions, and what their taps span. Whole vectors are written:
 * of several remainders, which are written one after the other, no row reaches into the next.
 */
export function planeColumns(columns: i32, step: i32, span: i32): i32 {
  const words = parts((columns - 1) * step + span, step);
  return upTo(step === 1 ? words : words + 3, 4);
}

/** Words of a plane for such rows and columns of positions, or too many. */
export function planeWords(rows: i32, columns: i32, down: i32, across: i32, high: i32, wide: i32): i32 {
  const places = (rows - 1) * down + high;
  const words = across * planeColumns(columns, across, wide);
  return least(places, 1 << 15) * least(words, 1 << 15);
}

/**
 * Rows of a band of positions whose planes fit, of steps `down` and `across` and taps that span so many places; 0 if none does. For several
 * threads (not `alone`) there are bands enough.
 */
export function planeRows(
  matrices: i32,
  rows: i32,
  columns: i32,
  down: i32,
  across: i32,
  high: i32,
  wide: i32,
  alone: boolean,
): i32 {
  if (down > 64 || across > 64 || high > chunk.PLANE_WORDS || wide > chunk.PLANE_WORDS) return 0;
  const piece = bandColumns(columns, chunk.PLANE_WIDE);
  const pieces = matrices * parts(columns, most(1, piece));
  let band = bandRows(rows, columns, chunk.PLANE_WIDE);
  while (band > 1) {
    const enough = alone || band * piece <= chunk.CONVOLVE_LEAST || pieces * parts(rows, band) >= chunk.ENOUGH;
    if (enough && planeWords(band, piece, down, across, high, wide) <= chunk.PLANE_WORDS) break;
    band = (band + 1) >> 1;
  }
  return planeWords(band, piece, down, across, high, wide) <= chunk.PLANE_WORDS ? band : 0;
}

/** Bands of a chunk, of so many groups of images: an epilogue is for all of a group at once, where there are chunks enough. */
export function bandsTogether(matrices: i32, bands: i32, epilogue: boolean): i32 {
  return epilogue && matrices >= chunk.ENOUGH ? bands : 1;
}

/** Groups of images of a chunk, where each has `bands` chunks' worth of bands, and a band so many sums of k products. */
export function planeMatrices(matrices: i32, bands: i32, sums: i32, k: i32): i32 {
  const together = fitting(chunk.PLANE_PRODUCTS, sums * least(k, chunk.PLANE_PRODUCTS));
  return least(together, most(1, ((matrices * bands) / chunk.ENOUGH) | 0));
}

/** Rows of a chunk of a filter's gradient. */
export function filterRows(rows: i32): i32 {
  return least(rows, upTo(evenly(rows, chunk.FILTER_ROWS), 8));
}

/** Whether each tap of a filter's gradient is a sum of its own: few filters share one channel, which lies in a plane with what its taps span. */
function isFew(
  channels: i32,
  filters: i32,
  rows: i32,
  columns: i32,
  down: i32,
  across: i32,
  high: i32,
  wide: i32,
): boolean {
  if (channels !== 1 || filters > chunk.FEW_FILTERS) return false;
  const band = bandRows(rows, columns, chunk.FEW_DEPTH);
  return planeWords(band, bandColumns(columns, chunk.FEW_DEPTH), down, across, high, wide) <= chunk.FEW_WORDS;
}

/** Taps of a filter's gradient whose channels' planes fit, of channels with so many taps each: fewer than the least tile if none do. */
function placedTaps(
  channels: i32,
  taps: i32,
  rows: i32,
  columns: i32,
  down: i32,
  across: i32,
  high: i32,
  wide: i32,
): i32 {
  const band = bandRows(rows, columns, chunk.FILTER_DEPTH);
  const plane = planeWords(band, bandColumns(columns, chunk.FILTER_DEPTH), down, across, high, wide);
  const fit = fitting(chunk.FILTER_WORDS, most(1, plane));
  if (plane > chunk.FILTER_WORDS) return 0;
  if (fit >= channels) return chunk.FILTER_TAPS;
  // The first and the last channel may have one tap each.
  return least(chunk.FILTER_TAPS, (fit - 2) * least(taps, chunk.FILTER_TAPS) + 1);
}

/**
 * How a filter's gradient is cut, whose images lie in planes if they are `flat` (have no depth): positions of a band at most, by 1024, and
 * taps of a chunk of all of its channels' at most.
 */
export function cutFilter(
  channels: i32,
  taps: i32,
  filters: i32,
  flat: boolean,
  rows: i32,
  columns: i32,
  down: i32,
  across: i32,
  high: i32,
  wide: i32,
): i32 {
  if (flat && down <= 64 && across <= 64 && high <= chunk.PLANE_WORDS && wide <= chunk.PLANE_WORDS) {
    if (isFew(channels, filters, rows, columns, down, across, high, wide))
      return chunk.FEW_DEPTH * 1024 + chunk.FEW_TAPS;
    const placed = placedTaps(channels, taps, rows, columns, down, across, high, wide);
    if (placed >= chunk.LEAST_PLACED) return chunk.FILTER_DEPTH * 1024 + placed;
  }
  return chunk.PATCH_DEPTH * 1024 + chunk.PATCH_TAPS;
}

/** Positions of a band at most of a filter's gradient that was cut so. */
export function filterBand(cut: i32): i32 {
  return cut >> 10;
}

/** Taps of its chunks, of k. */
export function filterTaps(cut: i32, k: i32): i32 {
  return evenly(k, cut & 1023);
}

/** Parts of a filter's gradient, which has so many other chunks, from so many bands of positions. */
export function filterParts(bands: i32, chunks: i32): i32 {
  return most(1, least(bands, parts(chunk.FILTER_PARTS, most(1, chunks))));
}
