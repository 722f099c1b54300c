// TensorFlow.js reads what toTensorFlowJs writes, and computes the same: models that it saved itself, read and written again, and layers of
// simdgrad. It is installed beside the bundlers, or by npm run bench:peers.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { toTensorFlowJs, type WrittenTensorFlowJs } from "../../src/keras/index.ts";
import type { Layer } from "../../src/nn/index.ts";
import { apart, type Case, cases, floats, read, tensorsOf } from "../keras/cases.ts";
import { drawn, ownModels } from "../keras/own-models.ts";

/** As much of TensorFlow.js as is called here. */
interface TensorFlow {
  readonly env: () => { set(name: string, value: boolean): void };
  readonly setBackend: (name: string) => Promise<boolean>;
  readonly tensor: (data: ArrayLike<number>, shape: readonly number[], dtype: string) => Result;
  readonly io: { fromMemory(artifacts: object): unknown };
  readonly loadLayersModel: (from: unknown) => Promise<{ predict(x: Result | Result[]): Result | Result[] }>;
}

interface Result {
  readonly shape: readonly number[];
  dataSync(): Float32Array;
}

interface Input {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** How far a number may be off: sums of some dozens of products of float32 numbers around 1, in other orders. */
const NEAR = 1e-5;

/** Folders that may hold TensorFlow.js. */
const places = ["test/interop", "bench/peers", process.env.TFJS ?? ""].filter((each) => each !== "");

function library(): TensorFlow {
  const folder = places.find((each) => existsSync(`${each}/node_modules/@tensorflow/tfjs`));
  if (folder === undefined) throw new Error("@tensorflow/tfjs is not there: npm run bench:peers installs it");
  return createRequire(`${resolve(folder)}/`)("@tensorflow/tfjs");
}

/** What TensorFlow.js makes of inputs by files. */
async function predicted(
  tf: TensorFlow,
  { model, weights }: WrittenTensorFlowJs,
  inputs: readonly Input[],
): Promise<Result[]> {
  const { modelTopology, weightsManifest } = JSON.parse(model);
  const weightData = Buffer.concat(Object.values(weights));
  const artifacts = {
    modelTopology,
    weightSpecs: weightsManifest.flatMap((group: { readonly weights: object[] }) => group.weights),
    weightData: weightData.buffer.slice(weightData.byteOffset, weightData.byteOffset + weightData.length),
  };
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  const tensors = inputs.map(({ data, shape }) =>
    tf.tensor(data, shape, data instanceof Int32Array ? "int32" : "float32"),
  );
  return [loaded.predict(tensors.length === 1 ? tensors[0] : tensors)].flat();
}

function difference(results: readonly Result[], expected: readonly Input[]): string | undefined {
  for (const [i, { data, shape }] of expected.entries()) {
    if (`${results[i]?.shape}` !== `${shape}`) return `result ${i} is [${results[i]?.shape}], not [${shape}]`;
    const off = apart(results[i].dataSync(), data);
    if (!(off < NEAR)) return `result ${i} is off by ${off}`;
  }
  return undefined;
}

function inputsOf({ inputs }: Case): Input[] {
  return tensorsOf(inputs).map(({ attrs, shape, dtype }) => {
    const { data } = attrs as { readonly data: ArrayLike<number> };
    return { data: dtype === "i32" ? Int32Array.from(data) : Float32Array.from(data), shape };
  });
}

/** What is wrong, a line for each model. */
export async function tensorFlowProblems(): Promise<string[]> {
  const tf = library();
  tf.env().set("IS_TEST", true);
  await tf.setBackend("cpu");
  const problems: string[] = [];
  const attempt = async (name: string, run: () => Promise<string | undefined>) => {
    const problem = await run().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    if (problem !== undefined) problems.push(`${name}: ${problem}`);
  };
  for (const each of cases.filter(({ name }) => name !== "activation gelu_new"))
    await attempt(each.name, async () => {
      const files = await toTensorFlowJs(read(each) as unknown as Layer);
      const expected = each.outputs.map((output) => ({ data: floats(output), shape: output.shape }));
      return difference(await predicted(tf, files, inputsOf(each)), expected);
    });
  for (const [name, own] of Object.entries(ownModels))
    await attempt(name, async () => {
      const { input, state, output } = await drawn(name, own);
      const signature = { input: { shape: ["batch", ...own.shape], dtype: own.dtype } };
      const files = await toTensorFlowJs(own.model, signature, { state });
      return difference(await predicted(tf, files, [input]), [output as Input]);
    });
  return problems;
}
