// Batches whose samples are mixed with one another, and their targets with them.
import { aNumberWithin, aPositiveNumber, aWholeNumber, checkOptions } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { foldIn, permuteIndex, uniform } from "../ops/random.ts";
import { checkDType, sameShape, showShape } from "../shape.ts";
import { arange, aTensor, type Tensor } from "../tensor.ts";
import type { RandomKey } from "../variable.ts";
import { checkImages, drawnBelow, madeOf } from "./batch.ts";

/** Options of mixup and cutmix. */
export interface MixOptions {
  /** Shares are drawn from Beta(alpha, alpha): large ones mix in halves, small ones leave most samples nearly alone. */
  readonly alpha?: number;
  /** How many classes there are: needed for targets that are class indices; what probabilities have, for those that are. */
  readonly numClasses?: number;
  /** Share of the targets that is spread evenly over all classes; default 0. */
  readonly labelSmoothing?: number;
}

/** A batch: samples, and probabilities of their classes. */
export interface Mixed {
  readonly x: Tensor;
  /** f32 [N, classes], for crossEntropy. */
  readonly y: Tensor;
}

function checkMixing(x: Tensor, y: Tensor, options: MixOptions, name: string): void {
  aTensor(x, `${name}: x`);
  aTensor(y, `${name}: y`);
  checkOptions(options, name, {
    alpha: aPositiveNumber,
    numClasses: aWholeNumber(1),
    labelSmoothing: aNumberWithin(0, 1),
  });
  checkDType(x, ["f32", "u8"], `${name}: x`);
  checkDType(y, ["f32", "i32"], `${name}: y`);
  const [n] = x.shape;
  const expected = y.dtype === "i32" ? [n] : [n, y.shape[1] ?? 0];
  if (n === undefined || !sameShape(y.shape, expected))
    throw new ShapeError(
      `${name}: ${showShape(x.shape)} takes classes [N] or probabilities [N, C], got ${showShape(y.shape)}`,
    );
  if (y.dtype === "i32" && options.numClasses === undefined)
    throw new ArgumentError(`${name}: class indices need numClasses`);
  if (y.dtype === "f32" && (options.numClasses ?? y.shape[1]) !== y.shape[1])
    throw new ShapeError(`${name}: probabilities ${showShape(y.shape)} are not of numClasses ${options.numClasses}`);
}

/** The class index of samples whose class nobody knows, as crossEntropy has it. */
const IGNORED = -100;

/** Targets as probabilities, smoothed: of class indices, zeros for those that are ignored, NaN for those outside. */
function probabilitiesOf(y: Tensor, { numClasses = 0, labelSmoothing = 0 }: MixOptions): Tensor {
  const all = y.dtype === "i32" ? y.oneHot(numClasses) : y;
  const smooth = labelSmoothing === 0 ? all : all.mul(1 - labelSmoothing).add(labelSmoothing / all.shape[1]);
  if (y.dtype !== "i32") return smooth;
  const beside = (mask: Tensor) => mask.unsqueeze(-1).broadcastTo(smooth.shape);
  const known = beside(y.equal(y.maximum(0).minimum(numClasses - 1))).select(smooth, Number.NaN);
  return beside(y.equal(IGNORED)).select(0, known);
}

// If t is of Student's distribution with 2 a degrees of freedom, (1 + t / sqrt(2 a + t^2)) / 2 is of Beta(a, a); and with u, v uniform
// t = sqrt(2 a (u^(-1 / a) - 1)) cos 2 pi v is (Bailey 1994): no draw is rejected. With q = u^(1 / a) nothing overflows.
/** One number a sample of Beta(alpha, alpha). */
function betas(key: RandomKey, n: number, alpha: number): Tensor {
  const q = uniform(foldIn(key, 0), [n]).log().div(alpha).exp();
  const cos = uniform(foldIn(key, 1), [n])
    .mul(2 * Math.PI)
    .cos();
  const far = q.neg().add(1).mul(cos.square());
  return far.div(far.add(q)).sqrt().mul(cos.sign()).add(1).div(2);
}

/** [N] beside something with more axes. */
function beside(numbers: Tensor, other: Tensor): Tensor {
  return numbers.reshape([numbers.shape[0], ...other.shape.slice(1).map(() => 1)]);
}

/** Another sample of the batch for each. */
function partners(key: RandomKey, n: number): Tensor {
  return permuteIndex(arange(n), foldIn(key, 2), n);
}

