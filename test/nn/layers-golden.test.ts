// Layers against PyTorch: values, gradients and gradients of gradients of inputs and parameters, on every executor; running statistics.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { evaluate, initialise } from "../../src/evaluate.ts";
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from "../../src/nn/batch-normalization.ts";
import { WeightNorm } from "../../src/nn/containers.ts";
import { ConvTranspose1d } from "../../src/nn/convolution.ts";
import { Embedding, EmbeddingBag, type EmbeddingBagOptions } from "../../src/nn/embedding.ts";
import {
  GroupNorm,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  LocalResponseNorm,
} from "../../src/nn/group-normalization.ts";
import { Bilinear, Linear, PReLU } from "../../src/nn/layers.ts";
import {
  type Context,
  evaluationContext,
  type Module,
  parameters,
  trainingContext,
  variables,
} from "../../src/nn/module.ts";
import { LayerNorm, RMSNorm } from "../../src/nn/normalization.ts";
import { SpectralNorm } from "../../src/nn/spectral-norm.ts";
import { printProgram } from "../../src/program/print-program.ts";
import type { Shape } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { scalar } from "../../src/tensor.ts";
import type { Assignment } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { type Case, goldenCases } from "../golden.ts";
import { derivativesAt, disagreements, largest } from "../ops/derivatives.ts";
import { runOn } from "../run.ts";

// Float64 rounds at 1.1e-16; a gradient of a gradient of a norm is some fifty operations deep and its terms cancel.
const RELATIVE = 1e-10;
const CANCELLED = 1e-14;

// Float32 rounds at 6e-8. Gradients of gradients of norms are chains of some thirty roundings (2e-6) whose terms cancel: what is
// rounded has the size of cotangents times 1 / deviation, to the power of the order.
const FLOAT32 = 4e-6;

const training = () => trainingContext(0, scalar(0, "i32"));

/** The layer with tensors in place of its parameters. */
function given<L extends object>(layer: L, parameters: Readonly<Record<string, Tensor>>): L {
  return Object.create(layer, Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, { value }])));
}

type Build = (...inputs: Tensor[]) => Tensor;

const bags =
  (options: EmbeddingBagOptions): Build =>
  (index, weight, perSampleWeights) => {
    const layer = given(new EmbeddingBag(5, 3, options), { weight });
    return layer.forward(perSampleWeights === undefined ? index : { index, perSampleWeights });
  };

const offsetBags =
  (mode: "sum" | "mean"): Build =>
  (index, offsets, weight) =>
    given(new EmbeddingBag(5, 3, { mode }), { weight }).forward({ index, offsets });

const feature = (x: Tensor) => x.shape[1];

function normed(dim: number | null, x: Tensor, bias: Tensor, weightG: Tensor, weightV: Tensor): Tensor {
  const linear = new Linear(3, 2);
  return given(new WeightNorm(linear, { dim }), {
    layer: given(linear, { bias }) as unknown as Tensor,
    weightG,
    weightV,
  }).forward(x, training());
}

function spectral<L extends Linear | ConvTranspose1d>(
  layer: L,
  context: Context,
  ...inputs: readonly Tensor[]
): Tensor {
  const [x, bias, weightOrig, weightU, weightV] = inputs;
  const normed = new SpectralNorm(layer);
  expect([normed.weightU.shape, normed.weightV.shape]).toEqual([weightU.shape, weightV.shape]);
  return given(normed, {
    layer: given(layer, { bias }) as unknown as Tensor,
    weightOrig,
    weightU,
    weightV,
  }).forward(x, context);
}

