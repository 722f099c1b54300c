// The profiler times what a program does and changes nothing of what it computes; the drawing of the arena finds what lives.
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant } from "../../src/create.ts";
import { evaluationContext, variables } from "../../src/nn/module.ts";
import { LSTM } from "../../src/nn/recurrent.ts";
import { scan } from "../../src/ops/loop.ts";
import { memory } from "../../src/program/memory-map.ts";
import { formatProfile, profile } from "../../src/runtime/profile.ts";
import { Variable } from "../../src/variable.ts";
import { programs } from "../budget-programs.ts";

const x = new Variable([64, 64], 0, { label: "x" });

describe("profile", () => {
  test.each(["portable", "js"] as const)("gives shares, work and labels (%s)", async (build) => {
    const rows = await profile(compile({ outputs: { y: x.matmul(x).softmax() } }), { build, steps: 3 });
    expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(rows.map(({ flops }) => flops).filter((flops) => flops > 0)).toEqual([2 * 64 ** 3]);
    expect(rows.every(({ bytes, label }) => bytes > 0 && label !== "")).toBe(true);
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
    expect(formatProfile(rows).split("\n")).toHaveLength(rows.length + 1);
  });

  test.each([1, 3, 7])("counts what a loop repeats, and no more: %i steps", async (length) => {
    const { carries } = scan(([h]) => ({ carries: [h.matmul(x).tanh()], outputs: [] }), [x], [], { length });
    const rows = await profile(compile({ outputs: { y: carries[0].matmul(x) } }), { build: "js", steps: 1 });
    expect(rows.reduce((sum, { flops }) => sum + flops, 0)).toBe((length + 1) * 2 * 64 ** 3);
  });

  test("finds no product of an LSTM's step computed again for its gradient", async () => {
    const [layer, sequence] = [new LSTM(8, 16), constant(new Float32Array(5 * 3 * 8).fill(0.5)).reshape([5, 3, 8])];
    const slopes = grad(layer.forward(sequence, evaluationContext()).square().sum(), [...variables(layer).values()]);
    const rows = await profile(compile({ outputs: Object.fromEntries(slopes.entries()) }), { build: "js", steps: 1 });
    // Of 5 x 3 rows and 64 gates: x and h forward, both weights, and h backward.
    const flops = 2 * 15 * 64 * (8 + 16 + 8 + 16 + 16);
    expect(rows.reduce((sum, row) => sum + row.flops, 0)).toBe(flops);
  });

  test("takes the values it is given", async () => {
    const asked: string[] = [];
    const read = (key: string) => {
      asked.push(key);
      return new Float32Array(64 * 64).fill(1);
    };
    await profile(compile({ outputs: { y: x.sum() } }), { build: "js", steps: 1, read });
    expect(asked).toEqual([x.key]);
  });
});

describe("memory", () => {
  test("is near the lower bound and never below it for the budgeted programs", () => {
    for (const [name, make] of Object.entries(programs)) {
      const { ratio } = memory(make());
      expect(ratio, name).toBeGreaterThanOrEqual(1);
      expect(ratio, name).toBeLessThanOrEqual(1.15);
    }
  });

  test("has nothing to draw without an arena", () => {
    expect(memory(compile({ outputs: { y: constant([1, 2]).exp() } }))).toMatchObject({ arenaWords: 0, ratio: 1 });
  });
});
