// The worked example of the textbook: one neuron, one step of gradient descent, every number known.
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant } from "../../src/create.ts";
import { initialise } from "../../src/evaluate.ts";
import { sgd } from "../../src/optim/optimizers.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";

// Inputs 1.0 and 0.8, weights 0.5 and -0.2, target 0.6, rate 0.1, squared error with the factor 1/2.
function neuron() {
  const weights = new Variable([2], [0.5, -0.2], { label: "weights" });
  const output = constant([1.0, 0.8]).mul(weights).sum();
  const error = constant(0.6).sub(output);
  const [gradient] = grad(error.square().mul(0.5), [weights]);
  return { weights, output, error, gradient };
}

describe.each([["oracle", oracle] as const, ...Object.entries(float32)])("on %s", (name, create) => {
  const digits = name === "oracle" ? 15 : 6;

  test("the neuron gives 0.34, is off by 0.26 and learns the weights 0.526 and -0.1792", async () => {
    const { weights, output, error, gradient } = neuron();
    const program = compile({
      outputs: { output, error },
      assignments: [[weights, weights.sub(gradient.mul(0.1))]],
    });
    const executor = create({ poison: true });
    const id = await executor.load(program);
    await initialise(executor, [weights], 0);
    await executor.run([[id, 1]]).done;
    const [found] = await executor.read({ program: id, name: "output" });
    const [off] = await executor.read({ program: id, name: "error" });
    const [first, second] = await executor.read({ variable: weights.key });
    expect(found).toBeCloseTo(0.34, digits);
    expect(off).toBeCloseTo(0.26, digits);
    expect(first).toBeCloseTo(0.526, digits);
    expect(second).toBeCloseTo(-0.1792, digits);
    await executor.dispose();
  });

  test("and sgd does the same", async () => {
    const { weights, gradient } = neuron();
    const optimizer = sgd(0.1);
    const assignments = optimizer.update([gradient], optimizer.init([weights]), [weights]);
    const executor = create();
    await initialise(executor, assignments.flat(), 0);
    await executor.run([[await executor.load(compile({ assignments })), 1]]).done;
    const [first, second] = await executor.read({ variable: weights.key });
    expect(first).toBeCloseTo(0.526, digits);
    expect(second).toBeCloseTo(-0.1792, digits);
    await executor.dispose();
  });
});
