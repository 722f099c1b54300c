// What TensorFlow.js saved, read and compared with what it computes.
import { expect, test } from "vitest";
import { apart, cases, floats, read, resultsOf } from "./cases.ts";

test.each(cases)("$name", async (each) => {
  const results = await resultsOf(read(each), each.inputs);
  expect(results.map(({ shape }) => shape)).toEqual(each.outputs.map(({ shape }) => shape));
  for (const [i, output] of each.outputs.entries())
    expect(apart(floats(results[i]), floats(output))).toBeLessThan(1e-5);
});
