// What stands in a file that toOnnx writes: names, nodes, weights; and what it refuses.
import { describe, expect, test, vi } from "vitest";
import { grad } from "../../../src/autodiff.ts";
import { concat, constant } from "../../../src/create.ts";
import { evaluate, evaluateAll } from "../../../src/evaluate.ts";
import * as nn from "../../../src/nn/index.ts";
import { fromOnnx, toOnnx } from "../../../src/onnx/index.ts";
import { type GraphProto, readModel } from "../../../src/onnx/proto.ts";
import { scan } from "../../../src/ops/loop.ts";
import { randomKey, uniform } from "../../../src/ops/random.ts";
import { sgd } from "../../../src/optim/index.ts";
import { arange, scalar, type Tensor } from "../../../src/tensor.ts";
import { Trainer } from "../../../src/train/trainer.ts";
import { Variable } from "../../../src/variable.ts";
import { ranElsewhere } from "../runtime.ts";

type Model = Parameters<typeof toOnnx>[0];

async function graphOf(model: unknown, signature: Parameters<typeof toOnnx>[1], options = {}): Promise<GraphProto> {
  const { graph } = readModel(await toOnnx(model as Model, signature, options));
  return graph as GraphProto;
}

const opsOf = (graph: GraphProto) => graph.node.map(({ opType }) => opType);
const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);

const linear = { weight: [[1, 2]], bias: [3] };

// Models here have first values, of which toOnnx warns.
const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);

describe("a file", () => {
  test("says what else it is told of the model, and gives it back", async () => {
    const metadata = { classes: '["ball","cross"]', input: "0 to 255" };
    const signature = { input: ["batch", 2] };
    const bytes = await toOnnx(new nn.Linear(2, 1), signature, { state: linear, metadata });
    expect(readModel(bytes).metadataProps.map(({ key, value }) => [key, value])).toEqual(Object.entries(metadata));
    expect(fromOnnx(bytes).metadata).toEqual(metadata);
    expect(fromOnnx(await toOnnx(new nn.Linear(2, 1), signature, { state: linear })).metadata).toEqual({});
    const wrong = { state: linear, metadata: { classes: ["ball"] } };
    await expect(toOnnx(new nn.Linear(2, 1), signature, wrong as never)).rejects.toThrow(
      /metadata\.classes.* a string/,
    );
  });

  test("says its versions, and is the same whenever it is written", async () => {
    const [a, b] = [
      await toOnnx(new nn.Linear(2, 1), { input: ["batch", 2] }, { state: linear }),
      await toOnnx(new nn.Linear(2, 1), { input: ["batch", 2] }, { state: linear }),
    ];
    expect(a).toEqual(b);
    const { irVersion, opsetImport, producerName } = readModel(a);
    expect([irVersion, producerName]).toEqual([8n, "simdgrad"]);
    expect(opsetImport.map(({ domain, version }) => [domain, version])).toEqual([["", 17n]]);
  });

  test("has the batch as a named size, and the signature's names", async () => {
    const graph = await graphOf(
      new nn.Linear(2, 1),
      { input: ["rows", 2], inputNames: ["x"], outputNames: ["y"] },
      { state: linear },
    );
    expect(names(graph.input)).toEqual(["x"]);
    expect(names(graph.output)).toEqual(["y"]);
    for (const { type } of [...graph.input, ...graph.output]) {
      const value = type?.value;
      const [rows] = value?.case === "tensorType" ? (value.value.shape?.dim ?? []) : [];
      expect(rows.value).toEqual({ case: "dimParam", value: "rows" });
    }
  });

  test("has weights as raw data, under the names of the state", async () => {
    const graph = await graphOf(new nn.Linear(2, 1), { input: ["batch", 2] }, { state: linear });
    expect(opsOf(graph)).toEqual(["Gemm"]);
    const [weight, bias] = graph.initializer;
    expect([weight.name, bias.name]).toEqual(["weight", "bias"]);
    expect([weight.dims, weight.rawData]).toEqual([[1n, 2n], new Uint8Array(Float32Array.of(1, 2).buffer)]);
  });

  test("has a shared weight once, and none that nothing reads", async () => {
    const layer = new nn.Linear(3, 3);
    const model = {
      first: layer,
      second: layer,
      unused: new nn.Linear(2, 2),
      forward: (x: Tensor) => layer.forward(layer.forward(x)),
    };
    const graph = await graphOf(model, { input: ["batch", 3] }, { state: undefined });
    expect(names(graph.initializer)).toEqual(["first.weight", "first.bias"]);
  });

  test("of first values is written with a warning", async () => {
    warned.mockClear();
    await toOnnx(new nn.Linear(2, 1), { input: ["batch", 2] });
    expect(warned.mock.calls.map(([text]) => text)).toEqual([
      "simdgrad: toOnnx: weight, bias have first values, drawn at random: give it a state, or the executor of their trainer",
    ]);
  });

  test.each<[string, nn.Layer<never, unknown>, (number | string)[]]>([
    [
      "convolutions",
      new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.BatchNorm2d(2), nn.relu, new nn.Flatten(), new nn.Linear(8, 2)),
      ["batch", 1, 4, 4],
    ],
    ["an LSTM", new nn.LSTM(3, 2, { bidirectional: true }), [5, "batch", 3]],
    ["a transformer", new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 3 }), [5, "batch", 4]],
  ])("of %s is trained again by the same names", async (_, model, input) => {
    const again = fromOnnx(await toOnnx(model as Model, { input }));
    const shapesOf = (given: unknown) =>
      [...nn.parameters(given)].map(([name, { shape }]) => `${name} ${shape}`).sort();
    expect(shapesOf(again)).toEqual(shapesOf(model));
    const x = constant(
      new Float32Array(input.reduce<number>((n, size) => n * (size === "batch" ? 2 : Number(size)), 1)).fill(0.5),
      {
        shape: input.map((size) => (size === "batch" ? 2 : Number(size))),
      },
    );
    const loss = (nn.forward(again, x, nn.evaluationContext()) as Tensor).square().sum();
    const slopes = grad(loss, [...nn.parameters(again).values()]);
    expect((await evaluateAll(slopes)).some((values) => values.some((value) => value !== 0))).toBe(true);
  });

  test("has what a trainer has", async () => {
    const model = new nn.Linear(2, 1);
    const trainer = new Trainer(model, { loss: nn.mseLoss, optimizer: sgd(0.1) });
    await trainer.loadStateDict(linear);
    const bytes = await toOnnx(model, { input: ["batch", 2] }, { executor: trainer.executor });
    await trainer.dispose();
    const { output } = await ranElsewhere(bytes, { input: { shape: [2, 2], data: [1, 1, 0, 2] } });
    expect(output).toEqual({ shape: [2, 1], data: [6, 7] });
  });
});

