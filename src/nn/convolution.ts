// Convolutions as layers: names, parameter shapes, defaults and initialisers are PyTorch's.
import { aBoolean, aWholeNumber, checkNeeds, checkOptions, oneOf } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { padded } from "../functions/padding.ts";
import {
  aPadding,
  type ConvolutionPadding,
  convolution,
  eachAxis,
  type PerAxis,
  paddingOf,
  perAxis,
  transposed,
} from "../ops/convolve.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { linearUniform } from "./init.ts";
import { aSize } from "./layers.ts";
import type { Context, Module } from "./module.ts";
import { aFloat } from "./takes.ts";

/** What lies around images: zeros, the image in a mirror (its edge once), its edge, or its other end. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** Options of convolutions and transposed ones. */
interface Common {
  /** From position to position. Default 1. */
  readonly stride?: PerAxis;
  /** From tap to tap of a filter. Default 1. */
  readonly dilation?: PerAxis;
  /** Channels are cut into so many groups, each with filters of its own. Default 1. */
  readonly groups?: number;
  /** Whether a number is added to each channel. Default true. */
  readonly bias?: boolean;
}

/** Options of Conv1d, Conv2d and Conv3d. */
export interface ConvOptions extends Common {
  /** Places around an image, a number for all axes or one for each; "same", "valid", or, of one axis, "causal". Default 0. */
  readonly padding?: ConvolutionPadding;
  /** What lies there. Default "zeros". */
  readonly paddingMode?: PaddingMode;
}

/** Options of ConvTranspose1d, ConvTranspose2d and ConvTranspose3d. */
export interface ConvTransposeOptions extends Common {
  /** Places that are cut off at both ends of each axis. Default 0. */
  readonly padding?: PerAxis;
  /** Places more at the end of each axis, fewer than the stride or the dilation. Default 0. */
  readonly outputPadding?: PerAxis;
}

const commonChecks = { stride: perAxis(1), dilation: perAxis(1), groups: aWholeNumber(1), bias: aBoolean };

/** What all of these layers have. */
class Filters {
  readonly weight: Variable;
  readonly bias: Variable | undefined;
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;

  /** The shape of filters is [first, second / groups, ...kernel]; `outputs` channels come out. */
  constructor(
    name: string,
    axes: number,
    channels: readonly [inChannels: number, outChannels: number],
    kernelSize: PerAxis,
    options: Common,
    isTransposed: boolean,
  ) {
    const [inChannels, outChannels] = channels;
    aSize(inChannels, `${name}: inChannels`);
    aSize(outChannels, `${name}: outChannels`);
    perAxis(1)(kernelSize, `${name}: kernelSize`);
    const { stride = 1, dilation = 1, groups = 1, bias = true } = options;
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      throw new ArgumentError(`${name}: ${groups} groups do not divide ${inChannels} and ${outChannels} channels`);
    const kernel = eachAxis(kernelSize, axes, `${name}: kernelSize`);
    const [first, second] = isTransposed ? [inChannels, outChannels] : [outChannels, inChannels];
    const shape: Shape = [first, second / groups, ...kernel];
    const start = linearUniform(sizeOf(shape.slice(1)));
    this.weight = new Variable(shape, start, { label: "weight" });
    this.bias = bias ? new Variable([outChannels], start, { label: "bias" }) : undefined;
    this.stride = eachAxis(stride, axes, `${name}: stride`);
    this.dilation = eachAxis(dilation, axes, `${name}: dilation`);
    this.groups = groups;
  }

  protected options() {
    const { bias, stride, dilation, groups } = this;
    return { ...(bias === undefined ? {} : { bias }), stride, dilation, groups };
  }
}

class Conv extends Filters implements Module {
  readonly padding: ConvolutionPadding;
  readonly paddingMode: PaddingMode;
  protected readonly kind: string;

  constructor(
    name: string,
    axes: number,
    channels: readonly [inChannels: number, outChannels: number],
    kernelSize: PerAxis,
    options: ConvOptions,
  ) {
    const modes = oneOf("zeros", "reflect", "replicate", "circular");
    checkOptions(options, name, { ...commonChecks, padding: aPadding(axes), paddingMode: modes });
    checkNeeds(options, name, { paddingMode: "padding" });
    super(name, axes, channels, kernelSize, options, false);
    this.padding = options.padding ?? 0;
    this.paddingMode = options.paddingMode ?? "zeros";
    this.kind = name;
    paddingOf(this.padding, this.stride, this.stride, name); // that it fits the axes
  }

  forward(x: Tensor, _context?: Context): Tensor {
    const { weight, padding, paddingMode, stride, dilation } = this;
    const name = this.kind;
    const axes = stride.length;
    const options = this.options();
    if (paddingMode === "zeros") return convolution(name, axes, x, weight, { ...options, padding });
    aFloat(x, name);
    if (x.shape.length !== axes + 2) return convolution(name, axes, x, weight, options); // says what is wrong
    const reach = weight.shape.slice(2).map((taps, axis) => (taps - 1) * dilation[axis]);
    const pads = [...paddingOf(padding, reach, stride, name)].reverse().flat(); // the last axis first
    return convolution(name, axes, padded(x, pads, paddingMode, 0, name), weight, options);
  }
}

class ConvTranspose extends Filters implements Module {
  /** Outputs are the second axis of the weight. */
  readonly transposed = true;
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  protected readonly kind: string;

  constructor(
    name: string,
    axes: number,
    channels: readonly [inChannels: number, outChannels: number],
    kernelSize: PerAxis,
    options: ConvTransposeOptions,
  ) {
    checkOptions(options, name, { ...commonChecks, padding: perAxis(0), outputPadding: perAxis(0) });
    super(name, axes, channels, kernelSize, options, true);
    this.padding = eachAxis(options.padding ?? 0, axes, `${name}: padding`);
    this.outputPadding = eachAxis(options.outputPadding ?? 0, axes, `${name}: outputPadding`);
    this.kind = name;
  }

