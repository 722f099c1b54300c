// Losses of scores of classes against class indices or probabilities of the classes.
import { aFiniteNumber, aNumberWithin, anInteger, type Checks, nullOr, oneOf } from "../../check.ts";
import { ArgumentError, ShapeError } from "../../errors.ts";
import { checkDType, type Shape, sameShape, showShape, sizeOf } from "../../shape.ts";
import { aTensor, type Tensor } from "../../tensor.ts";
import { aPrediction, checkLossOptions, classWeights, type LossOptions, reduced, weights } from "./loss.ts";

/** Options of losses of class indices. */
export interface ClassLossOptions extends LossOptions {
  /** A factor a class, [C]; the mean then divides by the sum of the targets' factors. No gradient passes to it. */
  readonly weight?: Tensor | readonly number[];
  /** Targets of this index count nothing, in the mean's divisor neither; null for none, which is less work. Default -100. */
  readonly ignoreIndex?: number | null;
}

const classChecks: Checks<Omit<ClassLossOptions, keyof LossOptions>> = {
  weight: weights,
  ignoreIndex: nullOr(anInteger),
};

/** The index that is ignored, as PyTorch has it. */
const IGNORED = -100;

/** Options of crossEntropy. */
export interface CrossEntropyOptions extends ClassLossOptions {
  /** Share of the targets that is spread evenly over all classes (Szegedy et al. 2016); default 0. */
  readonly labelSmoothing?: number;
}

/**
 * ln sum e^logits - logits[target] for logits [N, C] (or [C], or [N, C, ...]) and i32 class indices [N] (or [], or [N, ...]). Targets may be
 * probabilities, too, f32 of the logits' shape: -sum target ln softmax(logits) (in a Trainer as `(x, y) => crossEntropy(x, y)`). The mean
 * is over the targets that count; of none it is NaN.
 * @throws ShapeError, DTypeError where logits, targets and class weights do not fit, ArgumentError for a labelSmoothing outside 0..1 or an
 * ignoreIndex beside probabilities
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { crossEntropy } from "simdgrad/nn";
 * const logits = constant([[0, 0], [100, 0]]);
 * await evaluate(crossEntropy(logits, constant(Int32Array.of(0, 1)))); // => [50.3466]
 * await evaluate(crossEntropy(logits, constant(Int32Array.of(0, 1)), { weight: [1, 0] })); // => [0.693147]
 * await evaluate(crossEntropy(logits, constant(Int32Array.of(0, -100)))); // => [0.693147]
 * await evaluate(crossEntropy(logits, constant([[0.5, 0.5], [1, 0]]))); // => [0.346574]
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  checkScores(logits, target, "crossEntropy");
  checkLossOptions(options, "crossEntropy", { ...classChecks, labelSmoothing: aNumberWithin(0, 1) });
  const { weight, ignoreIndex = IGNORED, labelSmoothing = 0 } = options;
  if (target.dtype === "f32" && sameShape(target.shape, logits.shape)) return ofProbabilities(logits, target, options);
  const { matrix, rows } = byRows(logits, target, "crossEntropy");
  const index = target.flatten();
  if (weight === undefined && ignoreIndex === null && labelSmoothing === 0)
    return reduced(matrix.crossEntropy(index).reshape(rows), options, "crossEntropy");
  return ofClasses(index, rows, matrix.shape[1], options, "crossEntropy", (known, factors) => {
    const losses = matrix.crossEntropy(known);
    const weighed = factors === undefined ? losses : losses.mul(factors.gather(known));
    if (labelSmoothing === 0) return weighed;
    const logs = matrix.logSoftmax(1);
    const all = (factors === undefined ? logs : logs.mul(factors)).sum(1);
    return weighed.mul(1 - labelSmoothing).sub(all.mul(labelSmoothing / matrix.shape[1]));
  });
}
crossEntropy.targets = "classes" as const;
crossEntropy.ignoreIndex = IGNORED;

/**
 * -input[target] for input = logarithms of probabilities [N, C] (or [C], or [N, C, ...]) and i32 class indices [N] (or [], or [N, ...]), such as
 * logSoftmax(logits, 1): then it is crossEntropy of the logits. An index outside the classes gives NaN.
 * @throws ShapeError, DTypeError where input, targets and class weights do not fit
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { nllLoss } from "simdgrad/nn";
 * await evaluate(nllLoss(constant([[-1, -2], [-3, -4]]), constant(Int32Array.of(1, 0)))); // => [2.5]
 */
