// Decoding against what all ways to say anything add up to, counted one by one, and against the loss.
import { expect, test } from "vitest";
import { constant } from "../../src/create.ts";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { evaluate } from "../../src/evaluate.ts";
import { ctcBeamDecode, ctcGreedyDecode } from "../../src/nn/ctc-decoding.ts";
import { ctcLoss } from "../../src/nn/losses/sequences.ts";
import { generator } from "../ops/inputs.ts";
import { thrown } from "../thrown.ts";

/** Log-probabilities [T, C] that add up to 1 at each time. */
function drawn(times: number, classes: number, seed: number): number[] {
  const next = generator(seed);
  return Array.from({ length: times }, () => {
    const odds = Array.from({ length: classes }, () => Math.exp(3 * next()));
    const sum = odds.reduce((a, b) => a + b);
    return odds.map((each) => Math.log(each / sum));
  }).flat();
}

/** What a way says. */
function said(way: readonly number[], blank: number): number[] {
  return way.filter((label, t) => label !== blank && label !== way[t - 1]);
}

/** The probability of every labelling, by a sum over all C^T ways. */
function counted(logs: readonly number[], times: number, classes: number, blank: number): Map<string, number> {
  const found = new Map<string, number>();
  for (let number = 0; number < classes ** times; number++) {
    const way = Array.from({ length: times }, (_, t) => Math.floor(number / classes ** t) % classes);
    const probability = Math.exp(way.reduce((sum, label, t) => sum + logs[t * classes + label], 0));
    const key = `${said(way, blank)}`;
    found.set(key, (found.get(key) ?? 0) + probability);
  }
  return found;
}

test.each([
  [4, 3, 0],
  [5, 3, 2],
  [6, 2, 1],
  [3, 5, 2],
])("a wide beam finds all that can be said in %i times of %i classes, blank %i, the likeliest first", (T, C, blank) => {
  for (let seed = 1; seed < 6; seed++) {
    const logs = drawn(T, C, seed);
    const [paths] = ctcBeamDecode(logs, [T, C], { blank, beamWidth: 10_000 });
    const all = [...counted(logs, T, C, blank)].sort(([, a], [, b]) => b - a);
    expect(paths.length).toBe(all.length);
    for (const [i, { labels, logProbability }] of paths.entries()) {
      expect(logProbability).toBeCloseTo(Math.log(all[i][1]), 9);
      expect(Math.exp(logProbability)).toBeCloseTo(Object.fromEntries(all)[`${labels}`], 12);
    }
  }
});

test("a narrow beam finds the best of what it kept, which is never likelier than all ways are", () => {
  for (let seed = 1; seed < 20; seed++) {
    const logs = drawn(6, 4, seed);
    const all = counted(logs, 6, 4, 0);
    const [paths] = ctcBeamDecode(logs, [6, 4], { beamWidth: 3 });
    expect(paths.length).toBe(3);
    for (const { labels, logProbability } of paths)
      expect(logProbability).toBeLessThanOrEqual(Math.log(all.get(`${labels}`) as number) + 1e-12);
    const order = paths.map(({ logProbability }) => logProbability);
    expect(order).toEqual(order.toSorted((a, b) => b - a));
  }
});

test("what it finds costs what ctcLoss says, of sequences of their own lengths, either axis first", async () => {
  const [T, N, C] = [6, 3, 4];
  const each = Array.from({ length: N }, (_, n) => drawn(T, C, n + 1));
  const inputLengths = [6, 4, 5];
  const batchFirst = Float32Array.from(each.flat());
  const timeFirst = Float32Array.from({ length: T * N * C }, (_, i) => {
    const [t, n, c] = [Math.floor(i / (N * C)), Math.floor(i / C) % N, i % C];
    return each[n][t * C + c];
  });
  const found = ctcBeamDecode(timeFirst, [T, N, C], { inputLengths, beamWidth: 1000 });
  expect(ctcBeamDecode(batchFirst, [N, T, C], { inputLengths, beamWidth: 1000, batchFirst: true })).toEqual(found);
  const best = found.map(([{ labels }]) => labels);
  const losses = await evaluate(
    ctcLoss(
      constant(timeFirst, { shape: [T, N, C] }),
      constant(Int32Array.from(best.flat())),
      inputLengths,
      best.map(({ length }) => length),
      { reduction: "none" },
    ),
  );
  for (const [n, [{ logProbability }]] of found.entries()) expect(losses[n]).toBeCloseTo(-logProbability, 5);
});

