// Tensors that begin a graph: inputs, constants, and what is put together from several tensors.
import { aText, checkOptions, numbers } from "./check.ts";
import { DTypeError, ShapeError } from "./errors.ts";
import type { Op } from "./op.ts";
import * as leaf from "./ops/leaf.ts";
import * as movement from "./ops/movement.ts";
import {
  checkKnown,
  checkShape,
  type DType,
  normalizeAxis,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
} from "./shape.ts";
import { apply, tensors as checkTensors, scalar, Tensor } from "./tensor.ts";

/** Numbers in nested arrays, outermost axis first; rows may be typed arrays. */
export type Nested =
  | number
  | readonly Nested[]
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray;

/** Numbers of any array with a shape, and the dtype that they are to be of. */
export interface ShapedNumbers {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
  readonly dtype?: DType;
}

/** Axes that arrays may nest. */
const MOST_AXES = 64;

/**
 * A value that the caller writes before each run of a program.
 *
 * @example
 * import { input } from "simdgrad";
 * input([64, 784]).shape; // => [64, 784]
 */
export function input(shape: Shape, dtype: DType = "f32", label = ""): Tensor {
  const aval = { shape: checkShape(shape, "input"), dtype: checkKnown(dtype, "input") };
  aText(label, "input: label");
  return new Tensor(leaf.input as Op, [], aval, aval, label);
}

/**
 * Data known when a program is made: nested arrays, a number, a flat array with a shape, or { data, shape }, such as `predict` gives.
 * @throws ShapeError for ragged arrays or a shape of another size, DTypeError for values the dtype cannot hold
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * await evaluate(constant([[1, 2], [3, 4]]).sum(0)); // => [4, 6]
 * constant({ data: Int32Array.of(1, 2, 3, 4), shape: [2, 2] }).shape; // => [2, 2]
 */
export function constant(
  given: Nested | ArrayLike<number> | ShapedNumbers,
  options: { readonly shape?: Shape; readonly dtype?: DType } = {},
): Tensor {
  checkOptions(options, "constant", { shape: checkShape, dtype: checkKnown });
  // A tensor has a shape and a dtype, too, but no data: it is refused below.
  const own = Object(given) as Partial<ShapedNumbers>;
  const { data = given as Nested } = own;
  const { shape: size = own.shape, dtype: said = own.dtype } = options;
  const kind = data instanceof Int32Array ? "i32" : data instanceof Uint8Array ? "u8" : "f32";
  const dtype = said === undefined ? kind : checkKnown(said, "constant");
  if (typeof data === "number" && size === undefined) return scalar(data, dtype);
  const { flat, shape: found } = flatten(data, "constant");
  const shape = checkShape(size ?? found, "constant");
  if (flat.length !== sizeOf(shape))
    throw new ShapeError(`constant: ${flat.length} numbers do not fill ${showShape(shape)}`);
  const values =
    dtype === "f32" ? Float64Array.from(flat) : dtype === "i32" ? Int32Array.from(flat) : Uint8Array.from(flat);
  if (dtype !== "f32") {
    for (let i = 0; i < flat.length; i++)
      if (values[i] !== flat[i]) throw new DTypeError(`constant: ${flat[i]} is not of dtype ${dtype}`);
  }
  const attrs = { shape, dtype, data: values, scalar: shape.length === 0 ? flat[0] : undefined };
  return new Tensor(leaf.constant as Op, [], attrs, attrs);
}

/**
 * Tensors one after the other along an axis.
 *
 * @example
 * import { concat, constant, evaluate } from "simdgrad";
 * await evaluate(concat([constant([1, 2]), constant([3])], 0)); // => [1, 2, 3]
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  checkTensors(tensors, "concat: tensors");
  if (tensors.length === 0) throw new ShapeError("concat: needs at least one tensor");
  return apply(movement.concat, tensors, { axis: normalizeAxis(axis, tensors[0].shape, "concat") });
}

/**
 * Tensors of one shape along a new axis.
 *
 * @example
 * import { constant, stack } from "simdgrad";
 * stack([constant([1, 2]), constant([3, 4])]).shape; // => [2, 2]
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  checkTensors(tensors, "stack: tensors");
  return concat(
    tensors.map((tensor) => tensor.unsqueeze(axis)),
    axis,
  );
}

/**
 * Numbers in nested arrays as one array, and their shape.
 * @throws ArgumentError for what is no number, ShapeError for rows of different shapes
 */
export function flatten(
  data: Nested | ArrayLike<number>,
  name: string,
  depth = 0,
): { flat: ArrayLike<number>; shape: Shape } {
  if (depth > MOST_AXES) throw new ShapeError(`${name}: arrays nest deeper than ${MOST_AXES} axes`);
  if (typeof data === "number") return { flat: [data], shape: [] };
  if (!Array.isArray(data) || !data.some((part) => Array.isArray(part) || ArrayBuffer.isView(part))) {
    numbers(data, name);
    return { flat: data as ArrayLike<number>, shape: [(data as ArrayLike<number>).length] };
  }
  const parts = Array.from(data as readonly Nested[], (part) => flatten(part, name, depth + 1));
  for (const { shape } of parts)
    if (!sameShape(shape, parts[0].shape))
      throw new ShapeError(`${name}: rows of shapes ${showShape(parts[0].shape)} and ${showShape(shape)}`);
  return { flat: parts.flatMap(({ flat }) => Array.from(flat)), shape: [data.length, ...parts[0].shape] };
}
