// Layers that bring parts of every sample to mean 0 and variance 1, whatever else is in the batch; and one that divides by what is near.
import { aBoolean, aNumberWithin, aPositiveNumber, checkNeeds, checkOptions, must } from "../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../epsilon.ts";
import { ShapeError } from "../errors.ts";
import { checkDType, checkShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { byChannels, channelStatistics, filled, scaled } from "./channels.ts";
import { aSize } from "./layers.ts";
import { type Context, checkAlone, checkForward, type Module } from "./module.ts";
import { normalizedRows } from "./normalization.ts";
import { aFloat } from "./takes.ts";

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias for every group of neighbouring channels of each sample of x [N, C, ...], as
 * torch.nn.GroupNorm (Wu and He 2018): weight (1 at first) and bias (0) one a channel, eps 1e-5, `affine` true.
 * @throws ArgumentError for sizes below 1 and for channels that make up no whole groups; forward throws ShapeError for other channels
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { GroupNorm } from "simdgrad/nn";
 * await evaluate(new GroupNorm(2, 4).forward(constant([[1, 3, 5, 3]]))); // => [-0.999995, 0.999995, 0.999995, -0.999995]
 */
export class GroupNorm implements Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly epsilon: number;
  readonly weight: Variable | undefined;
  readonly bias: Variable | undefined;

  constructor(numGroups: number, numChannels: number, options: EpsilonOptions & { readonly affine?: boolean } = {}) {
    aSize(numGroups, "GroupNorm: numGroups");
    aSize(numChannels, "GroupNorm: numChannels");
    must(numChannels % numGroups === 0, numChannels, "GroupNorm: numChannels", `a multiple of numGroups ${numGroups}`);
    checkOptions(options, "GroupNorm", { ...epsilonChecks, affine: aBoolean });
    const { affine = true } = options;
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.epsilon = epsilonOf(options, 1e-5, "GroupNorm");
    this.weight = affine ? filled([numChannels], 1, "weight") : undefined;
    this.bias = affine ? filled([numChannels], 0, "bias") : undefined;
  }

  forward(x: Tensor, _context?: Context): Tensor {
    aFloat(x, "GroupNorm");
    const { shape } = x;
    if (shape.length < 2 || shape[1] !== this.numChannels)
      throw new ShapeError(`GroupNorm: takes [N, ${this.numChannels}, ...], got ${showShape(shape)}`);
    checkDType(x, ["f32"], "GroupNorm");
    const columns = sizeOf(shape.slice(1)) / this.numGroups;
    const y = normalizedRows(x, columns, this.epsilon, true).reshape(byChannels(x).shape);
    return scaled(y, this.weight, this.bias).reshape(shape);
  }
}

/** Options of InstanceNorm1d, InstanceNorm2d and InstanceNorm3d; eps, added to the variance, is 1e-5 by default. */
export interface InstanceNormOptions extends EpsilonOptions {
  /** What a batch counts for in the running statistics. Default 0.1. */
  readonly momentum?: number;
  /** Learn weight (1 at first) and bias (0). Default false. */
  readonly affine?: boolean;
  /** Keep running statistics, and use them outside training. Default false. */
  readonly trackRunningStats?: boolean;
}

/** What the layers of all ranks are: they differ in the shapes that they take. */
class InstanceNorm implements Module {
  readonly numFeatures: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly weight: Variable | undefined;
  readonly bias: Variable | undefined;
  readonly runningMean: Variable | undefined;
  readonly runningVariance: Variable | undefined;
  readonly batches: Variable | undefined;
  private readonly name: string;
  private readonly spaces: string;

