// Every layer, activation and loss, and layers with options, as ONNX files: run by ONNX Runtime for batches of 1 and 7, and read again.
import { afterAll, describe, expect, test } from "vitest";
import { evaluationContext } from "../../../src/nn/module.ts";
import { contexts, names } from "../../nn/every-layer.ts";
import { type Case, compare, complaints, hasChecker, keep } from "./compare.ts";
import { caseOf, OF_ONE_BATCH, RANDOM } from "./every-layer.ts";
import { layerCases } from "./layers.ts";

const isAll = process.env.ONNX_ALL === "1";
contexts.make = evaluationContext;

// Float32 rounds at 6e-8, and both sum in their own order.
const ELSEWHERE = 1e-5;
const AGAIN = 1e-6;

async function check(name: string, of: Case, batches: readonly number[]): Promise<void> {
  const { bytes, isSomething, elsewhere, again } = await compare(of, batches);
  expect(isSomething).toBe(true);
  if (isAll) keep(name, bytes);
  expect(elsewhere).toBeLessThan(ELSEWHERE);
  expect(again).toBeLessThan(AGAIN);
}

/** All, or every so-many-th. */
const some = <T>(list: readonly T[], each: number) => list.filter((_, i) => isAll || i % each === 0);

describe("every layer is the same elsewhere, and read again", () => {
  test.each(some(names, 10))("%s", async (name) => {
    if (RANDOM.includes(name)) return expect(() => caseOf(name, "batch")).toThrow("key(): random numbers");
    if (!OF_ONE_BATCH.includes(name)) return check(name, caseOf(name, "batch"), [1, 7]);
    await expect(compare(caseOf(name, "batch"), [1])).rejects.toThrow(/other numbers for every batch/);
    for (const batch of [1, 7]) await check(`${name} ${batch}`, caseOf(name, batch), [batch]);
  });
});

describe("layers with options are the same elsewhere, and read again", () => {
  const cases = Object.entries(layerCases);
  test.each(some(cases, 5))("%s", async (name, make) => {
    await check(name, make(), [1, 7]);
    if (/norm/i.test(name)) await check(`${name}, folded`, { ...make(), options: { batchNorm: "fold" } }, [1, 7]);
  });
});

afterAll(() => {
  if (!isAll) return;
  if (hasChecker()) expect(complaints()).toEqual([]);
  else console.log("ONNX's own checker (python3-onnx) is not installed: files were not checked by it");
});
