// A model of layers of simdgrad as layers of TensorFlow.js: Sequential, Residual, Branches and single layers. There images have their channels
// last: between layers that take images they stay so, and are put back where a layer, or the caller, sees their axes.
import { input } from "../../create.ts";
import { ArgumentError } from "../../errors.ts";
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from "../../nn/batch-normalization.ts";
import { Branches, Residual, Sequential } from "../../nn/containers.ts";
import { Conv1d, Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d } from "../../nn/convolution.ts";
import { Embedding } from "../../nn/embedding.ts";
import { Flatten, Identity, Linear, PReLU, Unflatten } from "../../nn/layers.ts";
import { evaluationContext, forward, type Layer } from "../../nn/module.ts";
import { LayerNorm } from "../../nn/normalization.ts";
import { ConstantPad2d, Cropping2d, ZeroPad2d } from "../../nn/padding.ts";
import {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
} from "../../nn/pooling.ts";
import { LSTM, RNN } from "../../nn/recurrent.ts";
import { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, GaussianNoise } from "../../nn/regularization.ts";
import { Upsample } from "../../nn/resizing.ts";
import { type DType, type Shape, showShape } from "../../shape.ts";
import { Tensor } from "../../tensor.ts";
import type { Variable } from "../../variable.ts";
import { Unsupported } from "../fault.ts";
import { filters, gateBiases, gates, same, transposed } from "../layouts.ts";
import { Draft, type GivenArrays, type Result } from "./draft.ts";
import { activationNames } from "./names.ts";

/** What a layer gives: where it is in the draft, how it lies there, and its shape here, without the batch. */
export interface Flow {
  readonly result: Result;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Whether its second axis here is the last one there. */
  readonly isLast: boolean;
}

type Emit<L> = (writer: Writer, layer: L, x: Flow, name: string) => Flow;

/** Rows that are made up to find the shapes of results. */
const ROWS = 2;

/** Puts layers into a draft, one after the other. */
export class Writer {
  readonly draft = new Draft();
  /** What TensorFlow.js does not have. */
  readonly unknown: string[] = [];

  /** A model's input. */
  input(name: string, shape: Shape, dtype: DType, isLast: boolean): Flow {
    const there = isLast ? lastOf(shape) : shape;
    const config = { batch_input_shape: [null, ...there], dtype: dtype === "f32" ? "float32" : "int32", sparse: false };
    return { result: this.draft.add(name, "InputLayer", config, []), shape, dtype, isLast };
  }

  /** A layer, or a function that is one. */
  layer(layer: unknown, x: Flow, path: string): Flow {
    const name = path === "" ? "layer" : path;
    const emit = emitters.get(kindOf(layer));
    try {
      if (emit !== undefined) return emit(this, layer, x, name);
      const activation = activationNames.get(layer);
      if (activation === undefined) throw new Unsupported("");
      return this.activation(activation, x, name);
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      this.unknown.push(`${wordFor(layer)} at ${name}${error.message === "" ? "" : ` (${error.message})`}`);
      return { ...x, shape: shapeAfter(layer, x, name) };
    }
  }

  activation(activation: string, x: Flow, path: string): Flow {
    // Rows of the last axis are those here.
    const flow = activation.endsWith("softmax") ? this.plain(x) : x;
    return this.add("Activation", { activation }, flow, flow.shape, path);
  }

  /** Adds one layer that reads one other. */
  add(className: string, config: object, x: Flow, shape: Shape, path: string, arrays: GivenArrays = {}): Flow {
    const rank = className === "Dense" ? 0 : x.shape.length;
    const result = this.draft.add(path, className, config, [x.result], arrays, rank);
    return { ...x, result, shape };
  }

  /** With its channels last. */
  last(x: Flow): Flow {
    if (x.isLast || x.shape.length < 2) return x;
    const rank = x.shape.length;
    const dims = [...Array.from({ length: rank - 1 }, (_, i) => i + 2), 1];
    return { ...this.add("Permute", { dims }, x, x.shape, "channels_last"), isLast: true };
  }

