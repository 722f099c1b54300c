// Layers that are one formula: names, parameter shapes, defaults and initialisers are PyTorch's. They build graphs and know nothing of
// how graphs run. Others: containers.ts, normalization.ts, regularization.ts, embedding.ts, pooling.ts, padding.ts, resizing.ts.
import { aBoolean, aFiniteNumber, aListOf, anInteger, aWholeNumber, checkOptions, must } from "../check.ts";
import { ShapeError } from "../errors.ts";
import { normalizeAxis, sameShape, showShape, sizeOf } from "../shape.ts";
import { aTensor, scalar, type Tensor, tensors } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { prelu } from "./functional.ts";
import { linearUniform } from "./init.ts";
import type { Context, Module } from "./module.ts";
import { aFloat } from "./takes.ts";

/** Throws an ArgumentError unless a value is a whole number >= 1. */
export function aSize(value: unknown, what: string): void {
  aWholeNumber(1)(value, what);
}

/** Throws an ArgumentError unless a value is a number of layers, or of steps, that a graph can hold: each has nodes of its own. */
export const aDepth = aWholeNumber(1, 2 ** 12);

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
    aSize(inFeatures, "Linear: inFeatures");
    aSize(outFeatures, "Linear: outFeatures");
    checkOptions(options, "Linear", { bias: aBoolean });
    this.weight = new Variable([outFeatures, inFeatures], linearUniform(inFeatures), { label: "weight" });
    this.bias =
      (options.bias ?? true) ? new Variable([outFeatures], linearUniform(inFeatures), { label: "bias" }) : undefined;
  }

  forward(x: Tensor, _context?: Context): Tensor {
    aFloat(x, "Linear");
    const inFeatures = this.weight.shape[1];
    if (x.shape[x.shape.length - 1] !== inFeatures)
      throw new ShapeError(`Linear: the last axis of ${showShape(x.shape)} is not inFeatures ${inFeatures}`);
    const product = x.matmul(this.weight, { transposeB: true });
    return this.bias === undefined ? product : product.add(this.bias);
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
    must(Number.isInteger(start), start, "Flatten: start", "an axis");
    this.start = start;
  }

  forward(x: Tensor, _context?: Context): Tensor {
    aTensor(x, "Flatten: x");
    return x.flatten(this.start);
  }
}

/**
 * An axis as several, as torch.nn.Unflatten: one size may be -1, whatever is left.
 * @throws ArgumentError for what is no axis or no list of sizes; forward throws ShapeError where x has no such axis or other sizes
 *
 * @example
 * import { Unflatten } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new Unflatten(1, [16, -1, 7]).forward(input([64, 784])).shape; // => [64, 16, 7, 7]
 */
export class Unflatten implements Module {
  readonly dim: number;
  readonly unflattenedSize: readonly number[];

  constructor(dim: number, unflattenedSize: readonly number[]) {
    anInteger(dim, "Unflatten: dim");
    aListOf(anInteger)(unflattenedSize, "Unflatten: unflattenedSize");
    this.dim = dim;
    this.unflattenedSize = unflattenedSize;
  }

  forward(x: Tensor, _context?: Context): Tensor {
    aTensor(x, "Unflatten: x");
    const at = normalizeAxis(this.dim, x.shape, "Unflatten");
    const known = this.unflattenedSize.reduce((product, size) => (size === -1 ? product : product * size), 1);
    const sizes = this.unflattenedSize.map((size) => (size === -1 ? x.shape[at] / known : size));
    if (sizeOf(sizes) !== x.shape[at] || !sizes.every((size) => Number.isInteger(size) && size >= 0))
      throw new ShapeError(
        `Unflatten: axis ${at} of ${showShape(x.shape)} does not have ${showShape(this.unflattenedSize)} elements`,
      );
    return x.reshape(x.shape.toSpliced(at, 1, ...sizes));
  }
}

/**
 * x, unchanged: a place for a layer that a model can do without, as torch.nn.Identity.
 *
 * @example
 * import { Identity } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new Identity().forward(input([5, 3])).shape; // => [5, 3]
 */
export class Identity implements Module {
  forward(x: Tensor, _context?: Context): Tensor {
    return x;
  }
}

/**
 * x where x > 0, weight * x elsewhere, with one learned slope for all (weight [1]) or one a channel (axis 1: weight [C] for x [N, C, ...]),
 * 0.25 at first, as torch.nn.PReLU (He et al. 2015).
 * @throws ArgumentError for counts below 1; forward throws ShapeError where x has another number of channels
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { PReLU } from "simdgrad/nn";
 * await evaluate(new PReLU().forward(constant([-4, 2]))); // => [-1, 2]
 */
export class PReLU implements Module {
  readonly weight: Variable;

  constructor(numParameters = 1, options: { readonly init?: number } = {}) {
    aSize(numParameters, "PReLU: numParameters");
    checkOptions(options, "PReLU", { init: aFiniteNumber });
    this.weight = new Variable([numParameters], (shape) => scalar(options.init ?? 0.25).broadcastTo(shape), {
      label: "weight",
    });
  }

  forward(x: Tensor, _context?: Context): Tensor {
    aFloat(x, "PReLU");
    return prelu(x, this.weight);
  }
}

/**
 * y_o = x1^T W_o x2 + b_o for a pair x1 [..., in1], x2 [..., in2], W [out, in1, in2], b [out]; both start uniform within 1 / sqrt(in1),
 * as torch.nn.Bilinear.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError where an input has another last axis or they differ before it
 *
 * @example
 * import { Bilinear } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new Bilinear(20, 30, 40).forward([input([128, 20]), input([128, 30])]).shape; // => [128, 40]
 */
export class Bilinear implements Module<readonly [Tensor, Tensor]> {
  readonly weight: Variable;
  readonly bias: Variable | undefined;

  constructor(
    in1Features: number,
    in2Features: number,
    outFeatures: number,
    options: { readonly bias?: boolean } = {},
  ) {
    aSize(in1Features, "Bilinear: in1Features");
    aSize(in2Features, "Bilinear: in2Features");
    aSize(outFeatures, "Bilinear: outFeatures");
    checkOptions(options, "Bilinear", { bias: aBoolean });
    const start = linearUniform(in1Features);
    this.weight = new Variable([outFeatures, in1Features, in2Features], start, { label: "weight" });
    this.bias = (options.bias ?? true) ? new Variable([outFeatures], start, { label: "bias" }) : undefined;
  }

  forward(pair: readonly [Tensor, Tensor], _context?: Context): Tensor {
    tensors(pair, "Bilinear: the inputs");
    must(pair.length === 2, pair, "Bilinear: the inputs", "a pair of tensors");
    const [x1, x2] = pair;
    for (const each of pair) aFloat(each, "Bilinear");
    const [out, in1, in2] = this.weight.shape;
    const [a, b] = [x1.shape, x2.shape];
    if (a[a.length - 1] !== in1 || b[b.length - 1] !== in2 || !sameShape(a.slice(0, -1), b.slice(0, -1)))
      throw new ShapeError(`Bilinear: takes [..., ${in1}] and [..., ${in2}], got ${showShape(a)} and ${showShape(b)}`);
    // All W_o x2 are one product with W as [out in1, in2].
    const right = x2.matmul(this.weight.reshape([out * in1, in2]), { transposeB: true });
    const value = right
      .reshape([...a.slice(0, -1), out, in1])
      .mul(x1.unsqueeze(-2))
      .sum(-1);
    return this.bias === undefined ? value : value.add(this.bias);
  }
}