  /** @param spaces the axes behind the channels */
  constructor(name: string, spaces: string, numFeatures: number, options: InstanceNormOptions) {
    aSize(numFeatures, `${name}: numFeatures`);
    checkOptions(options, name, {
      ...epsilonChecks,
      momentum: aNumberWithin(0, 1),
      affine: aBoolean,
      trackRunningStats: aBoolean,
    });
    checkNeeds(options, name, { momentum: "trackRunningStats" });
    const { momentum = 0.1, affine = false, trackRunningStats = false } = options;
    const shape = [numFeatures];
    this.name = name;
    this.spaces = spaces;
    this.numFeatures = numFeatures;
    this.epsilon = epsilonOf(options, 1e-5, name);
    this.momentum = momentum;
    this.weight = affine ? filled(shape, 1, "weight") : undefined;
    this.bias = affine ? filled(shape, 0, "bias") : undefined;
    if (!trackRunningStats) return;
    this.runningMean = filled(shape, 0, "running_mean", false);
    this.runningVariance = filled(shape, 1, "running_var", false);
    this.batches = new Variable([], 0, { dtype: "i32", label: "num_batches_tracked" });
  }

  /** PyTorch's names. */
  children(): Iterable<readonly [string, Variable | undefined]> {
    return [
      ["weight", this.weight],
      ["bias", this.bias],
      ["running_mean", this.runningMean],
      ["running_var", this.runningVariance],
      ["num_batches_tracked", this.batches],
    ];
  }

  forward(x: Tensor, context?: Context): Tensor {
    (this.runningMean === undefined ? checkAlone : checkForward)(x, context, this.name);
    const { shape } = x;
    const rank = this.spaces.split(",").length + 1;
    if (shape.length !== rank || shape[1] !== this.numFeatures)
      throw new ShapeError(`${this.name}: takes [N, ${this.numFeatures}${this.spaces}], got ${showShape(shape)}`);
    checkDType(x, ["f32"], this.name);
    return this.normalized(byChannels(x), shape, context).reshape(shape);
  }

  /** @param x [N, C, all others] */
  private normalized(x: Tensor, shape: Tensor["shape"], context: Context | undefined): Tensor {
    const { weight, bias, runningMean, runningVariance, epsilon } = this;
    if (!context?.training && runningMean !== undefined && runningVariance !== undefined) {
      const factor = runningVariance.add(epsilon).rsqrt();
      return scaled(x.sub(runningMean.unsqueeze(1)).mul(factor.unsqueeze(1)), weight, bias);
    }
    if (x.shape[2] === 1)
      throw new ShapeError(`${this.name}: needs more than one value a channel of a sample, got ${showShape(shape)}`);
    if (context?.training) this.track(x, context);
    return scaled(normalizedRows(x, x.shape[2], epsilon, true).reshape(x.shape), weight, bias);
  }

  /** Updates the running statistics by the means over the batch of those of its samples, the variance the unbiased one. */
  private track(x: Tensor, context: Context): void {
    const { runningMean, runningVariance, momentum } = this;
    if (runningMean === undefined || runningVariance === undefined) return;
    const [n, channels, count] = x.shape;
    const { mean, variance } = channelStatistics(x.reshape([1, n * channels, count]));
    const update = (variable: Variable, value: Tensor) => {
      const share = value.reshape([n, channels]).mean(0).mul(momentum);
      context.assign(
        variable,
        context
          .current(variable)
          .mul(1 - momentum)
          .add(share),
      );
    };
    update(runningMean, mean);
    update(runningVariance, variance.mul(count / (count - 1)));
  }
}

/**
 * (x - mean) / sqrt(variance + eps) for every channel of each sample of x [N, C, L], times weight plus bias if `affine`, as
 * torch.nn.InstanceNorm1d (Ulyanov et al. 2016). With `trackRunningStats` the means over the batches of mean and (unbiased) variance are
 * kept, and used outside training; `num_batches_tracked` stays 0, as in PyTorch.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError for other channels and for one value a channel
 *
 * @example
 * import { evaluationContext, InstanceNorm1d } from "simdgrad/nn";
 * import { constant, evaluate } from "simdgrad";
 * const x = constant([[[1, 3]], [[9, 5]]]);
 * await evaluate(new InstanceNorm1d(1).forward(x, evaluationContext())); // => [-0.999995, 0.999995, 0.999999, -0.999999]
 */
