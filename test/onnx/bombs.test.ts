// Small files that ask for much: constants as large as memory, loops in loops, functions that call each other. Each is refused in words, or
// is a graph whose sizes nobody has met yet; none takes seconds or memory.
import { expect, test } from "vitest";
import { input } from "../../src/create.ts";
import { SimdgradError } from "../../src/errors.ts";
import { fromOnnx } from "../../src/onnx/index.ts";
import { DataType, type ModelFields, writeModel } from "../../src/onnx/proto.ts";
import { floats, graph, model, node, port, wholes } from "./written.ts";

type Nodes = Parameters<typeof graph>[0];
type Initializers = NonNullable<Parameters<typeof graph>[3]>;

const x = port("x", [2]);

/** A model of x whose y is the last of these nodes' output. */
function of(nodes: Nodes, initializers: Initializers, version = 17): ModelFields {
  return model(graph(nodes, [x], [{ name: "y" }], initializers), version);
}

/** Adds what a tensor sums up to to x. */
function summed(name: string) {
  return [node("ReduceSum", [name], ["total"], { keepdims: 0 }), node("Add", ["total", "x"], ["y"])];
}

/** Takes the sum of a tensor for the end of a range. */
function counted(name: string) {
  return [
    node("ReduceSum", [name], ["total"], { keepdims: 0 }),
    node("Cast", ["total"], ["end"], { to: DataType.INT64 }),
    node("Range", ["end", "one", "one"], ["row"]),
    node("Cast", ["row"], ["real"], { to: DataType.FLOAT }),
    ...summed("real")
      .slice(1)
      .map((each) => ({ ...each, input: ["real", "x"] })),
  ];
}

const one = wholes("one", [], [1]);
const large = (...sizes: number[]) => wholes("size", [sizes.length], sizes);
const filled = node("ConstantOfShape", ["size"], ["much"]);
const opsetImport = ["", "m"].map((domain) => ({ domain, version: 17n }));

/** Function i calls the one before it twice. */
function doubling(i: number) {
  const call = (input: string, output: string) => node(i === 0 ? "Neg" : `m:f${i - 1}`, [input], [output]);
  const nodes = [call("a", "b"), call("b", "c")];
  return { name: `f${i}`, domain: "m", input: ["a"], output: ["c"], opsetImport, node: nodes };
}

/** Loops of 60 turns in one another. */
function loop(depth: number): NonNullable<Nodes[number]> {
  const inner = depth === 0 ? node("Add", ["x", "x"], ["r0"]) : loop(depth - 1);
  const body = graph(
    [node("Identity", [`on${depth}`], [`c${depth}`]), inner],
    [port(`turn${depth}`, [], DataType.INT64), port(`on${depth}`, [], DataType.BOOL)],
    [port(`c${depth}`, [], DataType.BOOL), { name: `r${depth}` }],
  );
  return node("Loop", ["n", ""], [depth === 5 ? "y" : `r${depth + 1}`], { body });
}

