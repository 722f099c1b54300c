// Nodes with options that ONNX's own test models do not have, compared with ONNX Runtime.

import { constant, evaluate, evaluateAll, input, SimdgradError, scalar } from "simdgrad";
import { checkGradients } from "simdgrad/debug";
import { trainingContext } from "simdgrad/nn";
import { fromOnnx } from "simdgrad/onnx";
import { describe, expect, test } from "vitest";
import { DataType } from "../../src/onnx/proto.ts";
import type { DType } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32 } from "../executors.ts";
import { numbers } from "../random.ts";
import { runOn } from "../run.ts";
import { type Given, ranElsewhere } from "./runtime.ts";
import { type Attribute, file, graph, node, port } from "./written.ts";

const TYPES = {
  float32: DataType.FLOAT,
  int64: DataType.INT64,
  int32: DataType.INT32,
  uint8: DataType.UINT8,
  int8: DataType.INT8,
};

/** A node: inputs by name in order ("" for one that is left out), attributes, number of outputs, version; `known` inputs are constants. */
interface Case {
  readonly op: string;
  readonly inputs: Readonly<Record<string, Given>>;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly outputs?: readonly string[];
  readonly version?: number;
  readonly known?: readonly string[];
  /** How far numbers may be apart: of sums of float32. */
  readonly tolerance?: number;
}

/** Drawn in [-1, 1). */
function drawn(seed: number, ...shape: number[]): Given {
  const random = numbers(seed);
  return { shape, data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.fround(2 * random() - 1)) };
}

function whole(shape: readonly number[], data: readonly number[], type: Given["type"] = "int64"): Given {
  return { shape, data, type };
}

function floats(...data: readonly number[]): Given {
  return { shape: [data.length], data: data.map(Math.fround) };
}

const missing: Given = { shape: [], data: [] };
const [T, N, I, H] = [5, 3, 4, 2];

/** Inputs of a recurrent node. */
function sequence(gates: number, directions: number, others: Readonly<Record<string, Given>> = {}) {
  return {
    x: drawn(1, T, N, I),
    w: drawn(2, directions, gates * H, I),
    r: drawn(3, directions, gates * H, H),
    b: drawn(4, directions, 2 * gates * H),
    ...others,
  };
}
const lengths = whole([N], [5, 2, 4], "int32");
const both = { hidden_size: H, direction: "bidirectional" };

const image = drawn(5, 1, 2, 5, 6);
const resize = (sizes: readonly number[], attributes: Readonly<Record<string, Attribute>>, version = 18): Case => ({
  op: "Resize",
  inputs: { x: image, "": missing, " ": missing, sizes: whole([sizes.length], sizes) },
  attributes,
  version,
  known: ["sizes"],
});
const scaled = (scales: readonly number[], attributes: Readonly<Record<string, Attribute>>, version = 18): Case => ({
  op: "Resize",
  inputs: { x: image, "": missing, scales: floats(...scales) },
  attributes,
  version,
  known: ["scales"],
});
const bytes = (seed: number, shape: readonly number[], type: "uint8" | "int8"): Given => {
  const random = numbers(seed);
  const low = type === "uint8" ? 0 : -128;
  return whole(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => low + Math.floor(256 * random())),
    type,
  );
};

