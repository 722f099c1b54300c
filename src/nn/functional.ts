// Activations as functions: usable in forward passes and as layers of a Sequential. Names, defaults and gradients at kinks are PyTorch's.
import { customGradient } from "../autodiff.ts";
import { aFiniteNumber, aNumber, aNumberWithin, inOrder, oneOf } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { uniform } from "../ops/random.ts";
import { checkDType, normalizeAxis, showShape, sizeOf } from "../shape.ts";
import { aTensor, type Tensor } from "../tensor.ts";
import type { RandomKey } from "../variable.ts";
import { aFloat } from "./takes.ts";

/**
 * max(x, 0), elementwise.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { relu } from "simdgrad/nn";
 * await evaluate(relu(constant([-1, 2]))); // => [0, 2]
 */
export function relu(x: Tensor): Tensor {
  aFloat(x, "relu");
  return x.relu();
}

/**
 * x within 0..6, elementwise (Krizhevsky 2010).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { relu6 } from "simdgrad/nn";
 * await evaluate(relu6(constant([-1, 2, 8]))); // => [0, 2, 6]
 */
export function relu6(x: Tensor): Tensor {
  aTensor(x, "relu6: x");
  checkDType(x, ["f32", "i32"], "relu6");
  return hardtanh(x, 0, 6);
}

/**
 * x where x > 0, slope * x elsewhere.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { leakyRelu } from "simdgrad/nn";
 * await evaluate(leakyRelu(constant([-1, 2]), 0.1)); // => [-0.1, 2]
 */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  aFloat(x, "leakyRelu");
  aFiniteNumber(slope, "leakyRelu: slope");
  return x.greater(0).select(x, x.mul(slope));
}

/**
 * x where x > 0, weight * x elsewhere: weight [1], or [C] with one slope a channel, axis 1 of x (He et al. 2015).
 * @throws ShapeError where x has another number of channels
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { prelu } from "simdgrad/nn";
 * await evaluate(prelu(constant([[-1, -2]]), constant([0.5, 0.25]))); // => [-0.5, -0.5]
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  aFloat(x, "prelu");
  aTensor(weight, "prelu: weight");
  checkDType(weight, ["f32"], "prelu: weight");
  const { shape } = x;
  const channels = sizeOf(weight.shape);
  // A vector is one channel, as in PyTorch.
  if (weight.shape.length > 1 || (channels !== 1 && (shape.length < 2 ? 1 : shape[1]) !== channels))
    throw new ShapeError(`prelu: ${showShape(shape)} does not have the channels of weight ${showShape(weight.shape)}`);
  const slope = channels === 1 ? weight.reshape([]) : weight.reshape([channels, ...shape.slice(2).map(() => 1)]);
  return x.greater(0).select(x, x.mul(slope));
}

/**
 * x where x > 0, slope * x elsewhere, with the slope (lower + upper) / 2, or, where a random key is given, as in training, one of its own
 * for each element, evenly from lower..upper (Xu et al. 2015; torch.nn.functional.rrelu). `RReLU` is the layer.
 * @throws ArgumentError unless lower <= upper
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { rrelu } from "simdgrad/nn";
 * await evaluate(rrelu(constant([-1, 2]), 0.25, 0.75)); // => [-0.5, 2]
 * const [a, b] = await evaluate(rrelu(constant([-1, -1]), 0.25, 0.75, randomKey(0, "slopes")));
 * a !== b && Math.max(a, b) <= -0.25 && Math.min(a, b) >= -0.75; // => true
 */
export function rrelu(x: Tensor, lower = 1 / 8, upper = 1 / 3, key?: RandomKey): Tensor {
  aFloat(x, "rrelu");
  inOrder({ lower, upper }, "rrelu");
  const slope = key === undefined ? (lower + upper) / 2 : uniform(key, x.shape, lower, upper);
  return x.greater(0).select(x, x.mul(slope));
}

