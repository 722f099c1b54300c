// A model that was read, written again: the settings of its layers in the words of TensorFlow.js.
import { isRecord } from "../../check.ts";
import { ArgumentError } from "../../errors.ts";
import type { Conv2d } from "../../nn/convolution.ts";
import { activationOf } from "../activations.ts";
import { type Call, isModel, isRef, type LayerPlan, type Ref, refsIn } from "../config.ts";
import { Unsupported } from "../fault.ts";
import { KerasModel, type Reading, type Tensors } from "../model.ts";
import { type Dialect, Settings } from "../settings.ts";
import { Draft, type DraftLayer, type Result } from "./draft.ts";
import { TFJS_ACTIVATIONS } from "./names.ts";

/** Classes that TensorFlow.js 4.22 knows. */
const KNOWN = new Set(
  `InputLayer Dense Activation Flatten Reshape Permute RepeatVector Embedding Masking Rescaling TimeDistributed ReLU LeakyReLU ELU PReLU
  ThresholdedReLU Softmax Dropout SpatialDropout1D GaussianNoise GaussianDropout AlphaDropout Conv1D Conv2D Conv3D DepthwiseConv2D
  SeparableConv2D Conv2DTranspose Conv3DTranspose MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D
  GlobalMaxPooling1D GlobalMaxPooling2D GlobalAveragePooling1D GlobalAveragePooling2D ZeroPadding2D Cropping2D UpSampling2D
  BatchNormalization LayerNormalization LSTM GRU SimpleRNN Bidirectional Add Multiply Average Maximum Minimum Concatenate Dot`.split(
    /\s+/,
  ),
);

/** Settings that say nothing of what a layer computes. */
const IDLE =
  /_(initializer|regularizer|constraint)$|^(dtype|build_config|dtype_policy|quantization_config|seed|ragged|sparse)$/;

/** @throws ArgumentError naming all layers that TensorFlow.js does not have, or has otherwise, and those that are no more what was read */
export function draftOfRead<I extends Tensors, O extends Tensors>(
  model: KerasModel<I, O>,
): { readonly draft: Draft; readonly topology: object } {
  const { reading } = model;
  const draft = new Draft();
  const standing = model.standing();
  for (const link of reading.links)
    draft.array({ ...link, variables: link.variables.map((each) => standing.get(each) ?? each) });
  const unknown: string[] = [];
  const topology = topologyOf(reading, unknown);
  if (unknown.length > 0) throw new ArgumentError(`toTensorFlowJs: TensorFlow.js does not have: ${unknown.join(", ")}`);
  return { draft, topology };
}

function topologyOf({ plan, made, dialect }: Reading, unknown: string[]): { class_name: string; config: object } {
  const inner = new Set(plan.layers.flatMap(({ name, className }) => (isModel(className) ? [name] : [])));
  // A model inside another has its own graph for its first call.
  const result = ({ layer, call, output }: Ref): Result => [layer, call + (inner.has(layer) ? 1 : 0), output];
  const layers = plan.layers.map((layer): DraftLayer => {
    const { name, className, calls } = layer;
    const part = made.get(name)?.part as KerasModel | undefined;
    const own =
      isModel(className) && part !== undefined
        ? topologyOf(part.reading, unknown)
        : { class_name: className, config: settingsOf(layer, part, dialect, unknown) };
    return { name, ...own, inbound_nodes: calls.map((call) => nodeOf(layer, call, result, unknown)) } as DraftLayer;
  });
  const config = {
    name: plan.name,
    layers,
    input_layers: plan.inputs.map(result),
    output_layers: refsIn(plan.outputs).map(result),
  };
  return { class_name: "Model", config };
}

/** What a call reads: states that are handed over by name come behind the input. */
function nodeOf(layer: LayerPlan, { inputs, named }: Call, result: (ref: Ref) => Result, unknown: string[]) {
  const states = [named.initial_state].flat().filter(isRef);
  if (inputs.some((input) => typeof input === "number")) unknown.push(`${layer.className} "${layer.name}" (a number)`);
  return [...inputs.filter(isRef), ...states].map((ref) => [...result(ref), {}] as const);
}