  /** With its axes as they are here. */
  plain(x: Flow): Flow {
    if (!x.isLast || x.shape.length < 2) return { ...x, isLast: false };
    const rank = x.shape.length;
    const dims = [rank, ...Array.from({ length: rank - 1 }, (_, i) => i + 1)];
    return { ...this.add("Permute", { dims }, x, x.shape, "channels_first"), isLast: false };
  }
}

/** Which layer a value is: a class of the library itself, not one that was made of it. */
function kindOf(layer: unknown): unknown {
  return typeof layer === "object" && layer !== null ? layer.constructor : layer;
}

function wordFor(layer: unknown): string {
  if (typeof layer === "function") return `function ${layer.name || "without a name"}`;
  return (layer as { readonly constructor?: { readonly name?: string } } | null)?.constructor?.name ?? String(layer);
}

/** The shape that a layer here gives. */
function shapeAfter(layer: unknown, { shape, dtype }: Flow, name: string): Shape {
  const result = forward(layer as Layer, input([ROWS, ...shape], dtype), evaluationContext(), name) as unknown;
  if (!(result instanceof Tensor)) throw new ArgumentError(`toTensorFlowJs: ${name} gives no tensor`);
  if (result.shape[0] !== ROWS)
    throw new ArgumentError(
      `toTensorFlowJs: ${name} gives ${showShape(result.shape)}, which has not a row for each of ${ROWS}`,
    );
  return result.shape.slice(1);
}

function lastOf([channels, ...places]: Shape): Shape {
  return [...places, channels];
}

function biasOf(bias: Variable | undefined) {
  return bias && { shape: bias.shape, variables: bias };
}

const linear: Emit<Linear> = (writer, layer, x, name) => {
  const flow = writer.plain(x);
  const [units, inputs] = layer.weight.shape;
  const config = { units, activation: "linear", use_bias: layer.bias !== undefined };
  return writer.add("Dense", config, flow, shapeAfter(layer, x, name), name, {
    kernel: { shape: [inputs, units], variables: layer.weight, layout: transposed },
    bias: biasOf(layer.bias),
  });
};

type Convolution = Conv1d | Conv2d | Conv3d;

/** Zeros that TensorFlow.js puts around by itself, or by a layer before. */
function padded(
  writer: Writer,
  { padding, paddingMode, stride, weight, dilation }: Convolution,
  x: Flow,
  name: string,
) {
  if (paddingMode !== "zeros" && padding !== 0) throw new Unsupported(`paddingMode "${paddingMode}"`);
  if (padding === "causal") throw new Unsupported('padding "causal"');
  if (padding === "same" || padding === "valid") return { flow: x, padding };
  const pads = stride.map((_, axis) => (typeof padding === "number" ? padding : padding[axis]));
  const reach = weight.shape.slice(2).map((taps, axis) => (taps - 1) * dilation[axis]);
  if (pads.every((pad) => pad === 0)) return { flow: x, padding: "valid" };
  if (stride.every((each) => each === 1) && pads.every((pad, axis) => 2 * pad === reach[axis]))
    return { flow: x, padding: "same" };
  if (stride.length !== 2) throw new Unsupported(`padding ${pads.join(", ")}`);
  const flow = writer.add("ZeroPadding2D", { padding: pads.map((pad) => [pad, pad]) }, x, x.shape, `${name}_padding`);
  return { flow, padding: "valid" };
}

const convolution: Emit<Convolution> = (writer, layer, x, name) => {
  const { weight, bias, stride, dilation, groups } = layer;
  const axes = stride.length;
  const [outputs, inputs, ...taps] = weight.shape;
  const { flow, padding } = padded(writer, layer, writer.last(x), name);
  const common = {
    kernel_size: taps,
    strides: stride,
    dilation_rate: dilation,
    padding,
    data_format: "channels_last",
    activation: "linear",
    use_bias: bias !== undefined,
  };
  const shape = shapeAfter(layer, x, name);
  if (groups === 1) {
    const kernel = { shape: [...taps, inputs, outputs], variables: weight, layout: filters(axes) };
    return writer.add(`Conv${axes}D`, { filters: outputs, ...common }, flow, shape, name, {
      kernel,
      bias: biasOf(bias),
    });
  }
  const multiplier = outputs / groups;
  if (axes !== 2 || inputs !== 1) throw new Unsupported(`${groups} groups`);
  if (dilation.some((each) => each !== 1)) throw new Unsupported("dilation of each channel alone");
  const kernel = { shape: [...taps, groups, multiplier], variables: weight, layout: eachChannel };
  return writer.add("DepthwiseConv2D", { depth_multiplier: multiplier, ...common }, flow, shape, name, {
    depthwise_kernel: kernel,
    bias: biasOf(bias),
  });
};

