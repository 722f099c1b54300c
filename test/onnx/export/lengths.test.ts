// Convolutions and poolings along an axis with a name, as ONNX files for sequences and images of any size: run by ONNX Runtime, and read again.
import { describe, expect, test } from "vitest";
import { constant } from "../../../src/create.ts";
import { conv1d } from "../../../src/functions/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { toOnnx } from "../../../src/onnx/index.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { Variable } from "../../../src/variable.ts";
import { type Case, compare } from "./compare.ts";

// Float32 rounds at 6e-8, and both sum in their own order.
const CLOSE = 1e-5;

/** Odd and even ones, those that models are not looked at with among them. */
const LENGTHS = [5, 8, 10, 11, 31];

async function check(model: unknown, shape: readonly (number | string)[], lengths: readonly number[] = LENGTHS) {
  const { isSomething, elsewhere, again } = await compare(
    { model: model as Case["model"], signature: { input: shape } },
    lengths,
  );
  expect(isSomething).toBe(true);
  expect(elsewhere).toBeLessThan(CLOSE);
  expect(again).toBeLessThan(CLOSE);
}

const sequence = [1, 2, "length"];
const wide = [1, 2, 7, "width"];
const high = [1, 2, "height", 6];

describe("convolutions of any length", () => {
  test.each([
    ...[1, 2, 3, 4].flatMap((stride) => [0, 1].map((padding) => ({ stride, padding }))),
    { dilation: 2 },
    { dilation: 2, padding: 2, stride: 2 },
    { padding: "same" as const },
    { padding: "causal" as const, dilation: 2 },
    { groups: 2, padding: 1, stride: 2 },
    { bias: false, stride: 2 },
  ])("Conv1d %j", (options) => check(new nn.Conv1d(2, 4, 3, options), sequence));

  test.each([{}, { padding: 1 }, { stride: 2 }, { stride: 2, padding: 1 }, { dilation: 2, padding: [2, 1] }])(
    "Conv2d %j",
    async (options) => {
      for (const shape of [wide, high]) await check(new nn.Conv2d(2, 3, 3, options), shape);
    },
  );

  test.each([{}, { stride: 2 }, { stride: 2, padding: 1, outputPadding: 1 }, { stride: 3 }, { padding: 1 }])(
    "ConvTranspose1d %j",
    (options) => check(new nn.ConvTranspose1d(2, 3, 3, options), sequence),
  );

  test("ConvTranspose2d", () => check(new nn.ConvTranspose2d(2, 3, 2, { stride: 2 }), wide));
});

describe("poolings of any length", () => {
  const options = [1, 2, 3].flatMap((stride) => [0, 1].map((padding) => ({ stride, padding })));
  test.each(options)("1d %j", async (each) => {
    await check(new nn.MaxPool1d(3, each), sequence);
    await check(new nn.AvgPool1d(3, each), sequence);
  });

  test.each([{ ceilMode: true }, { ceilMode: true, stride: 2 }, { dilation: 2, stride: 2, padding: 1 }])(
    "MaxPool1d %j",
    (each) => check(new nn.MaxPool1d(3, each as { stride: number }), sequence, LENGTHS.slice(1)),
  );

  test("2d", async () => {
    for (const shape of [wide, high]) {
      await check(new nn.MaxPool2d(2), shape);
      await check(new nn.AvgPool2d(2), shape);
      await check(new nn.MaxPool2d(3, { stride: 2, padding: 1 }), shape);
    }
  });

  test("with places", async () => {
    for (const shape of [wide, high]) {
      const pool = new nn.MaxPool2d(3, { stride: 2, returnIndices: true });
      await check({ forward: (x: Tensor) => pool.forward(x, undefined as never)[1].cast("f32"), pool }, shape);
    }
  });
});

describe("what comes behind knows how long it is", () => {
  const LONG = [20, 21, 22, 23];
  test("means of what is left, and what is spread over it", async () => {
    const model = new nn.Sequential(
      new nn.Conv1d(2, 4, 3, { stride: 2 }),
      nn.relu,
      new nn.MaxPool1d(3, { stride: 2, padding: 1 }),
      new nn.Conv1d(4, 3, 3, { stride: 2, padding: 1 }),
      (x: Tensor) => x.sub(x.mean(2, { keepDims: true })).add(x.mean([0, 1])),
      new nn.AdaptiveAvgPool1d(1),
      new nn.Flatten(),
      new nn.Linear(3, 2),
    );
    await check(model, sequence, LONG);
  });

  test("up again, and beside what was there", async () => {
    const [down, up] = [new nn.Conv1d(2, 4, 3, { stride: 2 }), new nn.ConvTranspose1d(4, 2, 3, { stride: 2 })];
    const forward = (x: Tensor) => {
      const y = up.forward(down.forward(x));
      return y.add(y.sum(2, { keepDims: true }).broadcastTo(y.shape)).div(y.shape[2]);
    };
    await check({ forward, down, up }, sequence, LONG);
  });
});

describe("what no file can say", () => {
  const weight = new Variable([2, 2, 3], () => constant(new Float32Array(12), { shape: [2, 2, 3] }));
  test.each<[string, (x: Tensor) => Tensor, string]>([
    ["padding", (x) => conv1d(x, weight, { padding: x.shape[2] > 20 ? 1 : 2 }), "a convolution depends on the batch"],
    ["parts", (x) => new nn.AdaptiveMaxPool1d(3).forward(x), "a window of a pooling depends on the batch"],
    [
      "places that count",
      (x) => new nn.AvgPool1d(3, { padding: 1, countIncludePad: false }).forward(x),
      "depends on its batch",
    ],
  ])("%s", async (_, forward, message) => {
    await expect(toOnnx({ forward, weight } as never, { input: sequence })).rejects.toThrow(message);
  });
});
