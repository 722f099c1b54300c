// Verifies that whatever starts empty is written before it is read, loops included. What an iteration of a loop writes is kept by how
// the loop moves it: a read that moves in the same way meets it. When the loop ends, all its iterations are put together.

import { covered } from "./cover.ts";
import type { DecodedLoop, Line, Touch } from "./decode.ts";
import { Intervals } from "./intervals.ts";

/** Words of which every iteration has its own, by their position in the first iteration. */
interface Family {
  /** How each loop around them moves them, outermost first. */
  readonly strides: readonly number[];
  /** Stretches of one write: `rows` of them, `period` apart; 1 and 0 for solid words. */
  readonly rows: number;
  readonly period: number;
  readonly words: Intervals;
}

/** The words that a touch reads or writes, and how loops move them. */
type Area = Pick<Touch, "start" | "run" | "rows" | "period" | "strides">;

/** What one iteration of a loop has written so far, and what it read that was not there: an iteration before may have made it. */
interface Level {
  readonly families: Map<string, Family>;
  readonly early: Touch[];
}

export class Writes {
  readonly #levels: Level[] = [{ families: new Map(), early: [] }];
  readonly #fail: (touch: Touch) => never;

  /** `fail` is called with the first read that finds nothing. */
  constructor(fail: (touch: Touch) => never) {
    this.#fail = fail;
  }

  enter(): void {
    this.#levels.push({ families: new Map(), early: [] });
  }

  instruction({ touches, loops }: Line): void {
    const level = this.#levels[loops.length];
    // In their order: an epilogue reads the product.
    for (const touch of touches) {
      if (!touch.blank || touch.run === 0) continue;
      if (touch.write) add(level, touch);
      else if (this.#has(touch, loops, loops.length)) continue;
      else if (loops.length === 0) this.#fail(touch);
      else level.early.push(touch);
    }
  }

  leave(loop: DecodedLoop): void {
    const depth = this.#levels.length - 2;
    const { families, early } = this.#levels[depth + 1];
    for (const touch of early) {
      // There before the loop, and from then on made by the iteration before.
      const first = { ...touch, strides: touch.strides.slice(0, depth) };
      const next = { ...touch, start: touch.start + touch.strides[depth] };
      const found = this.#has(first, touch.loops.slice(0, depth), depth) && this.#has(next, touch.loops, depth + 1);
      if (!found) this.#fail(touch);
    }
    this.#levels.pop();
    for (const family of families.values())
      for (const [start, end] of family.words) add(this.#levels[depth], together(family, start, end, loop.count));
  }

  /** Whether all of start..end, outside all loops, is written. */
  covers(start: number, end: number): boolean {
    const solid = { start, run: end - start, rows: 1, period: 0, strides: [] };
    return start === end || holds(this.#levels[0].families, solid);
  }

  /** Whether the iteration under way, or what came before one of the loops around it, has written all of this. */
  #has(area: Area, loops: readonly DecodedLoop[], depth: number): boolean {
    for (let level = depth; level >= 0; level--) {
      const { families } = this.#levels[level];
      if (families.size > 0 && isIn(families, area, loops, level)) return true;
    }
    return false;
  }
}

function keyOf(strides: readonly number[], rows: number, period: number): string {
  return `${strides.join()};${rows},${period}`;
}

function add({ families }: Level, { start, run, rows, period, strides }: Area): void {
  const key = keyOf(strides, rows, period);
  const family = families.get(key) ?? { strides, rows, period, words: new Intervals() };
  families.set(key, family);
  family.words.add(start, start + run);
  if (rows === 1) return;
  // Stretches that fill the gaps between them are solid.
  const [low, high] = family.words.around(start);
  if (high - low >= period)
    add({ families, early: [] }, { start: low, run: (rows - 1) * period + high - low, rows: 1, period: 0, strides });
}

/** All iterations of the innermost loop together. */
function together({ strides, rows, period }: Family, start: number, end: number, count: number): Area {
  const stride = strides[strides.length - 1];
  const outer = strides.slice(0, -1);
  const low = start + Math.min(0, stride * (count - 1));
  const run = end - start;
  if (stride === 0) return { start, run, rows, period, strides: outer };
  if (rows === 1 && Math.abs(stride) > run)
    return { start: low, run, rows: count, period: Math.abs(stride), strides: outer };
  // Gaps within gaps are taken as filled: this can miss a read of nothing, never find one that is not.
  return {
    start: low,
    run: Math.abs(stride) * (count - 1) + (rows - 1) * period + run,
    rows: 1,
    period: 0,
    strides: outer,
  };
}

/**
 * Whether a level has all of an area, a read's. Each loop around may have moved what was written in the same way, or not at all:
 *
 *     the read, in iteration 2 of a loop                [2]
 *     written in iteration 2, moved in the same way     [2]             must hold what this iteration reads,
 *     written before, or in each iteration anew   [0][1][2][3][4]       what all of them read
 */
function isIn(
  families: ReadonlyMap<string, Family>,
  area: Area,
  loops: readonly DecodedLoop[],
  level: number,
): boolean {
  const depths = [...area.strides.keys()];
  const inner = spread(area, loops, depths.slice(level)); // loops inside the level move nothing that it holds
  const seen = { ...inner, strides: inner.strides.slice(0, level) };
  const moving = depths.slice(0, level).filter((depth) => area.strides[depth] !== 0);
  return subsetsOf(moving).some((unmoved) => holds(families, spread(seen, loops, unmoved)));
}

/** Every choice of some of them, none and all included. */
function subsetsOf(list: readonly number[]): number[][] {
  return list.reduce<number[][]>((subsets, each) => subsets.concat(subsets.map((some) => [...some, each])), [[]]);
}

/** All that an area covers while the loops at these depths run, as words that they do not move. */
function spread(area: Area, loops: readonly DecodedLoop[], depths: readonly number[]): Area {
  const strides = [...area.strides];
  let { start, run } = area;
  for (const depth of depths) {
    const reach = strides[depth] * (loops[depth].count - 1);
    start += Math.min(0, reach);
    run += Math.abs(reach);
    strides[depth] = 0;
  }
  return { ...area, start, run, strides };
}

/** Whether what is moved as the area is covers it: all of it as rows of one cut, as solid words, or out of several. */
function holds(families: ReadonlyMap<string, Family>, area: Area): boolean {
  const { start, run, rows, period, strides } = area;
  const covers = (family: Family | undefined, end: number) => family?.words.covers(start, end) ?? false;
  if (covers(families.get(keyOf(strides, rows, period)), start + run)) return true;
  if (rows > 1 && covers(families.get(keyOf(strides, 1, 0)), start + (rows - 1) * period + run)) return true;
  const moved = [...families.values()].filter((family) => `${family.strides}` === `${strides}`);
  const given = moved.flatMap((family) =>
    [...family.words].map(([low, high]) => ({ ...family, start: low, run: high - low })),
  );
  return covered(area, given);
}
