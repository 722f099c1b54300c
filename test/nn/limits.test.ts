// Sizes of layers of which no graph can be built, and those that only seem so: they are refused in words, at once.
import { expect, test } from "vitest";
import { constant, input } from "../../src/create.ts";
import { evaluate } from "../../src/evaluate.ts";
import { affine } from "../../src/images/index.ts";
import * as nn from "../../src/nn/index.ts";
import { randomKey } from "../../src/ops/random.ts";
import { thrown } from "../thrown.ts";

const depth = "must be a whole number from 1 to 4096, got";

test.each<readonly [message: string, call: () => unknown]>([
  [`ArgumentError: LSTM: numLayers ${depth} 1000000000`, () => new nn.LSTM(1, 1, { numLayers: 1e9 })],
  [`ArgumentError: GRU: numLayers ${depth} 4097`, () => new nn.GRU(1, 1, { numLayers: 4097 })],
  [
    `ArgumentError: Transformer: numEncoderLayers ${depth} 1000000000`,
    () => new nn.Transformer(2, 1, { numEncoderLayers: 1e9 }),
  ],
  [
    `ArgumentError: Transformer: numDecoderLayers ${depth} 1000000000`,
    () => new nn.Transformer(2, 1, { numDecoderLayers: 1e9 }),
  ],
  [
    `ArgumentError: SpectralNorm: nPowerIterations ${depth} 1000000`,
    () => new nn.SpectralNorm(new nn.Linear(2, 2), { nPowerIterations: 1e6 }),
  ],
  [
    "ShapeError: LocalResponseNorm: channels around each one: [5001] has more than 2^12 elements",
    () => new nn.LocalResponseNorm(5001).forward(input([1, 10_000])),
  ],
  ["ShapeError: Unfold: kernelSize: [1000, 1000] has more than 2^16 elements", () => new nn.Unfold([1000, 1000])],
  [
    "ShapeError: sinusoidalPositions: [268435456, 64] has more than 2^26 elements",
    () => nn.sinusoidalPositions(2 ** 28, 64),
  ],
  [
    "ShapeError: rotaryPositions: [8388608, 32] has more than 2^26 elements",
    () => nn.rotaryPositions(input([2 ** 23, 64])),
  ],
  [
    "ShapeError: init.dirac: [16384, 16384, 1] has more than 2^26 elements",
    () => nn.init.dirac()([2 ** 14, 2 ** 14, 1], randomKey(0, "weight")),
  ],
  [
    "ShapeError: affine: [1000000000] has more than 2^26 elements",
    () => affine(input([1, 1, 2, 2]), input([1, 2, 3]), { size: [1e9, 1] }),
  ],
  [
    "ShapeError: affine: [1, 1, 60000, 60000] has more than 2^30 elements",
    () => affine(input([1, 1, 2, 2]), input([1, 2, 3]), { size: [60_000, 60_000] }),
  ],
])("%s", (message, call) => {
  expect(thrown(call)).toBe(message);
});

test("a LocalResponseNorm over more channels than there are takes those that exist", async () => {
  const x = constant([[1, 2, 3]]);
  const sum = 1 + 4 + 9;
  for (const size of [5, 6, 9, 1e9]) {
    const found = await evaluate(new nn.LocalResponseNorm(size, { alpha: size, beta: 1 }).forward(x));
    expect(found).toEqual(Float32Array.from([1, 2, 3], (each) => each / (1 + sum)));
  }
  expect(new nn.LocalResponseNorm(7).forward(input([2, 0, 3])).shape).toEqual([2, 0, 3]);
});
