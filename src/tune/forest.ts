// Regression trees over a box of parameters, and how much of what they say depends on one parameter: Hutter, Hoos, Leyton-Brown, "An
// efficient approach for assessing hyperparameter importance", ICML 2014 (fANOVA); trees as Breiman, "Random forests", 2001, on samples
// with replacement.
import type { Draws } from "./draws.ts";

/** One parameter: numbers from 0 to 1, or categories 0, 1, ... */
export interface Column {
  /** 0 of numbers. */
  readonly categories: number;
}

/** A part of the box in which a tree says one number. */
interface Cell {
  /** By column: the bounds of numbers, or which categories. */
  readonly sides: readonly Side[];
  readonly value: number;
}

/** The bounds of numbers; of categories which are in it. */
type Side = { readonly from: number; readonly to: number } | { readonly isIn: readonly boolean[] };

/** The part of a column that a side takes. */
function partOf(side: Side): number {
  return "isIn" in side ? side.isIn.filter(Boolean).length / side.isIn.length : side.to - side.from;
}

interface Split {
  readonly column: number;
  readonly gain: number;
  /** The sides below and above it. */
  readonly sides: readonly [Side, Side];
  readonly isBelow: (value: number) => boolean;
}

/** The cells of a tree grown on a sample with replacement, down to single rows. */
export function grow(
  columns: readonly Column[],
  rows: readonly (readonly number[])[],
  values: readonly number[],
  draws: Draws,
): readonly Cell[] {
  const cells: Cell[] = [];
  const cut = (sample: readonly number[], sides: readonly Side[]): void => {
    const split = bestSplit(columns, rows, values, sample, sides);
    if (split === undefined) {
      cells.push({ sides, value: meanOf(sample.map((i) => values[i])) });
      return;
    }
    const { column } = split;
    for (const [i, side] of split.sides.entries()) {
      const part = sample.filter((row) => split.isBelow(rows[row][column]) === (i === 0));
      cut(part, sides.with(column, side));
    }
  };
  const whole = columns.map(
    ({ categories }): Side =>
      categories > 0 ? { isIn: new Array<boolean>(categories).fill(true) } : { from: 0, to: 1 },
  );
  cut(
    Array.from(rows, () => draws.below(rows.length)),
    whole,
  );
  return cells;
}

/** The split after which the squares of both parts around their means are the least; undefined where nothing can be told apart. */
function bestSplit(
  columns: readonly Column[],
  rows: readonly (readonly number[])[],
  values: readonly number[],
  sample: readonly number[],
  sides: readonly Side[],
): Split | undefined {
  const sum = sample.reduce((total, i) => total + values[i], 0);
  if (sample.every((i) => values[i] === values[sample[0]])) return undefined;
  let best: Split | undefined;
  for (const [column, { categories }] of columns.entries()) {
    const key = categories > 0 ? meansOf(rows, values, sample, column, categories) : undefined;
    const placeOf = (row: number) => (key === undefined ? rows[row][column] : key[rows[row][column]]);
    const sorted = [...sample].sort((a, b) => placeOf(a) - placeOf(b));
    let below = 0;
    for (let n = 1; n < sorted.length; n++) {
      below += values[sorted[n - 1]];
      const [low, high] = [placeOf(sorted[n - 1]), placeOf(sorted[n])];
      if (low === high) continue;
      // What both parts' squares are less than the whole's, but for what all splits share.
      const gain = (below * below) / n + square(sum - below) / (sorted.length - n);
      if (best !== undefined && gain <= best.gain) continue;
      best = { column, gain, ...halves(sides[column], between(low, high), key) };
    }
  }
  return best;
}

/** Above the lower of two numbers, also of neighbours. */
function between(low: number, high: number): number {
  const middle = (low + high) / 2;
  return middle > low ? middle : high;
}

function halves(side: Side, at: number, key: readonly number[] | undefined): Pick<Split, "sides" | "isBelow"> {
  if ("isIn" in side) {
    const isBelow = (category: number) => (key?.[category] ?? 0) < at;
    const half = (wanted: boolean): Side => ({ isIn: side.isIn.map((isIn, i) => isIn && isBelow(i) === wanted) });
    return { sides: [half(true), half(false)], isBelow };
  }
  return {
    sides: [
      { ...side, to: at },
      { ...side, from: at },
    ],
    isBelow: (value) => value < at,
  };
}

/**
 * By category: the mean of its values, by which a split in the order of the means is the best of all (Fisher 1958); of none that of all.
 */
function meansOf(
  rows: readonly (readonly number[])[],
  values: readonly number[],
  sample: readonly number[],
  column: number,
  categories: number,
): readonly number[] {
  const all = meanOf(sample.map((i) => values[i]));
  return Array.from({ length: categories }, (_, category) => {
    const own = sample.filter((i) => rows[i][column] === category);
    return own.length === 0 ? all : meanOf(own.map((i) => values[i]));
  });
}

function square(x: number): number {
  return x * x;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * By column the part of a tree's variance over the box that its mean over all other columns has; undefined for a tree that says one
 * number.
 */
export function sharesOf(columns: readonly Column[], cells: readonly Cell[]): readonly number[] | undefined {
  const volumes = cells.map(({ sides }) => sides.reduce((product, side) => product * partOf(side), 1));
  const mean = cells.reduce((sum, { value }, i) => sum + volumes[i] * value, 0);
  const variance = cells.reduce((sum, { value }, i) => sum + volumes[i] * square(value - mean), 0);
  if (!(variance > 0)) return undefined;
  return columns.map((_, column) => {
    let own = 0;
    for (const { part, value } of meansAlong(column, cells, volumes)) own += part * square(value - mean);
    return own / variance;
  });
}

/** Parts of one column, and the mean of the tree over all others in each. */
function meansAlong(
  column: number,
  cells: readonly Cell[],
  volumes: readonly number[],
): readonly { part: number; value: number }[] {
  const { sides } = cells[0];
  const first = sides[column];
  if ("isIn" in first)
    return first.isIn.map((_, category) => {
      let value = 0;
      for (const [i, cell] of cells.entries()) {
        const side = cell.sides[column];
        if ("isIn" in side && side.isIn[category]) value += (cell.value * volumes[i]) / partOf(side);
      }
      return { part: 1 / first.isIn.length, value };
    });
  const bounds = new Set<number>([0, 1]);
  for (const cell of cells) {
    const side = cell.sides[column];
    if ("from" in side) bounds.add(side.from).add(side.to);
  }
  const sorted = [...bounds].sort((a, b) => a - b);
  const place = new Map(sorted.map((bound, i) => [bound, i]));
  // A cell adds its value from its lower bound on, and takes it away from its upper one.
  const changes = new Float64Array(sorted.length);
  for (const [i, cell] of cells.entries()) {
    const side = cell.sides[column];
    if (!("from" in side)) continue;
    const value = (cell.value * volumes[i]) / partOf(side);
    changes[place.get(side.from) ?? 0] += value;
    changes[place.get(side.to) ?? 0] -= value;
  }
  let value = 0;
  return sorted.slice(0, -1).map((from, i) => {
    value += changes[i];
    return { part: sorted[i + 1] - from, value };
  });
}
