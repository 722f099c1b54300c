// Pooling layers: PyTorch's names, defaults and shapes, [N, C, W], [N, C, H, W] or [N, C, D, H, W], or without N. None has parameters.
import { aBoolean, aPositiveNumber, checkOptions } from "../check.ts";
import {
  type AvgPoolOptions,
  adaptiveAvgPooled,
  adaptiveMaxPooled,
  anOutputSize,
  avgPoolChecks,
  avgPooled,
  lpPoolChecks,
  lpPooled,
  type MaxPoolOptions,
  type MaxUnpoolOptions,
  maxPoolChecks,
  maxPooled,
  type Pooled,
  unpoolChecks,
  unpooled,
} from "../functions/pooling.ts";
import { checkPadding, type Sizes, sizesFrom, spread } from "../functions/windows.ts";
import { type Tensor, tensors } from "../tensor.ts";
import { type Context, checkAlone, type Module } from "./module.ts";

/** A kernel of one size for all spatial axes, or of one for each. */
function kernelOf(kernelSize: Sizes, axes: number, name: string): readonly number[] {
  sizesFrom(1)(kernelSize, `${name}: kernelSize`);
  return spread(kernelSize, axes, `${name}: kernelSize`);
}

/** Sizes among the options: as many as the kernel has, and padding of half of it at most. */
function checkSizes(options: object, kernelSize: readonly number[], name: string): void {
  const sizes = options as Readonly<Record<string, Sizes | undefined>>;
  for (const key of ["stride", "padding", "dilation", "outputSize"])
    if (sizes[key] !== undefined) spread(sizes[key], kernelSize.length, `${name}: ${key}`);
  checkPadding(spread(sizes.padding ?? 0, kernelSize.length, `${name}: padding`), kernelSize, name);
}

/** What layers of max pooling give: values, or a pair of values and their places. */
type Largest<Indices> = Indices extends true ? readonly [values: Tensor, indices: Tensor] : Tensor;

/** Whether they give a pair. */
interface Returning<Indices> {
  /** Give the i32 places in their planes, too, as MaxUnpool takes them. */
  readonly returnIndices?: Indices;
}

function given<Indices>({ values, indices }: Pooled, isPair: boolean): Largest<Indices> {
  return (isPair ? [values, indices] : values) as Largest<Indices>;
}

class MaxPool<Indices extends boolean> implements Module<Tensor, Largest<Indices>> {
  readonly kernelSize: readonly number[];
  readonly options: MaxPoolOptions;
  readonly returnIndices: boolean;
  readonly #name: string;

  constructor(axes: number, kernelSize: Sizes, options: MaxPoolOptions & Returning<Indices>, name: string) {
    this.kernelSize = kernelOf(kernelSize, axes, name);
    checkOptions(options, name, { ...maxPoolChecks, returnIndices: aBoolean });
    checkSizes(options, this.kernelSize, name);
    const { returnIndices = false, ...others } = options;
    this.options = others;
    this.returnIndices = returnIndices;
    this.#name = name;
  }

