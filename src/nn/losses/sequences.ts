// Losses of sequences whose labels are not aligned with them.
import { aBoolean, aWholeNumber, numbers } from "../../check.ts";
import { constant } from "../../create.ts";
import { ArgumentError, ShapeError } from "../../errors.ts";
import { ctcOp } from "../../ops/ctc.ts";
import { cumulativeSum } from "../../ops/cumulative.ts";
import { itemsOf } from "../../ops/item.ts";
import { checkDType, sameShape, showShape } from "../../shape.ts";
import { apply, arange, aTensor, scalar, Tensor } from "../../tensor.ts";
import { knownNumbers } from "../known.ts";
import { aPrediction, checkLossOptions, type LossOptions, reduced } from "./loss.ts";

/** Options of ctcLoss. */
export interface CtcLossOptions extends LossOptions {
  /** The class that stands for no label; default 0. */
  readonly blank?: number;
  /** Whether infinite losses, of sequences too short for their labels, count 0 and pass no gradient; default false. */
  readonly zeroInfinity?: boolean;
  /** Whether log-probabilities are [N, T, C]; default false: [T, N, C], as in PyTorch. */
  readonly batchFirst?: boolean;
}

/** One length a sequence: i32 [N], or numbers, which are checked at once; or one number for all. */
export type CtcLengths = Tensor | readonly number[] | number;

/**
 * -ln of the probability of labels that are not aligned with their sequence: of all ways to say them, each as often as need be, with blanks
 * between (connectionist temporal classification, Graves et al. 2006). Log-probabilities [T, N, C], such as `logSoftmax` gives; i32 targets
 * [N, S], padded with anything behind `targetLengths`, or one after the other, [their sum]; `inputLengths` of the T times. Of one sequence [T, C]
 * and [S]. The mean is of the losses divided by their target lengths (at least 1), as PyTorch's; memory is N T (2 S + 1) numbers. A
 * sequence too short for its labels, with a blank between equal ones, costs Infinity, and its gradient is NaN, unless `zeroInfinity`. The gradient
 * is that of these log-probabilities; PyTorch's is already that of logits below a logSoftmax, and equal behind one. What can only be
 * known when it runs, a length or a label that is none or a label that is the blank, gives NaN, as in crossEntropy.
 * @throws ShapeError, DTypeError where log-probabilities, targets and lengths do not fit; ArgumentError for a blank that is no class, and for
 * lengths out of range or labels that are none, where numbers and constants show them
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { ctcLoss } from "simdgrad/nn";
 * const logProbs = constant([[1, 2], [2, 1], [0, 1]]).logSoftmax();
 * const targets = constant(Int32Array.of(1));
 * await evaluate(ctcLoss(logProbs, targets, 3, 1)); // => [0.586248]
 * await evaluate(ctcLoss(logProbs, constant(Int32Array.of(1, 1, 1)), 3, 3, { zeroInfinity: true })); // => [0]
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: CtcLengths,
  targetLengths: CtcLengths,
  options: CtcLossOptions = {},
): Tensor {
  const name = "ctcLoss";
  aPrediction(logProbs, name, "log-probabilities");
  aTensor(targets, `${name}: targets`);
  checkLossOptions(options, name, { blank: aWholeNumber(0), zeroInfinity: aBoolean, batchFirst: aBoolean });
  const { blank = 0, zeroInfinity = false, batchFirst = false, reduction = "mean" } = options;
  const rank = logProbs.shape.length;
  if (rank !== 2 && rank !== 3)
    throw new ShapeError(`${name}: takes log-probabilities [T, N, C] or [T, C], got ${showShape(logProbs.shape)}`);
  checkDType(targets, ["i32"], `${name}: targets`);
  const isOne = rank === 2;
  const batch = isOne ? logProbs.unsqueeze(batchFirst ? 0 : 1) : logProbs;
  const [times, n, classes] = batchFirst ? [batch.shape[1], batch.shape[0], batch.shape[2]] : batch.shape;
  if (blank >= classes)
    throw new ArgumentError(
      `${name}: blank ${blank} is none of the classes 0..${classes - 1} of ${showShape(logProbs.shape)}`,
    );
  const steps = lengthsOf(inputLengths, isOne, n, times, `${name}: inputLengths`);
  const all = isOne && targets.shape.length === 1 ? targets.unsqueeze(0) : targets;
  const most = all.shape.length === 1 ? all.shape[0] : all.shape[1];
  const counts = lengthsOf(targetLengths, isOne, n, most ?? 0, `${name}: targetLengths`);
  const padded = paddedOf(all, counts, n, name);
  const lengths = lengthsInRow(all, counts);
  checkLabels(targets, counts, blank, classes, name);
  const inputs = [batch, padded, steps.tensor, lengths];
  const [ways] = itemsOf(apply(ctcOp, inputs, { blank, batchFirst }));
  const losses = zeroInfinity ? ways.equal(Number.POSITIVE_INFINITY).select(0, ways) : ways;
  const each = reduction === "mean" ? losses.div(counts.tensor.maximum(1).cast("f32")) : losses;
  return reduced(isOne ? each.squeeze(0) : each, options, name);
}

/** Lengths of all sequences, and as numbers if they are known. */
interface Counts {
  readonly tensor: Tensor;
  readonly known?: readonly number[];
}