/** Filters [height, width, channels, multiplier] as [channels x multiplier, 1, height, width]. */
const eachChannel = {
  ...same,
  back: ([data]: readonly Float32Array[], [height, width, channels, multiplier]: Shape) =>
    filters(2).back([data], [height, width, 1, channels * multiplier]),
};

const transposedConvolution: Emit<ConvTranspose2d | ConvTranspose3d> = (writer, layer, x, name) => {
  const { weight, bias, stride, dilation, groups, padding, outputPadding } = layer;
  if (groups !== 1) throw new Unsupported(`${groups} groups`);
  if (dilation.some((each) => each !== 1)) throw new Unsupported("dilation");
  const axes = stride.length;
  const [inputs, outputs, ...taps] = weight.shape;
  // What is cut off there: for "valid" nothing, for "same" all but stride times as many places, an odd one behind.
  const isValid = stride.every((each, i) => padding[i] === 0 && outputPadding[i] === Math.max(0, each - taps[i]));
  const isSame = stride.every(
    (each, i) => taps[i] >= each && taps[i] - each === 2 * padding[i] && outputPadding[i] === 0,
  );
  if (!isValid && !isSame)
    throw new Unsupported(`padding ${padding.join(", ")} with outputPadding ${outputPadding.join(", ")}`);
  const config = {
    filters: outputs,
    kernel_size: taps,
    strides: stride,
    padding: isValid ? "valid" : "same",
    data_format: "channels_last",
    activation: "linear",
    use_bias: bias !== undefined,
  };
  return writer.add(`Conv${axes}DTranspose`, config, writer.last(x), shapeAfter(layer, x, name), name, {
    kernel: { shape: [...taps, outputs, inputs], variables: weight, layout: filters(axes) },
    bias: biasOf(bias),
  });
};

/** TensorFlow.js normalizes tensors of four axes at the most, the batch among them. */
function checkAxes({ shape }: Flow): void {
  if (shape.length > 3) throw new Unsupported(`${shape.length + 1} axes: TensorFlow.js has four at the most`);
}

const batchNorm: Emit<BatchNorm1d | BatchNorm2d | BatchNorm3d> = (writer, layer, x, name) => {
  const { runningMean, runningVariance, weight, bias, epsilon, momentum } = layer;
  if (runningMean === undefined || runningVariance === undefined) throw new Unsupported("no running statistics");
  checkAxes(x);
  const config = {
    axis: -1,
    momentum: 1 - (momentum ?? 0.1),
    epsilon,
    center: bias !== undefined,
    scale: weight !== undefined,
  };
  return writer.add("BatchNormalization", config, writer.last(x), x.shape, name, {
    gamma: biasOf(weight),
    beta: biasOf(bias),
    moving_mean: biasOf(runningMean),
    moving_variance: biasOf(runningVariance),
  });
};

const layerNorm: Emit<LayerNorm> = (writer, { normalizedShape, weight, bias, epsilon }, x, name) => {
  const axis = normalizedShape.map((_, i) => i - normalizedShape.length);
  const config = {
    axis: axis.length === 1 ? -1 : axis,
    epsilon,
    center: bias !== undefined,
    scale: weight !== undefined,
  };
  if (weight === undefined) throw new Unsupported("no weight");
  checkAxes(x);
  return writer.add("LayerNormalization", config, writer.plain(x), x.shape, name, {
    gamma: biasOf(weight),
    beta: biasOf(bias),
  });
};

