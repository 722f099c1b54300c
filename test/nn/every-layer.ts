// Every layer, every activation and every loss by name, small and with inputs: what all of them are checked with, in Node and in pages. One
// without a row does not compile.
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { compileInit } from "../../src/compile/init.ts";
import { constant, input } from "../../src/create.ts";
import { topological } from "../../src/graph.ts";
import type * as functional from "../../src/nn/functional.ts";
import * as nn from "../../src/nn/index.ts";
import type { Program } from "../../src/program/program.ts";
import type { Executor, TypedArray } from "../../src/runtime/executor.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import { scalar, Tensor } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { numbers } from "../random.ts";
import { type LossName, lossRows } from "./loss-rows.ts";

/** Names of the classes that simdgrad/nn exports: all are layers. */
type LayerName = {
  [K in keyof typeof nn]: (typeof nn)[K] extends abstract new (...args: never) => unknown ? K : never;
}[keyof typeof nn];
type FunctionName = "rotaryPositions" | "scaledDotProductAttention" | "sinusoidalPositions";
export type Name = LayerName | keyof typeof functional | FunctionName | LossName;

type Run = (...inputs: Tensor[]) => unknown;

/** How a layer is checked. */
export interface Row {
  /** Of its f32 inputs. */
  readonly shapes: readonly Shape[];
  /** A new layer as a function of these: to a tensor, or a list or record of them. */
  make(): Run;
  /** Inputs are between minus this and this; default 1. Whole powers of 2 keep them exact. */
  readonly scale?: number;
  /** Kinks or jumps: gradients are those between them. */
  readonly piecewise?: true;
  /** The axis along which matrices and tensors of more axes may be any number of times as long; default 0. */
  readonly batch?: 0 | 1;
}

type Options = Pick<Row, "scale" | "piecewise" | "batch">;
const piecewise: Options = { piecewise: true };
const sequences: Options = { batch: 1 };
/** How layers get the context that they run with: a test may look on, or give none. */
export const contexts = { make: (): nn.Context => nn.trainingContext(0, scalar(0, "i32")) };
const training = () => contexts.make();

/** A layer of one tensor, as it is while training. */
function one(make: () => nn.Module<Tensor, unknown>, shape: Shape, options: Options = {}): Row {
  return several(make, [shape], (x) => x, options);
}

/** A layer that takes a list or a record. */
function several<Input>(
  make: () => nn.Module<Input, unknown>,
  shapes: readonly Shape[],
  given: (...inputs: Tensor[]) => Input,
  options: Options = {},
): Row {
  const run = (layer: nn.Module<Input, unknown>): Run => {
    return (...inputs) => layer.forward(given(...inputs), training());
  };
  return { shapes, make: () => run(make()), ...options };
}

/** A function of one tensor, on inputs that reach what it does on both sides of 0. */
function plain(run: (x: Tensor) => unknown, options: Options = {}): Row {
  return { shapes: [[3, 4]], make: () => (x) => run(x), scale: 4, ...options };
}

const [line, image, volume]: readonly Shape[] = [
  [2, 2, 6],
  [2, 2, 4, 5],
  [1, 2, 3, 4, 3],
];
const spaces = { 1: line, 2: image, 3: volume };
type Axes = keyof typeof spaces;

/** A layer without parameters over one, two or three axes. */
const spatial = (axes: Axes, make: () => nn.Module, options: Options = {}) => one(make, spaces[axes], options);

/** Puts back what a pooling took. */
function unpooling(
  axes: Axes,
  make: () => [pool: nn.Module<Tensor, readonly [Tensor, Tensor]>, unpool: nn.Module<readonly [Tensor, Tensor]>],
): Row {
  const run = (): Run => {
    const [pool, unpool] = make();
    return (x) => unpool.forward(pool.forward(x, training()), training());
  };
  return { shapes: [spaces[axes]], make: run, piecewise: true };
}
const pairs = { returnIndices: true } as const;

const token = constant([[1, 3, 0]], { dtype: "i32" });
const sequence: Shape = [3, 2, 3];
const lengthsOf = ({ shape: [, batch] }: Tensor) =>
  constant(
    Array.from({ length: batch }, (_, i) => 3 - (i % 2)),
    { dtype: "i32" },
  );
const feedforward = { dimFeedforward: 3, dropout: 0.25, activation: "gelu" } as const;

