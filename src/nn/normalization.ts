// Layers that bring the features of a row to mean 0 and variance 1, or to one size. Others: batch-normalization.ts, group-normalization.ts.
import { aBoolean, checkOptions } from "../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../epsilon.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { normalizeRows } from "../ops/normalize.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { filled, scaled } from "./channels.ts";
import { aSize } from "./layers.ts";
import type { Context, Module } from "./module.ts";
import { aFloat } from "./takes.ts";

/** Rows of so many neighbouring elements with mean 0 and variance 1, or with mean square 1: [rows, columns, 1]. */
export function normalizedRows(x: Tensor, columns: number, epsilon: number, centred: boolean): Tensor {
  const rows = columns === 0 ? 0 : sizeOf(x.shape) / columns;
  return normalizeRows(x.reshape([rows, columns]), epsilon, centred).values.unsqueeze(-1);
}

function checkLastAxes(x: Tensor, shape: Shape, name: string): void {
  aFloat(x, name);
  const lead = x.shape.length - shape.length;
  if (lead < 0 || !sameShape(x.shape.slice(lead), shape))
    throw new ShapeError(`${name}: the last axes of ${showShape(x.shape)} are not ${showShape(shape)}`);
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

  forward(x: Tensor, _context?: Context): Tensor {
    checkLastAxes(x, this.normalizedShape, "LayerNorm");
    const columns = sizeOf(this.normalizedShape);
    const y = normalizedRows(x, columns, this.epsilon, true);
    return scaled(y, this.weight?.reshape([columns]), this.bias?.reshape([columns])).reshape(x.shape);
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

  forward(x: Tensor, _context?: Context): Tensor {
    checkLastAxes(x, this.normalizedShape, "RMSNorm");
    const columns = sizeOf(this.normalizedShape);
    const y = normalizedRows(x, columns, this.epsilon, false);
    return scaled(y, this.weight?.reshape([columns]), undefined).reshape(x.shape);
  }
}
