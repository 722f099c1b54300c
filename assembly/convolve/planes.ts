// A band of a convolution without patches: images are put into planes, with zeros around them, a block of channels at a time, and a strip of
// filters says of each tap where it lies in them (../gemm/micro-taps-6x8.ts). Of strides of s, a row of a plane is s rows, one of each
// remainder of a place by s: neighbouring positions find neighbours, whatever the stride.
import { TALL } from "../gemm/blocking";
import { taps1x16, taps4x4, taps4x8, taps6x4, taps6x8, turnBytes } from "../gemm/micro-taps-6x8";
import { PLANE_TAPS, PLANE_WIDE, PLANES_SPACED, PLANES_WORDS } from "../isa/chunks";
import { planeColumns, tapLow, tapSpan } from "../isa/cuts";
import { parts, upTo } from "../isa/integers";
import { CONVOLVE_POSITIONS_H, CONVOLVE_POSITIONS_W, CONVOLVE_SPACING_H, CONVOLVE_SPACING_W } from "../isa/slots";
import { scratch } from "../parallel";
import { every, lanesBelow, put } from "../simd";
import { fill } from "../words";
import { areLanes, EIGHT, laneTiles } from "./lanes";
import { axisAt, blockOf, readAxes } from "./patches";
import { metAt, NARROWED, narrow, RESULTS, remaindersOf } from "./spaced";

/** How the planes of a band lie. */
@unmanaged
export class Planes {
  /** Place of the image at the first row and column of a plane. */
  top: i32;
  left: i32;
  /** Rows of places, each of `across` rows of so many words. */
  rows: i32;
  across: i32;
  words: i32;
  /** The first place that a tap finds at the first position, down and across. */
  low: i32;
  lowAcross: i32;
  /** Channels of a block. */
  channels: i32;
  /** Bytes from row to row of positions. */
  next: i32;
  /** Remainders of a place by the step, a bit each, that taps find, down and across. */
  metDown: i32;
  metAcross: i32;
  /** Whether all taps of a block are listed, of all remainders of spaced positions. */
  listed: i32;
}

// What lies in scratch behind the axes: how planes lie, results on their way to C, the strip, planes.
const ROW_WORDS = 528; // of results: positions of a band, in whole tiles
export const ROW_BYTES = 4 * ROW_WORDS;
const MOST_TOGETHER = 8; // remainders across whose results lie side by side
const MOST_LISTED = 16; // remainders
const UNTIL = RESULTS + 64; // where strips end of those that lie side by side
/** Of each remainder, one across after the other, how many taps are listed up to its last. */
export const ENDS = UNTIL + 4 * MOST_TOGETHER;
export const EDGE = ENDS + 4 * MOST_LISTED;
export const STRIP = EDGE + 8 * ROW_BYTES;
// The list of taps: where each is in the planes, from the first position on, and where its number is in a filter, from the block's first on.
export const PLACES = STRIP + 32 * PLANE_TAPS;
export const NUMBERS = PLACES + 4 * PLANE_TAPS;
export const SPOTS = NUMBERS + 4 * PLANE_TAPS; // where each position of a band is (lanes.ts)
export const PLANES = SPOTS + 4 * PLANE_WIDE + 64;

const LEAST_JOINED = 7; // positions of a row: fewer might make a tile of three rows

/** How they lie now. */
export function planesNow(): Planes {
  return changetype<Planes>(scratch + RESULTS);
}

