// Splits and folds: nothing is lost or in two parts, shares are what was asked for, and what is no chance is scikit-learn's.
import { readFileSync } from "node:fs";
import { classWeights, kFold, type SplitOptions, shard, table, trainTestSplit, weightedRows } from "simdgrad/data";
import { describe, expect, test } from "vitest";

interface Part {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

interface Golden {
  readonly kFold: readonly { readonly rows: number; readonly folds: number; readonly parts: readonly Part[] }[];
  readonly time: readonly { readonly rows: number; readonly folds: number; readonly parts: readonly Part[] }[];
  readonly groups: readonly { readonly groups: number[]; readonly folds: number; readonly parts: readonly Part[] }[];
  readonly stratified: { readonly y: number[]; readonly folds: readonly (readonly number[][])[] };
  readonly sizes: readonly { readonly rows: number; readonly test: number; readonly sizes: readonly number[] }[];
  readonly weights: { readonly y: number[]; readonly classes: number[]; readonly weights: number[] };
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/splits.json", import.meta.url), "utf8"));

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const sorted = (list: Iterable<number>) => [...list].sort((a, b) => a - b);
const plain = (parts: Iterable<{ train: Int32Array; test: Int32Array }>) =>
  Array.from(parts, (part) => ({ train: [...part.train], test: [...part.test] }));
const countsOf = (y: readonly number[], rows: Iterable<number>) => {
  const counts = [0, 0, 0];
  for (const row of rows) counts[y[row]]++;
  return counts;
};

describe("as scikit-learn", () => {
  test.each(golden.kFold)("$folds folds of $rows rows", ({ rows, folds, parts }) => {
    expect(plain(kFold(rows, { folds, shuffle: false }))).toEqual(parts);
  });

  test.each(golden.time)("$folds folds of $rows rows in time", ({ rows, folds, parts }) => {
    expect(plain(kFold(rows, { folds, time: range(rows) }))).toEqual(parts);
    const backwards = plain(kFold(rows, { folds, time: range(rows).reverse() }));
    const turned = (list: readonly number[]) => sorted(list.map((row) => rows - 1 - row));
    expect(backwards).toEqual(parts.map((part) => ({ train: turned(part.train), test: turned(part.test) })));
  });

  test.each(golden.groups)("$folds folds of groups", ({ groups, folds, parts }) => {
    expect(plain(kFold(groups.length, { folds, groups, shuffle: false }))).toEqual(parts);
  });

  test("folds with all classes in their shares", () => {
    const { y, folds } = golden.stratified;
    for (const [i, k] of [2, 3, 5].entries()) {
      const parts = [...kFold(y.length, { folds: k, stratify: y, seed: i })];
      const own = parts.map((part) => countsOf(y, part.test));
      for (const c of [0, 1, 2]) {
        expect(sorted(own.map((counts) => counts[c]))).toEqual(sorted(folds[i].map((counts) => counts[c])));
      }
    }
  });

  test.each(golden.sizes)("$test of $rows rows", ({ rows, test: share, sizes }) => {
    const { train, test, validation } = trainTestSplit(rows, { test: share });
    expect([train.length, test.length]).toEqual(sizes);
    expect(validation).toBe(undefined);
  });

  test("balanced weights of classes", () => {
    const { y, classes, weights } = golden.weights;
    const own = classWeights(y, { classes: 6 });
    expect(own.length).toBe(6);
    for (const [i, c] of classes.entries()) expect(Math.abs(own[c] - weights[i])).toBeLessThan(1e-12);
    expect([own[3], own[5]]).toEqual([0, 0]);
    expect(classWeights(Int32Array.from([...y, -100, -100]))).toEqual(own.slice(0, 5));
  });
});

const groups = range(90).map((i) => `g${(i * 7) % 13}`);
const y = range(90).map((i) => (i % 10 === 0 ? 2 : i % 3 === 0 ? 1 : 0));

describe.each<[name: string, options: SplitOptions]>([
  ["at random", {}],
  ["in order", { shuffle: false }],
  ["by classes", { stratify: y }],
  ["by classes, in order", { stratify: y, shuffle: false }],
  ["by groups", { groups }],
  ["by time", { time: range(90).map((i) => (i * 37) % 90) }],
])("parts %s", (_, options) => {
  test("hold every row once, the same for the same seed", () => {
    const isDrawn = options.shuffle !== false && options.time === undefined;
    for (let seed = 0; seed < (isDrawn ? 20 : 1); seed++) {
      const given = { ...options, ...(isDrawn ? { seed } : {}), test: 0.2, validation: 0.1 };
      const { train, validation = new Int32Array(), test } = trainTestSplit(90, given);
      expect(sorted([...train, ...validation, ...test])).toEqual(range(90));
      for (const part of [train, validation, test]) expect([...part]).toEqual(sorted(part));
      expect(trainTestSplit(90, given)).toEqual({ train, validation, test });
      if (options.groups !== undefined) {
        const of = (rows: Int32Array) => new Set(Array.from(rows, (row) => groups[row]));
        expect(of(train).size + of(validation).size + of(test).size).toBe(13);
        expect(Math.abs(test.length - 18)).toBeLessThanOrEqual(4);
      } else expect([train.length, validation.length, test.length]).toEqual([63, 9, 18]);
    }
  });

  test("as folds hold every row once", () => {
    if (options.time !== undefined) return;
    const seed = options.shuffle === false ? undefined : 5;
    const parts = [...kFold(90, { ...options, seed, folds: 4 })];
    expect(sorted(parts.flatMap((part) => [...part.test]))).toEqual(range(90));
    for (const part of parts) expect(sorted([...part.train, ...part.test])).toEqual(range(90));
  });
});

test("members' parts hold every row once, differ by one row at the most, and are the same everywhere", () => {
  for (let seed = 0; seed < 20; seed++)
    for (const of of [1, 2, 3, 7, 20]) {
      const parts = range(of).map((member) => shard(20 + seed, { member, of, seed }));
      expect(sorted(parts.flatMap((part) => [...part]))).toEqual(range(20 + seed));
      const sizes = parts.map((part) => part.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      for (const part of parts) expect([...part]).toEqual(sorted(part));
    }
  expect([0, 1, 2].map((member) => [...shard(10, { member, of: 3, seed: 1 })])).toEqual([
    [3, 4, 5, 6],
    [0, 1, 8],
    [2, 7, 9],
  ]);
  const rows = { x: table({ a: range(10) }), y: range(10) };
  const part = shard(rows, { member: 2, of: 4, seed: -5 });
  expect([...part.x.column("a").values]).toEqual(part.y);
  expect(() => shard(2, { member: 0, of: 3 })).toThrow("shard: 2 rows make no 3 parts");
  expect(() => shard(5, { member: 3, of: 3 })).toThrow("shard: member must be below 3, as numbers begin with 0, got 3");
});

test("classes keep their shares, of which each part has one at least", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { train, test } = trainTestSplit(90, { stratify: y, test: 30, seed });
    expect(countsOf(y, test)).toEqual([18, 9, 3]);
    expect(countsOf(y, train)).toEqual([36, 18, 6]);
  }
});

test("rows of one time are in one part", () => {
  const day = [1, 1, 1, 1, 2, 2];
  const split = trainTestSplit(6, { time: day, test: 3 });
  expect([[...split.train], [...split.test]]).toEqual([
    [0, 1, 2, 3],
    [4, 5],
  ]);
  expect(() => trainTestSplit(3, { time: [5, 5, 5] })).toThrow(
    "trainTestSplit: 3 rows of one time cannot be in two parts",
  );
  expect(() => kFold(6, { time: day, folds: 2 })).toThrow("kFold: 2 different times make no 2 folds, and a beginning");
  const late = [...new Array(50).fill(1), 2, 3];
  expect([...kFold(52, { time: late, folds: 2 })].map(({ test }) => [...test])).toEqual([[50], [51]]);
  for (let seed = 1; seed < 200; seed++) {
    const time = range(40).map((i) => (i * seed * 7919) % (3 + (seed % 20)));
    const times = new Set(time).size;
    if (times === 1) continue;
    const largest = Math.max(...groupSizes(time));
    const parts: { train: Int32Array; test: Int32Array }[] = [trainTestSplit(40, { time, test: 10 })];
    for (const { test } of parts) expect(Math.abs(test.length - 10)).toBeLessThanOrEqual(largest);
    if (times > 3) parts.push(...kFold(40, { time, folds: 3 }));
    for (const { train, test } of parts) {
      const latest = Math.max(...Array.from(train, (row) => time[row]));
      expect(Math.min(...Array.from(test, (row) => time[row]))).toBeGreaterThan(latest);
    }
    if (times > 3)
      expect(sorted([...parts[1].train, ...parts.slice(1).flatMap(({ test }) => [...test])])).toEqual(range(40));
  }
});

function groupSizes(values: readonly number[]): number[] {
  return [...new Set(values)].map((value) => values.filter((each) => each === value).length);
}

test("what is tested comes after what is trained on", () => {
  const time = range(50).map((i) => (i * 17) % 50);
  const { train, validation = [], test } = trainTestSplit(50, { time, validation: 5, test: 10 });
  const of = (rows: Iterable<number>) => sorted(Array.from(rows, (row) => time[row]));
  expect(of(train)).toEqual(range(35));
  expect(of(validation)).toEqual([35, 36, 37, 38, 39]);
  expect(of(test)).toEqual(range(50).slice(40));
});

test("seeds differ, and every row is as likely to be tested", () => {
  const counts = new Array(10).fill(0);
  for (let seed = 0; seed < 2000; seed++) for (const row of trainTestSplit(10, { test: 3, seed }).test) counts[row]++;
  // 2,000 draws of probability 0.3 have a deviation of 20.5: five of them.
  for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(103);
});

test("all that has rows is split alike", () => {
  const data = {
    t: table({ a: range(8), b: range(8).map((i) => `${i}`) }),
    list: range(8).map((i) => [i, i]),
    typed: Int32Array.from(range(8)),
    array: { data: Uint8Array.from(range(16)), shape: [8, 2], dtype: "u8" },
  };
  const { train, test } = trainTestSplit(data, { test: 2, seed: 4 });
  const rows = [...test.typed];
  expect(test.typed).toBeInstanceOf(Int32Array);
  expect([...test.t.column("a").values]).toEqual(rows);
  expect(test.list).toEqual(rows.map((i) => [i, i]));
  expect(test.array).toEqual({
    data: Uint8Array.from(rows.flatMap((i) => [2 * i, 2 * i + 1])),
    shape: [2, 2],
    dtype: "u8",
  });
  expect(train.t.rows).toBe(6);
  const folds = [...kFold(data.t, { folds: 4, groups: "b" })];
  expect(folds.map((fold) => [fold.train.rows, fold.test.rows])).toEqual(new Array(4).fill([6, 2]));
});

test.each<[read: () => unknown, message: string]>([
  [() => trainTestSplit({ x: [1, 2], y: [1] }), "trainTestSplit: data.y has 1 rows, trainTestSplit: data.x 2"],
  [() => trainTestSplit(1), "trainTestSplit: of 1 rows 1 to test and 0 to validate leave none"],
  [() => trainTestSplit(10, { test: 8, validation: 2 }), "of 10 rows 8 to test and 2 to validate"],
  [() => trainTestSplit(10, { test: 0 }), "of 10 rows 0 to test"],
  [() => trainTestSplit(4, { stratify: ["a", "a", "a", "b"] }), 'trainTestSplit: class "b" has one row'],
  [
    () => trainTestSplit(8, { test: 1, stratify: [1, 1, 1, 1, 2, 2, 2, 2] }),
    "1 rows cannot hold one of each of 2 classes",
  ],
  [() => trainTestSplit(3, { stratify: [1] }), "trainTestSplit: stratify has 1 values, the data 3 rows"],
  [() => trainTestSplit(3, { stratify: "city" }), "trainTestSplit: stratify must be a list of one value a row"],
  [() => trainTestSplit(table({ a: [1, 2] }), { groups: "b" }), 'the table has no column "b"'],
  [() => trainTestSplit(3, { groups: [1, 1, 1] }), "trainTestSplit: 1 group cannot be in two parts"],
  [() => trainTestSplit(3, { groups: [1, 1, 2], stratify: [1, 1, 2] }), "stratify and groups do not go together"],
  [() => trainTestSplit(2, { time: [1, Number.NaN] }), "trainTestSplit: time: row 1 must be a number"],
  [() => kFold(3), "kFold: 3 rows make no 5 folds"],
  [() => kFold(4, { folds: 4, time: [1, 2, 3, 4] }), "kFold: 4 rows make no 4 folds, and a beginning"],
  [() => kFold(6, { folds: 3, groups: [1, 1, 1, 2, 2, 2] }), "kFold: 2 groups make no 3 folds"],
  [
    () => kFold(6, { folds: 4, stratify: [1, 1, 1, 2, 2, 2] }),
    "kFold: no class has as many rows as there are folds, 4",
  ],
  [() => classWeights([0, 1.5]), "classWeights: y: row 1 must be a class index"],
  [() => classWeights([-100]), "classWeights: no row of y has a class"],
  [() => weightedRows([0, 0], 1), "weightedRows: no row has a weight above 0"],
  [() => weightedRows([1, 0], 2, { replacement: false }), "weightedRows: 2 rows cannot be drawn of 1"],
])("%#: %2$s", (read, message) => {
  expect(read).toThrow(message);
});

describe("weighted rows", () => {
  test("come as often as their weights say", () => {
    const weights = [1, 0, 2, 5, 0, 0.5, 1.5];
    const counts = new Array(7).fill(0);
    for (const row of weightedRows(weights, 10_000, { seed: 2 })) counts[row]++;
    // A deviation is 50 at the most: five of them.
    for (const [i, weight] of weights.entries()) expect(Math.abs(counts[i] - 1000 * weight)).toBeLessThan(250);
    expect([counts[1], counts[4]]).toEqual([0, 0]);
  });

  test("come once without replacement, the heavy ones first", () => {
    const weights = [1e-12, 1, 0, 1e12];
    let first = 0;
    for (let seed = 0; seed < 100; seed++) {
      const rows = weightedRows(weights, 3, { seed, replacement: false });
      expect(sorted(rows)).toEqual([0, 1, 3]);
      if (rows[0] === 3) first++;
    }
    expect(first).toBe(100);
    expect(weightedRows([1, 2, 3], 5, { seed: 9 })).toEqual(weightedRows([1, 2, 3], 5, { seed: 9 }));
  });
});