/**
 * x where x > 0, alpha (e^x - 1) elsewhere (Clevert et al. 2016).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { elu } from "simdgrad/nn";
 * await evaluate(elu(constant([-1, 2]))); // => [-0.632121, 2]
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  aFloat(x, "elu");
  aFiniteNumber(alpha, "elu: alpha");
  return bent(x, (negative) => negative.expm1().mul(alpha));
}

/**
 * Scaled elu that keeps mean 0 and variance 1 from layer to layer (Klambauer et al. 2017).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { selu } from "simdgrad/nn";
 * await evaluate(selu(constant([-1, 2]))); // => [-1.11133, 2.10140]
 */
export function selu(x: Tensor): Tensor {
  aFloat(x, "selu");
  // The fixed point's alpha and scale, from the paper's appendix A.1.
  return elu(x, 1.6732632423543772).mul(1.0507009873554805);
}

/**
 * x where x > 0, alpha (e^(x / alpha) - 1) elsewhere: an elu without a kink for every alpha (Barron 2017).
 * @throws ArgumentError for an alpha of 0
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { celu } from "simdgrad/nn";
 * await evaluate(celu(constant([-1, 2]), 2)); // => [-0.786939, 2]
 */
export function celu(x: Tensor, alpha = 1): Tensor {
  aFloat(x, "celu");
  aFiniteNumber(alpha, "celu: alpha");
  if (alpha === 0) throw new ArgumentError("celu: alpha must not be 0");
  return bent(x, (negative) => negative.div(alpha).expm1().mul(alpha));
}

/**
 * 1 / (1 + e^-x), elementwise.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { sigmoid } from "simdgrad/nn";
 * await evaluate(sigmoid(constant([0]))); // => [0.5]
 */
export function sigmoid(x: Tensor): Tensor {
  aFloat(x, "sigmoid");
  return x.sigmoid();
}

/**
 * Hyperbolic tangent, elementwise.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { tanh } from "simdgrad/nn";
 * await evaluate(tanh(constant([0]))); // => [0]
 */
export function tanh(x: Tensor): Tensor {
  aFloat(x, "tanh");
  return x.tanh();
}

/**
 * x Phi(x) with the normal distribution function: x (1 + erf(x / sqrt 2)) / 2; for "tanh" the approximation
 * x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (Hendrycks and Gimpel 2016).
 * @throws ArgumentError for another approximation
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { gelu } from "simdgrad/nn";
 * await evaluate(gelu(constant([0, 1]))); // => [0, 0.841345]
 * await evaluate(gelu(constant([0, 1]), "tanh")); // => [0, 0.841192]
 */
export function gelu(x: Tensor, approximate: "none" | "tanh" = "none"): Tensor {
  aFloat(x, "gelu");
  oneOf("none", "tanh")(approximate, "gelu: approximate");
  return approximate === "none" ? byShare(x, normalShare, normalSlope) : byShare(x, nearShare, nearSlope);
}

/** The standard normal distribution function. */
function normalShare(x: Tensor): Tensor {
  return x.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
}

/** Its density. */
function normalSlope(x: Tensor): Tensor {
  return x
    .square()
    .mul(-0.5)
    .exp()
    .mul(1 / Math.sqrt(2 * Math.PI));
}

/** Near to the distribution function: (1 + tanh(a)) / 2 = sigmoid(2 a). */
function nearShare(x: Tensor): Tensor {
  return twiceInner(x).sigmoid();
}

/** s(2 a) s(-2 a) 2 a', which does not cancel. */
function nearSlope(x: Tensor, share: Tensor): Tensor {
  const near = x.maximum(-100).minimum(100); // beyond, it is 0, and the square might overflow
  const inner = twiceInner(near);
  const slope = near
    .square()
    .mul(3 * 0.044715)
    .add(1)
    .mul(2 * Math.sqrt(2 / Math.PI));
  return share.mul(inner.neg().sigmoid()).mul(slope);
}

function twiceInner(x: Tensor): Tensor {
  return x.mul(x.square().mul(0.044715).add(1)).mul(2 * Math.sqrt(2 / Math.PI));
}

/**
 * x times a share of it, with the slope share + x share' as one factor: of an infinite cotangent the two parts, each multiplied, could be
 * infinities of different signs.
 */
