// Layers models of TensorFlow.js: model.json and shards of weights.
import { isRecord, must } from "../check.ts";
import { bytesOf } from "../data/bytes.ts";
import type { Tensor } from "../tensor.ts";
import { Builder, checkReadOptions, type ReadOptions } from "./build.ts";
import { fault } from "./fault.ts";
import { objectIn } from "./json.ts";
import { arraysOf, type Shards } from "./manifest.ts";
import { KerasModel, type Tensors } from "./model.ts";
import { namedOptimizer } from "./optimizer.ts";
import { NamedArrays, namedLayers } from "./weights.ts";

/** The files of a layers model. */
export interface TensorFlowJsFiles {
  /** model.json: its text, its bytes, or what JSON.parse makes of it. */
  readonly model: string | Uint8Array | ArrayBuffer | object;
  /** The shards by their file names, or in the order of the manifest; all in one will do. */
  readonly weights:
    | Uint8Array
    | ArrayBuffer
    | readonly (Uint8Array | ArrayBuffer)[]
    | Readonly<Record<string, Uint8Array | ArrayBuffer>>;
}

/** A layers model in memory, as `model.save(tf.io.withSaveHandler(...))` hands it over, and `tf.io.fromMemory` takes it. */
export interface TensorFlowJsArtifacts {
  readonly format?: string;
  readonly modelTopology?: object;
  readonly trainingConfig?: object;
  readonly weightSpecs?: readonly object[];
  readonly weightData?: ArrayBuffer | Uint8Array | readonly (ArrayBuffer | Uint8Array)[];
}

/**
 * A layers model of TensorFlow.js (`model.save`, or its converter for Keras models) as a module of layers of simdgrad, also with weights kept
 * in 8 or 16 bits. Data have its layout, channels last. Graph models are refused: they are programs of TensorFlow, not layers. So are layers
 * that are not known, all in one error. What a save handler of TensorFlow.js gets will do, too.
 * @throws DataError for damaged files, another format, and layers that are not known here
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { evaluationContext } from "simdgrad/nn";
 * import { fromTensorFlowJs } from "simdgrad/keras";
 * const layers = [{ class_name: "Dense", config: { name: "dense", units: 1, batch_input_shape: [null, 2] } }];
 * const manifest = [{ name: "dense/kernel", shape: [2, 1], dtype: "float32" }, { name: "dense/bias", shape: [1], dtype: "float32" }];
 * const model = fromTensorFlowJs({
 *   model: {
 *     format: "layers-model",
 *     modelTopology: { class_name: "Sequential", config: { name: "line", layers } },
 *     weightsManifest: [{ paths: ["weights.bin"], weights: manifest }],
 *   },
 *   weights: { "weights.bin": new Uint8Array(Float32Array.of(2, 3, 1).buffer) },
 * });
 * await evaluate(model.forward(constant([[1, 10]]), evaluationContext())); // => [33]
 * model.stateDict()["dense.weight"].shape; // => [1, 2]
 */
export function fromTensorFlowJs<Input extends Tensors = Tensor, Output extends Tensors = Tensor>(
  files: TensorFlowJsFiles | TensorFlowJsArtifacts,
  options: ReadOptions = {},
): KerasModel<Input, Output> {
  must(isRecord(files), files, "fromTensorFlowJs: files", "an object { model, weights }");
  checkReadOptions(options, "fromTensorFlowJs");
  const given = "modelTopology" in files ? filesIn(files) : (files as TensorFlowJsFiles);
  const { format, modelTopology: topology, weightsManifest, trainingConfig } = modelOf(given.model);
  if (format === "graph-model" || (isRecord(topology) && "node" in topology))
    throw fault(
      "fromTensorFlowJs: this is a graph model, a program of TensorFlow's operations, not layers: convert the Keras model that it was made of, with --output_format=tfjs_layers_model",
    );
  if (!isRecord(topology)) throw fault("fromTensorFlowJs: model.json has no modelTopology");
  const { weights, optimizer } = arraysOf(weightsManifest, shardsOf(given.weights));
  const whole = isRecord(topology.model_config) ? topology.model_config : topology;
  const arrays = new NamedArrays(weights);
  const reading = new Builder("tensorflow.js", options).read(
    whole.class_name,
    whole.config,
    namedLayers(arrays, []),
    "model.json",
  );
  if (arrays.unread.length > 0)
    throw fault(`the weights hold what no layer reads: ${arrays.unread.slice(0, 5).join(", ")}`);
  const training = trainingConfig ?? topology.training_config;
  return new KerasModel(reading, (model) => namedOptimizer(optimizer, training, reading.links, model));
}

function filesIn({ weightSpecs: weights, weightData, ...model }: TensorFlowJsArtifacts): TensorFlowJsFiles {
  return {
    model: { ...model, weightsManifest: [{ paths: [], weights }] },
    weights: weightData as TensorFlowJsFiles["weights"],
  };
}

function modelOf(given: TensorFlowJsFiles["model"]): Readonly<Record<string, unknown>> {
  const isBytes = given instanceof Uint8Array || given instanceof ArrayBuffer;
  if (isBytes) return objectIn(bytesOf(given, "fromTensorFlowJs: model"), "model.json");
  if (typeof given === "string") return objectIn(given, "model.json");
  must(isRecord(given), given, "fromTensorFlowJs: model", "model.json: a text, bytes, or an object");
  checkWhole(given);
  return given as Readonly<Record<string, unknown>>;
}

/** Parts that an object may have, each as often as it has it. */
const MOST_PARTS = 2 ** 22;

/** Parts within parts: far more than models in one another have that are read. */
const DEEPEST = 1000;

/** @throws ArgumentError for what JSON does not hold: lists with holes, and what holds itself */
function checkWhole(model: object): void {
  const open: (readonly [part: object, path: string, depth: number])[] = [[model, "fromTensorFlowJs: model", 0]];
  let count = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [part, path, depth] = next;
    const keys = Object.keys(part);
    // Places come first, in their order.
    const isWhole = !Array.isArray(part) || part.length === 0 || keys[part.length - 1] === `${part.length - 1}`;
    must(isWhole, part, path, "a list without holes");
    count += keys.length;
    must(
      count <= MOST_PARTS && depth <= DEEPEST,
      model,
      "fromTensorFlowJs: model",
      "of parts that do not hold themselves",
    );
    for (const key of keys) {
      const each = (part as Readonly<Record<string, unknown>>)[key];
      if (typeof each === "object" && each !== null && !ArrayBuffer.isView(each))
        open.push([each, `${path}.${key}`, depth + 1]);
    }
  }
}

function shardsOf(given: TensorFlowJsFiles["weights"]): Shards {
  const what = "fromTensorFlowJs: weights";
  if (given instanceof Uint8Array || given instanceof ArrayBuffer) return bytesOf(given, what);
  if (Array.isArray(given)) return Array.from(given, (each, i) => bytesOf(each, `${what}.${i}`));
  must(isRecord(given), given, what, "bytes, a list of bytes, or an object of bytes by file names");
  const record = given as Readonly<Record<string, Uint8Array>>;
  return Object.fromEntries(Object.entries(record).map(([name, each]) => [name, bytesOf(each, `${what}.${name}`)]));
}
