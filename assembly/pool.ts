// Pooling: the largest, or the sum, of windows over planes of D x H x W, and what brings gradients back to the places of windows.
// A thread owns rows of a result, or whole planes of a gradient, so sums have one order for any number of threads.
import { planesOfChunk, poolPlaces, poolRows } from "./isa/cuts";
import { parts } from "./isa/integers";
import {
  AXIS_DILATION,
  AXIS_KERNEL,
  AXIS_OUT,
  AXIS_PADDING,
  AXIS_SIZE,
  AXIS_STRIDE,
  POOL_FROM,
  POOL_INDICES,
  POOL_PLANES,
  POOL_SIZE_D,
  POOL_SIZE_H,
  POOL_SIZE_W,
  POOL_TO,
  SCATTER_PLANES_COUNT,
  SCATTER_PLANES_FROM,
  SCATTER_PLANES_INDEX,
  SCATTER_PLANES_LAST,
  SCATTER_PLANES_PLANES,
  SCATTER_PLANES_SIZE,
  SCATTER_PLANES_TO,
} from "./isa/slots";
import { nextChunk, startClaims } from "./parallel";
import { choose, every, isLargerOrNaN, put, rounded, upper } from "./simd";
import { fill } from "./words";

// Of the row that this thread is at: where its input's plane begins, its windows' first place and number of places along D and H, and the
// distance of neighbouring places, in elements.
let plane: usize = 0;
let firstD = 0;
let placesD = 0;
let firstH = 0;
let placesH = 0;
let stepD = 0;
let stepH = 0;
let stepW = 0;

// Of every row: the first window all of whose places along W are elements, and the first one behind these.
let firstWhole = 0;
let endWhole = 0;

/** Size of the axis whose slots begin at `axis`. */
function sizeOf(axis: usize): i32 {
  return load<i32>(axis, 4 * AXIS_SIZE);
}

/** Windows along an axis. */
function outOf(axis: usize): i32 {
  return load<i32>(axis, 4 * AXIS_OUT);
}

/** Places of a window of an axis, 0 if they cover it. */
function kernelOf(axis: usize): i32 {
  return load<i32>(axis, 4 * AXIS_KERNEL);
}

/** Distance of two places of a window: neighbours where windows cover an axis. */
function dilationOf(axis: usize): i32 {
  return kernelOf(axis) === 0 ? 1 : load<i32>(axis, 4 * AXIS_DILATION);
}

/** Where window o of an axis begins, which may be before the first element. */
function startOf(axis: usize, o: i32): i32 {
  return o * load<i32>(axis, 4 * AXIS_STRIDE) - load<i32>(axis, 4 * AXIS_PADDING);
}

/** First place of window o that is an element. */
function firstOf(axis: usize, o: i32): i32 {
  if (kernelOf(axis) === 0) return <i32>((<i64>o * sizeOf(axis)) / outOf(axis));
  const start = startOf(axis, o);
  const dilation = dilationOf(axis);
  return start >= 0 ? start : start + parts(-start, dilation) * dilation;
}

/** Places of window o, from its first on, that are elements. */
function placesOf(axis: usize, o: i32, first: i32): i32 {
  const kernel = kernelOf(axis);
  const size = sizeOf(axis);
  if (kernel === 0) return <i32>((<i64>(o + 1) * size + outOf(axis) - 1) / outOf(axis)) - first;
  const dilation = dilationOf(axis);
  return max(0, parts(min(size, startOf(axis, o) + (kernel - 1) * dilation + 1) - first, dilation));
}

/** to[p, o] = the largest of from[p, window o], and where it stands; or their sum. */
export function pool(pc: usize, largest: bool): void {
  const to = load<usize>(pc, 4 * POOL_TO);
  const from = load<usize>(pc, 4 * POOL_FROM);
  const indices = largest ? load<usize>(pc, 4 * POOL_INDICES) - to : 0;
  const d = pc + 4 * POOL_SIZE_D;
  const h = pc + 4 * POOL_SIZE_H;
  const w = pc + 4 * POOL_SIZE_W;
  const columns = outOf(w);
  if (columns === 0) return;
  const rows = load<i32>(pc, 4 * POOL_PLANES) * outOf(d) * outOf(h);
  const step = poolRows(columns, mostOf(d), mostOf(h), mostOf(w));
  firstWhole = wholeFrom(w);
  endWhole = wholeUntil(w, firstWhole);
  // Windows of two neighbours that follow one another, of several rows at once, where all of their places are elements.
  const pairs = largest && arePairs(w) && firstWhole === 0 && endWhole === columns;
  const firstHigh = wholeFrom(h);
  const endHigh = wholeUntil(h, firstHigh);
  const apart = 4 * load<i32>(h, 4 * AXIS_STRIDE) * sizeOf(w);
  startClaims();
  for (let start = nextChunk() * step; start < rows; start = nextChunk() * step) {
    let slice = start / outOf(h);
    let high = start % outOf(h);
    toSlice(d, h, w, from, slice / outOf(d), slice % outOf(d));
    for (let row = start, last = min(rows, start + step), some = 1; row < last; row += some, high += some) {
      if (high === outOf(h)) {
        high = 0;
        slice++;
        toSlice(d, h, w, from, slice / outOf(d), slice % outOf(d));
      }
      toRow(h, w, high);
      some = pairs && high >= firstHigh && high < endHigh ? min(last - row, endHigh - high) : 1;
      const at = to + 4 * row * columns;
      if (pairs) largestOfPairs(at, indices, plane + 4 * (firstD + firstH), columns, some, apart);
      else poolRow(w, at, indices, largest);
    }
  }
}