const layers: Readonly<Record<string, Build>> = {
  Linear: (x, weight, bias) => given(new Linear(weight.shape[1], weight.shape[0]), { weight, bias }).forward(x),
  PReLU: (x, weight) => given(new PReLU(), { weight }).forward(x),
  "PReLU 3": (x, weight) => given(new PReLU(3), { weight }).forward(x),
  Bilinear: (a, b, weight, bias) => {
    const [out, in1, in2] = weight.shape;
    return given(new Bilinear(in1, in2, out), { weight, bias }).forward([a, b]);
  },
  Embedding: (index, weight) => given(new Embedding(weight.shape[0], weight.shape[1]), { weight }).forward(index),
  "Embedding paddingIdx": (index, weight) => given(new Embedding(5, 3, { paddingIdx: -3 }), { weight }).forward(index),
  "Embedding maxNorm": (index, weight) => given(new Embedding(5, 3, { maxNorm: 2.5 }), { weight }).forward(index),
  EmbeddingBag: bags({}),
  "EmbeddingBag sum": bags({ mode: "sum" }),
  "EmbeddingBag sum paddingIdx": bags({ mode: "sum", paddingIdx: 2 }),
  "EmbeddingBag mean paddingIdx": bags({ paddingIdx: -3 }),
  "EmbeddingBag max": bags({ mode: "max" }),
  "EmbeddingBag max paddingIdx": bags({ mode: "max", paddingIdx: 2 }),
  "EmbeddingBag sum offsets": offsetBags("sum"),
  "EmbeddingBag mean offsets": offsetBags("mean"),
  "Embedding maxNorm 1 paddingIdx": (index, weight) =>
    given(new Embedding(5, 3, { maxNorm: 2.5, normType: 1, paddingIdx: 3 }), { weight }).forward(index),
  LayerNorm: (x, weight, bias) => given(new LayerNorm(5), { weight, bias }).forward(x),
  "LayerNorm of two axes": (x, weight, bias) => given(new LayerNorm([3, 2]), { weight, bias }).forward(x),
  "LayerNorm plain": (x) => new LayerNorm(4, { elementwiseAffine: false }).forward(x),
  RMSNorm: (x, weight) => given(new RMSNorm(5), { weight }).forward(x),
  "RMSNorm of two axes": (x, weight) => given(new RMSNorm([3, 2], { eps: 1e-3 }), { weight }).forward(x),
  "RMSNorm plain": (x) => new RMSNorm(4, { elementwiseAffine: false }).forward(x),
  BatchNorm1d: (x, weight, bias) => given(new BatchNorm1d(feature(x)), { weight, bias }).forward(x, training()),
  "BatchNorm1d plain": (x) => new BatchNorm1d(3, { affine: false, trackRunningStats: false }).forward(x, training()),
  "BatchNorm1d evaluated": (x, runningMean, runningVariance, weight, bias) =>
    given(new BatchNorm1d(3), { runningMean, runningVariance, weight, bias }).forward(x, evaluationContext()),
  weightNorm: (x, bias, g, v) => normed(0, x, bias, g, v),
  "weightNorm null": (x, bias, g, v) => normed(null, x, bias, g, v),
};

const norms: Readonly<Record<string, Build>> = {
  BatchNorm2d: (x, weight, bias) => given(new BatchNorm2d(feature(x)), { weight, bias }).forward(x, training()),
  "BatchNorm2d evaluated": (x, runningMean, runningVariance, weight, bias) =>
    given(new BatchNorm2d(3), { runningMean, runningVariance, weight, bias }).forward(x, evaluationContext()),
  BatchNorm3d: (x, weight, bias) => given(new BatchNorm3d(feature(x)), { weight, bias }).forward(x, training()),
  "GroupNorm 2": (x, weight, bias) => given(new GroupNorm(2, feature(x)), { weight, bias }).forward(x),
  "GroupNorm 1": (x, weight, bias) => given(new GroupNorm(1, feature(x)), { weight, bias }).forward(x),
  InstanceNorm1d: (x) => new InstanceNorm1d(feature(x)).forward(x, evaluationContext()),
  InstanceNorm2d: (x, weight, bias) => given(new InstanceNorm2d(feature(x)), { weight, bias }).forward(x, training()),
  InstanceNorm3d: (x, weight, bias) => given(new InstanceNorm3d(feature(x)), { weight, bias }).forward(x, training()),
  "LocalResponseNorm 3": (x) => new LocalResponseNorm(3, { alpha: 0.5, k: 2 }).forward(x),
  "LocalResponseNorm 4": (x) => new LocalResponseNorm(4, { alpha: 0.5, beta: 1.5 }).forward(x),
  SpectralNorm: (...inputs) => spectral(new Linear(3, 2), training(), ...inputs),
  "SpectralNorm evaluated": (...inputs) => spectral(new Linear(3, 2), evaluationContext(), ...inputs),
  "SpectralNorm of ConvTranspose1d": (...inputs) => spectral(new ConvTranspose1d(3, 2, 4), training(), ...inputs),
  "SpectralNorm of ConvTranspose1d evaluated": (...inputs) =>
    spectral(new ConvTranspose1d(3, 2, 4), evaluationContext(), ...inputs),
};

