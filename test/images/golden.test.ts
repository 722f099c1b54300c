// Images through maps of the plane against PyTorch and SciPy, and in other colours against Python's colorsys, on every executor.
import { afterAll, describe, expect, test } from "vitest";
import { constant } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { affine, hue, randomRotate, randomZoom } from "../../src/images/index.ts";
import { randomKey } from "../../src/ops/random.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { goldenCases } from "../golden.ts";
import { derivativesAt, disagreements, largest } from "../ops/derivatives.ts";
import { runOn } from "../run.ts";

const key = randomKey(0, "images");
const builds: Readonly<Record<string, (...inputs: Tensor[]) => Tensor>> = {
  "affine bilinear zeros": (x, theta) => affine(x, theta),
  "affine bilinear border": (x, theta) => affine(x, theta, { paddingMode: "border" }),
  "affine nearest zeros": (x, theta) => affine(x, theta, { mode: "nearest" }),
  "affine nearest border": (x, theta) => affine(x, theta, { mode: "nearest", paddingMode: "border" }),
  "affine larger": (x, theta) => affine(x, theta, { size: [6, 3] }),
  "affine bilinear filled": (x, theta) => affine(x, theta, { fill: 0.75 }),
  "affine nearest filled": (x, theta) => affine(x, theta, { mode: "nearest", fill: 0.75 }),
  "affine filled by channels": (x, theta) => affine(x, theta, { fill: [0.75, -2] }),
  "turned 30": (x) => randomRotate(x, key, { degrees: [30, 30] }),
  "turned -75": (x) => randomRotate(x, key, { degrees: [-75, -75] }),
  "enlarged 1.5": (x) => randomZoom(x, key, { scale: [1.5, 1.5] }),
  "shrunk 0.6": (x) => randomZoom(x, key, { scale: [0.6, 0.6] }),
  "turned 30 filled": (x) => randomRotate(x, key, { degrees: [30, 30], fill: 0.75 }),
  "shrunk 0.6 filled": (x) => randomZoom(x, key, { scale: [0.6, 0.6], fill: [-1.5] }),
  "hue 0.2": (x) => hue(x, key, { shift: [0.2, 0.2] }),
  "hue -0.45": (x) => hue(x, key, { shift: [-0.45, -0.45] }),
};

const executors = Object.entries({ oracle, ...float32 }).map(
  ([name, create]) => [name, create({ poison: true })] as const,
);
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

// Places are reckoned to the last digit or two of numbers up to 6, the size of the images, and slopes are as large as the differences of
// pixels: in float32 1e-6 of the largest number for each, in float64 next to nothing. The draws themselves are float32 on every executor.
const allowed = (name: string, drawn: boolean) => (name === "oracle" && !drawn ? 1e-12 : 1e-5);

describe.each(Object.entries(builds))("%s", (golden, build) => {
  const sample = { golden: `images/${golden}`, build };

  test.each(executors)("equals the reference on %s, with its gradients", async (name, executor) => {
    for (const each of goldenCases(sample.golden)) {
      const graph = derivativesAt(sample, each);
      expect(graph.value.shape).toEqual(each.value.shape);
      const results = await runOn(executor, graph);
      const gradients = (each.gradients ?? []).map((data, i) => [`gradient ${i}`, data] as const);
      for (const [output, data] of [["value", each.value.data] as const, ...gradients]) {
        const unit = allowed(name, !golden.startsWith("affine")) * Math.max(1, largest(data));
        expect(disagreements(output, results[output], data, () => unit)).toEqual([]);
      }
    }
  });
});

test("gradients of images and of maps, and theirs, equal differences", async () => {
  const x = constant(
    Float64Array.from({ length: 24 }, (_, i) => Math.sin(i * i)),
    { shape: [1, 2, 3, 4] },
  );
  const theta = constant([0.83, 0.21, 0.05, -0.17, 0.91, -0.08], { shape: [1, 2, 3] });
  expect(await checkGradients((a, b) => affine(a, b), [x, theta], { order: 2 })).toBeLessThan(1e-6);
});
