// Layers that ONNX has nodes for as a whole, which would else be loops, or many nodes: recurrent ones, batch norms, resizing ones.
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from "../../nn/batch-normalization.ts";
import { GRU, LSTM, RNN, type SequenceInput } from "../../nn/recurrent.ts";
import { Upsample } from "../../nn/resizing.ts";
import { relu } from "../../ops/elementwise.ts";
import { scalar, Tensor } from "../../tensor.ts";
import type { Variable } from "../../variable.ts";
import type { Size } from "./sizes.ts";
import type { Run } from "./trace.ts";
import type { Writer } from "./writer.ts";

/** How a run of a layer is written in place of what it computes. */
export interface Plan {
  /** Tensors that it gives, of the first batch. */
  readonly results: readonly Tensor[];
  /** What must be written before. */
  readonly needs: readonly Tensor[];
  /** Gives each of the results a value. */
  write(writer: Writer): void;
}

const planned = [RNN, GRU, LSTM, BatchNorm1d, BatchNorm2d, BatchNorm3d, Upsample] as const;

/** Whether runs of a layer may have plans: one that computes what the library's does, and not something of its own. */
export function isPlanned(part: object): boolean {
  const { forward } = part as { readonly forward?: unknown };
  return planned.some((Kind) => part instanceof Kind && forward === Kind.prototype.forward);
}

type Recurrent = RNN | GRU | LSTM;

function isRecurrent(part: object): part is Recurrent {
  return part instanceof RNN || part instanceof GRU || part instanceof LSTM;
}

function isBatchNorm(part: object): part is BatchNorm1d | BatchNorm2d | BatchNorm3d {
  return part instanceof BatchNorm1d || part instanceof BatchNorm2d || part instanceof BatchNorm3d;
}

/** The plan of a layer's run, of the first batch; undefined where its ops are written one by one. */
export function planOf({ layer, given, result }: Run): Plan | undefined {
  if (isRecurrent(layer)) return recurrent(layer, given as Tensor | Given, result);
  if (isBatchNorm(layer)) return batchNorm(layer, given as Tensor, result as Tensor);
  return layer instanceof Upsample ? resize(layer, given as Tensor, result as Tensor) : undefined;
}

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias
function batchNorm(layer: BatchNorm1d | BatchNorm2d | BatchNorm3d, x: Tensor, y: Tensor): Plan | undefined {
  const { runningMean, runningVariance, weight, bias, epsilon, numFeatures } = layer;
  if (runningMean === undefined || runningVariance === undefined) return undefined;
  const given = [weight, bias].filter((each) => each !== undefined);
  return {
    results: [y],
    needs: [x, runningMean, runningVariance, ...given],
    write(writer) {
      const filled = (value: number) => writer.numbers(new Float32Array(numFeatures).fill(value), [numFeatures], "f32");
      const inputs = [
        writer.value(x),
        weight ? writer.value(weight) : filled(1),
        bias ? writer.value(bias) : filled(0),
        writer.value(runningMean),
        writer.value(runningVariance),
      ];
      writer.give(y, writer.add("BatchNormalization", inputs, { epsilon: { float: epsilon } }));
    },
  };
}

type Given = SequenceInput<Tensor | readonly Tensor[]>;

interface Kind {
  readonly op: "RNN" | "GRU" | "LSTM";
  /** Which of PyTorch's gates stands in the place of each of ONNX's. */
  readonly gates: readonly number[];
  readonly attributes: Readonly<Record<string, number>>;
}

const kinds: Readonly<Record<string, Kind>> = {
  RNN: { op: "RNN", gates: [0], attributes: {} },
  GRU: { op: "GRU", gates: [1, 0, 2], attributes: { linear_before_reset: 1 } },
  LSTM: { op: "LSTM", gates: [0, 3, 1, 2], attributes: {} },
};

