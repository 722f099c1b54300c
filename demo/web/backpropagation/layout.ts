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
  readonly radius: number;
  /** By layers and units. */
  readonly units: readonly (readonly Point[])[];
  readonly lines: readonly Line[];
  readonly loss: Point;
}

/** Half of the room that a number takes. */
const HALF = 26;
const TOP = 30;
const BOTTOM = 26;
/** From the outputs to the loss. */
const TO_LOSS = 96;
/** The least from one layer to the next: two radii and a number. */
const LEAST_GAP = 118;

/** As wide as its place, or as wide as it must be. */
export function layoutOf(setup: Setup, wide: number, height: number): Layout {
  const layers = depth(setup);
  const radius = Math.max(...setup.sizes) > 3 ? 23 : 27;
  const left = radius + 6;
  const right = 46;
  const width = Math.max(wide, left + layers * LEAST_GAP + TO_LOSS + right);
  const gap = (width - left - right - TO_LOSS) / layers;
  const units = setup.sizes.map((size, layer) => {
    const step = stepOf(size, height);
    const middle = (TOP + height - BOTTOM) / 2;
    return Array.from({ length: size }, (_, unit) => ({
      x: left + layer * gap,
      y: middle + (unit - (size - 1) / 2) * step,
    }));
  });
  const lines = allWeights(setup).map((weight) => {
    const to = units[weight.layer][weight.to];
    if (weight.from === undefined) {
      const from = { x: to.x, y: to.y - radius - 20 };
      return { weight, from, to, label: { x: to.x, y: from.y - 7 } };
    }
    const from = units[weight.layer - 1][weight.from];
    return { weight, from, to, label: on(from, to, share(setup, weight.layer, height, gap, radius)) };
  });
  return { width, height, radius, units, lines, loss: { x: width - right, y: (TOP + height - BOTTOM) / 2 } };
}

function stepOf(size: number, height: number): number {
  return size === 1 ? 0 : Math.min(130, (height - TOP - BOTTOM - 74) / (size - 1));
}

/** How far along its line a number stands, so that those of crossing lines are evenly apart. */
function share(setup: Setup, layer: number, height: number, gap: number, radius: number): number {
  const [before, size] = [setup.sizes[layer - 1], setup.sizes[layer]];
  const [near, far] = [stepOf(before, height), stepOf(size, height)];
  const even = size === 1 || before === 1 ? 0.5 : near / (near + size * far);
  const least = (radius + HALF) / gap;
  return Math.min(1 - least, Math.max(least, even));
}

function on(from: Point, to: Point, share: number): Point {
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
}
