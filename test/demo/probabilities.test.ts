// What the network says and where it is wrong, counted by hand.
import { describe, expect, test } from "vitest";
import { argmaxRows, confusion, softmaxRows, worstMistakes } from "../../demo/web/digits/probabilities.ts";

describe("softmaxRows", () => {
  test("rows become probabilities in the order of their scores", () => {
    const rows = softmaxRows([0, Math.log(3), Math.log(6), 5, 5, 5], 3);
    [0.1, 0.3, 0.6, 1 / 3, 1 / 3, 1 / 3].forEach((expected, i) => {
      expect(rows[i]).toBeCloseTo(expected, 6);
    });
  });

  test("scores too large for exp are no trouble", () => {
    expect([...softmaxRows([1000, 1000, -1000, 0], 2)]).toEqual([0.5, 0.5, 0, 1]);
  });
});

test("argmaxRows takes the first of equals", () => {
  expect([...argmaxRows([1, 3, 3, 9, -1, 0], 3)]).toEqual([1, 0]);
});

test("confusion has a row for each truth and a column for each answer", () => {
  expect(confusion([0, 0, 1, 2, 2], [0, 2, 1, 2, 0], 3)).toEqual([
    [1, 0, 1],
    [0, 1, 0],
    [1, 0, 1],
  ]);
});

describe("worstMistakes", () => {
  // Rows: right; wrong with 0.6; wrong with 0.9; right.
  const probabilities = [0.8, 0.2, 0.6, 0.4, 0.1, 0.9, 0.3, 0.7];
  const truth = [0, 1, 0, 1];

  test("the most certain wrong answers come first", () => {
    expect(worstMistakes(probabilities, truth, 2, 10)).toEqual([
      { row: 2, truth: 0, said: 1, certainty: 0.9 },
      { row: 1, truth: 1, said: 0, certainty: 0.6 },
    ]);
  });

  test("no more than asked for", () => {
    expect(worstMistakes(probabilities, truth, 2, 1).map(({ row }) => row)).toEqual([2]);
    expect(worstMistakes(probabilities, [0, 0, 1, 1], 2, 1)).toEqual([]);
  });
});
