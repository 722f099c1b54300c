// Cells as maps that a convolutional network gives, and back: for each kind how surely a cell's middle is at a place, and for each place the
// box of the cell whose middle is near it (Zhou, Wang and Krähenbühl, "Objects as points", 2019).

import { eachKind, HEIGHT, KINDS, type Kind, WIDTH } from "./blood-images.ts";
import { type Box, distinct, type Found } from "./boxes.ts";

/** Places of a map, and pixels of an image from one to the next. */
export const COLUMNS = 48;
export const ROWS = 36;
const STEP = WIDTH / COLUMNS;
export const PLACES = COLUMNS * ROWS;

/** What the network gives: logits of each kind; how far the middle is across and down, in steps; logarithms of width and height. */
export const GIVEN = KINDS.length + 4;
/** What it is to give: for each kind 1 at the middles and less around them; the four numbers; how much these count. */
export const WANTED = KINDS.length + 5;

/** Sizes are logarithms of how often they are as long as this, in pixels. */
const USUAL = 100;
/** How fast the maps fall around a middle: a share of the cell's side, and steps at least. */
const [SPREAD, LEAST_SPREAD] = [0.1, 0.5];

/** Writes the maps wanted of an image, from a place in `to` on where all is 0. */
export function writeMaps(to: Float32Array, start: number, boxes: Readonly<Record<Kind, readonly Box[]>>): void {
  const weights = start + (KINDS.length + 4) * PLACES;
  KINDS.forEach((kind, k) => {
    for (const box of boxes[kind]) {
      const [width, height] = [box.right - box.left, box.bottom - box.top];
      const [x, y] = [(box.left + box.right) / 2 / STEP - 0.5, (box.top + box.bottom) / 2 / STEP - 0.5];
      const [atX, atY] = [within(Math.round(x), COLUMNS), within(Math.round(y), ROWS)];
      const [spreadX, spreadY] = [width, height].map((side) => Math.max(LEAST_SPREAD, (SPREAD * side) / STEP));
      for (let row = Math.max(0, atY - 3); row < Math.min(ROWS, atY + 4); row++)
        for (let column = Math.max(0, atX - 3); column < Math.min(COLUMNS, atX + 4); column++) {
          const far = ((column - atX) / spreadX) ** 2 + ((row - atY) / spreadY) ** 2;
          const value = Math.exp(-far / 2);
          const at = row * COLUMNS + column;
          to[start + k * PLACES + at] = Math.max(to[start + k * PLACES + at], value);
          if (value < 0.1 || value <= to[weights + at]) continue;
          to[weights + at] = value;
          const numbers = [x - column, y - row, Math.log(width / USUAL), Math.log(height / USUAL)];
          numbers.forEach((number, i) => {
            to[start + (KINDS.length + i) * PLACES + at] = number;
          });
        }
    }
  });
}

function within(at: number, count: number): number {
  return Math.min(count - 1, Math.max(0, at));
}

export interface FindOptions {
  /** Probability of a cell, at least. Default 0.03. */
  readonly least?: number;
  /** Boxes of a kind that overlap by more are of one cell. Default 0.6. */
  readonly most?: number;
}

/** The cells that the maps of an image tell of, where its numbers begin at `start`: where a kind is surer than at all eight neighbours. */
export function cellsOf(
  given: ArrayLike<number>,
  start: number,
  { least = 0.03, most = 0.6 }: FindOptions = {},
): Record<Kind, Found[]> {
  return eachKind((kind) => {
    const map = start + KINDS.indexOf(kind) * PLACES;
    const found: Found[] = [];
    for (let at = 0; at < PLACES; at++) {
      const score = 1 / (1 + Math.exp(-given[map + at]));
      if (score >= least && isPeak(given, map, at)) found.push({ score, box: boxAt(given, start, at) });
    }
    return distinct(found, most);
  });
}

/** No neighbour is larger, and none before it as large. */
function isPeak(values: ArrayLike<number>, start: number, at: number): boolean {
  const [column, row] = [at % COLUMNS, Math.floor(at / COLUMNS)];
  const value = values[start + at];
  for (let y = Math.max(0, row - 1); y <= Math.min(ROWS - 1, row + 1); y++)
    for (let x = Math.max(0, column - 1); x <= Math.min(COLUMNS - 1, column + 1); x++) {
      const other = y * COLUMNS + x;
      if (values[start + other] > value || (values[start + other] === value && other < at)) return false;
    }
  return true;
}

/** The box that a place tells of, as far as it is in the image. */
function boxAt(given: ArrayLike<number>, start: number, at: number): Box {
  const [across, down, wide, high] = [0, 1, 2, 3].map((i) => given[start + (KINDS.length + i) * PLACES + at]);
  const [x, y] = [((at % COLUMNS) + across + 0.5) * STEP, (Math.floor(at / COLUMNS) + down + 0.5) * STEP];
  const [halfWidth, halfHeight] = [wide, high].map((size) => (USUAL * Math.exp(size)) / 2);
  return {
    left: Math.max(0, x - halfWidth),
    top: Math.max(0, y - halfHeight),
    right: Math.min(WIDTH, x + halfWidth),
    bottom: Math.min(HEIGHT, y + halfHeight),
  };
}