/** Says in scratch how the planes of a band lie, which has `nominal` rows where it is not cut for threads. */
export function layPlanes(
  pc: usize,
  byHeight: i32,
  byWidth: i32,
  channels: i32,
  nominal: i32,
  line: i32,
  deep: i32,
  column: i32,
  wide: i32,
): void {
  readAxes(scratch, pc);
  const it = planesNow();
  const heights = axisAt(scratch, 1);
  const widths = axisAt(scratch, 2);
  const spaced = byHeight > 1 || byWidth > 1;
  const high = tapSpan(heights.taps, heights.apart, heights.first, byHeight);
  it.low = tapLow(heights.taps, heights.apart, heights.first, byHeight);
  it.lowAcross = tapLow(widths.taps, widths.apart, widths.first, byWidth);
  it.top = line * heights.step + it.low;
  it.left = column * widths.step + it.lowAcross;
  it.rows = (deep - 1) * heights.step + high;
  it.across = widths.step;
  it.words = planeColumns(wide, widths.step, tapSpan(widths.taps, widths.apart, widths.first, byWidth));
  // Channels of a block follow from the rows that bands have where they are not cut for threads: so does the order of sums.
  const plane = ((nominal - 1) * heights.step + high) * it.across * it.words;
  const fitting = min((spaced ? PLANES_SPACED : PLANES_WORDS) / plane, PLANE_TAPS / (heights.taps * widths.taps));
  it.channels = channels <= fitting ? channels : parts(channels, parts(channels, max(1, fitting)));
  it.next = 4 * heights.step * it.across * it.words;
  it.metDown = metBits(1, it.low);
  it.metAcross = metBits(2, it.lowAcross);
  narrow(1, byHeight, 0);
  narrow(2, byWidth, 0);
}

/** Zeros in the planes of a block of channels: borders stay as they are, whatever images follow. */
export function clearPlanes(): void {
  const it = planesNow();
  memory.fill(scratch + PLANES, 0, 4 * it.channels * it.rows * it.across * it.words);
}

/** Remainders of places by the step of an axis, counted from `low`, that any tap finds; all of them of steps above 32. */
function metBits(axis: i32, low: i32): i32 {
  const it = axisAt(scratch, axis);
  if (it.step > 32) return -1;
  let bits = 0;
  for (let t = 0, place = it.first - low; t < it.taps; t++, place += it.apart) bits |= 1 << (place % it.step);
  return bits;
}

/** All of a band whose planes are laid: of each remainder of its positions, if they are spaced. */
export function planesBand(
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
  const it = planesNow();
  const byHeight = load<i32>(pc, 4 * CONVOLVE_SPACING_H);
  const byWidth = load<i32>(pc, 4 * CONVOLVE_SPACING_W);
  const down = remaindersOf(pc, 1);
  for (let channel = 0; channel < channels; channel += it.channels) {
    const count = min(it.channels, channels - channel);
    fillPlanes(it, image, channel, count);
    if (byHeight === 1 && byWidth === 1) {
      tilesOf(pc, it, c, a, rows, channels, channel, count, line, deep, column, wide);
      continue;
    }
    for (let h = 0; h < down; h++) {
      if (it.listed === 0) narrow(1, byHeight, h);
      spacedTiles(pc, it, c, a, rows, channels, channel, count, line, deep, column, wide, h);
    }
  }
}

/** Puts a band of some channels into planes, all that taps find; what lies outside of images is 0 already. */
export function fillPlanes(it: Planes, image: usize, channel: i32, count: i32): void {
  const heights = axisAt(scratch, 1);
  const height = heights.size;
  const width = axisAt(scratch, 2).size;
  const down = heights.step;
  const across = it.across;
  const words = it.words;
  const stride = 4 * across * words;
  const needed = across === 1 ? words : words - 3;
  for (let h = 0; h < down; h++) {
    if (((it.metDown >> h) & 1) === 0) continue;
    // Rows of this remainder that lie in the image.
    const y = it.top + h;
    const all = parts(it.rows - h, down);
    const above = y >= 0 ? 0 : min(all, (down - 1 - y) / down);
    const below = y >= height ? above : max(above, min(all, (height - 1 - y) / down + 1));
    if (above === below) continue;
    for (let r = 0; r < across; r++) {
      if (((it.metAcross >> r) & 1) === 0) continue;
      const x = it.left + r;
      const low = x >= 0 ? 0 : min(needed, (across - 1 - x) / across);
      const high = x >= width ? low : max(low, min(needed, (width - 1 - x) / across + 1));
      if (low === high) continue;
      const row = y + above * down;
      let to = scratch + PLANES + (h + above * down) * stride + 4 * (r * words + low);
      let from = image + 4 * ((channel * height + row) * width + x + low * across);
      for (let i = 0; i < count; i++, to += it.rows * stride, from += 4 * height * width)
        copyLines(to, down * stride, from, 4 * down * width, across, below - above, high - low);
    }
  }
}

