// Schedules against PyTorch's, or their formulas: 200 rates each, in Float64 and on every executor; and what comes after their end.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { evaluate, initialise } from "../../src/evaluate.ts";
import * as cycles from "../../src/optim/cycles.ts";
import * as joined from "../../src/optim/joined.ts";
import * as schedules from "../../src/optim/schedules.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { scalar } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { thrown } from "../thrown.ts";

const { constantSchedule, cosineDecay, exponentialDecay, inverseTimeDecay, multiStepDecay } = schedules;
const { piecewiseConstant, polynomialDecay, scheduled, stepDecay } = schedules;
const { cosineAnnealing, cosineRestarts, cyclic, oneCycle, oneCycleMomentum } = cycles;
const { joinedSchedules, linearSchedule, linearWarmup, noam, scaledSchedule } = joined;

// The oracle's rates differ by rounding alone, also where PyTorch multiplies rate by rate; Float32's by its functions and steps.
const RELATIVE = { oracle: 1e-10, float32: 1e-6 };

const golden: Readonly<Record<string, readonly number[]>> = JSON.parse(
  readFileSync(new URL("../golden/schedules.json", import.meta.url), "utf8"),
);

type Name = Exclude<
  keyof typeof schedules | keyof typeof cycles | keyof typeof joined,
  "scheduled" | "aSchedule" | "countReached" | "checkMilestones" | "shareLeft"
>;

/** The runs of every schedule; one without a run does not compile. */
const runs: Readonly<Record<Name, Readonly<Record<string, schedules.Schedule>>>> = {
  constantSchedule: { constantSchedule: constantSchedule(0.1) },
  stepDecay: {
    stepDecay: stepDecay(0.1, { stepSize: 30 }),
    "stepDecay gamma": stepDecay(0.3, { stepSize: 7, gamma: 0.9 }),
  },
  multiStepDecay: {
    multiStepDecay: multiStepDecay(0.1, { milestones: [20, 21, 150] }),
    "multiStepDecay gamma": multiStepDecay(0.1, { milestones: [0, 100], gamma: 0.5 }),
  },
  exponentialDecay: { exponentialDecay: exponentialDecay(0.1, { gamma: 0.97 }) },
  inverseTimeDecay: {
    inverseTimeDecay: inverseTimeDecay(0.1, { rate: 0.05 }),
    "inverseTimeDecay staircase": inverseTimeDecay(0.1, { rate: 0.5, steps: 30, staircase: true }),
  },
  polynomialDecay: {
    polynomialDecay: polynomialDecay(0.1, { steps: 150 }),
    "polynomialDecay power": polynomialDecay(0.1, { steps: 200, power: 2.5 }),
  },
  cosineDecay: {
    cosineDecay: cosineDecay(0.1, { steps: 199 }),
    "cosineDecay final": cosineDecay(1e-3, { steps: 199, final: 1e-5 }),
  },
  cosineAnnealing: {
    cosineAnnealing: cosineAnnealing(0.1, { steps: 30 }),
    "cosineAnnealing final": cosineAnnealing(1e-3, { steps: 7, final: 1e-5 }),
  },
  linearSchedule: {
    linearSchedule: linearSchedule(0.1, { steps: 50 }),
    "linearSchedule down": linearSchedule(0.1, { steps: 77, startFactor: 1, endFactor: 0.1 }),
    "linearSchedule both": linearSchedule(0.1, { steps: 1, startFactor: 0.25, endFactor: 0.75 }),
  },
  oneCycleMomentum: {
    oneCycleMomentum: oneCycleMomentum({ steps: 200 }),
    "oneCycleMomentum linear": oneCycleMomentum({
      steps: 150,
      pctStart: 0.41,
      anneal: "linear",
      baseMomentum: 0.5,
      maxMomentum: 0.75,
    }),
    "oneCycleMomentum three": oneCycleMomentum({ steps: 180, threePhase: true }),
  },
  cosineRestarts: {
    cosineRestarts: cosineRestarts(0.1, { steps: 30 }),
    "cosineRestarts factor": cosineRestarts(0.1, { steps: 10, factor: 2, final: 0.01 }),
    "cosineRestarts three": cosineRestarts(0.1, { steps: 7, factor: 3 }),
  },
  linearWarmup: {
    linearWarmup: linearWarmup(0.1, { steps: 50 }),
    "linearWarmup factor": linearWarmup(0.1, { steps: 77, startFactor: 0.01 }),
  },
  noam: { noam: noam({ size: 512, warmup: 100 }), "noam factor": noam({ size: 64, warmup: 7, factor: 0.5 }) },
  piecewiseConstant: {
    piecewiseConstant: piecewiseConstant([0.1, 0.05, 0.025, 0.001], { boundaries: [50, 51, 120] }),
  },
  oneCycle: {
    oneCycle: oneCycle(0.1, { steps: 200 }),
    "oneCycle linear": oneCycle(0.1, {
      steps: 150,
      pctStart: 0.41,
      anneal: "linear",
      divFactor: 10,
      finalDivFactor: 100,
    }),
    "oneCycle three": oneCycle(0.1, { steps: 180, threePhase: true }),
  },
  cyclic: {
    cyclic: cyclic(0.01, { top: 0.1, stepSizeUp: 23 }),
    "cyclic momentum": cyclic(0.9, { top: 0.8, stepSizeUp: 23, mode: "triangular2" }),
    "cyclic halves": cyclic(0.01, { top: 0.1, stepSizeUp: 10, stepSizeDown: 31, mode: "triangular2" }),
    "cyclic exponential": cyclic(0.01, { top: 0.1, stepSizeUp: 17, mode: "exponential", gamma: 0.99 }),
  },
  joinedSchedules: {
    joinedSchedules: joinedSchedules(
      [linearWarmup(0.1, { steps: 20, startFactor: 0 }), cosineDecay(0.1, { steps: 100 }), 0.003],
      { boundaries: [20, 130] },
    ),
  },
  scaledSchedule: {
    scaledSchedule: scaledSchedule(
      exponentialDecay(1, { gamma: 0.97 }),
      linearWarmup(0.1, { steps: 20, startFactor: 0 }),
    ),
  },
};
const table = Object.values(runs).flatMap((entries) => Object.entries(entries));

