// vjp, jvp, hvp, jacobian and hessian against torch.autograd.functional and against differences, on every executor.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { hessian, hvp, jacobian, jvp, vjp } from "../../src/autodiff/differentiate.ts";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { evaluateAll } from "../../src/evaluate.ts";
import { checkpoint } from "../../src/ops/checkpoint.ts";
import type { Shape } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { scalar } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { disagreements, largest } from "../ops/derivatives.ts";
import { thrown } from "../thrown.ts";

interface Golden {
  readonly shapes: readonly Shape[];
  readonly inputs: readonly (readonly number[])[];
  readonly cotangent: readonly number[];
  readonly tangents: readonly (readonly number[])[];
  readonly shape: Shape;
  readonly value: readonly number[];
  readonly vjp: readonly (readonly number[])[];
  readonly jvp: readonly number[];
  readonly jacobian: readonly (readonly number[])[];
  readonly hvp?: readonly (readonly number[])[];
  readonly hessian?: readonly (readonly (readonly number[])[])[];
}

const goldens: Readonly<Record<string, Golden>> = JSON.parse(
  readFileSync(new URL("../golden/differentiate.json", import.meta.url), "utf8"),
);

const functions: Readonly<Record<string, (...inputs: Tensor[]) => Tensor>> = {
  smooth: (x) => x.sin().mul(x.sum()).add(x.neg().exp()),
  product: (a, b) => a.matmul(b).tanh().mul(b.sum(0)),
  network: (x, w, b, v) => x.matmul(w, { transposeB: true }).add(b).tanh().matmul(v).logSumExp(-1).square().mean(),
  rosenbrock: (x) => {
    const [low, high] = [x.slice([0, -1]), x.slice([1])];
    return high.sub(low.square()).square().mul(100).add(low.neg().add(1).square()).sum();
  },
};

const executors = Object.entries({ oracle, ...float32 }).map(([name, make]) => [name, make({ poison: true })] as const);
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

describe.each(Object.keys(goldens))("%s", (name) => {
  const golden = goldens[name];
  const fn = functions[name];
  const tensors = (lists: readonly (readonly number[])[]) =>
    lists.map((data, i) => constant(data, { shape: golden.shapes[i] }));
  const inputs = tensors(golden.inputs);
  const tangents = tensors(golden.tangents);

  // Float64 rounds at 1e-16, Float32 at 6e-8; some twenty roundings of the largest number.
  test.each(executors)("equals PyTorch on %s", async (executorName, executor) => {
    const pull = vjp(fn, inputs, constant(golden.cotangent, { shape: golden.shape }));
    const push = jvp(fn, inputs, tangents);
    const found: [Tensor, readonly number[]][] = [
      [pull.value, golden.value],
      ...pull.gradients.map((each, i) => [each, golden.vjp[i]] as [Tensor, readonly number[]]),
      [push.value, golden.value],
      [push.tangent, golden.jvp],
      ...jacobian(fn, inputs).map((each, i) => [each, golden.jacobian[i]] as [Tensor, readonly number[]]),
    ];
    if (golden.hvp !== undefined && golden.hessian !== undefined) {
      hvp(fn, inputs, tangents).products.forEach((each, i) => {
        found.push([each, golden.hvp?.[i] ?? []]);
      });
      hessian(fn, inputs).forEach((row, i) => {
        row.forEach((each, j) => {
          expect(each.shape).toEqual([...golden.shapes[i], ...golden.shapes[j]]);
          found.push([each, golden.hessian?.[i][j] ?? []]);
        });
      });
    }
    const values = await evaluateAll(
      found.map(([tensor]) => tensor),
      { executor },
    );
    const unit = executorName === "oracle" ? 1e-14 : 2e-6;
    for (const [i, [tensor, expected]] of found.entries())
      expect(disagreements(`${i}: ${tensor.shape}`, values[i], expected, () => unit * largest(expected))).toEqual([]);
  });

  test("has products that equal differences, and can be differentiated", async () => {
    expect(await checkGradients((...x) => jvp(fn, x, tangents).tangent, inputs)).toBeLessThan(1e-6);
    expect(await checkGradients((...x) => jacobian(fn, x)[0], inputs)).toBeLessThan(1e-6);
    const step = 1e-5;
    const moved = (sign: number) => fn(...inputs.map((x, i) => x.add(tangents[i].mul(sign * step))));
    const executor = executors[0][1];
    const quotient = moved(1)
      .sub(moved(-1))
      .div(2 * step);
    const [actual, expected] = await evaluateAll([jvp(fn, inputs, tangents).tangent, quotient], { executor });
    expect(disagreements("jvp", actual, expected, () => 1e-6 * largest(expected))).toEqual([]);
  });
});

test("a Jacobian's program is as long for many elements as for few", () => {
  const instructions = (size: number) => {
    const x = input([size], "f32", "x");
    return compile({ inputs: { x }, outputs: { j: jacobian((a) => a.sin().mul(a.sum()), [x])[0] } }).labels.length;
  };
  expect(instructions(90)).toBe(instructions(40));
});

test("products go through checkpoints", async () => {
  const x = constant([0.5, -1, 2]);
  const tangent = constant([1, 2, -1]);
  const body = (a: Tensor) => a.sin().mul(a.exp()).mul(a.sum());
  const executor = executors[0][1];
  const [a, b, c, d] = await evaluateAll(
    [body, checkpoint(body)].flatMap((fn) => [
      jvp(fn, [x], [tangent]).tangent,
      hvp((y) => fn(y).sum(), [x], [tangent]).products[0],
    ]),
    { executor },
  );
  expect(disagreements("jvp", c, a, (e) => 1e-14 * Math.abs(e))).toEqual([]);
  expect(disagreements("hvp", d, b, (e) => 1e-14 * Math.abs(e))).toEqual([]);
});

test("what a function does not depend on has zeros", async () => {
  const [x, y] = [constant([1, 2]), constant([3, 4, 5])];
  const fn = (a: Tensor) => a.square();
  const [, second] = jacobian(fn, [x, y]);
  expect(second.shape).toEqual([2, 3]);
  const { tangent } = jvp(fn, [x, y], [constant([0, 0]), constant([1, 1, 1])]);
  expect((await evaluateAll([second, tangent, grad(tangent.sum(), [x])[0]])).map((list) => [...list])).toEqual([
    [0, 0, 0, 0, 0, 0],
    [0, 0],
    [0, 0],
  ]);
});

test("bad input gets a typed error", () => {
  const x = constant([1, 2]);
  const square = (a: Tensor) => a.square();
  expect(thrown(() => jvp(square, [x], []))).toBe("ArgumentError: jvp: 0 tangents for 1 inputs");
  expect(thrown(() => hvp(square, [x], [scalar(1)]))).toBe("ShapeError: hvp: tangent [] and input [2] differ");
  expect(thrown(() => hessian(square, [x]))).toBe(
    "GradientError: grad: the output has shape [2]: reduce it to a scalar or give a cotangent",
  );
  expect(thrown(() => vjp(square, [x], scalar(1)))).toBe("GradientError: grad: cotangent [] and output [2] differ");
  expect(thrown(() => jacobian(square, [constant(Int32Array.of(1, 2))]))).toBe(
    "GradientError: grad: an i32 output has no gradient",
  );
});
