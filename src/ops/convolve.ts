// Convolutions and transposed convolutions of tensors over one, two and three axes, with PyTorch's options: sizes are checked here, once.
import { aListOf, aWholeNumber, type Check, checkOptions, must } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkDType, checkShape, type Shape, showShape } from "../shape.ts";
import { apply, aTensor, type Tensor } from "../tensor.ts";
import { backToImages, type ConvolutionAttrs, convolveOp } from "./convolution.ts";

/** One number for all axes of an image, or one for each. */
export type PerAxis = number | readonly number[];

/** Zeros at both ends of each axis; "valid": none; "same": as many as keep sizes, a last odd one behind; "causal": all before. */
export type ConvolutionPadding = PerAxis | "valid" | "same" | "causal";

/** What convolutions and transposed ones have in common. */
interface Common {
  /** Added to each channel: as many as results have. */
  readonly bias?: Tensor;
  /** From position to position. Default 1. */
  readonly stride?: PerAxis;
  /** From tap to tap of a filter. Default 1. */
  readonly dilation?: PerAxis;
  /** Channels are cut into so many groups, each with filters of its own. Default 1. */
  readonly groups?: number;
}

/** Options of conv1d, conv2d and conv3d. */
export interface ConvolutionOptions extends Common {
  /** Default 0. "same" is for strides of 1, "causal" for one axis. */
  readonly padding?: ConvolutionPadding;
}

/** Options of convTranspose1d, convTranspose2d and convTranspose3d. */
export interface ConvolutionTransposeOptions extends Common {
  /** Places that are cut off at both ends of each axis. Default 0. */
  readonly padding?: PerAxis;
  /** Places more at the end of each axis, fewer than the stride or the dilation. Default 0. */
  readonly outputPadding?: PerAxis;
}

/** Checks one whole number or a list of them. */
export function perAxis(low: number): Check {
  const one = aWholeNumber(low);
  return (value, what) => (Array.isArray(value) ? aListOf(one) : one)(value, what);
}

const commonChecks = { bias: aTensor, stride: perAxis(1), dilation: perAxis(1), groups: aWholeNumber(1) };

/** A check of `padding`, for so many axes. */
export function aPadding(axes: number): Check {
  const words = axes === 1 ? ["valid", "same", "causal"] : ["valid", "same"];
  return (value, what) => {
    if (typeof value !== "string") perAxis(0)(value, what);
    else must(words.includes(value), value, what, `a whole number >= 0, one for each axis, ${words.join(" or ")}`);
  };
}

/** One number for each of so many axes. @throws ArgumentError for another number of them */
export function eachAxis(value: PerAxis, axes: number, what: string): readonly number[] {
  if (typeof value === "number") return Array<number>(axes).fill(value);
  must(value.length === axes, value, what, `one number or ${axes}`);
  return value;
}

/** Zeros before and behind each axis. @throws ArgumentError for "same" with a stride */
export function paddingOf(
  padding: ConvolutionPadding,
  reach: readonly number[],
  stride: readonly number[],
  name: string,
): readonly (readonly [before: number, after: number])[] {
  if (padding === "same" && stride.some((each) => each !== 1))
    throw new ArgumentError(`${name}: padding "same" needs a stride of 1, got ${showShape(stride)}`);
  if (typeof padding !== "string")
    return eachAxis(padding, reach.length, `${name}: padding`).map((each) => [each, each]);
  if (padding === "valid") return reach.map(() => [0, 0]);
  return reach.map((each) => (padding === "causal" ? [each, 0] : [each >> 1, each - (each >> 1)]));
}

/** Checks what both kinds are given, and gives their sizes. */
function sizesOf(name: string, axes: number, x: Tensor, weight: Tensor, { groups = 1, ...options }: Common) {
  const stride = eachAxis(options.stride ?? 1, axes, `${name}: stride`);
  const dilation = eachAxis(options.dilation ?? 1, axes, `${name}: dilation`);
  for (const tensor of [x, weight]) checkDType(tensor, ["f32"], name);
  if (x.shape.length !== axes + 2)
    throw new ShapeError(
      `${name}: takes x [N, C, ${"DHW"
        .slice(3 - axes)
        .split("")
        .join(", ")}], got ${showShape(x.shape)}`,
    );
  if (weight.shape.length !== axes + 2)
    throw new ShapeError(`${name}: takes a weight of ${axes + 2} axes, got ${showShape(weight.shape)}`);
  if (x.shape.slice(1).includes(0) || weight.shape.includes(0))
    throw new ShapeError(`${name}: x ${showShape(x.shape)} or weight ${showShape(weight.shape)} has an empty axis`);
  const taps = weight.shape.slice(2);
  const reach = taps.map((each, axis) => (each - 1) * dilation[axis]);
  return { size: x.shape.slice(2), taps, reach, stride, dilation, groups };
}

