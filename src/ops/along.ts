// Elements picked, and added, by an index along one axis: flat places of a tensor, which its elements are gathered from or added up at.
import { constant } from "../create.ts";
import { ShapeError } from "../errors.ts";
import {
  checkDType,
  checkShape,
  LISTED,
  normalizeAxis,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
  stridesOf,
} from "../shape.ts";
import { aTensor, type Tensor } from "../tensor.ts";

/** Where in a flat tensor of `shape` each element of the index points to; -1 for those outside. */
function placesOf(index: Tensor, shape: Shape, axis: number, name: string): Tensor {
  aTensor(index, `${name}: index`);
  checkDType(index, ["i32"], `${name}: the index`);
  const at = normalizeAxis(axis, shape, name);
  const fits = (size: number, i: number) => i === at || size <= shape[i];
  if (index.shape.length !== shape.length || !index.shape.every(fits))
    throw new ShapeError(`${name}: an index of ${showShape(index.shape)} does not fit ${showShape(shape)}`);
  const strides = stridesOf(shape);
  const others = index.shape.with(at, 1);
  checkShape(others, `${name}: beside the axis`, LISTED);
  const starts = new Int32Array(sizeOf(others));
  for (let at = 0; at < starts.length; at++)
    for (let d = others.length - 1, i = at; d >= 0; i = Math.floor(i / others[d--]))
      starts[at] += (i % others[d]) * strides[d];
  const isInside = index.equal(index.maximum(0).minimum(shape[at] - 1));
  return isInside.select(index.mul(strides[at]).add(constant(starts, { shape: others })), -1);
}

/**
 * Elements by an i32 index along an axis, as torch.gather: result[..., i, ...] = x[..., index[..., i, ...], ...]. The index has as many
 * axes as x, along the others it may be shorter, and the result has its shape. One outside gives NaN, as in `Tensor.gather`.
 * @throws ShapeError for an axis outside the shape or an index that does not fit, DTypeError for an index that is not i32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { takeAlongAxis } from "simdgrad/functions";
 * const x = constant([[1, 2, 3], [4, 5, 6]]);
 * const index = constant([[2, 0], [1, 1]], { dtype: "i32" });
 * await evaluate(takeAlongAxis(x, index, 1)); // => [3, 1, 5, 5]
 */
export function takeAlongAxis(x: Tensor, index: Tensor, axis: number): Tensor {
  aTensor(x, "takeAlongAxis: x");
  const places = placesOf(index, x.shape, axis, "takeAlongAxis");
  return x.reshape([sizeOf(x.shape)]).gather(places);
}

/**
 * f32 updates added up by an i32 index of their shape along an axis, in zeros of `shape`, as torch.scatter_add: updates[..., i, ...] goes to
 * [..., index[..., i, ...], ...]. Those of one place are added in their order; one outside goes nowhere.
 * @throws ShapeError for an axis outside the shape, or where updates, index and shape do not fit; DTypeError for an index that is not i32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { scatterAddAlongAxis } from "simdgrad/functions";
 * const index = constant([[2, 0], [1, 1]], { dtype: "i32" });
 * await evaluate(scatterAddAlongAxis(constant([[1, 2], [3, 4]]), index, 1, [2, 3])); // => [2, 0, 1, 0, 7, 0]
 */
export function scatterAddAlongAxis(updates: Tensor, index: Tensor, axis: number, shape: Shape): Tensor {
  aTensor(updates, "scatterAddAlongAxis: updates");
  checkDType(updates, ["f32"], "scatterAddAlongAxis");
  const whole = checkShape(shape, "scatterAddAlongAxis");
  const places = placesOf(index, whole, axis, "scatterAddAlongAxis");
  if (!sameShape(updates.shape, index.shape))
    throw new ShapeError(
      `scatterAddAlongAxis: updates ${showShape(updates.shape)} and index ${showShape(index.shape)} differ`,
    );
  return places.scatterAdd(updates, [sizeOf(whole)]).reshape(whole);
}
