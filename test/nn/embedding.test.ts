// Embedding: its table, its padding row and what it says about bad indices; values and gradients are in layers-golden.test.ts.
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant, input } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../src/errors.ts";
import { evaluate, evaluateAll } from "../../src/evaluate.ts";
import { Embedding, EmbeddingBag } from "../../src/nn/embedding.ts";
import { crossEntropy } from "../../src/nn/losses.ts";
import { parameters } from "../../src/nn/module.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import { stopGradient, type Tensor } from "../../src/tensor.ts";
import { runOn } from "../run.ts";
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

test("a table that gives the scores, too, is one parameter, whose gradient is the sum of both uses", async () => {
  const table = new Embedding(4, 3);
  const model = {
    table,
    forward: (words: Tensor) => table.forward(words).tanh().matmul(table.weight, { transposeB: true }),
  };
  expect([...parameters(model).keys()]).toEqual(["table.weight"]);
  const words = constant(Int32Array.of(1, 3, 1));
  const loss = (scores: Tensor) => crossEntropy(scores, constant(Int32Array.of(3, 1, 0)));
  const error = await checkGradients(() => loss(model.forward(words)), [table.weight], { order: 2 });
  expect(error).toBeLessThan(1e-6);
  const [own] = grad(loss(model.forward(words)), [table.weight]);
  const fixed = stopGradient(table.weight);
  const ofLooking = grad(loss(table.forward(words).tanh().matmul(fixed, { transposeB: true })), [table.weight])[0];
  const ofScores = grad(loss(stopGradient(table.forward(words).tanh()).matmul(table.weight, { transposeB: true })), [
    table.weight,
  ])[0];
  const [sum, parts] = await evaluateAll([own, ofLooking.add(ofScores)]);
  expect([...sum]).toEqual([...parts].map((each) => expect.closeTo(each, 6)));
});

test("bags: an index outside the table gives NaN, an empty bag 0, of padding or of offsets", async () => {
  const layer = new EmbeddingBag(3, 1, { mode: "sum", paddingIdx: 0 });
  const [padded, offset] = await evaluateAll([
    layer.forward(
      constant(
        [
          [0, 0],
          [1, 3],
          [1, 2],
        ],
        { dtype: "i32" },
      ),
    ),
    layer.forward({ index: constant(Int32Array.of(0, 1, 0)), offsets: constant(Int32Array.of(0, 1, 2, 3)) }),
  ]);
  expect([...padded].map(Number.isNaN)).toEqual([false, true, false]);
  expect(padded[0]).toBe(0);
  expect([offset[0], offset[2], offset[3]]).toEqual([0, 0, 0]);
  expect(offset[1]).not.toBe(0);
});

test("bags that do not fit get a typed error", () => {
  const [rows, list] = [input([2, 3], "i32"), input([4], "i32")];
  const weights = input([2, 3]);
  const bags = (mode: "sum" | "mean" | "max") => new EmbeddingBag(5, 3, { mode });
  expect(() => bags("sum").forward(list)).toThrow(ShapeError);
  expect(() => bags("sum").forward({ index: rows, offsets: list })).toThrow(ShapeError);
  expect(() => bags("sum").forward({ index: list, offsets: rows })).toThrow(ShapeError);
  expect(() => bags("sum").forward(input([2, 3]))).toThrow(DTypeError);
  expect(() => bags("sum").forward({ index: list, offsets: input([2]) })).toThrow(DTypeError);
  expect(() => bags("max").forward({ index: list, offsets: list })).toThrow(ArgumentError);
  expect(() => bags("mean").forward({ index: rows, perSampleWeights: weights })).toThrow(ArgumentError);
  expect(() => bags("sum").forward({ index: rows, perSampleWeights: input([3]) })).toThrow(ShapeError);
  expect(() => new EmbeddingBag(5, 3, { mode: "median" as "sum" })).toThrow(ArgumentError);
});

const badOffsets = [
  { offsets: [1, 2], said: "offsets.0 must be 0, where the first bag begins, got 1" },
  { offsets: [-1, 2], said: "offsets.0 must be 0, where the first bag begins, got -1" },
  { offsets: [0, 2, 1], said: "offsets.2 must be from 2 to 3, none before the one before, got 1" },
  { offsets: [0, 4], said: "offsets.1 must be from 0 to 3, none before the one before, got 4" },
];

test.each(badOffsets)("offsets $offsets of three rows are refused as constants, NaN as data", async (given) => {
  const at = Int32Array.from(given.offsets);
  const index = constant(Int32Array.of(1, 2, 3));
  for (const mode of ["sum", "mean"] as const) {
    const layer = new EmbeddingBag(5, 2, { mode });
    // A constant seen by another shape is one, too.
    for (const offsets of [constant(at), constant(at).unsqueeze(0).reshape([at.length])])
      expect(thrown(() => layer.forward({ index, offsets }))).toBe(`ArgumentError: EmbeddingBag: ${given.said}`);
    const offsets = input([at.length], "i32");
    const run = async (data: Int32Array) => {
      const outputs = { bags: layer.forward({ index, offsets }) };
      return [...(await runOn(new JsExecutor({ poison: true }), { outputs, inputs: [[offsets, data]] })).bags];
    };
    expect((await run(at)).every(Number.isNaN)).toBe(true);
    const right = Int32Array.from(at, (_, i) => Math.min(3, 2 * i));
    const known = await evaluate(layer.forward({ index, offsets: constant(right) }));
    expect(known.every(Number.isFinite)).toBe(true);
  }
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
    "DTypeError: Embedding: the index: takes i32, got f32[2]",
  );
});
