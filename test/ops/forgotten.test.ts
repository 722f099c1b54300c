// What an op forgets is a type error (`tsc -p test` fails where an error that is expected here does not come), or fails here by name.
import { globSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { constant, input } from "../../src/create.ts";
import { topological } from "../../src/graph.ts";
import { nondifferentiable, type Op } from "../../src/op.ts";
import { ops } from "../../src/ops/index.ts";
import { concat, permute } from "../../src/ops/movement.ts";
import { STEPS } from "../../src/program/map-steps.ts";
import { apply } from "../../src/tensor.ts";
import { goldenCases, goldenEntries } from "../golden.ts";
import { samples } from "./samples.ts";

const rules = { name: "shifted", vjp: nondifferentiable, lowering: { kind: "view" } } as const;

test("an op with attributes must say which are equal, or nodes that differ would be merged", () => {
  // @ts-expect-error: it has no key
  const forgotten: Op<{ readonly by: number }> = { ...rules, infer: ([aval]) => aval };
  const said: Op<{ readonly by: number }> = { ...rules, infer: ([aval]) => aval, key: ({ by }) => `${by}` };
  const plain: Op<undefined> = { ...rules, infer: ([aval]) => aval };
  expect([forgotten.key, said.key?.({ by: 2 }), plain.key]).toEqual([undefined, "2", undefined]);
});

test("an op is applied with its attributes, and with no others", () => {
  const x = constant([[1, 2]]);
  // @ts-expect-error: it has no attributes
  expect(() => apply(concat, [x, x])).toThrow();
  // @ts-expect-error: an axis is no order
  expect(() => apply(permute, [x], { axis: 0 })).toThrow();
  expect(apply(permute, [x], { order: [1, 0] }).shape).toEqual([2, 1]);
});

test("a step reads as many registers as its op has inputs", () => {
  for (const { golden, build } of Object.values(samples).flat())
    for (const { inputs } of goldenCases(golden))
      for (const node of topological([build(...inputs.map(({ shape, dtype }) => input(shape, dtype)))])) {
        const { lowering, name } = node.op;
        if (lowering.kind === "map")
          expect({ [name]: STEPS[lowering.code(node.inputs, node)].sources }).toEqual({ [name]: node.inputs.length });
      }
});

const files = globSync("src/ops/*.ts").map((path) => basename(path, ".ts"));

test.each(files)("every op that src/ops/%s.ts exports is in the table of all ops", async (file) => {
  const exported: Readonly<Record<string, unknown>> = await import(`../../src/ops/${file}.ts`);
  const known = new Set<unknown>(Object.values(ops));
  const isOp = (each: unknown) => typeof each === "object" && each !== null && "infer" in each && "vjp" in each;
  expect(Object.keys(exported).filter((name) => isOp(exported[name]) && !known.has(exported[name]))).toEqual([]);
});

test.each(["along", "pooling"])("every golden entry of %s is used", (family) => {
  const used = Object.values(samples).flatMap((list) => list.map(({ golden }) => golden));
  const entries = goldenEntries(family).map((entry) => `${family}/${entry}`);
  expect(entries.filter((entry) => !used.includes(entry))).toEqual([]);
});