function byShare(x: Tensor, share: (x: Tensor) => Tensor, slope: (x: Tensor, share: Tensor) => Tensor): Tensor {
  const value = customGradient(
    (a) => a.mul(share(a)),
    (cotangent, [a]) => {
      const own = share(a);
      return [cotangent.mul(a.mul(slope(a, own)).add(own))];
    },
  );
  return value(x);
}

/**
 * x sigmoid(x), elementwise.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { silu } from "simdgrad/nn";
 * await evaluate(silu(constant([0, 1]))); // => [0, 0.731059]
 */
export function silu(x: Tensor): Tensor {
  aFloat(x, "silu");
  return byShare(
    x,
    (a) => a.sigmoid(),
    (_, s) => s.mul(s.neg().add(1)),
  );
}

/**
 * x tanh(softplus(x)), elementwise (Misra 2020).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { mish } from "simdgrad/nn";
 * await evaluate(mish(constant([0, 1]))); // => [0, 0.865098]
 */
export function mish(x: Tensor): Tensor {
  aFloat(x, "mish");
  // With s = sigmoid(x) and r = 1 - s: tanh(ln(1 + e^x)) = s (1 + r) / (1 + r^2), and its slope is 4 s r^2 / (1 + r^2)^2.
  const rest = (s: Tensor) => s.neg().add(1);
  return byShare(
    x,
    (a) => {
      const s = a.sigmoid();
      return s.mul(rest(s).add(1)).div(rest(s).square().add(1));
    },
    (a) => {
      const s = a.sigmoid();
      const square = rest(s).square();
      const divisor = square.add(1);
      return s.mul(square).mul(4).div(divisor).div(divisor);
    },
  );
}

/**
 * ln(1 + e^(beta x)) / beta, elementwise, without overflow; its gradient is sigmoid(beta x) everywhere. There is no threshold: torch's is
 * there against the overflow.
 * @throws ArgumentError for a beta of 0
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { softplus } from "simdgrad/nn";
 * await evaluate(softplus(constant([0, 1000]))); // => [0.693147, 1000]
 */
export function softplus(x: Tensor, beta = 1): Tensor {
  aFloat(x, "softplus");
  aFiniteNumber(beta, "softplus: beta");
  if (beta === 0) throw new ArgumentError("softplus: beta must not be 0");
  const value = customGradient(
    (a) => {
      if (beta === 1) return a.relu().add(a.abs().neg().exp().log1p());
      // The kink is that of x itself: beta x may be infinite.
      const kink = beta > 0 ? a.relu() : a.neg().relu().neg();
      return kink.add(a.mul(beta).abs().neg().exp().log1p().div(beta));
    },
    (cotangent, [a]) => [cotangent.mul(sigmoidOf(beta === 1 ? a : a.mul(beta)))],
  );
  return value(x);
}

/** A sigmoid whose slope s(x) s(-x) keeps its digits for large x, too; the plain one's, s (1 - s), costs half as much. */
function sigmoidOf(x: Tensor): Tensor {
  const value = customGradient(
    (a) => a.sigmoid(),
    (cotangent, [a], s) => [cotangent.mul(s.mul(sigmoidOf(a.neg())))],
  );
  return value(x);
}

/**
 * x / (1 + |x|), elementwise.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { softsign } from "simdgrad/nn";
 * await evaluate(softsign(constant([-1, 3]))); // => [-0.5, 0.75]
 */
export function softsign(x: Tensor): Tensor {
  aFloat(x, "softsign");
  // Its slope is 1 / (1 + |x|)^2; that of a quotient is a difference that cancels where |x| is large.
  const value = customGradient(
    (a) => a.div(a.abs().add(1)),
    (cotangent, [a]) => {
      const size = a.abs().add(1);
      return [cotangent.div(size).div(size)];
    },
  );
  return value(x);
}

/**
 * x where |x| > lambd, 0 elsewhere.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { hardshrink } from "simdgrad/nn";
 * await evaluate(hardshrink(constant([-1, 0.5, 2]))); // => [-1, 0, 2]
 */