/** Writes into the strip where in the planes taps from `tap` on lie, of channels from `channel` on, at the first position. */
export function placesOf(it: Planes, channel: i32, tap: i32, taps: i32): void {
  const heights = axisAt(scratch, 1);
  const widths = axisAt(scratch, 2);
  const line = it.across * it.words;
  for (let t = 0, at = scratch + STRIP; t < taps; t++, at += 4) {
    const h = (tap + t) / widths.taps;
    const i = h / heights.taps;
    const v = (i - channel) * it.rows + heights.first - it.low + (h - i * heights.taps) * heights.apart;
    const u = widths.first - it.lowAcross + (tap + t - h * widths.taps) * widths.apart;
    store<usize>(at, scratch + PLANES + 4 * (v * line + (u % it.across) * it.words + u / it.across));
  }
}

/** The tiles of all filters, of a block of channels. */
function tilesOf(
  pc: usize,
  it: Planes,
  c: usize,
  a: usize,
  rows: i32,
  channels: i32,
  channel: i32,
  count: i32,
  line: i32,
  deep: i32,
  column: i32,
  wide: i32,
): void {
  const strip = scratch + STRIP;
  const edge = scratch + EDGE;
  const height = load<i32>(pc, 4 * CONVOLVE_POSITIONS_H);
  const width = load<i32>(pc, 4 * CONVOLVE_POSITIONS_W);
  const k = count * filterTaps();
  const block = blockOf(k, PLANE_TAPS);
  const stride = 4 * height * width;
  let tile = 0;
  for (let row = 0; row < rows; row += tile) {
    const before = tile;
    const first = c + 4 * ((row * height + line) * width + column);
    const filters = a + 4 * (row * channels + channel) * filterTaps();
    const next = 4 * channels * filterTaps();
    if (it.listed !== 0 && areLanes(rows - row, k)) {
      tile = EIGHT;
      laneTiles(first, stride, filters, next, k, deep * wide, channel > 0);
      continue;
    }
    tile = tileOf(rows - row);
    const high = min(tile, rows - row);
    const lanes = lanesOf(tile);
    const whole = wide / lanes;
    for (let p = 0; p < k; p += block) {
      const last = min(k, p + block);
      const end = strip + (last - p) * turnBytes(tile);
      if (it.listed === 0) listTaps(it, 0, p, last);
      if (it.listed === 0 || tile === 1) putStrip(strip, 0, last - p, filters, next, tile, high);
      else {
        // A strip of as many rows says already where taps lie.
        if (tile !== before) putPlaces(strip, 0, k, tile);
        fillNumbers(filters, next, tile, high, k);
      }
      const add = channel > 0 || p > 0;
      if (tile > 1 && wide >= LEAST_JOINED) {
        joinedTiles(tile, strip, end, it.next, first, stride, high, add, deep, wide);
        continue;
      }
      let at = scratch + PLANES;
      let to = first;
      for (let r = 0; r < deep; r++, at += it.next, to += 4 * width) {
        // What a tile writes beyond a row is the beginning of those after it, which come later.
        const more = wide - whole * lanes > (tile === 1 ? 0 : 4) ? whole + 1 : whole;
        const beyond = !add && wide === width && (deep - 1 - r) * width >= more * lanes - wide;
        const full = beyond ? more : whole;
        if (full > 0) tiles(tile, strip, end, at, to, stride, high, add, full);
        const rest = wide - full * lanes;
        if (rest <= 0) continue;
        const side = 4 * full * lanes;
        if (rest === 4 && tile > 1) {
          narrowTile(tile, strip, end, at + side, to + side, stride, high, add);
          continue;
        }
        edgeTiles(tile, strip, end, at + side, edge, high, rest);
        putRows(to + side, stride, edge, high, rest, add);
      }
    }
  }
}

