// Random numbers are what they are said to be: below their end, in any order alike, and other ones for other keys. Chi-square statistics
// are compared with the quantile of 1 - 1e-6 of their distribution (Wilson and Hilferty 1931): the keys are fixed, so a test
// either holds or does not.
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { foldIn, normal, permuteIndex, permuteIndexOp, randomKey, uniform } from "../../src/ops/random.ts";
import { permuteIndex as permuted } from "../../src/runtime/js/random.ts";
import { apply, arange, scalar } from "../../src/tensor.ts";
import { everywhere } from "./everywhere.ts";

/** The chi-square value that chance passes once in a million times. */
function critical(freedom: number): number {
  const z = 4.7534; // of the normal distribution
  const part = 2 / (9 * freedom);
  return freedom * (1 - part + z * Math.sqrt(part)) ** 3;
}

/** Chi-square of counts that should be equal. */
function chiSquare(counts: ArrayLike<number>): number {
  const all = Array.from(counts);
  const expected = all.reduce((sum, count) => sum + count, 0) / all.length;
  return all.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

everywhere(({ run }) => {
  test.each([
    [1000, 1001],
    [0, 1e-3],
    [-1001, -1000],
    [1e6, 1e6 + 1],
    [0.5, 1],
    [-1, 1],
    [16777216, 16777218],
    [-3e38, 3e38],
  ])("uniform numbers lie in [%f, %f)", async (low, high) => {
    const size = 1 << 18;
    const { least, most } = await run(() => {
      const x = uniform(randomKey(3, "interval"), [size], low, high);
      return { least: x.min(), most: x.max() };
    });
    expect(least[0]).toBeGreaterThanOrEqual(Math.fround(low));
    expect(most[0]).toBeLessThan(high);
  });

  test("no two paths of one or two indices below 1,000 lead to one key", async () => {
    const [a, b] = randomKey(5, "paths");
    const indices = arange(1000);
    const { once0, once1, twice0, twice1 } = await run(() => {
      const once = foldIn([a, b], indices);
      const twice = foldIn([once[0].unsqueeze(1), once[1].unsqueeze(1)], indices);
      return { once0: once[0], once1: once[1], twice0: twice[0], twice1: twice[1] };
    });
    const keys = new Set<number>();
    const add = (high: readonly number[], low: readonly number[]) => {
      for (let i = 0; i < high.length; i++) keys.add((high[i] >>> 0) * 2 ** 21 + ((low[i] >>> 0) & 0x1fffff));
    };
    add(once0, once1);
    add(twice0, twice1); // 53 of a key's 64 bits: enough to tell 10^6 of them apart
    expect(keys.size).toBe(1000 + 1000 ** 2);
  });

  test("the order of two indices matters, and so does each of them", async () => {
    const key = randomKey(0, "order");
    const at = (...path: number[]) =>
      uniform(
        path.reduce((k, index) => foldIn(k, index), key),
        [4],
      );
    const results = await run(() => ({ a: at(0, 1), b: at(1, 0), c: at(1), d: at(0), e: at(0, 0), f: at() }));
    expect(new Set(Object.values(results).map((x) => x.join())).size).toBe(6);
  });
});

test("what is no interval is refused", () => {
  const key = randomKey(0, "");
  for (const [low, high] of [
    [1, 0],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
  ])
    expect(() => uniform(key, [2], low, high)).toThrow(ArgumentError);
});

describe("permutations of few rows", () => {
  const KEYS = 100_000;

  test.each([2, 3, 4, 5, 6, 7, 8])("all orders of %i are as likely", (size) => {
    const orders = Array.from({ length: size }, (_, i) => i + 1).reduce((product, i) => product * i, 1);
    const counts = new Uint32Array(orders);
    const runs = Math.max(KEYS, 10 * orders); // at least ten of each are expected
    for (let key = 0; key < runs; key++) {
      let rank = 0;
      const places = Array.from({ length: size }, (_, i) => permuted(i, key, size));
      places.forEach((place, i) => {
        rank = rank * (size - i) + places.slice(i + 1).filter((later) => later < place).length;
      });
      counts[rank]++;
    }
    expect(chiSquare(counts)).toBeLessThan(critical(orders - 1));
  });

  test.each([5, 8, 13, 16, 31, 64, 65, 100])("places and pairs of %i are as likely", (size) => {
    const places = new Uint32Array(size * size);
    const pairs = new Uint32Array(size * (size - 1));
    let even = 0;
    for (let key = 0; key < 20_000; key++) {
      const order = Array.from({ length: size }, (_, i) => permuted(i, key * 7919, size));
      order.forEach((place, i) => {
        places[i * size + place]++;
      });
      const [first, second] = order;
      pairs[first * (size - 1) + (second > first ? second - 1 : second)]++;
      const seen = new Set<number>();
      let cycles = 0;
      for (let i = 0; i < size; i++) {
        if (seen.has(i)) continue;
        cycles++;
        for (let at = i; !seen.has(at); at = order[at]) seen.add(at);
      }
      if ((size - cycles) % 2 === 0) even++;
    }
    // Each row of the places adds up to the number of keys: so many of them are free.
    expect(chiSquare(places)).toBeLessThan(critical((size - 1) ** 2));
    expect(chiSquare(pairs)).toBeLessThan(critical(pairs.length - 1));
    if (size <= 64) expect(chiSquare([even, 20_000 - even])).toBeLessThan(critical(1));
  });

  test("the orders of a training's epochs are as likely, too", () => {
    // What a Trainer does with the key of an epoch, in numbers: see permuteIndex and foldIn.
    const counts = new Uint32Array(120);
    const [F, G] = [0x915f77f5, 0x93d765dd];
    const [a, b] = [123456789, -987654321];
    for (let epoch = 0; epoch < KEYS; epoch++) {
      const x = (a + epoch) | 0;
      const next = (Math.imul(x, F) + b) | 0;
      const key = (Math.imul(next, 0x2c1b3c6d) + Math.imul(next, G) + x) | 0;
      const order = Array.from({ length: 5 }, (_, i) => permuted(i, key, 5));
      let rank = 0;
      order.forEach((place, i) => {
        rank = rank * (5 - i) + order.slice(i + 1).filter((later) => later < place).length;
      });
      counts[rank]++;
    }
    expect(chiSquare(counts)).toBeLessThan(critical(119));
  });
});

everywhere(({ run }) => {
  test.each([1, 2, 5, 63, 64, 65, 256, 1000])("a permutation of %i holds each index once", async (size) => {
    const { order } = await run(() => ({ order: permuteIndex(arange(size), randomKey(1, "all"), size) }));
    expect([...order].sort((p, q) => p - q)).toEqual(Array.from({ length: size }, (_, i) => i));
    const { outside } = await run(() => ({ outside: permuteIndex(scalar(size, "i32"), randomKey(1, "all"), size) }));
    expect(outside).toEqual([size]);
  });

  test("permutations are those whose orders are counted above", async () => {
    const pairs = [2, 3, 5, 8, 16, 63, 64, 65, 100].flatMap((size) =>
      Array.from({ length: 40 * size }, (_, i) => [i % size, Math.imul(i, 7919), size] as const),
    );
    const [index, keys, sizes] = [0, 1, 2].map((part) => Int32Array.from(pairs, (pair) => pair[part]));
    const { to } = await run((i, key, size) => ({ to: apply(permuteIndexOp, [i, key, size]) }), index, keys, sizes);
    expect(to).toEqual(pairs.map(([i, key, size]) => permuted(i, key, size)));
  });

  test("normal numbers of two keys are not the same", async () => {
    const { a, b } = await run(() => ({
      a: normal(foldIn(randomKey(0, "n"), 0), [64]),
      b: normal(foldIn(randomKey(0, "n"), 1), [64]),
    }));
    expect(a.filter((x, i) => x === b[i])).toEqual([]);
  });
});
