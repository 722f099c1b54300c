// What the page knows of speech before it is taught: a network of Google's that makes 96 numbers of 0.78 seconds of sound, whatever the word
// (Lin et al., "Training keyword spotters with limited and synthesized speech data", 2020), and the spectra it takes; both as openWakeWord has
// them in ONNX's format, and read as they are.
import { stack, type Tensor } from "simdgrad";
import { Frozen } from "simdgrad/finetune";
import { type Context, forward, type Layer, Linear, Sequential } from "simdgrad/nn";
import { fromOnnx } from "simdgrad/onnx";
import { download } from "../shared/download.ts";
import type { Body } from "../teach/lesson.ts";
import { HEARD, KEPT, SHIFT, VERSIONS } from "./sounds.ts";

const FEATURES = 96;
/** About the deviation of the features. */
const SCALE = 20;
/** Moments that the embedding takes, and frequencies of each. */
const [MOMENTS, MELS] = [76, 32];
/** The spectra are made for samples as 16 bits hold them. */
const LOUDEST = 32_767;
/** Decibels, before those far below the loudest of all rows are cut: here it is those of each row. */
const DECIBELS = "onnx::Sub_29";
const DEPTH = 80;

/** From samples [rows, HEARD], -1 to 1, to features [rows, FEATURES]. */
class Ear {
  readonly mels: Layer;
  readonly embedding: Layer;

  constructor(mels: Uint8Array, embedding: Uint8Array) {
    this.mels = new Frozen(fromOnnx(mels, { output: DECIBELS })) as unknown as Layer;
    this.embedding = new Frozen(fromOnnx(embedding)) as unknown as Layer;
  }

  forward(x: Tensor, context: Context): Tensor {
    const [rows] = x.shape;
    const mels = forward(this.mels, x.mul(LOUDEST), context, "mels");
    const cut = mels.maximum(mels.max([1, 2, 3], { keepDims: true }).sub(DEPTH));
    const image = cut.div(10).add(2).reshape([rows, MOMENTS, MELS, 1]);
    const heard = forward(this.embedding, image, context, "embedding");
    return heard.reshape([rows, FEATURES]).div(SCALE);
  }
}

/** Versions [rows, VERSIONS, HEARD] of examples, each a little later. */
function versions(): (x: Tensor) => Tensor {
  return (x) =>
    stack(
      Array.from({ length: VERSIONS }, (_, i) => x.slice(null, [i * SHIFT, i * SHIFT + HEARD])),
      1,
    );
}

/** Fetches the networks. @throws Problem where a file is missing */
export async function ear(onProgress: (share: number) => void): Promise<Body> {
  const half = (from: number) => (received: number, total: number) => onProgress(from + received / total / 2);
  const mels = await download("models/mel-spectrogram.onnx", half(0));
  const embedding = await download("models/speech-embedding.onnx", half(0.5));
  return {
    layer: new Ear(mels, embedding) as Layer,
    state: undefined,
    shape: [HEARD],
    dtype: "f32",
    features: [FEATURES],
    trained: (classes) => new Sequential(new Linear(FEATURES, classes)),
    start: {},
    variants: { count: VERSIONS, shape: [KEPT], layer: versions },
  };
}
