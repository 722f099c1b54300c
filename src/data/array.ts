// Arrays as callers bring them: typed arrays with a shape, or nested numbers. Checked here, before anything runs.

import { isRecord, numbers } from "../check.ts";
import { flatten, type Nested } from "../create.ts";
import { DataError, DTypeError, ShapeError } from "../errors.ts";
import { checkKnown, checkShape, type DType, type Shape, showShape, sizeOf } from "../shape.ts";

/** Numbers with a shape, row-major. */
export interface NumericArray {
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
  readonly shape: Shape;
}

/** What data may be given as; nested numbers, and those of other arrays, become f32. */
export type ArrayLikeData = NumericArray | { readonly data: ArrayLike<number>; readonly shape: Shape } | Nested;

/** An array whose dtype is settled. */
export interface TypedData extends NumericArray {
  readonly dtype: DType;
}

/**
 * A typed array with its shape, checked: the dtype follows the array (Float32Array f32, Int32Array i32, Uint8Array u8) unless `dtype` says
 * otherwise.
 * @throws ArgumentError for what is no number, ShapeError if the shape has another number of elements, DTypeError if `dtype` cannot
 * hold the values
 *
 * @example
 * import { array } from "simdgrad/data";
 * array([[1, 2], [3, 4]]).shape; // => [2, 2]
 * array({ data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2] }).dtype; // => "u8"
 */
export function array(given: ArrayLikeData, dtype?: DType, name = "array"): TypedData {
  const { data, shape } = elementsOf(given, name);
  if (sizeOf(shape) !== data.length)
    throw new ShapeError(`${name}: ${data.length} numbers do not fill shape ${showShape(shape)}`);
  const own = dtypeOf(data);
  const wanted = dtype === undefined ? (own ?? "f32") : checkKnown(dtype, name);
  // The dtype is settled before anything is rounded: 16777217 is an i32, but no f32.
  const typed = own === wanted ? (data as NumericArray["data"]) : converted(data, wanted, name);
  return { data: typed, shape, dtype: wanted };
}

function elementsOf(given: ArrayLikeData, name: string): { readonly data: ArrayLike<number>; readonly shape: Shape } {
  if (!isRecord(given)) {
    const { flat, shape } = flatten(given as Nested, name);
    return { data: flat, shape };
  }
  const { data, shape } = given as unknown as NumericArray;
  numbers(data, `${name}: data`);
  return { data, shape: checkShape(shape, `${name}: shape`) };
}

/** The dtype of an array that is one already. */
function dtypeOf(data: ArrayLike<number>): DType | undefined {
  if (data instanceof Int32Array) return "i32";
  if (data instanceof Uint8Array) return "u8";
  return data instanceof Float32Array || data instanceof Float64Array ? "f32" : undefined;
}

function converted(data: ArrayLike<number>, dtype: DType, name: string): NumericArray["data"] {
  const result =
    dtype === "f32" ? Float32Array.from(data) : dtype === "i32" ? Int32Array.from(data) : Uint8Array.from(data);
  for (let i = 0; i < data.length; i++)
    if (dtype === "f32" ? overflows(data[i]) : data[i] !== result[i])
      throw new DTypeError(`${name}: element ${i} is ${data[i]}, not of dtype ${dtype}`);
  return result;
}

/** Whether a finite number is beyond what f32 holds. */
function overflows(value: number): boolean {
  return Number.isFinite(value) && !Number.isFinite(Math.fround(value));
}

/** @throws DataError naming the first row with NaN, infinity or a number that is infinite as f32 */
export function checkFinite({ data, shape }: NumericArray, name: string): void {
  if (data instanceof Int32Array || data instanceof Uint8Array) return;
  const at = data.findIndex((value) => !Number.isFinite(Math.fround(value)));
  if (at < 0) return;
  const width = sizeOf(shape.slice(1));
  const beyond = overflows(data[at]) ? ", which is beyond f32" : "";
  throw new DataError(`${name}: row ${Math.floor(at / width)} holds ${data[at]}${beyond}`);
}

/** @throws DataError naming the first row whose class index is outside 0..classes-1, and not the one that is ignored */
export function checkClasses(
  { data, shape }: NumericArray,
  classes: number,
  name: string,
  ignored?: number | null,
): void {
  const at = data.findIndex((value) => !(value >= 0 && value < classes) && value !== ignored);
  if (at < 0) return;
  const width = sizeOf(shape.slice(1));
  throw new DataError(`${name}: row ${Math.floor(at / width)} has class index ${data[at]}, outside 0..${classes - 1}`);
}