/** The first rates of a schedule, one program's log. */
async function ratesOf(schedule: schedules.Schedule, executor: Executor, count: number): Promise<number[]> {
  const step = new Variable([], 0, { dtype: "i32" });
  await initialise(executor, [step], 0);
  const rate = scheduled(schedule, step).add(0);
  const id = await executor.load(compile({ outputs: { rate }, assignments: [[step, step.add(1)]] }));
  const run = executor.run([[id, count]]);
  await run.done;
  await executor.dispose();
  return run.takeLog().flatMap(({ values }) => [...values]);
}

test("every recorded schedule is compared", () => {
  expect(table.map(([name]) => name).sort()).toEqual(Object.keys(golden).sort());
});

describe.each(table)("%s: 200 rates are as they should be", (name, schedule) => {
  const expected = golden[name];
  const largest = Math.max(...expected);
  const errors = (found: readonly number[]) =>
    Math.max(...expected.map((rate, i) => Math.abs(found[i] - rate) / largest));

  test("in Float64", async () => {
    expect(errors(await ratesOf(schedule, oracle(), expected.length))).toBeLessThan(RELATIVE.oracle);
  });

  test.each(Object.entries(float32))("on %s", async (_, create) => {
    expect(errors(await ratesOf(schedule, create(), expected.length))).toBeLessThan(RELATIVE.float32);
  });
});

describe("after their end, until the counter ends", () => {
  test.each<[string, schedules.Schedule, number]>([
    ["cosineDecay", cosineDecay(1, { steps: 4, final: 0.25 }), 0.25],
    ["polynomialDecay", polynomialDecay(1, { steps: 4, final: 0.25 }), 0.25],
    ["linearWarmup", linearWarmup(0.25, { steps: 4 }), 0.25],
    ["linearSchedule", linearSchedule(1, { steps: 4, endFactor: 0.25 }), 0.25],
    ["piecewiseConstant", piecewiseConstant([1, 0.25], { boundaries: [4] }), 0.25],
    ["multiStepDecay", multiStepDecay(1, { milestones: [2, 4], gamma: 0.5 }), 0.25],
    ["oneCycle", oneCycle(1, { steps: 4, pctStart: 0.5, divFactor: 2, finalDivFactor: 2 }), 0.25],
  ])("%s stays at its last value", async (_, schedule, value) => {
    for (const step of [4, 5, 1000, 2 ** 31 - 1])
      expect([...(await evaluate(scheduled(schedule, scalar(step, "i32"))))]).toEqual([value]);
  });

  test("cosineAnnealing turns where it should, also the last time that can be counted", async () => {
    const schedule = cosineAnnealing(1, { steps: 2 ** 20, final: 0.25 });
    for (const [step, value] of [
      [0, 1],
      [2 ** 20, 0.25],
      [2 ** 21, 1],
      [2 ** 31 - 2 ** 20, 0.25],
    ])
      expect([...(await evaluate(scheduled(schedule, scalar(step, "i32"))))]).toEqual([value]);
  });

  test("cosineRestarts begins anew at each restart, also the last that can be counted", async () => {
    const schedule = cosineRestarts(1, { steps: 1, factor: 2 });
    for (const step of [0, 1, 3, 2 ** 20 - 1, 2 ** 30 - 1, 2 ** 31 - 1])
      expect([...(await evaluate(scheduled(schedule, scalar(step, "i32"))))]).toEqual([1]);
  });
});

