// Resizing by factors that are no whole numbers: which element is nearest is decided in float32, as in PyTorch.
import { expect, test } from "vitest";
import { constant } from "../../src/create.ts";
import { evaluate } from "../../src/evaluate.ts";
import { interpolate } from "../../src/functions/resize.ts";

// torch.nn.functional.interpolate of arange(length), torch 1.13: which element stands at a place.
test.each([
  ["nearest", 13, 3.7, 37, 10],
  ["nearest", 31, 1.3, 39, 30],
  ["nearest", 64, 1.3, 65, 50],
  ["nearest-exact", 7, 3.7, 18, 5],
  ["nearest-exact", 17, 1.3, 19, 15],
] as const)("%s of %s elements by %s: place %s has element %s", async (mode, length, scaleFactor, place, element) => {
  const x = constant(
    Float32Array.from({ length }, (_, i) => i),
    { shape: [1, 1, length] },
  );
  expect((await evaluate(interpolate(x, { scaleFactor, mode })))[place]).toBe(element);
});
