// Models as modules: names, inputs and outputs, what is trained, what is known, what is refused.
import { constant, DataError, evaluate, evaluateAll, input, scalar, Trainer, type Variable } from "simdgrad";
import { Linear, mseLoss, parameters, Sequential, setTrainable, trainingContext, variables } from "simdgrad/nn";
import { fromOnnx } from "simdgrad/onnx";
import { sgd } from "simdgrad/optim";
import { describe, expect, test } from "vitest";
import {
  AttributeType,
  DataLocation,
  DataType,
  type ModelFields,
  readModel,
  writeModel,
} from "../../src/onnx/proto.ts";
import type { Tensor } from "../../src/tensor.ts";
import { file, floats, graph, model, node, port, wholes } from "./written.ts";

type Node = ReturnType<typeof node>;

/** A node with other fields. */
function changed(given: Node, fields: object): Node {
  return { ...given, ...fields } as Node;
}

/** y = x W + b, z = relu(y), of W [2, 3]. */
const affine = graph(
  [node("MatMul", ["x", "layer.weight"], ["p"]), node("Add", ["p", "layer.bias"], ["y"]), node("Relu", ["y"], ["z"])],
  [port("x", ["batch", 2])],
  [port("z", ["batch", 3])],
  [floats("layer.weight", [2, 3], [1, 2, -3, 4, -5, 6]), floats("layer.bias", [3], [0.5, 0, -0.5])],
);

describe("what a model takes and gives", () => {
  test("is what its file says", () => {
    const read = fromOnnx(file(affine));
    expect(read.inputs).toEqual([{ name: "x", type: "float32", shape: ["batch", 2] }]);
    expect(read.outputs).toEqual([{ name: "z", type: "float32", shape: ["batch", 3] }]);
    expect(read.forward(input([7, 2])).shape).toEqual([7, 3]);
  });

  test("is a tensor, or several in order, or by name", async () => {
    const sum = graph(
      [node("Add", ["a", "b"], ["sum"]), node("Sub", ["a", "b"], ["difference"])],
      [port("a", [2]), port("b", [2])],
      [port("sum", [2]), port("difference", [2])],
    );
    const read = fromOnnx<Record<string, Tensor>>(file(sum));
    const [a, b] = [constant([5, 7]), constant([1, 2])];
    for (const given of [[a, b], { b, a }]) {
      const found = read.forward(given);
      expect(Object.keys(found)).toEqual(["sum", "difference"]);
      expect(await evaluateAll(Object.values(found))).toEqual([Float32Array.of(6, 9), Float32Array.of(4, 5)]);
    }
    expect(() => read.forward([a])).toThrow("the model takes 2 inputs (a, b), got 1");
    expect(() => read.forward(a)).toThrow("the model takes 2 inputs (a, b), got 1");
    expect(() => read.forward({ a, c: b })).toThrow("the model has no input c; it takes a, b");
    expect(() => read.forward({ a })).toThrow("forward: input b");
  });

  test("may be tensors inside: what nobody needs is left out", async () => {
    const inner = fromOnnx(file(affine), { output: "p" });
    expect([...variables(inner).keys()]).toEqual(["layer.weight"]);
    expect(await evaluate(inner.forward(constant([[1, 1]])))).toEqual(Float32Array.of(5, -3, 3));
    const both = fromOnnx<Record<string, Tensor>>(file(affine), { output: ["z", "y"] });
    expect(Object.keys(both.forward(input([1, 2])))).toEqual(["z", "y"]);
    const head = fromOnnx(file(affine), { inputs: ["p"], output: "z" });
    expect([...variables(head).keys()]).toEqual(["layer.bias"]);
    expect(await evaluate(head.forward(constant([[1, 2, 0]])))).toEqual(Float32Array.of(1.5, 2, 0));
    expect(() => fromOnnx(file(affine), { output: "q" })).toThrow(
      'there is no tensor q, did you mean "x"?; outputs are z',
    );
    expect(() => fromOnnx(file(affine), { inputs: ["q"] })).toThrow("inputs: there is no tensor q");
    expect(fromOnnx(file(affine)).tensors).toEqual(["p", "y", "z"]);
    const near = { output: "layer.wieght" };
    expect(() => fromOnnx(file(affine), near)).toThrow(
      'there is no tensor layer.wieght, did you mean "layer.weight"?; outputs are z; model.tensors lists those inside',
    );
    expect(() => fromOnnx(file(affine), { inputs: ["x", "x"] })).toThrow("x is given twice");
  });

  test("has the shapes and types of the file, but for the first axis", () => {
    const fixed = graph([node("Relu", ["x"], ["y"])], [port("x", [1, 3])], [port("y", [1, 3])]);
    const read = fromOnnx(file(fixed));
    expect(read.forward(input([5, 3])).shape).toEqual([5, 3]);
    expect(() => read.forward(input([5, 4]))).toThrow("onnx: input x is [1, 3], got [5, 4]");
    expect(() => read.forward(input([3]))).toThrow("onnx: input x is [1, 3], got [3]");
    expect(() => read.forward(input([1, 3], "i32"))).toThrow("input x is float32, which is f32 here, got i32[1, 3]");
    const whole = graph([node("Neg", ["x"], ["y"])], [port("x", [2], DataType.INT64)], [port("y", [2])]);
    expect(() => fromOnnx(file(whole)).forward(input([2]))).toThrow("input x is int64, which is i32 here");
    const texts = graph([node("Identity", ["x"], ["y"])], [port("x", [2], DataType.STRING)], [port("y", [2])]);
    expect(() => fromOnnx(file(texts)).forward(input([2]))).toThrow("input x is string, of which there are no tensors");
  });

  test("booleans may be u8 or i32, and bytes u8", async () => {
    const logic = graph([node("Not", ["x"], ["y"])], [port("x", [2], DataType.BOOL)], [port("y", [2], DataType.BOOL)]);
    const read = fromOnnx(file(logic));
    for (const given of [Uint8Array.of(3, 0), Int32Array.of(-1, 0), Float32Array.of(1, 0)])
      expect(await evaluate(read.forward(constant(given)))).toEqual(Float32Array.of(0, 1));
    const bytes = graph(
      [node("Add", ["x", "x"], ["y"])],
      [port("x", [2], DataType.UINT8)],
      [port("y", [2], DataType.UINT8)],
    );
    expect(await evaluate(fromOnnx(file(bytes)).forward(constant(Uint8Array.of(100, 200))))).toEqual(
      Int32Array.of(200, 144),
    );
  });
});