/** Tiles of a band of whole rows, or of part of one: eight positions follow eight, whatever row they are in. */
function joinedTiles(
  tile: i32,
  strip: usize,
  end: usize,
  next: i32,
  c: usize,
  ldc: i32,
  high: i32,
  add: bool,
  deep: i32,
  wide: i32,
): void {
  let at = scratch + PLANES;
  const gap = next - 4 * wide; // from a row's end to the next one's beginning
  let left = wide; // positions of a row that are still to come
  let rest = deep * wide;
  while (rest > 0) {
    if (left === 0) {
      left = wide;
      at += gap;
    }
    if (rest < 8) break;
    const whole = left >> 3;
    if (whole > 0) {
      tiles(tile, strip, end, at, c, ldc, high, add, whole);
      at += 32 * whole;
      c += 32 * whole;
      left -= 8 * whole;
      rest -= 8 * whole;
      continue;
    }
    if (TALL && tile === 6) taps6x8(strip, end, at, at + gap, left, c, ldc, high, add, 1);
    else taps4x8(strip, end, at, at + gap, left, c, ldc, high, add, 1);
    at += gap + 32;
    c += 32;
    left += wide - 8;
    rest -= 8;
  }
  if (rest === 4) narrowTile(tile, strip, end, at, c, ldc, high, add);
  else if (rest > 0) {
    edgeTiles(tile, strip, end, at, scratch + EDGE, high, rest);
    putRows(c, ldc, scratch + EDGE, high, rest, add);
  }
}

/**
 * The tiles of all filters at spaced positions of one remainder down, of a block of channels: those of all remainders across are made side by
 * side, a stretch of a row at a time, and put between one another.
 */
function spacedTiles(
  pc: usize,
  it: Planes,
  c: usize,
  a: usize,
  rows: i32,
  channels: i32,
  channel: i32,
  count: i32,
  line: i32,
  deep: i32,
  column: i32,
  wide: i32,
  h: i32,
): void {
  const strip = scratch + STRIP;
  const edge = scratch + EDGE;
  const until = scratch + UNTIL;
  const height = load<i32>(pc, 4 * CONVOLVE_POSITIONS_H);
  const width = load<i32>(pc, 4 * CONVOLVE_POSITIONS_W);
  const byHeight = load<i32>(pc, 4 * CONVOLVE_SPACING_H);
  const byWidth = load<i32>(pc, 4 * CONVOLVE_SPACING_W);
  const across = remaindersOf(pc, 2);
  const stride = 4 * height * width;
  // So many remainders together as have room for their strips and results.
  const together = it.listed !== 0 ? min(across, MOST_TOGETHER) : 1;
  const piece = min(wide, (ROW_WORDS / together) & ~15);
  const apart = 4 * upTo(piece, 16);
  let tile = 0;
  for (let row = 0; row < rows; row += tile) {
    tile = tileOf(rows - row);
    const high = min(tile, rows - row);
    const filters = a + 4 * (row * channels + channel) * filterTaps();
    const next = 4 * channels * filterTaps();
    for (let w = 0; w < across; w += together) {
      const some = min(together, across - w);
      let p = 0;
      let more = true;
      while (more) {
        more = false;
        let block = 1;
        let end = strip;
        for (let i = 0; i < some; i++) {
          if (it.listed !== 0) {
            const remainder = h * across + w + i;
            const first = remainder === 0 ? 0 : load<i32>(scratch + ENDS + 4 * (remainder - 1));
            const k = ((load<i32>(scratch + ENDS + 4 * remainder) - first) / it.channels) * count;
            end = putStrip(end, first, k, filters, next, tile, high);
          } else {
            narrow(2, byWidth, w + i);
            const k = count * metTaps();
            block = max(1, blockOf(k, PLANE_TAPS));
            const last = min(k, p + block);
            listTaps(it, 0, p, last);
            end = putStrip(end, 0, last - p, filters, next, tile, high);
            more = last < k;
          }
          store<usize>(until + 4 * i, end);
        }
        const add = channel > 0 || p > 0;
        p += block;
        if (end === strip && add) continue;
        let at = scratch + PLANES;
        for (let r = 0; r < deep; r++, at += it.next) {
          const y = h + (line + r) * byHeight;
          if (y >= height) break;
          if (end === strip && some === byWidth) {
            const left = column * byWidth;
            let to = c + 4 * ((row * height + y) * width + left);
            for (let i = 0; i < high; i++, to += stride) fill(to, 0, min(wide * byWidth, width - left));
            continue;
          }
          for (let j = 0; j < wide; j += piece) {
            const left = w + (column + j) * byWidth;
            const to = c + 4 * ((row * height + y) * width + left);
            for (let i = 0, from = strip; i < some; i++) {
              const last = load<usize>(until + 4 * i);
              edgeTiles(tile, from, last, at + 4 * j, edge + i * apart, high, min(piece, wide - j));
              from = last;
            }
            if (some === 2 && byWidth === 2)
              zipRows(to, stride, edge, apart, high, min(2 * min(piece, wide - j), width - left), add);
            else
              for (let i = 0; i < some; i++) {
                const columns = min(min(piece, wide - j), parts(width - left - i, byWidth));
                spreadRows(to + 4 * i, stride, 4 * byWidth, edge + i * apart, high, columns, add);
              }
          }
        }
      }
    }
  }
}

