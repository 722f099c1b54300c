// Every op as PyTorch code: the samples that all tests of ops go through, run by PyTorch.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { evaluateAll } from "../../../src/evaluate.ts";
import { parseSafetensors, serializeSafetensors } from "../../../src/io/safetensors.ts";
import { type OpName, ops } from "../../../src/ops/index.ts";
import { toPytorch } from "../../../src/torch/index.ts";
import { goldenCases, type Value } from "../../golden.ts";
import { modelOfSample } from "../../onnx/export/sample-model.ts";
import type { Sample } from "../../ops/sample.ts";
import { samples } from "../../ops/samples.ts";
import { missing, ranByTorch } from "./python.ts";

const isAll = process.env.PYTORCH_ALL === "1";
const FOLDER = "build/pytorch-ops";

/** Ops that PyTorch has not, and what is said of them. */
const REFUSED: Partial<Record<OpName, RegExp>> = {
  permuteIndex: /no such permutation/,
  uniform: /random numbers by a key that goes in/,
};

/** PyTorch 1.13 itself takes the logarithm of the largest floats for infinite. */
const LARGEST = 3.4028234663852886e38;

interface Made {
  readonly label: string;
  readonly folder: string;
  readonly wanted: ArrayLike<number>;
}

/** Writes a sample as a model, with what goes in. */
async function written(label: string, sample: Sample, inputs: readonly Value[]): Promise<Made> {
  const { all, result, model, signature } = modelOfSample(sample, inputs);
  const files = await toPytorch(model, signature);
  const folder = `${FOLDER}/${label.replace(/[^a-zA-Z0-9]+/g, "-")}`;
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(`${folder}/${file}`, content);
  const kinds = { f32: Float32Array, i32: Int32Array, u8: Uint8Array };
  const given = all.map(
    ({ shape, data, dtype }, i) => [`input_${i}`, { shape, data: kinds[dtype].from(data) }] as const,
  );
  writeFileSync(`${folder}/predict.given`, serializeSafetensors(Object.fromEntries(given)));
  const [wanted] = await evaluateAll([result]);
  return { label, folder, wanted };
}

/** Elements that are not the same, but for 1e-5 of themselves or of 1. */
function differences({ label, wanted }: Made, found: ArrayLike<number>): string[] {
  if (found.length !== wanted.length) return [`${label}: ${found.length} elements for ${wanted.length}`];
  return Array.from(wanted).flatMap((value, i) => {
    const isSame = Object.is(value, found[i]) || value === found[i];
    if (label.startsWith("log1p") && value === Math.fround(Math.log1p(LARGEST))) return [];
    const isNear = Math.abs(value - found[i]) <= 1e-5 * Math.max(1, Math.abs(value));
    return isSame || isNear ? [] : [`${label}, element ${i}: ${found[i]} for ${value}`];
  });
}

describe.skipIf(missing)(`ops are the same in PyTorch${missing ? `: ${missing}` : ""}`, () => {
  const names = Object.keys(ops) as OpName[];
  const made = new Map<OpName, (Made | Error)[]>();
  const errors = new Map<string, string | undefined>();

  beforeAll(async () => {
    rmSync(FOLDER, { recursive: true, force: true });
    for (const name of names) {
      const list: (Made | Error)[] = [];
      for (const [i, sample] of samples[name].slice(0, isAll ? undefined : 2).entries())
        for (const [j, { inputs }] of goldenCases(sample.golden)
          .slice(0, isAll ? undefined : 2)
          .entries())
          list.push(await written(`${name} ${i} ${j}`, sample, inputs).catch((error) => error));
      made.set(name, list);
    }
    const folders = [...made.values()].flat().flatMap((each) => (each instanceof Error ? [] : [each.folder]));
    for (const { folder, error } of ranByTorch<{ folder: string; error?: string }>("run.py", folders))
      errors.set(folder, error);
  }, 300_000);

  test.each(names)("%s", (name) => {
    const list = made.get(name) ?? [];
    expect(list.length).toBeGreaterThan(0);
    for (const each of list) {
      if (each instanceof Error) {
        expect(each.message).toMatch(REFUSED[name] ?? /nothing is refused/);
        continue;
      }
      expect(errors.get(each.folder)).toBeUndefined();
      const { tensors } = parseSafetensors(readFileSync(`${each.folder}/predict.made`));
      const { data } = tensors["output 0"];
      expect(differences(each, data as ArrayLike<number>)).toEqual([]);
    }
  });
});