const embedding: Emit<Embedding> = (writer, layer, x, name) => {
  if (layer.maxNorm !== undefined) throw new Unsupported("maxNorm");
  const [count, size] = layer.weight.shape;
  const config = { input_dim: count, output_dim: size, mask_zero: false, input_length: null };
  const flow = writer.add("Embedding", config, writer.plain(x), shapeAfter(layer, x, name), name, {
    embeddings: { shape: layer.weight.shape, variables: layer.weight },
  });
  return { ...flow, dtype: "f32" };
};

/** One layer of those that stand over one another, in both directions or one. */
const recurrent: Emit<LSTM | RNN> = (writer, layer, x, name) => {
  const { stack } = layer;
  if (!stack.batchFirst) throw new Unsupported("sequences [T, N, features]: batchFirst is what TensorFlow.js has");
  if (stack.layers[0][0].hr !== undefined) throw new Unsupported("projSize");
  const isLstm = layer instanceof LSTM;
  const className = isLstm ? "LSTM" : "SimpleRNN";
  const order = isLstm ? [0, 1, 2, 3] : [0];
  const activation = isLstm || isTanh(layer) ? "tanh" : "relu";
  let flow = writer.plain(x);
  const [steps] = flow.shape;
  for (const [depth, sides] of stack.layers.entries()) {
    const units = sides[0].hh.shape[1];
    const config = {
      units,
      activation,
      use_bias: sides[0].biasIh !== undefined,
      return_sequences: true,
      ...(isLstm ? { recurrent_activation: "sigmoid", unit_forget_bias: false } : {}),
    };
    const own = `${name}_l${depth}`;
    const arraysOf = ({ ih, hh, biasIh, biasHh }: (typeof sides)[number], at: string): GivenArrays => ({
      [`${at}kernel`]: { shape: [ih.shape[1], ih.shape[0]], variables: ih, layout: gates(order) },
      [`${at}recurrent_kernel`]: { shape: [hh.shape[1], hh.shape[0]], variables: hh, layout: gates(order) },
      [`${at}bias`]: biasIh &&
        biasHh && { shape: biasIh.shape, variables: [biasIh, biasHh], layout: gateBiases(order, false) },
    });
    const shape = [steps, units * sides.length];
    if (sides.length === 1) flow = writer.add(className, config, flow, shape, own, arraysOf(sides[0], ""));
    else {
      const inner = { class_name: className, config: { name: "side", trainable: true, ...config } };
      const arrays = { ...arraysOf(sides[0], "forward_side/"), ...arraysOf(sides[1], "backward_side/") };
      flow = writer.add("Bidirectional", { layer: inner, merge_mode: "concat" }, flow, shape, own, arrays);
    }
  }
  return flow;
};

/** Whether the steps of a plain recurrent layer are bounded: its equation says so, and nothing else. */
function isTanh(layer: LSTM | RNN): boolean {
  const one = input([1, layer.stack.widths[0]]);
  const { next } = layer.stack.kind.step(one, one, [one, one]);
  return next[0].op === one.tanh().op;
}

type Pooling = MaxPool1d | MaxPool2d | MaxPool3d | AvgPool1d | AvgPool2d | AvgPool3d;

const pooling: Emit<Pooling> = (writer, layer, x, name) => {
  const { kernelSize, options } = layer;
  const axes = kernelSize.length;
  const isMax = layer instanceof MaxPool1d || layer instanceof MaxPool2d || layer instanceof MaxPool3d;
  const isSet = (value: unknown, idle: unknown) => value !== undefined && [value].flat().some((each) => each !== idle);
  for (const [key, idle] of [
    ["padding", 0],
    ["dilation", 1],
    ["ceilMode", false],
    ["divisorOverride", undefined],
  ] as const)
    if (isSet((options as Readonly<Record<string, unknown>>)[key], idle)) throw new Unsupported(key);
  if (isMax && layer.returnIndices) throw new Unsupported("returnIndices");
  const stride = options.stride ?? kernelSize;
  const strides = typeof stride === "number" ? kernelSize.map(() => stride) : stride;
  const config = { pool_size: kernelSize, strides, padding: "valid", data_format: "channels_last" };
  return writer.add(
    `${isMax ? "Max" : "Average"}Pooling${axes}D`,
    config,
    writer.last(x),
    shapeAfter(layer, x, name),
    name,
  );
};

