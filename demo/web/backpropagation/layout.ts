// Where units and the numbers on their lines lie, in pixels: from left to right where all numbers have room so, else from top to bottom.
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
  /** Whether its numbers are shown only with those of the lines into the same unit. */
  readonly isCrowded: boolean;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** How large the boxes of units and the numbers on lines are. */
interface Measures {
  readonly unit: Size;
  /** Of a line's numbers, three of them one below the other, with what parts them from the next. */
  readonly number: Size;
  /** Of the letters. */
  readonly font: number;
  /** Significant digits of the numbers. */
  readonly digits: number;
  /** Lines from one layer to the next whose numbers are shown at once: of more of them nobody could tell whose they are. */
  readonly most: number;
}

export interface Layout extends Measures {
  readonly width: number;
  readonly height: number;
  /** By layers and units. */
  readonly units: readonly (readonly Point[])[];
  readonly lines: readonly Line[];
  readonly loss: Point;
  /** Of each output's target. */
  readonly targets: readonly Point[];
  /** Of each layer's name: of its middle, or of its left end where it stands above its units. */
  readonly headings: readonly { readonly place: Point; readonly isAbove: boolean }[];
}

/** A layout without the numbers on its lines. */
interface Frame extends Omit<Layout, "lines"> {
  /** From the middle of a unit to the nearest and the farthest place of a number on a line that begins there, as shares of the line. */
  readonly nearest: number;
  readonly farthest: number;
}

/** Of the tab above a unit, in which its bias stands, and its gradient. */
export const TAB = 28;
/** From one number to the one below it. */
export const LINE = 13;
/** Of a layer's name above its units. */
const HEADING = 14;
const EDGE = 3;
/** From a unit to a number, at least. */
const CLEAR = 1;
/** Narrower places have their layers from top to bottom. */
const LEAST_WIDTH = 480;
/** From left to right: of the numbers above units, and of the layers' names. */
const TOP = 40;
const BOTTOM = 24;
/** From the outputs to the loss, from left to right and from top to bottom. */
const TO_LOSS = 92;
const DOWN_TO_LOSS = 26;
/** The most from one unit to the next. */
const FAR = 130;
/** From top to bottom: between the boxes of two layers, at least, and how much more is tried at a time. */
const LEAST_GAP = 46;
const MORE = 16;
const MOST_GAP = 400;

/** @param least height of the place, which a picture from top to bottom may exceed */
export function layoutOf(setup: Setup, width: number, least: number): Layout {
  const across = width < LEAST_WIDTH ? undefined : filled(setup, frameAcross(setup, width, least));
  if (across?.isClear) return across.layout;
  for (let gap = LEAST_GAP; ; gap += MORE) {
    const { layout, isClear } = filled(setup, frameDown(setup, width, least, gap));
    if (isClear || gap >= MOST_GAP) return layout;
  }
}

/** Numbers are shorter where more than four lines lead from layer to layer, and smaller where units are narrow. */
function measuresOf({ sizes }: Setup, width: number, most: number): Measures {
  const lines = Math.max(...sizes.slice(1).map((size, before) => size * sizes[before]));
  const isSmall = width < 70;
  const digits = lines > 4 || isSmall ? 3 : 4;
  return {
    unit: { width, height: 56 },
    number: { width: isSmall ? 60 : digits === 3 ? 68 : 76, height: 3 * LINE + 2 },
    font: isSmall ? 11 : 12.5,
    digits,
    most,
  };
}

function frameAcross(setup: Setup, width: number, least: number): Frame {
  const measures = measuresOf(setup, 80, 6);
  const { unit, number } = measures;
  const beneath = (Math.max(...setup.sizes) - 1) * (unit.height + (setup.bias ? TAB : 0) + 4);
  const height = Math.max(least, TOP + BOTTOM + unit.height + beneath);
  const side = unit.width / 2 + EDGE;
  const gap = (width - 2 * side - TO_LOSS) / depth(setup);
  const middle = (TOP + height - BOTTOM) / 2;
  const units = setup.sizes.map((size, layer) => {
    const step = Math.min(FAR, (height - TOP - BOTTOM - unit.height) / Math.max(1, size - 1));
    return spread(size, step).map((off) => ({ x: side + layer * gap, y: middle + off }));
  });
  const loss = { x: width - side, y: middle };
  const nearest = ((unit.width + number.width) / 2 + CLEAR) / gap;
  return {
    ...measures,
    width,
    height,
    units,
    loss,
    targets: setup.targets.map((_, i) => ({ x: loss.x, y: loss.y + unit.height / 2 + 17 * (i + 1) })),
    headings: units.map(([{ x }]) => ({ place: { x, y: height - 6 }, isAbove: false })),
    nearest,
    farthest: 1 - nearest,
  };
}

