// Bytes as callers have them: Buffers of Node, which lie anywhere in a pool and whose slice() copies nothing, and ArrayBuffers.
import { readFileSync } from "node:fs";
import { constant, evaluate } from "simdgrad";
import { parseIdx, parseNpy, parseNpz, parseWav } from "simdgrad/data";
import { parseCheckpoint, parseSafetensors, serializeCheckpoint, serializeSafetensors } from "simdgrad/io";
import { fromKeras, fromTensorFlowJs } from "simdgrad/keras";
import { fromOnnx } from "simdgrad/onnx";
import { Predictor } from "simdgrad/predictor";
import { Predictor as ScriptPredictor } from "simdgrad/predictor/js";
import { Predictor as Portable } from "simdgrad/predictor/portable";
import { Predictor as Relaxed } from "simdgrad/predictor/relaxed";
import * as kept from "simdgrad/storage";
import { fromTorchOptimizer, readTorch, torchStateDict } from "simdgrad/torch";
import { memoryStorage, openStudy, uniform } from "simdgrad/tune";
import { describe, expect, test } from "vitest";
import { DataLocation, DataType } from "../src/onnx/proto.ts";
import { bundle } from "./inference/bundles.ts";
import { cases, filesOf } from "./keras/cases.ts";
import { keras } from "./keras/files.ts";
import { file, graph, node, port } from "./onnx/written.ts";
import { golden } from "./torch/files.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A Buffer that lies at an odd place of a pool. */
function pooled(bytes: Uint8Array): Buffer {
  const pool = Buffer.alloc(bytes.length + 16, 170);
  const own = pool.subarray(3, 3 + bytes.length);
  own.set(bytes);
  return own;
}

const fromBase64 = (text: string): Bytes => Uint8Array.from(Buffer.from(text, "base64"));
const arrays = JSON.parse(readFileSync(new URL("golden/files.json", import.meta.url), "utf8"));
const array = (name: string) => fromBase64(arrays[name].bytes);
const state = { weight: { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] } };

const outside = file(
  graph(
    [node("Add", ["x", "w"], ["y"])],
    [port("x", [2])],
    [port("y", [2])],
    [
      {
        name: "w",
        dataType: DataType.FLOAT,
        dims: [2n],
        dataLocation: DataLocation.EXTERNAL,
        externalData: [{ key: "location", value: "w.bin" }],
      },
    ],
  ),
);
const ofOnnx = async (bytes: Uint8Array | ArrayBuffer, weights: Uint8Array | ArrayBuffer) =>
  evaluate(fromOnnx(bytes, { files: { "w.bin": weights } }).forward(constant([1, 2])));
const predicted = async (loading: Promise<Predictor>) => (await loading).predict(new Float32Array(36).fill(0.5));

const readers: Readonly<Record<string, readonly [() => Bytes | Promise<Bytes>, (bytes: never) => unknown]>> = {
  "Predictor of simdgrad/predictor": [() => bundle("convolutional"), (bytes) => predicted(Predictor.load(bytes))],
  "Predictor with weights of 8 bits": [
    () => bundle("convolutional", { weights: "int8" }),
    (bytes) => predicted(Predictor.load(bytes)),
  ],
  "Predictor of predictor/portable": [() => bundle("convolutional"), (bytes) => predicted(Portable.load(bytes))],
  "Predictor of predictor/relaxed": [() => bundle("convolutional"), (bytes) => predicted(Relaxed.load(bytes))],
  "Predictor of predictor/js": [() => bundle("convolutional"), (bytes) => predicted(ScriptPredictor.load(bytes))],
  parseSafetensors: [() => serializeSafetensors(state) as Bytes, (bytes) => parseSafetensors(bytes)],
  parseCheckpoint: [() => serializeCheckpoint({ state }), (bytes) => parseCheckpoint(bytes)],
  parseNpy: [() => array("npy float32"), (bytes) => parseNpy(bytes)],
  parseNpz: [() => array("npz compressed"), (bytes) => parseNpz(bytes)],
  parseIdx: [() => array("idx int32"), (bytes) => parseIdx(bytes)],
  parseWav: [() => array("wav float32"), (bytes) => parseWav(bytes)],
  fromKeras: [() => fromBase64(keras[0].file), (bytes) => fromKeras(bytes).stateDict()],
  "fromTensorFlowJs: weights": [
    () => filesOf(cases[0]).weights["weights.bin" as never] as Bytes,
    (bytes) => fromTensorFlowJs({ model: cases[0].model, weights: bytes }).stateDict(),
  ],
  "fromTensorFlowJs: model": [
    () => Uint8Array.from(Buffer.from(JSON.stringify(cases[0].model))),
    (bytes) => fromTensorFlowJs({ ...filesOf(cases[0]), model: bytes }).stateDict(),
  ],
  fromOnnx: [() => outside, (bytes) => ofOnnx(bytes, new Uint8Array(8))],
  "fromOnnx: files": [() => new Uint8Array(Float32Array.of(3, 4).buffer), (bytes) => ofOnnx(outside, bytes)],
  readTorch: [() => fromBase64(golden.files["zip tensors"].bytes), (bytes) => readTorch(bytes)],
  "readTorch of a legacy file": [() => fromBase64(golden.files["legacy plain"].bytes), (bytes) => readTorch(bytes)],
  torchStateDict: [() => fromBase64(golden.files["zip state"].bytes), (bytes) => torchStateDict(bytes)],
  fromTorchOptimizer: [
    () => fromBase64(golden.trainings.adam.bytes),
    (bytes) => Object.keys(fromTorchOptimizer("adam", bytes)),
  ],
};

describe("bytes are read wherever they lie", () => {
  test.each(Object.entries(readers))("%s", async (_, [write, read]) => {
    const bytes = Uint8Array.from(await write());
    const expected = await read(bytes as never);
    const buffer = pooled(bytes);
    expect(await read(buffer as never)).toEqual(expected);
    expect(buffer.equals(bytes)).toBe(true);
    expect(await read(bytes.slice().buffer as never)).toEqual(expected);
  });
});

describe("what is kept is a copy, though a Buffer's slice() is none", () => {
  test("a storage writes bytes as they were when it was given them", async () => {
    const storage = kept.memoryStorage();
    const bytes = pooled(Uint8Array.of(1, 2, 3));
    const written = storage.write("a", bytes);
    bytes.fill(0);
    await written;
    bytes.fill(0);
    expect(await storage.read("a")).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("a study in memory goes on with its own, and keeps artifacts", async () => {
    const space = { x: uniform(0, 1) };
    const first = memoryStorage();
    await (await openStudy({ space, storage: first })).ask();
    const bytes = pooled(await first.read());
    const storage = memoryStorage(bytes);
    bytes.fill(0);
    expect(await storage.read()).toEqual(await first.read());

    const study = await openStudy({ space, storage });
    const trial = await study.ask();
    const artifact = pooled(Uint8Array.of(1, 2, 3));
    const told = study.tell(trial, { value: 0.5, artifact });
    artifact.fill(0);
    await told;
    artifact.fill(0);
    expect(await storage.readArtifact(trial.number)).toEqual(Uint8Array.of(1, 2, 3));
  });
});