describe("bad input gets a typed error", () => {
  test.each<[string, () => unknown, string]>([
    [
      "a rate that is no number",
      () => scheduled(Number.NaN, scalar(0, "i32")),
      "scheduled: schedule must be a finite number, a scalar or a function of the step, got NaN",
    ],
    ["no steps", () => cosineDecay(1, { steps: 0 }), "cosineDecay: steps must be a number >= 1, got 0"],
    [
      "a step of half a step",
      () => stepDecay(1, { stepSize: 0.5 }),
      "stepDecay: stepSize must be a whole number >= 1, got 0.5",
    ],
    ["gamma of 0", () => exponentialDecay(1, { gamma: 0 }), "exponentialDecay: gamma must be a number > 0, got 0"],
    [
      "milestones out of order",
      () => multiStepDecay(1, { milestones: [5, 5] }),
      "multiStepDecay: milestones[1] must be a whole number >= 6, got 5",
    ],
    [
      "a value too few",
      () => piecewiseConstant([1], { boundaries: [5] }),
      "piecewiseConstant: 1 boundaries part 1 values",
    ],
    [
      "a schedule too many",
      () => joinedSchedules([1, 2, 3], { boundaries: [5] }),
      "joinedSchedules: 1 boundaries part 3 schedules",
    ],
    [
      "an unknown mode",
      () => cyclic(1, { top: 2, mode: "square" as "triangular" }),
      'cyclic: mode must be "triangular" or "triangular2" or "exponential", got "square"',
    ],
    [
      "an unknown curve",
      () => oneCycle(1, { steps: 10, anneal: "sine" as "cosine" }),
      'oneCycle: anneal must be "cosine" or "linear", got "sine"',
    ],
    [
      "a phase without a step",
      () => oneCycle(1, { steps: 3 }),
      "oneCycle: phase 0 of 3 steps with pctStart 0.3 has no step",
    ],
    [
      "an infinite value",
      () => polynomialDecay(1 / 0, { steps: 3 }),
      "polynomialDecay: value must be a finite number, got Infinity",
    ],
    [
      "an end below 0",
      () => linearSchedule(1, { steps: 3, endFactor: -1 }),
      "linearSchedule: endFactor must be a number >= 0, got -1",
    ],
    [
      "a momentum of 1",
      () => oneCycleMomentum({ steps: 30, maxMomentum: 1 }),
      "oneCycleMomentum: maxMomentum must be at least 0 and below 1, got 1",
    ],
    [
      "a momentum's phase without a step",
      () => oneCycleMomentum({ steps: 3 }),
      "oneCycleMomentum: phase 0 of 3 steps with pctStart 0.3 has no step",
    ],
    [
      "power of 0",
      () => polynomialDecay(1, { steps: 3, power: 0 }),
      "polynomialDecay: power must be a number > 0, got 0",
    ],
    ["a rate of 0", () => inverseTimeDecay(1, { rate: 0 }), "inverseTimeDecay: rate must be a number > 0, got 0"],
    [
      "a factor of a half",
      () => cosineRestarts(1, { steps: 4, factor: 1.5 }),
      "cosineRestarts: factor must be a whole number >= 1, got 1.5",
    ],
    [
      "a negative start",
      () => linearWarmup(1, { steps: 4, startFactor: -1 }),
      "linearWarmup: startFactor must be a number >= 0, got -1",
    ],
  ])("%s", (_, make, message) => {
    expect(thrown(make)).toBe(`ArgumentError: ${message}`);
  });
});
