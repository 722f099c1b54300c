// What compiling costs may grow with the graph, but only as the graph does. Times are judged with a margin of ten; `npm run
// compile-time` prints them.
import { expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import type { Program } from "../../src/compile/program.ts";
import { trainingStep } from "./compile-time.ts";

function compiled(layers: number) {
  const { nodes, ...step } = trainingStep(layers);
  const begun = performance.now();
  const program = compile(step);
  return { nodes, program, time: performance.now() - begun };
}

test("every further layer adds the same instructions and no arena but its activations", () => {
  const [a, b, c] = [4, 8, 16].map((layers) => compiled(layers));
  expect(c.nodes - b.nodes).toBe(2 * (b.nodes - a.nodes));
  // Barriers may fall differently, nothing else.
  const growth = (of: (program: Program) => number) =>
    (of(c.program) - of(b.program)) / (of(b.program) - of(a.program)) / 2;
  expect(Math.abs(growth(({ code }) => code.length) - 1)).toBeLessThan(0.05);
  expect(Math.abs(growth(({ labels }) => labels.length) - 1)).toBeLessThan(0.05);
  const activations = 8 * (8 * 16); // eight layers more, 8 x 16 each
  expect(c.program.arenaWords - b.program.arenaWords).toBeLessThanOrEqual(2 * activations);
});

test("a step of 5,000 nodes compiles in seconds at worst, one of 25,000 in proportion", () => {
  const small = compiled(68);
  expect(small.nodes).toBeGreaterThan(4900);
  expect(small.time).toBeLessThan(2000);
  const large = compiled(340);
  expect(large.time / large.nodes).toBeLessThan(10 * (small.time / small.nodes));
});
