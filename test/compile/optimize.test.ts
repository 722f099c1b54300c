// Optimising changes no result: random graphs, several steps, with and without, over poisoned and over clean memory, on every
// executor; and the programs pass the verifier.
import { afterAll, describe, expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { initialise } from "../../src/evaluate.ts";
import { verifyProgram } from "../../src/program/verify-program.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { float32, oracle } from "../executors.ts";
import { disagreements, largest } from "../ops/derivatives.ts";
import { moves } from "./moving-graphs.ts";
import { type RandomGraph, randomGraph } from "./random-graphs.ts";

const STEPS = 3;

// Ten to a hundred roundings of 6e-8, on values of at most some tens: what fails by a wrong place in memory fails by far more.
const FLOAT32 = 2e-5;

/** All outputs and variables after some steps. */
async function results(executor: Executor, graph: RandomGraph, optimize: boolean): Promise<Float64Array[]> {
  const { inputs, outputs, variables, assignments } = graph;
  const program = compile(
    {
      inputs: Object.fromEntries(inputs.map(([tensor], i) => [`x${i}`, tensor])),
      outputs: Object.fromEntries(outputs.map((tensor, i) => [`y${i}`, tensor])),
      assignments,
    },
    { optimize },
  );
  verifyProgram(program);
  const id = await executor.load(program);
  await initialise(executor, variables, 0);
  for (const [i, [, data]] of inputs.entries()) await executor.write({ program: id, name: `x${i}` }, data);
  await executor.run([[id, STEPS]]).done;
  const slots = [
    ...outputs.map((_, i) => ({ program: id, name: `y${i}` })),
    ...variables.map(({ key }) => ({ variable: key })),
  ];
  const values = await Promise.all(slots.map((slot) => executor.read(slot)));
  await executor.unload(id);
  return values.map((list) => Float64Array.from(list));
}

/** What differs from the expected, by more than a part of the largest element. */
function differences(found: readonly Float64Array[], expected: readonly Float64Array[], tolerance: number): string[] {
  return expected.flatMap((values, i) =>
    disagreements(`result ${i}`, found[i], values, () => tolerance * Math.max(1, largest(values))),
  );
}

/** Seeds and sizes of random graphs. */
function seeds(sizes: readonly number[], each: number) {
  return sizes.flatMap((size, i) => Array.from({ length: each }, (_, j) => ({ seed: 1000 * i + j, size })));
}
const executors = {
  oracle: oracle({ poison: true }),
  clean: oracle(),
  ...Object.fromEntries(Object.entries(float32).map(([name, create]) => [name, create({ poison: true })])),
};
const cleanFloat32 = Object.fromEntries(Object.entries(float32).map(([name, create]) => [name, create()]));
afterAll(() =>
  Promise.all([...Object.values(executors), ...Object.values(cleanFloat32)].map((each) => each.dispose())),
);

async function checkFloat64(graph: RandomGraph): Promise<void> {
  const plain = await results(executors.oracle, graph, false);
  expect(plain.flatMap((values) => [...values]).every(Number.isFinite)).toBe(true);
  expect(differences(await results(executors.oracle, graph, true), plain, 0)).toEqual([]);
  expect(differences(await results(executors.clean, graph, true), plain, 0)).toEqual([]);
}

async function checkFloat32(graph: RandomGraph): Promise<void> {
  const exact = await results(executors.oracle, graph, true);
  for (const name of Object.keys(float32)) {
    const optimized = await results(executors[name as "oracle"], graph, true);
    expect(differences(optimized, exact, FLOAT32)).toEqual([]);
    expect(differences(await results(executors[name as "oracle"], graph, false), exact, FLOAT32)).toEqual([]);
    expect(await results(cleanFloat32[name], graph, true)).toEqual(optimized);
  }
}

describe("random graphs give the same", () => {
  const graphs = seeds([5, 12, 30, 80], 25);

  test.each(graphs)("in Float64, to the bit: seed $seed, $size ops", ({ seed, size }) =>
    checkFloat64(randomGraph(seed, size)),
  );

  test.each(graphs.filter(({ seed }) => seed % 2 === 0))(
    "in Float32 on every executor, poisoned or not: seed $seed, $size ops",
    ({ seed, size }) => checkFloat32(randomGraph(seed, size)),
  );
});

describe("random graphs of moves give the same", () => {
  test.each(seeds([4, 9, 18, 36], 100))("seed $seed, $size ops", async ({ seed, size }) => {
    const graph = randomGraph(seed, size, moves);
    await checkFloat64(graph);
    await checkFloat32(graph);
  });
});
