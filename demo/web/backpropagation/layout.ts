// Where units and the numbers on their lines lie, in pixels.
import { allWeights, depth, type Setup, type Weight } from "./network.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly weight: Weight;
  readonly from: Point;
  readonly to: Point;
  readonly label: Point;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** By layers and units. */
  readonly units: readonly (readonly Point[])[];
  readonly lines: readonly Line[];
  readonly loss: Point;
}

/** Of a unit, and of the loss. */
export const UNIT = { width: 80, height: 56 };
/** Of a number on a line. */
const NUMBER = { width: 72, height: 17 };
const TOP = 34;
const BOTTOM = 24;
/** From the outputs to the loss. */
const TO_LOSS = 92;
/** The least from one layer to the next: a unit and a number. */
const LEAST_GAP = 154;
/** Where so many lines lead from layer to layer that their numbers need more room. */
const CROWDED = { lines: 9, gap: 240 };
/** The most from one unit to the next. */
const FAR = 130;

/** As wide as its place, or as wide as it must be. */
export function layoutOf(setup: Setup, wide: number, height: number): Layout {
  const layers = depth(setup);
  const side = UNIT.width / 2 + 3;
  const most = Math.max(...setup.sizes.slice(1).map((size, before) => size * setup.sizes[before]));
  const least = most > CROWDED.lines ? CROWDED.gap : LEAST_GAP;
  const width = Math.max(wide, 2 * side + layers * least + TO_LOSS);
  const gap = (width - 2 * side - TO_LOSS) / layers;
  const middle = (TOP + height - BOTTOM) / 2;
  const units = setup.sizes.map((size, layer) => {
    const step = size === 1 ? 0 : Math.min(FAR, (height - TOP - BOTTOM - UNIT.height) / (size - 1));
    return Array.from({ length: size }, (_, unit) => ({
      x: side + layer * gap,
      y: middle + (unit - (size - 1) / 2) * step,
    }));
  });
  const lines = units.slice(1).flatMap((_, before) => {
    const weights = allWeights(setup).filter(({ layer }) => layer === before + 1);
    return placed(weights, units, gap);
  });
  return { width, height, units, lines, loss: { x: width - side, y: middle } };
}

/** The lines into one layer, with their numbers as far apart as may be. */
function placed(weights: readonly Weight[], units: Layout["units"], gap: number): Line[] {
  const least = (UNIT.width / 2 + NUMBER.width / 2) / gap;
  const most = Math.max(least, 1 - least);
  // The middle first: it stays where nothing is in its way.
  const parts = Array.from({ length: 17 }, (_, i) => (Math.ceil(i / 2) / 8) * (i % 2 === 0 ? 1 : -1));
  const shares = parts.map((part) => 0.5 + part * (most - 0.5));
  const ends = weights.map((weight) => endsOf(weight, units));
  const labels = weights.map(({ from }, i) => (from === undefined ? aboveOf(ends[i].to) : on(ends[i], 0.5)));
  for (let round = 0; round < 8; round++)
    weights.forEach(({ from }, i) => {
      if (from === undefined) return;
      const others = labels.filter((_, other) => other !== i);
      const crowd = (point: Point) =>
        others.reduce((sum, other) => sum + Math.max(0, 1.1 - apart(point, other)) ** 2, 0);
      const options = shares.map((share) => on(ends[i], share));
      labels[i] = options.reduce((best, option) => (crowd(option) < crowd(best) - 1e-9 ? option : best));
    });
  return weights.map((weight, i) => ({ weight, ...ends[i], label: labels[i] }));
}

function endsOf({ layer, from, to }: Weight, units: Layout["units"]): { readonly from: Point; readonly to: Point } {
  const end = units[layer][to];
  return { from: from === undefined ? { x: end.x, y: end.y - UNIT.height / 2 - 10 } : units[layer - 1][from], to: end };
}

/** Where the number of a bias stands. */
function aboveOf({ x, y }: Point): Point {
  return { x, y: y - UNIT.height / 2 - 11 };
}

/** 1 or more where two numbers do not touch. */
function apart(a: Point, b: Point): number {
  return Math.max(Math.abs(a.x - b.x) / NUMBER.width, Math.abs(a.y - b.y) / NUMBER.height);
}

function on({ from, to }: { readonly from: Point; readonly to: Point }, share: number): Point {
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
}
