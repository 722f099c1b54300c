// Layers that bring every channel to mean 0 and variance 1 over the batch, with running statistics for when nothing is trained.
import { aBoolean, aNumberWithin, checkOptions, nullOr } from "../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../epsilon.ts";
import { ShapeError } from "../errors.ts";
import { checkDType, sameShape, showShape, sizeOf } from "../shape.ts";
import { scalar, type Tensor } from "../tensor.ts";
import { aVariable, Variable } from "../variable.ts";
import { byChannels, channelStatistics, filled, standardised } from "./channels.ts";
import { aSize } from "./layers.ts";
import { aLayer, type Context, checkForward, type Module } from "./module.ts";

/** Options of BatchNorm1d, BatchNorm2d and BatchNorm3d; eps, added to the variance, is 1e-5 by default. */
export interface BatchNormOptions extends EpsilonOptions {
  /** What a batch counts for in the running statistics; null for the mean over all batches. Default 0.1. */
  readonly momentum?: number | null;
  /** Learn weight (1 at first) and bias (0). Default true. */
  readonly affine?: boolean;
  /** Keep running statistics, and use them outside training. Default true. */
  readonly trackRunningStats?: boolean;
}

/** What the layers of all ranks are: they differ in the shapes that they take. */
class BatchNorm implements Module {
  readonly numFeatures: number;
  readonly epsilon: number;
  readonly momentum: number | null;
  readonly weight: Variable | undefined;
  readonly bias: Variable | undefined;
  readonly runningMean: Variable | undefined;
  readonly runningVariance: Variable | undefined;
  readonly batches: Variable | undefined;
  private readonly name: string;
  private readonly spaces: readonly string[];

  /** @param spaces the axes behind the channels, of every shape that is taken */
  constructor(name: string, spaces: readonly string[], numFeatures: number, options: BatchNormOptions) {
    aSize(numFeatures, `${name}: numFeatures`);
    checkOptions(options, name, {
      ...epsilonChecks,
      momentum: nullOr(aNumberWithin(0, 1)),
      affine: aBoolean,
      trackRunningStats: aBoolean,
    });
    const { momentum = 0.1, affine = true, trackRunningStats = true } = options;
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

  forward(x: Tensor, context: Context): Tensor {
    checkForward(x, context, this.name);
    this.checkShape(x);
    const { weight, bias, runningMean, runningVariance, epsilon } = this;
    if (!context.training && runningMean !== undefined && runningVariance !== undefined) {
      const column = (channels: Tensor) => channels.reshape([...channels.shape, ...x.shape.slice(2).map(() => 1)]);
      const y = x.sub(column(runningMean)).mul(column(runningVariance.add(epsilon).rsqrt()));
      const product = weight === undefined ? y : y.mul(column(weight));
      return bias === undefined ? product : product.add(column(bias));
    }
    if (context.training) {
      const own = byChannels(x);
      if (own.shape[0] * own.shape[2] < 2)
        throw new ShapeError(
          `${this.name}: training needs more than one value a feature, got ${showShape(x.shape)}; lastBatch: "drop" leaves out a last batch of one row`,
        );
      this.track(own, context);
    }
    return standardised(x, epsilon, weight, bias);
  }

  private checkShape(x: Tensor): void {
    const { shape } = x;
    const taken = this.spaces.map((space) => `[N, ${this.numFeatures}${space}]`);
    const fits = taken.some((text) => text.split(",").length === shape.length) && shape[1] === this.numFeatures;
    if (!fits) throw new ShapeError(`${this.name}: takes ${taken.join(" or ")}, got ${showShape(shape)}`);
    checkDType(x, ["f32"], this.name);
  }

  /** Updates the running statistics, the variance by the unbiased one. */
  private track(x: Tensor, context: Context): void {
    const { runningMean, runningVariance, batches, momentum } = this;
    const count = x.shape[0] * x.shape[2];
    if (runningMean === undefined || runningVariance === undefined || batches === undefined) return;
    const seen = context.current(batches).add(1);
    const share = momentum === null ? scalar(1).div(seen.cast("f32")) : scalar(momentum);
    const rest = momentum === null ? share.neg().add(1) : scalar(1 - momentum);
    const update = (variable: Variable, value: Tensor) => {
      const old = context.current(variable);
      context.assign(variable, old.mul(rest).add(value.mul(share)));
    };
    const { mean, variance } = channelStatistics(x);
    update(runningMean, mean);
    update(runningVariance, variance.mul(count / (count - 1)));
    context.assign(batches, seen);
  }
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
export class BatchNorm1d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super("BatchNorm1d", ["", ", L"], numFeatures, options);
  }
}

