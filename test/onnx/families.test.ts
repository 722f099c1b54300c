// Nodes of the large families with options that ONNX's own test models do not have, compared with ONNX Runtime.
import { constant } from "simdgrad";
import { checkGradients } from "simdgrad/debug";
import { describe, expect, test } from "vitest";
import { DataType } from "../../src/onnx/proto.ts";
import { type Case, disagreements, drawn, floats, modelOf, namedInputs, shapedOf, whole } from "./cases.ts";
import type { Given } from "./runtime.ts";

function scaled(given: Given, factor: number): Given {
  return { ...given, data: Array.from(given.data, (value) => Math.fround(value * factor)) };
}

function list(...data: number[]): Given {
  return whole([data.length], data);
}

const image = drawn(1, [1, 4, 6, 5]);
const line = drawn(2, [2, 4, 8]);
const matrix = drawn(3, [3, 4]);
const cube = drawn(4, [2, 3, 4]);

const conv = (x: Given, w: Given, attributes: Case["attributes"], bias?: Given): Case => ({
  op: "Conv",
  inputs: [x, w, bias],
  attributes,
});
const back = (x: Given, w: Given, attributes: Case["attributes"], bias?: Given): Case => ({
  op: "ConvTranspose",
  inputs: [x, w, bias],
  attributes,
});
const pool = (op: string, x: Given, attributes: Case["attributes"], version = 17, outputs = 1): Case => ({
  op,
  inputs: [x],
  attributes,
  version,
  outputs,
});
const slice = (...[starts, ends, axes, steps]: readonly (readonly number[])[]): Case => ({
  op: "Slice",
  inputs: [cube, list(...starts), list(...ends), list(...axes), list(...steps)],
  known: [1, 2, 3, 4],
});
const pad = (pads: readonly number[], mode: string, value?: number, axes?: readonly number[]): Case => ({
  op: "Pad",
  inputs: [
    cube,
    list(...pads),
    value === undefined ? undefined : { shape: [], data: [value] },
    ...(axes === undefined ? [] : [list(...axes)]),
  ],
  known: [1, 2, 3],
  attributes: { mode },
  version: axes === undefined ? 17 : 18,
});
const reduce = (op: string, axes: readonly number[], attributes: Case["attributes"] = {}, x = cube): Case => ({
  op,
  inputs: [x, ...(axes.length > 0 ? [list(...axes)] : [])],
  known: [1],
  attributes,
  version: 18,
});

