// Functions are differentiated by what they are given, and by nothing else: what they close over is constant to them, also if it is the
// very tensor that they are given, and one tensor given twice is two arguments. As PyTorch's functional and JAX have it.
import { describe, expect, test } from "vitest";
import { hessian, hvp, jacobian, jvp, vjp } from "../../src/autodiff/differentiate.ts";
import { grad, valueAndGrad } from "../../src/autodiff.ts";
import { constant } from "../../src/create.ts";
import { evaluate } from "../../src/evaluate.ts";

const x = constant([1, 2]);
const numbers = async (tensor: Parameters<typeof evaluate>[0]) => Array.from(await evaluate(tensor));

describe("what a function closes over is constant", () => {
  test("to its gradient", async () => {
    const { gradients } = valueAndGrad((y) => x.mul(y).sum())(x);
    expect(await numbers(gradients[0])).toEqual([1, 2]);
    expect(await numbers(vjp((y) => x.mul(y).sum(), [x]).gradients[0])).toEqual([1, 2]);
    expect(await numbers(jvp((y) => x.mul(y), [x], [constant([1, 1])]).tangent)).toEqual([1, 2]);
    expect(await numbers(jacobian((y) => x.mul(y).sum(), [x])[0])).toEqual([1, 2]);
    expect(await numbers(hessian((y) => x.mul(y.square()).sum(), [x])[0][0])).toEqual([2, 0, 0, 4]);
  });

  test("and so are tangents, such as a gradient at the same point", async () => {
    // H g for f = sum x^4 / 12: H = diag(x^2), g = x^3 / 3.
    const f = (a: typeof x) => a.pow(4).sum().div(12);
    const [gradient] = grad(f(x), [x]);
    const product = await numbers(hvp(f, [x], [gradient]).products[0]);
    expect(product[0]).toBeCloseTo(1 / 3, 5);
    expect(product[1]).toBeCloseTo(32 / 3, 5);
    expect(await numbers(hvp((a) => a.pow(3).sum().div(6), [x], [x]).products[0])).toEqual([1, 4]);
  });
});

test("one tensor given twice is two arguments", async () => {
  const { value, gradients } = valueAndGrad((a, b) => a.square().mul(b).sum())(x, x);
  expect(await numbers(value)).toEqual([9]);
  expect(await numbers(gradients[0])).toEqual([2, 8]);
  expect(await numbers(gradients[1])).toEqual([1, 4]);
});

test("gradients of gradients still reach the inputs themselves", async () => {
  const { gradients } = valueAndGrad((a) => a.pow(3).sum())(x);
  expect(await numbers(grad(gradients[0].sum(), [x])[0])).toEqual([6, 12]);
});

test("a function that reads none of its arguments is differentiated by them as it closes over them", async () => {
  const closed = () => x.pow(4).sum().div(12);
  expect(await numbers(valueAndGrad(closed as (a: typeof x) => typeof x)(x).gradients[0])).toEqual(
    [1 / 3, 8 / 3].map(Math.fround),
  );
  const [gradient] = grad(closed(), [x]);
  const product = await numbers(hvp(closed, [x], [gradient]).products[0]);
  expect(product[0]).toBeCloseTo(1 / 3, 5);
  expect(product[1]).toBeCloseTo(32 / 3, 5);
  expect(await numbers(hessian(closed, [x])[0][0])).toEqual([1, 0, 0, 4]);
});
