// Layers models of TensorFlow.js, written: of a model that was read, or of layers of simdgrad.
import { aBoolean, aRecordOf, checkOptions, isRecord, must } from "../check.ts";
import { compileInit } from "../compile/init.ts";
import { withSources } from "../compile/sources.ts";
import { type ArrayLikeData, array, type TypedData } from "../data/array.ts";
import { ArgumentError } from "../errors.ts";
import { aLayer, type Layer, variables } from "../nn/module.ts";
import { anExecutor } from "../runtime/arguments.ts";
import type { Executor } from "../runtime/executor.ts";
import { JsExecutor } from "../runtime/js/js-executor.ts";
import { checkKnown, checkShape, type DType, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { elsewhereOf, warnOfOthers } from "../train/hold.ts";
import { ownState } from "../train/own-state.ts";
import type { Variable } from "../variable.ts";
import { type Draft, filesOf } from "./export/draft.ts";
import { Writer } from "./export/own-model.ts";
import { draftOfRead } from "./export/read-model.ts";
import { KerasModel } from "./model.ts";

/** Sizes of what a model takes: its first one, the rows, has a name, such as "batch". */
export type TensorFlowJsShape = readonly (string | number)[];

/** What goes into a model. */
export interface TensorFlowJsSignature {
  /** Sizes, or sizes and a dtype. */
  readonly input: TensorFlowJsShape | { readonly shape: TensorFlowJsShape; readonly dtype?: DType };
}

type Sized = Exclude<TensorFlowJsSignature["input"], TensorFlowJsShape>;

/** What is written, and with which weights. */
export interface TensorFlowJsOptions {
  /** The model's variables by path, such as `trainer.stateDict()` gives them. Default: those on the executor, else first values. */
  readonly state?: Readonly<Record<string, ArrayLikeData>>;
  /** Where the weights are. */
  readonly executor?: Executor;
  /**
   * Whether the model that is written takes images and sequences, and gives them, with their channels last, as is usual there. Default false:
   * as the model takes them here; a layer at its beginning moves them. A model that was read has its channels last anyway.
   */
  readonly channelsLast?: boolean;
}

/** The files of a layers model: model.json, and shards by their names. */
export interface WrittenTensorFlowJs {
  readonly model: string;
  readonly weights: Record<string, Uint8Array<ArrayBuffer>>;
}

/**
 * A model as a layers model of TensorFlow.js, as its `loadLayersModel` reads it: one that `fromKeras` or `fromTensorFlowJs` read, or layers of
 * simdgrad in Sequential, Residual and Branches. A forward of your own is code, which no layers model holds: it is refused, as are layers
 * that TensorFlow.js does not have, all in one error.
 * @throws ArgumentError for what is not there, and for a state that has not what the model has; ShapeError where the model does not take the input
 *
 * @example
 * import { Linear, relu, Sequential } from "simdgrad/nn";
 * import { fromTensorFlowJs, toTensorFlowJs } from "simdgrad/keras";
 * const model = new Sequential(new Linear(4, 8), relu, new Linear(8, 3));
 * const files = await toTensorFlowJs(model, { input: ["batch", 4] });
 * Object.keys(files.weights); // => ["group1-shard1of1.bin"]
 * fromTensorFlowJs(files).inputs; // => [{ name: "input", shape: [null, 4], dtype: "float32" }]
 */
export async function toTensorFlowJs<Input = Tensor, Output = Tensor>(
  model: Layer<Input, Output>,
  signature?: TensorFlowJsSignature,
  options: TensorFlowJsOptions = {},
): Promise<WrittenTensorFlowJs> {
  aLayer(model, "toTensorFlowJs: model");
  const aState = (value: unknown, what: string) => must(isRecord(value), value, what, "an object of arrays by paths");
  checkOptions(options, "toTensorFlowJs", { state: aState, executor: anExecutor, channelsLast: aBoolean });
  if (options.state !== undefined) aRecordOf(anArray)(options.state, "toTensorFlowJs: state");
  if (model instanceof KerasModel && signature !== undefined)
    throw new ArgumentError("toTensorFlowJs: signature says nothing of a model that was read, which has its inputs");
  const { draft, topology } =
    model instanceof KerasModel ? draftOfRead(model) : draftOfOwn(model, signature, options.channelsLast ?? false);
  return filesOf(draft, topology, await valuesOf(draft, model, options));
}

function anArray(value: unknown, what: string): void {
  must(value !== null && value !== undefined, value, what, "an array");
}

/** Rows of a model's input without the first size. */
function inputOf(signature: TensorFlowJsSignature | undefined): { readonly shape: Shape; readonly dtype: DType } {
  const what = "toTensorFlowJs: signature";
  must(isRecord(signature), signature, what, 'an object, such as { input: ["batch", 4] }');
  const { input } = signature as TensorFlowJsSignature;
  const any = () => undefined; // looked at below
  checkOptions(signature as TensorFlowJsSignature, what, { input: any });
  if (isRecord(input)) checkOptions(input as Sized, `${what}: input`, { shape: any, dtype: any });
  const { shape, dtype = "f32" } = isRecord(input) ? (input as unknown as Sized) : { shape: input as Sized["shape"] };
  must(
    Array.isArray(shape) && typeof shape[0] === "string",
    shape,
    `${what}: input`,
    'sizes, the first a name, such as ["batch", 4]',
  );
  return { shape: checkShape(shape.slice(1) as Shape, `${what}: input`), dtype: checkKnown(dtype, `${what}: dtype`) };
}

function draftOfOwn(model: unknown, signature: TensorFlowJsSignature | undefined, channelsLast: boolean) {
  const { shape, dtype } = inputOf(signature);
  const writer = new Writer();
  const begin = writer.input("input", shape, dtype, channelsLast && shape.length > 1);
  const end = writer.layer(model, begin, "");
  if (writer.unknown.length > 0)
    throw new ArgumentError(`toTensorFlowJs: TensorFlow.js does not have: ${writer.unknown.join(", ")}`);
  const { result } = channelsLast ? end : writer.plain(end);
  const config = { name: "model", layers: writer.draft.layers, input_layers: [begin.result], output_layers: [result] };
  return { draft: writer.draft, topology: { class_name: "Model", config } };
}

/** Values of all variables that are written. */
async function valuesOf(draft: Draft, model: unknown, { state, executor }: TensorFlowJsOptions) {
  const wanted = [...new Set(draft.arrays.flatMap((each) => each.variables))];
  if (state !== undefined) return stated(wanted, model, state);
  const values = executor === undefined ? await firstValues(wanted, model) : await valuesOn(executor, wanted);
  return new Map(wanted.map((variable, i) => [variable, Float32Array.from(values[i])]));
}

function valuesOn(executor: Executor, wanted: readonly Variable[]) {
  return executor.readAll(wanted.map(({ key }) => ({ variable: key })));
}

/** What a trainer with seed 0 begins with: random first values go by the paths of variables. */
async function firstValues(wanted: readonly Variable[], model: unknown) {
  const named = variables(model);
  warnOfOthers("toTensorFlowJs", elsewhereOf(named));
  const known = new Set(named.values());
  // Variables whose values others are made of are in no field of the model.
  for (const each of withSources([...known])) if (!known.has(each)) named.set(`source ${each.key}`, each);
  const executor = new JsExecutor();
  try {
    await executor.run([[await executor.load(compileInit(named, 0)), 1]]).done;
    return await valuesOn(executor, wanted);
  } finally {
    await executor.dispose();
  }
}

/** Values in a state, by the paths of the model. @throws ArgumentError where it has not all that is written, or something else */
async function stated(wanted: readonly Variable[], model: unknown, state: Readonly<Record<string, ArrayLikeData>>) {
  const name = "toTensorFlowJs";
  const known = variables(model);
  const own = ownState(name, state, known);
  const { checkState } = await import("../train/check-state.ts");
  const { writes, difference } = checkState(name, own, known, array, { strict: false, model });
  const { missing, unknown } = difference;
  if (unknown.length > 0)
    throw new ArgumentError(`${name}: the model has no ${unknown.slice(0, 5).join(", ")}, which the state has`);
  const needed = missing.find((path) => wanted.includes(known.get(path) as Variable));
  if (needed !== undefined) throw new ArgumentError(`${name}: the state has no ${needed}`);
  const values = new Map(writes.map(({ slot, data }) => ["variable" in slot ? slot.variable : undefined, data]));
  return new Map(
    wanted.map((variable) => [variable, Float32Array.from(values.get(variable.key) as TypedData["data"])]),
  );
}
