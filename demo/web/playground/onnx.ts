// The network as a file for other programs: it takes points, and makes of them by itself what it sees.
import { Sequential } from "simdgrad/nn";
import { toOnnx } from "simdgrad/onnx";
import type { Metadata } from "../shared/tools.ts";
import { networkOf, preprocessOf } from "./network.ts";
import type { Session } from "./session.ts";

export function onnxOf({ layers, settings, executor }: Session, metadata: Metadata): Promise<Uint8Array> {
  const network = networkOf(layers, settings.activation);
  const preprocess = preprocessOf(settings.features);
  const model = preprocess === undefined ? network : new Sequential(preprocess, network);
  return toOnnx(model, { input: ["batch", 2], inputNames: ["points"] }, { executor, metadata });
}
