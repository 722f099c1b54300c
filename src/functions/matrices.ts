// Parts of matrices by their diagonals.
import { anInteger } from "../check.ts";
import { ShapeError } from "../errors.ts";
import { checkDType, normalizeAxis, showShape } from "../shape.ts";
import { arange, aTensor, type Tensor } from "../tensor.ts";

/**
 * The diagonal of the matrices along two axes, as a new last axis: of the elements `offset` to the right of the main one, or below it, if it
 * is negative (torch.diagonal).
 * @throws ShapeError for axes outside the shape, or one that is named twice
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { diagonal } from "simdgrad/functions";
 * const x = constant([[1, 2, 3], [4, 5, 6]]);
 * await evaluate(diagonal(x)); // => [1, 5]
 * await evaluate(diagonal(x, 1)); // => [2, 6]
 */
export function diagonal(x: Tensor, offset = 0, axis1 = 0, axis2 = 1): Tensor {
  aTensor(x, "diagonal: x");
  checkDType(x, ["f32", "i32"], "diagonal");
  anInteger(offset, "diagonal: offset");
  const { shape } = x;
  const [down, across] = [axis1, axis2].map((axis) => normalizeAxis(axis, shape, "diagonal"));
  if (down === across) throw new ShapeError(`diagonal: axis ${axis1} of ${showShape(shape)} is named twice`);
  const others = [...shape.keys()].filter((axis) => axis !== down && axis !== across);
  const [top, left] = [Math.max(0, -offset), Math.max(0, offset)];
  const n = Math.max(0, Math.min(shape[down] - top, shape[across] - left));
  const outer = others.map((axis) => shape[axis]);
  const matrices = x.permute([...others, down, across]);
  if (n === 0)
    return matrices
      .narrow(-2, 0, 0)
      .narrow(-1, 0, 0)
      .reshape([...outer, 0]);
  const square = matrices.narrow(-2, top, n).narrow(-1, left, n);
  // In a row, neighbours of a diagonal are a row and an element apart.
  return square.reshape([...outer, n * n]).slice(...outer.map(() => null), [undefined, undefined, n + 1]);
}

/**
 * Matrices (the last two axes) with zeros above a diagonal: that `offset` to the right of the main one, or below it (torch.tril).
 * @throws ShapeError for fewer than two axes
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { tril } from "simdgrad/functions";
 * await evaluate(tril(constant([[1, 2], [3, 4]]))); // => [1, 0, 3, 4]
 */
export function tril(x: Tensor, offset = 0): Tensor {
  const [rows, columns] = placesOf(x, offset, "tril");
  return rows.add(offset).greaterEqual(columns).select(x, 0);
}

/**
 * Matrices (the last two axes) with zeros below a diagonal: that `offset` to the right of the main one, or below it (torch.triu).
 * @throws ShapeError for fewer than two axes
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { triu } from "simdgrad/functions";
 * await evaluate(triu(constant([[1, 2], [3, 4]]), 1)); // => [0, 2, 0, 0]
 */
export function triu(x: Tensor, offset = 0): Tensor {
  const [rows, columns] = placesOf(x, offset, "triu");
  return rows.add(offset).lessEqual(columns).select(x, 0);
}

/** Numbers of the rows, as a column, and of the columns. */
function placesOf(x: Tensor, offset: number, name: string): readonly [rows: Tensor, columns: Tensor] {
  aTensor(x, `${name}: x`);
  checkDType(x, ["f32", "i32"], name);
  anInteger(offset, `${name}: offset`);
  if (x.shape.length < 2) throw new ShapeError(`${name}: takes matrices, got ${showShape(x.shape)}`);
  const [height, width] = x.shape.slice(-2);
  return [arange(height).unsqueeze(1), arange(width)];
}
