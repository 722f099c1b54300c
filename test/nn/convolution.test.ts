// Convolutions against PyTorch: a table of random settings in whole numbers, so that every executor must be exact, and layers by name.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant, input } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { evaluate } from "../../src/evaluate.ts";
import * as functions from "../../src/functions/index.ts";
import * as nn from "../../src/nn/index.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { goldenCases } from "../golden.ts";
import { derivativesAt, disagreements } from "../ops/derivatives.ts";
import { runOn } from "../run.ts";
import { teamOf } from "../team.ts";

/** A line of convolutions.json: sums of the value, of the gradients of x, weight and bias, and of the gradients of these. */
interface Line {
  readonly axes: 1 | 2 | 3;
  readonly transposed: boolean;
  readonly x: Shape;
  readonly weight: Shape;
  readonly bias: number;
  readonly mode: nn.PaddingMode;
  readonly options: nn.ConvOptions & nn.ConvTransposeOptions;
  readonly shape: Shape;
  readonly sums: readonly (readonly number[])[];
}

const lines: readonly Line[] = JSON.parse(
  readFileSync(new URL("../golden/convolutions.json", import.meta.url), "utf8"),
);

/** The whole numbers of make-conv.py. */
function filled(shape: Shape, salt: number): number[] {
  const start = Math.imul(salt, 2246822519);
  return Array.from({ length: sizeOf(shape) }, (_, i) => ((Math.imul(i + 1, 2654435761) + start) >>> 28) - 8);
}

function summed(data: ArrayLike<number>): number[] {
  let [sum, byPlace] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    sum += data[i];
    byPlace += data[i] * (((i * 7919) % 101) + 1);
  }
  return [data.length, sum, byPlace];
}

const layers = {
  1: [nn.Conv1d, nn.ConvTranspose1d],
  2: [nn.Conv2d, nn.ConvTranspose2d],
  3: [nn.Conv3d, nn.ConvTranspose3d],
} as const;

/** The layer of a line with tensors in place of its variables. */
function layerOf(
  { axes, transposed, x, bias: outputs, weight: shape, mode, options }: Line,
  weight: Tensor,
  bias: Tensor,
) {
  const [Conv, Transposed] = layers[axes];
  const paddingMode = mode === "zeros" ? {} : { paddingMode: mode };
  const layer = transposed
    ? new Transposed(x[1], outputs, shape.slice(2), options)
    : new Conv(x[1], outputs, shape.slice(2), { ...options, ...paddingMode });
  expect(layer.weight.shape).toEqual(shape);
  return Object.create(layer, { weight: { value: weight }, bias: { value: bias } }) as typeof layer;
}

function graphOf(line: Line) {
  const shapes = [line.x, line.weight, [line.bias]];
  const [x, weight, bias] = shapes.map((shape) => input(shape));
  const value = layerOf(line, weight, bias).forward(x);
  const first = grad(value, [x, weight, bias], { cotangent: constant(filled(value.shape, 3), { shape: value.shape }) });
  const products = first.map((each, i) => each.mul(constant(filled(each.shape, 4 + i), { shape: each.shape })).sum());
  const second = grad(products[0].add(products[1]).add(products[2]), [x, weight, bias]);
  const outputs = Object.fromEntries([value, ...first, ...second].map((tensor, i) => [`${i}`, tensor]));
  return {
    value,
    graph: { outputs, inputs: [x, weight, bias].map((tensor, i) => [tensor, filled(shapes[i], i)] as const) },
  };
}

const reference = oracle({ poison: true });
const executors = [
  ["oracle", reference] as const,
  ...Object.entries(float32).map(([name, create]) => [name, create({ poison: true })] as const),
];
const team = teamOf(2, "portable");
afterAll(() => Promise.all([...executors.map(([, executor]) => executor), team].map((each) => each.dispose())));

