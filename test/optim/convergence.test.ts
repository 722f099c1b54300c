// Every optimizer reaches the minimum of a quadratic and of Rosenbrock's valley, within the steps stated here, on the portable build,
// whose bits are the same on every machine.
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant } from "../../src/create.ts";
import { evaluateAll, initialise } from "../../src/evaluate.ts";
import { lbfgs } from "../../src/optim/lbfgs.ts";
import { cosineDecay, type Schedule } from "../../src/optim/schedules.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { type Row, table } from "./table.ts";

interface Problem {
  readonly steps: number;
  readonly start: readonly (readonly number[])[];
  readonly minimum: readonly number[];
  readonly loss: (w: Tensor) => Tensor;
}

/** Curvatures of 1 to 10. */
const quadratic: Problem = {
  steps: 1000,
  start: [
    [3, -2, 1.5],
    [2, -1, 0.5],
  ],
  minimum: [1, 2, -1, 0.5, -0.5, 1],
  loss: (w) => {
    const distance = w.sub(constant([1, 2, -1, 0.5, -0.5, 1], { shape: [2, 3] }));
    return distance
      .square()
      .mul(constant([1, 2, 3, 5, 8, 10], { shape: [2, 3] }))
      .sum()
      .mul(0.5);
  },
};

/** Rosenbrock 1960: a curved valley, 2,500 times as steep across as along. */
const rosenbrock: Problem = {
  steps: 20_000,
  start: [[-1.2, 1]],
  minimum: [1, 1],
  loss: (w) => {
    const [a, b] = [w.narrow(1, 0, 1), w.narrow(1, 1, 1)];
    return a.neg().add(1).square().add(b.sub(a.square()).square().mul(100)).sum();
  },
};

function scheduleOf(text: string, steps: number): Schedule {
  const rate = Number.parseFloat(text);
  return text.endsWith("to 0") ? cosineDecay(rate, { steps }) : rate;
}

/** The largest distance from the minimum, in any direction, after the problem's steps. */
async function distance({ start, minimum, loss, steps }: Problem, make: Row["make"], rate: string): Promise<number> {
  const w = new Variable([start.length, start[0].length], start.flat());
  const optimizer = make(scheduleOf(rate, steps));
  const assignments = optimizer.update(grad(loss(w), [w]), optimizer.init([w]), [w]);
  const executor = float32["wasm-portable"]();
  await initialise(executor, assignments.flat(), 0);
  const id = await executor.load(compile({ assignments }));
  await executor.run([[id, steps]]).done;
  const found = await executor.read({ variable: w.key });
  await executor.dispose();
  return Math.max(...minimum.map((value, i) => Math.abs(found[i] - value)));
}

const rows = Object.entries(table);

test.each(rows)("%s reaches the minimum of a quadratic in 1,000 steps", async (_, { make, rates: [rate] }) => {
  expect(await distance(quadratic, make, rate)).toBeLessThan(1e-3);
});

test.each(rows)(
  "%s reaches the minimum of Rosenbrock's valley in 20,000 steps",
  async (_, { make, rates: [, rate] }) => {
    expect(await distance(rosenbrock, make, rate)).toBeLessThan(1e-3);
  },
);

test.each<[string, Problem, number]>([
  ["a quadratic", quadratic, 20],
  ["Rosenbrock's valley", rosenbrock, 60],
])("lbfgs reaches the minimum of %s in a few evaluations", async (_, problem, most) => {
  const executor = oracle();
  const x = Float64Array.from(problem.start.flat());
  const minimizer = lbfgs(1, { lineSearchFn: "strongWolfe", maxIter: 100, toleranceChange: 1e-12 }).minimizer?.();
  let evaluations = 0;
  await minimizer?.step(x, async (point) => {
    evaluations++;
    const at = constant(point, { shape: [problem.start.length, problem.start[0].length] });
    const loss = problem.loss(at);
    const [[value], gradient] = await evaluateAll([loss, grad(loss, [at])[0]], { executor });
    return { loss: value, gradient: Float64Array.from(gradient) };
  });
  await executor.dispose();
  expect(Math.max(...problem.minimum.map((value, i) => Math.abs(x[i] - value)))).toBeLessThan(1e-5);
  expect(evaluations).toBeLessThanOrEqual(most);
});
