// Layers that disturb while training: what they keep, what they draw, and that they leave evaluation alone.
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant } from "../../src/create.ts";
import { evaluate, evaluateAll } from "../../src/evaluate.ts";
import { evaluationContext, type Module, trainingContext } from "../../src/nn/module.ts";
import {
  AlphaDropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  DropPath,
  GaussianNoise,
  RReLU,
} from "../../src/nn/regularization.ts";
import { normal, randomKey } from "../../src/ops/random.ts";
import { scalar } from "../../src/tensor.ts";
import { oracle } from "../executors.ts";
import { thrown } from "../thrown.ts";

const SIZE = 100_000;
const training = (step = 0, seed = 0) => trainingContext(seed, scalar(step, "i32"));
const x = constant(new Float64Array(SIZE).fill(3));

function moments(values: ArrayLike<number>): { mean: number; variance: number } {
  const list = Array.from(values);
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  return { mean, variance: list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length };
}

describe.each<[string, Module]>([
  ["AlphaDropout", new AlphaDropout(0.3)],
  ["GaussianNoise", new GaussianNoise(0.5)],
])("%s", (_, layer) => {
  test("draws anew at every step and for every seed, and the same again", async () => {
    const draw = (step: number, seed = 0) => evaluate(layer.forward(x.slice([0, 100]), training(step, seed)));
    expect(await draw(0)).toEqual(await draw(0));
    expect(await draw(1)).not.toEqual(await draw(0));
    expect(await draw(0, 1)).not.toEqual(await draw(0));
  });

  test("does nothing in evaluation", () => {
    expect(layer.forward(x, evaluationContext())).toBe(x);
  });
});

describe.each<[string, Module, readonly number[], number]>([
  ["Dropout1d", new Dropout1d(0.3), [400, 50, 2], 2],
  ["Dropout2d", new Dropout2d(0.3), [400, 50, 1, 2], 2],
  ["Dropout3d", new Dropout3d(0.3), [400, 50, 1, 2, 1], 2],
  ["DropPath", new DropPath(0.3), [20_000, 2], 2],
])("%s", (name, layer, shape, each) => {
  const ones = constant(new Float64Array(40_000).fill(1), { shape });

  test("keeps or drops whole parts, each as often as it should", async () => {
    const values = await evaluate(layer.forward(ones, training()), { executor: oracle() });
    const parts = Array.from({ length: values.length / each }, (_, i) => values.slice(i * each, (i + 1) * each));
    expect(parts.every(([a, b]) => a === b && (a === 0 || Math.abs(a - 1 / 0.7) < 1e-12))).toBe(true);
    const share = parts.filter(([a]) => a === 0).length / parts.length;
    expect(Math.abs(share - 0.3)).toBeLessThan(5 * Math.sqrt(0.21 / parts.length));
  });

  test("draws anew at every step, and the same again", async () => {
    const draw = (step: number) => evaluate(layer.forward(ones, training(step)));
    expect(await draw(0)).toEqual(await draw(0));
    expect(await draw(1)).not.toEqual(await draw(0));
  });

  test("passes the gradient of what it kept, and does nothing in evaluation", async () => {
    const value = layer.forward(ones, training());
    const [values, gradients] = await evaluateAll([value, grad(value.sum(), [ones])[0]]);
    expect(gradients).toEqual(values);
    expect(layer.forward(ones, evaluationContext())).toBe(ones);
  });

  test("refuses what has no such parts", () => {
    expect(thrown(() => layer.forward(scalar(1), training()))).toMatch(`ShapeError: ${name}: `);
  });
});

describe("AlphaDropout", () => {
  // torch.nn.AlphaDropout: a = ((1 - p) (1 + p alpha^2))^-1/2, alpha = 1.758...; kept x become a x + a alpha p, others -a alpha (1 - p).
  test("gives the two values of torch, each as often as it should", async () => {
    const p = 0.3;
    const alpha = 1.7580993408473766;
    const a = 1 / Math.sqrt((1 - p) * (1 + p * alpha ** 2));
    const values = await evaluate(new AlphaDropout(p).forward(x, training()), { executor: oracle() });
    const [kept, lost] = [a * 3 + a * alpha * p, -a * alpha * (1 - p)];
    const near = (value: number, to: number) => Math.abs(value - to) < 1e-12;
    expect(values.every((value) => near(value, kept) || near(value, lost))).toBe(true);
    const share = values.filter((value) => near(value, lost)).length / SIZE;
    expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / SIZE));
  });

  test("keeps mean 0 and variance 1", async () => {
    const normals = normal(randomKey(1, "x"), [SIZE]);
    const { mean, variance } = moments(await evaluate(new AlphaDropout(0.4).forward(normals, training())));
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(SIZE));
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
  });

  test("passes gradients where it kept", async () => {
    const point = x.slice([0, 50]);
    const y = new AlphaDropout(0.5).forward(point, training());
    const [values, gradients] = await evaluateAll([y, grad(y.sum(), [point])[0]], { executor: oracle() });
    values.forEach((value, i) => {
      expect(gradients[i] > 0).toBe(value > 0);
    });
  });
});

test("GaussianNoise adds noise of its deviation and no bias", async () => {
  const { mean, variance } = moments(await evaluate(new GaussianNoise(0.5).forward(x, training())));
  expect(Math.abs(mean - 3)).toBeLessThan((5 * 0.5) / Math.sqrt(SIZE));
  expect(Math.abs(variance - 0.25)).toBeLessThan(5 * 0.25 * Math.sqrt(2 / SIZE));
});

describe("RReLU", () => {
  const negative = constant(new Float64Array(SIZE).fill(-1));
  const [lower, upper] = [0.25, 0.75];

  test("draws slopes evenly, anew at every step and for every seed, and the same again", async () => {
    const draw = (step: number, seed = 0) => evaluate(new RReLU(lower, upper).forward(negative, training(step, seed)));
    const slopes = (await draw(0)).map((value) => -value);
    expect(slopes.every((slope) => slope >= lower && slope <= upper)).toBe(true);
    const { mean, variance } = moments(slopes);
    const expected = (upper - lower) ** 2 / 12;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(expected / SIZE));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(5 / Math.sqrt(SIZE));
    expect(await draw(0)).toEqual(await draw(0));
    expect(await draw(1)).not.toEqual(await draw(0));
    expect(await draw(0, 1)).not.toEqual(await draw(0));
  });

  test("has the slope that was drawn for its gradient, and 1 above 0", async () => {
    const point = constant([-1, -2, 3, -4, 5]);
    const y = new RReLU().forward(point, training());
    const [values, slopes] = await evaluateAll([y, grad(y.sum(), [point])[0]], { executor: oracle() });
    expect([...slopes].map((slope, i) => slope * [-1, -2, 3, -4, 5][i])).toEqual([...values]);
    expect([slopes[2], slopes[4]]).toEqual([1, 1]);
  });
});
