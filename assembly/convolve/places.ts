// Gradients of filters without patches: taps are read where they lie in planes (planes.ts), or in the image itself, gradients in panels of 8
// filters, or of 12 where so many are the last.
import { TALL } from "../gemm/blocking";
import { places3x12, places4x8, places6x8 } from "../gemm/micro-places-6x8";
import { packColumns } from "../gemm/pack";
import { FILTER_WORDS } from "../isa/chunks";
import { scratch } from "../parallel";
import { put } from "../simd";
import { axisAt, readAxes } from "./patches";
import { clearPlanes, EDGE, fillPlanes, layPlanes, PLANES, placesOf, planesNow, STRIP } from "./planes";

/** Says in scratch how the planes of a band lie, and where in them so many taps from `tap` on. */
export function layPlaces(pc: usize, tap: i32, taps: i32, line: i32, deep: i32, column: i32, wide: i32): void {
  readAxes(scratch, pc);
  const all = axisAt(scratch, 1).taps * axisAt(scratch, 2).taps;
  const channel = tap / all;
  layPlanes(pc, 1, 1, 1, deep, line, deep, column, wide);
  const it = planesNow();
  it.channels = (tap + taps - 1) / all + 1 - channel;
  clearPlanes();
  placesOf(it, channel, tap, taps);
}

/**
 * Adds a band of one image to C, or writes it: taps from `tap` on, gradients from `gradients` on, those of a filter `next` bytes apart. Taps
 * that are `flat` are the band itself, which begins at `image` in the first channel.
 */
export function addPlaces(
  flat: bool,
  image: usize,
  gradients: usize,
  next: i32,
  c: usize,
  ldc: i32,
  add: bool,
  tap: i32,
  taps: i32,
  filters: i32,
  deep: i32,
  wide: i32,
): void {
  const depth = deep * wide;
  const it = planesNow();
  if (flat) {
    listChannels(image, tap, taps);
    deep = 1;
    wide = depth;
  } else {
    const all = axisAt(scratch, 1).taps * axisAt(scratch, 2).taps;
    const channel = tap / all;
    fillPlanes(it, image, channel, (tap + taps - 1) / all + 1 - channel);
  }
  const panel = scratch + PLANES + 4 * FILTER_WORDS;
  const edge = scratch + EDGE;
  for (let j = 0, nr = 0; j < filters; j += nr, gradients += nr * next) {
    const beside = filters - j;
    nr = beside > 8 && beside <= 12 ? 12 : 8;
    packColumns(panel, nr, gradients, next, depth, min(nr, beside));
    const ragged = beside < nr;
    let tile = 0;
    for (let t = 0; t < taps; t += tile) {
      const left = taps - t;
      tile = nr === 12 ? 3 : TALL && (left > 8 || left === 5 || left === 6) ? 6 : 4;
      const high = min(tile, left);
      const to = c + t * ldc + 4 * j;
      const target = ragged ? edge : to;
      const stride = ragged ? 4 * nr : ldc;
      const places = scratch + STRIP + 4 * t;
      if (tile === 3) places3x12(places, high, it.next, panel, deep, wide, target, stride, add && !ragged);
      else if (TALL && tile === 6) places6x8(places, high, it.next, panel, deep, wide, target, stride, add && !ragged);
      else places4x8(places, high, it.next, panel, deep, wide, target, stride, add && !ragged);
      if (ragged) putTaps(to, ldc, edge, stride, high, beside, add);
    }
  }
}

/** Writes into the strip where a band lies in each of some channels. */
function listChannels(first: usize, channel: i32, channels: i32): void {
  const area = 4 * axisAt(scratch, 1).size * axisAt(scratch, 2).size;
  let at = scratch + STRIP;
  for (let i = channel; i < channel + channels; i++, at += 4) store<usize>(at, first + i * area);
}

/** Stores, or adds, the filters that exist of some taps. */
function putTaps(c: usize, ldc: i32, from: usize, next: i32, taps: i32, filters: i32, add: bool): void {
  for (let i = 0; i < taps; i++, c += ldc, from += next) {
    for (let j = 0; j < filters; j += 4) {
      const x = v128.load(from + 4 * j);
      put(c + 4 * j, add ? f32x4.add(v128.load(c + 4 * j), x) : x, filters - j);
    }
  }
}
