// Convolutions, poolings, paddings, recurrent layers and attention with options drawn at random, as ONNX files: run by ONNX Runtime and read again.
import { describe, expect, test } from "vitest";
import { SimdgradError } from "../../../src/errors.ts";
import * as nn from "../../../src/nn/index.ts";
import { numbers } from "../../random.ts";
import { type Case, compare } from "./compare.ts";

/** So many of each kind. */
const COUNT = process.env.ONNX_ALL === "1" ? 40 : 1;

type Draw = (low: number, high: number) => number;

const one = (model: unknown, ...shape: (number | string)[]): Case => ({
  model: model as never,
  signature: { input: shape },
});

/** A number an axis. */
const each = (draw: Draw, axes: number, low: number, high: number) =>
  Array.from({ length: axes }, () => draw(low, high));

const convolutions = { 1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d };
const transposed = { 1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d };
const largest = { 1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d };
const means = { 1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d };
const adaptive = { 1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d };
const adaptiveMax = { 1: nn.AdaptiveMaxPool1d, 2: nn.AdaptiveMaxPool2d, 3: nn.AdaptiveMaxPool3d };

/** How a case is drawn; options that do not fit one another throw. */
const kinds: Readonly<Record<string, (draw: Draw) => Case>> = {
  convolution(draw) {
    const axes = draw(1, 3) as 1 | 2 | 3;
    const [groups, inputs, outputs] = [draw(1, 2), draw(1, 2), draw(1, 2)];
    const layer = new convolutions[axes](groups * inputs, groups * outputs, each(draw, axes, 1, 3) as never, {
      groups,
      stride: each(draw, axes, 1, 3),
      dilation: each(draw, axes, 1, 2),
      padding: draw(0, 3) === 0 ? 0 : each(draw, axes, 0, 3),
      bias: draw(0, 1) === 1,
      paddingMode: (["zeros", "reflect", "replicate", "circular"] as const)[draw(0, 6)] ?? "zeros",
    });
    return one(layer, "batch", groups * inputs, ...each(draw, axes, 3, 7));
  },
  "transposed convolution"(draw) {
    const axes = draw(1, 3) as 1 | 2 | 3;
    const [groups, inputs, outputs] = [draw(1, 2), draw(1, 2), draw(1, 2)];
    const layer = new transposed[axes](groups * inputs, groups * outputs, each(draw, axes, 1, 4) as never, {
      groups,
      stride: each(draw, axes, 1, 3),
      dilation: each(draw, axes, 1, 2),
      padding: each(draw, axes, 0, 2),
      outputPadding: each(draw, axes, 0, 1),
      bias: draw(0, 1) === 1,
    });
    return one(layer, "batch", groups * inputs, ...each(draw, axes, 1, 5));
  },
  "max pooling"(draw) {
    const axes = draw(1, 3) as 1 | 2 | 3;
    const layer = new largest[axes](
      each(draw, axes, 1, 4) as never,
      {
        stride: each(draw, axes, 1, 3),
        padding: draw(0, 1) as never,
        dilation: each(draw, axes, 1, 2) as never,
        ceilMode: draw(0, 1) === 1,
        returnIndices: draw(0, 2) === 0,
      } as never,
    );
    return one(layer, "batch", 2, ...each(draw, axes, 3, 8));
  },
  "mean pooling"(draw) {
    const axes = draw(1, 3) as 1 | 2 | 3;
    const layer = new means[axes](
      each(draw, axes, 1, 4) as never,
      {
        stride: each(draw, axes, 1, 3),
        padding: draw(0, 1),
        ceilMode: draw(0, 1) === 1,
        countIncludePad: draw(0, 1) === 1,
      } as never,
    );
    return one(layer, "batch", 2, ...each(draw, axes, 3, 8));
  },
  "adaptive pooling"(draw) {
    const axes = draw(1, 3) as 1 | 2 | 3;
    const sizes = each(draw, axes, 1, 4) as never;
    const Kind = draw(0, 1) === 0 ? adaptive[axes] : adaptiveMax[axes];
    return one(new Kind(sizes), "batch", 2, ...each(draw, axes, 2, 7));
  },
  "a recurrent layer"(draw) {
    const options = {
      numLayers: draw(1, 2),
      bidirectional: draw(0, 1) === 1,
      batchFirst: draw(0, 1) === 1,
      bias: draw(0, 3) > 0,
    };
    const Kind = ([nn.RNN, nn.GRU, nn.LSTM] as const)[draw(0, 2)];
    const model = new Kind(3, draw(1, 4), options);
    const steps = draw(1, 4);
    return one(model, ...(options.batchFirst ? ["batch", steps, 3] : [steps, "batch", 3]));
  },
  attention(draw) {
    const heads = draw(1, 2);
    const batchFirst = draw(0, 1) === 1;
    const options = { batchFirst, bias: draw(0, 1) === 1 };
    const steps = draw(1, 4);
    const place = (length: number) => (batchFirst ? ["batch", length, 4] : [length, "batch", 4]);
    if (draw(0, 1) === 0) return one(new nn.MultiheadAttention(4, heads, options), ...place(steps));
    const layer = new nn.TransformerEncoderLayer(4, heads, {
      dimFeedforward: 3,
      normFirst: draw(0, 1) === 1,
      batchFirst,
    });
    return {
      model: layer as never,
      signature: { input: { src: place(steps), keyMask: { shape: ["batch", steps], dtype: "i32" } } },
    };
  },
  resizing(draw) {
    const mode = (["nearest", "nearest-exact", "bilinear", "bicubic"] as const)[draw(0, 3)];
    const size =
      draw(0, 1) === 0 ? { size: each(draw, 2, 1, 8) } : { scaleFactor: each(draw, 2, 2, 9).map((n) => n / 4) };
    const corners = mode.startsWith("nearest") ? {} : { alignCorners: draw(0, 1) === 1 };
    return one(new nn.Upsample({ mode, ...size, ...corners }), "batch", 2, ...each(draw, 2, 2, 6));
  },
};

describe.each(Object.keys(kinds))("%s", (kind) => {
  test.each(Array.from({ length: COUNT }, (_, i) => i + 1))("drawn, %i", async (seed) => {
    const next = numbers(seed * 1000);
    const draw: Draw = (low, high) => low + Math.floor(next() * (high - low + 1));
    for (let tries = 0; ; tries++)
      try {
        const { elsewhere, again } = await compare(kinds[kind](draw), [1, 3]);
        expect(elsewhere).toBeLessThan(1e-5);
        expect(again).toBeLessThan(1e-6);
        return;
      } catch (error) {
        // Options that do not fit one another are drawn again.
        const isDrawn = error instanceof SimdgradError && !/toOnnx|onnx/i.test(error.message);
        if (!isDrawn || tries > 50) throw error;
      }
  });
});
