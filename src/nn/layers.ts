// Layers: names, shapes and defaults are PyTorch's. They build graphs and know nothing of how graphs run.
import { ArgumentError, ShapeError } from "../errors.ts";
import { uniform } from "../ops/random.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { linearUniform } from "./init.ts";
import { type Context, forward, type Layer, type Module } from "./module.ts";

function checkCount(value: number, what: string): number {
  if (!Number.isInteger(value) || value < 1)
    throw new ArgumentError(`${what} must be a whole number >= 1, got ${value}`);
  return value;
}

/**
 * y = x W^T + b for x [..., in], W [out, in], b [out]; both start uniform within 1 / sqrt(in), as torch.nn.Linear.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError where x has another last axis
 *
 * @example
 * import { evaluationContext, Linear } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new Linear(784, 10).forward(input([64, 784]), evaluationContext()).shape; // => [64, 10]
 */
export class Linear implements Module {
  readonly weight: Variable;
  readonly bias: Variable | undefined;

  constructor(inFeatures: number, outFeatures: number, options: { readonly bias?: boolean } = {}) {
    checkCount(inFeatures, "Linear: inFeatures");
    checkCount(outFeatures, "Linear: outFeatures");
    this.weight = new Variable([outFeatures, inFeatures], linearUniform(inFeatures), { label: "weight" });
    this.bias =
      (options.bias ?? true) ? new Variable([outFeatures], linearUniform(inFeatures), { label: "bias" }) : undefined;
  }

  forward(x: Tensor): Tensor {
    const inFeatures = this.weight.shape[1];
    if (x.shape[x.shape.length - 1] !== inFeatures)
      throw new ShapeError(`Linear: the last axis of ${showShape(x.shape)} is not inFeatures ${inFeatures}`);
    const product = x.matmul(this.weight, { transposeB: true });
    return this.bias === undefined ? product : product.add(this.bias);
  }
}

/**
 * Layers one after the other; their variables are named `0.weight`, `2.bias`, ... by place.
 *
 * @example
 * import { evaluationContext, Flatten, Linear, relu, Sequential } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * const model = new Sequential(new Flatten(), new Linear(784, 128), relu, new Linear(128, 10));
 * model.forward(input([64, 28, 28]), evaluationContext()).shape; // => [64, 10]
 */
export class Sequential implements Module {
  readonly layers: readonly Layer[];

  constructor(...layers: readonly Layer[]) {
    this.layers = layers;
  }

  children(): Iterable<readonly [string, Layer]> {
    return this.layers.map((layer, i) => [String(i), layer] as const);
  }

  forward(x: Tensor, context: Context): Tensor {
    return this.layers.reduce((value, layer, i) => forward(layer, value, context, String(i)), x);
  }
}

/**
 * Axes from `start` (default 1: all but the batch) on as one.
 *
 * @example
 * import { evaluationContext, Flatten } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new Flatten().forward(input([64, 28, 28])).shape; // => [64, 784]
 */
export class Flatten implements Module {
  readonly start: number;

  constructor(start = 1) {
    this.start = start;
  }

  forward(x: Tensor): Tensor {
    return x.flatten(this.start);
  }
}

/**
 * While training, zeroes each element with probability p and scales the rest by 1 / (1 - p) (Srivastava et al. 2014).
 * @throws ArgumentError unless 0 <= p < 1
 *
 * @example
 * import { Dropout, evaluationContext } from "simdgrad/nn";
 * import { constant, evaluate } from "simdgrad";
 * await evaluate(new Dropout(0.5).forward(constant([1, 2]), evaluationContext())); // => [1, 2]
 */
export class Dropout implements Module {
  readonly p: number;

  constructor(p = 0.5) {
    if (!(p >= 0 && p < 1)) throw new ArgumentError(`Dropout: p must be at least 0 and below 1, got ${p}`);
    this.p = p;
  }

  forward(x: Tensor, context: Context): Tensor {
    if (!context.training || this.p === 0) return x;
    const kept = uniform(context.key(), x.shape).less(1 - this.p);
    return x.mul(kept.mul(1 / (1 - this.p)));
  }
}
