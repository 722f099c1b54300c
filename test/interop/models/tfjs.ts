// What is asked of every real model of TensorFlow.js: it is read, it gives what TensorFlow.js gives, it is trained further, and goes out again,
// to TensorFlow.js and to ONNX Runtime.
import { createRequire } from "node:module";
import { Features, Frozen } from "../../../src/finetune/index.ts";
import { type Executor, Predictor, Trainer } from "../../../src/index.ts";
import { fromTensorFlowJs, type KerasModel, type TensorFlowJsFiles, toTensorFlowJs } from "../../../src/keras/index.ts";
import { crossEntropy, Linear, mseLoss, Sequential } from "../../../src/nn/index.ts";
import { toOnnx } from "../../../src/onnx/index.ts";
import { adam } from "../../../src/optim/index.ts";
import { drawn } from "../../nn/sums.ts";
import { ranElsewhere } from "../../onnx/runtime.ts";
import { bytesOf, differing, falling, onOne, STEPS } from "./onnx.ts";

const require = createRequire(import.meta.url);

/** What is used of TensorFlow.js, whose types are not here. */
interface TensorFlowJs {
  setBackend(name: string): Promise<boolean>;
  loadLayersModel(files: { load(): Promise<unknown> }): Promise<{ predict(x: unknown): { dataSync(): Float32Array } }>;
  tensor(data: Float32Array, shape: readonly number[]): unknown;
  disposeVariables(): void;
}

/** Numbers of 0 to 1: pictures [N, height, width, 3]. */
function pictures(shape: readonly number[], seed: number) {
  return { data: Float32Array.from(drawn(shape, seed), (value) => (value + 1) / 2), shape };
}

type Pictures = ReturnType<typeof pictures>;

async function tensorFlowJs(): Promise<TensorFlowJs> {
  const { warn } = console;
  console.warn = () => undefined; // it speaks for a package with faster kernels
  const name = "@tensorflow/tfjs";
  const tf: TensorFlowJs = require(name);
  await tf.setBackend("cpu");
  console.warn = warn;
  return tf;
}

/** What TensorFlow.js makes of a layers model. */
async function ranThere({ model, weights }: TensorFlowJsFiles, { data, shape }: Pictures): Promise<Float32Array> {
  const tf = await tensorFlowJs();
  const text = model instanceof Uint8Array ? new TextDecoder().decode(model) : model;
  const topology = typeof text === "string" ? JSON.parse(text) : text;
  const shards =
    weights instanceof Uint8Array ? [weights] : Object.values(weights as Readonly<Record<string, Uint8Array>>);
  const load = async () => ({
    format: "layers-model",
    modelTopology: topology.modelTopology,
    weightSpecs: topology.weightsManifest.flatMap((group: { readonly weights: unknown }) => group.weights),
    weightData: new Uint8Array(Buffer.concat(shards)).buffer,
  });
  const loaded = await tf.loadLayersModel({ load });
  const found = loaded.predict(tf.tensor(data, shape)).dataSync().slice();
  tf.disposeVariables();
  return found;
}

/** A super-resolution by a whole number. */
function upscaler(scale: number): TensorFlowJsFiles {
  const folder = `@upscalerjs/esrgan-slim/models/x${scale}`;
  return { model: bytesOf(`${folder}/model.json`), weights: bytesOf(`${folder}/group1-shard1of1.bin`) };
}

/** A classifier of pictures, weights in 8 bits; shards are texts in modules. */
function classifier(): TensorFlowJsFiles {
  const folder = "nsfwjs/dist/models/mobilenet_v2";
  const part = (name: string) => require(`../node_modules/${folder}/${name}.min.js`);
  return { model: part("model"), weights: new Uint8Array(Buffer.from(part("group1-shard1of1"), "base64")) };
}

/** What is wrong with a model that was read: numbers that are not those of TensorFlow.js. */
async function read(files: TensorFlowJsFiles, x: Pictures, executor: Executor): Promise<string[]> {
  const model = fromTensorFlowJs(files);
  const predictor = new Predictor(model, { executor, state: model.stateDict() });
  const found = await predictor.predict(x);
  await predictor.dispose();
  return differing("the output", found.data, await ranThere(files, x));
}

