// Every layer, activation and loss: values, gradients and gradients of gradients on Wasm against Float64, those against differences, the
// bits of any number of threads and of the portable build. What came of it is the table in docs/layers.md: UPDATE_DOCS=1 writes it.
import { afterAll, describe, expect, test } from "vitest";
import { MAP } from "../../assembly/isa/opcode.ts";
import { constant } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import * as nn from "../../src/nn/index.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import type { Executor, TypedArray } from "../../src/runtime/executor.ts";
import { chunksOf } from "../../src/runtime/wasm/work.ts";
import { blocksOf, updateBlocks } from "../docs/blocks.ts";
import { table as markdown } from "../docs/tables.ts";
import { oracle } from "../executors.ts";
import { disagreements, largest } from "../ops/derivatives.ts";
import { LAYER_HASHES } from "../portable/expected-layers.ts";
import { hashOf } from "../portable/train.ts";
import { teamOf } from "../team.ts";
import { type Name, names, type Programs, programsOf, resultsOn, type Sample, sampleOf, table } from "./every-layer.ts";

// Float32 rounds at 6e-8. The longest chains here (a gradient of a gradient of a transformer) are some thirty roundings of numbers as
// large as the largest that takes part: 2e-6.
const FLOAT32 = 2e-6;

/** Elements that are several chunks of any kernel. */
const SHARED = 20_000;

const DOCUMENT = "docs/layers.md";
const BLOCK = "checks";
const HEAD = ["layer", "value", "gradient", "second gradient", "bits of 1, 2, 4 and 16 threads", "portable bits"];

const reference = oracle({ poison: true });
const builds = (["relaxed", "portable"] as const).map((build) => ({
  build,
  teams: [1, 2, 4, 16].map((threads) => teamOf(threads, build)),
}));
afterAll(() => Promise.all([reference, ...builds.flatMap(({ teams }) => teams)].map((each) => each.dispose())));

type Results = Readonly<Record<string, TypedArray>>;

const startingWith = (prefix: string, results: Results) =>
  Object.entries(results).flatMap(([name, values]) => (name.startsWith(prefix) ? [values] : []));

/** How far gradients, and gradients of gradients, are from differences. */
async function errorOf({ run, inputs, parameters }: Sample): Promise<number> {
  const points = inputs.map(([{ shape }, data]) => constant(data, { shape }));
  const takes = (...given: Parameters<Sample["run"]>) => run(...given.slice(0, points.length));
  return checkGradients(takes, [...points, ...parameters], { order: 2 });
}

/** Runs programs on teams, which must give the same bits. */
async function resultsOf(teams: readonly Executor[], programs: Programs): Promise<{ results: Results; hash: string }> {
  const all: Results[] = [];
  for (const team of teams) all.push(await resultsOn(team, programs));
  const [hash, ...others] = all.map((results) => hashOf(Object.values(results)));
  expect(others).toEqual(others.map(() => hash));
  return { results: all[0], hash };
}

/** Of any instruction that computes. */
function mostChunks(code: Int32Array): number {
  let most = 0;
  for (let at = 0; at < code.length; at += lengthAt(code, at))
    if (opcodeAt(code, at) >= MAP) most = Math.max(most, chunksOf(code, at).count);
  return most;
}

/** Checks a layer; its row of the table says what held. */
async function check(name: Name): Promise<readonly string[]> {
  const sample = sampleOf(table[name]);
  const programs = programsOf(sample);
  const exact = await resultsOn(reference, programs);
  expect(startingWith("value", exact).every((values) => largest(values) > 0)).toBe(true);
  const unit = FLOAT32 * Math.max(...Object.values(exact).map(largest));
  const shared = sample.inputs.length > 0 ? programsOf(sampleOf(table[name], SHARED)) : undefined;
  if (shared) expect(mostChunks(shared.program.code)).toBeGreaterThan(2);
  for (const { build, teams } of builds) {
    const { results, hash } = await resultsOf(teams, programs);
    for (const [output, expected] of Object.entries(exact))
      expect(disagreements(`${output}, ${build}`, results[output], expected, () => unit)).toEqual([]);
    if (shared) await resultsOf(teams, shared);
    if (build === "portable") expect(hash).toBe(LAYER_HASHES[name]);
  }

  if (sample.inputs.length + sample.parameters.length === 0)
    return [name, "yes", "no input", "no input", "equal", "equal"];
  expect(startingWith("gradient", exact).some((values) => largest(values) > 0)).toBe(true);
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

/** What simdgrad/nn exports besides layers, activations and losses. */
const OTHERS = [
  "ctcBeamDecode",
  "ctcGreedyDecode",
  "evaluationContext",
  "forward",
  "fuseBatchNorm",
  "init",
  "parameters",
  "setTrainable",
  "summary",
  "trainingContext",
  "variables",
  "withOptions",
];

test("every layer, activation and loss has a row", () => {
  const without = Object.keys(nn).filter((name) => !(name in table));
  expect(without.sort()).toEqual(OTHERS);
  expect(Object.keys(LAYER_HASHES)).toEqual(names);
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