test("the table has a good part of each kind", () => {
  const count = (choose: (line: Line) => boolean) => lines.filter(choose).length;
  expect(lines.length).toBeGreaterThanOrEqual(150);
  expect(count(({ transposed }) => transposed)).toBeGreaterThan(30);
  expect(count(({ mode }) => mode !== "zeros")).toBeGreaterThan(30);
  expect(count(({ x }) => x[0] === 0)).toBeGreaterThan(10);
  expect(count(({ options }) => (options.groups ?? 1) > 1)).toBeGreaterThan(50);
  expect(count(({ x, weight }) => weight.slice(2).some((taps, axis) => taps > x[axis + 2]))).toBeGreaterThan(20);
});

describe.each([...executors, ["two threads", team] as const])("%s", (_, executor) => {
  test("has all sums of the table, of values, gradients and gradients of gradients", async () => {
    for (const line of lines) {
      const { value, graph } = graphOf(line);
      expect({ line, shape: value.shape }).toEqual({ line, shape: line.shape });
      const results = await runOn(executor, graph);
      const found = line.sums.map((__, i) => summed(results[`${i}`]));
      expect({ line, found }).toEqual({ line, found: line.sums });
    }
  }, 120_000);
});

const patches: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  Unfold: (x) => new nn.Unfold([2, 3], { dilation: [1, 2], padding: 1, stride: [2, 1] }).forward(x),
  Fold: (x) => new nn.Fold([4, 5], [2, 3], { dilation: [1, 2], padding: 1, stride: [2, 1] }).forward(x),
};

test.each(Object.entries(patches))("%s has PyTorch's values and gradients", async (name, build) => {
  for (const { inputs, weights, value, gradients = [] } of goldenCases(`convolution/${name}`)) {
    const results = await runOn(reference, derivativesAt({ golden: name, build }, { inputs, weights }));
    for (const [output, expected] of [["value", value.data] as const, ["gradient 0", gradients[0]] as const])
      expect(disagreements(output, results[output], expected, (e) => 1e-12 * Math.abs(e) + 1e-14)).toEqual([]);
  }
});

test("gradients of gradients of a penalty on gradients are those of differences", async () => {
  const x = constant(
    filled([2, 2, 5, 4], 1).map((each) => each / 8),
    { shape: [2, 2, 5, 4] },
  );
  const first = constant(
    filled([3, 2, 3, 2], 2).map((each) => each / 8),
    { shape: [3, 2, 3, 2] },
  );
  const second = constant(
    filled([2, 3, 2, 2], 3).map((each) => each / 8),
    { shape: [2, 3, 2, 2] },
  );
  // As in WGAN-GP: the norm of the gradient of a small critic by its input.
  const penalty = (...[a, v, w]: Tensor[]) => {
    const hidden = functions.conv2d(a, v, { stride: 2, padding: 1 }).tanh();
    const score = functions
      .convTranspose2d(hidden, w.transpose(0, 1), { stride: [1, 2], dilation: 2 })
      .square()
      .sum();
    return grad(score, [a])[0].square().sum();
  };
  expect(await checkGradients(penalty, [x, first, second], { order: 1, tolerance: 1e-6 })).toBeLessThan(1e-6);
});

test("weights start within the root of 1 / the inputs of a filter", async () => {
  const layer = new nn.Conv2d(8, 16, [3, 2], { groups: 2 });
  const weights = await evaluate(layer.weight);
  const bound = 1 / Math.sqrt(4 * 6);
  expect(layer.weight.shape).toEqual([16, 4, 3, 2]);
  expect(weights.every((weight) => Math.abs(weight) <= bound)).toBe(true);
  expect(Math.max(...weights)).toBeGreaterThan(0.9 * bound);
  const { weight, bias } = new nn.ConvTranspose1d(6, 4, 5, { bias: false });
  expect([weight.shape, bias]).toEqual([[6, 4, 5], undefined]);
});

