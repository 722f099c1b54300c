// Every layer and every activation: values, gradients and gradients of gradients on Wasm against Float64, those against differences, the
// bits of any number of threads and of the portable build. What came of it is the table in docs/layers.md: UPDATE_DOCS=1 writes it.
import { afterAll, describe, expect, test } from "vitest";
import { constant } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import * as functional from "../../src/nn/functional.ts";
import * as nn from "../../src/nn/index.ts";
import type { TypedArray } from "../../src/runtime/executor.ts";
import { blocksOf, updateBlocks } from "../docs/blocks.ts";
import { table as markdown } from "../docs/tables.ts";
import { float32, oracle } from "../executors.ts";
import { disagreements, largest } from "../ops/derivatives.ts";
import { LAYER_HASHES } from "../portable/expected-layers.ts";
import { hashOf } from "../portable/train.ts";
import { teamOf } from "../team.ts";
import { type Name, names, programsOf, resultsOn, type Sample, sampleOf, table } from "./every-layer.ts";

// Float32 rounds at 6e-8. The longest chains here (a gradient of a gradient of a transformer) are some thirty roundings of numbers as
// large as the largest that takes part: 2e-6.
const FLOAT32 = 2e-6;

const DOCUMENT = "docs/layers.md";
const BLOCK = "checks";
const HEAD = ["layer", "value", "gradient", "second gradient", "bits of 1, 2 and 4 threads", "portable bits"];

const reference = oracle({ poison: true });
const wasm = ["wasm-relaxed", "wasm-portable"].map((build) => [build, float32[build]({ poison: true })] as const);
const teams = [1, 2, 4].map((threads) => teamOf(threads, "relaxed"));
afterAll(() => Promise.all([reference, ...wasm.map(([, each]) => each), ...teams].map((each) => each.dispose())));

type Results = Readonly<Record<string, TypedArray>>;

const startingWith = (prefix: string, results: Results) =>
  Object.entries(results).flatMap(([name, values]) => (name.startsWith(prefix) ? [values] : []));

/** How far gradients, and gradients of gradients, are from differences. */
async function errorOf({ run, inputs, parameters }: Sample): Promise<number> {
  const points = inputs.map(([{ shape }, data]) => constant(data, { shape }));
  const takes = (...given: Parameters<Sample["run"]>) => run(...given.slice(0, points.length));
  return checkGradients(takes, [...points, ...parameters], { order: 2 });
}

/** Checks a layer; its row of the table says what held. */
async function check(name: Name): Promise<readonly string[]> {
  const sample = sampleOf(table[name]);
  const programs = programsOf(sample);
  const exact = await resultsOn(reference, programs);
  expect(startingWith("value", exact).every((values) => largest(values) > 0)).toBe(true);
  const unit = FLOAT32 * Math.max(...Object.values(exact).map(largest));
  const bits: Record<string, string> = {};
  for (const [build, executor] of wasm) {
    const results = await resultsOn(executor, programs);
    bits[build] = hashOf(Object.values(results));
    for (const [output, expected] of Object.entries(exact))
      expect(disagreements(`${output} on ${build}`, results[output], expected, () => unit)).toEqual([]);
  }
  for (const team of teams) expect(hashOf(Object.values(await resultsOn(team, programs)))).toBe(bits["wasm-relaxed"]);
  expect(bits["wasm-portable"]).toBe(LAYER_HASHES[name]);

  if (sample.inputs.length + sample.parameters.length === 0)
    return [name, "yes", "no input", "no input", "equal", "equal"];
  expect(await errorOf(sample)).toBeLessThan(1e-6);
  const kind = table[name].piecewise ? "piecewise" : "yes";
  const isZero = startingWith("second", exact).every((values) => largest(values) === 0);
  return [name, "yes", kind, isZero ? "zero" : kind, "equal", "equal"];
}

const checks = new Map<Name, Promise<readonly string[]>>();

function checked(name: Name): Promise<readonly string[]> {
  const row = checks.get(name) ?? check(name);
  checks.set(name, row);
  return row;
}

test("every layer and every activation has a row", () => {
  const isClass = (value: unknown) => typeof value === "function" && /^class\b/.test(`${value}`);
  const classes = Object.entries(nn).flatMap(([name, value]) => (isClass(value) ? [name] : []));
  expect(classes.length).toBeGreaterThan(50);
  expect([...classes, ...Object.keys(functional)].filter((name) => !(name in table))).toEqual([]);
});

describe("is right, and has the same bits everywhere", () => {
  test.each(names)("%s", async (name) => {
    await checked(name);
  });
});

test("the table in the document says so", async () => {
  const rows = await Promise.all(names.map(checked));
  const fresh = markdown(
    HEAD,
    rows.map(([name, ...cells]) => [`\`${name}\``, ...cells]),
  );
  if (process.env.UPDATE_DOCS === "1") updateBlocks(DOCUMENT, new Map([[BLOCK, fresh]]));
  expect(blocksOf(DOCUMENT).get(BLOCK)).toBe(fresh);
});
