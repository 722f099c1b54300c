// Models that TensorFlow.js saved, with what it makes of inputs: written by test/golden/make-tfjs.mjs.
import { readFileSync } from "node:fs";
import { constant, evaluateAll, type Tensor } from "../../src/index.ts";
import { fromTensorFlowJs, type KerasModel, type TensorFlowJsFiles, type Tensors } from "../../src/keras/index.ts";
import { evaluationContext } from "../../src/nn/index.ts";

/** Numbers in bytes, as base64. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly dtype?: "f32" | "i32";
  readonly data: string;
}

export interface Case {
  readonly name: string;
  readonly model: { readonly weightsManifest: readonly { readonly weights: readonly { readonly name: string }[] }[] };
  readonly weights: string;
  readonly inputs: readonly Numbers[];
  readonly outputs: readonly Numbers[];
}

/** Bytes of a text, in a buffer of their own. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, "base64"));
}

export const cases: readonly Case[] = JSON.parse(readFileSync("test/golden/tfjs.json", "utf8"));

/** A case by its name. */
export function caseOf(name: string): Case {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
}

/** The files of a case. */
export function filesOf({ model, weights }: Case): TensorFlowJsFiles {
  return { model, weights: { "weights.bin": bytesOf(weights) } };
}

export type Any = KerasModel<Tensors, Tensors>;

export function read(each: Case): Any {
  return fromTensorFlowJs<Tensors, Tensors>(filesOf(each));
}

export function floats({ data }: Numbers): Float32Array {
  return new Float32Array(bytesOf(data).buffer);
}

/** Inputs as tensors. */
export function tensorsOf(inputs: readonly Numbers[]): Tensor[] {
  return inputs.map(({ shape, dtype, data }) => {
    const { buffer } = bytesOf(data);
    return constant({ data: dtype === "i32" ? new Int32Array(buffer) : new Float32Array(buffer), shape });
  });
}

/** Results of a model, one after the other. */
export async function resultsOf(model: Any, inputs: readonly Numbers[]): Promise<Numbers[]> {
  const given = tensorsOf(inputs);
  const result = model.forward(given.length === 1 ? given[0] : given, evaluationContext());
  const list = [result].flat() as Tensor[];
  const values = await evaluateAll(list);
  return list.map(({ shape }, i) => ({
    shape,
    data: Buffer.from(values[i].buffer, values[i].byteOffset, values[i].byteLength).toString("base64"),
  }));
}

/** The largest difference of two rows of numbers. */
export function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (each, i) => Math.abs(each - b[i])).reduce((most, each) => Math.max(most, each), 0);
}