describe("initialisers", () => {
  const deciding = graph(
    [
      node("Reshape", ["x", "shape"], ["r"]),
      node("Cast", ["scale"], ["whole"], { to: DataType.INT64 }),
      node("Tile", ["r", "whole"], ["t"]),
      node("BatchNormalization", ["t", "s", "b", "mean", "var"], ["n"]),
      node("Mul", ["n", "half"], ["m"]),
      node("Pow", ["m", "two"], ["p"]),
      node("Add", ["p", "epsilon"], ["y"]),
    ],
    [port("x", [6])],
    [port("y", [2, 3])],
    [
      wholes("shape", [2], [-1, 3]),
      floats("scale", [2], [1, 1]),
      ...["s", "b", "mean", "var"].map((name, i) => floats(name, [3], [i, 1, 2])),
      floats("half", [1], [0.5]),
      floats("two", [1], [2]),
      floats("epsilon", [], [1e-5]),
      floats("unread", [2], [1, 2]),
    ],
  );

  test("are Variables, but for those that are whole numbers or decide shapes; statistics are not trained", () => {
    const read = fromOnnx(file(deciding));
    expect([...variables(read).keys()]).toEqual(["s", "b", "mean", "var", "half"]);
    expect([...parameters(read).keys()]).toEqual(["s", "b", "half"]); // and not `two`, the exponent
    expect(read.forward(input([6])).shape).toEqual([2, 3]);
    setTrainable(read, false);
    expect([...parameters(read).keys()]).toEqual([]);
  });

  test("of every type of floats are f32", async () => {
    const raw = (dataType: number, bytes: ArrayBuffer) => ({
      name: "w",
      dataType,
      dims: [2n],
      rawData: new Uint8Array(bytes),
    });
    const kinds = [
      raw(DataType.FLOAT16, Uint16Array.of(0x3c00, 0xc100).buffer),
      raw(DataType.BFLOAT16, Uint16Array.of(0x3f80, 0xc020).buffer),
      raw(DataType.DOUBLE, Float64Array.of(1, -2.5).buffer),
      { name: "w", dataType: DataType.FLOAT, dims: [2n], floatData: [1, -2.5] },
      { name: "w", dataType: DataType.DOUBLE, dims: [2n], doubleData: [1, -2.5] },
      { name: "w", dataType: DataType.FLOAT16, dims: [2n], int32Data: [0x3c00, 0xc100] },
      { name: "w", dataType: DataType.BFLOAT16, dims: [2n], int32Data: [0x3f80, 0xc020] },
    ];
    for (const weight of kinds) {
      const read = fromOnnx(file(graph([node("Neg", ["w"], ["y"])], [], [port("y", [2])], [weight])));
      expect(await evaluate(read.forward([]))).toEqual(Float32Array.of(-1, 2.5));
      expect([...parameters(read).keys()]).toEqual(["w"]);
    }
  });

  test("of whole numbers are read from bytes and from lists", async () => {
    const kinds = [
      { dataType: DataType.INT8, rawData: new Uint8Array(Int8Array.of(-3, 5).buffer) },
      { dataType: DataType.INT16, rawData: new Uint8Array(Int16Array.of(-3, 5).buffer) },
      { dataType: DataType.INT32, rawData: new Uint8Array(Int32Array.of(-3, 5).buffer) },
      { dataType: DataType.INT64, rawData: new Uint8Array(BigInt64Array.of(-3n, 5n).buffer) },
      { dataType: DataType.INT8, int32Data: [-3, 5] },
      { dataType: DataType.INT64, int64Data: [-3n, 5n] },
    ];
    for (const each of kinds) {
      const weight = { name: "w", dims: [2n], ...each };
      const read = fromOnnx(file(graph([node("Identity", ["w"], ["y"])], [], [port("y", [2])], [weight])));
      expect(await evaluate(read.forward([]))).toEqual(Int32Array.of(-3, 5));
      expect(variables(read).size).toBe(0);
    }
  });

  test("may lie in files beside the model, and be sparse", async () => {
    const entries = Object.entries({ location: "weights.bin", offset: "8", length: "8" });
    const weight = {
      name: "w",
      dataType: DataType.FLOAT,
      dims: [2n],
      dataLocation: DataLocation.EXTERNAL,
      externalData: entries.map(([key, value]) => ({ key, value })),
    };
    const sparse = { dims: [2n, 2n], values: floats("s", [2], [7, 9]), indices: wholes("", [2], [1, 2]) };
    const pairs = { dims: [2n, 2n], values: floats("t", [1], [5]), indices: wholes("", [1, 2], [1, 1]) };
    const sums = [node("Add", ["s", "w"], ["a"]), node("Add", ["a", "t"], ["y"])];
    const bytes = file(graph(sums, [], [port("y", [2, 2])], [weight], [sparse, pairs]));
    const files = { "weights.bin": new Uint8Array(Float32Array.of(0, 0, 1, 2).buffer) };
    const read = fromOnnx(bytes, { files });
    expect(await evaluate(read.forward([]))).toEqual(Float32Array.of(1, 9, 10, 7));
    expect([...parameters(read).keys()]).toEqual(["w", "s", "t"]);
    expect(() => fromOnnx(bytes)).toThrow(
      "the data of tensor w is in the file weights.bin: hand its bytes over in files",
    );
    expect(() => fromOnnx(bytes, { files: { "weights.bin": new Uint8Array(12) } })).toThrow(
      "tensor w is 8 bytes from 8 on of weights.bin, which has 12",
    );
  });

  // Buffers of Node are Uint8Arrays whose slices share their memory.
  const copies = {
    Uint8Array: (given: Uint8Array) => Uint8Array.from(given),
    Buffer: (given: Uint8Array) => Buffer.from(given),
  };

  test.each(Object.entries(copies))(
    "and all else are as they were when the file was read, of a %s",
    async (_, copy) => {
      const weight = {
        name: "k",
        dataType: DataType.INT64,
        dims: [1n],
        dataLocation: DataLocation.EXTERNAL,
        externalData: [{ key: "location", value: "k.bin" }],
      };
      const bytes = file(
        graph(
          [
            node("Cast", ["k"], ["c"], { to: DataType.FLOAT }),
            node("Mul", ["x", "w"], ["p"]),
            node("Sub", ["p", "c"], ["y"]),
          ],
          [port("x", [2])],
          [port("y", [2])],
          [weight, floats("w", [2], [3, 4])],
        ),
      );
      const [given, files] = [copy(bytes), { "k.bin": copy(new Uint8Array(BigInt64Array.of(5n).buffer)) }];
      const read = fromOnnx(given, { files });
      files["k.bin"].fill(0);
      given.fill(0);
      expect(await evaluate(read.forward(constant([1, 2])))).toEqual(Float32Array.of(-2, 3));
    },
  );

  test("may be Constant nodes: those of several floats", () => {
    const value = (data: readonly number[], shape: readonly number[]) => ({
      name: "value",
      type: AttributeType.TENSOR,
      t: floats("", shape, data),
    });
    const nodes = [
      changed(node("Constant", [], ["weight"]), { attribute: [value([1, 2], [2])] }),
      changed(node("Constant", [], ["two"]), { attribute: [value([2], [])] }),
      node("Mul", ["x", "weight"], ["p"]),
      node("Pow", ["p", "two"], ["y"]),
    ];
    const read = fromOnnx(file(graph(nodes, [port("x", [2])], [port("y", [2])])));
    expect([...parameters(read).keys()]).toEqual(["weight"]);
  });

  test("with the names of inputs are their values, unless these are given", async () => {
    const old = graph(
      [node("Add", ["x", "w"], ["y"])],
      [port("x", [2]), port("w", [2])],
      [port("y", [2])],
      [floats("w", [2], [10, 20])],
    );
    const read = fromOnnx(file(old));
    expect(read.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(await evaluate(read.forward(constant([1, 2])))).toEqual(Float32Array.of(11, 22));
    const given = fromOnnx(file(old), { inputs: ["x", "w"] });
    expect(parameters(given).size).toBe(0);
    expect(await evaluate(given.forward([constant([1, 2]), constant([3, 4])]))).toEqual(Float32Array.of(4, 6));
    const known = fromOnnx(file(old), { constants: { w: [5, 6] } });
    expect(parameters(known).size).toBe(0);
    expect(await evaluate(known.forward(constant([1, 2])))).toEqual(Float32Array.of(6, 8));
  });
});

describe("training", () => {
  test("a Trainer trains what was read, and keeps it by name", async () => {
    const read = fromOnnx(file(affine), { output: "y" });
    const trainer = new Trainer(read, { loss: mseLoss, optimizer: sgd(0.3) });
    expect((await trainer.stateDict())["layer.bias"].data).toEqual(Float32Array.of(0.5, 0, -0.5));
    const x = [
      [1, 0],
      [0, 1],
      [1, 1],
      [2, 1],
    ];
    const y = x.map(([a, b]) => [a + b, a - b, 2 * a]);
    await trainer.load({ x, y });
    const history = await trainer.fit({ epochs: 500, batch: 4 });
    expect(history[history.length - 1].loss).toBeLessThan(0.05);
    const { data } = await trainer.predict([[3, 1]]);
    [4, 2, 6].forEach((value, i) => {
      expect(data[i]).toBeCloseTo(value, 1);
    });
  });

  test("a part of a model is frozen, and it stands among layers", async () => {
    const body = fromOnnx(file(affine));
    setTrainable(body, false);
    const whole = new Sequential(body, new Linear(3, 1));
    expect([...parameters(whole).keys()]).toEqual(["1.weight", "1.bias"]);
    expect([...variables(whole).keys()]).toEqual(["0.layer.weight", "0.layer.bias", "1.weight", "1.bias"]);
    const trainer = new Trainer(whole, { loss: mseLoss, optimizer: sgd(0.01) });
    await trainer.load({
      x: [
        [1, 0],
        [0, 1],
      ],
      y: [[1], [2]],
    });
    await trainer.fit({ epochs: 3 });
    expect((await trainer.stateDict())["0.layer.weight"].data).toEqual(Float32Array.of(1, 2, -3, 4, -5, 6));
  });

  test("batch normalisation that says so trains by the batch, and keeps its statistics", async () => {
    const normal = (mode: number) =>
      file(
        graph(
          [
            node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], {
              training_mode: mode,
              momentum: 0.75,
              epsilon: 1e-12,
            }),
          ],
          [port("x", [4, 1])],
          [port("y", [4, 1])],
          [floats("s", [1], [1]), floats("b", [1], [0]), floats("m", [1], [8]), floats("v", [1], [4])],
        ),
      );
    const x = constant([[1], [3], [5], [7]]);
    const assigned: [Variable, Tensor][] = [];
    const context = trainingContext(0, scalar(0, "i32"), assigned as never);
    expect(await evaluate(fromOnnx(normal(0)).forward(x, context))).toEqual(Float32Array.of(-3.5, -2.5, -1.5, -0.5));
    expect(assigned).toEqual([]);
    const y = await evaluate(fromOnnx(normal(1)).forward(x, context));
    expect(y[0]).toBeCloseTo(-3 / Math.sqrt(5), 5);
    expect(assigned.map(([{ label }]) => label)).toEqual(["m", "v"]);
    expect(await evaluateAll(assigned.map(([, value]) => value))).toEqual([Float32Array.of(7), Float32Array.of(4.25)]);
  });

  test("dropout does something in training alone", async () => {
    const dropped = file(graph([node("Dropout", ["x"], ["y", "mask"])], [port("x", [1000])], [port("y", [1000])]));
    const x = constant(new Float32Array(1000).fill(1));
    expect(new Set(await evaluate(fromOnnx(dropped).forward(x)))).toEqual(new Set([1]));
    const context = trainingContext(0, scalar(0, "i32"));
    expect(new Set(await evaluate(fromOnnx(dropped).forward(x, context)))).toEqual(new Set([0, 2]));
  });
});