const cases: Readonly<Record<string, Case>> = {
  "RNN both ways with activations, clip and lengths": {
    op: "RNN",
    inputs: sequence(1, 2, { lengths, h: drawn(6, 2, N, H) }),
    attributes: { ...both, activations: ["Relu", "Sigmoid"], clip: 0.7 },
    outputs: ["y", "h_n"],
  },
  "RNN of an affine activation": {
    op: "RNN",
    inputs: sequence(1, 1),
    attributes: {
      hidden_size: H,
      activations: ["Affine"],
      activation_alpha: { floats: [0.5] },
      activation_beta: { floats: [0.1] },
    },
    outputs: ["y", "h_n"],
  },
  "LSTM both ways with lengths and states": {
    op: "LSTM",
    inputs: sequence(4, 2, { lengths, h: drawn(6, 2, N, H), c: drawn(7, 2, N, H) }),
    attributes: both,
    outputs: ["y", "h_n", "c_n"],
  },
  "LSTM from the end with peepholes and clip": {
    op: "LSTM",
    inputs: sequence(4, 1, { "": missing, h: drawn(6, 1, N, H), c: drawn(7, 1, N, H), p: drawn(8, 1, 3 * H) }),
    attributes: { hidden_size: H, direction: "reverse", clip: 0.4 },
    outputs: ["y", "h_n", "c_n"],
  },
  "LSTM with other activations and a coupled forget gate": {
    op: "LSTM",
    inputs: sequence(4, 1),
    attributes: {
      hidden_size: H,
      activations: ["HardSigmoid", "Softsign", "LeakyRelu"],
      activation_alpha: { floats: [0.3, 0.05] },
      activation_beta: { floats: [0.4] },
      input_forget: 1,
    },
    outputs: ["y", "h_n", "c_n"],
  },
  "GRU both ways with lengths and a state": {
    op: "GRU",
    inputs: sequence(3, 2, { lengths, h: drawn(6, 2, N, H) }),
    attributes: both,
    outputs: ["y", "h_n"],
  },
  "GRU linear before reset": {
    op: "GRU",
    inputs: sequence(3, 2),
    attributes: { ...both, linear_before_reset: 1, clip: 0.6 },
    outputs: ["y", "h_n"],
  },
  "Resize to sizes, linear": resize([1, 2, 7, 4], { mode: "linear" }),
  "Resize to sizes, not larger": resize([7, 8], {
    mode: "linear",
    axes: [2, 3],
    keep_aspect_ratio_policy: "not_larger",
  }),
  "Resize to sizes, not smaller": resize([7, 8], {
    mode: "nearest",
    axes: [2, 3],
    keep_aspect_ratio_policy: "not_smaller",
  }),
  "Resize by scales, half pixels from the middle": scaled(
    [1, 1, 1.3, 0.7],
    {
      mode: "linear",
      coordinate_transformation_mode: "half_pixel_symmetric",
    },
    19,
  ),
  "Resize by scales, cubic from the corner": scaled([1, 1, 1.6, 0.5], {
    mode: "cubic",
    coordinate_transformation_mode: "asymmetric",
  }),
  "Resize twofold, nearest from the corner": {
    op: "Resize",
    inputs: { x: image, roi: floats(), scales: floats(1, 1, 2, 4) },
    attributes: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    version: 11,
    known: ["roi", "scales"],
  },
  "Resize of a part, with what is outside": {
    op: "Resize",
    inputs: {
      x: image,
      roi: floats(0, 0, 0.2, -0.3, 1, 1, 0.9, 1.2),
      "": missing,
      sizes: whole([4], [1, 2, 4, 5]),
    },
    attributes: { mode: "linear", coordinate_transformation_mode: "tf_crop_and_resize", extrapolation_value: 7.5 },
    known: ["roi", "sizes"],
  },
  "Resize smaller without aliases, linear": resize([1, 2, 3, 2], { mode: "linear", antialias: 1 }),
  "Resize smaller without aliases, cubic": resize([1, 2, 3, 4], { mode: "cubic", antialias: 1 }),
  "GridSample in reflections with corners": {
    op: "GridSample",
    inputs: {
      x: drawn(9, 2, 3, 4, 5),
      grid: { ...drawn(10, 2, 3, 3, 2), data: drawn(10, 2, 3, 3, 2).data.map((v) => 3 * v) },
    },
    attributes: { align_corners: 1, padding_mode: "reflection" },
    version: 16,
  },
  "GridSample cubic at borders": {
    op: "GridSample",
    inputs: {
      x: drawn(9, 2, 3, 4, 5),
      grid: { ...drawn(10, 2, 3, 3, 2), data: drawn(10, 2, 3, 3, 2).data.map((v) => 2 * v) },
    },
    attributes: { mode: "bicubic", padding_mode: "border" },
    version: 16,
  },
  "GridSample cubic in reflections": {
    op: "GridSample",
    inputs: {
      x: drawn(9, 2, 3, 4, 5),
      grid: { ...drawn(10, 2, 3, 3, 2), data: drawn(10, 2, 3, 3, 2).data.map((v) => 2 * v) },
    },
    attributes: { mode: "bicubic", padding_mode: "reflection" },
    version: 16,
  },
  "RoiAlign of the largest": {
    op: "RoiAlign",
    inputs: {
      x: drawn(11, 2, 3, 8, 9),
      rois: { shape: [2, 4], data: [0.5, 1, 6, 7, -1, -1, 4, 11] },
      images: whole([2], [1, 0]),
    },
    attributes: { mode: "max", output_height: 3, output_width: 2, sampling_ratio: 2, spatial_scale: 0.75 },
    version: 16,
  },
  "LRN of other factors": {
    op: "LRN",
    inputs: { x: drawn(12, 2, 5, 3, 3) },
    attributes: { size: 3, alpha: 0.5, beta: 0.6, bias: 1.5 },
  },
  "LpNormalization along an axis": {
    op: "LpNormalization",
    inputs: { x: drawn(13, 2, 3, 4) },
    attributes: { axis: 1, p: 1 },
  },
  "GlobalLpPool of p = 3": { op: "GlobalLpPool", inputs: { x: drawn(13, 2, 3, 4, 5) }, attributes: { p: 3 } },
  "Hardmax of version 11": { op: "Hardmax", inputs: { x: drawn(14, 2, 3, 4) }, attributes: { axis: 1 }, version: 11 },
  "Det of three by three": { op: "Det", inputs: { x: drawn(15, 4, 3, 3) } },
  "Det of a matrix that has none": {
    op: "Det",
    inputs: { x: { shape: [2, 3, 3], data: [0, 1, 0, 0, 0, 2, 3, 0, 0, 1, 2, 3, 2, 4, 6, 1, 1, 1] } },
  },
  "DFT padded, of one side": {
    op: "DFT",
    inputs: { x: drawn(16, 2, 5, 1), length: whole([], [8]) },
    attributes: { axis: 1, onesided: 1 },
    known: ["length"],
  },
  "DFT back, of complex numbers cut off": {
    op: "DFT",
    inputs: { x: drawn(16, 2, 7, 2), length: whole([], [6]) },
    attributes: { axis: 1, inverse: 1 },
    known: ["length"],
  },
  "STFT of both sides": {
    op: "STFT",
    inputs: { x: drawn(17, 2, 40, 1), step: whole([], [7]), window: drawn(18, 12) },
    attributes: { onesided: 0 },
    known: ["step"],
  },
  "QuantizeLinear to int8, by axis": {
    op: "QuantizeLinear",
    inputs: { x: drawn(19, 2, 3, 4), scale: floats(0.01, 0.003, 0.02), zero: whole([3], [3, -7, 0], "int8") },
  },
  "DequantizeLinear of uint8, by axis": {
    op: "DequantizeLinear",
    inputs: {
      x: bytes(20, [2, 3, 4], "uint8"),
      scale: floats(0.01, 0.003, 0.02),
      zero: whole([3], [3, 7, 0], "uint8"),
    },
  },
  DynamicQuantizeLinear: { op: "DynamicQuantizeLinear", inputs: { x: drawn(21, 30) }, outputs: ["y", "scale", "zero"] },
  "MatMulInteger of many": {
    op: "MatMulInteger",
    inputs: {
      a: bytes(22, [3, 700], "uint8"),
      b: bytes(23, [700, 4], "int8"),
      zero: whole([], [120], "uint8"),
      other: whole([], [-3], "int8"),
    },
    tolerance: 0,
  },
  QLinearMatMul: {
    op: "QLinearMatMul",
    inputs: {
      a: bytes(24, [3, 20], "uint8"),
      as: { shape: [], data: [Math.fround(0.02)] },
      az: whole([], [120], "uint8"),
      b: bytes(25, [20, 4], "uint8"),
      bs: { shape: [], data: [Math.fround(0.01)] },
      bz: whole([], [130], "uint8"),
      ys: { shape: [], data: [Math.fround(0.1)] },
      yz: whole([], [100], "uint8"),
    },
    tolerance: 0,
  },
  "ConvInteger of many channels": {
    op: "ConvInteger",
    inputs: {
      x: bytes(28, [2, 70, 5, 4], "uint8"),
      w: bytes(29, [3, 70, 2, 2], "uint8"),
      zero: whole([], [120], "uint8"),
      other: whole([], [99], "uint8"),
    },
    attributes: { pads: [1, 0, 0, 1], strides: [2, 1] },
    tolerance: 0,
  },
  "QLinearConv with a bias, by channel": {
    op: "QLinearConv",
    inputs: {
      x: bytes(30, [1, 4, 5, 5], "uint8"),
      xs: { shape: [], data: [Math.fround(0.02)] },
      xz: whole([], [120], "uint8"),
      w: bytes(31, [2, 2, 3, 3], "int8"),
      ws: floats(0.01, 0.02),
      wz: whole([2], [0, 0], "int8"),
      ys: { shape: [], data: [Math.fround(0.1)] },
      yz: whole([], [100], "uint8"),
      b: whole([2], [500, -700], "int32"),
    },
    attributes: { group: 2, pads: [1, 1, 1, 1] },
    tolerance: 0,
  },
  "LpPool with padding": {
    op: "LpPool",
    inputs: { x: drawn(32, 2, 3, 6, 7) },
    attributes: { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1], p: 3 },
    version: 18,
  },
  "NonMaxSuppression of several classes": {
    op: "NonMaxSuppression",
    inputs: {
      boxes: drawn(26, 2, 12, 4),
      scores: drawn(27, 2, 3, 12),
      most: whole([], [4]),
      share: { shape: [], data: [Math.fround(0.2)] },
      least: { shape: [], data: [Math.fround(-0.5)] },
    },
    known: ["boxes", "scores", "most", "share", "least"],
    tolerance: 0,
  },
  "Unique along an axis": {
    op: "Unique",
    inputs: { x: whole([2, 5, 1], [3, 1, 3, 1, 2, 0, 4, 0, 4, 4]) },
    attributes: { axis: 1 },
    outputs: ["y", "first", "inverse", "counts"],
    known: ["x"],
    tolerance: 0,
  },
  "TfIdfVectorizer with weights": {
    op: "TfIdfVectorizer",
    inputs: { x: whole([2, 6], [1, 2, 3, 2, 3, 1, 7, 8, 9, 1, 2, 3]) },
    attributes: {
      mode: "TFIDF",
      min_gram_length: 1,
      max_gram_length: 2,
      max_skip_count: 1,
      ngram_counts: [0, 3],
      ngram_indexes: [4, 1, 2, 3, 0],
      pool_int64s: [1, 2, 9, 2, 3, 1, 3],
      weights: { floats: [0.5, 1.5, 2, 3, 4] },
    },
  },
};