function frameDown(setup: Setup, width: number, least: number, leastGap: number): Frame {
  const most = Math.max(...setup.sizes);
  const measures = measuresOf(setup, Math.min(80, (width - 6 * (most - 1) - 2 * EDGE) / most), 4);
  const { unit, number } = measures;
  const tab = setup.bias ? TAB : 0;
  const layers = depth(setup);
  // Beside its units, where there is room in all layers.
  const isAbove = most > 1 && width / 2 - ((most - 1) * stepDown(width, most, unit)) / 2 - unit.width / 2 < 60;
  const heading = isAbove ? HEADING : 0;
  const fixed = 2 * EDGE + (layers + 2) * unit.height + layers * tab + (layers + 1) * heading + DOWN_TO_LOSS;
  const gap = Math.max(leastGap, (least - fixed) / layers);
  const each = unit.height + tab + heading + gap;
  const top = EDGE + heading + unit.height / 2;
  const units = setup.sizes.map((size, layer) => {
    const step = stepDown(width, size, unit);
    return spread(size, step).map((off) => ({ x: width / 2 + off, y: top + layer * each }));
  });
  const loss = { x: width / 2, y: top + layers * each + unit.height + DOWN_TO_LOSS };
  return {
    ...measures,
    width,
    height: fixed + layers * gap,
    units,
    loss,
    targets: spread(setup.targets.length, 15).map((off) => ({
      x: loss.x + unit.width / 2 + 36,
      y: loss.y + 4 + off,
    })),
    headings: units.map(([{ y }], layer) => ({
      place: isAbove ? { x: 0, y: y - unit.height / 2 - (layer === 0 ? 0 : tab) - 4 } : { x: 28, y: y + 4 },
      isAbove,
    })),
    nearest: ((unit.height + number.height) / 2 + CLEAR) / each,
    farthest: 1 - ((unit.height + number.height) / 2 + tab + heading + CLEAR) / each,
  };
}

/** From one unit to the next in a layer from left to right. */
function stepDown(width: number, size: number, unit: Size): number {
  return Math.min(FAR, (width - 2 * EDGE - unit.width) / Math.max(1, size - 1));
}

/** Places in a row around 0. */
function spread(count: number, step: number): number[] {
  return Array.from({ length: count }, (_, i) => (i - (count - 1) / 2) * step);
}

/** The frame with the numbers on its lines, and whether no two of them touch that are shown at once. */
function filled(setup: Setup, { nearest, farthest, ...frame }: Frame): { layout: Layout; isClear: boolean } {
  if (nearest > farthest) return { layout: { ...frame, lines: [] }, isClear: false };
  const all = allWeights(setup);
  let isClear = true;
  const lines = setup.sizes.slice(1).flatMap((size, before) => {
    const into = all.filter(({ layer }) => layer === before + 1);
    const isCrowded = size * setup.sizes[before] > frame.most;
    const together = isCrowded
      ? Array.from({ length: size }, (_, unit) => into.filter(({ to }) => to === unit))
      : [into];
    return together.flatMap((weights) => {
      const placed = numbered(weights, frame, nearest, farthest);
      isClear &&= placed.every(({ label, weight }, i) =>
        placed
          .slice(0, i)
          .every((other) => [weight, other.weight].some(isBias) || apart(frame, label, other.label) >= 1),
      );
      return placed.map((line) => ({ ...line, isCrowded }));
    });
  });
  return { layout: { ...frame, lines }, isClear };
}

/** The lines into one layer, with their numbers as far apart as may be. */
function numbered(
  weights: readonly Weight[],
  frame: Omit<Layout, "lines">,
  nearest: number,
  farthest: number,
): Omit<Line, "isCrowded">[] {
  const middle = (nearest + farthest) / 2;
  // The middle first: it stays where nothing is in its way.
  const parts = Array.from({ length: 25 }, (_, i) => (Math.ceil(i / 2) / 12) * (i % 2 === 0 ? 1 : -1));
  const shares = parts.map((part) => middle + part * (farthest - middle));
  const ends = weights.map((weight) => endsOf(weight, frame));
  const places = ends.map((line) => shares.map((share) => on(line, share)));
  const labels = weights.map(({ from }, i) => (from === undefined ? ends[i].from : places[i][0]));
  let hasMoved = true;
  for (let round = 0; round < 8 && hasMoved; round++) {
    hasMoved = false;
    weights.forEach(({ from }, i) => {
      if (from === undefined) return;
      const crowd = (point: Point) =>
        labels.reduce(
          (sum, other, at) => sum + (at === i || isBias(weights[at]) ? 0 : crowding(apart(frame, point, other))),
          0,
        );
      // A number that lies on another's line might be taken for that one's.
      const astray = (point: Point) =>
        ends.reduce((sum, other, at) => sum + (at === i ? 0 : Math.max(0, 1 - distance(point, other) / 9)), 0);
      const cost = (point: Point) => crowd(point) + 0.1 * astray(point);
      const costs = places[i].map(cost);
      const best = costs.indexOf(Math.min(...costs));
      hasMoved ||= labels[i] !== places[i][best];
      labels[i] = places[i][best];
    });
  }
  return weights.map((weight, i) => ({ weight, ...ends[i], label: labels[i] }));
}

function isBias({ from }: Weight): boolean {
  return from === undefined;
}

type Ends = Pick<Line, "from" | "to">;

/** A bias has its number in the tab above its unit. */
function endsOf({ layer, from, to }: Weight, { units, unit }: Pick<Layout, "units" | "unit">): Ends {
  const end = units[layer][to];
  return {
    from: from === undefined ? { x: end.x, y: end.y - (unit.height + TAB) / 2 } : units[layer - 1][from],
    to: end,
  };
}

/** 1 or more where two numbers do not touch. */
function apart({ number }: Measures, a: Point, b: Point): number {
  return Math.max(Math.abs(a.x - b.x) / number.width, Math.abs(a.y - b.y) / number.height);
}

/** How bad it is that two numbers are so far apart: very bad where they touch, a little where they are just clear of one another. */
function crowding(far: number): number {
  return 20 * Math.max(0, 1.1 - far) ** 2 + 0.2 * Math.max(0, 2 - far) ** 2;
}

/** Of a point from a line. */
function distance({ x, y }: Point, { from, to }: Ends): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  return Math.abs((x - from.x) * dy - (y - from.y) * dx) / Math.hypot(dx, dy);
}

function on({ from, to }: Ends, share: number): Point {
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
}