  forward(x: Tensor, _context?: Context): Tensor {
    const { weight, padding, outputPadding, stride } = this;
    return transposed(this.kind, stride.length, x, weight, { ...this.options(), padding, outputPadding });
  }
}

/**
 * Filters over sequences x [N, inChannels, length]: weight [outChannels, inChannels / groups, kernelSize], bias [outChannels]; both start
 * uniform within the root of 1 / the inputs of a filter, as torch.nn.Conv1d. `padding` "causal" puts all zeros before.
 * @throws ArgumentError for sizes below 1, groups that do not divide the channels, "same" with a stride; forward throws ShapeError where x
 * has another rank or other channels, or is shorter than the filter
 *
 * @example
 * import { input } from "simdgrad";
 * import { Conv1d } from "simdgrad/nn";
 * new Conv1d(16, 32, 3, { padding: "causal", dilation: 2 }).forward(input([8, 16, 100])).shape; // => [8, 32, 100]
 */
export class Conv1d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super("Conv1d", 1, [inChannels, outChannels], kernelSize, options);
  }
}

/**
 * Filters over images x [N, inChannels, height, width]: weight [outChannels, inChannels / groups, ...kernelSize], bias [outChannels]; both
 * start uniform within the root of 1 / the inputs of a filter, as torch.nn.Conv2d.
 * @throws ArgumentError for sizes below 1, groups that do not divide the channels, "same" with a stride; forward throws ShapeError where x
 * has another rank or other channels, or is smaller than the filter
 *
 * @example
 * import { input } from "simdgrad";
 * import { Conv2d } from "simdgrad/nn";
 * new Conv2d(3, 16, 3, { stride: 2, padding: 1 }).forward(input([8, 3, 32, 32])).shape; // => [8, 16, 16, 16]
 */
export class Conv2d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super("Conv2d", 2, [inChannels, outChannels], kernelSize, options);
  }
}

/**
 * Filters over volumes x [N, inChannels, depth, height, width]: weight [outChannels, inChannels / groups, ...kernelSize], bias
 * [outChannels]; both start uniform within the root of 1 / the inputs of a filter, as torch.nn.Conv3d.
 * @throws ArgumentError for sizes below 1, groups that do not divide the channels, "same" with a stride; forward throws ShapeError where x
 * has another rank or other channels, or is smaller than the filter
 *
 * @example
 * import { input } from "simdgrad";
 * import { Conv3d } from "simdgrad/nn";
 * new Conv3d(1, 4, 3, { paddingMode: "circular", padding: 1 }).forward(input([2, 1, 8, 8, 8])).shape; // => [2, 4, 8, 8, 8]
 */
export class Conv3d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super("Conv3d", 3, [inChannels, outChannels], kernelSize, options);
  }
}

/**
 * What Conv1d does to gradients, as a layer that makes sequences longer: x [N, inChannels, length], weight [inChannels, outChannels /
 * groups, kernelSize], bias [outChannels], as torch.nn.ConvTranspose1d.
 * @throws ArgumentError for sizes below 1, groups that do not divide the channels; forward throws ShapeError where x has another rank or
 * other channels, ArgumentError for an `outputPadding` that is below neither stride nor dilation
 *
 * @example
 * import { input } from "simdgrad";
 * import { ConvTranspose1d } from "simdgrad/nn";
 * new ConvTranspose1d(32, 16, 4, { stride: 2, padding: 1 }).forward(input([8, 32, 50])).shape; // => [8, 16, 100]
 */
export class ConvTranspose1d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super("ConvTranspose1d", 1, [inChannels, outChannels], kernelSize, options);
  }
}

/**
 * What Conv2d does to gradients, as a layer that makes images larger: x [N, inChannels, height, width], weight [inChannels, outChannels /
 * groups, ...kernelSize], bias [outChannels], as torch.nn.ConvTranspose2d.
 * @throws ArgumentError for sizes below 1, groups that do not divide the channels; forward throws ShapeError where x has another rank or
 * other channels, ArgumentError for an `outputPadding` that is below neither stride nor dilation
 *
 * @example
 * import { input } from "simdgrad";
 * import { ConvTranspose2d } from "simdgrad/nn";
 * const layer = new ConvTranspose2d(16, 3, 3, { stride: 2, padding: 1, outputPadding: 1 });
 * layer.forward(input([8, 16, 7, 7])).shape; // => [8, 3, 14, 14]
 */
export class ConvTranspose2d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super("ConvTranspose2d", 2, [inChannels, outChannels], kernelSize, options);
  }
}

/**
 * What Conv3d does to gradients, as a layer that makes volumes larger: x [N, inChannels, depth, height, width], weight [inChannels,
 * outChannels / groups, ...kernelSize], bias [outChannels], as torch.nn.ConvTranspose3d.
 * @throws ArgumentError for sizes below 1, groups that do not divide the channels; forward throws ShapeError where x has another rank or
 * other channels, ArgumentError for an `outputPadding` that is below neither stride nor dilation
 *
 * @example
 * import { input } from "simdgrad";
 * import { ConvTranspose3d } from "simdgrad/nn";
 * new ConvTranspose3d(4, 1, 2, { stride: 2 }).forward(input([2, 4, 3, 3, 3])).shape; // => [2, 1, 6, 6, 6]
 */
export class ConvTranspose3d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super("ConvTranspose3d", 3, [inChannels, outChannels], kernelSize, options);
  }
}
