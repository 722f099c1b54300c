// Whether words are covered by stretches that are cut in other ways: against sets of words.
import { describe, expect, test } from "vitest";
import { covered, type Rows } from "../../src/program/cover.ts";
import { numbers } from "../random.ts";

function wordsOf({ start, run, rows, period }: Rows): number[] {
  return Array.from({ length: rows * run }, (_, i) => start + Math.floor(i / run) * period + (i % run));
}

const solid = (start: number, run: number): Rows => ({ start, run, rows: 1, period: 0 });

describe("covered", () => {
  test("by rows that go on where others end", () => {
    const rows = (start: number, count: number): Rows => ({ start, run: 8, rows: count, period: 16 });
    expect(covered(rows(0, 6), [rows(0, 3), rows(48, 3)])).toBe(true);
    expect(covered(rows(0, 7), [rows(0, 3), rows(48, 3)])).toBe(false);
    expect(covered(solid(0, 96), [rows(0, 6), rows(8, 6)])).toBe(true);
    expect(covered(solid(0, 97), [rows(0, 6), rows(8, 6)])).toBe(false);
  });

  test("by rows of another period, and solid words beside them", () => {
    const [coarse, fine]: Rows[] = [
      { start: 4, run: 4, rows: 5, period: 16 },
      { start: 4, run: 4, rows: 9, period: 8 },
    ];
    expect(covered(coarse, [fine])).toBe(true);
    expect(covered(fine, [coarse])).toBe(false);
    expect(covered(fine, [coarse, solid(10, 60)])).toBe(true);
  });

  test("as sets of words are: random rows", () => {
    const random = numbers(3);
    const below = (n: number) => Math.floor(random() * n);
    const counts = [0, 0];
    for (let i = 0; i < 20_000; i++) {
      const period = [4, 6, 8, 12][below(4)];
      const any = (): Rows => {
        const own = below(3) === 0 ? period * 2 : period;
        const rows = 1 + below(5);
        return rows === 1
          ? solid(below(40), 1 + below(30))
          : { start: below(30), run: 1 + below(own - 1), rows, period: own };
      };
      const [wanted, ...given] = Array.from({ length: 2 + below(5) }, any);
      const all = new Set(given.flatMap(wordsOf));
      const expected = wordsOf(wanted).every((word) => all.has(word));
      counts[Number(expected)]++;
      const found = covered(wanted, given);
      if (found !== expected) expect({ wanted, given, found }).toEqual({ wanted, given, found: expected });
    }
    expect(Math.min(...counts)).toBeGreaterThan(500);
  });
});