/** Results of a tile's rows at some positions on their way to C; zeros, if no taps are met. */
function edgeTiles(tile: i32, strip: usize, end: usize, at: usize, edge: usize, high: i32, columns: i32): void {
  if (strip === end) {
    for (let i = 0; i < high; i++, edge += ROW_BYTES) fill(edge, 0, columns);
    return;
  }
  const lanes = lanesOf(tile);
  const full = tile > 1 && columns % lanes <= 4 ? columns / lanes : parts(columns, lanes);
  if (full > 0) tiles(tile, strip, end, at, edge, ROW_BYTES, high, false, full);
  const side = 4 * full * lanes;
  if (full * lanes < columns) narrowTile(tile, strip, end, at + side, edge + side, ROW_BYTES, high, false);
}

/** One tile of four columns. */
function narrowTile(tile: i32, strip: usize, end: usize, at: usize, c: usize, ldc: i32, high: i32, add: bool): void {
  if (TALL && tile === 6) taps6x4(strip, end, at, c, ldc, high, add);
  else taps4x4(strip, end, at, c, ldc, high, add);
}

/** Columns of a tile of so many rows. */
function lanesOf(tile: i32): i32 {
  return tile === 1 ? 16 : 8;
}

/** Rows of the next tile, of so many that are left. */
function tileOf(rows: i32): i32 {
  if (rows === 1) return 1;
  if (!TALL) return 4;
  return rows <= 4 || rows === 7 || rows === 8 ? 4 : 6;
}

function tiles(
  tile: i32,
  strip: usize,
  end: usize,
  at: usize,
  c: usize,
  ldc: i32,
  high: i32,
  add: bool,
  count: i32,
): void {
  if (tile === 1) taps1x16(strip, end, at, c, add, count);
  else if (TALL && tile === 6) taps6x8(strip, end, at, at, 8, c, ldc, high, add, count);
  else taps4x8(strip, end, at, at, 8, c, ldc, high, add, count);
}

/** Taps of a filter in one channel that are met. */
function metTaps(): i32 {
  return axisAt(scratch + NARROWED, 1).taps * axisAt(scratch + NARROWED, 2).taps;
}

/** Taps of a filter in one channel. */
function filterTaps(): i32 {
  return axisAt(scratch, 1).taps * axisAt(scratch, 2).taps;
}

/** Lists the taps of a block of channels, of each remainder of positions, if there is room for all. */
export function listAll(pc: usize): void {
  const it = planesNow();
  const down = remaindersOf(pc, 1);
  const across = remaindersOf(pc, 2);
  it.listed = down * across <= MOST_LISTED && it.channels * filterTaps() <= PLANE_TAPS ? 1 : 0;
  if (it.listed === 0) return;
  let count = 0;
  for (let h = 0, ends = scratch + ENDS; h < down; h++) {
    narrow(1, load<i32>(pc, 4 * CONVOLVE_SPACING_H), h);
    for (let w = 0; w < across; w++, ends += 4) {
      narrow(2, load<i32>(pc, 4 * CONVOLVE_SPACING_W), w);
      const k = it.channels * metTaps();
      listTaps(it, count, 0, k);
      count += k;
      store<i32>(ends, count);
    }
  }
}

