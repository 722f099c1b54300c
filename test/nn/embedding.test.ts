// Embedding: its table, its padding row and what it says about bad indices; values and gradients are in layers-golden.test.ts.
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant, input } from "../../src/create.ts";
import { evaluate } from "../../src/evaluate.ts";
import { Embedding } from "../../src/nn/embedding.ts";
import { parameters } from "../../src/nn/module.ts";
import { thrown } from "../thrown.ts";

test("the table starts normal with deviation 1, its padding row at zero", async () => {
  const { weight } = new Embedding(1000, 50, { paddingIdx: -1 });
  const values = [...(await evaluate(weight))];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length - mean ** 2;
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(50_000));
  expect(Math.abs(variance - 0.999)).toBeLessThan(5 * Math.sqrt(2 / 50_000));
  expect(values.slice(-50)).toEqual(new Array(50).fill(0));
  expect([...parameters(new Embedding(3, 2)).keys()]).toEqual(["weight"]);
});

test("the padding row gets no gradient, others the sum of theirs", async () => {
  const layer = new Embedding(4, 1, { paddingIdx: 2 });
  const rows = layer.forward(constant(Int32Array.of(1, 2, 1, 2, 0)));
  expect([...(await evaluate(grad(rows.sum(), [layer.weight])[0]))]).toEqual([1, 2, 0, 0]);
});

test("an index outside the table gives NaN", async () => {
  const values = await evaluate(new Embedding(3, 1).forward(constant(Int32Array.of(0, 3, -1))));
  expect([...values].map(Number.isNaN)).toEqual([false, true, true]);
});

test("bad input gets a typed error", () => {
  expect(thrown(() => new Embedding(0, 3))).toBe(
    "ArgumentError: Embedding: numEmbeddings must be a whole number >= 1, got 0",
  );
  expect(thrown(() => new Embedding(5, 3, { paddingIdx: 5 }))).toBe(
    "ArgumentError: Embedding: paddingIdx must be a whole number from -5 to 4, got 5",
  );
  expect(thrown(() => new Embedding(5, 3, { maxNorm: 0 }))).toBe(
    "ArgumentError: Embedding: maxNorm must be a number > 0, got 0",
  );
  expect(thrown(() => new Embedding(5, 3, { normType: 0 }))).toBe(
    "ArgumentError: Embedding: normType must be positive, got 0",
  );
  expect(thrown(() => new Embedding(5, 3).forward(input([2])))).toBe(
    "DTypeError: gather: the index: takes i32, got f32[2]",
  );
});
