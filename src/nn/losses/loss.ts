// What all losses share: how the elements' losses are weighed and become one, and checks of what they are given.
import { constant } from "../../create.ts";
import { ArgumentError, ShapeError } from "../../errors.ts";
import { type Shape, sameShape, showShape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";

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
export interface Loss {
  (prediction: Tensor, target: Tensor): Tensor;
  readonly targets?: "classes" | "values";
}

/**
 * The losses weighed and reduced; the mean divides by `total` where one is given, else by their count.
 * @throws ArgumentError for another reduction, ShapeError for weights that do not fit
 */
export function reduced(losses: Tensor, options: LossOptions, name: string, total?: Tensor | number): Tensor {
  const { reduction = "mean", sampleWeight } = options;
  if (reduction !== "none" && reduction !== "mean" && reduction !== "sum")
    throw new ArgumentError(`${name}: reduction ${reduction} is not mean, sum or none`);
  const weighed =
    sampleWeight === undefined ? losses : weighedBy(leading(asTensor(sampleWeight), losses.shape, name), losses);
  if (reduction === "none") return weighed;
  if (reduction === "sum") return weighed.sum();
  return total === undefined ? weighed.mean() : weighed.sum().div(total);
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
  return typeof values === "number" || isList(values) ? constant(values) : values;
}

function isList(values: Tensor | readonly number[]): values is readonly number[] {
  return Array.isArray(values);
}

/** @throws ShapeError unless prediction and target have one shape */
export function checkSame(prediction: Tensor, target: Tensor, name: string): void {
  if (!sameShape(prediction.shape, target.shape))
    throw new ShapeError(
      `${name}: prediction ${showShape(prediction.shape)} and target ${showShape(target.shape)} differ`,
    );
}

/** @throws ArgumentError unless the number lies within the bounds; a NaN never does */
export function checkRange(value: number, what: string, low: number, high = Number.POSITIVE_INFINITY): void {
  if (!(value >= low && value <= high))
    throw new ArgumentError(
      `${what} must be ${high === Number.POSITIVE_INFINITY ? `at least ${low}` : `within ${low}..${high}`}, got ${value}`,
    );
}

/** @throws ArgumentError unless the number is positive */
export function checkPositive(value: number, what: string): void {
  if (!(value > 0)) throw new ArgumentError(`${what} must be positive, got ${value}`);
}

/** max(x, 0) whose gradient at 0 is 1, as PyTorch's clamp: who stands just at a margin, such as two equal scores, is moved on. */
export function lacking(x: Tensor): Tensor {
  return x.less(0).select(0, x);
}
