// What all losses share: how the elements' losses are weighed and become one, and checks of what they are given.
import { type Checks, checkOptions, isRecord, numbers, oneOf } from "../../check.ts";
import { constant } from "../../create.ts";
import { ArgumentError, ShapeError } from "../../errors.ts";
import { checkDType, type DType, type Shape, sameShape, showShape } from "../../shape.ts";
import { aTensor, stopGradient, Tensor } from "../../tensor.ts";
import { aFloat } from "../takes.ts";

/** How the losses of the elements become one: their mean, their sum, or not at all. */
export type Reduction = "mean" | "sum" | "none";

/** What every loss takes besides prediction and target. */
export interface LossOptions {
  /** How the elements' losses become one; default "mean". */
  readonly reduction?: Reduction;
  /**
   * Factors of the losses: one an element, or one for all that share their leading axes ([N] for losses [N, ...]). The mean still
   * divides by the count, as the `weight` of torch.nn.BCELoss.
   */
  readonly sampleWeight?: Tensor | readonly number[];
}

/** A loss, and what it takes for targets: class indices (i32, checked against the classes) or values (f32). */
export interface Loss<Prediction = Tensor, Target = Tensor> {
  (prediction: Prediction, target: Target): Tensor;
  readonly targets?: "classes" | "values";
  /** The class index that counts nothing. A loss that has one takes { ignoreIndex }, too: null where no target is ignored. */
  readonly ignoreIndex?: number | null;
  /** What targets are to be, where not any number will do. */
  readonly labels?: Labels;
}

/** Targets that mean something to a loss. */
export interface Labels {
  /** Which, in words. */
  readonly are: string;
  readonly include: (value: number) => boolean;
}

/** Labels of no and yes, or probabilities of yes. */
export const fromZeroToOne: Labels = {
  are: "0 (no), 1 (yes) or between",
  include: (value) => value >= 0 && value <= 1,
};

/** Labels of no and yes. */
export const signs: Labels = { are: "-1 (no) or 1 (yes)", include: (value) => value === -1 || value === 1 };

/**
 * The losses weighed and reduced; the mean divides by `total` where one is given, else by their count.
 * @throws ArgumentError for another reduction, ShapeError for weights that do not fit
 */
export function reduced(losses: Tensor, options: LossOptions, name: string, total?: Tensor | number): Tensor {
  const { reduction = "mean", sampleWeight } = options;
  const own =
    sampleWeight === undefined ? losses : weighedBy(leading(asTensor(sampleWeight), losses.shape, name), losses);
  const weighed = rowsWeight === undefined ? own : weighedBy(leading(rowsWeight, own.shape, name), own);
  if (reduction === "none") return weighed;
  if (reduction === "sum") return weighed.sum();
  return total === undefined ? weighed.mean() : weighed.sum().div(total);
}

/** Weights of the rows, while a loss is made that is to be weighed by them. */
let rowsWeight: Tensor | undefined;

/** A loss with each row weighed, as by `sampleWeight`, in whatever losses of here it is made of. */
export function weighedByRows(weight: Tensor | undefined, make: () => Tensor): Tensor {
  rowsWeight = weight;
  try {
    return make();
  } finally {
    rowsWeight = undefined;
  }
}

/** What has weight 0 counts nothing, also where its loss is infinite or NaN. */
function weighedBy(weight: Tensor, losses: Tensor): Tensor {
  return weight.equal(0).select(0, losses).mul(weight);
}

/** Weights of the leading axes, with axes of size 1 behind them. */
function leading(weight: Tensor, shape: Shape, name: string): Tensor {
  const count = weight.shape.length;
  if (!sameShape(weight.shape, shape.slice(0, count)))
    throw new ShapeError(
      `${name}: sampleWeight ${showShape(weight.shape)} does not fit losses ${showShape(shape)} from the first axis on`,
    );
  return weight.reshape([...weight.shape, ...shape.slice(count).map(() => 1)]);
}

/** A tensor as it is; numbers as a constant. */
export function asTensor(values: Tensor | readonly number[] | number): Tensor {
  return values instanceof Tensor ? values : constant(values);
}

/** Throws an ArgumentError unless a value is a tensor or an array of numbers. */
export function weights(value: unknown, what: string): void {
  if (!(value instanceof Tensor)) numbers(value, what);
}

/** The factors of the classes, if any. @throws ShapeError unless there is one a class */
export function classWeights(
  { weight }: { readonly weight?: Tensor | readonly number[] },
  classes: number,
  name: string,
): Tensor | undefined {
  if (weight === undefined) return undefined;
  const factors = asTensor(weight);
  if (!sameShape(factors.shape, [classes]))
    throw new ShapeError(`${name}: weight ${showShape(factors.shape)} is not one a class, [${classes}]`);
  return stopGradient(factors);
}

/** What every loss takes. */
const lossChecks: Checks<LossOptions> = {
  reduction: (value, what) => oneOf("mean", "sum", "none")(value, what),
  sampleWeight: weights,
};

/** @throws ArgumentError for options that a loss does not take besides its own and those of all */
export function checkLossOptions<T extends LossOptions>(
  options: T,
  name: string,
  own: Checks<Omit<T, keyof LossOptions>>,
): void {
  checkOptions(options, name, { ...lossChecks, ...own } as Checks<T>);
}

/** @throws ArgumentError, DTypeError unless a prediction is a tensor of f32 */
export function aPrediction(value: unknown, name: string, what = "prediction"): void {
  if (isRecord(value) && !(value instanceof Tensor)) {
    const names = Object.keys(value);
    throw new ArgumentError(
      value[names[0]] instanceof Tensor
        ? `${name}: give one loss an output: loss: { ${names.map((output) => `${output}: ${name}`).join(", ")} }`
        : `${name}: with options it is withOptions(${name}, { ${names.join(", ")} }), not called`,
    );
  }
  aFloat(value, name, what);
}

/** @throws ShapeError unless prediction and target are tensors of one shape */
export function checkSame(prediction: Tensor, target: Tensor, name: string, targets: readonly DType[] = ["f32"]): void {
  aPrediction(prediction, name);
  aTensor(target, `${name}: target`);
  checkDType(target, targets, `${name}: target`);
  const [given, wanted] = [target.shape, prediction.shape];
  if (sameShape(wanted, given)) return;
  const isFlat = wanted.length === given.length + 1;
  const isColumn = sameShape(wanted, [...given, 1]);
  const advice = isColumn
    ? ": targets are rows, too, such as [[1], [2]]"
    : isFlat
      ? "; class indices are for crossEntropy"
      : "";
  throw new ShapeError(`${name}: prediction ${showShape(wanted)} and target ${showShape(given)} differ${advice}`);
}

/** max(x, 0) whose gradient at 0 is 1, as PyTorch's clamp: who stands just at a margin, such as two equal scores, is moved on. */
export function lacking(x: Tensor): Tensor {
  return x.less(0).select(0, x);
}