export class InstanceNorm1d extends InstanceNorm {
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super("InstanceNorm1d", ", L", numFeatures, options);
  }
}

/**
 * The same for every channel of each image of x [N, C, H, W], as torch.nn.InstanceNorm2d.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError for other channels and for one value a channel
 *
 * @example
 * import { evaluationContext, InstanceNorm2d, variables } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new InstanceNorm2d(3).forward(input([8, 3, 32, 32]), evaluationContext()).shape; // => [8, 3, 32, 32]
 * [...variables(new InstanceNorm2d(3, { affine: true })).keys()]; // => ["weight", "bias"]
 */
export class InstanceNorm2d extends InstanceNorm {
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super("InstanceNorm2d", ", H, W", numFeatures, options);
  }
}

/**
 * The same for every channel of each sample of x [N, C, D, H, W], as torch.nn.InstanceNorm3d.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError for other channels and for one value a channel
 *
 * @example
 * import { evaluationContext, InstanceNorm3d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new InstanceNorm3d(2).forward(input([4, 2, 3, 8, 8]), evaluationContext()).shape; // => [4, 2, 3, 8, 8]
 */
export class InstanceNorm3d extends InstanceNorm {
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super("InstanceNorm3d", ", D, H, W", numFeatures, options);
  }
}

/** Channels that a mean of LocalResponseNorm may be over: each is a part of the graph. */
const MOST_CHANNELS = 2 ** 12;

/** Options of LocalResponseNorm. */
export interface LocalResponseNormOptions {
  /** Factor of the mean of squares; default 1e-4. */
  readonly alpha?: number;
  /** Exponent of the divisor; default 0.75. */
  readonly beta?: number;
  /** What is added to the mean; default 1. */
  readonly k?: number;
}

/**
 * x / (k + alpha * mean of squares)^beta for x [N, C, ...], the mean over `size` channels around each one, those outside being 0, as
 * torch.nn.LocalResponseNorm (Krizhevsky et al. 2012).
 * @throws ArgumentError for a size below 1, negative factors and a k that is not above 0; forward throws ShapeError for less than two axes,
 * and where more than 2^12 channels are around one
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { LocalResponseNorm } from "simdgrad/nn";
 * const layer = new LocalResponseNorm(2, { alpha: 2, beta: 1 });
 * await evaluate(layer.forward(constant([[1, 2, 3]]))); // => [0.5, 0.333333, 0.214286]
 */
export class LocalResponseNorm implements Module {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(size: number, options: LocalResponseNormOptions = {}) {
    aSize(size, "LocalResponseNorm: size");
    const notNegative = aNumberWithin(0);
    checkOptions(options, "LocalResponseNorm", { alpha: notNegative, beta: notNegative, k: aPositiveNumber });
    this.size = size;
    this.alpha = options.alpha ?? 1e-4;
    this.beta = options.beta ?? 0.75;
    this.k = options.k ?? 1;
  }

  forward(x: Tensor, _context?: Context): Tensor {
    aFloat(x, "LocalResponseNorm");
    if (x.shape.length < 2) throw new ShapeError(`LocalResponseNorm: takes [N, C, ...], got ${showShape(x.shape)}`);
    checkDType(x, ["f32"], "LocalResponseNorm");
    const own = byChannels(x);
    const { size } = this;
    const channels = x.shape[1];
    const half = Math.floor(size / 2);
    // What is farther away than there are channels is 0 for all of them.
    const [before, behind] = [half, size - 1 - half].map((far) => Math.min(far, Math.max(0, channels - 1)));
    checkShape([before + 1 + behind], "LocalResponseNorm: channels around each one", MOST_CHANNELS);
    const padded = own.square().pad([
      [0, 0],
      [before, behind],
      [0, 0],
    ]);
    const near = Array.from({ length: before + 1 + behind }, (_, i) => padded.narrow(1, i, channels));
    const mean = near.reduce((sum, each) => sum.add(each)).div(size);
    return own.div(mean.mul(this.alpha).add(this.k).pow(this.beta)).reshape(x.shape);
  }
}
