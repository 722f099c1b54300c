// First values of parameters: PyTorch's distributions, judged by their bounds and moments; the same bits wherever they are computed.
import { describe, expect, test } from "vitest";
import { Sequential } from "../../src/nn/containers.ts";
import { linearUniform } from "../../src/nn/init.ts";
import { Linear } from "../../src/nn/layers.ts";
import { parameters } from "../../src/nn/module.ts";
import { normal, randomKey, uniform } from "../../src/ops/random.ts";
import { evaluate, evaluateAll } from "../../src/runtime/evaluate.ts";
import { float32, oracle } from "../executors.ts";

const COUNT = 40_000;

/** Mean, variance, skewness and excess kurtosis. */
function momentsOf(values: ArrayLike<number>) {
  const list = Array.from(values);
  const average = (f: (value: number) => number) => list.reduce((sum, value) => sum + f(value), 0) / list.length;
  const mean = average((value) => value);
  const variance = average((value) => (value - mean) ** 2);
  const moment = (order: number) => average((value) => ((value - mean) / Math.sqrt(variance)) ** order);
  return { mean, variance, skewness: moment(3), kurtosis: moment(4) - 3 };
}

/** Five standard errors of a mean of COUNT values of deviation 1: one seed in two million lies outside. */
const FIVE_SIGMA = 5 / Math.sqrt(COUNT);

describe("uniform numbers", () => {
  test("fill their range evenly", async () => {
    const values = await evaluate(uniform(randomKey(1, "uniform"), [COUNT], -1, 3));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...values)).toBeLessThan(3);
    const { mean, variance, skewness, kurtosis } = momentsOf(values);
    expect(Math.abs(mean - 1)).toBeLessThan(FIVE_SIGMA * Math.sqrt(16 / 12));
    expect(variance).toBeCloseTo(16 / 12, 1);
    expect(Math.abs(skewness)).toBeLessThan(FIVE_SIGMA * 2);
    expect(Math.abs(kurtosis + 1.2)).toBeLessThan(FIVE_SIGMA * 2);
    const bins = new Array<number>(64).fill(0);
    for (const value of values) bins[Math.floor((value + 1) * 16)]++;
    const expected = COUNT / bins.length;
    const chiSquared = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquared).toBeLessThan(63 + 5 * Math.sqrt(2 * 63));
  });

  test("of neighbouring keys and places are unrelated", async () => {
    const [a, b] = await evaluateAll([
      uniform(randomKey(1, "w"), [COUNT], -1, 1),
      uniform(randomKey(2, "w"), [COUNT], -1, 1),
    ]);
    const correlation = (x: ArrayLike<number>, y: ArrayLike<number>, lag: number) => {
      let sum = 0;
      for (let i = lag; i < COUNT; i++) sum += x[i] * y[i - lag];
      return (sum / COUNT) * 3; // the variance is 1/3
    };
    expect(Math.abs(correlation(a, b, 0))).toBeLessThan(FIVE_SIGMA);
    for (const lag of [1, 2, 3, 4, 16]) expect(Math.abs(correlation(a, a, lag))).toBeLessThan(FIVE_SIGMA);
  });
});

test("normal numbers have their mean, deviation and shape", async () => {
  const values = await evaluate(normal(randomKey(3, "normal"), [COUNT], 2, 0.5));
  const { mean, variance, skewness, kurtosis } = momentsOf(values);
  expect(Math.abs(mean - 2)).toBeLessThan(FIVE_SIGMA * 0.5);
  expect(Math.abs(variance / 0.25 - 1)).toBeLessThan(FIVE_SIGMA * Math.SQRT2);
  expect(Math.abs(skewness)).toBeLessThan(FIVE_SIGMA * Math.sqrt(6));
  expect(Math.abs(kurtosis)).toBeLessThan(FIVE_SIGMA * Math.sqrt(24));
  expect(values.every(Number.isFinite)).toBe(true);
});

describe("linearUniform", () => {
  test.each([1, 4, 100, 784])("with %d inputs stays within 1 / sqrt(inputs) and fills it", async (inputs) => {
    const bound = 1 / Math.sqrt(inputs);
    const values = await evaluate(linearUniform(inputs)([COUNT], randomKey(0, "weight")));
    const { mean, variance } = momentsOf(values);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound * (1 + 2 ** -23));
    expect(Math.max(...values)).toBeGreaterThan(bound * 0.999);
    expect(Math.min(...values)).toBeLessThan(-bound * 0.999);
    expect(Math.abs(mean)).toBeLessThan((FIVE_SIGMA * bound) / Math.sqrt(3));
    expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
  });
});

describe("the first values of a model", () => {
  const model = new Sequential(new Linear(50, 40), new Linear(40, 40), new Linear(40, 40));
  const variables = [...parameters(model).values()];

  test("differ from layer to layer and from seed to seed", async () => {
    const first = await evaluateAll(variables, { seed: 0 });
    const second = await evaluateAll(variables, { seed: 1 });
    expect(first[2]).not.toEqual(first[4]);
    for (const [i, values] of first.entries()) expect(values).not.toEqual(second[i]);
  });

  test("have PyTorch's bounds, weights and biases alike", async () => {
    const values = await evaluateAll(variables);
    for (const [i, inputs] of [50, 50, 40, 40, 40, 40].entries()) {
      const largest = Math.max(...values[i].map(Math.abs));
      expect(largest).toBeLessThanOrEqual((1 / Math.sqrt(inputs)) * (1 + 2 ** -23));
      expect(largest).toBeGreaterThan(0.9 / Math.sqrt(inputs));
    }
  });

  test("are the same on every executor: the random bits exactly, what is scaled to a rounding", async () => {
    const key = randomKey(7, "0.weight");
    const values = [uniform(key, [40, 50]), linearUniform(50)([40, 50], key)];
    const exact = oracle();
    const [bits, scaled] = await evaluateAll(values, { executor: exact });
    for (const create of Object.values(float32)) {
      const executor = create();
      const found = await evaluateAll(values, { executor });
      expect([...found[0]]).toEqual([...bits]);
      const error = Math.max(...scaled.map((expected, i) => Math.abs(found[1][i] - expected)));
      expect(error).toBeLessThan(2 ** -24);
      await executor.dispose();
    }
    await exact.dispose();
  });
});
