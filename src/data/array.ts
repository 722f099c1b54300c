// Arrays as callers bring them: typed arrays with a shape, or nested numbers. Checked here, before anything runs.

import { constant, type Nested } from "../create.ts";
import { DataError, DTypeError, ShapeError } from "../errors.ts";
import { type DType, type Shape, showShape, sizeOf } from "../shape.ts";

/** Numbers with a shape, row-major. */
export interface NumericArray {
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
  readonly shape: Shape;
}

/** What data may be given as; nested numbers become f32. */
export type ArrayLikeData = NumericArray | Nested;

/** An array whose dtype is settled. */
export interface TypedData extends NumericArray {
  readonly dtype: DType;
}

/**
 * A typed array with its shape, checked: the dtype follows the array (Float32Array f32, Int32Array i32, Uint8Array u8) unless `dtype` says
 * otherwise.
 * @throws ShapeError if the shape has another number of elements, DTypeError if `dtype` cannot hold the values
 *
 * @example
 * import { array } from "simdgrad/data";
 * array([[1, 2], [3, 4]]).shape; // => [2, 2]
 * array({ data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2] }).dtype; // => "u8"
 */
export function array(given: ArrayLikeData, dtype?: DType, name = "array"): TypedData {
  const { data, shape } = isNumericArray(given) ? given : nested(given);
  if (sizeOf(shape) !== data.length)
    throw new ShapeError(`${name}: ${data.length} numbers do not fill shape ${showShape(shape)}`);
  const own = dtypeOf(data);
  const wanted = dtype ?? own;
  return { data: own === wanted ? data : converted(data, wanted, name), shape, dtype: wanted };
}

function isNumericArray(given: ArrayLikeData): given is NumericArray {
  return typeof given === "object" && "data" in given && "shape" in given;
}

function nested(given: Nested): NumericArray {
  const { shape, attrs } = constant(given);
  return { data: Float32Array.from((attrs as { readonly data: Float64Array }).data), shape };
}

function dtypeOf(data: NumericArray["data"]): DType {
  return data instanceof Int32Array ? "i32" : data instanceof Uint8Array ? "u8" : "f32";
}

function converted(data: NumericArray["data"], dtype: DType, name: string): NumericArray["data"] {
  const result =
    dtype === "f32" ? Float32Array.from(data) : dtype === "i32" ? Int32Array.from(data) : Uint8Array.from(data);
  if (dtype === "f32") return result;
  const wrong = data.findIndex((value, i) => value !== result[i]);
  if (wrong >= 0) throw new DTypeError(`${name}: element ${wrong} is ${data[wrong]}, not of dtype ${dtype}`);
  return result;
}

/** @throws DataError naming the first row with NaN or infinity */
export function checkFinite({ data, shape }: NumericArray, name: string): void {
  if (data instanceof Int32Array || data instanceof Uint8Array) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const width = sizeOf(shape.slice(1));
  throw new DataError(`${name}: row ${Math.floor(at / width)} holds ${data[at]}`);
}

/** @throws DataError naming the first row whose class index is outside 0..classes-1 */
export function checkClasses({ data, shape }: NumericArray, classes: number, name: string): void {
  const at = data.findIndex((value) => !(value >= 0 && value < classes));
  if (at < 0) return;
  const width = sizeOf(shape.slice(1));
  throw new DataError(`${name}: row ${Math.floor(at / width)} has class index ${data[at]}, outside 0..${classes - 1}`);
}