type Adaptive = AdaptiveAvgPool1d | AdaptiveAvgPool2d | AdaptiveMaxPool1d | AdaptiveMaxPool2d;

/** One number a channel: TensorFlow.js gives it without the axes of places, which come back. */
const adaptive: Emit<Adaptive> = (writer, layer, x, name) => {
  const shape = shapeAfter(layer, x, name);
  const [channels, ...places] = shape;
  if (places.some((size) => size !== 1)) throw new Unsupported(`results of ${places.join(" x ")}`);
  const isMax = layer instanceof AdaptiveMaxPool1d || layer instanceof AdaptiveMaxPool2d;
  const kind = `Global${isMax ? "Max" : "Average"}Pooling${places.length}D`;
  const means = writer.add(
    kind,
    places.length === 2 ? { data_format: "channels_last" } : {},
    writer.last(x),
    [channels],
    name,
  );
  return {
    ...writer.add("Reshape", { target_shape: [...places, channels] }, means, shape, `${name}_places`),
    isLast: true,
  };
};

const flatten: Emit<Flatten> = (writer, layer, x, name) => {
  if (layer.start !== 1) throw new Unsupported(`start ${layer.start}`);
  return writer.add("Flatten", {}, writer.plain(x), shapeAfter(layer, x, name), name);
};

const unflatten: Emit<Unflatten> = (writer, layer, x, name) => {
  const shape = shapeAfter(layer, x, name);
  return writer.add("Reshape", { target_shape: shape }, writer.plain(x), shape, name);
};

const prelu: Emit<PReLU> = (writer, { weight }, x, name) => {
  const [count] = weight.shape;
  const flow = writer.last(x);
  // One slope for all places, or for all channels, too.
  const alpha = [...x.shape.slice(1).map(() => 1), count];
  const isShared = (size: number, axis: number) => size === 1 && (axis < alpha.length - 1 || x.shape[0] > 1);
  const shared = alpha.flatMap((size, axis) => (isShared(size, axis) ? [axis + 1] : []));
  const config = { shared_axes: shared.length === 0 ? null : shared };
  return writer.add("PReLU", config, flow, x.shape, name, { alpha: { shape: alpha, variables: weight } });
};

function rated(className: string): Emit<{ readonly p: number }> {
  return (writer, { p }, x, name) => writer.add(className, { rate: p }, x, x.shape, name);
}

/** Whole channels at once: TensorFlow.js has it for sequences alone, or by the shape of what is drawn. */
const channelDropout: Emit<Dropout1d | Dropout2d | Dropout3d> = (writer, { p }, x, name) => {
  const flow = writer.last(x);
  if (x.shape.length === 2) return writer.add("SpatialDropout1D", { rate: p }, flow, x.shape, name);
  throw new Unsupported("");
};

const zeroPad: Emit<ZeroPad2d | ConstantPad2d> = (writer, layer, x, name) => {
  const [left, right, top, bottom] = layer.padding;
  if (layer.value !== 0 || layer.padding.some((each) => each < 0) || x.shape.length !== 3) throw new Unsupported("");
  const config = {
    padding: [
      [top, bottom],
      [left, right],
    ],
    data_format: "channels_last",
  };
  return writer.add("ZeroPadding2D", config, writer.last(x), shapeAfter(layer, x, name), name);
};

const cropping: Emit<Cropping2d> = (writer, layer, x, name) =>
  writer.add(
    "Cropping2D",
    { cropping: layer.cropping, data_format: "channels_last" },
    writer.last(x),
    shapeAfter(layer, x, name),
    name,
  );

