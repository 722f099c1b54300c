// Samplers: grids are complete, chance is seeded, and densities are those that Optuna reckons.
import { describe, expect, test } from "vitest";
import { Draws } from "../../src/tune/draws.ts";
import {
  bayesian,
  choice,
  conditional,
  grid,
  integer,
  type Leaf,
  logInteger,
  logUniform,
  memoryStorage,
  openStudy,
  random,
  uniform,
} from "../../src/tune/index.ts";
import { Density, type Widths } from "../../src/tune/parzen.ts";
import golden from "../golden/tune.json" with { type: "json" };
import { LAST_TRIAL, lastTrial } from "./same-trials.ts";

/** Those of Optuna's TPESampler with `multivariate: true`. */
const OPTUNA: Widths = { scott: 0.2, least: (kernels) => 1 / Math.min(100, 1 + kernels) };

const spaces: Readonly<Record<string, readonly Leaf[]>> = {
  numbers: [uniform(-5, 10), uniform(0, 15)],
  logarithms: [logUniform(1e-5, 1e-1)],
  steps: [uniform(0, 1, { step: 0.125 }), integer(-3, 9), integer(8, 64, { step: 8 })],
  choices: [choice([0, 1, 2]), uniform(0, 1), choice([0, 1])],
};

/** Optuna's densities are of the range, ours of its parts. */
const ranges: Readonly<Record<string, number>> = { numbers: 15 * 15, logarithms: Math.log(1e4), steps: 1, choices: 1 };

describe.each(golden.densities)("the density of $space around $observations.length observations", (each) => {
  const density = new Density(spaces[each.space], each.observations, OPTUNA);
  test("is Optuna's", () => {
    // Both in float64, of at most 61 kernels; Optuna reckons log(1 - p) where little is left of 1.
    for (const [i, sample] of each.samples.entries())
      expect(density.logOf(sample) - Math.log(ranges[each.space])).toBeCloseTo(each.logs[i], 9);
  });
});

test("values are drawn by their density", () => {
  const leaves = [uniform(0, 1), choice(["a", "b"]), integer(1, 4)] as const;
  const density = new Density(
    leaves,
    [
      [0.2, "a", 2],
      [0.3, "a", 1],
    ],
    OPTUNA,
  );
  const draws = new Draws(3, 0);
  const values = Array.from({ length: 20_000 }, () => density.draw(draws));
  const parts = [0, 1, 2, 3].flatMap((quarter) => ["a", "b"].map((letter) => [quarter / 4, letter] as const));
  for (const [low, letter] of parts)
    for (const whole of [1, 2, 3, 4]) {
      // The density of a part, by the midpoints of 200 strips.
      const strips = Array.from({ length: 200 }, (_, i) => low + (i + 0.5) / 800);
      const wanted = strips.reduce((sum, x) => sum + Math.exp(density.logOf([x, letter, whole])) / 800, 0);
      const found = values.filter(
        ([x, l, n]) => Number(x) >= low && Number(x) < low + 0.25 && l === letter && n === whole,
      );
      // Four deviations of a share of 20,000 draws.
      expect(Math.abs(found.length / 20_000 - wanted)).toBeLessThan(4 * Math.sqrt(wanted / 20_000) + 1e-4);
    }
});

describe("a grid", () => {
  const space = {
    a: uniform(0, 1),
    b: conditional({
      x: { c: integer(1, 3) },
      y: {},
      z: { d: conditional({ p: {}, q: { e: choice([true, false]) } }) },
    }),
    f: logUniform(1, 100),
  };
  const points = { a: 2, f: 3 };

  test("has every combination once, then ends", async () => {
    const study = await openStudy({ space, sampler: grid({ points }) });
    const history = await study.trials(1000, { objective: ({ values }) => values.a });
    expect(history.length).toBe(2 * (3 + 1 + (1 + 2)) * 3);
    expect(new Set(history.map(({ parameters }) => JSON.stringify(parameters))).size).toBe(history.length);
    expect(history.slice(0, 3).map(({ values }) => values.f)).toEqual([1, expect.closeTo(10, 12), 100]);
    await expect(study.ask()).rejects.toThrow("ask: the grid has 42 trials, and all of them were given");
  });

  test("is refused where it has no end, or no such parameter", async () => {
    const at = (sampler: ReturnType<typeof grid>) => openStudy({ space: { a: uniform(0, 1) }, sampler });
    await expect(at(grid())).rejects.toThrow("grid: a uniform(0, 1) is continuous: how many points of it");
    await expect(at(grid({ points: { b: 2 } }))).rejects.toThrow("grid: points: there is no parameter b; there are a");
  });

  test("has all values of whole numbers, or as many as are wanted", async () => {
    const of = async (sampler: ReturnType<typeof grid>) => {
      const study = await openStudy({ space: { n: logInteger(1, 100), m: integer(0, 4) }, sampler });
      const history = await study.trials(2000, { objective: () => 0 });
      return [history.length, [...new Set(history.map(({ values }) => values.n))].slice(0, 5)];
    };
    expect(await of(grid())).toEqual([500, [1, 2, 3, 4, 5]]);
    expect(await of(grid({ points: { n: 3, m: 2 } }))).toEqual([6, [1, 7, 100]]);
  });
});

describe.each([random(), bayesian()])("the $name sampler", (sampler) => {
  const space = { x: uniform(-1, 1), k: conditional({ a: { y: uniform(0, 1) }, b: { n: integer(0, 9) } }) };
  const run = async (seed: number) => {
    const study = await openStudy({ space, sampler, seed, storage: memoryStorage() });
    const history = await study.trials(40, {
      objective: ({ values: { x, k } }) => x * x + (k.kind === "a" ? k.y : 1 + k.n),
    });
    return history.map(({ parameters }) => parameters);
  };

  test("gives the same trials for the same seed, and others for another", async () => {
    expect(await run(3)).toEqual(await run(3));
    expect(await run(3)).not.toEqual(await run(4));
  });
});

test("a seed gives the trials that were written down, as in every engine", async () => {
  expect(await lastTrial()).toEqual(LAST_TRIAL);
});

test("the Bayesian sampler goes to the better branch, and searches there", async () => {
  const space = { k: conditional({ bad: { x: uniform(0, 1) }, good: { y: uniform(0, 1), z: choice(["p", "q"]) } }) };
  const study = await openStudy({ space, seed: 2 });
  const history = await study.trials(60, {
    objective: ({ values: { k } }) => (k.kind === "bad" ? 2 + k.x : (k.y - 0.7) ** 2 + (k.z === "q" ? 0 : 0.3)),
  });
  const late = history.slice(30).map(({ values }) => values.k);
  expect(late.filter(({ kind }) => kind === "good").length).toBeGreaterThan(20);
  expect(study.best?.value).toBeLessThan(0.01);
});