describe("what is known while a graph is built", () => {
  test("arithmetic of shapes", async () => {
    const flat = graph(
      [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "one"], ["c"], { axis: 0 }),
        node("Div", ["c", "two"], ["half"]),
        node("Unsqueeze", ["half", "zero"], ["h"]),
        node("Concat", ["h", "minus"], ["shape"], { axis: 0 }),
        node("Reshape", ["x", "shape"], ["y"]),
      ],
      [port("x", ["n", "c"])],
      [port("y", ["h", "m"])],
      [wholes("one", [], [1]), wholes("two", [], [2]), wholes("zero", [1], [0]), wholes("minus", [1], [-1])],
    );
    const read = fromOnnx(file(flat));
    expect(read.forward(input([3, 4])).shape).toEqual([2, 6]);
    expect(read.forward(input([5, 6])).shape).toEqual([3, 10]);
  });

  test("the ends of int64 mean the end, others that are no i32 are refused", () => {
    const sliced = (end: bigint) => ({ name: "end", dataType: DataType.INT64, dims: [1n], int64Data: [end] });
    const bytes = (end: bigint, op = "Identity") =>
      file(
        graph(
          [node(op, ["end"], ["e"]), node("Slice", ["x", "start", "e"], ["y"])],
          [port("x", [5])],
          [port("y", [4])],
          [wholes("start", [1], [1]), sliced(end)],
        ),
      );
    for (const end of [2n ** 63n - 1n, 2n ** 62n, 2n ** 31n - 1n])
      for (const op of ["Identity", "Neg"])
        expect(fromOnnx(bytes(end, op)).forward(input([5])).shape).toEqual([op === "Neg" ? 0 : 4]);
    expect(fromOnnx(bytes(2n ** 40n)).forward(input([5])).shape).toEqual([4]);
    expect(() => fromOnnx(bytes(2n ** 40n, "Neg")).forward(input([5]))).toThrow(
      "Neg e (ai.onnx 17): the whole number 1099511627776 is no i32",
    );
  });

  const branches = (condition: string) =>
    node("If", [condition], ["y"], {
      then_branch: graph([node("Nonsense", ["x", "w"], ["t"])], [], [port("t", [2])]),
      else_branch: graph([node("Neg", ["x"], ["u"])], [], [port("u", [2])]),
    });

  test("constants, by which branches are left out", async () => {
    const chosen = file(
      graph(
        [node("Equal", ["rate", "eight"], ["c"]), branches("c")],
        [port("x", [2]), port("rate", [], DataType.INT64)],
        [port("y", [2])],
        [wholes("eight", [], [8]), floats("w", [2], [1, 2])],
      ),
    );
    const read = fromOnnx(chosen, { constants: { rate: 16 } });
    expect(read.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(await evaluate(read.forward(constant([1, -2])))).toEqual(Float32Array.of(-1, 2));
    expect([...variables(read).keys()]).toEqual([]); // `w` is the other one's
    expect(() => fromOnnx(chosen, { constants: { rate: 8 } })).toThrow(
      "onnx: a node is not understood: Nonsense t (ai.onnx 17): there is no such operator here",
    );
    expect(() => fromOnnx(chosen, { constants: { rat: 8 } })).toThrow("constants: there is no tensor rat");
  });

  test("that data decide: both branches are computed, where their results are alike", async () => {
    const decided = (other: number) =>
      file(
        graph(
          [
            node("ReduceSum", ["x"], ["sum"], { keepdims: 0 }),
            node("Greater", ["sum", "w"], ["c"]),
            node("If", ["c"], ["y"], {
              then_branch: graph([node("Mul", ["x", "w"], ["t"])], [], [port("t", [2])]),
              else_branch: graph([node("Slice", ["x", "from", "to"], ["u"])], [], [port("u", [other])]),
            }),
          ],
          [port("x", [2])],
          [port("y", [2])],
          [floats("w", [1], [3]), wholes("from", [1], [0]), wholes("to", [1], [other])],
        ),
      );
    const read = fromOnnx(decided(2));
    expect([...parameters(read).keys()]).toEqual(["w"]);
    expect(await evaluate(read.forward(constant([2, 2])))).toEqual(Float32Array.of(6, 6));
    expect(await evaluate(read.forward(constant([2, 1])))).toEqual(Float32Array.of(2, 1));
    expect(() => fromOnnx(decided(1)).forward(input([2]))).toThrow(
      "If y (ai.onnx 17): which branch is taken depends on data, and their results differ in shape",
    );
  });
});

