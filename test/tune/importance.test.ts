// Importances: those of functions that are known, and Optuna's of the same trials.
import { expect, test } from "vitest";
import {
  choice,
  conditional,
  importance,
  importanceSvg,
  integer,
  logUniform,
  memoryStorage,
  openStudy,
  parallelCoordinates,
  parallelCoordinatesSvg,
  random,
  type Searched,
  uniform,
} from "../../src/tune/index.ts";
import golden from "../golden/tune.json" with { type: "json" };

const found = (study: Searched, options = {}) =>
  Object.fromEntries(importance(study, options).map(({ path, importance: part }) => [path, part]));

test("the parts of a sum are those of its terms' variances", async () => {
  const space = {
    a: uniform(0, 1),
    b: logUniform(0.01, 1),
    c: integer(1, 4),
    d: choice(["x", "y", "z"]),
    e: uniform(0, 1),
  };
  const study = await openStudy({ space, sampler: random(), seed: 1 });
  const extra = { x: 0.6, y: 0, z: 0.6 };
  await study.trials(600, {
    objective: ({ values: { a, b, c, d } }) => 2 * a + Math.log10(b) / 2 + 0.3 * c + extra[d],
  });
  // 4 / 12, 1 / 12, 0.09 * 15 / 12, 0.36 * 2 / 9 and 0.
  const variances = { a: 4 / 12, b: 1 / 12, c: (0.09 * 15) / 12, d: (0.36 * 2) / 9, e: 0 };
  const all = Object.values(variances).reduce((sum, each) => sum + each);
  const parts = found(study);
  // Trees of 600 trials take noise for interactions: 0.05 of the whole.
  for (const [path, variance] of Object.entries(variances))
    expect(Math.abs(parts[path] - variance / all)).toBeLessThan(0.05);
  expect(Object.values(parts).reduce((sum, each) => sum + each)).toBeLessThanOrEqual(1);
});

test("what parameters make only together is in none", async () => {
  const study = await openStudy({ space: { a: choice([0, 1]), b: choice([0, 1]) }, sampler: random() });
  await study.trials(200, { objective: ({ values: { a, b } }) => (a === b ? 1 : 0) });
  // The two are as frequent as chance has them.
  expect(Object.values(found(study)).every((part) => part < 0.03)).toBe(true);
});

test("they are Optuna's of the same trials", async () => {
  const space = { a: uniform(0, 1), b: uniform(0, 1), c: uniform(0, 1), d: integer(1, 4) };
  const rows = golden.importances.trials as [number, number, number, number, number][];
  const history = rows.map(([a, b, c, d, value], number) => {
    const values = { a, b, c, d };
    const nothing = { reports: [], error: undefined, artifact: undefined };
    return { number, state: "complete" as const, values, parameters: values, value, ...nothing };
  });
  const parts = found({ space, mode: "min", history });
  const sum = Object.values(parts).reduce((total, each) => total + each);
  // Another forest of 64 trees, of other samples. Optuna's add up to 1.
  for (const [path, theirs] of Object.entries(golden.importances.importances))
    expect(Math.abs(parts[path] / sum - theirs)).toBeLessThan(0.03);
});

test("a branch counts where it decides", async () => {
  const space = { k: conditional({ good: { x: uniform(0, 1) }, bad: { y: uniform(0, 1) } }) };
  const study = await openStudy({ space, sampler: random() });
  await study.trials(100, { objective: ({ values: { k } }) => (k.kind === "good" ? 0.1 * k.x : 1 + 0.1 * k.y) });
  const [first] = importance(study);
  expect(first.path).toBe("k");
  expect(first.importance).toBeGreaterThan(0.9);
});

test("one seed gives one forest; trials that are no help are told", async () => {
  const study = await openStudy({ space: { a: uniform(0, 1), b: uniform(0, 1) }, storage: memoryStorage() });
  const wanted = "importance: it takes two complete trials with different values";
  expect(() => importance(study)).toThrow(wanted);
  await study.trials(5, { objective: () => 1 });
  expect(() => importance(study)).toThrow(wanted);
  await study.trials(30, { objective: ({ values }) => values.a });
  expect(importance(study, { seed: 3 })).toEqual(importance(study, { seed: 3 }));
  expect(importance(study, { seed: 3 })).not.toEqual(importance(study, { seed: 4 }));
  expect(() => importance(undefined as never)).toThrow("importance: study must be a study, such as openStudy() gives");
  expect(() => importance(study, { trees: 0 })).toThrow("importance: trees must be a whole number");
});

test.each([2 ** 530, 2 ** 1000, 2 ** -570, 2 ** -1000])(
  "values times %d have the same importances, to the last bit",
  async (factor) => {
    const space = { a: uniform(0, 1), b: uniform(0, 1) };
    const of = async (scale: number) => {
      const study = await openStudy({ space, sampler: random() });
      await study.trials(60, { objective: ({ values: { a, b } }) => (3 * a + b) * scale });
      expect(importanceSvg(study)).not.toContain("NaN");
      return found(study);
    };
    expect(await of(factor)).toEqual(await of(1));
  },
);

test("values at an infinite distance have places and importances", async () => {
  const study = await openStudy({ space: { a: uniform(0, 1) }, sampler: random() });
  await study.trials(30, { objective: ({ values: { a } }) => (a < 0.5 ? -1.7e308 : 1.7e308) });
  expect(importance(study)[0].importance).toBeCloseTo(1, 9);
  const { lines } = parallelCoordinates(study);
  expect(new Set(lines.map(({ places }) => places[1]))).toEqual(new Set([0, 1]));
  expect(parallelCoordinatesSvg(study)).not.toContain("NaN");
});