const small = [node("m:f40", ["x"], ["y"])];
const bombs: Readonly<Record<string, ModelFields>> = {
  "functions that call each other twice": model(graph(small, [x], [{ name: "y" }]), 17, {
    opsetImport,
    functions: Array.from({ length: 41 }, (_, i) => doubling(i)),
  }),
  "a function that calls itself": model(graph(small, [x], [{ name: "y" }]), 17, {
    opsetImport,
    functions: [{ ...doubling(40), node: [node("m:f40", ["a"], ["c"])] }],
  }),
  "loops in loops": of([loop(5)], [wholes("n", [], [60])]),
  "a large constant as a shape": of(
    [filled, node("Cast", ["much"], ["shape"], { to: DataType.INT64 }), node("Reshape", ["x", "shape"], ["y"])],
    [large(2 ** 29)],
  ),
  "the sum of a large constant": of([filled, ...counted("much")], [large(2 ** 29), one]),
  "a product of large constants": of(
    [filled, node("MatMul", ["much", "much"], ["product"]), ...counted("product")],
    [large(8000, 8000), one],
  ),
  "a recurrent net of a large constant": of(
    [filled, node("LSTM", ["much", "w", "r"], ["h"], { hidden_size: 1 }), ...counted("h")],
    [large(2 ** 26, 1, 1), floats("w", [1, 4, 1], [1, 1, 1, 1]), floats("r", [1, 4, 1], [1, 1, 1, 1]), one],
  ),
  "a long chain of sums, each a shape": of(
    Array.from({ length: 6000 }, (_, i) => [
      node("Add", [i === 0 ? "zero" : `s${i - 1}`, "zero"], [`s${i}`]),
      node("Cast", [`s${i}`], [`c${i}`], { to: DataType.INT64 }),
      node("Expand", [i === 0 ? "x" : `e${i - 1}`, `c${i}`], [i === 5999 ? "y" : `e${i}`]),
    ]).flat(),
    [floats("zero", [1], [1])],
  ),
  "a range": of(
    [node("Range", ["zero", "size", "one"], ["row"]), node("Cast", ["row"], ["real"], { to: 1 }), ...summed("real")],
    [wholes("zero", [], [0]), wholes("size", [], [2 ** 40]), one],
  ),
  "places of a large constant": of(
    [filled, node("NonZero", ["much"], ["places"]), node("Cast", ["places"], ["real"], { to: 1 }), ...summed("real")],
    [large(2 ** 28)],
  ),
  "different numbers of a large constant": of(
    [filled, node("Unique", ["much"], ["u"]), ...summed("u")],
    [large(2 ** 27)],
  ),
  "one-hot rows": of(
    [node("OneHot", ["ids", "size", "values"], ["rows"]), ...summed("rows")],
    [wholes("ids", [3], [1, 2, 3]), wholes("size", [], [2 ** 29]), floats("values", [2], [0, 1])],
  ),
  "an identity matrix": of([filled, node("EyeLike", ["much"], ["eye"]), ...summed("eye")], [large(2 ** 14, 2 ** 14)]),
  "boxes, none of which overlap": of(
    [
      filled,
      node("ConstantOfShape", ["other"], ["scores"]),
      node("NonMaxSuppression", ["much", "scores", "most"], ["kept"]),
      node("Cast", ["kept"], ["real"], { to: 1 }),
      ...summed("real"),
    ],
    [large(1, 2 ** 17, 4), wholes("other", [3], [1, 1, 2 ** 17]), wholes("most", [], [2 ** 31])],
  ),
  "a window": of([node("HannWindow", ["size"], ["window"]), ...summed("window")], [wholes("size", [], [2 ** 24])]),
  "mel filters": of(
    [node("MelWeightMatrix", ["bins", "length", "rate", "low", "high"], ["filters"]), ...summed("filters")],
    [
      wholes("bins", [], [2 ** 16]),
      wholes("length", [], [2 ** 24]),
      wholes("rate", [], [2 ** 20]),
      floats("low", [], [0]),
      floats("high", [], [2 ** 18]),
    ],
  ),
  ...Object.fromEntries(
    ["constant", "reflect", "edge", "wrap"].map((mode) => [
      `padding: ${mode}`,
      of(
        [node("Pad", ["x", "pads"], ["wide"], { mode }), ...summed("wide")],
        [wholes("pads", [2], [2 ** 29, 2 ** 29])],
        19,
      ),
    ]),
  ),
  "a sparse tensor": model(
    graph(
      [node("Add", ["x", "sparse"], ["y"])],
      [x],
      [{ name: "y" }],
      [],
      [{ values: floats("sparse", [1], [1]), indices: wholes("places", [1], [1]), dims: [2n ** 29n] }],
    ),
  ),
};

test.each(Object.entries(bombs))("%s", { timeout: 60_000 }, (_, fields) => {
  const bytes = writeModel(fields);
  const before = process.memoryUsage().arrayBuffers;
  const start = process.cpuUsage();
  try {
    fromOnnx(bytes).forward(input([2]));
  } catch (error) {
    expect(error).toBeInstanceOf(SimdgradError);
  }
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 27);
});
