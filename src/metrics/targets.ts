// What metrics share: predictions and targets as labels, one column each, and checks of their shapes.
import { anInteger, type Checks, checkOptions, nullOr } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkDType, type Shape, sameShape, showAval, showShape } from "../shape.ts";
import { aTensor, Tensor } from "../tensor.ts";
import type { Told } from "../train/metrics.ts";

/** Which targets are left out. */
export interface IgnoringOptions {
  /** Class indices that are left out beside those below 0, and beside the one that the loss of a Trainer ignores; null (default) for none. */
  readonly ignoreIndex?: number | null;
}

export const ignoringChecks: Checks<IgnoringOptions> = { ignoreIndex: nullOr(anInteger) };

/** The class indices that are left out, of options and of what a metric is told. */
export function ignoredOf({ ignoreIndex }: IgnoringOptions, told?: Told): number[] {
  const given = [ignoreIndex, told?.ignoreIndex];
  return given.filter((index, i): index is number => (index ?? -1) >= 0 && given.indexOf(index) === i);
}

/** Logits as rows [M, C], class indices [M], and which of them are known: 1, or 0 for an index below 0 or one that is ignored. */
export interface Classes {
  readonly logits: Tensor;
  readonly index: Tensor;
  readonly known: Tensor;
}

/** Scores and targets of independent labels, [M, L] each. */
export interface Labels {
  readonly scores: Tensor;
  readonly targets: Tensor;
}

/** @throws ArgumentError for options that a metric does not take, and for a prediction in their place */
export function checkMetricOptions<T extends object>(options: T, name: string, checks: Checks<T>): void {
  if (options instanceof Tensor)
    throw new ArgumentError(`${name}: a metric is made by calling it: metrics: { ${name}: ${name}() }`);
  checkOptions(options, name, checks);
}

/** @throws ArgumentError unless both are tensors, DTypeError unless the prediction is f32 */
export function checkBoth(prediction: Tensor, target: Tensor, name: string): void {
  aTensor(prediction, `${name}: prediction`);
  aTensor(target, `${name}: target`);
  checkDType(prediction, ["f32"], `${name}: prediction`);
}

/** Whether targets are class indices: those of logits [N, C, ...] are i32 [N, ...]. @throws ArgumentError unless both are tensors */
export function areClasses(prediction: Tensor, target: Tensor, name: string): boolean {
  checkBoth(prediction, target, name);
  return target.dtype === "i32" && sameShape(target.shape, rowsOf(prediction.shape));
}

/** @throws ShapeError for other targets than class indices of the logits, ShapeError and DTypeError for what are none */
export function classesOf(prediction: Tensor, target: Tensor, name: string, ignored: readonly number[]): Classes {
  checkBoth(prediction, target, name);
  const { shape } = prediction;
  if (shape.length < 2 || !sameShape(target.shape, rowsOf(shape)))
    throw new ShapeError(
      `${name}: logits ${showShape(shape)} take class indices ${showShape(rowsOf(shape))}, got ${showShape(target.shape)}`,
    );
  checkDType(target, ["i32"], `${name}: class indices`);
  const last = prediction.permute([0, ...shape.keys()].filter((axis, i) => i === 0 || axis > 1).concat(1));
  const given = target.flatten();
  const known = without(given.greater(-1), given, ignored);
  return { logits: last.reshape([given.shape[0], shape[1]]), index: known.select(given, 0), known };
}

/** A number an index, 0 for those that are ignored. */
export function without(values: Tensor, index: Tensor, ignored: readonly number[]): Tensor {
  return ignored.reduce((left, each) => left.mul(index.notEqual(each)), values);
}

/** @throws ShapeError unless targets have the scores' shape, DTypeError for bytes; what takes `classes`, too, says so then */
export function labelsOf(prediction: Tensor, target: Tensor, name: string, classes = true): Labels {
  checkBoth(prediction, target, name);
  checkDType(target, ["f32", "i32"], `${name}: target`);
  const { shape } = prediction;
  if (!sameShape(target.shape, shape)) {
    const other = classes
      ? `, or class indices, i32${showShape(rowsOf(shape))}; got ${showAval(target)}`
      : `, got ${showAval(target)}; of classes it is accuracy`;
    throw new ShapeError(`${name}: a prediction ${showShape(shape)} takes targets of its shape${other}`);
  }
  return { scores: columns(prediction), targets: columns(target.cast("f32")) };
}

/** Values as rows of what is on the last axis; a vector as one column. */
export function columns(values: Tensor): Tensor {
  const { shape } = values;
  const width = shape.length < 2 ? 1 : shape[shape.length - 1];
  const rows = shape.slice(0, shape.length < 2 ? 1 : -1).reduce((size, length) => size * length, 1);
  return values.reshape([rows, width]);
}

function rowsOf(shape: Shape): Shape {
  return shape.filter((_, axis) => axis !== 1);
}

/** How many, as a tensor [1]: what is no label, a row, an element. */
export function countOf(values: Tensor): Tensor {
  return values.sum().reshape([1]);
}
