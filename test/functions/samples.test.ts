// Every function of simdgrad/functions has golden values, and a sample that uses them: so it is tested as ops are (test/ops).
import { expect, test } from "vitest";
import * as functions from "../../src/functions/index.ts";
import { goldenEntries } from "../golden.ts";
import { functionSamples, ownSamples } from "../ops/functions.ts";

const used = [...Object.values(functionSamples), ...Object.values(ownSamples)].flatMap((list) =>
  list.map(({ golden }) => golden),
);

/** Entries of another name than their function. */
const others: Readonly<Record<string, string>> = { takeAlongAxis: "take", scatterAddAlongAxis: "add" };

test.each(Object.keys(functions))("%s has a golden entry", (name) => {
  const entries = ["functions", "along", "convolution", "pooling"].flatMap(goldenEntries);
  expect(entries.map((entry) => entry.split(" ")[0])).toContain(others[name] ?? name);
});

test("every golden entry is used", () => {
  expect(goldenEntries("functions").filter((entry) => !used.includes(`functions/${entry}`))).toEqual([]);
});
