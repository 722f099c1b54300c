// Curves of trainings and intervals of frames: few points whatever their length, no value lost.
import { describe, expect, test } from "vitest";
import { summarise } from "../../demo/web/shared/frames.ts";
import { aligned, Curve, Smoother } from "../../demo/web/shared/smoothing.ts";

describe("Smoother", () => {
  test("begins with the first value and stays on a constant", () => {
    const smoother = new Smoother(0.97);
    expect([5, 5, 5].map((value) => smoother.next(value))).toEqual([5, 5, 5].map(() => expect.closeTo(5, 12)));
  });

  test("is the mean with falling weights", () => {
    const smoother = new Smoother(0.5);
    smoother.next(0);
    expect(smoother.next(3)).toBeCloseTo(2, 12); // (0 * 1/4 + 3 * 1/2) / (3/4)
  });
});

describe("Curve", () => {
  test("keeps every value while they are few", () => {
    const curve = new Curve(4);
    for (let step = 1; step <= 4; step++) curve.add(step, step * step);
    expect(curve.points()).toEqual({ x: [1, 2, 3, 4], y: [1, 4, 9, 16] });
  });

  test("joins neighbours to their mean when they are many", () => {
    const curve = new Curve(4);
    for (let step = 1; step <= 6; step++) curve.add(step, step);
    expect(curve.points()).toEqual({ x: [2, 4, 6], y: [1.5, 3.5, 5.5] });
  });

  test("holds at most its limit and one, in the order of steps, and ends at the last step", () => {
    const curve = new Curve(50);
    for (let step = 1; step <= 12_345; step++) {
      curve.add(step, step);
      const { x } = curve.points();
      expect(x.length).toBeLessThanOrEqual(51);
      expect(x.at(-1)).toBe(step);
    }
    const { x, y } = curve.points();
    expect(x).toEqual([...x].sort((a, b) => a - b));
    // The mean of each point's steps lies in the middle of them.
    y.forEach((value, i) => {
      expect(value).toBeCloseTo(((x[i - 1] ?? 0) + 1 + x[i]) / 2, 6);
    });
  });
});

test("aligned puts curves over one list of steps", () => {
  const first = { x: [1, 2, 4], y: [10, 20, 40] };
  expect(aligned([first, { x: [2, 3], y: [0.2, 0.3] }])).toEqual([
    [1, 2, 3, 4],
    [10, 20, null, 40],
    [null, 0.2, 0.3, null],
  ]);
  expect(aligned([{ x: [], y: [] }])).toEqual([[], []]);
});

describe("summarise", () => {
  test("tells the median, the 99th percentile and the longest interval", () => {
    const intervals = Array.from({ length: 200 }, (_, i) => (i < 197 ? 16 : 30 + i));
    expect(summarise(intervals)).toEqual({ median: 16, p99: 228, worst: 229 });
  });

  test("no frames, no time", () => {
    expect(summarise([])).toEqual({ median: 0, p99: 0, worst: 0 });
  });
});
