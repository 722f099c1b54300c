// Layers that are torch's own: they are written by their names, with their options.

import { input } from "../../create.ts";
import * as batch from "../../nn/batch-normalization.ts";
import * as convolutions from "../../nn/convolution.ts";
import { Embedding } from "../../nn/embedding.ts";
import { GroupNorm } from "../../nn/group-normalization.ts";
import { Linear } from "../../nn/layers.ts";
import { LayerNorm } from "../../nn/normalization.ts";
import { GRU, LSTM, RNN } from "../../nn/recurrent.ts";
import { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d } from "../../nn/regularization.ts";
import type { Run } from "../../onnx/export/trace.ts";
import { nondifferentiable, type Op } from "../../op.ts";
import { paddingOf } from "../../ops/convolve.ts";
import { relu } from "../../ops/elementwise.ts";
import { scalar, Tensor } from "../../tensor.ts";
import type { Variable } from "../../variable.ts";
import type { Code } from "./code.ts";
import { bare, each, flag, numberText, quoted } from "./python.ts";

/** How a run of a layer is written in place of what it computes. */
export interface Plan {
  /** Tensors that it gives, and what must be written before, both of the first batch. */
  readonly results: readonly Tensor[];
  readonly needs: readonly Tensor[];
  /** Gives each of the results what it is; `layer` is the layer at its place in the model. */
  write(code: Code, layer: () => string): void;
  /** What makes the layer. */
  readonly made: string;
}

const dropouts = { Dropout, Dropout1d, Dropout2d, Dropout3d, AlphaDropout };
const conv = { Conv1d: convolutions.Conv1d, Conv2d: convolutions.Conv2d, Conv3d: convolutions.Conv3d };
const transposed = {
  ConvTranspose1d: convolutions.ConvTranspose1d,
  ConvTranspose2d: convolutions.ConvTranspose2d,
  ConvTranspose3d: convolutions.ConvTranspose3d,
};
const batchNorms = { BatchNorm1d: batch.BatchNorm1d, BatchNorm2d: batch.BatchNorm2d, BatchNorm3d: batch.BatchNorm3d };
const recurrent = { RNN, GRU, LSTM };
const others = { Linear, LayerNorm, GroupNorm, Embedding };
const kinds = { ...dropouts, ...conv, ...transposed, ...batchNorms, ...recurrent, ...others };

type Kind = (typeof kinds)[keyof typeof kinds];

/** Torch's name of a layer that computes what the library's does, and not something of its own. */
function kindOf(part: object): keyof typeof kinds | undefined {
  const { forward } = part as { readonly forward?: unknown };
  const found = Object.entries(kinds).find(
    ([, one]: [string, Kind]) => part instanceof one && forward === one.prototype.forward,
  );
  return found?.[0] as keyof typeof kinds | undefined;
}

/** Whether runs of a layer may have plans. */
export function isOfTorch(part: object): boolean {
  return kindOf(part) !== undefined;
}

export function isBatchNorm(layer: object): layer is batch.BatchNorm2d {
  return Object.values(batchNorms).some((one) => layer instanceof one);
}

/** What a layer of torch's makes of its input, in place of what the library's makes of it. */
export const ofTorch: Op<{ readonly layer: object }> = {
  name: "layer",
  infer: ([aval]) => aval,
  vjp: nondifferentiable,
  lowering: { kind: "view" },
  key: () => undefined,
};

/**
 * What stands for the results of layers that do something else when they train: dropouts draw, batch norms look at the batch. So both ways to run
 * are the same, and how the library does it does not matter. Each reads something that is never known, as its numbers are not.
 */
export function standIn({ layer, given, result }: Run): unknown {
  const isMeant = isBatchNorm(layer) || Object.values(dropouts).some((one) => layer instanceof one);
  if (!isMeant || !(given instanceof Tensor)) return result;
  return new Tensor(ofTorch as Op, [given, input([])], { layer }, given);
}

