// What metrics do at their edges, and what they say of what does not fit; values are golden.test.ts's.
import { constant, DTypeError, ShapeError, type Tensor } from "simdgrad";
import * as metrics from "simdgrad/metrics";
import { describe, expect, test } from "vitest";

const { measure } = metrics;
const i32 = (...values: number[]) => constant(Int32Array.from(values));
const logits = constant([
  [1, 2, 0],
  [3, 1, 2],
]);

test("ranks -0 and 0 as one, and infinite scores", async () => {
  expect(await measure(metrics.rocAuc(), constant([0, -0]), constant([1, 0]))).toBe(0.5);
  const scores = constant([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  expect(await measure(metrics.rocAuc(), scores, constant([0, 1, 1]))).toBe(0.75);
  expect(await measure(metrics.prAuc(), scores, constant([0, 1, 1]))).toBeCloseTo((1 + 2 / 3) / 2, 12);
});

test("a score that is NaN has no rank", async () => {
  const scores = constant([1, Number.NaN, 2]);
  expect(await measure(metrics.rocAuc(), scores, constant([0, 1, 1]))).toBeNaN();
  expect(await measure(metrics.prAuc(), scores, constant([0, 1, 1]))).toBeNaN();
});

test("where no target is known there is no share, and nothing was right", async () => {
  const none = i32(-100, -1);
  expect(await measure(metrics.categoricalAccuracy(), logits, none)).toBeNaN();
  expect(await measure(metrics.logLoss(), logits, none)).toBeNaN();
  expect(await measure(metrics.expectedCalibrationError(), logits, none)).toBeNaN();
  expect(await measure(metrics.rocAuc(), logits, none)).toBeNaN();
  expect(await measure(metrics.f1(), logits, none)).toBe(0);
});

test("an ignored row counts nothing, whatever its logits", async () => {
  const bad = constant([
    [1, 2, 0],
    [Number.NaN, Number.POSITIVE_INFINITY, 0],
  ]);
  expect(await measure(metrics.logLoss(), bad, i32(1, -100))).toBeCloseTo(0.4076059, 6);
  expect(await measure(metrics.expectedCalibrationError(), bad, i32(1, -100))).toBeCloseTo(0.334759, 6);
  expect(await measure(metrics.topKAccuracy(1), bad, i32(1, -100))).toBe(1);
  expect(await measure(metrics.f1({ average: "micro" }), bad, i32(1, -100))).toBe(1);
});

test("measures functions, too", async () => {
  const largest = (prediction: Tensor) => prediction.max();
  expect(await measure(largest, logits, i32(0, 1))).toBe(3);
  await expect(measure((a) => a, logits, i32(0, 1))).rejects.toThrow(
    "measure: what the metric gives must be one number",
  );
});

describe("says of what does not fit", () => {
  test.each<[string, new (...args: never[]) => Error, metrics.CountedMetric, Tensor, Tensor]>([
    [
      "f1: a prediction [2, 3] takes targets of its shape, or class indices, i32[2]; got i32[3]",
      ShapeError,
      metrics.f1(),
      logits,
      i32(0, 1, 2),
    ],
    [
      "topKAccuracy: logits [2, 3] take class indices [2], got [2, 3]",
      ShapeError,
      metrics.topKAccuracy(1),
      logits,
      logits,
    ],
    [
      "categoricalAccuracy: class indices: takes i32, got f32[2]",
      DTypeError,
      metrics.categoricalAccuracy(),
      logits,
      constant([0, 1]),
    ],
    ["recall: label 3 is none of the 3 that there are", ShapeError, metrics.recall({ label: 3 }), logits, i32(0, 1)],
    [
      "cohenKappa: takes classes or one label, got 3 labels",
      ShapeError,
      metrics.cohenKappa(),
      logits,
      logits.greater(1),
    ],
    [
      "rocAuc: takes scores [N] or [N, L], got [1, 2, 3]",
      ShapeError,
      metrics.rocAuc(),
      logits.unsqueeze(0),
      logits.unsqueeze(0),
    ],
    [
      "meanSquaredError: prediction [2, 3] and target [2] differ",
      ShapeError,
      metrics.meanSquaredError(),
      logits,
      constant([1, 2]),
    ],
    ["precision: prediction: takes f32, got i32[2]", DTypeError, metrics.precision(), i32(0, 1), i32(0, 1)],
  ])("%s", async (message, kind, metric, prediction, target) => {
    const measuring = measure(metric, prediction, target);
    await expect(measuring).rejects.toThrow(kind);
    await expect(measuring).rejects.toThrow(message);
  });
});
