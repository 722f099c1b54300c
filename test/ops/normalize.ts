// Samples of the ops that normalisations are made of.
import { moments, normalizeGradientOp, normalizeRows, weightedSums } from "../../src/ops/normalize.ts";
import { apply, type Tensor } from "../../src/tensor.ts";
import { real } from "./inputs.ts";
import type { Samples } from "./sample.ts";

const EPSILON = 1e-3;

/** Both outputs in one, so that gradients come back through both. */
function both(x: Tensor, centred: boolean): Tensor {
  const { values, inverse } = normalizeRows(x, EPSILON, centred);
  return values.mul(inverse.unsqueeze(1));
}

const gradient = (centred: boolean) => (g: Tensor, values: Tensor, inverse: Tensor) =>
  apply(normalizeGradientOp, [g, values, inverse], { centred });

const matrices = ["1x1", "5x333", "33x2", "700x7", "3x4100", "0x5"];
const lines = ["1x1x1", "5x333x1", "3x33x17", "2x4100x3", "1x700x40", "3x0x4"];

export const normalizeSamples: Record<"normalizeRows" | "normalizeGradient" | "moments" | "weightedSums", Samples> = {
  normalizeRows: [
    {
      golden: "normalize/rows",
      build: (x) => normalizeRows(x, EPSILON, true).values,
      larger: matrices.map((shape) => [real(shape)]),
    },
    {
      golden: "normalize/rows uncentred",
      build: (x) => normalizeRows(x, EPSILON, false).values,
      larger: matrices.map((shape) => [real(shape)]),
    },
    { golden: "normalize/inverse", build: (x) => normalizeRows(x, EPSILON, true).inverse },
    { golden: "normalize/both", build: (x) => both(x, true) },
    { golden: "normalize/both uncentred", build: (x) => both(x, false) },
  ],
  normalizeGradient: [
    {
      golden: "normalize/gradient",
      build: gradient(true),
      larger: matrices.map((shape) => [real(shape), real(shape), real(shape.split("x")[0])]),
    },
    { golden: "normalize/gradient uncentred", build: gradient(false) },
  ],
  moments: [
    {
      golden: "normalize/mean",
      build: (x) => moments(x).mean,
      larger: lines.slice(0, 5).map((shape) => [real(shape)]),
    },
    {
      golden: "normalize/squares",
      build: (x) => moments(x).squares,
      larger: lines.slice(0, 5).map((shape) => [real(shape)]),
    },
    {
      golden: "normalize/moments",
      build: (x) => {
        const { mean, rest, squares } = moments(x);
        return mean.add(rest).mul(squares);
      },
    },
  ],
  weightedSums: [
    {
      golden: "normalize/sums",
      build: (a, b) => weightedSums(a, b).sums,
      larger: lines.map((shape) => [real(shape), real(shape)]),
    },
    {
      golden: "normalize/products",
      build: (a, b) => weightedSums(a, b).products,
      larger: lines.map((shape) => [real(shape), real(shape)]),
    },
    {
      golden: "normalize/weighted",
      build: (a, b) => {
        const { sums, products } = weightedSums(a, b);
        return sums.mul(products);
      },
    },
  ],
};
