// Layers with the options in which their nodes differ, as cases: what ONNX has nodes for as a whole, and what a layer's own options change.
import { concat } from "../../../src/create.ts";
import * as nn from "../../../src/nn/index.ts";
import type { Tensor } from "../../../src/tensor.ts";
import type { Case } from "./compare.ts";

const one = (model: Case["model"], ...shape: (number | string)[]): Case => ({ model, signature: { input: shape } });
const ofTokens = (model: Case["model"], size: number, ...shape: (number | string)[]): Case => ({
  model,
  signature: { input: { shape, dtype: "i32" } },
  high: { input: size },
});
const alike = (make: () => Case["model"]) => make();

/** A recurrent layer with all that it takes. */
function stateful(model: nn.RNN | nn.GRU | nn.LSTM, layers: number, sizes: readonly number[]): Case {
  const state = sizes.map((size) => [layers, "batch", size]);
  const input = {
    input: [5, "batch", 3],
    state: state.length === 1 ? state[0] : state,
    lengths: { shape: ["batch"], dtype: "i32" as const },
  };
  // Lengths from 1 on.
  const wrapped = {
    model,
    forward: (x: { readonly lengths: Tensor }, context: nn.Context) =>
      (model as nn.GRU).forward({ ...(x as never as nn.SequenceInput<Tensor>), lengths: x.lengths.add(1) }, context),
  };
  return { model: wrapped as never, signature: { input }, high: { lengths: 5 } };
}

