// Losses of independent probabilities of yes or no against targets within 0..1: of one label, of several, of a picture's mask.
import { customGradient } from "../../autodiff.ts";
import { aBoolean, aNumberWithin, nullOr } from "../../check.ts";
import { ShapeError } from "../../errors.ts";
import { broadcastShapes, sameShape, showShape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { softplus } from "../functional.ts";
import {
  asTensor,
  checkLossOptions,
  checkSame,
  classWeights,
  fromZeroToOne,
  type LossOptions,
  reduced,
  signs,
  weights,
} from "./loss.ts";

/**
 * -(y ln p + (1 - y) ln(1 - p)) for probabilities p and targets y in 0..1 of one shape, averaged. Logarithms are at least -100, as PyTorch's,
 * so that no certainty costs infinity.
 * @throws ShapeError where the shapes differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { binaryCrossEntropy } from "simdgrad/nn";
 * await evaluate(binaryCrossEntropy(constant([0.5, 0]), constant([1, 1]), { reduction: "none" })); // => [0.693147, 100]
 */
export function binaryCrossEntropy(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSame(prediction, target, "binaryCrossEntropy");
  checkLossOptions(options, "binaryCrossEntropy", {});
  const logs = (p: Tensor) => [p.log().maximum(-100), p.neg().log1p().maximum(-100)] as const;
  // d/dp = (p - y) / (p (1 - p)), whose divisor PyTorch keeps from 0; d/dy = ln(1 - p) - ln p.
  const losses = customGradient(
    (p, y) => {
      const [yes, no] = logs(p);
      return y.sub(1).mul(no).sub(y.mul(yes));
    },
    (cotangent, [p, y]) => {
      const [yes, no] = logs(p);
      const divisor = p.mul(p.neg().add(1)).maximum(1e-12);
      return [cotangent.mul(p.sub(y).div(divisor)), cotangent.mul(no.sub(yes))];
    },
  );
  return reduced(losses(prediction, target), options, "binaryCrossEntropy");
}
binaryCrossEntropy.labels = fromZeroToOne;

/** Options of binaryCrossEntropyWithLogits. */
export interface BinaryCrossEntropyWithLogitsOptions extends LossOptions {
  /** A factor of the losses of positive targets: a number, or what broadcasts to the logits, such as one a class [C]. */
  readonly posWeight?: Tensor | readonly number[] | number;
}

/**
 * -(y ln sigmoid(x) + (1 - y) ln(1 - sigmoid(x))) = softplus(x) - x y for logits x and targets y in 0..1 of one shape.
 * @throws ShapeError where the shapes differ or posWeight does not broadcast to them
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { binaryCrossEntropyWithLogits } from "simdgrad/nn";
 * await evaluate(binaryCrossEntropyWithLogits(constant([0]), constant([1]))); // => [0.693147]
 * await evaluate(binaryCrossEntropyWithLogits(constant([0]), constant([1]), { posWeight: 3 })); // => [2.07944]
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyWithLogitsOptions = {},
): Tensor {
  const name = "binaryCrossEntropyWithLogits";
  checkSame(logits, target, name);
  checkLossOptions(options, name, { posWeight: (value, what) => typeof value === "number" || weights(value, what) });
  if (options.posWeight === undefined) return reduced(entropies(logits, target), options, name);
  const weight = asTensor(options.posWeight);
  if (!sameShape(broadcastShapes(weight.shape, logits.shape, `${name}: posWeight`), logits.shape))
    throw new ShapeError(`${name}: posWeight ${showShape(weight.shape)} does not fit ${showShape(logits.shape)}`);
  return reduced(entropies(logits, target, weight.broadcastTo(logits.shape)), options, name);
}
binaryCrossEntropyWithLogits.labels = fromZeroToOne;

/**
 * w y softplus(-x) + (1 - y) softplus(x): what a positive target costs, w times, and what a negative one does. Softplus's kinks and
 * their smooth rest, ln(1 + e^-|x|), are added one after the other, and the slope (1 - y) sigmoid(x) - w y sigmoid(-x) is written out: so
 * nothing cancels for logits that are right and confident.
 */
function entropies(logits: Tensor, target: Tensor, weight?: Tensor): Tensor {
  const value = customGradient(
    (x, y, w) => {
      const [positive, negative] = [w === undefined ? y : y.mul(w), y.neg().add(1)];
      const kinks = positive.mul(x.neg().relu()).add(negative.mul(x.relu()));
      const rest = x.abs().neg().exp().log1p();
      return kinks.add(w === undefined ? rest : positive.add(negative).mul(rest));
    },
    (cotangent, [x, y, w]) => {
      const upwards = y.neg().add(1).mul(x.sigmoid());
      const downwards = (w === undefined ? y : y.mul(w)).mul(x.neg().sigmoid());
      const slope = cotangent.mul(upwards.sub(downwards));
      if (w === undefined) return [slope, cotangent.mul(x).neg()];
      const missed = softplus(x.neg());
      return [slope, cotangent.mul(w.sub(1).mul(missed).sub(x)), cotangent.mul(y).mul(missed)];
    },
  );
  return weight === undefined ? value(logits, target) : value(logits, target, weight);
}

/**
 * ln(1 + e^(-target input)) for scores and targets -1 or 1 of one shape, averaged.
 * @throws ShapeError where the shapes differ
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { softMarginLoss } from "simdgrad/nn";
 * await evaluate(softMarginLoss(constant([0, 1000]), constant([1, -1]), { reduction: "none" })); // => [0.693147, 1000]
 */
export function softMarginLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSame(input, target, "softMarginLoss");
  checkLossOptions(options, "softMarginLoss", {});
  return reduced(softplus(input.mul(target).neg()), options, "softMarginLoss");
}
softMarginLoss.labels = signs;