  forward(x: Tensor, context?: Context): Largest<Indices> {
    checkAlone(x, context, this.#name);
    return given(maxPooled(x, this.kernelSize, this.options, this.#name), this.returnIndices);
  }
}

/**
 * The largest of each window of [N, C, W], as torch.nn.MaxPool1d: the stride is the kernel where it is left out; with `returnIndices` a
 * pair of values and their places.
 * @throws ArgumentError for sizes that are none, or padding of more than half a kernel; forward throws ShapeError where x does not fit
 *
 * @example
 * import { evaluationContext, MaxPool1d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new MaxPool1d(3, { stride: 2, padding: 1 }).forward(input([8, 16, 9]), evaluationContext()).shape; // => [8, 16, 5]
 */
export class MaxPool1d<Indices extends boolean = false> extends MaxPool<Indices> {
  constructor(kernelSize: Sizes, options: MaxPoolOptions & Returning<Indices> = {}) {
    super(1, kernelSize, options, "MaxPool1d");
  }
}

/**
 * The largest of each window of [N, C, H, W], as torch.nn.MaxPool2d: the stride is the kernel where it is left out; with `returnIndices` a
 * pair of values and their places.
 * @throws ArgumentError for sizes that are none, or padding of more than half a kernel; forward throws ShapeError where x does not fit
 *
 * @example
 * import { evaluationContext, MaxPool2d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new MaxPool2d(3, { stride: 2, padding: 1 }).forward(input([8, 16, 9, 9]), evaluationContext()).shape; // => [8, 16, 5, 5]
 */
export class MaxPool2d<Indices extends boolean = false> extends MaxPool<Indices> {
  constructor(kernelSize: Sizes, options: MaxPoolOptions & Returning<Indices> = {}) {
    super(2, kernelSize, options, "MaxPool2d");
  }
}

/**
 * The largest of each window of [N, C, D, H, W], as torch.nn.MaxPool3d: the stride is the kernel where it is left out; with `returnIndices`
 * a pair of values and their places.
 * @throws ArgumentError for sizes that are none, or padding of more than half a kernel; forward throws ShapeError where x does not fit
 *
 * @example
 * import { evaluationContext, MaxPool3d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new MaxPool3d(3, { stride: 2, padding: 1 }).forward(input([8, 16, 9, 9, 9]), evaluationContext()).shape; // => [8, 16, 5, 5, 5]
 */
export class MaxPool3d<Indices extends boolean = false> extends MaxPool<Indices> {
  constructor(kernelSize: Sizes, options: MaxPoolOptions & Returning<Indices> = {}) {
    super(3, kernelSize, options, "MaxPool3d");
  }
}

class MaxUnpool implements Module<readonly [Tensor, Tensor]> {
  readonly kernelSize: readonly number[];
  readonly options: MaxUnpoolOptions;
  readonly #name: string;

  constructor(axes: number, kernelSize: Sizes, options: MaxUnpoolOptions, name: string) {
    this.kernelSize = kernelOf(kernelSize, axes, name);
    checkOptions(options, name, unpoolChecks);
    checkSizes(options, this.kernelSize, name);
    this.options = options;
    this.#name = name;
  }

  forward(pair: readonly [values: Tensor, indices: Tensor], _context?: Context): Tensor {
    tensors(pair, `${this.#name}: the pair`);
    return unpooled(pair[0], pair[1], this.kernelSize, this.options, this.#name);
  }
}

/**
 * Puts the values of a MaxPool1d with `returnIndices` and the same kernel back to their places among zeros, as torch.nn.MaxUnpool1d.
 * @throws ArgumentError for sizes that are none; forward throws ShapeError where shapes differ or pooling does not make them
 *
 * @example
 * import { evaluationContext, MaxPool1d, MaxUnpool1d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * const pair = new MaxPool1d(2, { returnIndices: true }).forward(input([8, 16, 6]), evaluationContext());
 * new MaxUnpool1d(2).forward(pair).shape; // => [8, 16, 6]
 */
export class MaxUnpool1d extends MaxUnpool {
  constructor(kernelSize: Sizes, options: MaxUnpoolOptions = {}) {
    super(1, kernelSize, options, "MaxUnpool1d");
  }
}

/**
 * Puts the values of a MaxPool2d with `returnIndices` and the same kernel back to their places among zeros, as torch.nn.MaxUnpool2d.
 * @throws ArgumentError for sizes that are none; forward throws ShapeError where shapes differ or pooling does not make them
 *
 * @example
 * import { evaluationContext, MaxPool2d, MaxUnpool2d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * const pair = new MaxPool2d(2, { returnIndices: true }).forward(input([8, 16, 6, 6]), evaluationContext());
 * new MaxUnpool2d(2).forward(pair).shape; // => [8, 16, 6, 6]
 */
export class MaxUnpool2d extends MaxUnpool {
  constructor(kernelSize: Sizes, options: MaxUnpoolOptions = {}) {
    super(2, kernelSize, options, "MaxUnpool2d");
  }
}

/**
 * Puts the values of a MaxPool3d with `returnIndices` and the same kernel back to their places among zeros, as torch.nn.MaxUnpool3d.
 * @throws ArgumentError for sizes that are none; forward throws ShapeError where shapes differ or pooling does not make them
 *
 * @example
 * import { evaluationContext, MaxPool3d, MaxUnpool3d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * const pair = new MaxPool3d(2, { returnIndices: true }).forward(input([8, 16, 6, 6, 6]), evaluationContext());
 * new MaxUnpool3d(2).forward(pair).shape; // => [8, 16, 6, 6, 6]
 */
export class MaxUnpool3d extends MaxUnpool {
  constructor(kernelSize: Sizes, options: MaxUnpoolOptions = {}) {
    super(3, kernelSize, options, "MaxUnpool3d");
  }
}

class AvgPool implements Module {
  readonly kernelSize: readonly number[];
  readonly options: AvgPoolOptions;
  readonly #name: string;

  constructor(axes: number, kernelSize: Sizes, options: AvgPoolOptions, name: string) {
    this.kernelSize = kernelOf(kernelSize, axes, name);
    checkOptions(options, name, avgPoolChecks);
    checkSizes(options, this.kernelSize, name);
    this.options = options;
    this.#name = name;
  }

  forward(x: Tensor, context?: Context): Tensor {
    checkAlone(x, context, this.#name);
    return avgPooled(x, this.kernelSize, this.options, this.#name);
  }
}

/**
 * The mean of each window of [N, C, W], as torch.nn.AvgPool1d: the stride is the kernel where it is left out; padding is 0, and counts
 * unless `countIncludePad` is false.
 * @throws ArgumentError for sizes that are none, or padding of more than half a kernel; forward throws ShapeError where x does not fit
 *
 * @example
 * import { AvgPool1d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new AvgPool1d(2).forward(input([8, 16, 8]), evaluationContext()).shape; // => [8, 16, 4]
 */
export class AvgPool1d extends AvgPool {
  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    super(1, kernelSize, options, "AvgPool1d");
  }
}

/**
 * The mean of each window of [N, C, H, W], as torch.nn.AvgPool2d: the stride is the kernel where it is left out; padding is 0, and counts
 * unless `countIncludePad` is false.
 * @throws ArgumentError for sizes that are none, or padding of more than half a kernel; forward throws ShapeError where x does not fit
 *
 * @example
 * import { AvgPool2d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new AvgPool2d(2).forward(input([8, 16, 8, 8]), evaluationContext()).shape; // => [8, 16, 4, 4]
 */
export class AvgPool2d extends AvgPool {
  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    super(2, kernelSize, options, "AvgPool2d");
  }
}

/**
 * The mean of each window of [N, C, D, H, W], as torch.nn.AvgPool3d: the stride is the kernel where it is left out; padding is 0, and
 * counts unless `countIncludePad` is false.
 * @throws ArgumentError for sizes that are none, or padding of more than half a kernel; forward throws ShapeError where x does not fit
 *
 * @example
 * import { AvgPool3d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new AvgPool3d(2).forward(input([8, 16, 8, 8, 8]), evaluationContext()).shape; // => [8, 16, 4, 4, 4]
 */
export class AvgPool3d extends AvgPool {
  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    super(3, kernelSize, options, "AvgPool3d");
  }
}

/** One size for all spatial axes, or one for each; null for an axis that stays as it is. */
type OutputSize = number | null | readonly (number | null)[];

function outputOf(outputSize: OutputSize, axes: number, name: string): readonly (number | null)[] {
  const sizes = Array.isArray(outputSize) ? (outputSize as readonly (number | null)[]) : Array(axes).fill(outputSize);
  anOutputSize(sizes, `${name}: outputSize`);
  return spread(sizes, axes, `${name}: outputSize`);
}

class AdaptiveAvgPool implements Module {
  readonly outputSize: readonly (number | null)[];
  readonly #name: string;

  constructor(axes: number, outputSize: OutputSize, name: string) {
    this.outputSize = outputOf(outputSize, axes, name);
    this.#name = name;
  }

  forward(x: Tensor, context?: Context): Tensor {
    checkAlone(x, context, this.#name);
    return adaptiveAvgPooled(x, this.outputSize, this.#name);
  }
}

/**
 * The mean of each of so many parts of the spatial axes of [N, C, W], as torch.nn.AdaptiveAvgPool1d; null leaves an axis as it is.
 * @throws ArgumentError for sizes that are none; forward throws ShapeError for x without these axes
 *
 * @example
 * import { AdaptiveAvgPool1d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new AdaptiveAvgPool1d(3).forward(input([8, 16, 7]), evaluationContext()).shape; // => [8, 16, 3]
 */
export class AdaptiveAvgPool1d extends AdaptiveAvgPool {
  constructor(outputSize: OutputSize) {
    super(1, outputSize, "AdaptiveAvgPool1d");
  }
}

/**
 * The mean of each of so many parts of the spatial axes of [N, C, H, W], as torch.nn.AdaptiveAvgPool2d; null leaves an axis as it is.
 * @throws ArgumentError for sizes that are none; forward throws ShapeError for x without these axes
 *
 * @example
 * import { AdaptiveAvgPool2d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new AdaptiveAvgPool2d(3).forward(input([8, 16, 7, 7]), evaluationContext()).shape; // => [8, 16, 3, 3]
 */
export class AdaptiveAvgPool2d extends AdaptiveAvgPool {
  constructor(outputSize: OutputSize) {
    super(2, outputSize, "AdaptiveAvgPool2d");
  }
}

/**
 * The mean of each of so many parts of the spatial axes of [N, C, D, H, W], as torch.nn.AdaptiveAvgPool3d; null leaves an axis as it is.
 * @throws ArgumentError for sizes that are none; forward throws ShapeError for x without these axes
 *
 * @example
 * import { AdaptiveAvgPool3d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new AdaptiveAvgPool3d(3).forward(input([8, 16, 7, 7, 7]), evaluationContext()).shape; // => [8, 16, 3, 3, 3]
 */
export class AdaptiveAvgPool3d extends AdaptiveAvgPool {
  constructor(outputSize: OutputSize) {
    super(3, outputSize, "AdaptiveAvgPool3d");
  }
}

class AdaptiveMaxPool<Indices extends boolean> implements Module<Tensor, Largest<Indices>> {
  readonly outputSize: readonly (number | null)[];
  readonly returnIndices: boolean;
  readonly #name: string;

  constructor(axes: number, outputSize: OutputSize, options: Returning<Indices>, name: string) {
    this.outputSize = outputOf(outputSize, axes, name);
    checkOptions(options, name, { returnIndices: aBoolean });
    this.returnIndices = options.returnIndices ?? false;
    this.#name = name;
  }

  forward(x: Tensor, context?: Context): Largest<Indices> {
    checkAlone(x, context, this.#name);
    return given(adaptiveMaxPooled(x, this.outputSize, this.#name), this.returnIndices);
  }
}

/**
 * The largest of each of so many parts of the spatial axes of [N, C, W], as torch.nn.AdaptiveMaxPool1d; null leaves an axis as it is; with
 * `returnIndices` a pair of values and their places.
 * @throws ArgumentError for sizes that are none; forward throws ShapeError for x without these axes
 *
 * @example
 * import { AdaptiveMaxPool1d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new AdaptiveMaxPool1d(3).forward(input([8, 16, 7]), evaluationContext()).shape; // => [8, 16, 3]
 */
export class AdaptiveMaxPool1d<Indices extends boolean = false> extends AdaptiveMaxPool<Indices> {
  constructor(outputSize: OutputSize, options: Returning<Indices> = {}) {
    super(1, outputSize, options, "AdaptiveMaxPool1d");
  }
}

/**
 * The largest of each of so many parts of the spatial axes of [N, C, H, W], as torch.nn.AdaptiveMaxPool2d; null leaves an axis as it is;
 * with `returnIndices` a pair of values and their places.
 * @throws ArgumentError for sizes that are none; forward throws ShapeError for x without these axes
 *
 * @example
 * import { AdaptiveMaxPool2d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new AdaptiveMaxPool2d(3).forward(input([8, 16, 7, 7]), evaluationContext()).shape; // => [8, 16, 3, 3]
 */
export class AdaptiveMaxPool2d<Indices extends boolean = false> extends AdaptiveMaxPool<Indices> {
  constructor(outputSize: OutputSize, options: Returning<Indices> = {}) {
    super(2, outputSize, options, "AdaptiveMaxPool2d");
  }
}

/**
 * The largest of each of so many parts of the spatial axes of [N, C, D, H, W], as torch.nn.AdaptiveMaxPool3d; null leaves an axis as it is;
 * with `returnIndices` a pair of values and their places.
 * @throws ArgumentError for sizes that are none; forward throws ShapeError for x without these axes
 *
 * @example
 * import { AdaptiveMaxPool3d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new AdaptiveMaxPool3d(3).forward(input([8, 16, 7, 7, 7]), evaluationContext()).shape; // => [8, 16, 3, 3, 3]
 */
export class AdaptiveMaxPool3d<Indices extends boolean = false> extends AdaptiveMaxPool<Indices> {
  constructor(outputSize: OutputSize, options: Returning<Indices> = {}) {
    super(3, outputSize, options, "AdaptiveMaxPool3d");
  }
}

/** What layers of power means take. */
interface LPPoolOptions {
  readonly stride?: Sizes;
  readonly ceilMode?: boolean;
}

class LPPool implements Module {
  readonly normType: number;
  readonly kernelSize: readonly number[];
  readonly options: LPPoolOptions;
  readonly #name: string;

  constructor(axes: number, normType: number, kernelSize: Sizes, options: LPPoolOptions, name: string) {
    aPositiveNumber(normType, `${name}: normType`);
    this.normType = normType;
    this.kernelSize = kernelOf(kernelSize, axes, name);
    checkOptions(options, name, lpPoolChecks);
    checkSizes(options, this.kernelSize, name);
    this.options = options;
    this.#name = name;
  }

  forward(x: Tensor, context?: Context): Tensor {
    checkAlone(x, context, this.#name);
    return lpPooled(x, this.normType, this.kernelSize, this.options, this.#name);
  }
}

/**
 * (sum x^p)^(1/p) of each window of [N, C, W], as torch.nn.LPPool1d: the stride is the kernel where it is left out.
 * @throws ArgumentError for sizes that are none or p not above 0; forward throws ShapeError where x does not fit
 *
 * @example
 * import { evaluationContext, LPPool1d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new LPPool1d(2, 2).forward(input([8, 16, 8]), evaluationContext()).shape; // => [8, 16, 4]
 */
export class LPPool1d extends LPPool {
  constructor(normType: number, kernelSize: Sizes, options: LPPoolOptions = {}) {
    super(1, normType, kernelSize, options, "LPPool1d");
  }
}

/**
 * (sum x^p)^(1/p) of each window of [N, C, H, W], as torch.nn.LPPool2d: the stride is the kernel where it is left out.
 * @throws ArgumentError for sizes that are none or p not above 0; forward throws ShapeError where x does not fit
 *
 * @example
 * import { evaluationContext, LPPool2d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new LPPool2d(2, 2).forward(input([8, 16, 8, 8]), evaluationContext()).shape; // => [8, 16, 4, 4]
 */
export class LPPool2d extends LPPool {
  constructor(normType: number, kernelSize: Sizes, options: LPPoolOptions = {}) {
    super(2, normType, kernelSize, options, "LPPool2d");
  }
}