export const table: Readonly<Record<Name, Row>> = {
  AdaptiveAvgPool1d: spatial(1, () => new nn.AdaptiveAvgPool1d(4)),
  AdaptiveAvgPool2d: spatial(2, () => new nn.AdaptiveAvgPool2d([3, 2])),
  AdaptiveAvgPool3d: spatial(3, () => new nn.AdaptiveAvgPool3d(2)),
  AdaptiveMaxPool1d: spatial(1, () => new nn.AdaptiveMaxPool1d(4), piecewise),
  AdaptiveMaxPool2d: spatial(2, () => new nn.AdaptiveMaxPool2d([3, 2]), piecewise),
  AdaptiveMaxPool3d: spatial(3, () => new nn.AdaptiveMaxPool3d(2), piecewise),
  AlphaDropout: one(() => new nn.AlphaDropout(0.25), [3, 4]),
  AvgPool1d: spatial(1, () => new nn.AvgPool1d(3, { stride: 2, padding: 1 })),
  AvgPool2d: spatial(2, () => new nn.AvgPool2d(2, { stride: 1 })),
  AvgPool3d: spatial(3, () => new nn.AvgPool3d(2, { ceilMode: true })),
  BatchNorm1d: one(() => new nn.BatchNorm1d(3), [5, 3]),
  BatchNorm2d: one(() => new nn.BatchNorm2d(2), image),
  BatchNorm3d: one(() => new nn.BatchNorm3d(2), volume),
  Bilinear: several(
    () => new nn.Bilinear(3, 2, 4),
    [
      [2, 3],
      [2, 2],
    ],
    (a, b) => [a, b] as const,
  ),
  Branches: one(() => new nn.Branches([new nn.Linear(3, 2), nn.tanh]), [2, 3]),
  CircularPad1d: spatial(1, () => new nn.CircularPad1d([1, 2])),
  CircularPad2d: spatial(2, () => new nn.CircularPad2d([1, 2, 0, 1])),
  CircularPad3d: spatial(3, () => new nn.CircularPad3d([1, 0, 2, 1, 1, 0])),
  ConstantPad1d: spatial(1, () => new nn.ConstantPad1d([1, 2], 0.5)),
  ConstantPad2d: spatial(2, () => new nn.ConstantPad2d([1, -1, 0, 1], 0.5)),
  ConstantPad3d: spatial(3, () => new nn.ConstantPad3d(1, 0.5)),
  Conv1d: one(() => new nn.Conv1d(2, 4, 3, { groups: 2, dilation: 2, padding: 1 }), line),
  Conv2d: one(() => new nn.Conv2d(2, 3, [2, 3], { stride: [1, 2], padding: 1, paddingMode: "reflect" }), image),
  Conv3d: one(() => new nn.Conv3d(2, 2, 2, { padding: "same" }), [1, 2, 3, 2, 3]),
  ConvTranspose1d: one(() => new nn.ConvTranspose1d(2, 4, 3, { groups: 2, stride: 2, outputPadding: 1 }), [2, 2, 3]),
  ConvTranspose2d: one(() => new nn.ConvTranspose2d(2, 3, [2, 3], { stride: [1, 2], padding: 1 }), [1, 2, 3, 3]),
  ConvTranspose3d: one(() => new nn.ConvTranspose3d(2, 2, 2), [1, 2, 2, 3, 2]),
  Cropping1d: spatial(1, () => new nn.Cropping1d([[1, 2]])),
  Cropping2d: spatial(
    2,
    () =>
      new nn.Cropping2d([
        [1, 0],
        [0, 2],
      ]),
  ),
  Cropping3d: spatial(
    3,
    () =>
      new nn.Cropping3d([
        [1, 0],
        [0, 2],
        [1, 1],
      ]),
  ),
  Dropout: one(() => new nn.Dropout(0.25), [3, 4]),
  Dropout1d: spatial(1, () => new nn.Dropout1d(0.5)),
  Dropout2d: spatial(2, () => new nn.Dropout2d(0.5)),
  Dropout3d: one(() => new nn.Dropout3d(0.5), [2, 3, 1, 2, 2]),
  DropPath: one(() => new nn.DropPath(0.5), [5, 2]),
  Embedding: {
    shapes: [],
    make: () => {
      const layer = new nn.Embedding(5, 3);
      return () => layer.forward(token);
    },
  },
  EmbeddingBag: {
    shapes: [],
    make: () => {
      const layer = new nn.EmbeddingBag(5, 3, { paddingIdx: 0 });
      return () => layer.forward(token);
    },
  },
  Flatten: one(() => new nn.Flatten(), [2, 3, 2]),
  Fold: one(() => new nn.Fold([4, 4], 3, { padding: 1, stride: 2 }), [1, 9, 4]),
  GaussianNoise: one(() => new nn.GaussianNoise(0.5), [3, 4]),
  GroupNorm: one(() => new nn.GroupNorm(2, 4), [2, 4, 3]),
  GRU: several(
    () => new nn.GRU(3, 2, { bidirectional: true }),
    [sequence, [2, 2, 2]],
    (x, state) => ({ input: x, state, lengths: lengthsOf(x) }),
    sequences,
  ),
  GRUCell: several(
    () => new nn.GRUCell(3, 2),
    [
      [2, 3],
      [2, 2],
    ],
    (x, h) => [x, h] as const,
  ),
  Identity: one(() => new nn.Identity(), [2, 3]),
  InstanceNorm1d: spatial(1, () => new nn.InstanceNorm1d(2)),
  InstanceNorm2d: spatial(2, () => new nn.InstanceNorm2d(2, { affine: true })),
  InstanceNorm3d: spatial(3, () => new nn.InstanceNorm3d(2, { affine: true, trackRunningStats: true })),
  LayerNorm: one(() => new nn.LayerNorm(5), [3, 5]),
  Linear: one(() => new nn.Linear(3, 4), [2, 3]),
  LocalResponseNorm: one(() => new nn.LocalResponseNorm(3, { alpha: 0.5 }), [2, 4, 3]),
  LPPool1d: spatial(1, () => new nn.LPPool1d(2, 3, { stride: 2 })),
  LPPool2d: spatial(2, () => new nn.LPPool2d(4, 2)),
  LSTM: several(
    () => new nn.LSTM(3, 3, { numLayers: 2, projSize: 2, dropout: 0.25 }),
    [sequence, [2, 2, 2], [2, 2, 3]],
    (x, h, c) => ({ input: x, state: [h, c] as const, lengths: lengthsOf(x) }),
    sequences,
  ),
  LSTMCell: several(
    () => new nn.LSTMCell(3, 2),
    [
      [2, 3],
      [2, 2],
      [2, 2],
    ],
    (x, h, c) => [x, [h, c]] as const,
  ),
  MaxPool1d: spatial(1, () => new nn.MaxPool1d(3, { stride: 2, padding: 1 }), piecewise),
  MaxPool2d: spatial(2, () => new nn.MaxPool2d(2, { stride: 1, dilation: 2 }), piecewise),
  MaxPool3d: spatial(3, () => new nn.MaxPool3d(2, { ceilMode: true }), piecewise),
  MaxUnpool1d: unpooling(1, () => [new nn.MaxPool1d(2, pairs), new nn.MaxUnpool1d(2)]),
  MaxUnpool2d: unpooling(2, () => [new nn.MaxPool2d(2, pairs), new nn.MaxUnpool2d(2)]),
  MaxUnpool3d: unpooling(3, () => [new nn.MaxPool3d(2, pairs), new nn.MaxUnpool3d(2)]),
  MultiheadAttention: several(
    () => new nn.MultiheadAttention(4, 2, { kdim: 3, vdim: 2, dropout: 0.25 }),
    [
      [2, 1, 4],
      [3, 1, 3],
      [3, 1, 2],
    ],
    (query, key, value) => ({ query, key, value }),
    sequences,
  ),
  PixelShuffle: one(() => new nn.PixelShuffle(2), [1, 4, 2, 3]),
  PixelUnshuffle: one(() => new nn.PixelUnshuffle(2), [1, 2, 4, 2]),
  PReLU: one(() => new nn.PReLU(3), [4, 3], piecewise),
  ReflectionPad1d: spatial(1, () => new nn.ReflectionPad1d([1, 2])),
  ReflectionPad2d: spatial(2, () => new nn.ReflectionPad2d([1, 2, 0, 1])),
  ReflectionPad3d: spatial(3, () => new nn.ReflectionPad3d([1, 0, 2, 1, 1, 0])),
  ReplicationPad1d: spatial(1, () => new nn.ReplicationPad1d([1, 2])),
  ReplicationPad2d: spatial(2, () => new nn.ReplicationPad2d([1, 2, 0, 1])),
  ReplicationPad3d: spatial(3, () => new nn.ReplicationPad3d([1, 0, 2, 1, 1, 0])),
  Residual: one(() => new nn.Residual(new nn.Sequential(new nn.Linear(3, 3), nn.tanh)), [2, 3]),
  RMSNorm: one(() => new nn.RMSNorm(5), [3, 5]),
  RNN: several(
    () => new nn.RNN(3, 2),
    [sequence, [1, 2, 2]],
    (x, state) => ({ input: x, state }),
    sequences,
  ),
  RNNCell: several(
    () => new nn.RNNCell(3, 2),
    [
      [2, 3],
      [2, 2],
    ],
    (x, h) => [x, h] as const,
  ),
  RReLU: one(() => new nn.RReLU(), [3, 4], piecewise),
  Sequential: one(() => new nn.Sequential(new nn.Linear(3, 4), nn.tanh, new nn.Linear(4, 2)), [2, 3]),
  // While training, u and v follow the weight, and gradients take them as they are: differences would see them move.
  SpectralNorm: {
    shapes: [[2, 3]],
    make: () => {
      const layer = new nn.SpectralNorm(new nn.Linear(3, 4));
      return (x) => layer.forward(x, nn.evaluationContext());
    },
  },
  Stateful: {
    shapes: [sequence],
    batch: 1,
    make: () => {
      let layer: nn.Stateful | undefined;
      return (x) => {
        layer ??= new nn.Stateful(new nn.GRU(3, 2, { numLayers: 2 }), x.shape[1]);
        return layer.forward({ input: x, fresh: lengthsOf(x).equal(2), lengths: lengthsOf(x) }, training());
      };
    },
  },
  Transformer: several(
    () => new nn.Transformer(4, 2, { numEncoderLayers: 1, numDecoderLayers: 1, ...feedforward }),
    [
      [2, 1, 4],
      [3, 1, 4],
    ],
    (src, tgt) => ({ src, tgt, tgtIsCausal: true }),
    sequences,
  ),
  TransformerDecoder: several(
    () => new nn.TransformerDecoder([new nn.TransformerDecoderLayer(4, 1, feedforward)]),
    [
      [2, 1, 4],
      [3, 1, 4],
    ],
    (tgt, memory) => ({ tgt, memory }),
    sequences,
  ),
  TransformerDecoderLayer: several(
    () => new nn.TransformerDecoderLayer(4, 2, feedforward),
    [
      [3, 1, 4],
      [2, 1, 4],
    ],
    (tgt, memory) => ({ tgt, memory, isCausal: true }),
    sequences,
  ),
  TransformerEncoder: one(
    () => new nn.TransformerEncoder([new nn.TransformerEncoderLayer(4, 1, feedforward)], { norm: new nn.LayerNorm(4) }),
    [2, 1, 4],
    sequences,
  ),
  TransformerEncoderLayer: several(
    () => new nn.TransformerEncoderLayer(4, 2, { ...feedforward, normFirst: true }),
    [[3, 1, 4]],
    (src) => ({ src, isCausal: true }),
    sequences,
  ),
  Unflatten: one(() => new nn.Unflatten(1, [2, -1]), [3, 6]),
  Unfold: one(() => new nn.Unfold([2, 3], { padding: 1, stride: 2 }), image),
  Upsample: one(() => new nn.Upsample({ scaleFactor: 2, mode: "bilinear" }), [1, 2, 2, 3]),
  WeightNorm: one(() => new nn.WeightNorm(new nn.Linear(3, 4)), [2, 3]),
  ZeroPad2d: spatial(2, () => new nn.ZeroPad2d([1, 2, 0, 1])),

  rotaryPositions: { shapes: [[2, 3, 4]], make: () => (x) => nn.rotaryPositions(x) },
  scaledDotProductAttention: {
    shapes: [
      [2, 3, 2],
      [1, 3, 2],
      [1, 3, 4],
    ],
    make: () => (q, k, v) => nn.scaledDotProductAttention(q, k, v, { isCausal: true }),
  },
  sinusoidalPositions: { shapes: [], make: () => () => nn.sinusoidalPositions(4, 6) },

  celu: plain(nn.celu, piecewise),
  elu: plain((x) => nn.elu(x, 0.5), piecewise),
  gelu: plain(nn.gelu),
  glu: plain(nn.glu),
  hardshrink: plain(nn.hardshrink, piecewise),
  hardSigmoid: plain(nn.hardSigmoid, piecewise),
  hardSwish: plain(nn.hardSwish, piecewise),
  hardtanh: plain(nn.hardtanh, piecewise),
  leakyRelu: plain(nn.leakyRelu, piecewise),
  logSigmoid: plain(nn.logSigmoid),
  logSoftmax: plain(nn.logSoftmax),
  mish: plain(nn.mish),
  prelu: { shapes: [[3, 4], [4]], make: () => (x, weight) => nn.prelu(x, weight), piecewise: true },
  relu: plain(nn.relu, piecewise),
  relu6: plain(nn.relu6, { scale: 16, piecewise: true }),
  rrelu: plain((x) => nn.rrelu(x, 0.25, 0.5, training().key()), piecewise),
  selu: plain(nn.selu, piecewise),
  sigmoid: plain(nn.sigmoid),
  silu: plain(nn.silu),
  softmax: plain(nn.softmax),
  softmin: plain(nn.softmin),
  softplus: plain(nn.softplus),
  softshrink: plain(nn.softshrink, piecewise),
  softsign: plain(nn.softsign, piecewise),
  swiglu: plain(nn.swiglu),
  tanh: plain(nn.tanh),
  tanhshrink: plain(nn.tanhshrink),
  threshold: plain((x) => nn.threshold(x, 0.5, -1), piecewise),

  ...lossRows,
};

