// First values of parameters: PyTorch's distributions, judged by their bounds and moments; the same bits wherever they are computed.
import { describe, expect, test } from "vitest";
import { constant } from "../../src/create.ts";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { evaluate, evaluateAll } from "../../src/evaluate.ts";
import { Sequential } from "../../src/nn/containers.ts";
import * as init from "../../src/nn/init.ts";
import { Linear } from "../../src/nn/layers.ts";
import { parameters } from "../../src/nn/module.ts";
import { normal, randomKey, uniform } from "../../src/ops/random.ts";
import { sizeOf } from "../../src/shape.ts";
import type { Initializer } from "../../src/variable.ts";
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
    const values = await evaluate(init.linearUniform(inputs)([COUNT], randomKey(0, "weight")));
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
    const values = [uniform(key, [40, 50]), init.linearUniform(50)([40, 50], key)];
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

/** Mean 0; ends where there are any; excess kurtosis: -1.2 for uniform, 0 for normal numbers, -0.634 for normal ones up to 2 deviations. */
interface Expected {
  readonly deviation: number;
  readonly bound?: number;
  readonly kurtosis: number;
}

const uniformly = (deviation: number): Expected => ({ deviation, bound: deviation * Math.sqrt(3), kurtosis: -1.2 });
const normally = (deviation: number): Expected => ({ deviation, kurtosis: 0 });
// Moments of the normal distribution between -2 and 2: with p = density(2) / probability, 1 - 4 p and 3 - 28 p.
const CUT = 0.8796256610342398;
const truncated = (deviation: number): Expected => ({ deviation, bound: (2 * deviation) / CUT, kurtosis: -0.634469 });

const SHAPE = [400, 50, 5]; // 10^5 numbers: 2000 outputs, 250 inputs
const [OUT, IN] = [2000, 250];

const scaled: readonly [string, Initializer, Expected][] = [
  ["uniform", init.uniform(-3, 3), uniformly(Math.sqrt(3))],
  ["normal", init.normal(0, 0.5), normally(0.5)],
  ["truncatedNormal", init.truncatedNormal(0, 1), truncated(CUT)],
  ["linearUniform", init.linearUniform(IN), uniformly(Math.sqrt(1 / (3 * IN)))],
  ["xavierUniform", init.xavierUniform(2), uniformly(2 * Math.sqrt(2 / (IN + OUT)))],
  ["xavierNormal", init.xavierNormal(), normally(Math.sqrt(2 / (IN + OUT)))],
  ["kaimingUniform", init.kaimingUniform({ a: 0.5 }), uniformly(Math.sqrt(2 / 1.25 / IN))],
  ["kaimingUniform of tanh", init.kaimingUniform({ nonlinearity: "tanh" }), uniformly(5 / 3 / Math.sqrt(IN))],
  ["kaimingNormal", init.kaimingNormal({ mode: "fanOut" }), normally(Math.sqrt(2 / OUT))],
  ["varianceScaling", init.varianceScaling({ scale: 3, mode: "fanAvg" }), truncated(Math.sqrt(6 / (IN + OUT)))],
  ["varianceScaling normal", init.varianceScaling({ distribution: "normal" }), normally(Math.sqrt(1 / IN))],
  ["glorotUniform", init.glorotUniform(), uniformly(Math.sqrt(2 / (IN + OUT)))],
  ["glorotNormal", init.glorotNormal(), truncated(Math.sqrt(2 / (IN + OUT)))],
  ["heUniform", init.heUniform(), uniformly(Math.sqrt(2 / IN))],
  ["heNormal", init.heNormal(), truncated(Math.sqrt(2 / IN))],
  ["lecunUniform", init.lecunUniform(), uniformly(Math.sqrt(1 / IN))],
  ["lecunNormal", init.lecunNormal(), truncated(Math.sqrt(1 / IN))],
];