function dtypeOf({ type = "float32" }: Given): DType {
  return type === "float32" ? "f32" : "i32";
}

function shapedOf(given: Given) {
  return { data: given.data, shape: given.shape, dtype: dtypeOf(given) };
}

/** The file of a case. */
function fileOf({ op, inputs, attributes, outputs = ["y"], version = 17 }: Case) {
  const ports = Object.entries(inputs).filter(([name]) => name.trim() !== "");
  return file(
    graph(
      [
        node(
          op,
          Object.keys(inputs).map((name) => name.trim()),
          outputs,
          attributes,
        ),
      ],
      ports.map(([name, { shape, type = "float32" }]) => port(name, shape, TYPES[type])),
      outputs.map((name) => ({ name })),
    ),
    version,
  );
}

describe("as ONNX Runtime has it", () => {
  test.each(Object.entries(cases))("%s", async (_, each) => {
    const bytes = fileOf(each);
    const given = Object.fromEntries(Object.entries(each.inputs).filter(([name]) => name.trim() !== ""));
    const expected = await ranElsewhere(bytes, given);
    const { known = [], outputs = ["y"], tolerance = 1e-5 } = each;
    const constants = Object.fromEntries(known.map((name) => [name, shapedOf(given[name])]));
    const model = fromOnnx<Record<string, Tensor>>(bytes, { output: [...outputs], constants });
    const fed = model.inputs.map(
      ({ name }) => [input(given[name].shape, dtypeOf(given[name])), given[name].data] as const,
    );
    const found = model.forward(fed.map(([tensor]) => tensor));
    const values = await runOn(float32.js(), { outputs: found, inputs: fed });
    for (const name of outputs) {
      expect(found[name].shape, name).toEqual(expected[name].shape);
      const far = Array.from(values[name], (value, i) => Math.abs(value - expected[name].data[i])).filter(
        (distance, i) => !(distance <= tolerance * Math.max(1, Math.abs(expected[name].data[i]))),
      );
      expect(far, name).toEqual([]);
    }
  });
});

