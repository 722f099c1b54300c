// toOnnx: a model as it predicts, as a file in ONNX's format.
import { aRecordOf, aText, checkOptions, isRecord, must, oneOf } from "../check.ts";
import type { ArrayLikeData } from "../data/array.ts";
import { aLayer, type Layer } from "../nn/module.ts";
import { anExecutor } from "../runtime/arguments.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Tensor } from "../tensor.ts";
import { fileOf } from "./export/file.ts";
import { foldBatchNorms } from "./export/fold.ts";
import { prune } from "./export/graph.ts";
import { isPlanned } from "./export/layers.ts";
import { graphOf } from "./export/model.ts";
import { type OnnxSignature, readSignature } from "./export/signature.ts";
import { tracesOf } from "./export/trace.ts";
import { weightsOf } from "./export/weights.ts";

/** Of which weights a file is made, and how. */
export interface ToOnnxOptions {
  /** The model's variables by path, such as `trainer.stateDict()` gives them. Default: those on the executor, else first values. */
  readonly state?: Readonly<Record<string, ArrayLikeData>>;
  /** Where the model was trained. */
  readonly executor?: Executor;
  /**
   * "node": batch norms are BatchNormalization nodes with their own weights; "fold": those right behind a Linear or convolution that nobody
   * else reads are folded into its weights, as by `fuseBatchNorm`. Default "node".
   */
  readonly batchNorm?: "node" | "fold";
  /** The element type of whole numbers that go in and come out: indices, tokens, classes. Default "int32", as they are in the library. */
  readonly integers?: "int32" | "int64";
  /** What else the file says of the model, such as the names of its classes: texts by their names, ONNX's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A model as it predicts, as a file in ONNX's format, for other programs to run: opset 17, IR version 8. The signature says what goes in; a size
 * with a name, such as "batch", may be any when the model runs. Weights have the names of their state dictionary; indices are int32. What
 * has no words in ONNX is refused.
 * @throws ArgumentError for a signature that does not fit the model, what ONNX has no node for, and what depends on the batch in other ways
 * than sizes do; ShapeError, DTypeError where the model does not take such inputs
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { Linear } from "simdgrad/nn";
 * import { fromOnnx, toOnnx } from "simdgrad/onnx";
 * const state = { weight: [[1, 2]], bias: [3] };
 * const bytes = await toOnnx(new Linear(2, 1), { input: ["batch", 2], inputNames: ["x"], outputNames: ["y"] }, { state });
 * const model = fromOnnx(bytes);
 * model.inputs; // => [{ name: "x", type: "float32", shape: ["batch", 2] }]
 * await evaluate(model.forward(constant([[1, 1], [0, 2]]))); // => [6, 7]
 */
export async function toOnnx<Input = Tensor, Output = Tensor>(
  model: Layer<Input, Output>,
  signature: OnnxSignature,
  options: ToOnnxOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  aLayer(model, "toOnnx: model");
  const own = readSignature(signature);
  const anArray = (value: unknown, what: string) =>
    must(value !== null && value !== undefined, value, what, "an array");
  const aState = (value: unknown, what: string) => {
    must(isRecord(value), value, what, "an object of arrays by paths");
    aRecordOf(anArray)(value, what);
  };
  checkOptions(options, "toOnnx", {
    state: aState,
    executor: anExecutor,
    batchNorm: oneOf("node", "fold"),
    integers: oneOf("int32", "int64"),
    metadata: aRecordOf(aText),
  });
  const weights = await weightsOf(model as Layer<never, never>, options, "toOnnx");
  const traces = tracesOf(model as Layer<unknown, unknown>, own, { isWatched: isPlanned });
  const graph = await graphOf(traces, own, weights, options.integers ?? "int32");
  prune(graph);
  if (options.batchNorm === "fold") {
    foldBatchNorms(graph);
    prune(graph);
  }
  const name = (typeof model === "function" ? model.name : model.constructor.name) || "model";
  return fileOf(graph, name, options.metadata ?? {});
}