/** Lists taps `from` up to `to` of a block of channels, as they are met at positions of one remainder, behind so many others. */
function listTaps(it: Planes, others: i32, from: i32, to: i32): void {
  if (from >= to) return;
  const heights = axisAt(scratch + NARROWED, 1);
  const widths = axisAt(scratch + NARROWED, 2);
  const across = it.across;
  const all = filterTaps();
  const line = 4 * across * it.words; // bytes from place to place, down
  const nextW = 4 * metAt(2).next;
  const nextH = 4 * metAt(1).next * axisAt(scratch, 2).taps;
  let tw = from % widths.taps;
  let th = (from / widths.taps) % heights.taps;
  const i = from / widths.taps / heights.taps;
  // Where the next tap is found in the planes, by rows, and how far from the left; and its number.
  let plane = i * it.rows * line + (heights.first - it.low) * line;
  let v = th * heights.apart * line;
  let u = widths.first - it.lowAcross + tw * widths.apart;
  let number = 4 * (i * all + metAt(1).tap * axisAt(scratch, 2).taps + metAt(2).tap) + nextH * th;
  let at = scratch + 4 * others;
  for (let k = from; k < to; k++, at += 4) {
    store<i32>(at, plane + v + 4 * (across === 1 ? u : (u % across) * it.words + u / across), PLACES);
    store<i32>(at, number + nextW * tw, NUMBERS);
    u += widths.apart;
    if (++tw < widths.taps) continue;
    tw = 0;
    u -= widths.taps * widths.apart;
    v += heights.apart * line;
    number += nextH;
    if (++th < heights.taps) continue;
    th = 0;
    v = 0;
    plane += it.rows * line;
    number += 4 * all - heights.taps * nextH;
  }
}

/** Writes a strip of k taps of the list, from one on: where they are. Gives its end. */
export function putPlaces(strip: usize, first: i32, k: i32, tile: i32): usize {
  const turn = turnBytes(tile);
  let from = scratch + PLACES + 4 * first;
  const end = strip + k * turn;
  for (; strip < end; strip += turn, from += 4) store<u32>(strip, load<u32>(from));
  return end;
}

/** The same, with their numbers in a tile's filters, which lie `stride` bytes apart; where the last ones are missing, another stands. */
function putStrip(strip: usize, first: i32, k: i32, filters: usize, stride: i32, tile: i32, high: i32): usize {
  const end = putPlaces(strip, first, k, tile);
  const turn = turnBytes(tile);
  const b = min(1, high - 1) * stride;
  const c = min(2, high - 1) * stride;
  const d = min(3, high - 1) * stride;
  const e = min(4, high - 1) * stride;
  const f = min(5, high - 1) * stride;
  let number = scratch + NUMBERS + 4 * first;
  for (; strip < end; strip += turn, number += 4) {
    const from = filters + load<u32>(number);
    store<u32>(strip, load<u32>(from), 4);
    if (tile === 1) continue;
    store<u32>(strip, load<u32>(from + b), 8);
    store<u32>(strip, load<u32>(from + c), 12);
    store<u32>(strip, load<u32>(from + d), 16);
    if (!TALL || tile !== 6) continue;
    store<u32>(strip, load<u32>(from + e), 20);
    store<u32>(strip, load<u32>(from + f), 24);
  }
  return end;
}

