// What TensorFlow.js could read and not run is refused when it is written.
import { expect, test } from "vitest";
import { toTensorFlowJs } from "../../src/keras/index.ts";
import { BatchNorm3d, Conv1d, type Layer, LayerNorm, Upsample, variables } from "../../src/nn/index.ts";
import type { Variable } from "../../src/variable.ts";

function zeros({ shape }: Variable) {
  return { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape };
}

test.each<[string, Layer, readonly number[]]>([
  ["BatchNorm3d at layer (5 axes: TensorFlow.js has four at the most)", new BatchNorm3d(2), [2, 4, 4, 4]],
  ["LayerNorm at layer (5 axes: TensorFlow.js has four at the most)", new LayerNorm([2, 4, 4, 4]), [2, 4, 4, 4]],
  ["LayerNorm at layer (5 axes: TensorFlow.js has four at the most)", new LayerNorm(4), [2, 4, 4, 4]],
  ["Upsample at layer (mode nearest along 1 axis)", new Upsample({ scaleFactor: 2 }), [2, 6]],
  ["Upsample at layer (no whole factor)", new Upsample({ scaleFactor: 1.5 }), [2, 6, 6]],
  ["Conv1d at layer (padding 1)", new Conv1d(2, 2, 2, { padding: 1 }), [2, 6]],
])("%s", async (message, model, shape) => {
  const state = Object.fromEntries(
    [...variables(model)].map(([path, each]) => [
      path,
      each.dtype === "i32" ? { data: Int32Array.of(1), shape: each.shape } : zeros(each),
    ]),
  );
  await expect(toTensorFlowJs(model, { input: ["batch", ...shape] }, { state })).rejects.toThrow(
    `toTensorFlowJs: TensorFlow.js does not have: ${message}`,
  );
});
