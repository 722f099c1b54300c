// Layers that ONNX has nodes for as a whole, which would else be loops, or many nodes: recurrent ones, batch norms, resizing ones.
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from "../../nn/batch-normalization.ts";
import { GRU, LSTM, RNN, type SequenceInput } from "../../nn/recurrent.ts";
import { Upsample } from "../../nn/resizing.ts";
import { relu } from "../../ops/elementwise.ts";
import { sizeOf } from "../../shape.ts";
import { scalar, Tensor } from "../../tensor.ts";
import type { Variable } from "../../variable.ts";
import { type Size, sizesFrom } from "./sizes.ts";
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

/** Whether runs of a layer may have plans. */
export function isPlanned(part: object): boolean {
  return isRecurrent(part) || isBatchNorm(part) || part instanceof Upsample;
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
  const first = state === undefined ? [] : ([state].flat() as Tensor[]);
  const weights = stack.layers.flatMap((directions) =>
    directions.flatMap(({ ih, hh, biasIh, biasHh }) => [ih, hh, biasIh, biasHh].filter((each) => each !== undefined)),
  );
  const { output, state: end } =
    result instanceof Tensor
      ? { output: result, state: undefined }
      : (result as { readonly output: Tensor; readonly state: Tensor | readonly Tensor[] });
  const ends = end === undefined ? [] : ([end].flat() as Tensor[]);
  const results = [output, ...ends];
  if (results.some((each) => each === input)) return undefined;
  return {
    results,
    needs: [input, ...first, ...weights, ...(lengths ? [lengths] : [])],
    write: (writer) => writeRecurrent(writer, layer, kind, { input, first, lengths }, { output, ends }),
  };
}

function writeRecurrent(
  writer: Writer,
  { stack }: Recurrent,
  kind: Kind,
  { input, first, lengths }: { readonly input: Tensor; readonly first: readonly Tensor[]; readonly lengths?: Tensor },
  { output, ends }: { readonly output: Tensor; readonly ends: readonly Tensor[] },
): void {
  const { batchFirst, layers, widths } = stack;
  const directions = layers[0].length;
  const [hidden] = widths;
  const sizes = writer.sizesOf(input);
  const [length, rows] = batchFirst ? [sizes[1], sizes[0]] : sizes;
  const turn = (name: string) => writer.add("Transpose", [name], { perm: [1, 0, 2] });
  let x = batchFirst ? turn(writer.value(input)) : writer.value(input);
  const steps = lengths && writer.add("Min", [writer.value(lengths), writer.cast(writer.int(length), "int32")]);
  const last: string[][] = widths.map(() => []);
  for (const [layer, sides] of layers.entries()) {
    const start = first.map((each) => {
      if (layers.length === 1) return writer.value(each);
      const [from, to] = [layer * directions, (layer + 1) * directions].map((at) => writer.int64([at]));
      return writer.add("Slice", [writer.value(each), from, to, writer.int64([0])]);
    });
    const [w, r] = (["ih", "hh"] as const).map((key) =>
      together(
        writer,
        sides.map((side) => reordered(writer, side[key], kind.gates)),
      ),
    );
    const hasBias = sides.every(({ biasIh, biasHh }) => biasIh !== undefined && biasHh !== undefined);
    const b = together(
      writer,
      sides.map(({ biasIh, biasHh }) =>
        biasIh && biasHh
          ? writer.add("Concat", [reordered(writer, biasIh, kind.gates), reordered(writer, biasHh, kind.gates)], {
              axis: 0,
            })
          : "",
      ),
    );
    const outputs = writer.addAll(kind.op, [x, w, r, hasBias ? b : "", steps ?? "", ...start], 1 + widths.length, {
      hidden_size: hidden,
      direction: directions === 2 ? "bidirectional" : "forward",
      ...kind.attributes,
      ...(kind.op === "RNN" && { activations: sides.map(() => activationOf(stack)) }),
    });
    const [y, ...own] = outputs;
    for (const [i, name] of own.entries()) last[i].push(name);
    const of = [length, directions, rows, hidden];
    const flat: Size[] = [length, rows, directions * hidden];
    x =
      directions === 1
        ? writer.add("Squeeze", [y, writer.int64([1])])
        : writer.reshaped(
            { name: writer.add("Transpose", [y], { perm: [0, 2, 1, 3] }), sizes: [0, 2, 1, 3].map((axis) => of[axis]) },
            flat,
          );
  }
  writer.give(output, batchFirst ? turn(x) : x);
  for (const [i, end] of ends.entries())
    writer.give(end, last[i].length === 1 ? last[i][0] : writer.add("Concat", last[i], { axis: 0 }));
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

function resize(layer: Upsample, x: Tensor, y: Tensor): Plan | undefined {
  const { mode, size, scaleFactor, alignCorners = false } = layer;
  const before = x.shape.slice(2);
  const after = y.shape.slice(2);
  const factors =
    scaleFactor === undefined ? undefined : before.map((_, i) => [scaleFactor].flat()[i] ?? [scaleFactor].flat()[0]);
  // By a factor ONNX rounds in float32, and it may leave an axis as it is where it is moved here.
  const isExact = before.every(
    (from, i) => factors === undefined || Math.floor(Math.fround(from * Math.fround(factors[i]))) === after[i],
  );
  const isMoved = before.every((from, i) => from !== after[i] || factors === undefined || factors[i] === 1);
  if (y === x || !isExact || !isMoved || sizeOf(before) === 0 || (size === undefined && factors === undefined))
    return undefined;
  return {
    results: [y],
    needs: [x],
    write(writer) {
      const sizes = writer.sizesOf(x);
      const isLine = mode === "linear";
      // Linear ones are of two axes at the least.
      const wide = (list: readonly Size[]) => (isLine ? [list[0], list[1], 1, list[2]] : list);
      const from = isLine ? writer.as(x, wide(sizes)) : writer.value(x);
      const to = sizesFrom(writer.twinsOf(y).map(({ shape }) => shape));
      const attributes = {
        ...modes[mode],
        ...(!mode.startsWith("nearest") && {
          coordinate_transformation_mode: alignCorners ? "align_corners" : "half_pixel",
        }),
      };
      const scales =
        factors && writer.numbers(wide([1, 1, ...factors]) as number[], [isLine ? 4 : 2 + factors.length], "f32");
      const inputs = scales ? [from, "", scales] : [from, "", "", writer.ints(wide(to))];
      const name = writer.add("Resize", inputs, attributes);
      writer.give(y, name, wide(to));
    },
  };
}