function mostOf(axis: usize): i32 {
  return poolPlaces(sizeOf(axis), outOf(axis), kernelOf(axis));
}

/** Goes to windows o along D of plane p. */
function toSlice(d: usize, h: usize, w: usize, from: usize, p: i32, o: i32): void {
  stepW = dilationOf(w);
  stepH = dilationOf(h) * sizeOf(w);
  stepD = dilationOf(d) * sizeOf(h) * sizeOf(w);
  plane = from + 4 * p * sizeOf(d) * sizeOf(h) * sizeOf(w);
  firstD = firstOf(d, o);
  placesD = placesOf(d, o, firstD);
  firstD *= sizeOf(h) * sizeOf(w);
}

/** Goes to windows o along H. */
function toRow(h: usize, w: usize, o: i32): void {
  firstH = firstOf(h, o);
  placesH = placesOf(h, o, firstH);
  firstH *= sizeOf(w);
}

/** The first window of an axis all of whose places are elements, which those at both ends need not be. */
function wholeFrom(axis: usize): i32 {
  if (kernelOf(axis) === 0) return 0;
  return min(outOf(axis), parts(load<i32>(axis, 4 * AXIS_PADDING), load<i32>(axis, 4 * AXIS_STRIDE)));
}

/** The first window behind such windows, of which `first` is the first. */
function wholeUntil(axis: usize, first: i32): i32 {
  const stride = load<i32>(axis, 4 * AXIS_STRIDE);
  const padding = load<i32>(axis, 4 * AXIS_PADDING);
  const kernel = kernelOf(axis);
  const last = sizeOf(axis) + padding - (kernel - 1) * dilationOf(axis) - 1; // where such begin at most, counted from the padding
  if (kernel === 0 || last < padding) return first;
  const end = max(first, min(outOf(axis), last / stride + 1));
  // Of fewer than four, the others would be read too far away.
  return stride > 2 ? first + ((end - first) & ~3) : end;
}

/** Whether windows of an axis are two neighbours, and follow one another. */
function arePairs(axis: usize): bool {
  return kernelOf(axis) === 2 && load<i32>(axis, 4 * AXIS_STRIDE) === 2 && dilationOf(axis) === 1;
}

/** A row of windows: four at a time where they are whole. */
function poolRow(w: usize, to: usize, indices: usize, largest: bool): void {
  const columns = outOf(w);
  const first = firstWhole;
  const end = endWhole;
  if (first > 0) poolEach(w, to, indices, 0, first, largest);
  if (first < end) {
    const stride = load<i32>(w, 4 * AXIS_STRIDE);
    const from = plane + 4 * (firstD + firstH + first * stride - load<i32>(w, 4 * AXIS_PADDING));
    if (largest && arePairs(w)) largestOfPairs(to + 4 * first, indices, from, end - first, 1, 0);
    else if (largest) largestOfMany(to + 4 * first, indices, from, kernelOf(w), stride, end - first);
    else
      for (let o = first, at = from; o < end; o += 4, at += 16 * stride)
        sumsOfFour(to + 4 * o, at, kernelOf(w), stride, end - o);
  }
  if (end < columns) poolEach(w, to, indices, end, columns, largest);
}

/** Windows of a row, one by one. */
function poolEach(w: usize, to: usize, indices: usize, start: i32, end: i32, largest: bool): void {
  for (let o = start; o < end; o++) {
    const first = firstOf(w, o);
    const places = placesOf(w, o, first);
    const from = plane + 4 * (firstD + firstH + first);
    if (largest) largestOfOne(to + 4 * o, indices, from, places);
    else store<f32>(to + 4 * o, sumOfOne(from, places));
  }
}