test("a summary counts their variables", () => {
  const model = new nn.Sequential(
    new nn.Conv2d(3, 8, 3, { padding: 1 }),
    nn.relu,
    new nn.ConvTranspose2d(8, 2, 2, { stride: 2 }),
  );
  const { layers: rows, multiplyAdds } = nn.summary(model, [2, 3, 6, 5]);
  expect(rows.map(({ parameters }) => parameters)).toEqual([3 * 8 * 9 + 8, 0, 8 * 2 * 4 + 2]);
  expect(rows.map(({ outputShapes }) => outputShapes[0])).toEqual([
    [2, 8, 6, 5],
    [2, 8, 6, 5],
    [2, 2, 12, 10],
  ]);
  expect(multiplyAdds).toBe(2 * 30 * (3 * 8 * 9 + 8 * 2 * 4));
});

describe("what does not fit is said with its place and its shapes", () => {
  const x = input([2, 4, 6, 6]);
  const run =
    (layer: nn.Module, at = x) =>
    () =>
      new nn.Sequential(layer).forward(at, nn.evaluationContext());
  test.each([
    [
      "channels",
      run(new nn.Conv2d(3, 8, 3)),
      /^Conv2d: x \[2, 4, 6, 6\], weight \[8, 3, 3, 3\]: 1 groups of 3 channels are not 4 \(0\)$/,
    ],
    ["a filter that is too large", run(new nn.Conv2d(4, 8, 7)), /Conv2d: .*: the filter covers 7 of axis 2, x has 6/],
    [
      "a dilated one",
      run(new nn.Conv2d(4, 8, [1, 3], { dilation: 3, padding: [1, 0] })),
      /covers 7 of axis 3, x has 6/,
    ],
    ["another rank", run(new nn.Conv1d(4, 8, 3)), /Conv1d: takes x \[N, C, W\], got \[2, 4, 6, 6\]/],
    [
      "another rank, mirrored",
      run(new nn.Conv1d(4, 8, 3, { padding: 1, paddingMode: "reflect" })),
      /takes x \[N, C, W\]/,
    ],
    [
      "an empty axis",
      run(new nn.Conv2d(4, 8, 1), input([2, 4, 0, 6])),
      /x \[2, 4, 0, 6\] or weight .* has an empty axis/,
    ],
    [
      "a mirror that is too long",
      run(new nn.Conv2d(4, 8, 1, { padding: 6, paddingMode: "reflect" })),
      /axis 2 of \[2, 4, 6, 6\] is too short for reflect padding of 6 and 6/,
    ],
    ["channels of a transposed one", run(new nn.ConvTranspose2d(3, 8, 3)), /the weight takes 3 channels, x has 4/],
    [
      "padding that leaves nothing",
      run(new nn.ConvTranspose2d(4, 8, 1, { padding: 3 })),
      /padding 3 leaves nothing of axis 2/,
    ],
    [
      "output padding",
      run(new nn.ConvTranspose2d(4, 8, 3, { stride: 2, outputPadding: 2 })),
      /outputPadding 2 must be below the stride 2 or the dilation 1/,
    ],
    ["groups", () => new nn.Conv2d(4, 6, 3, { groups: 4 }), /Conv2d: 4 groups do not divide 4 and 6 channels/],
    ["same with a stride", () => new nn.Conv2d(4, 6, 3, { padding: "same", stride: 2 }), /"same" needs a stride of 1/],
    ["causal images", () => new nn.Conv2d(4, 6, 3, { padding: "causal" }), /Conv2d: padding/],
    ["sizes for other axes", () => new nn.Conv2d(4, 6, [3, 3, 3]), /kernelSize/],
    ["patches", run(new nn.Unfold(7)), /Unfold: patches cover 7 of axis 2, an image has 6/],
    ["columns", run(new nn.Fold(4, 2), input([1, 8, 8])), /Fold: takes x \[N, C \* 4, 9\], got \[1, 8, 8\]/],
    [
      "a bias",
      () => functions.conv2d(x, input([3, 4, 1, 1]), { bias: input([4]) }),
      /conv2d: takes a bias \[3\], got \[4\]/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