/** Options of multiLabelSoftMarginLoss. */
export interface MultiLabelSoftMarginLossOptions extends LossOptions {
  /** A factor a class, [C]. No gradient passes to it. */
  readonly weight?: Tensor | readonly number[];
}

/**
 * binaryCrossEntropyWithLogits, averaged over the classes of each sample, for logits and targets in 0..1 of one shape [N, C] (or [C]):
 * one loss a sample, averaged.
 * @throws ShapeError where the shapes differ, are [], or weight is not one a class
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { multiLabelSoftMarginLoss } from "simdgrad/nn";
 * await evaluate(multiLabelSoftMarginLoss(constant([[0, 100]]), constant([[1, 0]]))); // => [50.3466]
 */
export function multiLabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  options: MultiLabelSoftMarginLossOptions = {},
): Tensor {
  const name = "multiLabelSoftMarginLoss";
  checkSame(input, target, name);
  checkLossOptions(options, name, { weight: weights });
  const { shape } = input;
  if (shape.length === 0) throw new ShapeError(`${name}: takes [N, C] or [C], got []`);
  const losses = entropies(input, target);
  const factors = classWeights(options, shape[shape.length - 1], name);
  return reduced((factors === undefined ? losses : losses.mul(factors)).mean(-1), options, name);
}
multiLabelSoftMarginLoss.labels = fromZeroToOne;

/** Options of focalLoss. */
export interface FocalLossOptions extends LossOptions {
  /** How much less what is easy counts; default 2. */
  readonly gamma?: number;
  /** Share of the positive targets, 1 - alpha that of the negative ones; null for none. Default 0.25. */
  readonly alpha?: number | null;
}

/**
 * alpha_t (1 - p_t)^gamma binaryCrossEntropyWithLogits, with p_t = y p + (1 - y) (1 - p) for p = sigmoid(logits) and targets y in 0..1 of one
 * shape, averaged (Lin et al. 2017; torchvision's sigmoid_focal_loss).
 * @throws ShapeError where the shapes differ, ArgumentError for a gamma below 0 or an alpha outside 0..1
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { focalLoss } from "simdgrad/nn";
 * await evaluate(focalLoss(constant([0]), constant([1]))); // => [0.0433217]
 */
