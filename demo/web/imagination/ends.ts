// Where the way from one digit to another begins and ends. Many digits share places with others in two dimensions, so that not every 8 is drawn
// again as an 8: of the digits of a kind, the one is taken whose drawing is least like any other kind.
import { type DigitSet, PIXELS } from "../digits/data.ts";

export const KINDS = 10;

/** A place on the plane for a kind of digit. */
export interface End {
  /** Of the digit that is drawn there, among those that were tried. */
  readonly row: number;
  /** Whether the drawing is nearer to the mean picture of its kind than to that of any other. */
  readonly isClear: boolean;
}

/** The mean picture of each kind, [KINDS, PIXELS] of 0 to 1. */
export function meanPictures({ x, y, rows }: DigitSet): Float32Array {
  const means = new Float32Array(KINDS * PIXELS);
  const counts = new Float32Array(KINDS);
  for (let row = 0; row < rows; row++) {
    const kind = y.data[row];
    counts[kind]++;
    for (let i = 0; i < PIXELS; i++) means[kind * PIXELS + i] += x.data[row * PIXELS + i] / 255;
  }
  return means.map((sum, i) => sum / Math.max(1, counts[Math.floor(i / PIXELS)]));
}

/** For each kind the end among drawings [rows, PIXELS] of digits of these kinds; undefined where there is none of it. */
export function endsOf(
  drawings: Float32Array,
  kinds: ArrayLike<number>,
  means: Float32Array,
): readonly (End | undefined)[] {
  const leads = new Array<number>(KINDS).fill(Number.NEGATIVE_INFINITY);
  const rows = new Array<number>(KINDS).fill(-1);
  for (let row = 0; row < drawings.length / PIXELS; row++) {
    const kind = kinds[row];
    const drawing = drawings.subarray(row * PIXELS, (row + 1) * PIXELS);
    const distances = Array.from({ length: KINDS }, (_, each) => distance(drawing, means, each));
    const lead = Math.min(...distances.filter((_, each) => each !== kind)) - distances[kind];
    if (lead <= leads[kind]) continue;
    leads[kind] = lead;
    rows[kind] = row;
  }
  return rows.map((row, kind) => (row < 0 ? undefined : { row, isClear: leads[kind] > 0 }));
}

/** The squares of what a drawing differs by from a mean picture, added up. */
function distance(drawing: Float32Array, means: Float32Array, kind: number): number {
  let sum = 0;
  for (let i = 0; i < PIXELS; i++) sum += (drawing[i] - means[kind * PIXELS + i]) ** 2;
  return sum;
}
