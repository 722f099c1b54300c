// Models of many families, and what becomes of them where a few of their fields are others.
import { input } from "../../src/create.ts";
import { SimdgradError } from "../../src/errors.ts";
import { fromOnnx } from "../../src/onnx/index.ts";
import { DataType, type ModelFields, writeModel } from "../../src/onnx/proto.ts";
import type { Tensor } from "../../src/tensor.ts";
import { numbers } from "../random.ts";
import { floats, graph, model, node, port, wholes } from "./written.ts";

const count = (n: number, scale = 0.1) => Array.from({ length: n }, (_, i) => ((i % 7) - 3) * scale);

/** Models of many families, with subgraphs, functions, sparse initialisers and data that lies elsewhere. */
export const models: Readonly<Record<string, ModelFields>> = {
  network: model(
    graph(
      [
        node("Conv", ["x", "w", "b"], ["c"], { pads: [1, 1, 1, 1], strides: [2, 2], kernel_shape: [3, 3] }),
        node("BatchNormalization", ["c", "s", "t", "m", "v"], ["n"], { epsilon: 0.001 }),
        node("Relu", ["n"], ["r"]),
        node("MaxPool", ["r"], ["p"], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }),
        node("Shape", ["p"], ["size"]),
        node("Gather", ["size", "zero"], ["batch"]),
        node("Concat", ["batch", "rest"], ["shape"], { axis: 0 }),
        node("Reshape", ["p", "shape"], ["flat"]),
        node("Gemm", ["flat", "f", "g"], ["y"], { transB: 1, alpha: 0.5 }),
      ],
      [port("x", ["batch", 2, 8, 8])],
      [port("y", ["batch", 3])],
      [
        floats("w", [4, 2, 3, 3], count(72)),
        floats("b", [4], count(4)),
        ...["s", "t", "m", "v"].map((name) => floats(name, [4], [1, 1, 1, 1])),
        wholes("zero", [1], [0]),
        wholes("rest", [1], [-1]),
        floats("f", [3, 16], count(48)),
        floats("g", [3], count(3)),
      ],
    ),
  ),
  recurrent: model(
    graph(
      [
        node("LSTM", ["x", "w", "r", "b"], ["y", "h"], {
          hidden_size: 3,
          direction: "bidirectional",
          activations: ["Sigmoid", "Tanh", "Tanh", "HardSigmoid", "Tanh", "Relu"],
          activation_alpha: { floats: [0.3] },
          clip: 2.5,
        }),
        node("GRU", ["x", "gw", "gr"], ["z"], { hidden_size: 2, linear_before_reset: 1 }),
        node("ReduceSum", ["y", "axes"], ["total"], { keepdims: 0 }),
      ],
      [port("x", [4, 2, 5])],
      [port("total", [2, 3]), port("h", [2, 2, 3]), port("z", [4, 1, 2, 2])],
      [
        floats("w", [2, 12, 5], count(120)),
        floats("r", [2, 12, 3], count(72)),
        floats("b", [2, 24], count(48)),
        floats("gw", [1, 6, 5], count(30)),
        floats("gr", [1, 6, 2], count(12)),
        wholes("axes", [2], [0, 1]),
      ],
    ),
  ),
  resizing: model(
    graph(
      [
        node("Resize", ["x", "", "scales"], ["a"], { mode: "cubic", exclude_outside: 1, cubic_coeff_a: -0.5 }),
        node("Slice", ["a", "starts", "ends", "axes", "steps"], ["b"]),
        node("Pad", ["b", "pads"], ["c"], { mode: "reflect" }),
        node("Split", ["c", "parts"], ["d", "e"], { axis: 2 }),
        node("Tile", ["d", "times"], ["f"]),
        node("Expand", ["e", "sizes"], ["g"]),
        node("TopK", ["g", "k"], ["y", "i"], { axis: -1 }),
        node("Transpose", ["f"], ["z"], { perm: [3, 2, 1, 0] }),
      ],
      [port("x", [1, 1, 4, 5])],
      [port("y", [2, 1, 3, 2]), port("i", [2, 1, 3, 2], DataType.INT64), port("z", [8, 3, 2, 1])],
      [
        floats("scales", [4], [1, 1, 1.5, 1.6]),
        wholes("starts", [2], [0, 7]),
        wholes("ends", [2], [1000, -1000]),
        wholes("axes", [2], [2, 3]),
        wholes("steps", [2], [1, -1]),
        wholes("pads", [8], [0, 0, 1, 1, 0, 0, 1, 1]),
        wholes("parts", [2], [4, 4]),
        wholes("times", [4], [1, 2, 1, 1]),
        wholes("sizes", [4], [2, 1, 1, 1]),
        wholes("k", [1], [2]),
      ],
    ),
  ),
  control: model(
    graph(
      [
        node("Equal", ["n", "three"], ["isThree"]),
        node("If", ["isThree"], ["a"], {
          then_branch: graph([node("Add", ["x", "x"], ["t"])], [], [port("t", [2])]),
          else_branch: graph([node("Mul", ["x", "x"], ["u"])], [], [port("u", [2])]),
        }),
        node("Loop", ["n", "", "a"], ["b", "all"], {
          body: graph(
            [node("Mul", ["state", "half"], ["next"]), node("Identity", ["next"], ["given"])],
            [port("turn", [], DataType.INT64), port("on", [], DataType.BOOL), port("state", [2])],
            [port("on", [], DataType.BOOL), port("next", [2]), port("given", [2])],
            [floats("half", [1], [0.5])],
          ),
        }),
        node("Scan", ["a", "all"], ["c", "sums"], {
          num_scan_inputs: 1,
          body: graph(
            [node("Add", ["sum", "one"], ["after"]), node("Identity", ["after"], ["shown"])],
            [port("sum", [2]), port("one", [2])],
            [port("after", [2]), port("shown", [2])],
          ),
        }),
        node("mine:Twice", ["c"], ["y"], { factor: 2.5 }),
      ],
      [port("x", [2])],
      [port("y", [2]), port("sums", [3, 2])],
      [wholes("n", [], [3]), wholes("three", [], [3])],
    ),
    17,
    {
      opsetImport: [
        { domain: "", version: 17n },
        { domain: "mine", version: 1n },
      ],
      functions: [
        {
          name: "Twice",
          domain: "mine",
          input: ["p"],
          output: ["q"],
          attribute: ["factor"],
          opsetImport: [{ domain: "", version: 17n }],
          node: [
            { opType: "Constant", output: ["k"], attribute: [{ name: "value_float", refAttrName: "factor", type: 1 }] },
            node("Mul", ["p", "k"], ["q"]),
          ],
        },
      ],
    },
  ),
  shapes: model(
    graph(
      [
        node("ConstantOfShape", ["size"], ["zeros"]),
        node("Range", ["start", "end", "step"], ["row"]),
        node("Cast", ["row"], ["real"], { to: 1 }),
        node("Einsum", ["x", "zeros"], ["e"], { equation: "ij,jk->ik" }),
        node("OneHot", ["ids", "depth", "values"], ["hot"]),
        node("GatherND", ["e", "ids"], ["picked"]),
        node("NonMaxSuppression", ["boxes", "scores", "most"], ["kept"]),
        node("HannWindow", ["length"], ["window"]),
        node("DFT", ["signal"], ["spectrum"], { axis: 1 }),
        node("Add", ["real", "sparse"], ["y"]),
      ],
      [port("x", [2, 3])],
      ["y", "hot", "picked", "kept", "window", "spectrum"].map((name) => port(name, [])),
      [
        wholes("size", [2], [3, 2]),
        wholes("start", [], [0]),
        wholes("end", [], [6]),
        wholes("step", [], [1]),
        wholes("ids", [2, 1], [0, 1]),
        wholes("depth", [], [4]),
        floats("values", [2], [0, 1]),
        floats("boxes", [1, 2, 4], count(8)),
        floats("scores", [1, 1, 2], [0.5, 0.7]),
        wholes("most", [1], [2]),
        wholes("length", [], [10]),
        floats("signal", [1, 4, 1], [1, 2, 3, 4]),
      ],
      [{ values: floats("sparse", [2], [1, 2]), indices: wholes("places", [2], [1, 4]), dims: [6n] }],
    ),
  ),
};
/** What a model's inputs are given: sizes that are said, 2 for others. */
export function placeholders(read: ReturnType<typeof fromOnnx>): Record<string, Tensor> {
  return Object.fromEntries(
    read.inputs.map(({ name, shape = [], type }) => {
      const sizes = shape.map((size) => (typeof size === "number" ? size : 2));
      return [name, input(sizes, type.includes("int") ? "i32" : "f32")];
    }),
  );
}

