import { input } from "simdgrad";
import { fromOnnx } from "simdgrad/onnx";
import { expect, test } from "vitest";
import { DataType, type ModelFields, writeModel } from "../../src/onnx/proto.ts";

function tensorType(elemType: number, dims: readonly (number | string)[]) {
  const dim = dims.map((size) =>
    typeof size === "number"
      ? { value: { case: "dimValue" as const, value: BigInt(size) } }
      : { value: { case: "dimParam" as const, value: size } },
  );
  return { value: { case: "tensorType" as const, value: { elemType, shape: { dim } } } };
}

const relu: ModelFields = {
  irVersion: 8n,
  opsetImport: [{ domain: "", version: 17n }],
  graph: {
    node: [{ opType: "Relu", input: ["x"], output: ["y"] }],
    input: [{ name: "x", type: tensorType(DataType.FLOAT, ["n", 3]) }],
    output: [{ name: "y", type: tensorType(DataType.FLOAT, ["n", 3]) }],
  },
};

test("a model says what it takes and gives", () => {
  const model = fromOnnx(writeModel(relu));
  expect(model.inputs).toEqual([{ name: "x", type: "float32", shape: ["n", 3] }]);
  expect(model.outputs).toEqual([{ name: "y", type: "float32", shape: ["n", 3] }]);
  expect(model.forward(input([2, 3])).shape).toEqual([2, 3]);
});