describe("loops", () => {
  /** state = state * w + turn, and all states. */
  const loop = (turns: number, condition: readonly ReturnType<typeof node>[] = []) =>
    file(
      graph(
        [
          node("Loop", ["turns", "", "x"], ["last", "all"], {
            body: graph(
              [
                node("Cast", ["turn"], ["f"], { to: DataType.FLOAT }),
                node("Mul", ["state", "w"], ["p"]),
                node("Add", ["p", "f"], ["next"]),
                node("Identity", ["next"], ["given"]),
                ...(condition.length === 0 ? [node("Identity", ["on"], ["again"])] : condition),
              ],
              [port("turn", [], DataType.INT64), port("on", [], DataType.BOOL), port("state", [2])],
              [port("again", [], DataType.BOOL), port("next", [2]), port("given", [2])],
            ),
          }),
        ],
        [port("x", [2])],
        [port("last", [2]), port("all", ["n", 2])],
        [wholes("turns", [], [turns]), floats("w", [1], [0.5]), wholes("five", [], [5])],
      ),
    );

  const states = (turns: number) => {
    const rows: number[][] = [];
    let state = [1, 8];
    for (let turn = 0; turn < turns; turn++) {
      state = state.map((value) => Math.fround(Math.fround(value * 0.5) + turn));
      rows.push(state);
    }
    return rows;
  };

  test.each([3, 64, 65, 300])("of %i turns give what they should", async (turns) => {
    const { last, all } = fromOnnx<Record<string, Tensor>>(loop(turns)).forward(constant([1, 8]));
    const [end, stacked] = await evaluateAll([last, all]);
    expect(all.shape).toEqual([turns, 2]);
    expect([...stacked]).toEqual(states(turns).flat());
    expect([...end]).toEqual(states(turns).at(-1));
  });

  test("end when their condition says so", async () => {
    const { all } = fromOnnx<Record<string, Tensor>>(loop(50, [node("Less", ["turn", "five"], ["again"])])).forward(
      constant([1, 8]),
    );
    expect([...(await evaluate(all))]).toEqual(states(6).flat());
  });

  test("that data end, and endless ones, are refused", () => {
    const byData = [node("ReduceSum", ["next"], ["s"], { keepdims: 0 }), node("Less", ["s", "f"], ["again"])];
    expect(() => fromOnnx<Record<string, Tensor>>(loop(50, byData)).forward(input([2]))).toThrow(
      "Loop last,all (ai.onnx 17): how often it goes round depends on data",
    );
    const endless = graph(
      [
        node("Loop", ["", "", "x"], ["y"], {
          body: graph(
            [node("Neg", ["state"], ["next"])],
            [port("turn", [], DataType.INT64), port("on", [], DataType.BOOL), port("state", [2])],
            [port("on", [], DataType.BOOL), port("next", [2])],
          ),
        }),
      ],
      [port("x", [2])],
      [port("y", [2])],
    );
    expect(() => fromOnnx(file(endless)).forward(input([2]))).toThrow("the graph has more than 65536 nodes");
  });

  test.each([5, 100])("a scan of %i steps gives sums from either end", async (length) => {
    const scan = graph(
      [
        node("Scan", ["zero", "x"], ["sum", "sums"], {
          num_scan_inputs: 1,
          scan_input_axes: [1],
          scan_input_directions: [1],
          scan_output_axes: [-1],
          body: graph(
            [node("Add", ["sum", "one"], ["after"]), node("Identity", ["after"], ["shown"])],
            [port("sum", [2]), port("one", [2])],
            [port("after", [2]), port("shown", [2])],
          ),
        }),
      ],
      [port("x", [2, length])],
      [port("sum", [2]), port("sums", [2, length])],
      [floats("zero", [2], [0, 0])],
    );
    const numbers = Float32Array.from({ length: 2 * length }, (_, i) => i % 7);
    const { sum, sums } = fromOnnx<Record<string, Tensor>>(file(scan)).forward(
      constant(numbers, { shape: [2, length] }),
    );
    const rows = [numbers.subarray(0, length), numbers.subarray(length)];
    const running = rows.map((row) =>
      [...row].reverse().map((_, i, list) => list.slice(0, i + 1).reduce((a, b) => a + b)),
    );
    const [end, all] = await evaluateAll([sum, sums]);
    expect(sums.shape).toEqual([2, length]);
    expect([...all]).toEqual(running.flat());
    expect([...end]).toEqual(running.map((row) => row.at(-1)));
  });
});