/** share x + (1 - share) other */
function mixedBy(share: Tensor, x: Tensor, partner: Tensor): Tensor {
  const own = x.cast("f32");
  const other = x.gather(partner).cast("f32");
  return other.add(own.sub(other).mul(beside(share, x)));
}

/**
 * Every sample of x [N, ...] mixed with another one of the batch, its target with that one's: share x + (1 - share) other, a share each, of
 * Beta(alpha, alpha); alpha is 0.2 by default (Zhang et al. 2018). Samples are u8 or f32, targets class indices [N] or probabilities [N, C];
 * results are f32. A target of -100, the class that `crossEntropy` ignores, adds nothing: where both are, all probabilities are 0, and such a row, which
 * teaches nothing, still counts in a mean of losses. Another index outside the classes gives NaN.
 * @throws ShapeError where x, y and `numClasses` do not fit, DTypeError for other dtypes, ArgumentError for an alpha that is not above 0 and for class
 * indices without `numClasses`
 *
 * @example
 * import { constant, evaluateAll, randomKey } from "simdgrad";
 * import { mixup } from "simdgrad/images";
 * const { x, y } = mixup(constant([[0], [1]]), constant(Int32Array.of(0, 1)), randomKey(0, "mix"), { numClasses: 2 });
 * const [samples, targets] = await evaluateAll([x, y]);
 * Math.abs(samples[0] - targets[1]) < 1e-6 && Math.abs(targets[0] + targets[1] - 1) < 1e-6; // => true
 */
export function mixup(x: Tensor, y: Tensor, key: RandomKey, options: MixOptions = {}): Mixed {
  checkMixing(x, y, options, "mixup");
  const [n] = x.shape;
  const share = betas(key, n, options.alpha ?? 0.2);
  const partner = partners(key, n);
  return { x: madeOf(x, mixedBy(share, x, partner)), y: mixedBy(share, probabilitiesOf(y, options), partner) };
}

/**
 * Images x [N, C, H, W] into which a rectangle of another one of the batch is put, and targets mixed by the shares of the image: the
 * rectangle is as high and wide as sqrt(1 - share) of the image, share being of Beta(alpha, alpha), around a pixel anywhere, and cut where
 * the image ends; alpha is 1 by default (Yun et al. 2019). Images are u8 or f32, targets class indices [N] or probabilities [N, C]; results
 * are f32. A target of -100, the class that `crossEntropy` ignores, adds nothing: where both are, all probabilities are 0, and such a row, which
 * teaches nothing, still counts in a mean of losses. Another index outside the classes gives NaN.
 * @throws ShapeError where x, y and `numClasses` do not fit, DTypeError for other dtypes, ArgumentError for an alpha that is not above 0 and for class
 * indices without `numClasses`
 *
 * @example
 * import { input, randomKey } from "simdgrad";
 * import { cutmix } from "simdgrad/images";
 * const { x, y } = cutmix(input([8, 3, 32, 32], "u8"), input([8], "i32"), randomKey(0, "mix"), { numClasses: 10 });
 * [x.shape, y.shape]; // => [[8, 3, 32, 32], [8, 10]]
 */
export function cutmix(x: Tensor, y: Tensor, key: RandomKey, options: MixOptions = {}): Mixed {
  checkImages(x, "cutmix");
  checkMixing(x, y, options, "cutmix");
  const [n, , height, width] = x.shape;
  const half = betas(key, n, options.alpha ?? 1)
    .neg()
    .add(1)
    .sqrt()
    .div(2)
    .reshape([n, 1, 1, 1]);
  const partner = partners(key, n);
  const side = (draw: number, axis: number) => {
    const whole = x.shape[axis];
    const [middle, reach] = [drawnBelow(key, draw, x, whole), half.mul(whole).floor()];
    const [from, to] = [middle.sub(reach).maximum(0), middle.add(reach).minimum(whole)];
    const place = arange(whole).cast("f32").reshape([1, 1, 1, 1].with(axis, whole));
    return { length: to.sub(from), inside: place.greaterEqual(from).mul(place.less(to)) };
  };
  const [rows, columns] = [side(3, 2), side(4, 3)];
  const share = rows.length
    .mul(columns.length)
    .div(Math.max(1, height * width))
    .neg()
    .add(1)
    .reshape([n]);
  const other = x.gather(partner).cast("f32");
  return {
    x: madeOf(x, rows.inside.mul(columns.inside).select(other, x.cast("f32"))),
    y: mixedBy(share, probabilitiesOf(y, options), partner),
  };
}
