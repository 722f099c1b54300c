// Models as ONNX files, run elsewhere and read again: how far results are from the library's own.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { compileInit } from "../../../src/compile/init.ts";
import { constant } from "../../../src/create.ts";
import { evaluateAll } from "../../../src/evaluate.ts";
import { evaluationContext, type Layer, variables } from "../../../src/nn/module.ts";
import { readSignature } from "../../../src/onnx/export/signature.ts";
import { fromOnnx, type OnnxShapes, type OnnxSignature, type ToOnnxOptions, toOnnx } from "../../../src/onnx/index.ts";
import { JsExecutor } from "../../../src/runtime/js/js-executor.ts";
import { type DType, type Shape, sizeOf } from "../../../src/shape.ts";
import { Tensor } from "../../../src/tensor.ts";
import { numbers } from "../../random.ts";
import { type Given, ranElsewhere } from "../runtime.ts";

/** A model with what goes in. */
export interface Case {
  readonly model: Layer<never, unknown>;
  readonly signature: OnnxSignature;
  readonly options?: ToOnnxOptions;
  /** Inputs are between minus this and this; default 1. */
  readonly scale?: number;
  /** Whole numbers are from 0 up to, but not, this, by the input; default 3. */
  readonly high?: Readonly<Record<string, number>>;
}

/** How far results are from the library's, the largest differences as shares of the largest result, or of 1. */
export interface Differences {
  readonly bytes: Uint8Array;
  /** Whether each result has numbers other than 0. */
  readonly isSomething: boolean;
  readonly elsewhere: number;
  readonly again: number;
}

/** All tensors in lists and records. */
export function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return Object.values(value as object).flatMap(tensorsIn);
}

export interface Data {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: readonly number[];
}

/** Data in the places of shapes. */
export function filled(
  given: OnnxShapes,
  batch: number,
  draw: (shape: Shape, dtype: DType) => Data,
  all: Data[],
): unknown {
  const isShape = Array.isArray(given) && given.every((size) => typeof size !== "object");
  const isLeaf = !Array.isArray(given) && Array.isArray((given as { readonly shape?: unknown }).shape);
  if (isShape || isLeaf) {
    const { shape, dtype = "f32" } = (isLeaf ? given : { shape: given }) as {
      shape: (number | string)[];
      dtype?: DType;
    };
    const drawn = draw(
      shape.map((size) => (typeof size === "number" ? size : batch)),
      dtype,
    );
    all.push(drawn);
    return constant(drawn);
  }
  const parts = Object.entries(given).map(([name, part]) => [name, filled(part, batch, draw, all)] as const);
  return Array.isArray(given) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

/** An executor on which the model's variables have numbers of their own. */
export async function executorOf(model: unknown): Promise<JsExecutor> {
  const executor = new JsExecutor();
  const all = variables(model);
  if (all.size === 0) return executor;
  const first = await executor.load(compileInit(all, 1));
  await executor.run([[first, 1]]).done;
  const next = numbers(99);
  // What is trained has first values; statistics and biases, which begin with zeros and ones, are to differ from them.
  for (const [name, variable] of all)
    if (variable.dtype === "f32" && variable.shape.length === 1) {
      const isVariance = name.endsWith("running_var");
      const data = Float32Array.from({ length: variable.shape[0] }, () => (isVariance ? 0.5 + next() : next() - 0.5));
      await executor.write({ variable: variable.key }, data);
    }
  return executor;
}

function largestDifference(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  let unit = 1;
  for (let i = 0; i < wanted.length; i++) {
    const difference = Object.is(found[i], wanted[i]) || found[i] === wanted[i] ? 0 : Math.abs(found[i] - wanted[i]);
    if (!(difference <= most)) most = difference;
    if (Number.isFinite(wanted[i])) unit = Math.max(unit, Math.abs(wanted[i]));
  }
  return most / unit;
}

/** Exports a model, runs it elsewhere and reads it again, for each of the batches. */
export async function compare(
  { model, signature, options = {}, scale = 1, high = {} }: Case,
  batches: readonly number[],
  isReadAgain = true,
): Promise<Differences> {
  const executor = await executorOf(model);
  const typeOf = (dtype: DType) =>
    dtype === "f32" ? "float32" : dtype === "u8" ? "uint8" : (options.integers ?? "int32");
  try {
    const bytes = await toOnnx(model as Layer, signature, { executor, ...options });
    let [elsewhere, again] = [0, 0];
    let isSomething = true;
    const { leaves } = readSignature(signature);
    const names = leaves.map(({ name }) => name);
    const imported = isReadAgain ? fromOnnx(bytes) : undefined;
    for (const batch of batches) {
      const next = numbers(batch);
      const all: Data[] = [];
      const draw = (shape: Shape, dtype: DType): Data => {
        const most = high[names[all.length]] ?? 3;
        const number = () => (dtype === "f32" ? Math.fround((2 * next() - 1) * scale) : Math.floor(next() * most));
        return { shape, dtype, data: Array.from({ length: sizeOf(shape) }, number) };
      };
      const x = filled(signature.input, batch, draw, all) as never;
      const result = typeof model === "function" ? model(x) : model.forward(x, evaluationContext());
      const wanted = await evaluateAll(tensorsIn(result), { executor });
      const given = Object.fromEntries(
        all.map(({ shape, data, dtype }, i): [string, Given] => [names[i], { shape, data, type: typeOf(dtype) }]),
      );
      const found = Object.values(await ranElsewhere(bytes, given));
      isSomething &&= wanted.every((values) => values.some((value) => value !== 0));
      for (const [i, values] of wanted.entries())
        elsewhere = Math.max(elsewhere, largestDifference(found[i].data, values));
      if (imported === undefined) continue;
      // Inputs that nothing reads are none of what was read.
      const taken = Object.fromEntries(imported.inputs.map(({ name }) => [name, constant(all[names.indexOf(name)])]));
      const read = await evaluateAll(tensorsIn(imported.forward(taken, evaluationContext())));
      for (const [i, values] of wanted.entries()) again = Math.max(again, largestDifference(read[i], values));
    }
    return { bytes, isSomething, elsewhere, again };
  } finally {
    await executor.dispose();
  }
}

const FOLDER = "build/onnx-export";
const written: string[] = [];

/** Keeps a file for the checker. */
export function keep(name: string, bytes: Uint8Array): void {
  mkdirSync(FOLDER, { recursive: true });
  const file = `${FOLDER}/${name.replace(/[^a-zA-Z0-9]+/g, "-")}.onnx`;
  writeFileSync(file, bytes);
  written.push(file);
}

const SCRIPT = `
import sys, onnx
for path in sys.stdin.read().split():
    try:
        onnx.checker.check_model(onnx.load(path), full_check=True)
    except Exception as error:
        print(path, str(error).replace("\\n", " "))
`;

/** Whether ONNX's own checker is installed. */
export function hasChecker(): boolean {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import onnx"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What ONNX's own checker says of the files that were kept. */
export function complaints(): string[] {
  const said = execFileSync("/usr/bin/python3", ["-c", SCRIPT], { input: written.join("\n"), encoding: "utf8" });
  return said.split("\n").filter((line) => line !== "");
}
