// Layers that disturb what passes while training, and do nothing otherwise.
import { aFraction, aNumberWithin, inOrder } from "../check.ts";
import { normal, uniform } from "../ops/random.ts";
import type { Tensor } from "../tensor.ts";
import { rrelu } from "./functional.ts";
import { type Context, checkForward, type Module } from "./module.ts";

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
    if (!context.training || this.p === 0) return x;
    const kept = uniform(context.key(), x.shape).less(1 - this.p);
    return kept.select(x.mul(1 / (1 - this.p)), 0);
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
    return rrelu(x, this.lower, this.upper, context.training ? context.key() : undefined);
  }
}
