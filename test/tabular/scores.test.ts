// The figures of tables are those of simdgrad/metrics, which the golden values of scikit-learn hold.
import { constant } from "simdgrad";
import { accuracy, f1, logLoss, meanAbsoluteError, measure, r2Score, rootMeanSquaredError } from "simdgrad/metrics";
import { expect, test } from "vitest";
import { classScores, confusion, largest, numberScores, shares } from "../../src/tabular/scores.ts";
import { numbers } from "../random.ts";

const ROWS = 200;
const CLASSES = 4;
const random = numbers(7);
const logits = Float32Array.from({ length: ROWS * CLASSES }, () => 6 * random() - 3);
const y = Int32Array.from({ length: ROWS }, () => Math.floor(CLASSES * random()));
const rows = Array.from({ length: ROWS }, (_, i) => logits.subarray(i * CLASSES, (i + 1) * CLASSES));
const probabilities = rows.flatMap((row) => {
  const powers = Array.from(row, Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((each) => each / sum);
});

test("of classes", async () => {
  const own = classScores(probabilities, y, CLASSES);
  const [prediction, target] = [
    constant({ data: logits, shape: [ROWS, CLASSES] }),
    constant({ data: y, shape: [ROWS] }),
  ];
  expect(own.accuracy).toBeCloseTo(await measure(accuracy, prediction, target), 6);
  expect(own.f1).toBeCloseTo(await measure(f1({ average: "macro" }), prediction, target), 6);
  expect(own.logLoss).toBeCloseTo(await measure(logLoss(), prediction, target), 5);
  const counts = confusion(largest(probabilities, CLASSES), y, CLASSES);
  expect(counts.flat().reduce((a, b) => a + b)).toBe(ROWS);
  expect(counts.reduce((sum, row, c) => sum + row[c], 0) / ROWS).toBe(own.accuracy);
});

test("of numbers", async () => {
  const told = Float64Array.from({ length: ROWS }, () => 10 * random());
  const given = told.map((value) => value + random() - 0.5);
  const own = numberScores(told, given);
  const [prediction, target] = [told, given].map((data) =>
    constant({ data: Float32Array.from(data), shape: [ROWS, 1] }),
  );
  expect(own.r2).toBeCloseTo(await measure(r2Score(), prediction, target), 5);
  expect(own.rootMeanSquaredError).toBeCloseTo(await measure(rootMeanSquaredError(), prediction, target), 6);
  expect(own.meanAbsoluteError).toBeCloseTo(await measure(meanAbsoluteError(), prediction, target), 6);
});

test("by hand", () => {
  expect(classScores([0.9, 0.1, 0.2, 0.8, 0.6, 0.4], Int32Array.of(0, 1, 1), 2)).toEqual({
    accuracy: 2 / 3,
    f1: 2 / 3,
    logLoss: expect.closeTo(-(Math.log(0.9) + Math.log(0.8) + Math.log(0.4)) / 3, 12),
  });
  expect(numberScores([1, 2, 3], Float64Array.of(1, 2, 6))).toEqual({
    rootMeanSquaredError: Math.sqrt(3),
    meanAbsoluteError: 1,
    r2: expect.closeTo(1 - 9 / 14, 12),
  });
  expect(shares(Int32Array.of(0, 2, 2, 2), 3)).toEqual([0.25, 0, 0.75]);
});