export function nllLoss(input: Tensor, target: Tensor, options: ClassLossOptions = {}): Tensor {
  checkScores(input, target, "nllLoss");
  checkLossOptions(options, "nllLoss", classChecks);
  const { matrix, rows } = byRows(input, target, "nllLoss");
  checkDType(target, ["i32"], "nllLoss: class indices");
  const classes = matrix.shape[1];
  return ofClasses(target.flatten(), rows, classes, options, "nllLoss", (known, factors) => {
    const picked = known.oneHot(classes).select(matrix, 0).sum(1).neg();
    const losses = isOutside(known, classes).select(Number.NaN, picked);
    return factors === undefined ? losses : losses.mul(factors.gather(known));
  });
}
nllLoss.targets = "classes" as const;
nllLoss.ignoreIndex = IGNORED;

/** Options of multiMarginLoss. */
export interface MultiMarginLossOptions extends LossOptions {
  /** Power of what is missing of the margin, 1 or 2; default 1. */
  readonly p?: 1 | 2;
  /** Default 1. */
  readonly margin?: number;
  /** A factor a class, [C], by the target; the mean is over the samples, whatever the factors. No gradient passes to it. */
  readonly weight?: Tensor | readonly number[];
}

/**
 * sum max(0, margin - input[target] + input[j])^p / C over the other classes j, for scores [N, C] (or [C], or [N, C, ...]) and i32 class
 * indices [N] (or [], or [N, ...]), averaged (Crammer and Singer 2001). An index outside the classes gives NaN.
 * @throws ShapeError, DTypeError where input, targets and class weights do not fit, ArgumentError for another p
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { multiMarginLoss } from "simdgrad/nn";
 * await evaluate(multiMarginLoss(constant([[0.1, 0.2, 0.4, 0.8]]), constant(Int32Array.of(3)))); // => [0.325000]
 */
export function multiMarginLoss(input: Tensor, target: Tensor, options: MultiMarginLossOptions = {}): Tensor {
  const name = "multiMarginLoss";
  checkScores(input, target, name);
  checkLossOptions(options, name, { p: oneOf(1, 2), margin: aFiniteNumber, weight: weights });
  const { p = 1, margin = 1 } = options;
  const { matrix, rows } = byRows(input, target, name);
  checkDType(target, ["i32"], `${name}: class indices`);
  const classes = matrix.shape[1];
  const index = target.flatten();
  const isOwn = index.oneHot(classes);
  const own = isOwn.select(matrix, 0).sum(1, { keepDims: true });
  // First the difference of the scores, which may be large and nearly equal.
  const missing = isOwn.select(0, matrix.sub(own).add(margin).relu());
  const losses = (p === 1 ? missing : missing.square()).sum(1).div(classes);
  const factors = classWeights(options, classes, name);
  const weighed = factors === undefined ? losses : losses.mul(factors.gather(index));
  return reduced(isOutside(index, classes).select(Number.NaN, weighed).reshape(rows), options, name);
}
multiMarginLoss.targets = "classes" as const;

/** Whether an index has no class (f32: 1 or 0). */
function isOutside(index: Tensor, classes: number): Tensor {
  return index.less(0).add(index.greater(classes - 1));
}

