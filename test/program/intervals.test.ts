// Sets of intervals do what sets of words do.
import { expect, test } from "vitest";
import { Intervals } from "../../src/program/intervals.ts";
import { generator } from "../ops/inputs.ts";

const WORDS = 60;

test("Intervals agree with a table of words through any order of calls", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const next = generator(seed);
    const below = (count: number) => Math.floor(next() * count);
    const intervals = new Intervals();
    const table = new Array<number>(WORDS).fill(-1);
    for (let call = 0; call < 40; call++) {
      const [start, stamp] = [below(WORDS), below(3)];
      const end = start + below(WORDS - start);
      intervals.add(start, end, stamp);
      table.fill(stamp, start, end);
      const from = below(WORDS);
      const part = table.slice(from, from + below(WORDS - from));
      const to = from + part.length;
      expect(intervals.covers(from, to)).toBe(part.every((each) => each >= 0));
      expect(intervals.meets(from, to)).toBe(part.some((each) => each >= 0));
      expect(intervals.latest(from, to)).toBe(Math.max(-1, ...part));
      expect([...intervals].flatMap(([low, high]) => table.slice(low, high)).includes(-1)).toBe(false);
      if (table[from] >= 0) {
        const [low, high] = intervals.around(from);
        expect(new Set(table.slice(low, high))).toEqual(new Set([table[from]]));
        expect([table[low - 1], table[high]]).not.toContain(table[from]);
      }
    }
  }
});
