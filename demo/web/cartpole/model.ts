// The trained network as files. Loaded when it is asked for.
import { relu, tanh } from "simdgrad/nn";
import { toOnnx } from "simdgrad/onnx";
import { perceptron } from "../../node/reinforcement/networks.ts";
import type { Metadata } from "../shared/tools.ts";
import type { Layer } from "./mind.ts";
import type { WayName } from "./settings.ts";

export function onnxOf(way: WayName, layers: readonly Layer[], metadata: Metadata): Promise<Uint8Array> {
  const widths = [layers[0].weight.length / layers[0].bias.length, ...layers.map(({ bias }) => bias.length)];
  const network = perceptron(widths, way === "dqn" ? relu : tanh);
  const signature = { input: ["batch", widths[0]], inputNames: ["state"], outputNames: ["actions"] };
  return toOnnx(network, signature, { state: weightsOf(layers), metadata });
}

/** Under the names that the layers have in a Sequential, with an activation after each. */
export function weightsOf(layers: readonly Layer[]) {
  return Object.fromEntries(
    layers.flatMap(({ weight, bias }, i) => [
      [`${2 * i}.weight`, { data: weight, shape: [bias.length, weight.length / bias.length] }],
      [`${2 * i}.bias`, { data: bias, shape: [bias.length] }],
    ]),
  );
}
