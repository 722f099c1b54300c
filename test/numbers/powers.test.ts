// Rates that decay by a factor a step stay right for a million steps, and graphs of optimizers are built at once.
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import * as optim from "../../src/optim/index.ts";
import { naturalLog } from "../../src/optim/powers.ts";
import { scheduled } from "../../src/optim/schedules.ts";
import { scalar } from "../../src/tensor.ts";
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

/** Schedules whose ends lie far apart, or at 0: the rate at a step, exactly. */
const ENDS: readonly (readonly [string, optim.Schedule, readonly (readonly [step: number, rate: number])[]])[] = [
  [
    "cosineDecay",
    optim.cosineDecay(0.1, { steps: 60_000 }),
    [0, 1, 30_000, 59_990, 59_997, 59_999].map(
      (t) => [t, 0.1 * Math.sin(((60_000 - t) / 120_000) * Math.PI) ** 2] as const,
    ),
  ],
  [
    "cosineDecay after its end",
    optim.cosineDecay(0.1, { steps: 100, final: 1e-9 }),
    [
      [100, 1e-9],
      [1e6, 1e-9],
    ],
  ],
  [
    "cosineDecay over a fraction of a step",
    optim.cosineDecay(1, { steps: 2.5 }),
    [1, 2].map((t) => [t, Math.sin(((2.5 - t) / 5) * Math.PI) ** 2] as const),
  ],
  ["cosineDecay over more steps than there are", optim.cosineDecay(1, { steps: 2 ** 41 }), [[2 ** 30, 1]]],
  [
    "cosineRestarts",
    optim.cosineRestarts(0.1, { steps: 10_000 }),
    [
      [9999, 0.1 * Math.sin(Math.PI / 20_000) ** 2],
      [10_000, 0.1],
    ],
  ],
  [
    "cosineRestarts, growing",
    optim.cosineRestarts(0.1, { steps: 1000, factor: 2 }),
    [
      [2999, 0.1 * Math.sin(Math.PI / 4000) ** 2],
      [3000, 0.1],
    ],
  ],
  [
    "oneCycle",
    optim.oneCycle(0.1, { steps: 1000 }),
    [
      [0, 0.004],
      [999, 4e-7],
      [5000, 4e-7],
    ],
  ],
  [
    "oneCycle of lines",
    optim.oneCycle(0.1, { steps: 1000, anneal: "linear", threePhase: true }),
    [
      [999, 4e-7],
      [299, 0.1],
    ],
  ],
  [
    "linearWarmup",
    optim.linearWarmup(0.1, { steps: 1000, startFactor: 1e-8 }),
    [
      [0, 1e-9],
      [1000, 0.1],
      [9999, 0.1],
    ],
  ],
  [
    "polynomialDecay",
    optim.polynomialDecay(0.1, { steps: 999, final: 1e-10 }),
    [
      [0, 0.1],
      [999, 1e-10],
    ],
  ],
  [
    "polynomialDecay, squared",
    optim.polynomialDecay(0.1, { steps: 1000, power: 2 }),
    [
      [999, 1e-7],
      [1000, 0],
    ],
  ],
];

everywhere(({ run }) => {
  test.each(ENDS)("%s is right at its ends", async (_, schedule, rates) => {
    const outputs = await run(() =>
      Object.fromEntries(rates.map(([step], i) => [`at${i}`, scheduled(schedule, scalar(step, "i32"))])),
    );
    rates.forEach(([step, rate], i) => {
      const found = (outputs as Record<string, number[]>)[`at${i}`][0];
      // An argument of a sine, rounded by 6e-8, near whose zero that is its own error; squared.
      expect(Math.abs(found - rate), `step ${step}: ${found}`).toBeLessThanOrEqual(1e-6 * rate);
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
