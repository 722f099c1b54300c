// ONNX's own test models: which of them are right is written down in coverage.md, with a reason for each that is not. UPDATE_DOCS=1 writes
// it.
import { describe, expect, test } from "vitest";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import { blocksOf, updateBlocks } from "../docs/blocks.ts";
import { table } from "../docs/tables.ts";
import { reasonOf } from "./outcome.ts";
import { examplesOf, SETS, testdata, WITHOUT } from "./testdata.ts";

const DOCUMENT = "test/onnx/coverage.md";

/** How many models of a set must be right, of how many. */
const bars: Readonly<Record<(typeof SETS)[number], { readonly all: number; readonly least: number }>> = {
  node: { all: 788, least: 720 },
  "pytorch-converted": { all: 82, least: 82 },
  "pytorch-operator": { all: 30, least: 30 },
};

test("as many models are right as are asked for", () => {
  const rows = (blocksOf(DOCUMENT).get("counts") ?? "").matchAll(/^\| ([\w-]+) \| (\d+) \| (\d+) \|$/gm);
  const counts = Object.fromEntries([...rows].map(([, set, all, right]) => [set, [Number(all), Number(right)]]));
  for (const [set, { all, least }] of Object.entries(bars)) {
    expect(counts[set]?.[0], set).toBe(all);
    expect(counts[set]?.[1], set).toBeGreaterThanOrEqual(least);
  }
});

describe.skipIf(testdata === undefined)(
  testdata === undefined ? WITHOUT : "models are as they are written down",
  () => {
    test("of each set", { timeout: 240_000 }, async () => {
      const executor = new WasmExecutor({ build: "portable" });
      const reasons = new Map<string, string>();
      const counts: string[][] = [];
      for (const set of SETS) {
        const examples = examplesOf(set);
        expect(examples.length, set).toBe(bars[set].all);
        let right = 0;
        for (const example of examples) {
          const reason = await reasonOf(example, executor);
          if (reason === undefined) right++;
          else reasons.set(`\`${set}/${example.name}\``, reason.replaceAll(/\s+/g, " "));
        }
        counts.push([set, `${examples.length}`, `${right}`]);
      }
      await executor.dispose();
      console.log(counts.map(([set, all, right]) => `${set}: ${right} of ${all} right`).join("\n"));
      const fresh = new Map([
        ["counts", table(["set", "models", "right"], counts)],
        ["reasons", table(["model", "reason"], [...reasons])],
      ]);
      if (process.env.UPDATE_DOCS === "1") updateBlocks(DOCUMENT, fresh);
      expect(Object.fromEntries(blocksOf(DOCUMENT))).toEqual(Object.fromEntries(fresh));
    });
  },
);