describe("functions of a model", () => {
  const calling = (body: readonly Node[]) =>
    writeModel(
      model(graph([node("mine:Times", ["x"], ["y"], { by: 2.5 })], [port("x", [2])], [port("y", [2])]), 17, {
        opsetImport: [
          { domain: "", version: 17n },
          { domain: "mine", version: 1n },
        ],
        functions: [
          {
            name: "Times",
            domain: "mine",
            input: ["a"],
            output: ["b"],
            attribute: ["by"],
            node: [...body],
            opsetImport: [
              { domain: "", version: 13n },
              { domain: "mine", version: 1n },
            ],
          },
        ],
      } as Partial<ModelFields>),
    );
  const factor = { name: "value_float", refAttrName: "by", type: AttributeType.FLOAT };
  const constantNode = { opType: "Constant", output: ["c"], attribute: [factor] } as Node;

  test("are built with the attributes of their call", async () => {
    const read = fromOnnx(calling([constantNode, node("Mul", ["a", "c"], ["b"])]));
    expect(await evaluate(read.forward(constant([2, 4])))).toEqual(Float32Array.of(5, 10));
  });

  test("that call themselves are refused", () => {
    const endless = calling([node("mine:Times", ["a"], ["b"], { by: 1.5 })]);
    expect(() => fromOnnx(endless).forward(input([2]))).toThrow("function Times calls itself, or lies too deep");
  });

  test("take no more than they have", () => {
    const body = [constantNode, node("Mul", ["a", "c"], ["b"])];
    const { graph: own, ...others } = readModel(calling(body));
    const call = { ...own?.node[0], input: ["x", "x"] };
    const more = writeModel({ ...others, graph: { ...own, node: [call] } } as ModelFields);
    expect(() => fromOnnx(more).forward(input([2]))).toThrow("takes 1 input at the most, got 2");
  });

  test("make nothing that they are given", () => {
    expect(() => fromOnnx(calling([node("Neg", ["a"], ["a"]), node("Mul", ["a", "a"], ["b"])]))).toThrow(
      "onnx: Neg makes a, which is an input",
    );
  });

  test("see nothing of what is around them", () => {
    expect(() => fromOnnx(calling([node("Mul", ["a", "x"], ["b"])])).forward(input([2]))).toThrow(
      "Mul b reads x, which nothing before it makes",
    );
  });
});