/** Adds a number to each channel. */
function biased(name: string, y: Tensor, bias: Tensor | undefined): Tensor {
  if (bias === undefined) return y;
  checkDType(bias, ["f32"], `${name}: bias`);
  const [, channels, ...axes] = y.shape;
  if (bias.shape.length !== 1 || bias.shape[0] !== channels)
    throw new ShapeError(`${name}: takes a bias [${channels}], got ${showShape(bias.shape)}`);
  return y.add(bias.reshape([channels, ...axes.map(() => 1)]));
}

/** A convolution over so many axes; `name` is whose errors are thrown. */
export function convolution(
  name: string,
  axes: number,
  x: Tensor,
  weight: Tensor,
  options: ConvolutionOptions,
): Tensor {
  aTensor(x, `${name}: x`);
  aTensor(weight, `${name}: weight`);
  checkOptions(options, name, { ...commonChecks, padding: aPadding(axes) });
  const { size, taps, reach, stride, dilation, groups } = sizesOf(name, axes, x, weight, options);
  const padding = paddingOf(options.padding ?? 0, reach, stride, name);
  const [channels, outputs] = [x.shape[1], weight.shape[0]];
  const shown = `x ${showShape(x.shape)}, weight ${showShape(weight.shape)}`;
  if (channels % groups !== 0 || outputs % groups !== 0)
    throw new ShapeError(`${name}: ${groups} groups do not divide the channels of ${shown}`);
  if (weight.shape[1] * groups !== channels)
    throw new ShapeError(`${name}: ${shown}: ${groups} groups of ${weight.shape[1]} channels are not ${channels}`);
  const positions = size.map((each, axis) => {
    const [before, after] = padding[axis];
    const room = each + before + after;
    if (reach[axis] + 1 > room)
      throw new ShapeError(
        `${name}: ${shown}: the filter covers ${reach[axis] + 1} of axis ${axis + 2}, x has ${room}`,
      );
    return Math.floor((room - reach[axis] - 1) / stride[axis]) + 1;
  });
  checkShape([x.shape[0], outputs, ...positions], name);
  const before = padding.map(([each]) => each);
  const attrs: ConvolutionAttrs = { groups, stride, dilation, before, size, taps, positions };
  return biased(name, apply(convolveOp, [x, weight], attrs), options.bias);
}

/** A transposed convolution over so many axes. */
export function transposed(
  name: string,
  axes: number,
  x: Tensor,
  weight: Tensor,
  options: ConvolutionTransposeOptions,
): Tensor {
  aTensor(x, `${name}: x`);
  aTensor(weight, `${name}: weight`);
  checkOptions(options, name, { ...commonChecks, padding: perAxis(0), outputPadding: perAxis(0) });
  const { size: positions, taps, reach, stride, dilation, groups } = sizesOf(name, axes, x, weight, options);
  const before = eachAxis(options.padding ?? 0, axes, `${name}: padding`);
  const after = eachAxis(options.outputPadding ?? 0, axes, `${name}: outputPadding`);
  const shown = `x ${showShape(x.shape)}, weight ${showShape(weight.shape)}`;
  if (weight.shape[0] !== x.shape[1])
    throw new ShapeError(`${name}: ${shown}: the weight takes ${weight.shape[0]} channels, x has ${x.shape[1]}`);
  if (x.shape[1] % groups !== 0)
    throw new ShapeError(`${name}: ${groups} groups do not divide the channels of ${shown}`);
  after.forEach((each, axis) => {
    if (each >= Math.max(stride[axis], dilation[axis]))
      throw new ArgumentError(
        `${name}: outputPadding ${each} must be below the stride ${stride[axis]} or the dilation ${dilation[axis]}`,
      );
  });
  const size: Shape = positions.map((each, axis) => {
    const places = (each - 1) * stride[axis] - 2 * before[axis] + reach[axis] + after[axis] + 1;
    if (places < 1)
      throw new ShapeError(`${name}: ${shown}: padding ${before[axis]} leaves nothing of axis ${axis + 2}`);
    return places;
  });
  checkShape([x.shape[0], weight.shape[1] * groups, ...size], name);
  const attrs: ConvolutionAttrs = { groups, stride, dilation, before, size, taps, positions };
  return biased(name, backToImages(x, weight, attrs), options.bias);
}

