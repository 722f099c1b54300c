// Searches of functions that are known: what is reached, against chance and against Optuna. docs/tuning.md holds the table: UPDATE_DOCS=1 writes it.
import { describe, expect, test } from "vitest";
import { budgets, names, search } from "../../bench/tune/functions.ts";
import { blocksOf, updateBlocks } from "../docs/blocks.ts";
import { table } from "../docs/tables.ts";

const found = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await search(name)] as const)));

const DOCUMENT = "docs/tuning.md";
const BLOCK = "searches";

describe.each(names)("of %s", (name) => {
  const { "`random()`": chance, "`bayesian()`": ours, ...optuna } = found[name];

  test("40 trials reach what 100 by chance do", () => {
    expect(ours[40]).toBeLessThanOrEqual(chance[100]);
  });

  test.each(Object.keys(optuna))("40, 60, 80 and 100 trials come as near as those of %s, or by a tenth", (way) => {
    for (const budget of [40, 60, 80, 100])
      expect({ budget, ratio: ours[budget] / optuna[way][budget] }).toEqual({
        budget,
        ratio: expect.toSatisfy((ratio) => ratio <= 1.1),
      });
  });
});

test("the document says what was reached", () => {
  const rows = names.flatMap((name) =>
    Object.entries(found[name]).map(([way, regrets]) => [
      name,
      way,
      ...budgets.map((budget) => regrets[budget].toPrecision(2)),
    ]),
  );
  const fresh = table(["function", "search", ...budgets.map((budget) => `${budget} trials`)], rows);
  if (process.env.UPDATE_DOCS === "1") updateBlocks(DOCUMENT, new Map([[BLOCK, fresh]]));
  expect(blocksOf(DOCUMENT).get(BLOCK)).toBe(fresh);
});