const cases: Readonly<Record<string, Case>> = {
  "Conv with different pads, strides and dilations": conv(image, drawn(5, [6, 4, 3, 2]), {
    pads: [2, 0, 1, 3],
    strides: [2, 1],
    dilations: [1, 3],
  }),
  "Conv in groups, an odd one more behind": conv(
    image,
    drawn(6, [6, 2, 2, 4]),
    { auto_pad: "SAME_UPPER", strides: [2, 2], group: 2 },
    drawn(7, [6]),
  ),
  "Conv, an odd one more before": conv(image, drawn(8, [3, 4, 4, 3]), { auto_pad: "SAME_LOWER", strides: [1, 2] }),
  "Conv without pads": conv(line, drawn(9, [5, 4, 3]), { auto_pad: "VALID", strides: [2] }),
  "Conv of each channel": conv(image, drawn(10, [8, 1, 3, 3]), { group: 4, pads: [1, 1, 1, 1] }, drawn(11, [8])),
  "Conv of volumes": conv(drawn(12, [1, 2, 4, 5, 4]), drawn(13, [3, 2, 2, 3, 2]), { pads: [0, 1, 1, 1, 0, 0] }),
  "ConvTranspose with different pads": back(
    image,
    drawn(14, [4, 3, 3, 3]),
    { pads: [1, 0, 2, 1], strides: [2, 3] },
    drawn(15, [3]),
  ),
  "ConvTranspose in groups, dilated, with more": back(image, drawn(16, [4, 2, 2, 3]), {
    group: 2,
    dilations: [2, 1],
    strides: [3, 2],
    output_padding: [1, 1],
  }),
  "ConvTranspose to a size": back(line, drawn(17, [4, 2, 3]), { strides: [2], output_shape: [16] }),
  "ConvTranspose of one size": back(line, drawn(18, [4, 2, 3]), { strides: [2], auto_pad: "SAME_UPPER" }),
  "ConvTranspose of volumes": back(drawn(19, [1, 2, 2, 3, 2]), drawn(20, [2, 3, 2, 2, 2]), { strides: [2, 2, 2] }),
  "MaxPool dilated, with different pads and a last part": pool("MaxPool", image, {
    kernel_shape: [3, 2],
    strides: [2, 2],
    dilations: [1, 2],
    pads: [1, 0, 1, 1],
    ceil_mode: 1,
  }),
  "MaxPool with places": pool("MaxPool", image, { kernel_shape: [2, 3], strides: [2, 1], pads: [0, 1, 0, 1] }, 17, 2),
  "MaxPool of lines, an odd one more before": pool("MaxPool", line, {
    kernel_shape: [4],
    auto_pad: "SAME_LOWER",
    strides: [3],
  }),
  "MaxPool of volumes": pool("MaxPool", drawn(21, [1, 2, 4, 4, 5]), { kernel_shape: [2, 3, 2] }),
  "AveragePool with pads that count": pool("AveragePool", image, {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [0, 1, 2, 1],
    count_include_pad: 1,
  }),
  "AveragePool with pads that do not": pool("AveragePool", image, {
    kernel_shape: [3, 2],
    pads: [1, 0, 2, 1],
    strides: [1, 2],
  }),
  "AveragePool with a last part": pool("AveragePool", line, { kernel_shape: [3], strides: [3], ceil_mode: 1 }, 19),
  "AveragePool dilated": pool("AveragePool", line, { kernel_shape: [3], dilations: [2], pads: [2, 1] }, 19),
  "AveragePool of one size": pool("AveragePool", image, {
    kernel_shape: [3, 3],
    auto_pad: "SAME_UPPER",
    strides: [2, 2],
  }),
  GlobalMaxPool: pool("GlobalMaxPool", image, {}),
  "Slice backwards": slice([-1, 3], [-100, 0], [1, 2], [-1, -2]),
  "Slice beyond the ends": slice([-100, 1], [100, 50], [2, 0], [3, 1]),
  "Slice of nothing": slice([2], [1], [1], [1]),
  "Slice to the first": slice([2, -1], [0, -3], [1, -1], [-1, -1]),
  "Pad with a value": pad([0, 1, 2, 1, 0, 0], "constant", 2.5),
  "Pad less": pad([0, -1, 2, 0, 0, -1], "constant"),
  "Pad in a mirror": pad([0, 2, 1, 0, 1, 3], "reflect"),
  "Pad by edges": pad([1, 0, 3, 0, 2, 1], "edge"),
  "Pad some axes": pad([2, 1, 0, 1], "constant", -1, [-1, 0]),
  "Gather along the last axis from the back": {
    op: "Gather",
    inputs: [cube, whole([2, 2], [0, -1, -4, 2])],
    attributes: { axis: -1 },
  },
  "Gather one row of a matrix": { op: "Gather", inputs: [matrix, whole([], [-1])], known: [1] },
  "Gather columns": { op: "Gather", inputs: [matrix, list(3, 1)], attributes: { axis: 1 }, known: [1] },
  "GatherElements from the back": {
    op: "GatherElements",
    inputs: [matrix, whole([2, 3], [0, -1, 1, -2, 3, 2])],
    attributes: { axis: 1 },
  },
  "GatherND in batches": {
    op: "GatherND",
    inputs: [cube, whole([2, 2, 1], [0, -1, 2, 1])],
    attributes: { batch_dims: 1 },
  },
  "ScatterElements from the back": {
    op: "ScatterElements",
    inputs: [matrix, whole([2, 2], [0, -1, 1, 2]), drawn(22, [2, 2])],
    attributes: { axis: 1 },
  },
  "ScatterElements added": {
    op: "ScatterElements",
    inputs: [matrix, whole([2, 2], [0, 0, 1, 1]), drawn(23, [2, 2])],
    attributes: { reduction: "add" },
    version: 16,
  },
  "ScatterElements multiplied": {
    op: "ScatterElements",
    inputs: [matrix, whole([2, 2], [0, 0, 0, 1]), drawn(24, [2, 2])],
    attributes: { reduction: "mul" },
    version: 16,
  },
  "ScatterElements, largest": {
    op: "ScatterElements",
    inputs: [matrix, whole([2, 2], [0, 0, 0, 1]), drawn(25, [2, 2])],
    attributes: { reduction: "max" },
    version: 18,
  },
  "ScatterElements of whole numbers": {
    op: "ScatterElements",
    inputs: [whole([4], [1, 2, 3, 4]), list(-1, 1), list(2 ** 25 + 1, -7)],
  },
  "ScatterND of rows": {
    op: "ScatterND",
    inputs: [cube, whole([2, 2], [0, -1, 1, 0]), drawn(26, [2, 4])],
  },
  "ScatterND, smallest": {
    op: "ScatterND",
    inputs: [cube, whole([3, 1], [0, 1, 1]), drawn(27, [3, 3, 4])],
    attributes: { reduction: "min" },
    version: 18,
  },
  "OneHot along the first axis": {
    op: "OneHot",
    inputs: [whole([2, 3], [0, -1, 2, 5, 1, -5]), whole([], [4]), floats(-1, 2)],
    attributes: { axis: 0 },
    known: [1],
  },
  "TopK of the smallest": {
    op: "TopK",
    inputs: [cube, list(2)],
    attributes: { axis: 1, largest: 0 },
    outputs: 2,
    known: [1],
  },
  "TopK of equal whole numbers": { op: "TopK", inputs: [list(3, 7, 7, 1, 7), list(3)], outputs: 2, known: [1] },
  "CumSum backwards without itself": {
    op: "CumSum",
    inputs: [cube, whole([], [-2])],
    attributes: { reverse: 1, exclusive: 1 },
    known: [1],
  },
  "CumSum of whole numbers": { op: "CumSum", inputs: [whole([4], [1, 2, 3, 4], "int32"), whole([], [0])], known: [1] },
  "Div of whole numbers": { op: "Div", inputs: [list(-7, 7, -7, 7, 6), list(2, -2, -2, 2, 3)] },
  "Mod of whole numbers": { op: "Mod", inputs: [list(-7, 7, -7, 7, 6), list(3, -3, -3, 3, 3)] },
  "Mod by fmod": { op: "Mod", inputs: [floats(-7.5, 7.5, -7.5, 7.5), floats(2, -2, -2, 2)], attributes: { fmod: 1 } },
  "Mod of whole numbers by fmod": {
    op: "Mod",
    inputs: [list(-7, 7, -7, 7), list(3, -3, -3, 3)],
    attributes: { fmod: 1 },
  },
  "Pow of whole numbers": { op: "Pow", inputs: [list(-3, 2, 5), list(3, 10, 0)] },
  "Pow by whole numbers": { op: "Pow", inputs: [floats(-1.5, 2, 0.5), list(3, -2, 0)] },
  "Max of several that broadcast": { op: "Max", inputs: [cube, drawn(28, [4]), drawn(29, [3, 1])] },
  "Min of whole numbers": { op: "Min", inputs: [list(3, -7), list(1, 2), list(2, -8)] },
  "Mean of several that broadcast": { op: "Mean", inputs: [cube, drawn(30, [4]), drawn(31, [1])] },
  "Clip of whole numbers": {
    op: "Clip",
    inputs: [whole([4], [-9, 3, 7, 20], "int32"), whole([], [-1], "int32"), undefined],
  },
  "Clip by data": { op: "Clip", inputs: [scaled(cube, 3), { shape: [], data: [-0.5] }, { shape: [], data: [1] }] },
  "Clip from below": { op: "Clip", inputs: [cube, { shape: [], data: [0.25] }], known: [1] },
  "PRelu of channels": { op: "PRelu", inputs: [image, drawn(32, [4, 1, 1])] },
  "Selu of other factors": { op: "Selu", inputs: [cube], attributes: { alpha: 1.5, gamma: 0.5 } },
  "HardSigmoid of other factors": {
    op: "HardSigmoid",
    inputs: [scaled(cube, 4)],
    attributes: { alpha: 0.3, beta: 0.25 },
  },
  "Gelu by tanh": { op: "Gelu", inputs: [scaled(cube, 3)], attributes: { approximate: "tanh" }, version: 20 },
  Mish: { op: "Mish", inputs: [scaled(cube, 3)], version: 18 },
  "Softmax of all behind an axis": { op: "Softmax", inputs: [cube], attributes: { axis: 1 }, version: 11 },
  "Softmax along the first axis": { op: "Softmax", inputs: [cube], attributes: { axis: 0 } },
  "LogSoftmax of all behind an axis": { op: "LogSoftmax", inputs: [cube], version: 11 },
  "Einsum with axes without letters": {
    op: "Einsum",
    inputs: [drawn(33, [2, 3, 4]), drawn(34, [2, 4, 5])],
    attributes: { equation: "...ij,...jk->...ik" },
  },
  "Einsum of a diagonal": { op: "Einsum", inputs: [drawn(35, [3, 3])], attributes: { equation: "ii->i" } },
  "Gemm of turned matrices": {
    op: "Gemm",
    inputs: [drawn(36, [4, 3]), drawn(37, [5, 4]), drawn(38, [3, 1])],
    attributes: { transA: 1, transB: 1, alpha: 0.5, beta: 2.5 },
  },
  "MatMul in batches that broadcast": { op: "MatMul", inputs: [drawn(39, [2, 1, 3, 4]), drawn(40, [5, 4, 2])] },
  "MatMul of a vector": { op: "MatMul", inputs: [drawn(41, [4]), drawn(42, [2, 4, 3])] },
  "ReduceMean over some axes": reduce("ReduceMean", [-1, 0], { keepdims: 0 }),
  "ReduceMean of whole numbers": reduce("ReduceMean", [1], {}, whole([2, 3], [-1, -2, -5, 4, 4, 5], "int32")),
  "ReduceL1 over all": reduce("ReduceL1", []),
  "ReduceL2 over an axis": reduce("ReduceL2", [1]),
  "ReduceLogSumExp over two axes": reduce("ReduceLogSumExp", [0, 2]),
  "ReduceSumSquare over an axis": reduce("ReduceSumSquare", [-2], { keepdims: 0 }),
  "ReduceProd over an axis": reduce("ReduceProd", [2]),
  "ReduceMax of whole numbers": reduce("ReduceMax", [1], {}, whole([2, 3], [1, -9, 3, 4, 5, 4])),
  "ReduceMin over no axes": reduce("ReduceMin", [], { noop_with_empty_axes: 1 }),
  "ReduceSum over no axes": { op: "ReduceSum", inputs: [cube], attributes: { noop_with_empty_axes: 1 } },
  "ArgMax, the last of equal ones": {
    op: "ArgMax",
    inputs: [whole([2, 4], [1, 3, 3, 2, 5, 5, 0, 5], "int32")],
    attributes: { axis: 1, select_last_index: 1, keepdims: 0 },
  },
  "ArgMin of whole numbers": {
    op: "ArgMin",
    inputs: [whole([2, 3], [1, -3, 3, 2, 2, 5], "int32")],
    attributes: { axis: -1 },
  },
  "Split in parts of sizes": {
    op: "Split",
    inputs: [cube, list(1, 3)],
    attributes: { axis: -1 },
    outputs: 2,
    known: [1],
  },
  "Split in a number of parts": {
    op: "Split",
    inputs: [cube],
    attributes: { axis: 1, num_outputs: 2 },
    outputs: 2,
    version: 18,
  },
  "Trilu below a diagonal": { op: "Trilu", inputs: [cube, whole([], [-1])], attributes: { upper: 0 }, known: [1] },
  "Expand with fewer axes": { op: "Expand", inputs: [drawn(43, [2, 1, 4]), list(3, 1)], known: [1] },
  "Tile twice": { op: "Tile", inputs: [matrix, list(2, 3)], known: [1] },
  "ReverseSequence along the second axis": {
    op: "ReverseSequence",
    inputs: [cube, list(2, 3)],
    attributes: { batch_axis: 0, time_axis: 1 },
  },
  "DepthToSpace by columns": {
    op: "DepthToSpace",
    inputs: [drawn(44, [1, 8, 2, 3])],
    attributes: { blocksize: 2, mode: "CRD" },
  },
  SpaceToDepth: { op: "SpaceToDepth", inputs: [drawn(45, [2, 2, 4, 6])], attributes: { blocksize: 2 } },
  "Transpose of all axes": { op: "Transpose", inputs: [cube] },
  "Reshape that keeps zeros": {
    op: "Reshape",
    inputs: [drawn(46, [0, 3]), list(3, 0)],
    attributes: { allowzero: 1 },
    known: [1],
  },
  "Flatten from the back": { op: "Flatten", inputs: [cube], attributes: { axis: -1 } },
  "LayerNormalization of two axes": {
    op: "LayerNormalization",
    inputs: [cube, drawn(47, [3, 4]), drawn(48, [3, 4])],
    attributes: { axis: 1, epsilon: 0.001 },
  },
  InstanceNormalization: {
    op: "InstanceNormalization",
    inputs: [image, drawn(49, [4]), drawn(50, [4])],
    attributes: { epsilon: 0.01 },
  },
  BatchNormalization: {
    op: "BatchNormalization",
    inputs: [line, drawn(51, [4]), drawn(52, [4]), drawn(53, [4]), floats(0.5, 1, 2, 4)],
    attributes: { epsilon: 0.001 },
  },
  "MeanVarianceNormalization over others": {
    op: "MeanVarianceNormalization",
    inputs: [image],
    attributes: { axes: [2, 3] },
  },
  "Cast towards zero": { op: "Cast", inputs: [floats(-1.7, 1.7, 300.5)], attributes: { to: DataType.INT32 } },
  "Cast to a boolean and back": { op: "Cast", inputs: [floats(-1.7, 0, 0.2)], attributes: { to: DataType.BOOL } },
  "Where of whole numbers": {
    op: "Where",
    inputs: [whole([2, 1], [1, 0], "bool"), list(1, 2), whole([], [9])],
  },
  NonZero: { op: "NonZero", inputs: [whole([2, 3], [1, 0, 3, 0, 5, 0])], known: [0] },
  "Range backwards": {
    op: "Range",
    inputs: [
      { shape: [], data: [2.5] },
      { shape: [], data: [-1] },
      { shape: [], data: [-0.75] },
    ],
    known: [0, 1, 2],
  },
  "Col2Im with pads, strides and dilations": {
    op: "Col2Im",
    inputs: [drawn(60, [2, 12, 9]), list(5, 6), list(2, 3)],
    attributes: { pads: [0, 1, 1, 0], strides: [2, 2], dilations: [1, 1] },
    known: [1, 2],
    version: 18,
  },
  CenterCropPad: {
    op: "CenterCropPad",
    inputs: [drawn(61, [3, 4, 5]), list(6, 2)],
    attributes: { axes: [0, -1] },
    known: [1],
    version: 18,
  },
  AffineGrid: { op: "AffineGrid", inputs: [drawn(62, [2, 2, 3]), list(2, 1, 3, 4)], known: [1], version: 20 },
  "AffineGrid between corners": {
    op: "AffineGrid",
    inputs: [drawn(63, [1, 3, 4]), list(1, 1, 2, 3, 4)],
    attributes: { align_corners: 1 },
    known: [1],
    version: 20,
  },
  BitwiseNot: { op: "BitwiseNot", inputs: [list(5, -1, 0)], version: 18 },
  "Shape of some axes": { op: "Shape", inputs: [image], attributes: { start: -3, end: 3 } },
};

describe("as ONNX Runtime has it", () => {
  test.each(Object.entries(cases))("%s", async (_, each) => {
    expect(await disagreements(each)).toEqual([]);
  });
});

/** Operators whose results jump, or have kinks in the middle of numbers, or are no floats. */
const jumping = /^(Arg|Cast|Clip|Mod|NonZero|OneHot|Range|Shape|ReduceMin over no)/;

const sloping = Object.entries(cases).filter(
  ([name, { inputs }]) => !jumping.test(name) && (inputs[0]?.type ?? "float32") === "float32" && inputs[0]?.data.length,
);

test.each(sloping)("gradients of %s are right", async (_, each) => {
  const model = modelOf(each, ({ type = "float32" }) => type !== "float32");
  const given = namedInputs(each);
  const inputs = model.inputs.map(({ name }) => constant(shapedOf(given.get(name) as Given)));
  await checkGradients((...tensors) => Object.values(model.forward(tensors))[0], inputs);
});