describe("layers are nodes of their own", () => {
  const nodes: Readonly<Record<string, readonly [model: unknown, shape: (number | string)[], ops: string[]]>> = {
    Linear: [new nn.Linear(3, 2), ["batch", 3], ["Gemm"]],
    "Linear of sequences": [new nn.Linear(3, 2), ["batch", 4, 3], ["Transpose", "MatMul", "Add"]],
    Conv2d: [new nn.Conv2d(3, 2, 3, { padding: 1 }), ["batch", 3, 5, 5], ["Conv"]],
    ConvTranspose2d: [new nn.ConvTranspose2d(3, 2, 3, { stride: 2 }), ["batch", 3, 5, 5], ["ConvTranspose"]],
    "ConvTranspose2d without strides": [
      new nn.ConvTranspose2d(4, 2, 3, { groups: 2 }),
      ["batch", 4, 5, 5],
      ["ConvTranspose"],
    ],
    MaxPool2d: [new nn.MaxPool2d(2), ["batch", 3, 4, 4], ["MaxPool"]],
    AvgPool2d: [new nn.AvgPool2d(2), ["batch", 3, 4, 4], ["AveragePool"]],
    BatchNorm2d: [new nn.BatchNorm2d(3), ["batch", 3, 4, 4], ["BatchNormalization"]],
    LayerNorm: [new nn.LayerNorm(4), ["batch", 3, 4], ["LayerNormalization"]],
    LSTM: [new nn.LSTM(3, 2), [5, "batch", 3], ["LSTM"]],
    GRU: [new nn.GRU(3, 2), [5, "batch", 3], ["GRU"]],
    RNN: [new nn.RNN(3, 2), [5, "batch", 3], ["RNN"]],
    Upsample: [new nn.Upsample({ scaleFactor: 2 }), ["batch", 2, 3, 3], ["Resize"]],
    softmax: [(x: Tensor) => x.softmax(-1), ["batch", 2, 3], ["Softmax"]],
    Flatten: [new nn.Flatten(), ["batch", 2, 3], ["Reshape"]],
    Dropout: [new nn.Sequential(new nn.Dropout(0.5), nn.relu), ["batch", 2, 3], ["Relu"]],
  };
  test.each(Object.entries(nodes))("%s", async (_, [model, input, wanted]) => {
    const found = opsOf(await graphOf(model, { input }));
    const weights = ["Gather", "Unsqueeze", "Concat", "Squeeze"]; // of gates in their order
    expect(found.filter((op) => wanted.includes(op) || !weights.includes(op))).toEqual(wanted);
  });

  test("Embedding", async () => {
    const graph = await graphOf(new nn.Embedding(5, 2), { input: { shape: ["batch", 3], dtype: "i32" } });
    expect(opsOf(graph)).toEqual(["Gather"]);
  });

  test("a loop", async () => {
    const model = (x: Tensor) =>
      scan(([sum], [row]) => ({ carries: [sum.add(row)], outputs: [sum] }), [x.narrow(0, 0, 1).squeeze(0)], [x])
        .outputs[0];
    expect(opsOf(await graphOf(model, { input: [4, "batch"] }))).toContain("Scan");
  });

  test("batch norms that are folded", async () => {
    const model = new nn.Sequential(new nn.Conv2d(1, 2, 3, { bias: false }), new nn.BatchNorm2d(2), nn.relu);
    const graph = await graphOf(model, { input: ["batch", 1, 4, 4] }, { batchNorm: "fold" });
    expect(opsOf(graph)).toEqual(["Conv", "Relu"]);
    expect(names(graph.initializer)).toEqual(["0.weight", "0.bias"]);
  });

  test("a batch norm whose layer others read, too, stays", async () => {
    const [layer, norm] = [new nn.Linear(2, 2), new nn.BatchNorm1d(2)];
    const model = {
      layer,
      norm,
      forward: (x: Tensor, context: nn.Context) => [layer.forward(x), norm.forward(layer.forward(x), context)],
    };
    const graph = await graphOf(model, { input: ["batch", 2] }, { batchNorm: "fold" });
    expect(opsOf(graph)).toContain("BatchNormalization");
  });

  test("those of the library alone", async () => {
    class Twice extends nn.Upsample {
      override forward(x: Tensor, context?: nn.Context): Tensor {
        return super.forward(x, context).mul(2);
      }
    }
    const graph = await graphOf(new Twice({ scaleFactor: 2 }), { input: ["batch", 1, 2, 2] });
    expect(opsOf(graph)).toContain("Mul");
    expect(opsOf(graph)).not.toContain("Resize");
  });

  test("constants are computed beforehand", async () => {
    const model = (x: Tensor) => x.add(uniform(randomKey(0, "noise"), [3])).add(constant([1, 4, 9]).sqrt());
    const graph = await graphOf(model, { input: ["batch", 3] });
    expect(opsOf(graph)).toEqual(["Add", "Add"]);
    expect(graph.initializer).toHaveLength(2);
  });
});

