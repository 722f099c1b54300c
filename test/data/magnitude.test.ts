// Numbers of which only the ratios count, of any magnitude.
import { weightedRows } from "simdgrad/data";
import { describe, expect, test } from "vitest";
import { ordinary } from "../../src/data/magnitude.ts";

test("ordinary ones stay, others are brought near 1 by a power of two, and none vanishes", () => {
  for (const values of [[], [0], [3, -1e100, 1e-300], [1, 2, 3]]) expect([...ordinary(values)]).toEqual(values);
  for (const values of [
    [1.7e308, 1e308, -3e300],
    [3e-308, -1e-308],
    [4e-323, 1e-323],
  ]) {
    const scaled = ordinary(values);
    expect(Math.max(...scaled.map(Math.abs))).toBeLessThan(2 ** 400);
    expect(Math.max(...scaled.map(Math.abs))).toBeGreaterThan(2 ** -400);
    expect(scaled[1] / scaled[0]).toBe(values[1] / values[0]);
  }
  expect(ordinary([1e308, 5e-324])[1]).toBeGreaterThan(0);
});

describe("weights of rows", () => {
  test.each([1e308, 5e-324, 1e-320])("of %d each are drawn alike", (weight) => {
    const counts = [0, 0, 0];
    for (const row of weightedRows([weight, weight, weight], 9000, { seed: 1 })) counts[row]++;
    // 9,000 draws of probability 1/3 have a deviation of 45: five of them.
    for (const count of counts) expect(Math.abs(count - 3000)).toBeLessThan(225);
  });

  test("far apart come once each without replacement", () => {
    const rows = weightedRows([1e308, 5e-324, 1e308, 0], 3, { replacement: false });
    expect([...rows].sort()).toEqual([0, 1, 2]);
  });
});
