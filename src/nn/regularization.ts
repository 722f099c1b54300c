// Layers that disturb what passes while training, and do nothing otherwise.
import { aFraction, aNumberWithin, inOrder } from "../check.ts";
import { ShapeError } from "../errors.ts";
import { normal, uniform } from "../ops/random.ts";
import { type Shape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { rrelu } from "./functional.ts";
import { type Context, checkForward, type Module } from "./module.ts";
import { aFloat } from "./takes.ts";

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
    aFraction(p, "Dropout: p");
    this.p = p;
  }

  forward(x: Tensor, context: Context): Tensor {
    checkForward(x, context, "Dropout");
    aFloat(x, "Dropout");
    if (!context.training || this.p === 0) return x;
    const kept = uniform(context.key(), x.shape).less(1 - this.p);
    return kept.select(x.mul(1 / (1 - this.p)), 0);
  }
}

/** While training: whole parts, of which each has one number in `parts`, are zeroed with probability p, the others scaled by 1 / (1 - p). */
function partsDropped(x: Tensor, p: number, parts: Shape, context: Context): Tensor {
  if (!context.training || p === 0) return x;
  const kept = uniform(context.key(), parts).less(1 - p);
  return kept.select(x.mul(1 / (1 - p)), 0);
}

/** What the layers of all ranks are: they differ in the shapes that they take. */
class ChannelDropout implements Module {
  readonly p: number;
  private readonly name: string;
  private readonly spaces: readonly string[];

  /** @param spaces the axes behind the channels */
  constructor(name: string, spaces: readonly string[], p: number) {
    aFraction(p, `${name}: p`);
    this.p = p;
    this.name = name;
    this.spaces = spaces;
  }

  forward(x: Tensor, context: Context): Tensor {
    checkForward(x, context, this.name);
    aFloat(x, this.name);
    const { shape } = x;
    if (shape.length !== 2 + this.spaces.length)
      throw new ShapeError(`${this.name}: takes [N, C, ${this.spaces.join(", ")}], got ${showShape(shape)}`);
    return partsDropped(x, this.p, [shape[0], shape[1], ...this.spaces.map(() => 1)], context);
  }
}

/**
 * While training, zeroes whole channels of x [N, C, L], each with probability p, and scales the rest by 1 / (1 - p), as torch.nn.Dropout1d
 * (Tompson et al. 2015).
 * @throws ArgumentError unless 0 <= p < 1; forward throws ShapeError for another number of axes
 *
 * @example
 * import { Dropout1d, evaluationContext } from "simdgrad/nn";
 * import { constant, evaluate } from "simdgrad";
 * await evaluate(new Dropout1d(0.5).forward(constant([[[1, 2]]]), evaluationContext())); // => [1, 2]
 */
export class Dropout1d extends ChannelDropout {
  constructor(p = 0.5) {
    super("Dropout1d", ["L"], p);
  }
}

/**
 * While training, zeroes whole channels of images x [N, C, H, W], each with probability p, and scales the rest by 1 / (1 - p), as
 * torch.nn.Dropout2d.
 * @throws ArgumentError unless 0 <= p < 1; forward throws ShapeError for another number of axes
 *
 * @example
 * import { Dropout2d, trainingContext } from "simdgrad/nn";
 * import { constant, evaluate, scalar } from "simdgrad";
 * const context = trainingContext(0, scalar(0, "i32"));
 * const [a, b] = await evaluate(new Dropout2d(0.5).forward(constant([[[[1, 1]]]]), context));
 * a === b && (a === 0 || a === 2); // => true
 */
export class Dropout2d extends ChannelDropout {
  constructor(p = 0.5) {
    super("Dropout2d", ["H", "W"], p);
  }
}

/**
 * While training, zeroes whole channels of x [N, C, D, H, W], each with probability p, and scales the rest by 1 / (1 - p), as
 * torch.nn.Dropout3d.
 * @throws ArgumentError unless 0 <= p < 1; forward throws ShapeError for another number of axes
 *
 * @example
 * import { Dropout3d, trainingContext } from "simdgrad/nn";
 * import { input, scalar } from "simdgrad";
 * new Dropout3d(0.5).forward(input([2, 4, 3, 8, 8]), trainingContext(0, scalar(0, "i32"))).shape; // => [2, 4, 3, 8, 8]
 */
export class Dropout3d extends ChannelDropout {
  constructor(p = 0.5) {
    super("Dropout3d", ["D", "H", "W"], p);
  }
}