describe("a file that contradicts itself is refused", () => {
  const x = port("x", [3]);
  const y = port("y", [3]);
  const [w, other] = [floats("w", [3], [1, 2, 3]), floats("w", [3], [10, 20, 30])];
  const sum = node("Add", ["x", "w"], ["y"]);
  const sparse = { values: floats("w", [1], [1]), indices: wholes("", [1], [0]), dims: [3n] };
  const alpha = (f: number) => ({ name: "alpha", type: AttributeType.FLOAT, f });
  const inside = (body: ReturnType<typeof graph>) =>
    graph(
      [node("If", ["c"], ["y"], { then_branch: body, else_branch: body })],
      [x],
      [y],
      [{ name: "c", dataType: DataType.BOOL, dims: [], int32Data: [1] }],
    );
  test.each<[string, ReturnType<typeof graph>, string]>([
    [
      "a node makes an input",
      graph([node("Neg", ["x"], ["x"]), node("Relu", ["x"], ["y"])], [x], [y]),
      "Neg makes x, which is an input",
    ],
    [
      "a node makes an initialiser",
      graph([node("Neg", ["x"], ["w"]), sum], [x], [y], [w]),
      "Neg makes w, which is an init",
    ],
    ["two initialisers of one name", graph([sum], [x], [y], [w, other]), "two initialisers are called w"],
    ["one of them sparse", graph([sum], [x], [y], [w], [sparse]), "two initialisers are called w"],
    ["two inputs of one name", graph([node("Neg", ["x"], ["y"])], [x, x], [y]), "two inputs are called x"],
    [
      "numbers in two fields",
      graph([sum], [x], [y], [{ ...w, floatData: [1, 2, 3] }]),
      "tensor w has its numbers in rawData and in floatData",
    ],
    [
      "numbers in another file, too",
      graph([sum], [x], [y], [{ ...w, dataLocation: DataLocation.EXTERNAL }]),
      "tensor w has its numbers in rawData and in another file",
    ],
    [
      "more inputs than there are",
      graph([node("Relu", ["x", "x"], ["y"])], [x], [y]),
      "takes 1 input at the most, got 2",
    ],
    [
      "an attribute that is none",
      graph([node("Relu", ["x"], ["y"], { slope: 0.5 })], [x], [y]),
      "has no attribute slope (Relu y)",
    ],
    [
      "an attribute twice",
      graph([changed(node("Elu", ["x"], ["y"]), { attribute: [alpha(1), alpha(2)] })], [x], [y]),
      "attribute alpha stands there twice",
    ],
    ["in a branch", inside(graph([sum], [], [y], [w, other])), "two initialisers are called w"],
  ])("%s", (_, fields, message) => {
    expect(() => fromOnnx(file(fields)).forward(input([3]))).toThrow(message);
    expect(() => fromOnnx(file(fields)).forward(input([3]))).toThrow(DataError);
  });
});