/** Reads a file and builds its graph. Anything but a typed error is a fault. @returns whether there was none */
export function isBuilt(file: Uint8Array): boolean {
  try {
    const read = fromOnnx(file);
    read.forward(placeholders(read));
    return true;
  } catch (error) {
    if (error instanceof SimdgradError && error.message.length > 10) return false;
    throw error;
  }
}

const HOSTILE = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  7n,
  255n,
  2n ** 16n,
  2n ** 31n - 1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 53n,
  2n ** 62n,
  -(2n ** 63n),
];
const NAMES = ["", "__proto__", "constructor", "toString", "x", "y", "hasOwnProperty", "\u0000", "w".repeat(300)];

/** A model with up to three fields, anywhere in it, of other values of their kinds. */
export function changed(fields: object, seed: number): Uint8Array {
  const random = numbers(seed);
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const copy = structuredClone(fields) as Record<string, unknown>;
  const places: [Record<string, unknown>, string][] = [];
  const words = new Set<string>();
  const walk = (part: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(part)) {
      if (key.startsWith("$") || key === "case") continue;
      if (typeof value === "string") words.add(value);
      places.push([part, key]);
      if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value))
        walk(value as Record<string, unknown>);
    }
  };
  walk(copy);
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
    const [part, key] = oneOf(places);
    const value = part[key];
    if (typeof value === "bigint") part[key] = oneOf(HOSTILE);
    else if (typeof value === "number") part[key] = oneOf([0, 1, 2, 3, 7, 9, 11, 16, -1, 1e9, 0.5]);
    else if (typeof value === "string") part[key] = oneOf([...NAMES, ...words]);
    else if (value instanceof Uint8Array) part[key] = value.slice(0, Math.floor(random() * (value.length + 1)));
    else if (Array.isArray(value) && value.length > 0) {
      const at = Math.floor(random() * value.length);
      part[key] = random() < 0.5 ? value.toSpliced(at, 1) : value.toSpliced(at, 0, value[at]);
    }
  }
  try {
    return writeModel(copy as ModelFields);
  } catch {
    return new Uint8Array(0); // of a number that is none of its field's
  }
}
