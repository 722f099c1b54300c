// Small bundles with something of everything: convolutions and batch norm, loops, attention, tokens, bytes as inputs, weights of 8 bits, several
// inputs and outputs, fixed shapes.
import type { Tensor } from "simdgrad";
import { type InferenceOptions, type InferenceSignature, toInference } from "simdgrad/inference";
import * as nn from "simdgrad/nn";
import { sealed } from "../io/saved.ts";

/** First values, drawn from a seed: the state that a model begins with. */
export interface Made {
  readonly model: nn.Layer<never, unknown>;
  readonly signature: InferenceSignature;
  readonly options?: InferenceOptions;
}

const convolutional = new nn.Sequential(
  new nn.Conv2d(1, 2, 3, { padding: 1 }),
  new nn.BatchNorm2d(2),
  nn.relu,
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(18, 3),
);
const recurrent = new nn.LSTM(3, 4, { batchFirst: true });
const attention = new nn.MultiheadAttention(4, 2);
const words = new nn.Sequential(new nn.Embedding(9, 4), new nn.Linear(4, 2), nn.softmax);
const [left, right] = [new nn.Linear(2, 3), new nn.Linear(4, 3)];

export const made: Readonly<Record<string, Made>> = {
  dense: {
    model: new nn.Sequential(new nn.Linear(4, 8), nn.gelu, new nn.LayerNorm(8), new nn.Linear(8, 2)),
    signature: { input: ["batch", 4] },
  },
  convolutional: { model: convolutional, signature: { input: ["batch", 1, 6, 6] }, options: { batch: [1, 4] } },
  bytes: {
    model: convolutional,
    signature: { input: { shape: ["batch", 1, 6, 6], dtype: "u8" } },
    options: { batch: 2, weights: "int8" },
  },
  recurrent: { model: recurrent, signature: { input: ["batch", 5, 3] }, options: { batch: 2 } },
  words: { model: words, signature: { input: { shape: ["batch", 3], dtype: "i32" } }, options: { batch: [1, 3] } },
  attention: {
    model: {
      attention,
      forward: (x: { readonly query: Tensor; readonly key: Tensor }, context: nn.Context) =>
        attention.forward({ ...x, value: x.key }, context),
    } as never,
    signature: { input: { query: [2, 1, 4], key: [3, 1, 4] } },
  },
  several: {
    model: {
      left,
      right,
      forward({ a, b }: { readonly a: Tensor; readonly b: Tensor }, context: nn.Context) {
        const sum = left.forward(a, context).add(right.forward(b, context));
        return { sum, largest: sum.argmax(1) };
      },
    } as never,
    signature: { input: { a: ["batch", 2], b: ["batch", 4] } },
    options: { batch: 3 },
  },
};

/** Numbers that every model of a kind begins with: those of PyTorch's initialisers would differ from run to run of nothing, but warn. */
export function stateOf(
  model: unknown,
): Record<string, { readonly data: Float32Array | Int32Array; readonly shape: readonly number[] }> {
  return Object.fromEntries(
    Array.from(nn.variables(model as never), ([path, { shape, dtype }]) => {
      const length = shape.reduce((size, each) => size * each, 1);
      const data = Float32Array.from({ length }, (_, i) => 0.5 + 0.25 * Math.sin(7 * i + path.length));
      return [path, { data: dtype === "i32" ? new Int32Array(length) : data, shape }];
    }),
  );
}

export function bundle(name: string, options: InferenceOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { model, signature, options: own } = made[name];
  return toInference(model as never, signature, { state: stateOf(model), ...own, ...options });
}

/** The header of a file, its manifest, and what follows. */
export function opened(file: Uint8Array) {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  return { header, manifest: JSON.parse(header.__metadata__.model), data: file.slice(8 + length) };
}

/** A file of them, with a checksum that is right. */
export function closed({ header, manifest, data }: ReturnType<typeof opened>): Uint8Array {
  const { crc32: _, ...rest } = header.__metadata__;
  const metadata = { crc32: "00000000", ...rest, model: JSON.stringify(manifest) };
  const text = new TextEncoder().encode(JSON.stringify({ ...header, __metadata__: metadata }));
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setUint32(0, text.length, true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return sealed(file);
}
