// Boxes that are found: their overlap, what is left of those around one thing, and how well all of them are found.
import { describe, expect, test } from "vitest";
import { averagePrecision, countError, type Sight } from "../../demo/node/average-precision.ts";
import { type Box, distinct, overlap } from "../../demo/node/boxes.ts";
import { generator } from "../ops/inputs.ts";

const square = (left: number, top: number, side = 10): Box => ({ left, top, right: left + side, bottom: top + side });
const found = (box: Box, score: number) => ({ box, score });

describe("overlap", () => {
  test.each([
    ["of a box with itself", square(3, 4), square(3, 4), 1],
    ["by half a side", square(0, 0), square(5, 0), 50 / 150],
    ["by a corner", square(0, 0), square(5, 5), 25 / 175],
    ["of one inside of another", square(0, 0, 10), square(2, 2, 5), 25 / 100],
    ["of neighbours", square(0, 0), square(10, 0), 0],
    ["of boxes apart from one another both ways", square(0, 0), square(20, 20), 0],
    ["of nothing with nothing", square(0, 0, 0), square(0, 0, 0), 0],
  ])("%s", (_, a, b, value) => {
    expect(overlap(a, b)).toBeCloseTo(value, 12);
    expect(overlap(b, a)).toBeCloseTo(value, 12);
  });
});

test("of boxes that overlap by more than the limit the surest stays", () => {
  const [sure, near, far] = [found(square(0, 0), 0.9), found(square(1, 0), 0.8), found(square(30, 0), 0.1)];
  expect(distinct([far, near, sure], 0.5)).toEqual([sure, far]);
  // 90 of 110 pixels.
  expect(distinct([far, near, sure], 90 / 110)).toEqual([sure, near, far]);
});

describe("average precision", () => {
  const wanted = [square(0, 0), square(20, 0), square(40, 0), square(60, 0)];

  test("is 1 where all are found and nothing is surer than them", () => {
    const all = [...wanted.map((box, i) => found(box, 0.5 + i / 10)), found(square(0, 50), 0.1)];
    expect(averagePrecision([{ found: all, wanted }])).toBe(1);
  });

  test("is 0 where nothing is found, NaN where nothing is wanted", () => {
    expect(averagePrecision([{ found: [], wanted }])).toBe(0);
    expect(averagePrecision([{ found: [found(square(0, 0), 1)], wanted: [] }])).toBeNaN();
  });

  test("by hand: right, wrong, right, twice the same, wrong", () => {
    const boxes = [square(0, 0), square(0, 50), square(20, 0), square(1, 0), square(80, 80)];
    const sight = { found: boxes.map((box, i) => found(box, 1 - i / 10)), wanted };
    // Recall 1/4 at precision 1, 2/4 at 2/3; the rest is not found.
    expect(averagePrecision([sight])).toBeCloseTo((1 + 2 / 3) / 4, 12);
  });

  test("a box is right from half an overlap on, and is no other image's", () => {
    const third = found(square(5, 0), 1);
    expect(averagePrecision([{ found: [third], wanted: [square(0, 0)] }])).toBe(0);
    expect(averagePrecision([{ found: [third], wanted: [square(0, 0)] }], 1 / 3)).toBe(1);
    const sights = [
      { found: [found(square(0, 0), 1)], wanted: [] },
      { found: [], wanted: [square(0, 0)] },
    ];
    expect(averagePrecision(sights)).toBe(0);
  });

  test("is the mean over what is wanted of the best precision at its recall or more", () => {
    const random = generator(3);
    for (let round = 0; round < 50; round++) {
      // Boxes on places of their own: one is right if its place is wanted.
      const count = 1 + Math.floor(random() * 12);
      const places = Array.from({ length: 30 }, (_, i) => i).filter(() => random() < 0.5);
      const scores = places.map(() => random());
      const sight: Sight = {
        found: places.map((at, i) => found(square(20 * at, 0), scores[i])),
        wanted: Array.from({ length: count }, (_, i) => square(20 * i, 0)),
      };
      const order = places.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
      const precisions = order.map((_, i) => ({
        recall: order.slice(0, i + 1).filter((at) => places[at] < count).length,
        total: i + 1,
      }));
      let sum = 0;
      for (let recall = 1; recall <= count; recall++)
        sum += Math.max(0, ...precisions.filter((at) => at.recall >= recall).map((at) => at.recall / at.total));
      expect(averagePrecision([sight])).toBeCloseTo(sum / count, 12);
    }
  });
});

test("counts are off by the mean distance, of what is sure enough", () => {
  const sights = [
    { found: [found(square(0, 0), 0.9), found(square(20, 0), 0.2)], wanted: [square(0, 0)] },
    { found: [found(square(0, 0), 0.5)], wanted: [square(0, 0), square(20, 0), square(40, 0)] },
  ];
  expect(countError(sights, 0)).toBe((1 + 2) / 2);
  expect(countError(sights, 0.5)).toBe((0 + 2) / 2);
  expect(countError(sights, 0.6)).toBe((0 + 3) / 2);
});