describe("inputs and outputs", () => {
  const sum = ({ a, b }: { readonly a: Tensor; readonly b: readonly [Tensor, Tensor] }) => ({
    sum: a.add(b[0]),
    b: b[1],
  });

  test("of records and lists have the names of their places", async () => {
    const graph = await graphOf({ forward: sum }, { input: { a: ["n", 2], b: [["n", 2], [3]] } });
    expect(names(graph.input)).toEqual(["a", "b.0", "b.1"]);
    expect(names(graph.output)).toEqual(["sum", "b"]);
  });

  test("of one name are told apart", async () => {
    const graph = await graphOf({ forward: ({ x }: { x: Tensor }) => ({ x: x.neg() }) }, { input: { x: ["n", 2] } });
    expect(names(graph.output)).toEqual(["x_out"]);
  });

  test("of whole numbers are int32, or int64", async () => {
    const model = (x: Tensor) => x.add(1);
    for (const integers of ["int32", "int64"] as const) {
      const bytes = await toOnnx(model, { input: { shape: ["n"], dtype: "i32" } }, { integers });
      const { inputs, outputs } = fromOnnx(bytes);
      expect([inputs[0].type, outputs[0].type]).toEqual([integers, integers]);
      const { output } = await ranElsewhere(bytes, { input: { shape: [2], data: [1, -5], type: integers } });
      expect(output.data).toEqual([2, -4]);
    }
  });

  test("may be bytes", async () => {
    const bytes = await toOnnx((x: Tensor) => x.cast("f32").div(255), { input: { shape: ["n", 2], dtype: "u8" } });
    const { output } = await ranElsewhere(bytes, { input: { shape: [1, 2], data: [0, 255], type: "uint8" } });
    expect(output.data).toEqual([0, 1]);
  });
});

