// The audit's own judgement, without PyTorch: what is wrong must be told, or the audit passes whatever the kernels compute.
import { afterAll, describe, expect, test } from "vitest";
import type { TypedArray } from "../../src/runtime/executor.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import { type Allowance, composed, EXACT, ulp, within } from "./bounds.ts";
import { type Case, drawCase, outputNames, requestOf } from "./cases.ts";
import { check, refusal } from "./check.ts";
import { judge } from "./compare.ts";
import { measure } from "./measure.ts";
import type { Answer } from "./reference.ts";
import { Report } from "./report.ts";
import { subjects } from "./subjects/index.ts";

const inf = Number.POSITIVE_INFINITY;

function allowance(part: Partial<Allowance> = {}): Allowance {
  return { bound: EXACT, moved: 0, single: 0, double: 0, scale: 0, precision: "float32", ...part };
}

describe("one element", () => {
  test.each([
    ["a number for NaN", 1, Number.NaN, "no NaN"],
    ["NaN for a number", Number.NaN, 1, "NaN"],
    ["NaN for infinity", Number.NaN, inf, "NaN"],
    ["infinity of the other sign", -inf, inf, "other sign"],
    ["a number for infinity", 3e38, inf, "finite"],
    ["infinity for a number", inf, 1, "infinite"],
    ["infinity of the other sign for what overflows", -inf, 1e39, "infinite"],
    ["a number two ulps off", 1 + 2 ** -22, 1, "far"],
    ["the other sign", -1, 1, "far"],
    ["0 for the smallest number", 0, 2 ** -149, "far"],
  ])("%s is a fault, however wide the bound", (_, got, expected, fault) => {
    expect(judge(got, expected, allowance()).fault).toBe(fault);
    const wide = allowance({ bound: within(1e6), moved: 1e30 });
    if (fault !== "far") expect(judge(got, expected, wide).fault).toBe(fault);
  });

  test.each([
    ["NaN for NaN", Number.NaN, Number.NaN],
    ["infinity for infinity", -inf, -inf],
    ["infinity for what is beyond float32", inf, 1e39],
    ["the nearest float32", Math.fround(0.1), 0.1],
    ["the other zero", -0, 0],
  ])("%s is well", (_, got, expected) => {
    expect(judge(got, expected, allowance()).fault).toBeUndefined();
  });

  test("the sign of zero counts where it is asked for", () => {
    expect(judge(-0, 0, allowance(), true).fault).toBe("sign of zero");
    expect(judge(-0, -0, allowance(), true).fault).toBeUndefined();
  });

  test("a bound is as wide as its terms say", () => {
    const close = allowance({ bound: composed(2), moved: ulp(1), single: ulp(1) });
    expect(judge(1 + 10 * ulp(1), 1, close).share).toBe(1);
    expect(judge(1 + 11 * ulp(1), 1, close).fault).toBe("far");
    expect(judge(1e-3, 0, allowance({ bound: { ...within(1), scale: () => 1 }, scale: 1 })).fault).toBe("far");
    expect(judge(1e-8, 0, allowance({ bound: within(1), scale: 1 })).fault).toBeUndefined();
  });

  test("Float64 is held to twelve digits", () => {
    const oracle = allowance({ precision: "float64", bound: composed(16) });
    expect(judge(1 + 9e-13, 1, oracle).fault).toBeUndefined();
    expect(judge(1 + 2e-12, 1, oracle).fault).toBe("far");
    expect(judge(inf, 1e39, oracle).fault).toBe("infinite");
  });
});

describe("a case", () => {
  const executor = new JsExecutor();
  afterAll(() => executor.dispose());
  const add = subjects.find(({ name }) => name === "elementwise/add");
  const cases = Array.from({ length: 40 }, (_, i) => add && drawCase(add, 7, i)).filter((each) => each !== undefined);
  const large = cases.find(({ mood, shape }) => mood === "plain" && shape !== undefined && shape.some((n) => n > 2));

  /** PyTorch's answer, as if it were what the executor computed, and that result with one element changed. */
  async function changed(from: Case, change: (values: TypedArray) => void) {
    const results = (await measure(from, new Map([["js", executor]]))).get("js") ?? [];
    const answer = { outputs: results.map((values) => ({ expected: [...values], moved: [...values].map(() => 0) })) };
    change(results[0]);
    return check(from, answer, new Map([["js", results]]));
  }

  test("with the right results has no failures, and all elements are compared", async () => {
    if (large === undefined) throw new Error("no case is large enough");
    const { failures, comparisons } = await changed(large, () => undefined);
    expect(failures).toEqual([]);
    expect(comparisons).toBeGreaterThan(3 * (large.weights ?? []).length);
  });

  test.each([
    ["a wrong value", 1.5, "far"],
    ["a NaN", Number.NaN, "NaN"],
    ["an infinity", inf, "infinite"],
  ])("with %s fails, and is reported with its seed", async (_, value, fault) => {
    if (large === undefined) throw new Error("no case is large enough");
    const finding = await changed(large, (values) => {
      values[2] = value;
    });
    expect(finding.failures).toMatchObject([{ fault, element: 2, output: "value", executor: "js" }]);
    const report = new Report();
    report.add("elementwise/add", finding);
    expect(report.failed).toBe(true);
    expect(report.text()).toContain(`--seed 7 --only "elementwise/add" --case ${large.index}`);
  });

  test("that one of both refuses fails", () => {
    const [some] = cases;
    const throws: Answer = { throws: "RuntimeError: no" };
    expect(refusal(some, throws)?.fault).toBe("not refused");
    expect(refusal({ ...some, refused: "ShapeError: no" }, { outputs: [] })?.fault).toBe("refused");
    expect(refusal({ ...some, refused: "ShapeError: no" }, throws)).toBeUndefined();
    expect(refusal(some, { outputs: [] })).toBeUndefined();
  });
});

describe.each(subjects)("$name", (subject) => {
  test("draws the same case for the same seed, another for another", () => {
    const asked = (seed: number) => Array.from({ length: 6 }, (_, i) => requestOf(drawCase(subject, seed, i))).join();
    expect(asked(1)).toBe(asked(1));
    expect(asked(1)).not.toBe(asked(2));
  });

  test("draws cases that the library takes", () => {
    const drawn = Array.from({ length: 12 }, (_, i) => drawCase(subject, 3, i));
    expect(drawn.filter(({ refused }) => refused === undefined).length).toBeGreaterThan(6);
    for (const each of drawn) expect(outputNames(each).length).toBeGreaterThan(0);
  });
});
