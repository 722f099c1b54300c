// checkGradients finds wrong gradients and wrong gradients of gradients, and passes right ones.
import { describe, expect, test } from "vitest";
import { customGradient } from "../../src/autodiff.ts";
import { constant } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { GradientError } from "../../src/errors.ts";
import { Variable } from "../../src/variable.ts";

const x = constant([
  [0.5, -1],
  [2, 0.25],
]);

describe("checkGradients", () => {
  test("passes right gradients with an error of rounding size", async () => {
    expect(await checkGradients((a) => a.exp(), [x], { order: 2 })).toBeLessThan(1e-9);
    expect(await checkGradients((a, b) => a.matmul(b).tanh().sum(), [x, constant([[1], [2]])])).toBeLessThan(1e-9);
  });

  test("is content with gradients that are zero, and with sums that cancel", async () => {
    expect(await checkGradients((a) => a.floor(), [x.add(0.1)], { order: 2 })).toBe(0);
    expect(await checkGradients((a) => a.softmax().sum(), [x])).toBeLessThan(1e-6);
  });

  test("finds a wrong gradient and names where", async () => {
    const wrong = customGradient(
      (a) => a.mul(3),
      (cotangent) => [cotangent.mul(constant([3, 3.001]))],
    );
    const check = checkGradients((a) => wrong(a).sum(), [x]);
    await expect(check).rejects.toThrow(GradientError);
    await expect(check).rejects.toThrow(
      /^checkGradients: the gradient of input 0 \[2, 2\] is 3\.001 at element 1, differences say 3\.0000/,
    );
    expect(await checkGradients((a) => wrong(a).sum(), [x], { tolerance: 1e-3 })).toBeLessThan(1e-3);
  });

  test("finds a wrong gradient of a right gradient", async () => {
    const cube = customGradient(
      (a) => a.mul(a).mul(a),
      (cotangent, [a]) => {
        const square = customGradient(
          (b) => b.mul(b),
          (c) => [c],
        );
        return [cotangent.mul(square(a)).mul(3)];
      },
    );
    await checkGradients(cube, [x]);
    await expect(checkGradients(cube, [x], { order: 2 })).rejects.toThrow(
      "the gradient of the gradient of input 0 [2, 2]",
    );
  });

  test("does not take NaN for a gradient", async () => {
    await expect(checkGradients((a) => a.log().sum(), [x])).rejects.toThrow("is 2 at element 0, differences say NaN");
  });

  test("moves variables, those of the function's own stay at their first values", async () => {
    const weight = new Variable([2, 1], [3, -1]);
    const bias = new Variable([1], [0.5]);
    const model = () => x.matmul(weight).add(bias).tanh();
    expect(await checkGradients(model, [weight, bias], { order: 2 })).toBeLessThan(1e-8);
    expect(await checkGradients((a) => a.matmul(weight).sum(), [x])).toBeLessThan(1e-9);
  });

  test("leaves inputs of other dtypes alone", async () => {
    const index = constant([1, 0, 1], { dtype: "i32" });
    expect(await checkGradients((a, i) => a.gather(i).square(), [x, index], { order: 2 })).toBeLessThan(1e-8);
  });
});