/** Cases without kinks near their numbers, of floats alone but for `known` inputs. */
const smooth = [
  "LSTM both ways with lengths and states",
  "LSTM from the end with peepholes and clip",
  "GRU both ways with lengths and a state",
  "GRU linear before reset",
  "Resize by scales, cubic from the corner",
  "Resize smaller without aliases, linear",
  "GridSample cubic in reflections",
  "LRN of other factors",
  "GlobalLpPool of p = 3",
  "Det of three by three",
  "DFT padded, of one side",
  "STFT of both sides",
];

test.each(smooth)("gradients of %s are right", async (name) => {
  const each = cases[name];
  const whole = Object.entries(each.inputs).filter(([, { type = "float32" }]) => type !== "float32");
  const constants = Object.fromEntries(
    [...whole.map(([name]) => name), ...(each.known ?? [])].map((name) => [name, shapedOf(each.inputs[name])]),
  );
  const model = fromOnnx<Record<string, Tensor>>(fileOf(each), { output: [...(each.outputs ?? ["y"])], constants });
  const inputs = model.inputs.map(({ name }) => constant(shapedOf(each.inputs[name])));
  await checkGradients((...tensors) => Object.values(model.forward(tensors))[0], inputs);
});

test("Gradient differentiates what the graph computes", async () => {
  const nodes = [
    node("Mul", ["a", "b"], ["c"]),
    node("Mul", ["c", "a"], ["d"]),
    node("ai.onnx.preview.training:Gradient", ["a", "b", "unread"], ["da", "db", "none"], {
      xs: ["a", "b", "unread"],
      y: "d",
    }),
  ];
  const ports = ["a", "b", "unread"].map((name) => port(name, ["n"]));
  const bytes = file(
    graph(
      nodes,
      ports,
      ["da", "db", "none"].map((name) => ({ name })),
    ),
  );
  const model = fromOnnx<Record<string, Tensor>>(bytes);
  const found = model.forward([constant([2, 3]), constant([5, 7]), constant([1, 1])]);
  expect(await evaluateAll(Object.values(found))).toEqual([
    Float32Array.of(20, 42), // 2 a b
    Float32Array.of(4, 9), // a^2
    Float32Array.of(0, 0),
  ]);
});