/** The plan of a layer's run; undefined where its ops are written one by one. */
export function planOf(run: Run): Plan | undefined {
  const { layer, given, result } = run;
  const kind = kindOf(layer);
  if (kind === undefined) return undefined;
  if (kind in recurrent) return ofRecurrent(layer as RNN | GRU | LSTM, given, result);
  if (!(given instanceof Tensor) || !(result instanceof Tensor)) return undefined;
  const made = kind in dropouts || kind in batchNorms ? undefined : madeOf(kind, layer as never);
  if (made === undefined) return undefined;
  return {
    results: [result],
    needs: [given],
    made: `nn.${kind}(${made})`,
    write: (code, place) => code.give(result, `${place()}(${bare(code.text(given))})`, stemOf(kind)),
  };
}

/** What results of a layer are called. */
function stemOf(kind: string): string {
  return kind.replace(/\d+d$/, "").replace(/^./, (first) => first.toLowerCase());
}

/** Writes what stands for a layer; `place` gives it its place in the model. */
export function writeStandIn(code: Code, tensor: Tensor, place: (made: string) => string): void {
  const [x] = tensor.inputs;
  const { layer } = tensor.attrs as { readonly layer: object };
  const kind = kindOf(layer) as keyof typeof kinds;
  if (isBatchNorm(layer)) {
    code.give(tensor, `${place(`nn.${kind}(${ofBatchNorm(layer)})`)}(${bare(code.text(x))})`, stemOf(kind));
    return;
  }
  const { p } = layer as Dropout;
  const name = kind === "AlphaDropout" ? "alpha_dropout" : kind.toLowerCase();
  if (p === 0) code.same(tensor, x);
  else code.give(tensor, `F.${name}(${bare(code.text(x))}, ${numberText(p, "f32")}, self.training)`, "dropped");
}

/** Arguments, and options that are not torch's defaults. */
function call(
  first: readonly (string | number)[],
  options: Readonly<Record<string, readonly [value: string, usual: string]>>,
): string {
  const told = Object.entries(options).flatMap(([key, [value, usual]]) => (value === usual ? [] : [`${key}=${value}`]));
  return [...first, ...told].join(", ");
}

/** Arguments of a layer's constructor; undefined where torch's has not all that the layer is. */
function madeOf(kind: keyof typeof kinds, layer: never): string | undefined {
  if (kind in conv) return ofConv(layer);
  if (kind in transposed) return ofTransposed(layer);
  if (kind === "Linear") return ofLinear(layer);
  if (kind === "Embedding") return ofEmbedding(layer);
  return kind === "GroupNorm" ? ofGroupNorm(layer) : ofLayerNorm(layer);
}

function ofLinear({ weight, bias }: Linear): string {
  const [outFeatures, inFeatures] = weight.shape;
  return call([inFeatures, outFeatures], { bias: [flag(bias !== undefined), "True"] });
}

function ofEmbedding({ weight, paddingIdx, maxNorm }: Embedding): string | undefined {
  if (maxNorm !== undefined) return undefined; // torch shortens the table itself
  return call(weight.shape, { padding_idx: [`${paddingIdx}`, "undefined"] });
}

function ofLayerNorm({ normalizedShape, epsilon, weight, bias }: LayerNorm): string | undefined {
  if (weight !== undefined && bias === undefined) return undefined;
  const shape = normalizedShape.length === 1 ? normalizedShape[0] : `(${normalizedShape.join(", ")})`;
  return call([shape], {
    eps: [numberText(epsilon, "f32"), numberText(1e-5, "f32")],
    elementwise_affine: [flag(weight !== undefined), "True"],
  });
}

function ofGroupNorm({ numGroups, numChannels, epsilon, weight }: GroupNorm): string {
  return call([numGroups, numChannels], {
    eps: [numberText(epsilon, "f32"), numberText(1e-5, "f32")],
    affine: [flag(weight !== undefined), "True"],
  });
}

function ofBatchNorm({ numFeatures, epsilon, momentum, weight, runningMean }: batch.BatchNorm2d): string {
  return call([numFeatures], {
    eps: [numberText(epsilon, "f32"), numberText(1e-5, "f32")],
    momentum: [momentum === null ? "None" : numberText(momentum, "f32"), "0.1"],
    affine: [flag(weight !== undefined), "True"],
    track_running_stats: [flag(runningMean !== undefined), "True"],
  });
}