/** Every list of numbers of a case, by the name of the output that must equal it. */
function expectedOf({ value, gradients = [], second = [] }: Case): [name: string, data: readonly number[]][] {
  return [
    ["value", value.data],
    ...gradients.map((data, i) => [`gradient ${i}`, data] as [string, readonly number[]]),
    ...second.map((data, i) => [`second ${i}`, data] as [string, readonly number[]]),
  ];
}

const reference = oracle({ poison: true });
const float32Executors = Object.entries(float32).map(([name, create]) => [name, create({ poison: true })] as const);
const executors = [["oracle", reference] as const, ...float32Executors];
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

const samples = Object.entries({ layers, norms }).flatMap(([family, builds]) =>
  Object.entries<Build>(builds).map(([name, build]) => ({ golden: `${family}/${name}`, build })),
);

describe.each(samples)("$golden", (sample) => {
  const cases = goldenCases(sample.golden);
  /** The largest number that takes part: what is rounded has its size. */
  const magnitude = (golden: Case) => largest(expectedOf(golden).flatMap(([, data]) => data.map(Number)));

  test.each(executors)("equals PyTorch twice differentiated on %s", async (name, executor) => {
    for (const golden of cases) {
      const graph = derivativesAt(sample, golden);
      expect(graph.value.shape).toEqual(golden.value.shape);
      const results = await runOn(executor, graph);
      for (const [output, expected] of expectedOf(golden)) {
        const allowed =
          name === "oracle"
            ? (e: number) => RELATIVE * Math.abs(e) + CANCELLED * magnitude(golden)
            : () => FLOAT32 * magnitude(golden);
        expect(disagreements(output, results[output as "value"], expected, allowed)).toEqual([]);
      }
    }
  });

  test("has gradients that equal differences", async () => {
    for (const { inputs, smooth } of cases) {
      if (!smooth) continue;
      const points = inputs.map(({ shape, dtype, data }) => constant(data, { shape, dtype }));
      expect(await checkGradients(sample.build, points, { order: 2 })).toBeLessThan(1e-6);
    }
  });
});

interface Run {
  readonly shape: Shape;
  readonly momentum: number | null;
  readonly batches: readonly (readonly number[])[];
  readonly steps: readonly { readonly value: number[]; readonly mean: number[]; readonly variance: number[] }[];
  readonly tracked: number;
  readonly evaluated: readonly number[];
}

const runsOf = (file: string): Readonly<Record<string, Run>> =>
  JSON.parse(readFileSync(new URL(`../golden/${file}.json`, import.meta.url), "utf8"));
const runs = { ...runsOf("batch-norm"), ...runsOf("norm-runs") };

type Tracking = (features: number, momentum: number | null) => Module & object;

/** What runs that are named so are of; others are of BatchNorm1d. */
const trackers: Readonly<Record<string, Tracking>> = {
  BatchNorm2d: (features, momentum) => new BatchNorm2d(features, { momentum }),
  BatchNorm3d: (features, momentum) => new BatchNorm3d(features, { momentum }),
  InstanceNorm1d: (features, momentum) =>
    new InstanceNorm1d(features, { momentum: momentum ?? undefined, trackRunningStats: true }),
  InstanceNorm2d: (features, momentum) =>
    new InstanceNorm2d(features, { momentum: momentum ?? undefined, affine: true, trackRunningStats: true }),
};

