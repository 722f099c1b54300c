// Whether two touches meet, compared with all words of all iterations one by one.
import { expect, test } from "vitest";
import { meet, type Stretches, stretchesOf } from "../../src/program/meet.ts";
import { numbers } from "../random.ts";

type Loop = { readonly count: number };

/** First words of all rows, by iteration: one number a loop. */
function* rowsOf({ start, rows, period, strides, loops }: Stretches): Generator<[iteration: number[], first: number]> {
  const iterations = loops.reduce<number[][]>(
    (lists, { count }) => lists.flatMap((list) => Array.from({ length: count }, (_, i) => [...list, i])),
    [[]],
  );
  for (const iteration of iterations) {
    const moved = iteration.reduce((sum, i, depth) => sum + i * strides[depth], start);
    for (let row = 0; row < rows; row++) yield [iteration, moved + row * period];
  }
}

/** Loops around both, in which both are in the same iteration; of these loops the one at depth `edge` is in a later one for `b`. */
function atOneTime(a: Stretches, b: Stretches, i: readonly number[], j: readonly number[], edge: number): boolean {
  for (let depth = 0; depth < i.length && a.loops[depth] === b.loops[depth]; depth++) {
    if (depth === edge) return j[depth] > i[depth];
    if (i[depth] !== j[depth]) return false;
  }
  return true;
}

function meetSomewhere(a: Stretches, b: Stretches, edge: number): boolean {
  for (const [i, first] of rowsOf(a))
    for (const [j, second] of rowsOf(b))
      if (atOneTime(a, b, i, j, edge) && first < second + b.run && second < first + a.run) return true;
  return false;
}

type Chance = (below: number) => number;

/** So many rows of so many words, a period apart. */
function touch(at: number, run: number, rows: number, period: number, strides: readonly number[], loops: Loop[]) {
  const words = (rows - 1) * period + run;
  const access = { first: 0, words, run: rows > 1 ? run : words, period: rows > 1 ? period : words };
  return stretchesOf({ ...access, slot: 1, write: true, whole: false, elementwise: false }, at, strides, loops);
}

/** Two touches in up to two loops each, of which they share some. */
function pair(chance: Chance, alike: boolean): [a: Stretches, b: Stretches, edge: number] {
  const loop = () => ({ count: 1 + chance(4) });
  const shared = Array.from({ length: chance(3) }, loop);
  const own = chance(2);
  const [loopsOfA, loopsOfB] = [0, 1].map(() => [...shared, ...Array.from({ length: own }, loop)]);
  const strides = loopsOfA.map(() => (1 + chance(12)) * (chance(2) === 0 ? -1 : 1) * chance(3));
  const period = 2 + chance(8);
  const one = (loops: Loop[], like: boolean) => {
    const run = 1 + chance(period - 1);
    const moves = like ? strides : strides.map((stride) => stride + chance(3));
    return touch(100 + chance(30), run, 1 + chance(4), like ? period : period + chance(2), moves, loops);
  };
  const edge = chance(shared.length + 1) - 1;
  return [one(loopsOfA, true), one(loopsOfB, alike), shared[edge]?.count > 1 ? edge : -1];
}

test.each([
  ["alike", true],
  ["in any way", false],
])("touches that move %s never meet unseen", (_how, alike) => {
  const random = numbers(11);
  const chance: Chance = (below) => Math.floor(random() * below);
  const seen = { meeting: 0, apart: 0, tooCareful: 0 };
  for (let i = 0; i < 20_000; i++) {
    const [a, b, edge] = pair(chance, alike);
    const truth = meetSomewhere(a, b, edge);
    const answer = meet(a, b, edge);
    if (truth && !answer) expect.fail(JSON.stringify({ a, b, edge }));
    seen[truth ? "meeting" : answer ? "tooCareful" : "apart"]++;
  }
  expect(seen.meeting).toBeGreaterThan(2000);
  expect(seen.apart).toBeGreaterThan(2000);
  if (alike) expect(seen.tooCareful).toBeLessThan(seen.apart / 10);
});

/** So many columns from `first` on, of each of 3 x 4 blocks of 5 rows and 8 columns in a matrix: a loop over their rows, one in it. */
function column(first: number, columns: number, loops: Loop[] = [{ count: 3 }, { count: 4 }]): Stretches {
  return touch(first, columns, 5, 32, [160, 8], loops);
}

test("columns of blocks of a matrix meet where they share a column, whatever the block", () => {
  expect(meet(column(0, 3), column(3, 5))).toBe(false);
  expect(meet(column(0, 4), column(3, 5))).toBe(true);
  const loops = column(0, 3).loops as Loop[];
  expect(meet(column(0, 8, loops), column(0, 8, loops))).toBe(true);
  expect(meet(column(0, 8, loops), column(0, 8, loops), 0)).toBe(false);
  expect(meet(column(0, 8, loops), column(0, 8, loops), 1)).toBe(false);
  expect(meet(column(0, 9, loops), column(0, 8, loops), 1)).toBe(true);
});

test("a row between the rows of another touch meets none of them", () => {
  const rows = touch(0, 4, 5, 10, [], []);
  expect(meet(rows, touch(14, 6, 1, 0, [], []))).toBe(false);
  expect(meet(touch(14, 6, 1, 0, [], []), rows)).toBe(false);
  expect(meet(rows, touch(14, 7, 1, 0, [], []))).toBe(true);
  expect(meet(rows, touch(44, 7, 1, 0, [], []))).toBe(false);
});

test("a loop that moves neither makes no difference", () => {
  const outside = touch(0, 4, 5, 10, [], []);
  expect(meet(outside, touch(4, 6, 5, 10, [0], [{ count: 7 }]))).toBe(false);
  expect(meet(outside, touch(3, 6, 5, 10, [0], [{ count: 7 }]))).toBe(true);
});

test("what covers nothing meets nothing", () => {
  expect(meet(touch(5, 0, 1, 0, [], []), touch(0, 10, 1, 0, [], []))).toBe(false);
});
