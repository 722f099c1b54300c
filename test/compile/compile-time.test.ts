// What compiling makes may grow with the graph, but only as the graph does. How long it takes is printed by `npm run compile-time`.
import { expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import type { Program } from "../../src/program/program.ts";
import { costOf } from "../budget-programs.ts";
import { trainingStep } from "./compile-time.ts";

function compiled(layers: number) {
  const { nodes, ...step } = trainingStep(layers);
  return { nodes, program: compile(step) };
}

test("every further layer adds the same instructions and no arena but its activations", () => {
  const [a, b, c] = [4, 8, 16].map((layers) => compiled(layers));
  expect(c.nodes - b.nodes).toBe(2 * (b.nodes - a.nodes));
  // Barriers may fall differently, nothing else.
  const growth = (of: (program: Program) => number) =>
    (of(c.program) - of(b.program)) / (of(b.program) - of(a.program)) / 2;
  expect(growth((program) => program.code.length - costOf(program).barriers)).toBe(1);
  expect(growth((program) => costOf(program).instructions)).toBe(1);
  const activations = 8 * (8 * 16); // eight layers more, 8 x 16 each
  expect(c.program.arenaWords - b.program.arenaWords).toBeLessThanOrEqual(2 * activations);
});