/** The numbers of k taps side by side of a tile's filters, which lie `stride` bytes apart; where the last ones are missing, another stands. */
function fillNumbers(filters: usize, stride: i32, tile: i32, high: i32, k: i32): void {
  const turn = turnBytes(tile);
  const last = filters + (high - 1) * stride;
  let a = filters;
  let b = min(a + stride, last);
  let c = min(b + stride, last);
  let d = min(c + stride, last);
  let e = min(d + stride, last);
  let f = min(e + stride, last);
  let to = scratch + STRIP + 4;
  for (; k >= 4; k -= 4, to += 4 * turn) {
    const r0 = v128.load(a);
    const r1 = v128.load(b);
    const r2 = v128.load(c);
    const r3 = v128.load(d);
    const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
    v128.store(to + turn, i64x2.shuffle(low01, low23, 1, 3));
    v128.store(to + 2 * turn, i64x2.shuffle(high01, high23, 0, 2));
    v128.store(to + 3 * turn, i64x2.shuffle(high01, high23, 1, 3));
    if (TALL && tile === 6) {
      const r4 = v128.load(e);
      const r5 = v128.load(f);
      const low45 = i32x4.shuffle(r4, r5, 0, 4, 1, 5);
      const high45 = i32x4.shuffle(r4, r5, 2, 6, 3, 7);
      v128.store64_lane(to, low45, 0, 16);
      v128.store64_lane(to + turn, low45, 1, 16);
      v128.store64_lane(to + 2 * turn, high45, 0, 16);
      v128.store64_lane(to + 3 * turn, high45, 1, 16);
      e += 16;
      f += 16;
    }
    a += 16;
    b += 16;
    c += 16;
    d += 16;
  }
  for (; k > 0; k--, to += turn) {
    let source = a;
    for (let j = 0; j < 4 * high; j += 4, source += stride) store<u32>(to + j, load<u32>(source));
    a += 4;
  }
}

/** Stores, or adds, the columns that exist of some rows. */
export function putRows(c: usize, ldc: i32, from: usize, rows: i32, columns: i32, add: bool): void {
  for (let i = 0; i < rows; i++, c += ldc, from += ROW_BYTES) {
    for (let j = 0; j < columns; j += 4) {
      const x = v128.load(from + 4 * j);
      put(c + 4 * j, add ? f32x4.add(v128.load(c + 4 * j), x) : x, columns - j);
    }
  }
}

/** The same of columns by turns from two places, `apart` bytes from one another. */
export function zipRows(c: usize, ldc: i32, from: usize, apart: i32, rows: i32, columns: i32, add: bool): void {
  for (let i = 0; i < rows; i++, c += ldc, from += ROW_BYTES) {
    for (let j = 0, at = from; j < columns; j += 8, at += 16) {
      const even = v128.load(at);
      const odd = v128.load(at + apart);
      let low = i32x4.shuffle(even, odd, 0, 4, 1, 5);
      let high = i32x4.shuffle(even, odd, 2, 6, 3, 7);
      const to = c + 4 * j;
      if (add) {
        low = f32x4.add(v128.load(to), low);
        high = f32x4.add(v128.load(to, 16), high);
      }
      put(to, low, columns - j);
      if (columns - j > 4) put(to + 16, high, columns - j - 4);
    }
  }
}

/** The same of columns that lie `step` bytes apart in C. */
function spreadRows(c: usize, ldc: i32, step: i32, from: usize, rows: i32, columns: i32, add: bool): void {
  for (let i = 0; i < rows; i++, c += ldc, from += ROW_BYTES) {
    let to = c;
    for (let j = 0; j < columns; j++, to += step) {
      const x = load<f32>(from + 4 * j);
      store<f32>(to, add ? load<f32>(to) + x : x);
    }
  }
}

/** Rows of every `step`-th word; zeros follow the last one up to a whole vector. */
function copyLines(to: usize, stride: i32, from: usize, next: i32, step: i32, rows: i32, words: i32): void {
  const whole = 4 * (words & ~3);
  const mask = lanesBelow(words & 3);
  for (; rows > 0; rows--, to += stride, from += next) {
    let source = from;
    let target = to;
    const end = to + whole;
    if (step === 1) {
      for (; target < end; target += 16, source += 16) v128.store(target, v128.load(source));
    } else {
      for (; target < end; target += 16, source += 16 * step) v128.store(target, every(source, step));
    }
    if ((words & 3) === 0) continue;
    let last = step <= 2 ? every(source, step) : v128.load32_zero(source);
    if (step > 2) {
      if ((words & 3) > 1) last = v128.load32_lane(source + 4 * step, last, 1);
      if ((words & 3) > 2) last = v128.load32_lane(source + 8 * step, last, 2);
    }
    v128.store(target, v128.and(last, mask));
  }
}