function lengthsOf(lengths: CtcLengths, isOne: boolean, n: number, most: number, what: string): Counts {
  if (lengths instanceof Tensor) {
    checkDType(lengths, ["i32"], what);
    if (!sameShape(lengths.shape, [n]) && !(isOne && lengths.shape.length === 0))
      throw new ShapeError(`${what}: ${showShape(lengths.shape)} is not one a sequence, [${n}]`);
    const known = knownNumbers(lengths);
    return known === undefined ? { tensor: lengths.reshape([n]) } : countsOf([...known], n, most, what);
  }
  if (typeof lengths === "number") aWholeNumber(0, most)(lengths, what);
  else numbers(lengths, what);
  const list = typeof lengths === "number" ? Array<number>(n).fill(lengths) : [...lengths];
  if (list.length !== n) throw new ShapeError(`${what}: ${list.length} lengths for ${n} sequences`);
  return countsOf(list, n, most, what);
}

/** @throws ArgumentError for a length out of range */
function countsOf(list: readonly number[], n: number, most: number, what: string): Counts {
  for (const [i, length] of list.entries()) aWholeNumber(0, most)(length, `${what}[${i}]`);
  return { tensor: constant(Int32Array.from(list), { shape: [n] }), known: list };
}

/** Targets as rows: those that come one after the other are taken apart. */
function paddedOf(targets: Tensor, { tensor, known }: Counts, n: number, name: string): Tensor {
  const { shape } = targets;
  if (shape.length === 2 && shape[0] === n) return targets;
  if (shape.length !== 1)
    throw new ShapeError(`${name}: targets ${showShape(shape)} are neither [${n}, S] nor all in a row`);
  const sum = known?.reduce((total, length) => total + length, 0) ?? shape[0];
  if (sum !== shape[0])
    throw new ShapeError(`${name}: targets ${showShape(shape)} in a row, but targetLengths add up to ${sum}`);
  const most = Math.max(0, ...(known ?? shape));
  if (most === 0) return scalar(0, "i32").broadcastTo([n, 0]);
  const starts = cumulativeSum(tensor, 0, { exclusive: true }).unsqueeze(1);
  return targets.gather(starts.add(arange(most)).minimum(shape[0] - 1));
}

/** Lengths of targets; of targets in a row that they do not make up, when it runs, none is one. */
function lengthsInRow({ shape }: Tensor, { tensor, known }: Counts): Tensor {
  if (shape.length !== 1 || known !== undefined) return tensor;
  return tensor.sum().equal(shape[0]).select(tensor, -1);
}

/** @throws ArgumentError for a label of a constant that is a blank or no class */
function checkLabels(targets: Tensor, { known }: Counts, blank: number, classes: number, name: string): void {
  const data = knownNumbers(targets);
  if (known === undefined || data === undefined) return;
  const width = targets.shape.length === 2 ? targets.shape[1] : 0;
  let start = 0;
  for (const [row, length] of known.entries()) {
    if (width > 0) start = row * width;
    for (const label of data.subarray(start, start + length))
      if (label === blank || label < 0 || label >= classes) {
        const why = label === blank ? "the blank" : `none of the classes 0..${classes - 1}`;
        throw new ArgumentError(`${name}: targets of sequence ${row} hold ${label}, ${why}`);
      }
    start += length;
  }
}
