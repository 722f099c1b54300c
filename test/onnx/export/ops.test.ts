// Every op as a node, or several: the samples that all tests of ops go through, as files, run by ONNX Runtime and read again.
import { describe, expect, test } from "vitest";
import { constant } from "../../../src/create.ts";
import { evaluateAll } from "../../../src/evaluate.ts";
import { fromOnnx, toOnnx } from "../../../src/onnx/index.ts";
import { type OpName, ops } from "../../../src/ops/index.ts";
import { goldenCases, type Value } from "../../golden.ts";
import type { Sample } from "../../ops/sample.ts";
import { samples } from "../../ops/samples.ts";
import { ranElsewhere } from "../runtime.ts";
import { modelOfSample } from "./sample-model.ts";

const isAll = process.env.ONNX_ALL === "1";

/** Ops that a model which predicts is not made of, and what is said of them. */
const REFUSED: Partial<Record<OpName, RegExp>> = {
  uniform: /random numbers/,
  permuteIndex: /random numbers/,
};

const TYPES = { f32: "float32", i32: "int32", u8: "uint8" } as const;

/** Ops to which NaN is larger than all other numbers here, and not in ONNX Runtime. */
const NAN_IS_LARGEST: readonly OpName[] = ["max", "argmax", "sort", "maxPool"];

/** Results elsewhere and read again, and the library's. */
async function both(sample: Sample, inputs: readonly Value[]) {
  const { all, result, model, signature } = modelOfSample(sample, inputs);
  const bytes = await toOnnx(model, signature);
  const given = all.map(({ shape, data, dtype }, i) => [`input_${i}`, { shape, data, type: TYPES[dtype] }] as const);
  const [{ data }] = Object.values(await ranElsewhere(bytes, Object.fromEntries(given)));
  const [wanted] = await evaluateAll([result]);
  const imported = fromOnnx(bytes);
  const taken = Object.fromEntries(imported.inputs.map(({ name }) => [name, constant(all[Number(name.slice(6))])]));
  const [again] = await evaluateAll([imported.forward(taken)]);
  return { data, wanted, again };
}

/** What of a sample is not the same elsewhere. */
async function wrongOf(name: OpName, sample: Sample): Promise<string[]> {
  const wrong: string[] = [];
  for (const { inputs, value } of goldenCases(sample.golden)) {
    const hasNaN = inputs.some(({ data }) => data.some(Number.isNaN));
    if (hasNaN && NAN_IS_LARGEST.includes(name)) continue;
    if (inputs.some(({ data }) => data.length === 0)) continue; // of nothing ONNX Runtime wants other words
    const found = await both(sample, inputs).catch((error: unknown) => error as Error);
    // Rows that are not there are NaN here; ONNX wants no such index.
    const isOutside = name === "gather" && value.data.some(Number.isNaN);
    if (found instanceof Error) {
      if (!isOutside || !/out of data bounds/.test(found.message)) throw found;
      continue;
    }
    const { data, wanted, again } = found;
    wrong.push(...differences(`${sample.golden}, elsewhere`, data, wanted, 1e-5));
    // Quotients by way of sizes: the smallest i32 has none.
    const isSmallest = inputs.some((each) => each.dtype === "i32" && each.data.includes(-(2 ** 31)));
    if (!(name === "div" && isSmallest)) wrong.push(...differences(`${sample.golden}, again`, again, wanted, 1e-6));
  }
  return wrong;
}

/** Elements that are not the same, but for so much of themselves or of 1. */
function differences(name: string, found: ArrayLike<number>, wanted: ArrayLike<number>, share: number): string[] {
  if (found.length !== wanted.length) return [`${name}: ${found.length} elements for ${wanted.length}`];
  return Array.from(wanted).flatMap((value, i) => {
    const isSame = Object.is(value, found[i]) || value === found[i];
    const isNear = Math.abs(value - found[i]) <= share * Math.max(1, Math.abs(value));
    return isSame || isNear ? [] : [`${name}, element ${i}: ${found[i]} for ${value}`];
  });
}

describe("samples of every op are the same elsewhere, and read again", () => {
  const names = (Object.keys(ops) as OpName[]).filter((_, i) => isAll || i % 12 === 0);
  test.each(names)("%s", async (name) => {
    for (const sample of samples[name]) {
      const refusal = REFUSED[name];
      const [{ inputs }] = goldenCases(sample.golden);
      if (refusal !== undefined) await expect(both(sample, inputs)).rejects.toThrow(refusal);
      else expect(await wrongOf(name, sample)).toEqual([]);
    }
  });
});