/** What is wrong with a model that goes on training, all of it: losses that do not fall, files that give other numbers. */
async function trainedAndWritten(
  files: TensorFlowJsFiles,
  x: Pictures,
  target: (y: Float32Array) => Float32Array,
  rate: number,
  executor: Executor,
): Promise<string[]> {
  const model = fromTensorFlowJs(files);
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: adam(rate), executor });
  const { data, shape } = await trainer.predict(x);
  await trainer.load({ x, y: { data: target(data as Float32Array), shape } });
  await trainer.fit({ batch: "all", epochs: STEPS });
  const expected = await trainer.predict(x);
  const written = await toTensorFlowJs(model, undefined, { executor });
  const there = await ranThere(written, x);
  const onnx = await toOnnx(model, { input: ["batch", ...x.shape.slice(1)], outputNames: ["y"] }, { executor });
  const elsewhere = await ranElsewhere(onnx, { input: x });
  const problems = [
    ...falling(trainer.history.map(({ loss }) => loss)),
    ...differing("the output of the layers model that was written", there, expected.data),
    ...differing("the output of the ONNX model that was written", Float32Array.from(elsewhere.y.data), expected.data),
  ];
  await trainer.dispose();
  return problems;
}

/** As one would: another head on frozen layers, whose features are computed once; and what comes of it as a file. */
async function headed(files: TensorFlowJsFiles, x: Pictures, executor: Executor): Promise<string[]> {
  const model: KerasModel = fromTensorFlowJs(files);
  const body = new Frozen(new Features(model));
  const features = await new Predictor(body, { executor }).predict(x);
  const head = new Linear(features.shape[1], 3);
  const trainer = new Trainer(head, { loss: crossEntropy, optimizer: adam(0.01), executor });
  await trainer.load({ x: features, y: Int32Array.from({ length: x.shape[0] }, (_, i) => i % 3) });
  await trainer.fit({ batch: "all", epochs: STEPS });
  const whole = new Sequential(body, head);
  const predictor = new Predictor(whole, { executor });
  const expected = await predictor.predict(x);
  const onnx = await toOnnx(whole, { input: ["batch", ...x.shape.slice(1)], outputNames: ["y"] }, { executor });
  const found = await ranElsewhere(onnx, { input: x });
  return [
    ...falling(trainer.history.map(({ loss }) => loss)),
    ...differing("the output with another head", Float32Array.from(found.y.data), expected.data),
  ];
}

/** What is wrong with super-resolutions, by their scales. */
async function problemsOfUpscaler(scale: number): Promise<string[]> {
  return onOne(async (executor) => {
    const files = upscaler(scale);
    const brighter = (y: Float32Array) => y.map((value) => 0.8 * value + 0.15);
    return [
      ...(await read(files, pictures([1, 20, 24, 3], 1), executor)),
      ...(await trainedAndWritten(files, pictures([2, 12, 12, 3], 2), brighter, 1e-4, executor)),
    ];
  });
}

async function problemsOfClassifier(): Promise<string[]> {
  return onOne(async (executor) => {
    const files = classifier();
    const x = pictures([2, 224, 224, 3], 2);
    const turned = (y: Float32Array) => y.map((_, i) => Number(i % 5 === Math.floor(i / 5)));
    return [
      ...(await read(files, pictures([1, 224, 224, 3], 1), executor)),
      ...(await trainedAndWritten(files, x, turned, 1e-4, executor)),
      ...(await headed(files, x, executor)),
    ];
  });
}

/** What is wrong with models of TensorFlow.js, by their names. */
export const layersModels: Readonly<Record<string, () => Promise<string[]>>> = {
  ...Object.fromEntries([2, 3, 4, 8].map((scale) => [`super-resolution x${scale}`, () => problemsOfUpscaler(scale)])),
  "MobileNet v2": problemsOfClassifier,
};
