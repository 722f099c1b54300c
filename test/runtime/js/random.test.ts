// Philox against the published vectors, and the index permutation: a bijection that looks random.
import { describe, expect, it } from "vitest";
import { permuteIndex, philox4x32, uniform } from "../../../src/runtime/js/random.ts";

type Quad = readonly [number, number, number, number];

function words(counter: Quad, key0: number, key1: number): string {
  return [0, 1, 2, 3]
    .map((word) =>
      philox4x32(...counter, key0, key1, word)
        .toString(16)
        .padStart(8, "0"),
    )
    .join(" ");
}

/** Chi-square statistic of counts that should be equal, as a distance from its mean in standard deviations. */
function chiSquare(counts: Float64Array): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const freedom = counts.length - 1;
  const statistic = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
  return (statistic - freedom) / Math.sqrt(2 * freedom);
}

describe("Philox4x32-10", () => {
  it("gives the vectors published with Random123", () => {
    const ones = 0xffffffff;
    expect(words([0, 0, 0, 0], 0, 0)).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    expect(words([ones, ones, ones, ones], ones, ones)).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
    expect(words([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 0xa4093822, 0x299f31d0)).toBe(
      "d16cfe09 94fdcceb 5001e420 24126ea1",
    );
  });

  it("takes signed keys as their 32-bit patterns", () => {
    expect(uniform(37, -1, -2)).toBe(uniform(37, 0xffffffff, 0xfffffffe));
  });

  it("orders a group of 16 elements by word, then by lane", () => {
    for (let i = 0; i < 64; i++) {
      const counter = 4 * (i >> 4) + (i & 3);
      expect(uniform(i, 3, 4)).toBe((philox4x32(counter, 0, 0, 0, 3, 4, (i >> 2) & 3) >>> 8) / 2 ** 24);
    }
  });

  it("is uniform over 256 cells and in pairs of neighbours", () => {
    const cells = new Float64Array(256);
    const pairs = new Float64Array(256);
    for (let i = 0; i < 100_000; i++) {
      const u = uniform(i, 1, 2);
      cells[Math.floor(256 * u)]++;
      pairs[16 * Math.floor(16 * u) + Math.floor(16 * uniform(i + 1, 1, 2))]++;
    }
    expect(Math.abs(chiSquare(cells))).toBeLessThan(4);
    expect(Math.abs(chiSquare(pairs))).toBeLessThan(4);
  });
});

describe("permuteIndex", () => {
  it("is a bijection for every size up to 70 and a few larger ones, whatever the key", () => {
    const sizes = [...Array(70).keys(), 256, 257, 1000, 4096, 4097, 60000];
    for (const size of sizes) {
      for (const key of [0, 1, -1, 0x7fffffff, -2147483648]) {
        const seen = new Set<number>();
        for (let i = 0; i < size; i++) seen.add(permuteIndex(i, key, size));
        expect(seen.size).toBe(size);
        expect([...seen].every((to) => to >= 0 && to < size)).toBe(true);
      }
    }
  });

  it("stays inside the largest sizes and leaves foreign indices alone", () => {
    const size = 2 ** 31 - 1;
    for (const i of [0, 1, 12345678, size - 1]) {
      const to = permuteIndex(i, 99, size);
      expect(Number.isInteger(to) && to >= 0 && to < size).toBe(true);
    }
    expect([-1, 10, 11].map((i) => permuteIndex(i, 5, 10))).toEqual([-1, 10, 11]);
    expect(permuteIndex(0, 5, 0)).toBe(0);
  });

  it("sends an element, and a pair of elements, anywhere equally often over the keys", () => {
    for (const size of [2, 3, 5, 16, 17, 60]) {
      const places = new Float64Array(size);
      const pairs = new Float64Array(size * size);
      for (let key = 0; key < 20_000; key++) {
        const first = permuteIndex(0, key, size);
        places[first]++;
        pairs[first * size + permuteIndex(size - 1, key, size)]++;
      }
      const apart = pairs.filter((_, cell) => Math.floor(cell / size) !== cell % size);
      expect(Math.abs(chiSquare(places))).toBeLessThan(4);
      expect(Math.abs(chiSquare(apart))).toBeLessThan(4);
    }
  });

  it("spreads neighbours under one key", () => {
    const size = 60_000;
    const places = new Float64Array(100);
    const steps = new Float64Array(100);
    for (let i = 0; i < 10_000; i++) {
      const to = permuteIndex(i, 7, size);
      places[Math.floor((to / size) * 100)]++;
      const step = (permuteIndex(i + 1, 7, size) - to + size) % size;
      steps[Math.floor((step / size) * 100)]++;
    }
    expect(Math.abs(chiSquare(places))).toBeLessThan(4);
    expect(Math.abs(chiSquare(steps))).toBeLessThan(4);
  });
});
