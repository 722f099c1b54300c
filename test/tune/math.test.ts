// The float64 functions of searches, which use no function of Math that engines round differently.
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exp, log, normalAt, normalBelow, normalBetween } from "../../src/tune/math.ts";
import golden from "../golden/tune.json" with { type: "json" };
import { numbers } from "../random.ts";

const EPSILON = 2 ** -52;

test("exp and log are those of Math to two ulps", () => {
  const next = numbers(1);
  for (let i = 0; i < 20_000; i++) {
    const x = (next() - 0.5) * (i % 2 ? 1400 : 4);
    expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(2 * EPSILON);
    const y = Math.exp(x);
    expect(Math.abs(log(y) - Math.log(y))).toBeLessThanOrEqual(2 * EPSILON * Math.abs(Math.log(y)));
  }
  expect([exp(0), exp(-1000), exp(1000), log(1), log(0)]).toEqual([1, 0, Infinity, 0, -Infinity]);
  expect([log(-1), exp(Number.NaN)]).toEqual([Number.NaN, Number.NaN]);
});

test("the normal distribution is Python's", () => {
  for (const [x, below] of golden.normal) expect(Math.abs(normalBelow(x) / below - 1)).toBeLessThan(1e-13);
});

test("shares between two numbers are not lost in a tail, and places are those of shares", () => {
  expect(Math.abs(normalBetween(8, 9) / normalBetween(-9, -8) - 1)).toBeLessThan(1e-15);
  for (const share of [0, 0.1, 0.5, 0.999]) {
    const x = normalAt(share, -2, 0.5);
    expect(normalBetween(-2, x) / normalBetween(-2, 0.5)).toBeCloseTo(share, 13);
  }
});

test("no function of Math is used that engines round in their own way", () => {
  const files = globSync("src/tune/*.ts");
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const code = readFileSync(file, "utf8").replace(/\/\*\*[\s\S]*?\*\//g, ""); // but for examples
    const found = code.match(/Math\.(exp|log|pow|sin|cos|tan|cbrt|hypot)\w*\(|(?<!\b2 )\*\*/g) ?? [];
    expect({ file, found }).toEqual({ file, found: [] });
  }
});