describe("what is not understood", () => {
  test("is told at once, with operator, name and version", () => {
    const strange = graph(
      [
        node("Strange", ["x"], ["a"]),
        changed(node("com.example:Odd", ["a"], ["b"]), { name: "odd one" }),
        node("Relu", ["b"], ["y"]),
      ],
      [port("x", [2])],
      [port("y", [2])],
    );
    expect(() => fromOnnx(file(strange))).toThrow(
      "onnx: 2 nodes are not understood: Strange a (ai.onnx 17): there is no such operator here; " +
        "Odd odd one (com.example 0): there is no such operator here",
    );
    expect(fromOnnx(file(strange), { inputs: ["b"] }).forward(input([2])).shape).toEqual([2]);
  });

  test("is told at once, also where it is found while a graph is built", () => {
    const data = graph(
      [node("NonZero", ["x"], ["a"]), node("Reshape", ["x", "n"], ["b"]), node("Relu", ["a"], ["c"])],
      [port("x", [2]), port("n", [1], DataType.INT64)],
      [port("b", [2]), port("c", [2])],
    );
    expect(() => fromOnnx(file(data)).forward([input([2]), input([1], "i32")])).toThrow(
      "onnx: 2 nodes are not understood: " +
        "NonZero a (ai.onnx 17): input 0 (x) decides a shape or what is run, and depends on data; " +
        "Reshape b (ai.onnx 17): input 1 (n) decides a shape or what is run, and depends on data",
    );
  });

  test("outputs that an operator has not are none", () => {
    const more = graph([node("Relu", ["x"], ["y", "z"])], [port("x", [2])], [port("z", [2])]);
    expect(() => fromOnnx(file(more)).forward(input([2]))).toThrow("the node of z has no such output");
  });

  test("errors of shapes say in which node", () => {
    const wrong = graph([node("MatMul", ["x", "x"], ["y"])], [port("x", [2, 3])], [port("y", [2, 2])]);
    expect(() => fromOnnx(file(wrong)).forward(input([2, 3]))).toThrow("(MatMul y)");
  });

  test("names that every object has are names like others", async () => {
    const odd = graph(
      [node("Add", ["__proto__", "constructor"], ["toString"])],
      [port("__proto__", [1])],
      [port("toString", [1])],
      [floats("constructor", [1], [2])],
    );
    const read = fromOnnx(file(odd), { output: "toString" });
    expect([...parameters(read).keys()]).toEqual(["constructor"]);
    expect(await evaluate(read.forward(constant([1])))).toEqual(Float32Array.of(3));
    const byName = fromOnnx<Record<string, Tensor>>(file(odd), { output: ["toString"] });
    expect(Object.keys(byName.forward(constant([1])))).toEqual(["toString"]);
  });
});