function ofConv(layer: convolutions.Conv2d): string | undefined {
  const { weight, bias, stride, dilation, groups, padding, paddingMode } = layer;
  const [outputs, inputs, ...taps] = weight.shape;
  const reach = taps.map((count, axis) => (count - 1) * dilation[axis]);
  const pads = paddingOf(padding, reach, stride, "");
  if (pads.some(([before, after]) => before !== after)) return undefined;
  return call([inputs * groups, outputs, each(taps)], {
    stride: [each(stride), "1"],
    padding: [each(pads.map(([before]) => before)), "0"],
    dilation: [each(dilation), "1"],
    groups: [`${groups}`, "1"],
    bias: [flag(bias !== undefined), "True"],
    padding_mode: [quoted(paddingMode), '"zeros"'],
  });
}

function ofTransposed(layer: convolutions.ConvTranspose2d): string {
  const { weight, bias, stride, dilation, groups, padding, outputPadding } = layer;
  const [inputs, outputs, ...taps] = weight.shape;
  return call([inputs, outputs * groups, each(taps)], {
    stride: [each(stride), "1"],
    padding: [each(padding), "0"],
    output_padding: [each(outputPadding), "0"],
    groups: [`${groups}`, "1"],
    bias: [flag(bias !== undefined), "True"],
    dilation: [each(dilation), "1"],
  });
}

interface Given {
  readonly input: Tensor;
  readonly state?: Tensor | readonly Tensor[];
  readonly lengths?: Tensor;
}

function ofRecurrent({ stack }: RNN | GRU | LSTM, given: unknown, result: unknown): Plan | undefined {
  const { input: x, state, lengths } = (given instanceof Tensor ? { input: given } : given) as Given;
  const { output, state: end } = (result instanceof Tensor ? { output: result } : result) as {
    readonly output: Tensor;
    readonly state?: Tensor | readonly Tensor[];
  };
  const first = state === undefined ? [] : ([state].flat() as Tensor[]);
  const last = end === undefined ? [] : ([end].flat() as Tensor[]);
  const { name, layers, inputSize, widths, batchFirst, dropout } = stack;
  const [[{ biasIh, hr, hh }]] = layers;
  const gates = stack.kind.gates;
  const made = call([inputSize, hh.shape[0] / gates], {
    num_layers: [`${layers.length}`, "1"],
    nonlinearity: [name === "RNN" && isRelu(stack.kind) ? '"relu"' : "", ""],
    bias: [flag(biasIh !== undefined), "True"],
    batch_first: [flag(batchFirst), "False"],
    dropout: [numberText(dropout.p, "f32"), "0.0"],
    bidirectional: [flag(layers[0].length === 2), "False"],
    proj_size: [`${hr === undefined ? 0 : widths[0]}`, "0"],
  });
  return {
    results: [output, ...last],
    needs: [x, ...first, ...(lengths ? [lengths] : [])],
    made: `nn.${name}(${made})`,
    write(code, place) {
      const start = first.map((one) => bare(code.text(one)));
      const state = start.length < 2 ? start : [`(${start.join(", ")})`];
      const rows = bare(code.text(x));
      const text =
        lengths === undefined
          ? `${place()}(${[rows, ...state].join(", ")})`
          : `${code.file.helper("packed")}(${[place(), rows, state[0] ?? "None", bare(code.text(lengths))].join(", ")})`;
      const names = [name.toLowerCase(), ...last.map((_, i) => "hc"[i])].map((stem) => code.newName(stem));
      const ends = last.length === 0 ? "_" : last.length === 1 ? names[1] : `(${names[1]}, ${names[2]})`;
      code.line(`${names[0]}, ${ends} = ${text}`);
      for (const [i, one] of [output, ...last].entries()) code.giveName(one, names[i]);
    },
  };
}

/** Whether an RNN's steps end in relu. */
function isRelu({ step }: RNN["stack"]["kind"]): boolean {
  return step(scalar(1), scalar(1), [scalar(1)]).next[0].op === relu;
}

/** Variables that are a layer's own, by their names in it. */
export function ownOf(layer: object): readonly (readonly [name: string, variable: Variable])[] {
  const { children } = layer as { children?(): Iterable<readonly [string, unknown]> };
  const all = typeof children === "function" ? [...children.call(layer)] : Object.entries(layer);
  return all.filter((entry) => (entry[1] as Variable | undefined)?.op?.name === "variable") as [string, Variable][];
}
