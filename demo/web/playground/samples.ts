// The rows that are trained on, and those that test: of a set by its seed, or the visitor's own points.
import type { Points } from "./points.ts";
import {
  bumps,
  circles,
  clusters,
  moons,
  normalFrom,
  plane,
  type Random,
  randomFrom,
  type Sample,
  shuffled,
  spiral,
  spiral3,
  waves,
  xor,
} from "./sets.ts";

/** Points drawn of a set. */
export const COUNT = 300;
/** Points that there are to train on, where there are as many, whatever the share. */
const LEAST = 2;
/** Points lie between -SIDE and SIDE, on both axes. */
export const SIDE = 3;

export type SetName = keyof typeof kinds;

/** The sets on offer: how each is named, and its classes, 1 where it is a function of numbers. */
export const kinds = {
  circles: { name: "Circle, ring", classes: 2, draw: circles },
  xor: { name: "Exclusive or", classes: 2, draw: xor },
  clusters: { name: "Two clusters", classes: 2, draw: clusters },
  spiral: { name: "Spiral", classes: 2, draw: (random: Random, i: number) => spiral(random, i) },
  spiral3: { name: "Three arms", classes: 3, draw: spiral3 },
  moons: { name: "Two moons", classes: 2, draw: moons },
  plane: { name: "Plane: numbers", classes: 1, draw: plane },
  waves: { name: "Waves: numbers", classes: 1, draw: waves },
  bumps: { name: "Bumps: numbers", classes: 1, draw: bumps },
  own: { name: "Your own", classes: 4 },
} as const;

/** What decides which points there are. */
export interface Choice {
  readonly data: SetName;
  readonly seed: number;
  /** 0 to 50: how far points are moved at random, in hundredths. */
  readonly noise: number;
  /** Of the points in hundredths: those that are trained on. */
  readonly share: number;
  /** The visitor's own. */
  readonly points: Points;
}

/** Rows [x, y] with a target each. */
export interface Rows {
  readonly x: number[][];
  readonly y: number[];
}

export interface Samples {
  readonly train: Rows;
  readonly test: Rows;
}

/** Numbers that the network gives for a point. */
export function outputsOf({ data, points }: Pick<Choice, "data" | "points">): number {
  return data === "own" ? points.classes : kinds[data].classes;
}

export function samplesOf(choice: Choice): Samples {
  const all = choice.data === "own" ? shuffled(choice.points.rows, choice.seed) : drawn(choice.data, choice);
  const count = Math.max(LEAST, Math.round((all.length * choice.share) / 100));
  return { train: rowsOf(all.slice(0, count)), test: rowsOf(all.slice(count)) };
}

/** What keeps these points from being trained on, in words; "" where nothing does. */
export function lackOf(choice: Choice): string {
  const count = samplesOf(choice).train.y.length;
  if (count >= LEAST) return "";
  const [there, more] = count === 0 ? ["are no points", "two"] : ["is one point", "one more"];
  return `There ${there}. Put at least ${more} on the surface, by a click or a touch.`;
}

/** How many points there are for what. */
export function countsInWords({ train, test }: Samples): string {
  const [learned, tested] = [train.y.length, test.y.length];
  return `${learned} ${learned === 1 ? "point" : "points"} to train on, ${tested === 0 ? "none" : `${tested} (hollow)`} to test.`;
}

function drawn(name: Exclude<SetName, "own">, { seed, noise }: Choice): Sample[] {
  const random = randomFrom(seed);
  return Array.from({ length: COUNT }, (_, i) => {
    const [x, y, target] = kinds[name].draw(random, i);
    const move = () => (noise / 50) * normalFrom(random) * 0.5;
    return [x + move(), y + move(), target];
  });
}

function rowsOf(samples: readonly Sample[]): Rows {
  return { x: samples.map(([x, y]) => [x, y]), y: samples.map(([, , target]) => target) };
}