export function hardshrink(x: Tensor, lambd = 0.5): Tensor {
  aFloat(x, "hardshrink");
  aFiniteNumber(lambd, "hardshrink: lambd");
  return shrunk(x, lambd, x);
}

/**
 * x nearer to 0 by lambd, and 0 where |x| is at most lambd: what an L1 penalty asks for.
 * @throws ArgumentError for a lambd below 0
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { softshrink } from "simdgrad/nn";
 * await evaluate(softshrink(constant([-1, 0.25, 2]))); // => [-0.5, 0, 1.5]
 */
export function softshrink(x: Tensor, lambd = 0.5): Tensor {
  aFloat(x, "softshrink");
  aNumberWithin(0)(lambd, "softshrink: lambd");
  return shrunk(x, lambd, x.sub(x.sign().mul(lambd)));
}

/** 0 where |x| is at most lambd, else what is given; NaN stays. */
function shrunk(x: Tensor, lambd: number, outside: Tensor): Tensor {
  const size = x.abs();
  return size.less(lambd).add(size.equal(lambd)).select(0, outside);
}

/**
 * x where x > limit, the value elsewhere (torch.nn.functional.threshold).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { threshold } from "simdgrad/nn";
 * await evaluate(threshold(constant([-1, 0.1, 2]), 0.1, 20)); // => [20, 20, 2]
 */
export function threshold(x: Tensor, limit: number, value: number): Tensor {
  aFloat(x, "threshold");
  aFiniteNumber(limit, "threshold: limit");
  aFiniteNumber(value, "threshold: value");
  return x.less(limit).add(x.equal(limit)).select(value, x);
}

/**
 * x - tanh(x), elementwise; near 0, where the two are nearly equal, its digits stay.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { tanhshrink } from "simdgrad/nn";
 * await evaluate(tanhshrink(constant([-1, 0, 2]))); // => [-0.238406, 0, 1.03597]
 * await evaluate(tanhshrink(constant([0.001]))); // => [3.33333e-10]
 */
export function tanhshrink(x: Tensor): Tensor {
  aFloat(x, "tanhshrink");
  // Lambert's fraction: tanh(x) = x / (1 + k), with k = x^2 / (3 + x^2 / (5 + ...)), so the rest is x k / (1 + k). Its slope is tanh^2.
  const value = customGradient(
    (a) => {
      const isNear = a.abs().less(1);
      const near = isNear.select(a, 0);
      const square = near.square();
      const k = [15, 13, 11, 9, 7, 5, 3].reduce((inner, odd) => square.div(inner.add(odd)), square.div(17));
      return isNear.select(near.mul(k).div(k.add(1)), a.sub(a.tanh()));
    },
    (cotangent, [a]) => [cotangent.mul(a.tanh().square())],
  );
  return value(x);
}

/**
 * x within min..max; its gradient is 1 between them and 0 from them on.
 * @throws ArgumentError unless min < max
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { hardtanh } from "simdgrad/nn";
 * await evaluate(hardtanh(constant([-3, 0.5, 3]))); // => [-1, 0.5, 1]
 */
export function hardtanh(x: Tensor, min = -1, max = 1): Tensor {
  aTensor(x, "hardtanh: x");
  checkDType(x, ["f32", "i32"], "hardtanh");
  aNumber(min, "hardtanh: min");
  aNumber(max, "hardtanh: max");
  if (!(min < max)) throw new ArgumentError(`hardtanh: min ${min} must be below max ${max}`);
  const value = customGradient(
    (a) => a.maximum(min).minimum(max),
    (cotangent, [a]) => [a.greater(min).select(a.less(max).select(cotangent, 0), 0)],
  );
  return value(x);
}

/**
 * relu6(x + 3) / 6: a sigmoid of three straight lines (Howard et al. 2019).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { hardSigmoid } from "simdgrad/nn";
 * await evaluate(hardSigmoid(constant([-4, 0, 1.5]))); // => [0, 0.5, 0.75]
 */
