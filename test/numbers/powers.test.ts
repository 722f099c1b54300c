// Rates that decay by a factor a step stay right for a million steps, and graphs of optimizers are built at once.
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { scalar } from "../../src/create.ts";
import * as optim from "../../src/optim/index.ts";
import { naturalLog } from "../../src/optim/powers.ts";
import { scheduled } from "../../src/optim/schedules.ts";
import { Variable } from "../../src/variable.ts";
import { everywhere } from "./everywhere.ts";

/** gamma^n in Float64, by squaring: not by the logarithm that the schedules use. */
function power(gamma: number, n: number): number {
  if (n === 0) return 1;
  const half = power(gamma, Math.floor(n / 2));
  return half * half * (n % 2 === 1 ? gamma : 1);
}

const { exponentialDecay, stepDecay, multiStepDecay, cyclic } = optim;

const DECAYS: readonly (readonly [string, optim.Schedule, number, (step: number) => number])[] = [
  ["exponentialDecay, 0.99999", exponentialDecay(0.5, { gamma: 0.99999 }), 1e6, (t) => 0.5 * power(0.99999, t)],
  ["exponentialDecay, 0.9999999", exponentialDecay(1, { gamma: 0.9999999 }), 1e7, (t) => power(0.9999999, t)],
  ["exponentialDecay, 0.9", exponentialDecay(1, { gamma: 0.9 }), 800, (t) => power(0.9, t)],
  ["exponentialDecay, 1.00001", exponentialDecay(1, { gamma: 1.00001 }), 5e6, (t) => power(1.00001, t)],
  ["exponentialDecay, 0.5", exponentialDecay(1, { gamma: 0.5 }), 100, (t) => power(0.5, t)],
  ["stepDecay", stepDecay(1, { stepSize: 10, gamma: 0.9999 }), 5e6, (t) => power(0.9999, Math.floor(t / 10))],
  [
    "multiStepDecay",
    multiStepDecay(1, { milestones: [1, 2, 3, 10], gamma: 0.1 }),
    11,
    (t) => power(0.1, t > 9 ? 4 : Math.min(t, 3)),
  ],
  [
    "cyclic",
    cyclic(0, { top: 1, stepSizeUp: 4, mode: "exponential", gamma: 0.99999 }),
    1e6,
    (t) => (Math.min(t % 8, 8 - (t % 8)) / 4) * power(0.99999, t),
  ],
];

everywhere(({ run }) => {
  test.each(DECAYS)("%s", async (_, schedule, last, exact) => {
    const steps = [0, 1, 2, 3, 9, 10, 1000, 77777, last / 2, last - 1, last, last + 5]
      .filter((step) => step <= last + 5)
      .map(Math.floor);
    const outputs = await run(() =>
      Object.fromEntries(steps.map((step, i) => [`at${i}`, scheduled(schedule, scalar(step, "i32"))])),
    );
    steps.forEach((step, i) => {
      const rate = (outputs as Record<string, number[]>)[`at${i}`][0];
      // A float32 is rounded by 6e-8 each time; the power is 1.7 ulp off at most, the exponential 1.4.
      expect(Math.abs(rate - exact(step)), `step ${step}`).toBeLessThanOrEqual(1e-6 * exact(step));
    });
  });
});

test("the logarithm is right for numbers of every size, after a few terms", () => {
  for (const x of [1e-300, 1e-9, 0.1, 0.3, 0.5, 2 / 3, 0.9, 0.96, 0.999, 0.999999, 1 - 2 ** -53])
    expect(Math.abs(naturalLog(x) / Math.log(x) - 1)).toBeLessThan(1e-15);
  expect(naturalLog(0)).toBe(Number.NEGATIVE_INFINITY);
});

test.each([1e-300, 1e-9, 1e-3, 0])("optimizers with a decay of %f make a step, all of it finite", (beta) => {
  const w = new Variable([2], [1, 2]);
  for (const make of [
    () => optim.adam(0.1, { beta1: beta, beta2: beta }),
    () => optim.adamax(0.1, { beta1: beta, beta2: beta }),
    () => optim.nadam(0.1, { beta1: beta, beta2: beta }),
    () => optim.radam(0.1, { beta1: beta, beta2: 0.9 }),
    () => optim.lamb(0.1, { beta1: beta, beta2: beta }),
  ]) {
    const optimizer = make();
    expect(optimizer.update(grad(w.square().sum(), [w]), optimizer.init([w]), [w]).length).toBeGreaterThan(2);
  }
});