/** The largest of each of so many windows, four at a time; indices lie so far from the values. */
function largestOfMany(to: usize, indices: usize, from: usize, kernel: i32, stride: i32, columns: i32): void {
  const step = 4 * stepW;
  const next = i32x4.splat(stepW);
  const toNext = i32x4.splat(4 * stride);
  const deep = placesD;
  const high = placesH;
  const nextD = stepD;
  const nextH = stepH;
  let start = i32x4.add(i32x4.splat(<i32>(from - plane) >> 2), i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(stride)));
  for (; columns > 0; columns -= 4, to += 16, from += 16 * stride) {
    let largest = f32x4.splat(-Infinity);
    let place = deep * high === 0 ? i32x4.splat(-1) : start;
    for (let d = 0, slice = 0; d < deep; d++, slice += nextD) {
      for (let h = 0, row = slice; h < high; h++, row += nextH) {
        let at = from + 4 * row;
        let here = i32x4.add(start, i32x4.splat(row));
        for (let k = 0; k < kernel; k++, at += step) {
          const x = every(at, stride);
          const isLarger = isLargerOrNaN(x, largest);
          largest = choose(isLarger, x, largest);
          place = choose(isLarger, here, place);
          here = i32x4.add(here, next);
        }
      }
    }
    put(to, largest, columns);
    put(to + indices, place, columns);
    start = i32x4.add(start, toNext);
  }
}

/**
 * The same of windows of two neighbours that follow one another, in some rows of them, whose places lie `apart` bytes from one row to the
 * next: which of a pair is larger is known before the pairs above meet it.
 */
function largestOfPairs(to: usize, indices: usize, from: usize, columns: i32, rows: i32, apart: i32): void {
  const deep = placesD;
  const high = placesH;
  const nextD = stepD;
  const nextH = stepH;
  const toNext = i32x4.splat(8);
  for (; rows > 0; rows--, to += 4 * columns, from += apart) {
    let start = i32x4.add(i32x4.splat(<i32>(from - plane) >> 2), i32x4(0, 2, 4, 6));
    for (let j = 0; j < columns; j += 4) {
      let largest = f32x4.splat(-Infinity);
      let place = deep * high === 0 ? i32x4.splat(-1) : start;
      for (let d = 0, slice = 0; d < deep; d++, slice += nextD) {
        for (let h = 0, row = slice; h < high; h++, row += nextH) {
          const at = from + 8 * j + 4 * row;
          const left = v128.load(at);
          const right = v128.load(at, 16);
          const even = i32x4.shuffle(left, right, 0, 2, 4, 6);
          const odd = i32x4.shuffle(left, right, 1, 3, 5, 7);
          const isOdd = isLargerOrNaN(odd, even);
          const x = choose(isOdd, odd, even);
          const here = i32x4.sub(i32x4.add(start, i32x4.splat(row)), isOdd);
          const isLarger = isLargerOrNaN(x, largest);
          largest = choose(isLarger, x, largest);
          place = choose(isLarger, here, place);
        }
      }
      put(to + 4 * j, largest, columns - j);
      put(to + 4 * j + indices, place, columns - j);
      start = i32x4.add(start, toNext);
    }
  }
}

function largestOfOne(to: usize, indices: usize, from: usize, places: i32): void {
  let largest: f32 = -Infinity;
  let place = placesD * placesH * places > 0 ? from : plane - 4;
  for (let d = 0; d < placesD; d++) {
    for (let h = 0; h < placesH; h++) {
      let at = from + 4 * (d * stepD + h * stepH);
      for (let k = 0; k < places; k++, at += 4 * stepW) {
        const x = load<f32>(at);
        // Or NaN.
        if (x > largest || !(x <= Infinity)) {
          largest = x;
          place = at;
        }
      }
    }
  }
  store<f32>(to, largest);
  store<i32>(to + indices, <i32>(place - plane) >> 2);
}

/** The sum of each of up to four windows. */
function sumsOfFour(to: usize, from: usize, kernel: i32, stride: i32, columns: i32): void {
  const step = 4 * stepW;
  let low = f64x2.splat(0);
  let high = low;
  for (let d = 0; d < placesD; d++) {
    for (let h = 0; h < placesH; h++) {
      let at = from + 4 * (d * stepD + h * stepH);
      for (let k = 0; k < kernel; k++, at += step) {
        const x = every(at, stride);
        low = f64x2.add(low, f64x2.promote_low_f32x4(x));
        high = f64x2.add(high, f64x2.promote_low_f32x4(upper(x)));
      }
    }
  }
  put(to, rounded(low, high), columns);
}

function sumOfOne(from: usize, places: i32): f32 {
  let sum: f64 = 0;
  for (let d = 0; d < placesD; d++) {
    for (let h = 0; h < placesH; h++) {
      let at = from + 4 * (d * stepD + h * stepH);
      for (let k = 0; k < places; k++, at += 4 * stepW) sum += <f64>load<f32>(at);
    }
  }
  return <f32>sum;
}

