// Nodes with options that ONNX's own test models do not have, compared with ONNX Runtime.
import { constant, evaluate, evaluateAll, input, SimdgradError, scalar, type Tensor } from "simdgrad";
import { checkGradients } from "simdgrad/debug";
import { trainingContext } from "simdgrad/nn";
import { fromOnnx } from "simdgrad/onnx";
import { describe, expect, test } from "vitest";
import { numbers } from "../random.ts";
import {
  type Case,
  disagreements,
  drawn,
  dtypeOf,
  floats,
  modelOf,
  namedInputs,
  shapedOf,
  single,
  whole,
} from "./cases.ts";
import type { Given } from "./runtime.ts";
import { type Attribute, file, graph, node, port } from "./written.ts";

const [T, N, I, H] = [5, 3, 4, 2];

/** Inputs of a recurrent node. */
function sequence(gates: number, directions: number, ...others: readonly (Given | undefined)[]): Case["inputs"] {
  return [
    drawn(1, [T, N, I]),
    drawn(2, [directions, gates * H, I]),
    drawn(3, [directions, gates * H, H]),
    drawn(4, [directions, 2 * gates * H]),
    ...others,
  ];
}

const lengths = whole([N], [5, 2, 4], "int32");
const both = { hidden_size: H, direction: "bidirectional" };

/** Where a recurrent node begins. */
function state(seed: number, directions: number): Given {
  return drawn(seed, [directions, N, H]);
}

const image = drawn(5, [1, 2, 5, 6]);

function resize(sizes: readonly number[], attributes: Case["attributes"]): Case {
  const inputs = [image, undefined, undefined, whole([sizes.length], sizes)];
  return { op: "Resize", inputs, attributes, version: 18, known: [3] };
}

function scaled(scales: readonly number[], attributes: Case["attributes"], version = 18): Case {
  return { op: "Resize", inputs: [image, undefined, floats(...scales)], attributes, version, known: [2] };
}

function bytes(seed: number, shape: readonly number[], type: "uint8" | "int8"): Given {
  const random = numbers(seed);
  const low = type === "uint8" ? 0 : -128;
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: size }, () => low + Math.floor(256 * random()));
  return whole(shape, data, type);
}