/**
 * Filters [outputs, channels / groups, taps] over sequences x [N, channels, length], as torch's conv1d: each result is the sum of products
 * of a filter's taps with the places that it covers, for every `stride`-th position.
 * @throws ShapeError for other ranks or channels, groups that do not divide them, a filter that is larger than x with its padding
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { conv1d } from "simdgrad/functions";
 * const x = constant([[[1, 2, 3, 4]]]);
 * const weight = constant([[[1, -1]]]);
 * await evaluate(conv1d(x, weight)); // => [-1, -1, -1]
 * await evaluate(conv1d(x, weight, { padding: "causal" })); // => [-1, -1, -1, -1]
 */
export function conv1d(x: Tensor, weight: Tensor, options: ConvolutionOptions = {}): Tensor {
  return convolution("conv1d", 1, x, weight, options);
}

/**
 * Filters [outputs, channels / groups, height, width] over images x [N, channels, height, width], as torch's conv2d: cross-correlation, as in
 * all such layers.
 * @throws ShapeError for other ranks or channels, groups that do not divide them, a filter that is larger than x with its padding
 *
 * @example
 * import { input } from "simdgrad";
 * import { conv2d } from "simdgrad/functions";
 * conv2d(input([8, 3, 32, 32]), input([16, 3, 3, 3]), { padding: "same" }).shape; // => [8, 16, 32, 32]
 * conv2d(input([8, 3, 32, 32]), input([16, 3, 5, 5]), { stride: 2, padding: [2, 1] }).shape; // => [8, 16, 16, 15]
 */
export function conv2d(x: Tensor, weight: Tensor, options: ConvolutionOptions = {}): Tensor {
  return convolution("conv2d", 2, x, weight, options);
}

/**
 * Filters [outputs, channels / groups, depth, height, width] over volumes x [N, channels, depth, height, width], as torch's conv3d.
 * @throws ShapeError for other ranks or channels, groups that do not divide them, a filter that is larger than x with its padding
 *
 * @example
 * import { input } from "simdgrad";
 * import { conv3d } from "simdgrad/functions";
 * conv3d(input([2, 1, 9, 9, 9]), input([4, 1, 3, 3, 3])).shape; // => [2, 4, 7, 7, 7]
 */
export function conv3d(x: Tensor, weight: Tensor, options: ConvolutionOptions = {}): Tensor {
  return convolution("conv3d", 3, x, weight, options);
}

/**
 * What conv1d does to gradients: each element of x [N, channels, length] adds its multiple of the filters [channels, outputs / groups, taps],
 * `stride` places apart, as torch's conv_transpose1d.
 * @throws ShapeError for other ranks or channels, groups that do not divide them, a padding that leaves nothing; ArgumentError for an
 * `outputPadding` that is below neither stride nor dilation
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { convTranspose1d } from "simdgrad/functions";
 * await evaluate(convTranspose1d(constant([[[1, 2]]]), constant([[[1, 10]]]), { stride: 2 })); // => [1, 10, 2, 20]
 */
export function convTranspose1d(x: Tensor, weight: Tensor, options: ConvolutionTransposeOptions = {}): Tensor {
  return transposed("convTranspose1d", 1, x, weight, options);
}

/**
 * What conv2d does to gradients, of images x [N, channels, height, width] by filters [channels, outputs / groups, height, width], as torch's
 * conv_transpose2d.
 * @throws ShapeError for other ranks or channels, groups that do not divide them, a padding that leaves nothing; ArgumentError for an
 * `outputPadding` that is below neither stride nor dilation
 *
 * @example
 * import { input } from "simdgrad";
 * import { convTranspose2d } from "simdgrad/functions";
 * convTranspose2d(input([8, 16, 7, 7]), input([16, 3, 4, 4]), { stride: 2, padding: 1 }).shape; // => [8, 3, 14, 14]
 */
export function convTranspose2d(x: Tensor, weight: Tensor, options: ConvolutionTransposeOptions = {}): Tensor {
  return transposed("convTranspose2d", 2, x, weight, options);
}

/**
 * What conv3d does to gradients, of volumes x [N, channels, depth, height, width] by filters [channels, outputs / groups, depth, height, width],
 * as torch's conv_transpose3d.
 * @throws ShapeError for other ranks or channels, groups that do not divide them, a padding that leaves nothing; ArgumentError for an
 * `outputPadding` that is below neither stride nor dilation
 *
 * @example
 * import { input } from "simdgrad";
 * import { convTranspose3d } from "simdgrad/functions";
 * convTranspose3d(input([2, 4, 3, 3, 3]), input([4, 1, 2, 2, 2]), { stride: 2 }).shape; // => [2, 1, 6, 6, 6]
 */
export function convTranspose3d(x: Tensor, weight: Tensor, options: ConvolutionTransposeOptions = {}): Tensor {
  return transposed("convTranspose3d", 3, x, weight, options);
}