export const names = Object.keys(table) as Name[];

/** A layer at a point: its inputs with their numbers, what it reads that is trained, its results. */
export interface Sample {
  readonly run: (...inputs: Tensor[]) => Tensor;
  readonly inputs: readonly (readonly [tensor: Tensor, data: Float64Array])[];
  readonly parameters: readonly Variable[];
  readonly results: readonly Tensor[];
}

/** All tensors in lists and records. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return Object.values(value as object).flatMap(tensorsIn);
}

/** Numbers of -1 to 1 with 16 bits, which are the same in every precision and every engine. */
function drawn(shape: Shape, seed: number): Float64Array {
  const next = numbers(seed);
  return Float64Array.from({ length: sizeOf(shape) }, () => Math.floor(next() * 65536) / 32768 - 1);
}

/** Their sum, each element times a number of its own. */
function weighed(tensors: readonly Tensor[], seed: number): Tensor {
  return tensors
    .map((tensor, i) => tensor.mul(constant(drawn(tensor.shape, seed + i), { shape: tensor.shape })).sum())
    .reduce((sum, part) => sum.add(part));
}

/** @param least so many elements at least in the largest of its inputs, by making its batch longer */
export function sampleOf({ shapes, make, scale = 1, batch = 0 }: Row, least = 1): Sample {
  const layer = make();
  const times = Math.ceil(least / Math.max(...shapes.map(sizeOf)));
  const inputs = shapes.map((shape, i) => {
    const longer = shape.map((size, axis) => (shape.length > 1 && axis === batch ? size * times : size));
    return [input(longer), drawn(longer, i + 1).map((value) => value * scale)] as const;
  });
  const results = tensorsIn(layer(...inputs.map(([tensor]) => tensor)));
  const parameters = variablesUnder(results).filter(({ trainable }) => trainable);
  return { run: (...given) => weighed(tensorsIn(layer(...given)), 100), inputs, parameters, results };
}

