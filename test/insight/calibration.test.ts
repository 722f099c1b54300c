// Calibration equals scikit-learn's curve and score (golden/insight.json), and this library's own metric.
import { readFileSync } from "node:fs";
import { constant, DataError, ShapeError } from "simdgrad";
import { calibration } from "simdgrad/insight";
import { expectedCalibrationError, measure } from "simdgrad/metrics";
import { describe, expect, test } from "vitest";

interface Case {
  readonly name: string;
  readonly outputs: number[] | number[][];
  readonly targets: number[];
  readonly bins: number;
  readonly strategy: "uniform" | "quantile";
  readonly actual: number[];
  readonly predicted: number[];
  readonly brier: number;
  readonly error?: number;
}

const golden = JSON.parse(readFileSync(new URL("../golden/insight.json", import.meta.url), "utf8"));
const cases: readonly Case[] = golden.calibration;

/** Sums of a few hundred float64 numbers in another order. */
const TOLERANCE = 1e-12;

function near(values: readonly number[], wanted: readonly number[]): void {
  expect(values.length).toBe(wanted.length);
  for (const [i, value] of values.entries()) expect(Math.abs(value - wanted[i])).toBeLessThan(TOLERANCE);
}

test.each(cases)("$name equals scikit-learn's", ({ outputs, targets, bins, strategy, ...wanted }) => {
  const found = calibration(outputs, targets, { bins, strategy, probabilities: true });
  near(
    found.curve.map(({ actual }) => actual),
    wanted.actual,
  );
  near(
    found.curve.map(({ predicted }) => predicted),
    wanted.predicted,
  );
  near([found.brierScore], [wanted.brier]);
  if (wanted.error !== undefined) near([found.expectedCalibrationError], [wanted.error]);
  expect(found.curve.reduce((sum, { rows }) => sum + rows, 0)).toBe(targets.length);
});

test.each(cases.filter(({ outputs }) => typeof outputs[0] === "number"))(
  "$name of two classes: the same score",
  (each) => {
    const shares = (each.outputs as number[]).map((yes) => [1 - yes, yes]);
    near([calibration(shares, each.targets, { probabilities: true }).brierScore], [each.brier]);
  },
);

test("logits are probabilities by softmax, and by sigmoid, and the error is the metric's", async () => {
  const logits = [
    [2, 0, -1],
    [0, 3, 1],
    [1, 1.5, 0],
    [0, 0, 4],
  ];
  const targets = Int32Array.of(0, 1, 0, 2);
  const { expectedCalibrationError: error } = calibration(logits, targets, { bins: 15 });
  const metric = await measure(expectedCalibrationError(), constant(logits), constant(targets));
  expect(Math.abs(error - metric)).toBeLessThan(1e-6); // the metric is of f32 numbers
  const [bin] = calibration([0, 0], [1, 0]).curve;
  expect(bin).toMatchObject({ predicted: 0.5, actual: 0.5, rows: 2 });
});

test("logits that look like probabilities are taken where they are said to be none", () => {
  const { curve } = calibration([0.2, 0.9], [0, 1], { probabilities: false });
  expect(curve[0].predicted).toBeGreaterThan(0.5);
  expect(calibration([[0.2, 0.9]], [1]).rows).toBe(1); // they do not add up to 1
  expect(calibration([0, 0], [0, 1]).curve[0].predicted).toBe(0.5);
});

test("rows without a class are left out", () => {
  const shares = [
    [0.5, 0.5],
    [0.25, 0.75],
  ];
  expect(calibration(shares, Int32Array.of(-100, 1), { probabilities: true }).rows).toBe(1);
});

describe("what is none is refused", () => {
  const sure = { probabilities: true };
  test.each([
    ["logits for probabilities of yes", () => calibration([0.5, 1.5], [0, 1], sure), DataError, "row 1 holds 1.5"],
    ["logits for shares", () => calibration([[3, 1]], [0], sure), DataError, "row 0 adds up to 4"],
    ["a target between", () => calibration([0.5, 0.5], [0, 0.5], sure), DataError, "row 1 is 0.5"],
    ["a class outside", () => calibration([[0.5, 0.5]], [2], sure), DataError, "row 0 is 2"],
    ["NaN", () => calibration([Number.NaN], [0]), DataError, "row 0 holds NaN"],
    ["probabilities for logits", () => calibration([0.2, 0.9, 0], [0, 1, 1]), DataError, "say probabilities: true"],
    ["shares for logits", () => calibration([[0.2, 0.8]], [1]), DataError, "or false of logits"],
    ["no rows", () => calibration([[1, 0]], [-1], sure), DataError, "no row has a target"],
    ["other rows", () => calibration([0.5, 0.5], [0, 1, 1], sure), ShapeError, "got [3]"],
  ])("%s", (_, run, kind, said) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(said);
  });
});
