// ONNX's own test models: which of them are right is written down in coverage.md, with a reason for each that is not. A sample in
// `npm test`; all of them by `npm run test:onnx`, which writes the document with UPDATE_DOCS=1.
import { describe, expect, test } from "vitest";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import { blocksOf, updateBlocks } from "../docs/blocks.ts";
import { table } from "../docs/tables.ts";
import { reasonOf } from "./outcome.ts";
import { type Example, examplesOf, SETS, testdata, WITHOUT } from "./testdata.ts";

const DOCUMENT = "test/onnx/coverage.md";

/** How many models of a set must be right, of how many. */
const bars: Readonly<Record<(typeof SETS)[number], { readonly all: number; readonly least: number }>> = {
  node: { all: 788, least: 720 },
  "pytorch-converted": { all: 82, least: 82 },
  "pytorch-operator": { all: 30, least: 30 },
};

/** Of how many models one is in the sample. */
const STRIDE = process.env.ONNX_ALL === "1" ? 1 : 12;

/** Reasons of models that are not right, as they are written down. */
const written = new Map(
  [...(blocksOf(DOCUMENT).get("reasons") ?? "").matchAll(/^\| `(.+?)` \| (.+) \|$/gm)].map(([, name, reason]) => [
    name,
    reason.replaceAll("\\|", "|"),
  ]),
);

function pathOf({ set, name }: Example): string {
  return `${set}/${name}`;
}

test("is written down for as many models as are asked for", () => {
  for (const [set, { all, least }] of Object.entries(bars)) {
    const wrong = [...written.keys()].filter((path) => path.startsWith(`${set}/`));
    expect(all - wrong.length, set).toBeGreaterThanOrEqual(least);
  }
});

describe.skipIf(testdata === undefined)(
  testdata === undefined ? WITHOUT : "models are as they are written down",
  () => {
    test("of each set", { timeout: 240_000 }, async () => {
      const executor = new WasmExecutor({ build: "portable" });
      const reasons = new Map<string, string>();
      const counts: string[][] = [];
      const sample: string[] = [];
      for (const set of SETS) {
        const examples = examplesOf(set);
        expect(examples.length, set).toBe(bars[set].all);
        const chosen = examples.filter((_, i) => i % STRIDE === 0);
        let right = 0;
        for (const example of chosen) {
          sample.push(pathOf(example));
          const reason = await reasonOf(example, executor);
          if (reason === undefined) right++;
          else reasons.set(pathOf(example), reason.replaceAll(/\s+/g, " "));
        }
        counts.push([set, `${chosen.length}`, `${right}`]);
      }
      await executor.dispose();
      const listed = new Map([...written].filter(([path]) => sample.includes(path)));
      if (STRIDE > 1) {
        expect(Object.fromEntries(reasons)).toEqual(Object.fromEntries(listed));
        return;
      }
      const fresh = new Map([
        ["counts", table(["set", "models", "right"], counts)],
        [
          "reasons",
          table(
            ["model", "reason"],
            [...reasons].map(([path, reason]) => [`\`${path}\``, reason]),
          ),
        ],
      ]);
      console.log(counts.map(([set, all, right]) => `${set}: ${right} of ${all} right`).join("\n"));
      if (process.env.UPDATE_DOCS === "1") updateBlocks(DOCUMENT, fresh);
      for (const [set, , right] of counts)
        expect(Number(right), set).toBeGreaterThanOrEqual(bars[set as keyof typeof bars].least);
      expect(Object.fromEntries(blocksOf(DOCUMENT))).toEqual(Object.fromEntries(fresh));
    });
  },
);