describe("the batch", () => {
  test("may stand along any axis, and sizes may follow from it", async () => {
    const model = (x: Tensor) =>
      x
        .reshape([x.shape[1] * 2, 2])
        .mul(constant([1, 2]))
        .sum()
        .div(x.shape[1]);
    const bytes = await toOnnx(model, { input: [4, "batch"] });
    const data = Array.from({ length: 12 }, (_, i) => i);
    const { output } = await ranElsewhere(bytes, { input: { shape: [4, 3], data } });
    expect(output.data[0]).toBeCloseTo((await evaluate(model(constant(data, { shape: [4, 3] }))))[0], 5);
  });

  test("may be cut into pairs", async () => {
    const model = (x: Tensor) => {
      const pairs = x.reshape([-1, 2, 3]).sum(1);
      return concat([pairs, scalar(1).broadcastTo(pairs.shape)], 1);
    };
    const bytes = await toOnnx(model, { input: ["batch", 3] });
    const { output } = await ranElsewhere(bytes, {
      input: { shape: [4, 3], data: [1, 2, 3, 4, 5, 6, 0, 0, 0, 1, 1, 1] },
    });
    expect(output).toEqual({ shape: [2, 6], data: [5, 7, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1] });
  });

  test("is looked at without memory for it", async () => {
    const layer = new nn.Conv2d(1, 64, 1, { bias: false });
    const graph = await graphOf(layer, { input: ["batch", 1, 4096, 4096] });
    expect(opsOf(graph)).toEqual(["Conv"]);
  });

  test("decides nothing else", async () => {
    const odd = (x: Tensor) => (x.shape[0] > 15 ? x.neg() : x.exp());
    await expect(toOnnx(odd, { input: ["batch", 2] })).rejects.toThrow("depends on its batch: exp [12, 2]");
    expect(await toOnnx(odd, { input: [3, 2] })).toBeInstanceOf(Uint8Array);
  });

  const twice = (x: Tensor) => x.mul(2);
  test.each<[string, (x: Tensor) => Tensor]>([
    ["few", (x) => (x.shape[0] > 4 ? twice(x) : x)],
    ["one", (x) => (x.shape[0] === 1 ? twice(x) : x)],
    ["one, as a number", (x) => x.mul(x.shape[0] === 1 ? 2 : 1)],
    ["many", (x) => (x.shape[0] > 500 ? twice(x) : x)],
    ["odd ones", (x) => x.mul(x.shape[0] % 2)],
    ["what is at most 8", (x) => x.mul(Math.min(x.shape[0], 8))],
    ["what is at most 50", (x) => x.mul(Math.min(x.shape[0], 50))],
    ["halves that are rounded up", (x) => x.narrow(0, 0, Math.ceil(x.shape[0] / 2)).reshape([-1])],
    ["a size that is cut", (x) => x.reshape([-1]).narrow(0, 0, Math.min(50, x.shape[0]))],
    [
      "few, in a loop",
      (x) =>
        scan((carries) => ({ carries: [x.shape[0] > 4 ? twice(carries[0]) : carries[0].exp()] }), [x], [], {
          length: 3,
        }).carries[0],
    ],
  ])("is met in all sizes: %s", async (_, model) => {
    await expect(toOnnx(model, { input: ["batch", 2] })).rejects.toThrow(/batch/);
  });

  test("of one row may broadcast, and of odd ones be cut in halves", async () => {
    const model = (x: Tensor) =>
      x
        .sub(x.mean(0))
        .narrow(0, 0, x.shape[0] >> 1)
        .reshape([-1]);
    const bytes = await toOnnx(model, { input: ["batch", 2] });
    for (const rows of [2, 5]) {
      const data = Array.from({ length: 2 * rows }, (_, i) => i);
      const { output } = await ranElsewhere(bytes, { input: { shape: [rows, 2], data } });
      expect(output.data).toEqual([...(await evaluate(model(constant(data, { shape: [rows, 2] }))))]);
    }
  });

  test("is met where tables of it are large", async () => {
    const model = (x: Tensor) => {
      const [n] = x.shape;
      const table = arange(n).unsqueeze(1).add(arange(n)).unsqueeze(-1).add(arange(8)).cast("f32").sin();
      return x.unsqueeze(1).unsqueeze(1).add(table);
    };
    const bytes = await toOnnx(model, { input: ["batch"] });
    const { output } = await ranElsewhere(bytes, { input: { shape: [2], data: [0, 1] } });
    const wanted = await evaluate(model(constant([0, 1])));
    for (const [i, value] of output.data.entries()) expect(value).toBeCloseTo(wanted[i], 5);
  });

  test("may be in what constants are made of", async () => {
    const model = (x: Tensor) => {
      const rows = arange(x.shape[0]);
      const isOther = rows.notEqual(rows.unsqueeze(1));
      return isOther.select(x.matmul(x, { transposeB: true }), rows.cast("f32").mul(0.5).sin());
    };
    const bytes = await toOnnx(model, { input: ["batch", 2] });
    const data = [1, 2, 3, 4, 5, 6];
    const { output } = await ranElsewhere(bytes, { input: { shape: [3, 2], data } });
    const wanted = await evaluate(model(constant(data, { shape: [3, 2] })));
    for (const [i, value] of output.data.entries()) expect(value).toBeCloseTo(wanted[i], 5);
  });

  test("may not be in constants in other ways than in places", async () => {
    const model = (x: Tensor) => x.mul(constant(Array.from({ length: x.shape[0] }, (_, i) => i ** 2)).unsqueeze(1));
    await expect(toOnnx(model, { input: ["batch", 2] })).rejects.toThrow("has other numbers for every batch");
  });
});

