// Layers that bring numbers to mean 0 and variance 1, or to one size: over features, or over the batch with running statistics.
import { customGradient } from "../autodiff.ts";
import { aBoolean, aNumberWithin, checkOptions, nullOr } from "../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../epsilon.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { aTensor, scalar, type Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { aSize } from "./layers.ts";
import { type Context, checkForward, type Module } from "./module.ts";

function filled(shape: Shape, value: number, label: string, trainable = true): Variable {
  return new Variable(shape, (own) => scalar(value).broadcastTo(own), { label, trainable });
}

// With d = x - mean x (or d = x), r = 1 / sqrt(mean d^2 + eps) and y = d r: dx = r (g - mean g - y mean(g y)), without mean g for d = x.
// The mean is taken off before squaring (two passes): the square of a large mean would hide a small variance.
function normalized(x: Tensor, axes: readonly number[], epsilon: number, centred: boolean): Tensor {
  const keepDims = { keepDims: true };
  const centre = (a: Tensor) => (centred ? a.sub(a.mean(axes, keepDims)) : a);
  const inverse = (d: Tensor) => d.square().mean(axes, keepDims).add(epsilon).rsqrt();
  const value = customGradient(
    (a) => {
      const d = centre(a);
      return d.mul(inverse(d));
    },
    (g, [a], y) => {
      const along = y.mul(g.mul(y).mean(axes, keepDims));
      return [
        centre(g)
          .sub(along)
          .mul(inverse(centre(a))),
      ];
    },
  );
  return value(x);
}

/** The last axes of x, which must be those of `shape`. */
function lastAxes(x: Tensor, shape: Shape, name: string): number[] {
  aTensor(x, `${name}: x`);
  const lead = x.shape.length - shape.length;
  if (lead < 0 || !sameShape(x.shape.slice(lead), shape))
    throw new ShapeError(`${name}: the last axes of ${showShape(x.shape)} are not ${showShape(shape)}`);
  return shape.map((_, i) => lead + i);
}