function recurrent(layer: Recurrent, given: Tensor | Given, result: unknown): Plan | undefined {
  const { stack } = layer;
  const kind = kinds[stack.name];
  const [[{ hr }]] = stack.layers;
  if (kind === undefined || hr !== undefined) return undefined; // ONNX's LSTM has no projection
  const { input, state, lengths }: Given = given instanceof Tensor ? { input: given } : given;
  const { output, state: end } = (result instanceof Tensor ? { output: result } : result) as Partial<Given> & {
    readonly output: Tensor;
  };
  const tensors = (list: Given["state"]) => (list === undefined ? [] : ([list].flat() as Tensor[]));
  const ends = { input, first: tensors(state), lengths, output, last: tensors(end) };
  const weights = stack.names().map(([, variable]) => variable);
  return {
    results: [output, ...ends.last],
    needs: [input, ...ends.first, ...weights, ...(lengths ? [lengths] : [])],
    write: (writer) => writeRecurrent(writer, layer, kind, ends),
  };
}

/** What goes into a stack of layers, and comes out. */
interface Ends {
  readonly input: Tensor;
  readonly first: readonly Tensor[];
  readonly lengths: Tensor | undefined;
  readonly output: Tensor;
  readonly last: readonly Tensor[];
}

function writeRecurrent(writer: Writer, { stack }: Recurrent, kind: Kind, ends: Ends): void {
  const { batchFirst, layers, widths } = stack;
  const { input, first, lengths, output, last } = ends;
  const [directions] = layers.map(({ length }) => length);
  const turn = (name: string) => (batchFirst ? writer.add("Transpose", [name], { perm: [1, 0, 2] }) : name);
  const sizes = writer.sizesOf(input);
  const [length, rows] = batchFirst ? [sizes[1], sizes[0]] : sizes;
  // Longer ones count as all there are.
  const steps = lengths ? writer.add("Min", [writer.value(lengths), writer.cast(writer.int(length), "int32")]) : "";
  const attributes = {
    hidden_size: widths[0],
    direction: directions === 2 ? "bidirectional" : "forward",
    ...kind.attributes,
    ...(kind.op === "RNN" && { activations: Array<string>(directions).fill(activationOf(stack)) }),
  };
  const states: (readonly string[])[] = [];
  let x = turn(writer.value(input));
  for (const [layer, sides] of layers.entries()) {
    const start = first.map((each) => part(writer, writer.value(each), layer, layers.length, directions));
    const inputs = [x, ...weightsOf(writer, sides, kind.gates), steps, ...start];
    const [y, ...state] = writer.addAll(kind.op, inputs, 1 + widths.length, attributes);
    states.push(state);
    x = sideBySide(writer, y, [length, directions, rows, widths[0]]);
  }
  writer.give(output, turn(x));
  for (const [i, end] of last.entries()) {
    const each = states.map((state) => state[i]);
    writer.give(end, each.length === 1 ? each[0] : writer.add("Concat", each, { axis: 0 }));
  }
}

/** The state of one layer, of those of all. */
function part(writer: Writer, all: string, layer: number, layers: number, directions: number): string {
  if (layers === 1) return all;
  const [from, to] = [layer, layer + 1].map((at) => writer.int64([at * directions]));
  return writer.add("Slice", [all, from, to, writer.int64([0])]);
}

/** [T, directions, N, H] as [T, N, directions H]. */
function sideBySide(writer: Writer, y: string, sizes: readonly Size[]): string {
  const [length, directions, rows, hidden] = sizes;
  if (directions === 1) return writer.add("Squeeze", [y, writer.int64([1])]);
  const name = writer.add("Transpose", [y], { perm: [0, 2, 1, 3] });
  const flat = [length, rows, Number(directions) * Number(hidden)];
  return writer.reshaped({ name, sizes: [length, rows, directions, hidden] }, flat);
}