describe("is refused in words", () => {
  const input = ["batch", 2];
  test.each<[string, () => Promise<unknown>, string]>([
    [
      "a hidden weight",
      () => toOnnx((x: Tensor) => x.mul(new Variable([2], 1, { label: "scale" })), { input }),
      "toOnnx: scale [2] is no input and in no field",
    ],
    [
      "a name of two",
      () => toOnnx(new nn.Linear(2, 1), { input, outputNames: ["bias"] }),
      "toOnnx: a weight cannot be called bias",
    ],
    [
      "two named sizes",
      () => toOnnx((x: Tensor) => x, { input: ["a", "b"] }),
      "one size may have a name, and not several: a, b",
    ],
    [
      "too few names",
      () => toOnnx((x: Tensor) => x, { input, outputNames: ["a", "b"] }),
      "outputNames must be a name for each of 1 outputs",
    ],
    [
      "names that are the same",
      () => toOnnx((x: never) => x, { input: [[1], [1]], inputNames: ["a", "a"] }),
      "inputNames must be names that differ",
    ],
    ["a shape that is none", () => toOnnx((x: Tensor) => x, { input: [-1] }), "must be of whole numbers"],
    ["what gives no tensor", () => toOnnx(() => 1 as never, { input }), "what the model gives must be a tensor"],
    [
      "a model that takes something else",
      () => toOnnx(new nn.Linear(3, 1), { input }),
      "Linear: the last axis of [12, 2]",
    ],
    ["another option", () => toOnnx((x: Tensor) => x, { input }, { opset: 17 } as never), "unknown option opset"],
  ])("%s", async (_, run, message) => {
    await expect(run()).rejects.toThrow(message);
  });

  test("what draws its numbers", async () => {
    const model = (x: Tensor) => x.add(uniform([x.sum().cast("i32"), x.sum().cast("i32")], [2]));
    await expect(toOnnx(model, { input })).rejects.toThrow(
      "uniform: ONNX has no node that draws the library's random numbers",
    );
  });
});
