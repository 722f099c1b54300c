// A bundle of a small network whose weights are known.
import { toInference } from "simdgrad/inference";
import { BatchNorm2d, Conv2d, Flatten, gelu, Linear, MaxPool2d, Sequential, variables } from "simdgrad/nn";

export function bundled(): Promise<Uint8Array<ArrayBuffer>> {
  const model = new Sequential(
    new Conv2d(1, 4, 3),
    new BatchNorm2d(4),
    gelu,
    new MaxPool2d(2),
    new Flatten(),
    new Linear(16, 3),
  );
  const state = Object.fromEntries(
    Array.from(variables(model), ([path, { shape, dtype }]) => {
      const length = shape.reduce((size, each) => size * each, 1);
      const data = Float32Array.from({ length }, (_, i) => 0.25 + ((i * 29) % 31) / 62);
      return [path, { data: dtype === "i32" ? new Int32Array(length) : data, shape }];
    }),
  );
  return toInference(model, { input: ["batch", 1, 6, 6] }, { state });
}