test("the greedy way is that of the likeliest classes, and can miss what is likelier", () => {
  for (let seed = 1; seed < 20; seed++) {
    const logs = drawn(7, 4, seed);
    const rows = Array.from({ length: 7 }, (_, t) => logs.slice(4 * t, 4 * t + 4));
    const way = rows.map((row) => row.indexOf(Math.max(...row)));
    const [{ labels, logProbability }] = ctcGreedyDecode(logs, [7, 4], { blank: 1 });
    expect(labels).toEqual(said(way, 1));
    expect(logProbability).toBeCloseTo(
      rows.reduce((sum, row) => sum + Math.max(...row), 0),
      12,
    );
  }
  const half = [0.6, 0.4, 0.6, 0.4].map(Math.log); // Graves 2012: nothing at 0.36, the label at 0.64
  expect(ctcGreedyDecode(half, [2, 2])[0].labels).toEqual([]);
  const [[{ labels, logProbability }]] = ctcBeamDecode(half, [2, 2]);
  expect(labels).toEqual([1]);
  expect(Math.exp(logProbability)).toBeCloseTo(0.64, 12);
});

test("of no time nothing is said; what has no probability is not said", () => {
  expect(ctcGreedyDecode([], [0, 2, 3])).toEqual(Array(2).fill({ labels: [], logProbability: 0 }));
  expect(ctcBeamDecode([], [0, 2, 3])).toEqual(Array(2).fill([{ labels: [], logProbability: 0 }]));
  const none = Number.NEGATIVE_INFINITY;
  expect(ctcBeamDecode([none, 0, none, none, none, 0], [2, 3])).toEqual([[{ labels: [1, 2], logProbability: 0 }]]);
});

test.each([ctcGreedyDecode, ctcBeamDecode])(
  "%o refuses what is no logarithm of a probability, where it is read",
  (decode) => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const logs = [0, -1, -1, -1, -1, wrong, -1, 0]; // of two sequences at two times
      expect(thrown(() => decode(logs, [2, 2, 2]))).toBe(
        `DataError: ${decode.name}: sequence 0 holds ${wrong} at time 1, no logarithm of a probability`,
      );
      expect(decode(logs, [2, 2, 2], { inputLengths: [1, 2] }).length).toBe(2);
    }
  },
);

test("of times without probabilities nothing is said, and the best of a beam is there to be read", () => {
  const none = Number.NEGATIVE_INFINITY;
  for (const logs of [Array(6).fill(none), [0, -1, -1, none, none, none]])
    expect(ctcBeamDecode(logs, [2, 3])[0][0]).toEqual({ labels: [], logProbability: none });
});

test.each([ctcGreedyDecode, ctcBeamDecode])("%o: a typed error for what does not fit", (decode) => {
  expect(() => decode([1, 2, 3], [2, 2])).toThrow(ShapeError);
  expect(() => decode([1, 2], [2])).toThrow(ShapeError);
  expect(() => decode([1, 2], [1, 2], { blank: 2 })).toThrow(ArgumentError);
  expect(() => decode([1, 2], [1, 1, 2], { inputLengths: [2] })).toThrow(ArgumentError);
  expect(() => decode([1, 2], [1, 1, 2], { inputLengths: [1, 1] })).toThrow(ShapeError);
});