export function focalLoss(logits: Tensor, target: Tensor, options: FocalLossOptions = {}): Tensor {
  checkSame(logits, target, "focalLoss");
  checkLossOptions(options, "focalLoss", { gamma: aNumberWithin(0), alpha: nullOr(aNumberWithin(0, 1)) });
  const { gamma = 2, alpha = 0.25 } = options;
  const certain = entropies(logits, target);
  const losses = gamma === 0 ? certain : certain.mul(missedPower(logits, target, gamma));
  if (alpha === null) return reduced(losses, options, "focalLoss");
  const share = target.mul(2 * alpha - 1).add(1 - alpha);
  return reduced(losses.mul(share), options, "focalLoss");
}
focalLoss.labels = fromZeroToOne;

/** Beyond it a sigmoid is 0 or 1 to the last digit, and e^x still far from overflow. */
const FAR = 80;

/**
 * (1 - p_t)^gamma with 1 - p_t = (1 - y) sigmoid(x) + y sigmoid(-x), which does not cancel. Its slope goes by that of the logarithm,
 * (1 - 2 y) / (1 + (1 - y) e^x + y e^-x): a power of 0 has an infinite one, which the loss it is multiplied with would not bring back.
 */
function missedPower(logits: Tensor, target: Tensor, gamma: number): Tensor {
  const missed = (x: Tensor, y: Tensor) => y.neg().add(1).mul(x.sigmoid()).add(y.mul(x.neg().sigmoid()));
  const value = customGradient(
    (x, y) => missed(x, y).pow(gamma),
    (cotangent, [x, y], power) => {
      const scaled = cotangent.mul(power).mul(gamma);
      const near = x.maximum(-FAR).minimum(FAR);
      const rest = y.neg().add(1);
      const divisor = rest.mul(near.exp()).add(y.mul(near.neg().exp())).add(1);
      const share = missed(x, y);
      const isZero = share.equal(0);
      const lower = isZero.select(gamma === 1 ? 1 : 0, isZero.select(1, share).pow(gamma - 1));
      const limit = x.greater(0).select(y.equal(1).neg(), y.equal(0));
      const slope = x.abs().greater(FAR).select(limit, rest.sub(y).div(divisor));
      return [scaled.mul(slope), cotangent.mul(lower).mul(x.mul(-0.5).tanh()).mul(gamma)];
    },
  );
  return value(logits, target);
}

/** Options of diceLoss. */
export interface DiceLossOptions extends LossOptions {
  /** Added above and below; default 1. */
  readonly smooth?: number;
  /** Sums of squares below, as the V-Net's (Milletari et al. 2016). */
  readonly squared?: boolean;
}

/**
 * 1 - (2 sum p y + smooth) / (sum p + sum y + smooth) for probabilities p and targets y of one shape [N, ...], summed over all axes but the
 * first, averaged over that: one minus the overlap (Dice 1945).
 * @throws ShapeError where the shapes differ or are [], ArgumentError for a smooth below 0
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { diceLoss } from "simdgrad/nn";
 * await evaluate(diceLoss(constant([[1, 1, 0, 0]]), constant([[1, 0, 0, 0]]))); // => [0.25]
 */
export function diceLoss(prediction: Tensor, target: Tensor, options: DiceLossOptions = {}): Tensor {
  checkSame(prediction, target, "diceLoss");
  checkLossOptions(options, "diceLoss", { smooth: aNumberWithin(0), squared: aBoolean });
  const { smooth = 1, squared = false } = options;
  if (prediction.shape.length === 0) throw new ShapeError("diceLoss: takes [N, ...], got []");
  const [p, y] = [prediction.flatten(1), target.flatten(1)];
  const sums = squared ? p.square().add(y.square()) : p.add(y);
  const overlap = p.mul(y).sum(1).mul(2).add(smooth).div(sums.sum(1).add(smooth));
  return reduced(overlap.neg().add(1), options, "diceLoss");
}
diceLoss.labels = fromZeroToOne;