describe("random numbers", () => {
  const noise = (op: string, attributes: Readonly<Record<string, Attribute>>, count = 1) => {
    const names = Array.from({ length: count }, (_, i) => `y${i}`);
    const nodes = names.map((name) =>
      node(op, ["x"].slice(0, op.endsWith("Like") || op === "Bernoulli" ? 1 : 0), [name], attributes),
    );
    const bytes = file(
      graph(
        nodes,
        [port("x", ["n"])],
        names.map((name) => ({ name })),
      ),
    );
    return fromOnnx<Record<string, Tensor>>(bytes, { output: names });
  };
  const given = constant(new Float32Array(4000).fill(0.3));

  test("are as the node says", async () => {
    const uniform = Array.from(await evaluate(noise("RandomUniformLike", { low: 2.5, high: 3.5 }).forward([given]).y0));
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(2.5);
    expect(Math.max(...uniform)).toBeLessThan(3.5);
    const normal = Array.from(await evaluate(noise("RandomNormalLike", { mean: 1.5, scale: 0.5 }).forward([given]).y0));
    const mean = normal.reduce((a, b) => a + b) / 4000;
    const variance = normal.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4000;
    expect(Math.abs(mean - 1.5)).toBeLessThan(0.04); // five deviations
    expect(Math.abs(variance - 0.25)).toBeLessThan(0.03);
    const ones = Array.from(await evaluate(noise("Bernoulli", {}).forward([given]).y0));
    expect(new Set(ones)).toEqual(new Set([0, 1]));
    expect(Math.abs(ones.reduce((a, b) => a + b) / 4000 - 0.3)).toBeLessThan(0.04);
  });

  test("are the same at every run, others at every node, and others at every step of a training", async () => {
    const model = noise("RandomUniformLike", { seed: 1.5 }, 2);
    const [a, b] = await evaluateAll(Object.values(model.forward([given])));
    const [again] = await evaluateAll(Object.values(model.forward([given])));
    expect(again).toEqual(a);
    expect(b).not.toEqual(a);
    const free = noise("RandomUniformLike", {});
    const drawnAt = async (step: number) =>
      await evaluate(free.forward([given], trainingContext(0, scalar(step, "i32"))).y0);
    expect(await drawnAt(1)).not.toEqual(await drawnAt(0));
  });

  test("of classes are as likely as their logarithms say", async () => {
    const bytes = file(
      graph([node("Multinomial", ["x"], ["y"], { sample_size: 3000, dtype: 7 })], [port("x", [1, 3])], [{ name: "y" }]),
    );
    const drawn = Array.from(await evaluate(fromOnnx(bytes).forward(constant([[0, Math.log(2), Math.log(5)]]))));
    const shares = [0, 1, 2].map((kind) => drawn.filter((each) => each === kind).length / 3000);
    for (const [i, share] of shares.entries()) expect(Math.abs(share - [1, 2, 5][i] / 8)).toBeLessThan(0.05);
  });
});