test.each(scaled)(
  "%s has its moments and bounds over 10^5 numbers",
  async (name, initial, { deviation, bound, kurtosis }) => {
    const values = await evaluate(initial(SHAPE, randomKey(11, name)));
    const sigma = 5 / Math.sqrt(values.length);
    const found = momentsOf(values);
    expect(Math.abs(found.mean)).toBeLessThan(sigma * deviation);
    // The relative error of a variance is sqrt((kurtosis + 2) / n).
    expect(Math.abs(found.variance / deviation ** 2 - 1)).toBeLessThan(sigma * Math.sqrt(kurtosis + 2));
    expect(Math.abs(found.skewness)).toBeLessThan(sigma * Math.sqrt(6));
    expect(Math.abs(found.kurtosis - kurtosis)).toBeLessThan(sigma * Math.sqrt(24));
    const largest = [...values].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (bound === undefined) return;
    expect(largest).toBeLessThanOrEqual(bound * (1 + 2 ** -22));
    expect(largest).toBeGreaterThan(bound * 0.999);
  },
);

test("truncatedNormal fills a range off its mean evenly in probability", async () => {
  const values = await evaluate(init.truncatedNormal(1, 2, 2, 5)([100_000], randomKey(5, "w")));
  // Probabilities of 2..3, 3..4 and 4..5 under mean 1, deviation 2: Phi(0.5), Phi(1), Phi(1.5), Phi(2).
  const phi = [0.6914624612740131, 0.8413447460685429, 0.9331927987311419, 0.9772498680518208];
  for (const i of [0, 1, 2]) {
    const share = values.filter((value: number) => value >= i + 2 && value < i + 3).length / values.length;
    const expected = (phi[i + 1] - phi[i]) / (phi[3] - phi[0]);
    expect(Math.abs(share - expected)).toBeLessThan(5 * Math.sqrt(expected / values.length));
  }
  expect(values.every((value: number) => value >= 2 && value <= 5)).toBe(true);
});

// Float32 rounds at 6e-8; the product of two rows is off by a few of these: measured up to 8.4e-7, at 512 x 512.
const ORTHOGONAL = 2e-6;

describe.each(Object.entries(float32))("orthogonal on %s", (_, create) => {
  test.each([[[1, 1]], [[3, 7]], [[7, 3]], [[64, 64]], [[200, 50]], [[20, 3, 5, 5]]])("%j", async (shape) => {
    const executor = create({ poison: true });
    const q = init.orthogonal(3)(shape, randomKey(2, "w"));
    const matrix = q.reshape([shape[0], sizeOf(shape.slice(1))]).div(3);
    const [rows, columns] = matrix.shape;
    const wide = rows < columns;
    const [product] = await evaluateAll([matrix.matmul(matrix, { transposeA: !wide, transposeB: wide })], { executor });
    const count = Math.min(rows, columns);
    const errors = [...product].map((value, i) => Math.abs(value - (i % (count + 1) === 0 ? 1 : 0)));
    expect(Math.max(...errors)).toBeLessThan(ORTHOGONAL);
    await executor.dispose();
  });
});

test("orthogonal matrices are spread over all of them: an element has mean 0 and variance 1 / n", async () => {
  const draws = Array.from({ length: 40 }, (_, i) => init.orthogonal()([50, 50], randomKey(i, "w")));
  const values = (await evaluateAll(draws)).flatMap((each) => [...each]);
  const { mean, variance, skewness } = momentsOf(values);
  expect(variance + mean * mean).toBeCloseTo(1 / 50, 6);
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(50 * values.length));
  expect(Math.abs(skewness)).toBeLessThan(5 * Math.sqrt(6 / values.length));
  // QR without a positive diagonal would have a sign of its own in the first elements.
  const first = momentsOf((await evaluateAll(draws)).map((each) => each[0]));
  expect(Math.abs(first.mean)).toBeLessThan(5 / Math.sqrt(50 * 40));
});

test("sparse has as many zeros in every column, elsewhere normal numbers", async () => {
  const [rows, columns] = [250, 400];
  const values = await evaluate(init.sparse(0.3, 0.5)([rows, columns], randomKey(4, "w")));
  const zeros = Array.from({ length: columns }, (_, c) => {
    const column = Array.from({ length: rows }, (_, r) => values[r * columns + c]);
    return column.flatMap((value, r) => (value === 0 ? [r] : []));
  });
  expect(zeros.every((list) => list.length === 75)).toBe(true);
  expect(new Set(zeros.map(String)).size).toBe(columns);
  const { mean, variance } = momentsOf(values.filter((value: number) => value !== 0));
  expect(Math.abs(mean)).toBeLessThan((5 * 0.5) / Math.sqrt(70_000));
  expect(Math.abs(variance / 0.25 - 1)).toBeLessThan(5 * Math.sqrt(2 / 70_000));
  // Each row is as likely.
  const counts = new Array<number>(rows).fill(0);
  for (const r of zeros.flat()) counts[r]++;
  expect(Math.max(...counts.map((count) => Math.abs(count - 120)))).toBeLessThan(5 * Math.sqrt(120 * 0.7));
});

