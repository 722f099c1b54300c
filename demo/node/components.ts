// Black and white images: a threshold after Otsu, distances, holes, and the parts that hang together.
import type { Box } from "./boxes.ts";

/** Pixels that are 0 or 1, row by row. */
export interface Mask {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Pixels that hang together. */
export interface Component {
  readonly box: Box;
  /** How many pixels. */
  readonly area: number;
}

/** Where bytes fall into two groups: the last one of the lower group, such that the groups' means differ most (Otsu 1979). */
export function otsu(values: ArrayLike<number>): number {
  const counts = new Float64Array(256);
  for (let i = 0; i < values.length; i++) counts[values[i]]++;
  const total = counts.reduce((sum, count, value) => sum + count * value, 0);
  let [below, sum, best, limit] = [0, 0, -1, 0];
  for (let value = 0; value < 255; value++) {
    below += counts[value];
    sum += counts[value] * value;
    const above = values.length - below;
    if (below === 0 || above === 0) continue;
    const between = below * above * (sum / below - (total - sum) / above) ** 2;
    if (between > best) [best, limit] = [between, value];
  }
  return limit;
}

/** The parts of a mask whose pixels hang together by their four sides, in the order of their first pixels. */
export function components({ data, width, height }: Mask): Component[] {
  const seen = new Uint8Array(data.length);
  const parts: Component[] = [];
  for (let start = 0; start < data.length; start++)
    if (data[start] === 1 && seen[start] === 0) parts.push(componentAt({ data, width, height }, start, seen));
  return parts;
}

/** The part around a pixel; its pixels are then marked in `seen`. */
function componentAt({ data, width }: Mask, start: number, seen: Uint8Array): Component {
  const open = [start];
  seen[start] = 1;
  let area = 0;
  let [left, top, right, bottom] = [start % width, Math.floor(start / width), 0, 0];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const x = at % width;
    const y = (at - x) / width;
    area++;
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
    // A neighbour beside is in the same row, one above or below in the array.
    for (let side = 0; side < 4; side++) {
      const next = side === 0 ? at - 1 : side === 1 ? at + 1 : side === 2 ? at - width : at + width;
      if ((side === 0 && x === 0) || (side === 1 && x === width - 1)) continue;
      if (data[next] !== 1 || seen[next] === 1) continue;
      seen[next] = 1;
      open.push(next);
    }
  }
  return { box: { left, top, right, bottom }, area };
}

/** The mask with all that is enclosed by it: what is 0 and has no way to the border by four sides becomes 1. */
export function filled({ data, width, height }: Mask): Mask {
  const outside = new Uint8Array(data.length);
  const empty = { data: data.map((value) => 1 - value), width, height };
  for (let at = 0; at < data.length; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const isBorder = x === 0 || y === 0 || x === width - 1 || y === height - 1;
    if (isBorder && empty.data[at] === 1 && outside[at] === 0) componentAt(empty, at, outside);
  }
  return { data: outside.map((value) => 1 - value), width, height };
}

/**
 * How far each pixel is from the nearest one that is 0, in pixels, by steps to the eight neighbours of length 1 and, across a corner, 4/3
 * (Borgefors 1986). Beyond the border nothing is 0.
 */
export function depths({ data, width, height }: Mask): Float32Array {
  // With a border around it, so that all pixels have eight neighbours.
  const line = width + 2;
  const far = new Float32Array(line * (height + 2)).fill(width + height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (data[y * width + x] === 0) far[(y + 1) * line + x + 1] = 0;
  // Once down with what lies before a pixel, once up with what lies after it.
  for (let y = 1; y <= height; y++) for (let x = 1; x <= width; x++) lower(far, y * line + x, -1, -line);
  for (let y = height; y >= 1; y--) for (let x = width; x >= 1; x--) lower(far, y * line + x, 1, line);
  const inner = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    const start = (y + 1) * line + 1;
    inner.set(far.subarray(start, start + width), y * width);
  }
  return inner;
}

/** To what is reached by the neighbour on a side and the three of the line on that side. */
function lower(far: Float32Array, at: number, side: number, line: number): void {
  const straight = Math.min(far[at + side], far[at + line]) + 1;
  const across = Math.min(far[at + line - 1], far[at + line + 1]) + 4 / 3;
  far[at] = Math.min(far[at], straight, across);
}
