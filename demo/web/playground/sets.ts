// Where the points come from. Each function draws one point [x, y, target] in the square from -3 to 3; the same seed draws the same ones in
// every browser and in Node, since nothing is used but arithmetic that is the same everywhere. Their text is part of the page's code.

/** Gives numbers from 0 to 1. */
export type Random = () => number;
export type Sample = readonly [x: number, y: number, target: number];

/** Random numbers from 0 to 1 (Mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The sine of so many turns: Math.sin has other last digits elsewhere. */
export function sineOf(turns: number): number {
  const quarter = 4 * (turns - Math.floor(turns + 0.5)); // from -2 to 2 quarters
  const t = (Math.abs(quarter) > 1 ? Math.sign(quarter) * 2 - quarter : quarter) * (Math.PI / 2);
  const s = t * t;
  return t * (1 - (s / 6) * (1 - (s / 20) * (1 - (s / 42) * (1 - s / 72))));
}

/** About normally distributed, with a deviation of 1. */
export function normalFrom(random: Random): number {
  return 2 * (random() + random() + random() - 1.5);
}

/** The same points in an order of the seed. */
export function shuffled(points: readonly Sample[], seed: number): Sample[] {
  const random = randomFrom(seed);
  const all = [...points];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

export function circles(random: Random, i: number): Sample {
  const radius = i % 2 === 0 ? 1.2 * random() : 2 + 0.7 * random();
  const angle = random();
  return [radius * sineOf(angle), radius * sineOf(angle + 0.25), i % 2];
}

export function xor(random: Random, i: number): Sample {
  const [x, y] = [0.2 + 2.5 * random(), 0.2 + 2.5 * random()];
  const side = random() < 0.5 ? 1 : -1;
  return [side * x, i % 2 === 0 ? side * y : -side * y, i % 2];
}

export function clusters(random: Random, i: number): Sample {
  const side = i % 2 === 0 ? 1 : -1;
  return [1.4 * side + 0.45 * normalFrom(random), 1.4 * side + 0.45 * normalFrom(random), i % 2];
}

export function spiral(random: Random, i: number, arms = 2): Sample {
  const way = 0.06 + 0.94 * random();
  const angle = 1.5 * way + (i % arms) / arms;
  return [2.7 * way * sineOf(angle), 2.7 * way * sineOf(angle + 0.25), i % arms];
}

export function spiral3(random: Random, i: number): Sample {
  return spiral(random, i, 3);
}

export function moons(random: Random, i: number): Sample {
  const angle = 0.5 * random();
  const [x, y] = [1.7 * sineOf(angle + 0.25), 1.7 * sineOf(angle)];
  return i % 2 === 0 ? [x - 0.8, y - 0.4, 0] : [0.8 - x, 0.4 - y, 1];
}

export function plane(random: Random): Sample {
  const [x, y] = [6 * random() - 3, 6 * random() - 3];
  return [x, y, (x + y) / 6];
}

export function waves(random: Random): Sample {
  const [x, y] = [6 * random() - 3, 6 * random() - 3];
  return [x, y, sineOf(x / 4) * sineOf(y / 4 + 0.25)];
}

export function bumps(random: Random): Sample {
  const [x, y] = [6 * random() - 3, 6 * random() - 3];
  const bump = (a: number, b: number) => {
    const square = (x - a) * (x - a) + (y - b) * (y - b);
    return 1 / (1 + square * square);
  };
  return [x, y, bump(-1.4, 1.2) + bump(1.5, 1.5) - bump(0.2, -1.3)];
}
