// What simdgrad/onnx exports, with right arguments.
import { constant, JsExecutor } from "../../src/index.ts";
import { evaluationContext, Linear } from "../../src/nn/index.ts";
import * as onnx from "../../src/onnx/index.ts";
import { file, floats, graph, node, port } from "../onnx/written.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

/** y = Relu(x) + w, z = -y. */
const bytes = file(
  graph(
    [node("Relu", ["x"], ["r"]), node("Add", ["r", "w"], ["y"]), node("Neg", ["y"], ["z"])],
    [port("x", [2])],
    [port("z", [2])],
    [floats("w", [2], [1, 2])],
  ),
);
const model = onnx.fromOnnx(bytes);
const names = ["an object without a prototype", "nothing by name"] as const;

export const onnxCalls: Readonly<Record<string, Call>> = {
  fromOnnx: call(
    onnx.fromOnnx,
    a.instance(bytes),
    a.options({
      output: a.instance("y"),
      inputs: a.instance(["x"]),
      constants: a.also(a.instance({ w: [3, 4] }), names),
      files: a.also(a.instance({ "model.bin": new Uint8Array(1) }), names),
    }),
  ),
  toOnnx: call(
    onnx.toOnnx,
    a.layer(new Linear(2, 1)),
    a.options({ input: a.shape(["batch", 2]), inputNames: a.list(["x"]), outputNames: a.list(["y"]) }, ["input"]),
    a.options({
      state: a.instance({ weight: [[1, 2]], bias: [3] }),
      executor: a.instance(new JsExecutor()),
      batchNorm: a.word("fold"),
      integers: a.word("int64"),
      metadata: a.also(a.instance({ author: "me" }), ["an object without a prototype", "no metadata"]),
    }),
  ),
  forward: call(
    (x: never, context: never) => model.forward(x, context),
    a.tensor(constant([1, 2])),
    a.optional(a.instance(evaluationContext())),
  ),
};