/** W, R and B of a node, of all directions. */
function weightsOf(writer: Writer, sides: Recurrent["stack"]["layers"][number], gates: readonly number[]): string[] {
  const each = (of: (side: (typeof sides)[number]) => string) => together(writer, sides.map(of));
  const row = (weight: Variable) => reordered(writer, weight, gates);
  const biases = each(({ biasIh, biasHh }) =>
    biasIh && biasHh ? writer.add("Concat", [row(biasIh), row(biasHh)], { axis: 0 }) : "",
  );
  return [each(({ ih }) => row(ih)), each(({ hh }) => row(hh)), biases];
}

/** Rows of a weight or a bias, gate by gate in ONNX's order. */
function reordered(writer: Writer, weight: Variable, gates: readonly number[]): string {
  const name = writer.value(weight);
  if (gates.every((gate, i) => gate === i)) return name;
  const size = weight.shape[0] / gates.length;
  const rows = gates.flatMap((gate) => Array.from({ length: size }, (_, i) => gate * size + i));
  return writer.add("Gather", [name, writer.int64(rows)], { axis: 0 });
}

/** One for each direction along a new first axis. */
function together(writer: Writer, names: readonly string[]): string {
  if (names.includes("")) return "";
  const parts = names.map((name) => writer.add("Unsqueeze", [name, writer.int64([0])]));
  return parts.length === 1 ? parts[0] : writer.add("Concat", parts, { axis: 0 });
}

/** The activation of an RNN, as a step of it is made. */
function activationOf({ kind }: RNN["stack"]): string {
  const { next } = kind.step(scalar(1), scalar(1), [scalar(1)]);
  return next[0].op === relu ? "Relu" : "Tanh";
}

const modes = {
  nearest: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
  "nearest-exact": { mode: "nearest", coordinate_transformation_mode: "half_pixel", nearest_mode: "round_prefer_ceil" },
  linear: { mode: "linear" },
  bilinear: { mode: "linear" },
  trilinear: { mode: "linear" },
  bicubic: { mode: "cubic", cubic_coeff_a: { float: -0.75 } },
} as const;

/** One an axis, where there are some. */
function factorsOf({ scaleFactor }: Upsample, axes: number): readonly number[] | undefined {
  if (scaleFactor === undefined) return undefined;
  return typeof scaleFactor === "number" ? Array<number>(axes).fill(scaleFactor) : scaleFactor;
}

function resize(layer: Upsample, x: Tensor, y: Tensor): Plan | undefined {
  const { mode, alignCorners = false } = layer;
  const [before, after] = [x.shape.slice(2), y.shape.slice(2)];
  const factors = factorsOf(layer, before.length);
  // By a factor ONNX counts in float32, and it leaves an axis as it is that is moved here.
  const isSame = (from: number, factor: number, to: number) =>
    Math.floor(Math.fround(from * Math.fround(factor))) === to && (from !== to || factor === 1);
  if (y === x || !(factors?.every((factor, i) => isSame(before[i], factor, after[i])) ?? true)) return undefined;
  // Linear ones are of two axes at the least.
  const isLine = mode === "linear";
  const wide = (sizes: readonly Size[]) => (isLine ? sizes.toSpliced(2, 0, 1) : sizes);
  const places = alignCorners ? "align_corners" : "half_pixel";
  const attributes = { ...modes[mode], ...(!mode.startsWith("nearest") && { coordinate_transformation_mode: places }) };
  return {
    results: [y],
    needs: [x],
    write(writer) {
      const from = writer.as(x, wide(writer.sizesOf(x)));
      const sizes = wide(writer.sizesOf(y));
      // Where corners stay, sizes alone count: readers differ in what they make of a factor.
      const to =
        factors === undefined || alignCorners
          ? ["", writer.ints(sizes)]
          : [writer.numbers(wide([1, 1, ...factors]) as number[], [sizes.length], "f32")];
      writer.give(y, writer.add("Resize", [from, "", ...to], attributes), sizes);
    },
  };
}