/**
 * The same for every channel of x [N, C, H, W], as torch.nn.BatchNorm2d.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError for other channels, and in training for one value a channel
 *
 * @example
 * import { BatchNorm2d, trainingContext } from "simdgrad/nn";
 * import { constant, evaluate, scalar } from "simdgrad";
 * const context = trainingContext(0, scalar(0, "i32"));
 * await evaluate(new BatchNorm2d(1).forward(constant([[[[1, 3]]], [[[5, 3]]]]), context)); // => [-1.41421, 0, 1.41421, 0]
 */
export class BatchNorm2d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super("BatchNorm2d", [", H, W"], numFeatures, options);
  }
}

/**
 * The same for every channel of x [N, C, D, H, W], as torch.nn.BatchNorm3d.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError for other channels, and in training for one value a channel
 *
 * @example
 * import { BatchNorm3d, trainingContext } from "simdgrad/nn";
 * import { input, scalar } from "simdgrad";
 * new BatchNorm3d(4).forward(input([2, 4, 3, 8, 8]), trainingContext(0, scalar(0, "i32"))).shape; // => [2, 4, 3, 8, 8]
 */
export class BatchNorm3d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super("BatchNorm3d", [", D, H, W"], numFeatures, options);
  }
}

/** A layer with a weight [C, ...], one part an output channel, and a bias [C] or none: Linear, convolutions. */
type Weighted = Module & { readonly weight: Variable; readonly bias: Variable | undefined };

// norm(W x + b) = s W x + s (b - mean) + bias with s = weight / sqrt(variance + eps)
/**
 * A layer that does by itself what it does with a batch norm behind it outside training, as torch.nn.utils.fusion.fuse_linear_bn_eval: the
 * layer as it is, but for a weight and a bias of its own, whose first values are made of the values that layer and norm have then. They
 * follow no later training: fuse where that is over, and predict on the executor that trained. On another one they have no values, but those
 * of a state: what `stateDict` of a Predictor of the fused model gives, is loaded by a Predictor, or a Trainer, of a new model that is fused
 * in the same way.
 * @throws ArgumentError for a layer without a weight and for a norm without running statistics, ShapeError where their channels differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { BatchNorm1d, evaluationContext, fuseBatchNorm, Linear, variables } from "simdgrad/nn";
 * const layer = fuseBatchNorm(new Linear(3, 2), new BatchNorm1d(2));
 * [...variables(layer)].map(([name, { shape }]) => `${name} ${shape}`); // => ["weight 2,3", "bias 2"]
 */
export function fuseBatchNorm<L extends Weighted>(layer: L, norm: BatchNorm): L {
  aLayer(layer, "fuseBatchNorm: layer");
  aVariable(layer.weight, "fuseBatchNorm: the layer's weight");
  aLayer(norm, "fuseBatchNorm: norm");
  const { runningMean, runningVariance, epsilon } = norm;
  aVariable(runningMean, "fuseBatchNorm: the norm's running mean");
  aVariable(runningVariance, "fuseBatchNorm: the norm's running variance");
  const { shape } = layer.weight;
  const channels = (runningMean as Variable).shape;
  if (!sameShape(shape.slice(0, 1), channels))
    throw new ShapeError(`fuseBatchNorm: ${showShape(channels)} channels for a weight ${showShape(shape)}`);
  const inverse = (runningVariance as Variable).add(epsilon).rsqrt();
  const scale = norm.weight === undefined ? inverse : inverse.mul(norm.weight);
  const byRows = scale.unsqueeze(1);
  const weight = () =>
    layer.weight
      .reshape([shape[0], sizeOf(shape.slice(1))])
      .mul(byRows)
      .reshape(shape);
  const bias = () => {
    const shifted = (layer.bias?.sub(runningMean as Variable) ?? (runningMean as Variable).neg()).mul(scale);
    return norm.bias === undefined ? shifted : shifted.add(norm.bias);
  };
  return Object.create(layer, {
    weight: { value: new Variable(shape, weight, { label: "weight" }), enumerable: true },
    bias: { value: new Variable(channels, bias, { label: "bias" }), enumerable: true },
  });
}