describe.each(Object.entries(runs))(
  "statistics over %s",
  (run, { shape, momentum, batches, steps, tracked, evaluated }) => {
    test.each(executors)("keeps PyTorch's running statistics on %s", async (name, executor) => {
      const unit = name === "oracle" ? 1e-12 : 4e-6;
      const layer = trackers[run]?.(shape[1], momentum) ?? new BatchNorm1d(shape[1], { momentum });
      const x = input(shape, "f32", "x");
      const assignments: Assignment[] = [];
      const train = layer.forward(x, trainingContext(0, scalar(0, "i32"), assignments));
      const step = await executor.load(compile({ inputs: { x }, outputs: { y: train }, assignments }));
      const predict = await executor.load(
        compile({ inputs: { x }, outputs: { y: layer.forward(x, evaluationContext()) } }),
      );
      const state = variables(layer);
      await initialise(executor, [...state.values()], 0);
      const read = (path: string) => executor.read({ variable: state.get(path)?.key ?? "" });
      const compare = (what: string, actual: ArrayLike<number>, expected: readonly number[]) =>
        expect(disagreements(what, Float64Array.from(actual), expected, () => unit * largest(expected))).toEqual([]);
      for (const [i, batch] of batches.entries()) {
        await executor.write({ program: step, name: "x" }, batch);
        await executor.run([[step, 1]]).done;
        compare(`value ${i}`, await executor.read({ program: step, name: "y" }), steps[i].value);
        compare(`mean ${i}`, await read("running_mean"), steps[i].mean);
        compare(`variance ${i}`, await read("running_var"), steps[i].variance);
      }
      expect([...(await read("num_batches_tracked"))]).toEqual([tracked]);
      await executor.write({ program: predict, name: "x" }, batches[0]);
      await executor.run([[predict, 1]]).done;
      compare("evaluated", await executor.read({ program: predict, name: "y" }), evaluated);
      await executor.unload(step);
      await executor.unload(predict);
    });
  },
);

describe("a large mean hides no small variance", () => {
  // Numbers around 1000 with deviations around 1: the mean is off by some units of 1000 (6e-5 each), so are deviations. Squares of
  // 1000 have units of 0.06: the mean of squares less the square of the mean would be off by several percent.
  const rows = constant(
    Float64Array.from({ length: 64 }, (_, i) => Math.fround(1000 + Math.sin(i * i))),
    { shape: [4, 16] },
  );
  const norms: Readonly<Record<string, (context: Context) => Tensor>> = {
    LayerNorm: () => new LayerNorm(16, { elementwiseAffine: false }).forward(rows),
    BatchNorm1d: (context) => new BatchNorm1d(4, { affine: false }).forward(rows.transpose(), context),
  };

  test.each(Object.keys(norms))("of %s", async (name) => {
    const value = norms[name](training());
    const exact = await evaluate(value, { executor: reference });
    for (const [, executor] of float32Executors)
      expect(disagreements(name, await evaluate(value, { executor }), exact, () => 5e-4)).toEqual([]);
  });
});

test.each<[string, object, Shape, number, number]>([
  ["LayerNorm", new LayerNorm(128), [64, 128], 2, 5],
  ["RMSNorm", new RMSNorm(128), [64, 128], 2, 5],
  ["BatchNorm1d", new BatchNorm1d(128), [64, 128], 3, 7],
])("%s becomes few instructions, with its gradients, too", (_, layer, shape, forward, both) => {
  const [x, g] = [input(shape), input(shape)];
  const y = (layer as Module).forward(x, training());
  const gradients = grad(y, [x, ...parameters(layer).values()], { cotangent: g });
  const count = (outputs: Readonly<Record<string, Tensor>>, inputs: Readonly<Record<string, Tensor>>) =>
    printProgram(compile({ inputs, outputs })).match(/^ *\d+ (?!barrier|end)/gm)?.length;
  expect(count({ y }, { x })).toBe(forward);
  const all = { y, ...Object.fromEntries(gradients.map((each, i) => [`g${i}`, each])) };
  expect(count(all, { x, g })).toBe(both);
});