function featuresOf(normalizedShape: number | Shape, name: string): Shape {
  const shape = Array.isArray(normalizedShape) ? (normalizedShape as Shape) : [normalizedShape as number];
  if (shape.length === 0) throw new ArgumentError(`${name}: normalizedShape needs an axis`);
  for (const size of shape) aSize(size, `${name}: a size of normalizedShape`);
  return shape;
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias over the last axes, those of `normalizedShape`; weight (1 at first) and bias (0) have
 * its shape. The variance is the biased one. As torch.nn.LayerNorm (Ba et al. 2016): eps 1e-5, `elementwiseAffine` true.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError where x has other last axes
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { LayerNorm } from "simdgrad/nn";
 * await evaluate(new LayerNorm(2).forward(constant([[1, 3], [5, 3]]))); // => [-0.999995, 0.999995, 0.999995, -0.999995]
 */
export class LayerNorm implements Module {
  readonly normalizedShape: Shape;
  readonly epsilon: number;
  readonly weight: Variable | undefined;
  readonly bias: Variable | undefined;

  constructor(
    normalizedShape: number | Shape,
    options: EpsilonOptions & { readonly elementwiseAffine?: boolean; readonly bias?: boolean } = {},
  ) {
    checkOptions(options, "LayerNorm", { ...epsilonChecks, elementwiseAffine: aBoolean, bias: aBoolean });
    const { elementwiseAffine = true, bias = true } = options;
    const shape = featuresOf(normalizedShape, "LayerNorm");
    this.normalizedShape = shape;
    this.epsilon = epsilonOf(options, 1e-5, "LayerNorm");
    this.weight = elementwiseAffine ? filled(shape, 1, "weight") : undefined;
    this.bias = elementwiseAffine && bias ? filled(shape, 0, "bias") : undefined;
  }

  forward(x: Tensor): Tensor {
    const y = normalized(x, lastAxes(x, this.normalizedShape, "LayerNorm"), this.epsilon, true);
    const scaled = this.weight === undefined ? y : y.mul(this.weight);
    return this.bias === undefined ? scaled : scaled.add(this.bias);
  }
}

/**
 * x / sqrt(mean x^2 + eps) * weight over the last axes, those of `normalizedShape`; weight (1 at first) has its shape. As torch.nn.RMSNorm
 * (Zhang and Sennrich 2019): eps is the spacing of float32 at 1, 2^-23, `elementwiseAffine` true.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError where x has other last axes
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { RMSNorm } from "simdgrad/nn";
 * await evaluate(new RMSNorm(2).forward(constant([3, 4]))); // => [0.848528, 1.13137]
 */
export class RMSNorm implements Module {
  readonly normalizedShape: Shape;
  readonly epsilon: number;
  readonly weight: Variable | undefined;

  constructor(
    normalizedShape: number | Shape,
    options: EpsilonOptions & { readonly elementwiseAffine?: boolean } = {},
  ) {
    checkOptions(options, "RMSNorm", { ...epsilonChecks, elementwiseAffine: aBoolean });
    const { elementwiseAffine = true } = options;
    this.normalizedShape = featuresOf(normalizedShape, "RMSNorm");
    this.epsilon = epsilonOf(options, 2 ** -23, "RMSNorm");
    this.weight = elementwiseAffine ? filled(this.normalizedShape, 1, "weight") : undefined;
  }

  forward(x: Tensor): Tensor {
    const y = normalized(x, lastAxes(x, this.normalizedShape, "RMSNorm"), this.epsilon, false);
    return this.weight === undefined ? y : y.mul(this.weight);
  }
}

/** Options of BatchNorm1d; eps, added to the variance, is 1e-5 by default. */
export interface BatchNormOptions extends EpsilonOptions {
  /** What a batch counts for in the running statistics; null for the mean over all batches. Default 0.1. */
  readonly momentum?: number | null;
  /** Learn weight (1 at first) and bias (0). Default true. */
  readonly affine?: boolean;
  /** Keep running statistics, and use them outside training. Default true. */
  readonly trackRunningStats?: boolean;
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias for every feature of x [N, C] or [N, C, L], as torch.nn.BatchNorm1d (Ioffe and Szegedy
 * 2015). In training the statistics are the batch's (the variance biased), and `running_mean`, `running_var` (unbiased) and
 * `num_batches_tracked` are updated after the step; otherwise the running ones are used, if they are tracked.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError for other features, and in training for one value a feature
 *
 * @example
 * import { BatchNorm1d, evaluationContext, variables } from "simdgrad/nn";
 * import { constant, evaluate } from "simdgrad";
 * const layer = new BatchNorm1d(2);
 * [...variables(layer).keys()]; // => ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
 * await evaluate(layer.forward(constant([[1, 3]]), evaluationContext())); // => [0.999995, 2.999985]
 */
export class BatchNorm1d implements Module {
  readonly numFeatures: number;
  readonly epsilon: number;
  readonly momentum: number | null;
  readonly weight: Variable | undefined;
  readonly bias: Variable | undefined;
  readonly runningMean: Variable | undefined;
  readonly runningVariance: Variable | undefined;
  readonly batches: Variable | undefined;

  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    aSize(numFeatures, "BatchNorm1d: numFeatures");
    checkOptions(options, "BatchNorm1d", {
      ...epsilonChecks,
      momentum: nullOr(aNumberWithin(0, 1)),
      affine: aBoolean,
      trackRunningStats: aBoolean,
    });
    const { momentum = 0.1, affine = true, trackRunningStats = true } = options;
    const shape = [numFeatures];
    this.numFeatures = numFeatures;
    this.epsilon = epsilonOf(options, 1e-5, "BatchNorm1d");
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

  forward(x: Tensor, context: Context): Tensor {
    checkForward(x, context, "BatchNorm1d");
    const { shape } = x;
    if ((shape.length !== 2 && shape.length !== 3) || shape[1] !== this.numFeatures)
      throw new ShapeError(
        `BatchNorm1d: takes [N, ${this.numFeatures}] or [N, ${this.numFeatures}, L], got ${showShape(shape)}`,
      );
    const axes = shape.length === 2 ? [0] : [0, 2];
    const column = (a: Tensor) => (shape.length === 2 ? a : a.unsqueeze(-1));
    const y = standardized(this, x, axes, column, context);
    const scaled = this.weight === undefined ? y : y.mul(column(this.weight));
    return this.bias === undefined ? scaled : scaled.add(column(this.bias));
  }
}

/** x with mean 0 and variance 1, by the batch's statistics or the running ones; updates these. */
function standardized(
  { runningMean, runningVariance, batches, momentum, epsilon }: BatchNorm1d,
  x: Tensor,
  axes: readonly number[],
  column: (a: Tensor) => Tensor,
  context: Context,
): Tensor {
  const tracked = runningMean !== undefined && runningVariance !== undefined && batches !== undefined;
  if (!context.training && tracked) return x.sub(column(runningMean)).mul(column(runningVariance.add(epsilon).rsqrt()));
  const count = sizeOf(axes.map((axis) => x.shape[axis]));
  if (context.training && count < 2)
    throw new ShapeError(
      `BatchNorm1d: training needs more than one value a feature, got ${showShape(x.shape)}; lastBatch: "drop" leaves out a last batch of one row`,
    );
  if (context.training && tracked) {
    const seen = context.current(batches).add(1);
    const share = momentum === null ? scalar(1).div(seen.cast("f32")) : scalar(momentum);
    const rest = momentum === null ? share.neg().add(1) : scalar(1 - momentum);
    const update = (variable: Variable, value: Tensor) => {
      const old = context.current(variable);
      context.assign(variable, old.mul(rest).add(value.mul(share)));
    };
    update(runningMean, x.mean(axes));
    update(runningVariance, x.variance(axes));
    context.assign(batches, seen);
  }
  return normalized(x, axes, epsilon, true);
}