describe("what contradicts the format, or cannot be had, is said", () => {
  const refused: readonly (readonly [what: string, each: Case, message: string])[] = [
    [
      "an activation",
      { op: "RNN", inputs: sequence(1, 1), attributes: { activations: ["Sine"] } },
      "there is no activation Sine",
    ],
    ["a direction", { op: "GRU", inputs: sequence(3, 1), attributes: { direction: "up" } }, "there is no direction up"],
    [
      "weights",
      { op: "LSTM", inputs: sequence(3, 1), attributes: { hidden_size: H } },
      "W is [1, 8, 4] here, got [1, 6, 4]",
    ],
    [
      "scales that are data",
      { op: "Resize", inputs: { x: image, roi: floats(), scales: floats(1, 1, 2, 2) } },
      "depends on data",
    ],
    ["scales", { ...scaled([1, 1, 2], {}) }, "3 scales or sizes for 4 axes"],
    ["sizes without end", resize([1, 2, 2 ** 30, 2 ** 30], {}), "elements"],
    [
      "boxes that are data",
      { op: "NonMaxSuppression", inputs: { x: drawn(1, 1, 2, 4), s: drawn(2, 1, 1, 2) } },
      "depends on data",
    ],
    [
      "a transform of many",
      { op: "DFT", inputs: { x: drawn(3, 1, 5000, 1) }, attributes: { axis: 1 } },
      "its matrix is too large",
    ],
    [
      "regions of unknown sizes",
      { op: "RoiAlign", inputs: { x: drawn(1, 1, 1, 4, 4), r: drawn(2, 1, 4), i: whole([1], [0]) } },
      "sampling_ratio 0",
    ],
    ["a grid", { op: "GridSample", inputs: { x: drawn(1, 1, 1, 4, 4), g: drawn(2, 2, 3, 3, 2) } }, "does not fit"],
    [
      "a reduction",
      {
        op: "NegativeLogLikelihoodLoss",
        inputs: { x: drawn(1, 2, 3), t: whole([2], [0, 1]) },
        attributes: { reduction: "max" },
      },
      "there is no reduction max",
    ],
  ];

  test.each(refused)("%s", (_, each, message) => {
    const { known = [], inputs } = each;
    const constants = Object.fromEntries(known.map((name) => [name, shapedOf(inputs[name])]));
    const build = () => {
      const model = fromOnnx(fileOf(each), { constants });
      return model.forward(model.inputs.map(({ name }) => input(inputs[name].shape, dtypeOf(inputs[name]))));
    };
    expect(build).toThrow(message);
    expect(build).toThrow(SimdgradError);
  });
});