export function hardSigmoid(x: Tensor): Tensor {
  aFloat(x, "hardSigmoid");
  return relu6(x.add(3)).div(6);
}

/**
 * x relu6(x + 3) / 6: a silu out of hardSigmoid (Howard et al. 2019).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { hardSwish } from "simdgrad/nn";
 * await evaluate(hardSwish(constant([-4, 1.5, 4]))); // => [0, 1.125, 4]
 */
export function hardSwish(x: Tensor): Tensor {
  aFloat(x, "hardSwish");
  // Within -3..3, both included, the gradient is that of x (x + 3) / 6, as PyTorch's. Beyond, the parabola gets 0, and so stays finite.
  const [isBelow, isAbove] = [x.less(-3), x.greater(3)];
  const inner = isBelow.select(0, isAbove.select(0, x));
  return isBelow.select(0, isAbove.select(x, inner.mul(inner.add(3).div(6))));
}

/**
 * ln sigmoid(x), elementwise, without overflow.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { logSigmoid } from "simdgrad/nn";
 * await evaluate(logSigmoid(constant([0, -1000]))); // => [-0.693147, -1000]
 */
export function logSigmoid(x: Tensor): Tensor {
  aFloat(x, "logSigmoid");
  return softplus(x.neg()).neg();
}

/**
 * a sigmoid(b) for the halves a and b of x along an axis (default the last), which becomes half as long (Dauphin et al. 2017).
 * @throws ShapeError where the axis has an odd size
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { glu } from "simdgrad/nn";
 * await evaluate(glu(constant([3, 0]))); // => [1.5]
 */
export function glu(x: Tensor, axis = -1): Tensor {
  aFloat(x, "glu");
  const [a, b] = halves(x, axis, "glu");
  return a.mul(b.sigmoid());
}

/**
 * silu(a) b for the halves a and b of x along an axis (default the last), which becomes half as long (Shazeer 2020).
 * @throws ShapeError where the axis has an odd size
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { swiglu } from "simdgrad/nn";
 * await evaluate(swiglu(constant([1, 2]))); // => [1.46212]
 */
export function swiglu(x: Tensor, axis = -1): Tensor {
  aFloat(x, "swiglu");
  const [a, b] = halves(x, axis, "swiglu");
  return silu(a).mul(b);
}

/**
 * e^x over its sum along an axis (default the last).
 * @throws ShapeError for an axis outside the shape or one without elements, DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { softmax } from "simdgrad/nn";
 * await evaluate(softmax(constant([0, 0]))); // => [0.5, 0.5]
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  aFloat(x, "softmax");
  return x.softmax(axis);
}

/**
 * ln softmax(x) along an axis (default the last).
 * @throws ShapeError for an axis outside the shape or one without elements, DTypeError unless f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { logSoftmax } from "simdgrad/nn";
 * await evaluate(logSoftmax(constant([0, 0]))); // => [-0.693147, -0.693147]
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  aFloat(x, "logSoftmax");
  return x.logSoftmax(axis);
}

/**
 * softmax(-x) along an axis (default the last).
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { softmin } from "simdgrad/nn";
 * await evaluate(softmin(constant([0, Math.log(3)]))); // => [0.75, 0.25]
 */
export function softmin(x: Tensor, axis = -1): Tensor {
  aFloat(x, "softmin");
  return x.neg().softmax(axis);
}

/** x where x > 0, f(x) elsewhere; f never sees large arguments, whose infinities would turn zero cotangents into NaN. */
function bent(x: Tensor, f: (negative: Tensor) => Tensor): Tensor {
  const positive = x.greater(0);
  return positive.select(x, f(positive.select(0, x)));
}

function halves(x: Tensor, axis: number, name: string): [Tensor, Tensor] {
  const at = normalizeAxis(axis, x.shape, name);
  const half = x.shape[at] / 2;
  if (!Number.isInteger(half)) throw new ShapeError(`${name}: axis ${axis} of ${showShape(x.shape)} has no halves`);
  return [x.narrow(at, 0, half), x.narrow(at, half, half)];
}