/**
 * While training, zeroes all of a sample of x [N, ...] with probability p and scales the others by 1 / (1 - p): at the end of the body of a
 * Residual it leaves the shortcut alone (stochastic depth, Huang et al. 2016).
 * @throws ArgumentError unless 0 <= p < 1; forward throws ShapeError for a scalar
 *
 * @example
 * import { DropPath, Linear, Residual, Sequential, relu, trainingContext } from "simdgrad/nn";
 * import { input, scalar } from "simdgrad";
 * const block = new Residual(new Sequential(new Linear(8, 8), relu, new DropPath(0.1)));
 * block.forward(input([4, 8]), trainingContext(0, scalar(0, "i32"))).shape; // => [4, 8]
 */
export class DropPath implements Module {
  readonly p: number;

  constructor(p = 0.1) {
    aFraction(p, "DropPath: p");
    this.p = p;
  }

  forward(x: Tensor, context: Context): Tensor {
    checkForward(x, context, "DropPath");
    aFloat(x, "DropPath");
    if (x.shape.length === 0) throw new ShapeError("DropPath: a scalar has no samples");
    return partsDropped(x, this.p, [x.shape[0], ...x.shape.slice(1).map(() => 1)], context);
  }
}

/** What SELU gives for large negative numbers: scale alpha = 1.0507... 1.6732... (Klambauer et al. 2017). */
const SELU_LOWEST = -1.7580993408473766;

/**
 * Dropout for networks of selu: while training, each element becomes the lowest value of selu with probability p, and all are scaled and
 * shifted so that numbers of mean 0 and variance 1 keep both, as torch.nn.AlphaDropout (Klambauer et al. 2017).
 * @throws ArgumentError unless 0 <= p < 1
 *
 * @example
 * import { AlphaDropout, evaluationContext } from "simdgrad/nn";
 * import { constant, evaluate } from "simdgrad";
 * await evaluate(new AlphaDropout(0.5).forward(constant([1, 2]), evaluationContext())); // => [1, 2]
 */
export class AlphaDropout implements Module {
  readonly p: number;

  constructor(p = 0.5) {
    aFraction(p, "AlphaDropout: p");
    this.p = p;
  }

  forward(x: Tensor, context: Context): Tensor {
    checkForward(x, context, "AlphaDropout");
    aFloat(x, "AlphaDropout");
    const { p } = this;
    if (!context.training || p === 0) return x;
    const scale = 1 / Math.sqrt((1 - p) * (1 + p * SELU_LOWEST ** 2));
    const shift = -scale * p * SELU_LOWEST;
    const kept = uniform(context.key(), x.shape).less(1 - p);
    return kept.select(x.mul(scale).add(shift), SELU_LOWEST * scale + shift);
  }
}

/**
 * While training, adds normal noise of a standard deviation, as keras.layers.GaussianNoise.
 * @throws ArgumentError for a deviation below 0
 *
 * @example
 * import { evaluationContext, GaussianNoise } from "simdgrad/nn";
 * import { constant, evaluate } from "simdgrad";
 * await evaluate(new GaussianNoise(0.1).forward(constant([1, 2]), evaluationContext())); // => [1, 2]
 */
export class GaussianNoise implements Module {
  readonly deviation: number;

  constructor(deviation: number) {
    aNumberWithin(0)(deviation, "GaussianNoise: deviation");
    this.deviation = deviation;
  }

  forward(x: Tensor, context: Context): Tensor {
    checkForward(x, context, "GaussianNoise");
    aFloat(x, "GaussianNoise");
    if (!context.training || this.deviation === 0) return x;
    return x.add(normal(context.key(), x.shape, 0, this.deviation));
  }
}

/**
 * x where x > 0, slope * x elsewhere: while training each element has a slope of its own, evenly from lower..upper, otherwise all have the
 * mean of the two, as torch.nn.RReLU (Xu et al. 2015).
 * @throws ArgumentError unless lower <= upper
 *
 * @example
 * import { evaluationContext, RReLU } from "simdgrad/nn";
 * import { constant, evaluate } from "simdgrad";
 * await evaluate(new RReLU(0.25, 0.75).forward(constant([-1, 2]), evaluationContext())); // => [-0.5, 2]
 */
export class RReLU implements Module {
  readonly lower: number;
  readonly upper: number;

  constructor(lower = 1 / 8, upper = 1 / 3) {
    inOrder({ lower, upper }, "RReLU");
    this.lower = lower;
    this.upper = upper;
  }

  forward(x: Tensor, context: Context): Tensor {
    checkForward(x, context, "RReLU");
    aFloat(x, "RReLU");
    return rrelu(x, this.lower, this.upper, context.training ? context.key() : undefined);
  }
}