const cases: Readonly<Record<string, Case>> = {
  "RNN both ways with activations, clip and lengths": {
    op: "RNN",
    inputs: sequence(1, 2, lengths, state(6, 2)),
    attributes: { ...both, activations: ["Relu", "Sigmoid"], clip: 0.7 },
    outputs: 2,
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
    outputs: 2,
  },
  "LSTM both ways with lengths and states": {
    op: "LSTM",
    inputs: sequence(4, 2, lengths, state(6, 2), state(7, 2)),
    attributes: both,
    outputs: 3,
  },
  "LSTM from the end with peepholes and clip": {
    op: "LSTM",
    inputs: sequence(4, 1, undefined, state(6, 1), state(7, 1), drawn(8, [1, 3 * H])),
    attributes: { hidden_size: H, direction: "reverse", clip: 0.4 },
    outputs: 3,
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
    outputs: 3,
  },
  "GRU both ways with lengths and a state": {
    op: "GRU",
    inputs: sequence(3, 2, lengths, state(6, 2)),
    attributes: both,
    outputs: 2,
  },
  "GRU linear before reset": {
    op: "GRU",
    inputs: sequence(3, 2),
    attributes: { ...both, linear_before_reset: 1, clip: 0.6 },
    outputs: 2,
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
    inputs: [image, floats(), floats(1, 1, 2, 4)],
    attributes: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    version: 11,
    known: [1, 2],
  },
  "Resize of a part, with what is outside": {
    op: "Resize",
    inputs: [image, floats(0, 0, 0.2, -0.3, 1, 1, 0.9, 1.2), undefined, whole([4], [1, 2, 4, 5])],
    attributes: { mode: "linear", coordinate_transformation_mode: "tf_crop_and_resize", extrapolation_value: 7.5 },
    known: [1, 3],
  },
  "Resize smaller without aliases, linear": resize([1, 2, 3, 2], { mode: "linear", antialias: 1 }),
  "Resize smaller without aliases, cubic": resize([1, 2, 3, 4], { mode: "cubic", antialias: 1 }),
  "GridSample in reflections with corners": {
    op: "GridSample",
    inputs: [drawn(9, [2, 3, 4, 5]), drawn(10, [2, 3, 3, 2], 3)],
    attributes: { align_corners: 1, padding_mode: "reflection" },
    version: 16,
  },
  "GridSample cubic at borders": {
    op: "GridSample",
    inputs: [drawn(9, [2, 3, 4, 5]), drawn(10, [2, 3, 3, 2], 2)],
    attributes: { mode: "bicubic", padding_mode: "border" },
    version: 16,
  },
  "GridSample cubic in reflections": {
    op: "GridSample",
    inputs: [drawn(9, [2, 3, 4, 5]), drawn(10, [2, 3, 3, 2], 2)],
    attributes: { mode: "bicubic", padding_mode: "reflection" },
    version: 16,
  },
  "RoiAlign of the largest": {
    op: "RoiAlign",
    inputs: [drawn(11, [2, 3, 8, 9]), { shape: [2, 4], data: [0.5, 1, 6, 7, -1, -1, 4, 11] }, whole([2], [1, 0])],
    attributes: { mode: "max", output_height: 3, output_width: 2, sampling_ratio: 2, spatial_scale: 0.75 },
    version: 16,
  },
  "LRN of other factors": {
    op: "LRN",
    inputs: [drawn(12, [2, 5, 3, 3])],
    attributes: { size: 3, alpha: 0.5, beta: 0.6, bias: 1.5 },
  },
  "LpNormalization along an axis": {
    op: "LpNormalization",
    inputs: [drawn(13, [2, 3, 4])],
    attributes: { axis: 1, p: 1 },
  },
  "GlobalLpPool of p = 3": { op: "GlobalLpPool", inputs: [drawn(13, [2, 3, 4, 5])], attributes: { p: 3 } },
  "Hardmax of version 11": { op: "Hardmax", inputs: [drawn(14, [2, 3, 4])], attributes: { axis: 1 }, version: 11 },
  "Det of three by three": { op: "Det", inputs: [drawn(15, [4, 3, 3])] },
  "Det of a matrix that has none": {
    op: "Det",
    inputs: [{ shape: [2, 3, 3], data: [0, 1, 0, 0, 0, 2, 3, 0, 0, 1, 2, 3, 2, 4, 6, 1, 1, 1] }],
  },
  "DFT padded, of one side": {
    op: "DFT",
    inputs: [drawn(16, [2, 5, 1]), whole([], [8])],
    attributes: { axis: 1, onesided: 1 },
    known: [1],
  },
  "DFT back, of complex numbers cut off": {
    op: "DFT",
    inputs: [drawn(16, [2, 7, 2]), whole([], [6])],
    attributes: { axis: 1, inverse: 1 },
    known: [1],
  },
  "STFT of both sides": {
    op: "STFT",
    inputs: [drawn(17, [2, 40, 1]), whole([], [7]), drawn(18, [12])],
    attributes: { onesided: 0 },
    known: [1],
  },
  "QuantizeLinear to int8, by axis": {
    op: "QuantizeLinear",
    inputs: [drawn(19, [2, 3, 4]), floats(0.01, 0.003, 0.02), whole([3], [3, -7, 0], "int8")],
  },
  "DequantizeLinear of uint8, by axis": {
    op: "DequantizeLinear",
    inputs: [bytes(20, [2, 3, 4], "uint8"), floats(0.01, 0.003, 0.02), whole([3], [3, 7, 0], "uint8")],
  },
  DynamicQuantizeLinear: { op: "DynamicQuantizeLinear", inputs: [drawn(21, [30])], outputs: 3 },
  "MatMulInteger of many": {
    op: "MatMulInteger",
    inputs: [
      bytes(22, [3, 700], "uint8"),
      bytes(23, [700, 4], "int8"),
      whole([], [120], "uint8"),
      whole([], [-3], "int8"),
    ],
    tolerance: 0,
  },
  QLinearMatMul: {
    op: "QLinearMatMul",
    inputs: [
      bytes(24, [3, 20], "uint8"),
      single(0.02),
      whole([], [120], "uint8"),
      bytes(25, [20, 4], "uint8"),
      single(0.01),
      whole([], [130], "uint8"),
      single(0.1),
      whole([], [100], "uint8"),
    ],
    tolerance: 0,
  },
  "ConvInteger of many channels": {
    op: "ConvInteger",
    inputs: [
      bytes(28, [2, 70, 5, 4], "uint8"),
      bytes(29, [3, 70, 2, 2], "uint8"),
      whole([], [120], "uint8"),
      whole([], [99], "uint8"),
    ],
    attributes: { pads: [1, 0, 0, 1], strides: [2, 1] },
    tolerance: 0,
  },
  "QLinearConv with a bias, by channel": {
    op: "QLinearConv",
    inputs: [
      bytes(30, [1, 4, 5, 5], "uint8"),
      single(0.02),
      whole([], [120], "uint8"),
      bytes(31, [2, 2, 3, 3], "int8"),
      floats(0.01, 0.02),
      whole([2], [0, 0], "int8"),
      single(0.1),
      whole([], [100], "uint8"),
      whole([2], [500, -700], "int32"),
    ],
    attributes: { group: 2, pads: [1, 1, 1, 1] },
    tolerance: 0,
  },
  "LpPool with padding": {
    op: "LpPool",
    inputs: [drawn(32, [2, 3, 6, 7])],
    attributes: { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1], p: 3 },
    version: 18,
  },
  "NonMaxSuppression of several classes": {
    op: "NonMaxSuppression",
    inputs: [drawn(26, [2, 12, 4]), drawn(27, [2, 3, 12]), whole([], [4]), single(0.2), single(-0.5)],
    known: [0, 1, 2, 3, 4],
    tolerance: 0,
  },
  "Unique along an axis": {
    op: "Unique",
    inputs: [whole([2, 5, 1], [3, 1, 3, 1, 2, 0, 4, 0, 4, 4])],
    attributes: { axis: 1 },
    outputs: 4,
    known: [0],
    tolerance: 0,
  },
  "TfIdfVectorizer with weights": {
    op: "TfIdfVectorizer",
    inputs: [whole([2, 6], [1, 2, 3, 2, 3, 1, 7, 8, 9, 1, 2, 3])],
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

describe("as ONNX Runtime has it", () => {
  test.each(Object.entries(cases))("%s", async (_, each) => {
    expect(await disagreements(each)).toEqual([]);
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
  const model = modelOf(each, ({ type = "float32" }) => type !== "float32");
  const given = namedInputs(each);
  const inputs = model.inputs.map(({ name }) => constant(shapedOf(given.get(name) as Given)));
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

describe("whole numbers are exact", () => {
  const least = -(2 ** 31);
  const rows: readonly (readonly [
    op: string,
    a: number[],
    b: number[],
    wanted: number[],
    attributes?: Case["attributes"],
  ])[] = [
    [
      "Div",
      [least, least, least, 7, -7, 7, -7, 6],
      [1, 2, 3, 2, 2, -2, -2, -3],
      [least, least / 2, -715827882, 3, -3, -3, 3, -2],
    ],
    ["Mod", [least, least, -7, 7, -7], [3, -5, 3, -3, -3], [-2, -3, -1, 1, -1], { fmod: 1 }],
    ["Mod", [least, least, -7, 7, -7], [3, -5, 3, -3, -3], [1, -3, 2, -2, -1]],
    ["Pow", [1000, 3, -3, 7, 2, 2], [5, 17, 3, 0, 31, 32], [-1530494976, 129140163, -27, 1, least, 0]],
    ["Pow", [1, -1, -1, 5, 0], [-3, -3, -2, -1, 5], [1, -1, 1, 0, 0]],
  ];
  const cases = rows.flatMap((row) => ([false, true] as const).map((isKnown) => [row[0], isKnown, row] as const));
  test.each(cases)("%s, known: %s", async (op, isKnown, [, a, b, wanted, attributes]) => {
    const type = "int32";
    const each: Case = { op, inputs: [whole([a.length], a, type), whole([b.length], b, type)], attributes };
    const model = modelOf({ ...each, known: isKnown ? [1] : [] });
    const given = [a, b].slice(0, isKnown ? 1 : 2).map((list) => constant(Int32Array.from(list)));
    expect([...(await evaluate(model.forward(given).y0))]).toEqual(wanted);
  });
});

describe("what contradicts the format, or cannot be had, is said", () => {
  const plane = drawn(1, [1, 1, 4, 4]);
  const rnn = (op: string, gates: number, attributes: Case["attributes"]): Case => ({
    op,
    inputs: sequence(gates, 1),
    attributes,
  });
  const refused: readonly (readonly [message: string, each: Case])[] = [
    ["there is no activation Sine", rnn("RNN", 1, { activations: ["Sine"] })],
    ["there is no direction up", rnn("GRU", 3, { direction: "up" })],
    ["W is [1, 8, 4] here, got [1, 6, 4]", { ...rnn("LSTM", 3, { hidden_size: H }) }],
    ["depends on data", { ...scaled([1, 1, 2, 2], {}), known: [] }],
    ["3 scales or sizes for 4 axes", scaled([1, 1, 2], {})],
    ["has more than 2^30 elements", resize([1, 2, 2 ** 30, 2 ** 30], {})],
    [
      "input 0 (x0) decides a shape or what is run, and depends on data",
      { op: "NonMaxSuppression", inputs: [drawn(1, [1, 2, 4]), drawn(2, [1, 1, 2])] },
    ],
    ["its matrix is too large", { op: "DFT", inputs: [drawn(3, [1, 5000, 1])], attributes: { axis: 1 } }],
    ["sampling_ratio 0", { op: "RoiAlign", inputs: [plane, drawn(2, [1, 4]), whole([1], [0])] }],
    ["does not fit", { op: "GridSample", inputs: [plane, drawn(2, [2, 3, 3, 2])] }],
    [
      "there is no reduction max",
      {
        op: "NegativeLogLikelihoodLoss",
        inputs: [drawn(1, [2, 3]), whole([2], [0, 1])],
        attributes: { reduction: "max" },
      },
    ],
  ];

  test.each(refused)("%s", (message, each) => {
    const build = () => {
      const model = modelOf(each);
      const given = namedInputs(each);
      const inputs = model.inputs.map(({ name }) => given.get(name) as Given);
      return model.forward(inputs.map((own) => input(own.shape, dtypeOf(own))));
    };
    expect(build).toThrow(message);
    expect(build).toThrow(SimdgradError);
  });
});
