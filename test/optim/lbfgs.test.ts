// L-BFGS against PyTorch's: every step's point and how often it evaluated the loss; and what it does where there is no minimum.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant } from "../../src/create.ts";
import { evaluateAll } from "../../src/evaluate.ts";
import { type LbfgsOptions, lbfgs } from "../../src/optim/lbfgs.ts";
import type { Evaluation, Minimizer } from "../../src/optim/minimizer.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { oracle } from "../executors.ts";
import { thrown } from "../thrown.ts";

interface Step {
  readonly loss: number;
  readonly x: readonly number[];
  readonly evaluations: number;
}

const golden: { readonly searches: Readonly<Record<string, readonly Step[]>> } = JSON.parse(
  readFileSync(new URL("../golden/optimizers.json", import.meta.url), "utf8"),
);

function rosenbrock(x: Tensor): Tensor {
  const [a, b] = [x.slice([0, -1]), x.slice([1])];
  return a.neg().add(1).square().add(b.sub(a.square()).square().mul(100)).sum();
}

function bowl(x: Tensor): Tensor {
  const scales = Array.from({ length: x.shape[0] }, (_, i) => i + 1);
  const shifted = x.sub(constant(scales.map((scale) => 1 / scale)));
  const cosh = shifted.exp().add(shifted.neg().exp()).mul(0.5);
  return cosh.mul(constant(scales)).sum().add(x.sum().sub(3).square());
}

const runs: Readonly<Record<string, readonly [(x: Tensor) => Tensor, number[], number, LbfgsOptions]>> = {
  "rosenbrock, line search": [rosenbrock, [-1.2, 1], 1, { maxIter: 2, lineSearchFn: "strongWolfe" }],
  "rosenbrock of four, line search": [
    rosenbrock,
    [-1.2, 1, 0.5, 2],
    1,
    { historySize: 3, lineSearchFn: "strongWolfe" },
  ],
  "bowl, line search": [bowl, [3, -2, 1.5, 0.25, -1], 1, { maxIter: 3, lineSearchFn: "strongWolfe" }],
  bowl: [bowl, [3, -2, 1.5, 0.25, -1], 0.5, { maxIter: 4, historySize: 2 }],
};

test("every recorded search is compared", () => {
  expect(Object.keys(runs).sort()).toEqual(Object.keys(golden.searches).sort());
});

test.each(Object.entries(runs))("%s: every step is PyTorch's", async (name, [loss, start, rate, options]) => {
  const executor = oracle();
  const minimizer = lbfgs(rate, options).minimizer?.() as Minimizer;
  const x = Float64Array.from(start);
  let evaluations = 0;
  const evaluate = async (point: Float64Array): Promise<Evaluation> => {
    evaluations++;
    const at = constant(point);
    const value = loss(at);
    const [[found], gradient] = await evaluateAll([value, grad(value, [at])[0]], { executor });
    return { loss: found, gradient: Float64Array.from(gradient) };
  };
  for (const step of golden.searches[name]) {
    expect(await minimizer.step(x, evaluate)).toBeCloseTo(step.loss, 8);
    x.forEach((element, i) => {
      expect(Math.abs(element - step.x[i])).toBeLessThan(1e-6 * Math.max(1, Math.abs(step.x[i])));
    });
    expect(evaluations).toBe(step.evaluations);
  }
  await executor.dispose();
});

test("a loss that is infinite beyond a wall keeps the search before it", async () => {
  const x = Float64Array.of(3);
  const minimizer = lbfgs(1, { lineSearchFn: "strongWolfe", maxIter: 50 }).minimizer?.() as Minimizer;
  // x - ln x has its minimum at 1 and is not defined below 0.
  await minimizer.step(x, async ([a]) => ({
    loss: a > 0 ? a - Math.log(a) : Number.POSITIVE_INFINITY,
    gradient: Float64Array.of(a > 0 ? 1 - 1 / a : Number.NaN),
  }));
  expect(x[0]).toBeCloseTo(1, 4);
});

test("bad input gets a typed error", () => {
  const w = new Variable([1], 0);
  const error = (make: () => unknown) => thrown(make);
  expect(error(() => lbfgs(0))).toBe("ArgumentError: lbfgs: learningRate must be a number > 0, got 0");
  expect(error(() => lbfgs(1, { maxIter: 0.5 }))).toBe(
    "ArgumentError: lbfgs: maxIter must be a whole number >= 1, got 0.5",
  );
  expect(error(() => lbfgs(1, { toleranceGrad: -1 }))).toBe(
    "ArgumentError: lbfgs: toleranceGrad must be a number >= 0, got -1",
  );
  expect(error(() => lbfgs(1, { lineSearchFn: "armijo" as "strongWolfe" }))).toBe(
    'ArgumentError: lbfgs: lineSearchFn must be "strongWolfe", got "armijo"',
  );
  expect(error(() => lbfgs().update([w], lbfgs().init([w]), [w]))).toBe(
    "ArgumentError: lbfgs: its steps are no graph: it takes no wrapper, and a Trainer or minimizer() runs it",
  );
});