test("dirac passes the first channels of every group unchanged", async () => {
  // torch.nn.init.dirac_(torch.empty(4, 3, 2, 3), groups=2).nonzero() = [[0, 0, 1, 1], [1, 1, 1, 1], [2, 0, 1, 1], [3, 1, 1, 1]]
  const values = await evaluate(init.dirac(2)([4, 3, 2, 3], randomKey(0, "w")));
  const at = (o: number, i: number) => ((o * 3 + i) * 2 + 1) * 3 + 1;
  expect([...values.keys()].filter((i) => values[i] !== 0)).toEqual([at(0, 0), at(1, 1), at(2, 0), at(3, 1)]);
  expect(values[at(1, 1)]).toBe(1);
});

const KEY = randomKey(0, "w");

test.each<[string, () => unknown, new (...args: never[]) => Error]>([
  ["uniform of low above high", () => init.uniform(1, 0), ArgumentError],
  ["normal of a negative deviation", () => init.normal(0, -1), ArgumentError],
  ["truncatedNormal of deviation 0", () => init.truncatedNormal(0, 0), ArgumentError],
  ["truncatedNormal of no range", () => init.truncatedNormal(0, 1, 2, 2), ArgumentError],
  ["xavierUniform of a vector", () => init.xavierUniform()([3], KEY), ShapeError],
  [
    "kaimingNormal in another mode",
    () => init.kaimingNormal({ mode: "fan_in" as "fanIn" })([3, 3], KEY),
    ArgumentError,
  ],
  [
    "kaimingNormal of another function",
    () => init.kaimingNormal({ nonlinearity: "gelu" as "relu" })([3, 3], KEY),
    ArgumentError,
  ],
  ["varianceScaling of scale 0", () => init.varianceScaling({ scale: 0 }), ArgumentError],
  ["orthogonal of a vector", () => init.orthogonal()([3], KEY), ShapeError],
  ["identity of three axes", () => init.identity()([3, 3, 3], KEY), ShapeError],
  ["dirac of a matrix", () => init.dirac()([3, 3], KEY), ShapeError],
  ["dirac of groups that do not fit", () => init.dirac(2)([3, 3, 3], KEY), ArgumentError],
  ["sparse of more than all", () => init.sparse(1.5), ArgumentError],
  ["sparse of a vector", () => init.sparse(0.5)([3], KEY), ShapeError],
])("%s: a typed error", (_, make, type) => {
  expect(make).toThrow(type);
});

test("all first values are the same on every executor to a few roundings, and the same bits when made again", async () => {
  const shape = [24, 50];
  const initials = [...scaled.map(([, initial]) => initial), init.orthogonal(), init.sparse(0.5), init.identity()];
  const values = initials.map((initial) => initial(shape, KEY));
  const exact = oracle();
  const expected = await evaluateAll(values, { executor: exact });
  for (const create of Object.values(float32)) {
    const executor = create();
    const found = await evaluateAll(values, { executor });
    const again = await evaluateAll(
      initials.map((initial) => initial(shape, KEY)),
      { executor },
    );
    for (const [i, list] of found.entries()) {
      expect([...again[i]]).toEqual([...list]);
      const largest = Math.max(...expected[i].map(Math.abs));
      const errors = [...list].map((value, j) => Math.abs(value - expected[i][j]) / largest);
      expect(Math.max(...errors)).toBeLessThan(5e-6);
    }
    await executor.dispose();
  }
  await exact.dispose();
});

test("constants are what they say", async () => {
  const values = await evaluateAll([init.zeros(), init.ones(), init.constant(-2)].map((initial) => initial([2], KEY)));
  expect(values).toEqual(
    [
      [0, 0],
      [1, 1],
      [-2, -2],
    ].map((each) => Float32Array.from(each)),
  );
  expect(
    await evaluate(
      init
        .identity(2)([2, 3], KEY)
        .sub(
          constant([
            [2, 0, 0],
            [0, 2, 0],
          ]),
        )
        .abs()
        .sum(),
    ),
  ).toEqual(Float32Array.of(0));
});
