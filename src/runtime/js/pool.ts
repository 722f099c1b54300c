// Pooling in JavaScript: windows over planes of three axes. Twin of assembly/pool.ts.
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
} from "../../../assembly/isa/slots.ts";
import type { JsMemory } from "./memory.ts";

/** Places along an axis that are elements: `count` of them, `step` apart. */
interface Places {
  readonly first: number;
  readonly count: number;
  readonly step: number;
}

/** Window o of the axis whose slots begin at `axis`. */
function windowAt(code: Int32Array, axis: number, o: number): Places {
  const [size, kernel, step] = [AXIS_SIZE, AXIS_KERNEL, AXIS_DILATION].map((slot) => code[axis + slot]);
  if (kernel === 0) {
    const out = code[axis + AXIS_OUT];
    const first = Math.floor((o * size) / out);
    return { first, count: Math.ceil(((o + 1) * size) / out) - first, step: 1 };
  }
  const start = o * code[axis + AXIS_STRIDE] - code[axis + AXIS_PADDING];
  const outside = Math.max(0, Math.ceil(-start / step)); // places before the first element
  const end = Math.min(kernel, Math.ceil((size - start) / step));
  return { first: start + outside * step, count: Math.max(0, end - outside), step };
}

/** All windows along an axis. */
function windowsOf(code: Int32Array, axis: number): Places[] {
  return Array.from({ length: code[axis + AXIS_OUT] }, (_, o) => windowAt(code, axis, o));
}

/** Calls `visit` with all windows in their order: where its plane begins, where its result lies in all of them, and its places. */
function visitWindows(
  code: Int32Array,
  at: number,
  visit: (plane: number, o: number, d: Places, h: Places, w: Places) => void,
): void {
  const axes = [POOL_SIZE_D, POOL_SIZE_H, POOL_SIZE_W].map((axis) => at + axis);
  const plane = axes.reduce((product, axis) => product * code[axis + AXIS_SIZE], 1);
  const [alongD, alongH, alongW] = axes.map((axis) => windowsOf(code, axis));
  if (alongD.length * alongH.length * alongW.length === 0) return;
  for (let p = 0, o = 0; p < code[at + POOL_PLANES]; p++)
    for (const d of alongD) for (const h of alongH) for (const w of alongW) visit(p * plane, o++, d, h, w);
}

/** Calls `visit` with the places of a window in its plane, in their order. */
function visitPlaces(
  code: Int32Array,
  at: number,
  d: Places,
  h: Places,
  w: Places,
  visit: (place: number) => void,
): void {
  const [height, width] = [code[at + POOL_SIZE_H + AXIS_SIZE], code[at + POOL_SIZE_W + AXIS_SIZE]];
  for (let i = 0; i < d.count; i++)
    for (let j = 0; j < h.count; j++) {
      const row = ((d.first + i * d.step) * height + h.first + j * h.step) * width + w.first;
      for (let k = 0; k < w.count; k++) visit(row + k * w.step);
    }
}

export function maxPool({ f, i }: JsMemory, code: Int32Array, at: number): void {
  const [to, from, indices] = [POOL_TO, POOL_FROM, POOL_INDICES].map((slot) => code[at + slot]);
  visitWindows(code, at, (plane, o, d, h, w) => {
    let place = -1;
    visitPlaces(code, at, d, h, w, (each) => {
      const x = f[from + plane + each];
      if (place < 0 || x > f[from + plane + place] || Number.isNaN(x)) place = each;
    });
    if (place < 0) f[to + o] = Number.NEGATIVE_INFINITY;
    else i[to + o] = i[from + plane + place];
    i[indices + o] = place;
  });
}

export function sumPool({ f }: JsMemory, code: Int32Array, at: number): void {
  const [to, from] = [POOL_TO, POOL_FROM].map((slot) => code[at + slot]);
  visitWindows(code, at, (plane, o, d, h, w) => {
    let sum = 0;
    visitPlaces(code, at, d, h, w, (place) => {
      sum += f[from + plane + place];
    });
    f[to + o] = sum;
  });
}

export function sumPoolTransposed({ f }: JsMemory, code: Int32Array, at: number): void {
  const [to, from] = [POOL_TO, POOL_FROM].map((slot) => code[at + slot]);
  const plane = [POOL_SIZE_D, POOL_SIZE_H, POOL_SIZE_W].reduce((product, axis) => product * code[at + axis], 1);
  f.fill(0, to, to + code[at + POOL_PLANES] * plane);
  visitWindows(code, at, (start, o, d, h, w) => {
    const x = f[from + o];
    visitPlaces(code, at, d, h, w, (place) => {
      f[to + start + place] += x;
    });
  });
}

export function scatterPlanes({ f, i }: JsMemory, code: Int32Array, at: number): void {
  const [to, from, index, planes, size, count] = [
    SCATTER_PLANES_TO,
    SCATTER_PLANES_FROM,
    SCATTER_PLANES_INDEX,
    SCATTER_PLANES_PLANES,
    SCATTER_PLANES_SIZE,
    SCATTER_PLANES_COUNT,
  ].map((slot) => code[at + slot]);
  f.fill(0, to, to + planes * size);
  for (let k = 0; k < planes * count; k++) {
    const place = i[index + k];
    if (!(place >= 0 && place < size)) continue;
    const target = to + Math.floor(k / count) * size + place;
    if (code[at + SCATTER_PLANES_LAST] === 1) i[target] = i[from + k];
    else f[target] += f[from + k];
  }
}
