// Every layer, activation and loss, and layers with options, as ONNX files: run by ONNX Runtime for batches of 1 and 7, and read again.
import { afterAll, describe, expect, test } from "vitest";
import { constant } from "../../../src/create.ts";
import { topological } from "../../../src/graph.ts";
import { evaluationContext } from "../../../src/nn/module.ts";
import { sizeOf } from "../../../src/shape.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { Variable } from "../../../src/variable.ts";
import { contexts, type Name, names, table } from "../../nn/every-layer.ts";
import { type Case, compare, complaints, hasChecker, keep, tensorsIn } from "./compare.ts";
import { layerCases } from "./layers.ts";

const isAll = process.env.ONNX_ALL === "1";
contexts.make = evaluationContext;

// Float32 rounds at 6e-8, and both sum in their own order.
const ELSEWHERE = 1e-5;
const AGAIN = 1e-6;

/** Layers whose rows hold numbers of their own for each row of the batch: lengths, classes, signs. They are written for one batch. */
const OF_ONE_BATCH: readonly Name[] = [
  "cosineEmbeddingLoss",
  "crossEntropy",
  "ctcLoss",
  "GRU",
  "LSTM",
  "multiMarginLoss",
  "nllLoss",
  "Stateful",
];

/** Draws its own numbers, which nothing that predicts does. */
const RANDOM: readonly Name[] = ["rrelu"];

/** A row of the table as a case, the batch as a name, or of a size. */
function caseOf(name: Name, batch: string | number): Case {
  const { shapes, make, scale = 1, batch: axis = 0 } = table[name];
  const run = make();
  const zeros = shapes.map((shape) => constant(new Float32Array(sizeOf(shape)), { shape }));
  const own = topological(tensorsIn(run(...zeros))).filter((node) => node instanceof Variable);
  const model = {
    forward: (given: readonly Tensor[]) => run(...given.slice(0, shapes.length)),
    children: () => own.map((variable, i) => [`weight${i}`, variable] as const),
  };
  const input = shapes.map((shape) => shape.map((size, i) => (shape.length > 1 && i === axis ? batch : size)));
  return { model: model as never, signature: { input: input.length === 0 ? [["batch"]] : input }, scale };
}

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