/** @throws ArgumentError unless both are tensors */
function checkScores(scores: Tensor, target: Tensor, name: string): void {
  aPrediction(scores, name);
  aTensor(target, `${name}: target`);
  checkDType(target, ["f32", "i32"], `${name}: target`);
}

/** Scores with the classes (axis 1, or the only one) as columns of a matrix, and the shape of the rows. */
function byRows(scores: Tensor, target: Tensor, name: string): { matrix: Tensor; rows: Shape } {
  const { shape } = scores;
  const axis = classAxis(shape, name);
  const rows = shape.filter((_, i) => i !== axis);
  if (!sameShape(rows, target.shape)) {
    const isColumn = sameShape(target.shape, [...rows, 1]);
    const isOneHot = sameShape(shape, target.shape);
    const isLast = shape.length > 2 && sameShape(shape.slice(0, -1), target.shape);
    const advice = isColumn
      ? ": [0, 1], not [[0], [1]]"
      : isOneHot
        ? `; one-hot rows are for the loss (x, y) => ${name}(x, y)`
        : isLast
          ? `; classes are axis 1${shape.length === 3 ? ": logits.transpose(1, 2)" : ", not the last"}`
          : "";
    throw new ShapeError(
      `${name}: logits ${showShape(shape)} take class indices ${showShape(rows)}, got ${showShape(target.shape)}${advice}`,
    );
  }
  return { matrix: asMatrix(scores, axis), rows };
}

function classAxis(shape: Shape, name: string): number {
  if (shape.length === 0) throw new ShapeError(`${name}: logits [] have no classes`);
  return shape.length === 1 ? 0 : 1;
}

function asMatrix(scores: Tensor, axis: number): Tensor {
  const { shape } = scores;
  const last = scores.permute([...shape.keys()].filter((i) => i !== axis).concat(axis));
  return last.reshape([sizeOf(shape.filter((_, i) => i !== axis)), shape[axis]]);
}

/** Losses of rows, reduced: 0 where the index is ignored, the mean over the weights of the others. */
function ofClasses(
  index: Tensor,
  rows: Shape,
  classes: number,
  options: ClassLossOptions,
  name: string,
  lossesOf: (known: Tensor, factors: Tensor | undefined) => Tensor,
): Tensor {
  const { ignoreIndex = IGNORED } = options;
  const factors = classWeights(options, classes, name);
  const ignored = ignoreIndex === null ? undefined : index.equal(ignoreIndex);
  const known = ignored === undefined ? index : ignored.select(0, index);
  const losses = lossesOf(known, factors);
  const shares = factors === undefined ? losses.like(1) : factors.gather(known);
  const only = (values: Tensor) => (ignored === undefined ? values : ignored.select(0, values));
  const total = factors === undefined && ignored === undefined ? undefined : only(shares).sum();
  return reduced(only(losses).reshape(rows), options, name, total);
}

/** The mean is over the rows, whatever the weights, as in PyTorch. */
function ofProbabilities(logits: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor {
  const { ignoreIndex, labelSmoothing = 0 } = options;
  if ((ignoreIndex ?? null) !== null) throw new ArgumentError("crossEntropy: ignoreIndex is for class indices");
  const { shape } = logits;
  const axis = classAxis(shape, "crossEntropy");
  const classes = shape[axis];
  const factors = classWeights(options, classes, "crossEntropy");
  const probabilities = asMatrix(target, axis);
  const smooth =
    labelSmoothing === 0 ? probabilities : probabilities.mul(1 - labelSmoothing).add(labelSmoothing / classes);
  const logs = asMatrix(logits, axis).logSoftmax(1);
  // What has no share counts nothing, also where its logit is -infinity.
  const isNone = smooth.equal(0).mul(logs.equal(Number.NEGATIVE_INFINITY));
  const counted = isNone.select(0, factors === undefined ? logs : logs.mul(factors));
  const losses = smooth.mul(counted).sum(1);
  return reduced(losses.neg().reshape(shape.filter((_, i) => i !== axis)), options, "crossEntropy");
}