function variablesUnder(tensors: readonly Tensor[]): Variable[] {
  return topological(tensors).filter((node) => node instanceof Variable);
}

/** Programs of a sample: its first values; its results, gradients of a weighed sum of them, and theirs. */
export interface Programs {
  readonly first: Program;
  readonly program: Program;
  readonly data: readonly Float64Array[];
  readonly outputs: readonly string[];
}

export function programsOf({ inputs, parameters, results }: Sample): Programs {
  const tensors = inputs.map(([tensor]) => tensor);
  const wrt = [...tensors, ...parameters];
  const first = wrt.length === 0 ? [] : grad(weighed(results, 100), wrt);
  const second = wrt.length === 0 ? [] : grad(weighed(first, 200), wrt);
  const named = (prefix: string, list: readonly Tensor[]) =>
    list.map((tensor, i) => [`${prefix} ${i}`, tensor] as const);
  const outputs = Object.fromEntries([
    ...named("value", results),
    ...named("gradient", first),
    ...named("second", second),
  ]);
  const variables = new Map(variablesUnder(Object.values(outputs)).map((variable, i) => [`${i}`, variable]));
  return {
    first: compileInit(variables, 0),
    program: compile({ inputs: Object.fromEntries(named("x", tensors)), outputs }),
    data: inputs.map(([, values]) => values),
    outputs: Object.keys(outputs),
  };
}

/** Every output of a sample by its name. */
export async function resultsOn(
  executor: Executor,
  { first, program, data, outputs }: Programs,
): Promise<Record<string, TypedArray>> {
  const [before, id] = [await executor.load(first), await executor.load(program)];
  await executor.run([[before, 1]]).done;
  for (const [i, values] of data.entries()) await executor.write({ program: id, name: `x ${i}` }, values);
  await executor.run([[id, 1]]).done;
  const results = await executor.readAll(outputs.map((name) => ({ program: id, name })));
  await executor.unload(before);
  await executor.unload(id);
  return Object.fromEntries(outputs.map((name, i) => [name, results[i]]));
}