const upsample: Emit<Upsample> = (writer, layer, x, name) => {
  const factor = layer.scaleFactor;
  const size = typeof factor === "number" ? [factor, factor] : factor;
  if (layer.mode !== "nearest") throw new Unsupported(`mode "${layer.mode}"`);
  if (x.shape.length !== 3)
    throw new Unsupported(
      x.shape.length === 2 ? "mode nearest along 1 axis" : `mode nearest along ${x.shape.length - 1} axes`,
    );
  if (!size?.every(Number.isInteger)) throw new Unsupported("no whole factor");
  return writer.add(
    "UpSampling2D",
    { size, interpolation: "nearest", data_format: "channels_last" },
    writer.last(x),
    shapeAfter(layer, x, name),
    name,
  );
};

const residual: Emit<Residual> = (writer, { body }, x, name) => {
  const y = writer.layer(body, x, `${name}_body`);
  const [a, b] = x.isLast === y.isLast ? [x, y] : [writer.plain(x), writer.plain(y)];
  return { ...a, result: writer.draft.add(name, "Add", {}, [a.result, b.result]) };
};

const branches: Emit<Branches> = (writer, layer, x, name) => {
  const axis = axisOf(layer, x, name);
  const parts = layer.layers.map((each, i) => writer.plain(writer.layer(each, x, `${name}_${i}`)));
  const result = writer.draft.add(
    name,
    "Concatenate",
    { axis },
    parts.map((part) => part.result),
  );
  return { ...parts[0], result, shape: shapeAfter(layer, x, name) };
};

/** The axis along which results are put together: the one that is as long as all of theirs. */
function axisOf(layer: Branches, x: Flow, name: string): number {
  const whole = shapeAfter(layer, x, name);
  const parts = layer.layers.map((each, i) => shapeAfter(each, x, `${name}_${i}`));
  const axes = whole.flatMap((size, axis) => (parts.reduce((sum, part) => sum + part[axis], 0) === size ? [axis] : []));
  const isJoined = layer.combine.toString() === new Branches([(y: Tensor) => y]).combine.toString();
  if (axes.length !== 1 || !isJoined) throw new Unsupported("a combine of its own");
  return axes[0] + 1;
}

const sequential: Emit<Sequential> = (writer, { layers }, x, name) =>
  layers.reduce<Flow>(
    (flow, layer, i) => writer.layer(layer, flow, name === "layer" ? `layer_${i}` : `${name}_${i}`),
    x,
  );

const emitters: ReadonlyMap<unknown, Emit<unknown>> = new Map<unknown, Emit<never>>([
  [Linear, linear],
  ...[Conv1d, Conv2d, Conv3d].map((kind) => [kind, convolution] as const),
  [ConvTranspose2d, transposedConvolution],
  [ConvTranspose3d, transposedConvolution],
  ...[BatchNorm1d, BatchNorm2d, BatchNorm3d].map((kind) => [kind, batchNorm] as const),
  [LayerNorm, layerNorm],
  [Embedding, embedding],
  [LSTM, recurrent],
  [RNN, recurrent],
  ...[MaxPool1d, MaxPool2d, MaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d].map((kind) => [kind, pooling] as const),
  ...[AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d].map(
    (kind) => [kind, adaptive] as const,
  ),
  [Flatten, flatten],
  [Unflatten, unflatten],
  [Identity, (_: Writer, __: Identity, x: Flow) => x],
  [PReLU, prelu],
  [Dropout, rated("Dropout")],
  [AlphaDropout, rated("AlphaDropout")],
  ...[Dropout1d, Dropout2d, Dropout3d].map((kind) => [kind, channelDropout] as const),
  [
    GaussianNoise,
    (writer: Writer, { deviation }: GaussianNoise, x: Flow, name: string) =>
      writer.add("GaussianNoise", { stddev: deviation }, x, x.shape, name),
  ],
  [ZeroPad2d, zeroPad],
  [ConstantPad2d, zeroPad],
  [Cropping2d, cropping],
  [Upsample, upsample],
  [Residual, residual],
  [Branches, branches],
  [Sequential, sequential],
] as readonly (readonly [unknown, Emit<never>])[]) as unknown as ReadonlyMap<unknown, Emit<unknown>>;