export const layerCases: Readonly<Record<string, () => Case>> = {
  "RNN tanh": () => one(new nn.RNN(3, 4) as never, 5, "batch", 3),
  "RNN relu, both directions": () =>
    one(new nn.RNN(3, 4, { nonlinearity: "relu", bidirectional: true }) as never, 5, "batch", 3),
  "RNN with state": () => stateful(new nn.RNN(3, 4), 1, [4]),
  "GRU of two layers": () => one(new nn.GRU(3, 4, { numLayers: 2, batchFirst: true }) as never, "batch", 5, 3),
  "GRU with state, both directions": () => stateful(new nn.GRU(3, 2, { bidirectional: true }), 2, [2]),
  "GRU without bias": () => one(new nn.GRU(3, 4, { bias: false }) as never, 5, "batch", 3),
  LSTM: () => one(new nn.LSTM(3, 4) as never, 5, "batch", 3),
  "LSTM of two layers, both directions": () =>
    one(new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true, batchFirst: true }) as never, "batch", 5, 3),
  "LSTM with state": () => stateful(new nn.LSTM(3, 4, { numLayers: 2 }), 2, [4, 4]),
  "LSTM with a projection": () => one(new nn.LSTM(3, 4, { projSize: 2 }) as never, 5, "batch", 3),
  "BatchNorm1d of rows": () => one(new nn.BatchNorm1d(3), "batch", 3),
  "BatchNorm1d without weights": () => one(new nn.BatchNorm1d(3, { affine: false }), "batch", 3, 4),
  BatchNorm2d: () => one(new nn.BatchNorm2d(3), "batch", 3, 4, 2),
  BatchNorm3d: () => one(new nn.BatchNorm3d(2), "batch", 2, 2, 3, 2),
  "BatchNorm1d without statistics": () => one(new nn.BatchNorm1d(3, { trackRunningStats: false }), "batch", 3, 4),
  "convolutions and batch norms": () =>
    one(
      new nn.Sequential(
        new nn.Conv2d(2, 4, 3, { bias: false }),
        new nn.BatchNorm2d(4),
        nn.relu,
        new nn.ConvTranspose2d(4, 2, 2, { stride: 2 }),
        new nn.BatchNorm2d(2),
        new nn.Flatten(),
        new nn.Linear(288, 3),
        new nn.BatchNorm1d(3),
      ),
      ..."batch".split(" "),
      2,
      8,
      8,
    ),
  ...Object.fromEntries(
    (["nearest", "nearest-exact", "bilinear", "bicubic"] as const).flatMap((mode) => [
      [`Upsample ${mode} twice`, () => one(new nn.Upsample({ scaleFactor: 2, mode }), "batch", 2, 3, 4)],
      [`Upsample ${mode} to a size`, () => one(new nn.Upsample({ size: [5, 3], mode }), "batch", 2, 3, 4)],
      [`Upsample ${mode} by a broken factor`, () => one(new nn.Upsample({ scaleFactor: 1.7, mode }), "batch", 2, 3, 4)],
    ]),
  ),
  "Upsample linear": () => one(new nn.Upsample({ scaleFactor: 2, mode: "linear" }), "batch", 2, 5),
  "Upsample trilinear": () => one(new nn.Upsample({ size: 5, mode: "trilinear" }), "batch", 2, 3, 2, 3),
  "Upsample with corners": () =>
    one(new nn.Upsample({ size: [5, 7], mode: "bilinear", alignCorners: true }), "batch", 2, 3, 4),
  "Embedding of tokens": () => ofTokens(new nn.Embedding(7, 3), 7, "batch", 4),
  "Embedding of tokens, int64": () => ({
    ...ofTokens(new nn.Embedding(7, 3), 7, "batch", 4),
    options: { integers: "int64" },
  }),
  "EmbeddingBag with a padding": () => ofTokens(new nn.EmbeddingBag(7, 3, { paddingIdx: 0 }) as never, 7, "batch", 4),
  "EmbeddingBag of largest": () => ofTokens(new nn.EmbeddingBag(7, 3, { mode: "max" }) as never, 7, "batch", 4),
  "classes, int64": () => ({
    ...one((x: Tensor) => [x.argmax(1), x.softmax(1)], "batch", 5),
    options: { integers: "int64" },
  }),
  "Linear of sequences": () => one(new nn.Linear(3, 4), "batch", 5, 3),
  "LayerNorm of two axes": () => one(new nn.LayerNorm([3, 4]), "batch", 3, 4),
  "RMSNorm of sequences": () => one(new nn.RMSNorm(4), "batch", 3, 4),
  "GroupNorm of images": () => one(new nn.GroupNorm(2, 4), "batch", 4, 3, 5),
  "InstanceNorm2d with statistics": () =>
    one(new nn.InstanceNorm2d(3, { affine: true, trackRunningStats: true }), "batch", 3, 4, 2),
  "softmax of channels": () => one((x: Tensor) => nn.softmax(x, 1), "batch", 3, 4),
  "convolution with all options": () =>
    one(
      new nn.Conv2d(4, 6, [3, 2], { groups: 2, stride: [2, 1], dilation: [1, 2], padding: [1, 0] }),
      "batch",
      4,
      8,
      7,
    ),
  "causal convolution": () => one(new nn.Conv1d(2, 3, 3, { padding: "causal" as never, dilation: 2 }), "batch", 2, 9),
  "transposed convolution with all options": () =>
    one(new nn.ConvTranspose2d(4, 6, 3, { groups: 2, stride: 2, padding: 1, outputPadding: 1 }), "batch", 4, 5, 4),
  "transposed convolution of strides of 1": () =>
    one(new nn.ConvTranspose1d(4, 6, 3, { groups: 2, padding: 1, dilation: 2 }), "batch", 4, 6),
  "pools of odd sizes": () =>
    one(
      new nn.Sequential(new nn.MaxPool2d(3, { stride: 2, ceilMode: true }), new nn.AdaptiveAvgPool2d([2, 3])),
      "batch",
      2,
      8,
      9,
    ),
  "averages without the padding": () =>
    one(new nn.AvgPool2d(3, { stride: 2, padding: 1, countIncludePad: false } as never), "batch", 2, 6, 6),
  "shapes that follow from the batch": () =>
    one(
      (x: Tensor) =>
        concat([x, x.mul(2)], 0)
          .reshape([2, -1, 3])
          .permute([1, 0, 2]),
      "batch",
      3,
    ),
  "an output that is an input": () => one((x: Tensor) => ({ x, twice: x.mul(2), same: x }), "batch", 3),
  "MultiheadAttention with masks": () => ({
    model: alike(() => new nn.MultiheadAttention(4, 2, { batchFirst: true }) as never),
    signature: { input: { query: ["batch", 5, 4], keyMask: { shape: ["batch", 5], dtype: "i32" } } },
    high: { keyMask: 2 },
  }),
  "causal attention to any number of tokens": () => {
    const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 3, batchFirst: true });
    const forward = (src: Tensor, context: nn.Context) => layer.forward({ src, isCausal: true }, context);
    return one({ layer, forward } as never, 2, "length", 4);
  },
  "Stateful, which begins anew": () => one(new nn.Stateful(new nn.GRU(3, 4), 2) as never, 5, "batch", 3),
};
