// Reverse mode on graphs: second and third derivatives, what stops gradients, rules of one's own, depth, and errors.
import { describe, expect, test } from "vitest";
import { customGradient, dependsOn, grad, valueAndGrad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { evaluate, evaluateAll } from "../../src/evaluate.ts";
import { topological } from "../../src/graph.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { scalar, stopGradient } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { thrown } from "../thrown.ts";

const exact = () => new JsExecutor({ precision: "float64" });

async function numbers(tensor: Tensor): Promise<number[]> {
  const executor = exact();
  const values = await evaluate(tensor, { executor });
  await executor.dispose();
  return [...values];
}

describe("gradients of gradients", () => {
  test("x^5 has the derivatives of a power, down to a constant and then zero", async () => {
    const x = constant(2);
    const derivatives = [x.mul(x).mul(x).mul(x).mul(x)];
    for (let order = 1; order <= 6; order++) derivatives.push(grad(derivatives[order - 1], [x])[0]);
    expect((await Promise.all(derivatives.map(numbers))).flat()).toEqual([32, 80, 160, 240, 240, 120, 0]);
  });

  test("sin comes back after four", async () => {
    const x = constant(0.7);
    let value = x.sin();
    for (let order = 0; order < 4; order++) [value] = grad(value, [x]);
    expect((await numbers(value))[0]).toBeCloseTo(Math.sin(0.7), 14);
  });

  // f = (a - x)^2 + b (y - x^2)^2: H = [[2 - 4 b (y - 3 x^2), -4 b x], [-4 b x, 2 b]]. Source: Rosenbrock 1960.
  test("the Hessian of Rosenbrock's function, at its minimum and away from it", async () => {
    const [a, b] = [1, 100];
    for (const [px, py] of [
      [1, 1],
      [-1.2, 1],
      [0.25, -3],
    ]) {
      const point = constant([px, py]);
      const [x, y] = [point.slice([0, 1]).squeeze(), point.slice([1, 2]).squeeze()];
      const f = scalar(a).sub(x).square().add(y.sub(x.square()).square().mul(b));
      const [gradient] = grad(f, [point]);
      const rows = [0, 1].map((i) => grad(gradient.slice([i, i + 1]).squeeze(), [point])[0]);
      expect(await numbers(gradient)).toEqual([
        expect.closeTo(-2 * (a - px) - 4 * b * px * (py - px * px), 9),
        expect.closeTo(2 * b * (py - px * px), 9),
      ]);
      const cross = expect.closeTo(-4 * b * px, 9);
      expect(await numbers(rows[0])).toEqual([expect.closeTo(2 - 4 * b * (py - 3 * px * px), 9), cross]);
      expect(await numbers(rows[1])).toEqual([cross, 2 * b]);
    }
  });

  test("a penalty on gradients can be trained", async () => {
    const weights = constant(Float64Array.of(0.5, -0.25, 1, 0.75, -1, 0.125), { shape: [2, 3] });
    const x = constant(Float64Array.of(1, -0.5), { shape: [1, 2] });
    const penalty = (w: Tensor, at: Tensor) => {
      const [slope] = grad(at.matmul(w).tanh().square().sum(), [at]);
      return slope.square().sum().sub(1).square();
    };
    expect(await checkGradients(penalty, [weights, x], { order: 2 })).toBeLessThan(1e-6);
  });
});

describe("a node read several times", () => {
  test("adds up what comes back from every reader", async () => {
    const x = constant(3);
    const y = x.mul(x); // both operands
    expect(await numbers(grad(y.add(y).add(x), [x])[0])).toEqual([13]);
  });

  test("costs one pass for a lattice of two to the hundred paths", async () => {
    const x = constant(1);
    let y: Tensor = x;
    for (let i = 0; i < 100; i++) y = y.add(y).mul(0.5);
    const [gradient] = grad(y, [x]);
    expect(topological([gradient]).length).toBeLessThan(1000);
    expect(await numbers(gradient)).toEqual([1]);
  });
});

describe("wrt", () => {
  const x = constant([1, 2]);
  const y = x.square();
  const z = y.sum();

  test("may be any node of the graph, the output included", async () => {
    const [byX, byY, byZ] = grad(z.mul(3), [x, y, z]);
    expect(await numbers(byX)).toEqual([6, 12]);
    expect(await numbers(byY)).toEqual([3, 3]);
    expect(await numbers(byZ)).toEqual([3]);
    expect(await numbers(grad(z, [z])[0])).toEqual([1]);
  });

  test("gets zeros of its shape where the output does not depend on it", async () => {
    const other = constant([[1, 2, 3]]);
    const [gradient] = grad(z, [other]);
    expect(gradient.shape).toEqual([1, 3]);
    expect(await numbers(gradient)).toEqual([0, 0, 0]);
    expect(dependsOn(z, [other, x])).toEqual([false, true]);
  });

  test("may name a tensor twice", async () => {
    const [first, second] = grad(z, [x, x]);
    expect(await evaluateAll([first, second])).toEqual([Float32Array.of(2, 4), Float32Array.of(2, 4)]);
  });

  test("may be variables, in a program that assigns them", async () => {
    const w = new Variable([2], [1, 2]);
    const [slope] = grad(w.square().sum(), [w]);
    const executor = new JsExecutor();
    const id = await executor.load(compile({ assignments: [[w, w.sub(slope.mul(0.25))]] }));
    await executor.write({ variable: w.key }, [1, 2]);
    await executor.run([[id, 2]]).done;
    expect([...(await executor.read({ variable: w.key }))]).toEqual([0.25, 0.5]);
    await executor.dispose();
  });
});

test("a cotangent weighs the elements of an output", async () => {
  const x = constant([1, 2, 3]);
  const [gradient] = grad(x.square(), [x], { cotangent: constant([1, 0, -1]) });
  expect(await numbers(gradient)).toEqual([2, 0, -6]);
});

test("a cotangent may itself be differentiated: forward mode by reversing twice", async () => {
  const x = constant([1, 2, 3]);
  const dummy = constant([0, 0, 0]);
  const [pulled] = grad(x.mul(x).mul(x), [x], { cotangent: dummy });
  const [pushed] = grad(pulled, [dummy], { cotangent: constant([1, 10, 100]) });
  expect(await numbers(pushed)).toEqual([3, 120, 2700]);
});

describe("stopGradient", () => {
  test("keeps the value and passes nothing, first and second derivatives", async () => {
    const x = constant(3);
    const y = x.mul(stopGradient(x.square()));
    const [first] = grad(y, [x]);
    expect(await numbers(y)).toEqual([27]);
    expect(await numbers(first)).toEqual([9]);
    expect(await numbers(grad(first, [x])[0])).toEqual([0]);
  });

  test("is itself something to differentiate by", async () => {
    const x = constant(3);
    const stopped = stopGradient(x);
    expect(await numbers(grad(x.mul(stopped), [stopped])[0])).toEqual([3]);
  });
});

describe("customGradient", () => {
  test("replaces the rule of what it wraps, for every input", async () => {
    const product = customGradient(
      (a, b) => a.mul(b),
      (cotangent, [a]) => [cotangent.mul(100), cotangent.mul(a)],
    );
    const [a, b] = [constant(2), constant(5)];
    const [byA, byB] = grad(product(a, b).mul(3), [a, b]);
    expect((await Promise.all([product(a, b), byA, byB].map(numbers))).flat()).toEqual([10, 300, 6]);
  });

  test("is differentiated twice through the rule it was given", async () => {
    const cube = customGradient(
      (x) => x.mul(x).mul(x),
      (cotangent, [x]) => [cotangent.mul(x.square()).mul(3)],
    );
    const x = constant(2);
    const [first] = grad(cube(x), [x]);
    const [second] = grad(first, [x]);
    expect((await Promise.all([first, second].map(numbers))).flat()).toEqual([12, 12]);
  });

  test("may give its rule the output, and leave an input without gradient", async () => {
    const power = customGradient(
      (x, _) => x.exp(),
      (cotangent, _, output) => [cotangent.mul(output), undefined],
    );
    const [x, y] = [constant(0.5), constant(1)];
    const [byX, byY] = grad(power(x, y), [x, y]);
    expect(await numbers(byX)).toEqual([Math.exp(0.5)]);
    expect(await numbers(byY)).toEqual([0]);
  });

  test("works inside a chain of ordinary ops", async () => {
    const straightThrough = customGradient(
      (x) => x.floor(),
      (cotangent) => [cotangent],
    );
    const x = constant([1.25, -0.5]);
    expect(await numbers(grad(straightThrough(x.mul(2)).square().sum(), [x])[0])).toEqual([8, -4]);
  });
});

test("valueAndGrad gives a function of its arguments", async () => {
  const step = valueAndGrad((a: Tensor, b: Tensor) => a.mul(b).sum());
  const { value, gradients } = step(constant([1, 2]), constant([3, 4]));
  expect((await Promise.all([value, ...gradients].map(numbers))).flat()).toEqual([11, 3, 4, 1, 2]);
});

describe("depth", () => {
  const DEPTH = 100_000;

  test("a chain of 100,000 nodes is differentiated, compiled and run without recursion", async () => {
    const x = input([3]);
    let y: Tensor = x;
    for (let i = 0; i < DEPTH; i++) y = i % 2 === 0 ? y.mul(1.5) : y.mul(1 / 1.5);
    const value = y.sum();
    const [gradient] = grad(value, [x]);
    const executor = exact();
    const id = await executor.load(compile({ inputs: { x }, outputs: { value, gradient } }));
    await executor.write({ program: id, name: "x" }, [1, 2, 3]);
    await executor.run([[id, 1]]).done;
    expect((await executor.read({ program: id, name: "value" }))[0]).toBeCloseTo(6, 9);
    for (const slope of await executor.read({ program: id, name: "gradient" })) expect(slope).toBeCloseTo(1, 9);
    await executor.dispose();
  });

  test("and so is one of unlike ops, twice, with optimize off", () => {
    const x = input([2, 2]);
    let y: Tensor = x;
    for (let i = 0; i < DEPTH / 100; i++) y = y.tanh().transpose().reshape([4]).neg().reshape([2, 2]);
    const [first] = grad(y.sum(), [x]);
    const [second] = grad(first.sum(), [x]);
    expect(topological([second]).length).toBeGreaterThan(DEPTH / 20);
    for (const optimize of [true, false])
      expect(compile({ inputs: { x }, outputs: { second } }, { optimize }).code.length).toBeGreaterThan(0);
  });
});

describe("bad input gets a typed error", () => {
  const x = constant([1, 2]);
  const whole = constant(Int32Array.of(1, 2));
  const summing = customGradient(
    (a) => a.mul(2),
    (cotangent) => [cotangent.sum()],
  );
  const forgetting = customGradient(
    (a, b) => a.mul(b),
    (cotangent) => [cotangent],
  );
  test.each<[string, () => unknown, string]>([
    [
      "an output that is no scalar",
      () => grad(x, [x]),
      "GradientError: grad: the output has shape [2]: reduce it to a scalar or give a cotangent",
    ],
    ["an output of integers", () => grad(whole.sum(), [x]), "GradientError: grad: an i32 output has no gradient"],
    [
      "a cotangent of another shape",
      () => grad(x, [x], { cotangent: constant([1, 2, 3]) }),
      "GradientError: grad: cotangent [3] and output [2] differ",
    ],
    [
      "integers to differentiate by",
      () => grad(x.sum(), [whole]),
      "GradientError: grad: no gradient with respect to constant of i32",
    ],
    [
      "a rule that gives another shape",
      () => grad(summing(x).sum(), [x]),
      "GradientError: customGradient: the rule gives input 0 of shape [2] a cotangent of []",
    ],
    [
      "a rule that gives too little",
      () => grad(forgetting(x, x).sum(), [x]),
      "GradientError: customGradient: the rule gives 1 cotangents for 2 inputs",
    ],
  ])("%s", (_, make, message) => {
    expect(thrown(make)).toBe(message);
  });
});