/** to[p, i] = sum of from[p, o] over the windows o with place i, in the order of o. */
export function sumPoolTransposed(pc: usize): void {
  const to = load<usize>(pc, 4 * POOL_TO);
  const d = pc + 4 * POOL_SIZE_D;
  const h = pc + 4 * POOL_SIZE_H;
  const w = pc + 4 * POOL_SIZE_W;
  const planes = load<i32>(pc, 4 * POOL_PLANES);
  const elements = sizeOf(d) * sizeOf(h) * sizeOf(w);
  const outs = outOf(d) * outOf(h);
  const step = planesOfChunk(elements);
  startClaims();
  for (let start = nextChunk() * step; start < planes; start = nextChunk() * step) {
    for (let p = start, last = min(planes, start + step); p < last; p++) {
      fill(to + 4 * p * elements, 0, elements);
      let from = load<usize>(pc, 4 * POOL_FROM) + 4 * p * outs * outOf(w);
      for (let row = 0; row < outs; row++, from += 4 * outOf(w)) {
        toSlice(d, h, w, to, p, row / outOf(h));
        toRow(h, w, row % outOf(h));
        addRow(w, from);
      }
    }
  }
}

/** Adds each number of a row to the places of its window. */
function addRow(w: usize, from: usize): void {
  const kernel = kernelOf(w);
  const columns = outOf(w);
  for (let d = 0; d < placesD; d++) {
    for (let h = 0; h < placesH; h++) {
      const at = plane + 4 * (firstD + d * stepD + firstH + h * stepH);
      // Later places of a window first: so each element meets its windows in their order.
      if (kernel > 0) for (let k = kernel - 1; k >= 0; k--) addPlaces(w, at, from, k);
      else for (let o = 0; o < columns; o++) addAll(at, firstOf(w, o), w, load<f32>(from + 4 * o), o);
    }
  }
}

/** Adds x to all places of window o of a row that is covered. */
function addAll(row: usize, first: i32, w: usize, x: f32, o: i32): void {
  const places = placesOf(w, o, first);
  for (let at = row + 4 * first, end = at + 4 * places; at < end; at += 4) store<f32>(at, load<f32>(at) + x);
}

/** Adds to place k of every window in which it is an element. */
function addPlaces(w: usize, row: usize, from: usize, k: i32): void {
  const stride = load<i32>(w, 4 * AXIS_STRIDE);
  const offset = k * stepW - load<i32>(w, 4 * AXIS_PADDING); // of place k of the first window
  const first = offset < 0 ? parts(-offset, stride) : 0;
  const last = sizeOf(w) - 1 - offset;
  if (last < 0) return;
  let left = min(outOf(w), last / stride + 1) - first;
  let to = row + 4 * (first * stride + offset);
  from += 4 * first;
  if (stride === 1) {
    for (; left >= 4; left -= 4, to += 16, from += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
  } else if (stride === 2) {
    // One more follows: what lies between is in this row.
    for (; left > 4; left -= 4, to += 32, from += 16) {
      const x = v128.load(from);
      const none = i32x4.splat(0);
      v128.store(to, f32x4.add(v128.load(to), i32x4.shuffle(x, none, 0, 4, 1, 4)));
      v128.store(to, f32x4.add(v128.load(to, 16), i32x4.shuffle(x, none, 2, 4, 3, 4)), 16);
    }
  }
  for (; left > 0; left--, to += 4 * stride, from += 4) store<f32>(to, load<f32>(to) + load<f32>(from));
}

/** to[p, i] = sum of from[p, k] over all k with index[p, k] = i, or the last of them. */
export function scatterPlanes(pc: usize): void {
  const to = load<usize>(pc, 4 * SCATTER_PLANES_TO);
  const from = load<usize>(pc, 4 * SCATTER_PLANES_FROM);
  const index = load<usize>(pc, 4 * SCATTER_PLANES_INDEX) - from;
  const planes = load<i32>(pc, 4 * SCATTER_PLANES_PLANES);
  const size = load<i32>(pc, 4 * SCATTER_PLANES_SIZE);
  const count = load<i32>(pc, 4 * SCATTER_PLANES_COUNT);
  const isLast = load<i32>(pc, 4 * SCATTER_PLANES_LAST) !== 0;
  const step = planesOfChunk(max(size, count));
  startClaims();
  for (let start = nextChunk() * step; start < planes; start = nextChunk() * step) {
    for (let p = start, last = min(planes, start + step); p < last; p++) {
      const row = to + 4 * p * size;
      fill(row, 0, size);
      for (let at = from + 4 * p * count, end = at + 4 * count; at < end; at += 4) {
        const place = load<u32>(at + index);
        if (place >= <u32>size) continue;
        const target = row + 4 * place;
        if (isLast) store<u32>(target, load<u32>(at));
        else store<f32>(target, load<f32>(target) + load<f32>(at));
      }
    }
  }
}