function settingsOf(layer: LayerPlan, part: unknown, dialect: Dialect, unknown: string[]): object {
  const { className, name, config, isOperator } = layer;
  try {
    if (!KNOWN.has(className) || (isOperator && !/^(Add|Multiply|Maximum|Minimum)$/.test(className)))
      throw new Unsupported("");
    const own = cleaned(className, name, config, dialect);
    // A model for each step of a sequence.
    if (part instanceof KerasModel) return { ...own, layer: topologyOf(part.reading, unknown) };
    if (className === "InputLayer")
      return { name, batch_input_shape: config.batch_shape ?? config.batch_input_shape, dtype: dtypeOf(config) };
    // TensorFlow.js does not write it down, but wants to be told.
    if (part !== undefined && /^(Depthwise|Separable)Conv2D$/.test(className))
      return { ...own, depth_multiplier: multiplierOf(part) };
    return own;
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    unknown.push(`${className} "${name}"${error.message === "" ? "" : ` (${error.message})`}`);
    return {};
  }
}

/** Filters for each channel. */
function multiplierOf(part: unknown): number {
  const { weight, groups } = (part as { readonly depthwise?: Conv2d }).depthwise ?? (part as Conv2d);
  return weight.shape[0] / groups;
}

function dtypeOf({ dtype }: Readonly<Record<string, unknown>>): string {
  return dtype === "int32" ? "int32" : "float32";
}

/** Settings that TensorFlow.js reads. @throws Unsupported for what it has not, or takes for something else */
function cleaned(className: string, name: string, config: Readonly<Record<string, unknown>>, dialect: Dialect): object {
  const settings = new Settings(`${className} "${name}"`, config, dialect);
  refuse(className, settings);
  const entries = Object.entries(config).flatMap(([key, value]): [string, unknown][] => {
    if (IDLE.test(key)) return [];
    if (/^(recurrent_)?activation$/.test(key)) return [[key, activationName(settings, key)]];
    if ((key === "layer" || key === "backward_layer") && isRecord(value))
      return isModel(value.class_name) ? [] : [[key, insideOf(value, dialect)]];
    return isRecord(value) ? [] : [[key, value]];
  });
  return { ...Object.fromEntries(entries), name, ...renamed(className, settings) };
}

function activationName(settings: Settings, key: string): string {
  const { name } = activationOf(settings, key);
  const own = name === "silu" ? "swish" : name;
  if (!TFJS_ACTIVATIONS.has(own)) throw new Unsupported(`${key} "${name}"`);
  if (own === "hard_sigmoid" && settings.dialect === "keras 3")
    throw new Unsupported(`${key} "hard_sigmoid" of Keras 3`);
  return own;
}

function insideOf({ class_name: kind, config }: Readonly<Record<string, unknown>>, dialect: Dialect): object {
  if (typeof kind !== "string" || !isRecord(config)) throw new Unsupported("no layer in it");
  if (!KNOWN.has(kind)) throw new Unsupported(`${kind} in it`);
  return { class_name: kind, config: cleaned(kind, String(config.name ?? kind.toLowerCase()), config, dialect) };
}

/** Settings that go by other names there. */
function renamed(className: string, settings: Settings): object {
  if (className === "LeakyReLU") return { alpha: settings.number("negative_slope", settings.number("alpha", 0.3)) };
  if (className === "BatchNormalization") return { axis: settings.wholes("axis", [-1])[0] };
  if (className === "Softmax") return { axis: settings.wholes("axis", [-1])[0] };
  return {};
}

/** What TensorFlow.js leaves out, or has otherwise. */
function refuse(className: string, settings: Settings): void {
  settings.refuse("groups", 1);
  if (settings.get("padding") === "causal") throw new Unsupported('padding "causal"');
  if (className === "GRU" && settings.flag("reset_after", settings.dialect !== "tensorflow.js"))
    throw new Unsupported("reset_after true");
  if (className === "ReLU") for (const key of ["negative_slope", "threshold"]) settings.refuse(key, 0);
  if (className === "ELU") settings.refuse("alpha", 1);
  if (className === "DepthwiseConv2D" && settings.perAxis("dilation_rate", 2, 1).some((each) => each !== 1))
    throw new Unsupported("dilation_rate");
  if (className === "UpSampling2D" && settings.dialect !== "tensorflow.js") settings.refuse("interpolation", "nearest");
  if (className.startsWith("Global")) settings.refuse("keepdims");
}