test("sequences of tensors are known by their places", async () => {
  const parts = graph(
    [
      node("SplitToSequence", ["x", "two"], ["s"], { axis: 0 }),
      node("SequenceLength", ["s"], ["n"]),
      node("SequenceAt", ["s", "last"], ["y"]),
      node("SequenceErase", ["s"], ["rest"]),
      node("SequenceInsert", ["rest", "y", "first"], ["t"]),
      node("ConcatFromSequence", ["t"], ["z"], { axis: 0 }),
    ],
    [port("x", [5])],
    [port("n", [], DataType.INT64), port("y", [1]), port("z", [5])],
    [wholes("two", [], [2]), wholes("last", [], [-1]), wholes("first", [], [0])],
  );
  const { n, y, z } = fromOnnx<Record<string, Tensor>>(file(parts)).forward(constant([1, 2, 3, 4, 5]));
  const [count, end, turned] = await evaluateAll([n, y, z]);
  expect([count, end, turned]).toEqual([Int32Array.of(3), Float32Array.of(5), Float32Array.of(5, 1, 2, 3, 4)]);
  const whole = fromOnnx(file(parts), { output: "s" });
  expect(() => whole.forward(input([5]))).toThrow("onnx: s is a sequence of tensors: name other tensors in output");
});

test("axes without letters broadcast in sums by letters, as in products of matrices", async () => {
  const both = graph(
    [node("Einsum", ["a", "b"], ["y"], { equation: "...ij,...jk->...ik" }), node("MatMul", ["a", "b"], ["z"])],
    [port("a", [2, 1, 3, 4]), port("b", [5, 4, 2])],
    [port("y", [2, 5, 3, 2]), port("z", [2, 5, 3, 2])],
  );
  const given = [24, 40].map((count, k) => Float32Array.from({ length: count }, (_, i) => ((i * 7 + k) % 11) - 5));
  const tensors = [constant(given[0], { shape: [2, 1, 3, 4] }), constant(given[1], { shape: [5, 4, 2] })];
  const { y, z } = fromOnnx<Record<string, Tensor>>(file(both)).forward(tensors);
  expect(y.shape).toEqual([2, 5, 3, 2]);
  const [sums, products] = await evaluateAll([y, z]);
  expect(sums).toEqual(products);
});

test("a graph is built for each tensor of a sequence", async () => {
  const squares = graph(
    [
      node("SequenceConstruct", ["a", "b"], ["s"]),
      node("SequenceMap", ["s", "a"], ["m"], {
        body: graph(
          [node("Mul", ["each", "other"], ["product"])],
          [port("each", [2]), port("other", [2])],
          [port("product", [2])],
        ),
      }),
      node("ConcatFromSequence", ["m"], ["y"], { axis: 0, new_axis: 1 }),
    ],
    [port("a", [2]), port("b", [2])],
    [port("y", [2, 2])],
  );
  const y = fromOnnx(file(squares)).forward([constant([1, 2]), constant([3, 4])]);
  expect(await evaluate(y)).toEqual(Float32Array.of(1, 4, 3, 8));
});
