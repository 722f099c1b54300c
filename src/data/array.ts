// Arrays as callers bring them: typed arrays with a shape, or nested numbers. Checked here, before anything runs.

import { isDetached, isRecord, numbers } from "../check.ts";
import { flatten, type Nested, type ShapedNumbers } from "../create.ts";
import { DataError, DTypeError, ShapeError } from "../errors.ts";
import { checkKnown, checkShape, type DType, type Shape, showShape, sizeOf } from "../shape.ts";

/** Numbers with a shape, row-major. */
export interface NumericArray {
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
  readonly shape: Shape;
}

/** What data may be given as; nested numbers, and those of other arrays, become f32, or of the `dtype` beside them. */
export type ArrayLikeData = NumericArray | ShapedNumbers | Nested;

/** Arrays that say what dtype they are of; rows of one kind keep it. Of Uint8ClampedArray, a canvas's, the bytes are taken. */
const KINDS = [Float32Array, Float64Array, Int32Array, Uint8Array, Uint8ClampedArray] as const;

/** An array whose dtype is settled. */
export interface TypedData extends NumericArray {
  readonly dtype: DType;
}

/**
 * A typed array with its shape, checked: the dtype follows the array, or the rows (Float32Array f32, Int32Array i32, Uint8Array and
 * Uint8ClampedArray u8), unless `dtype`, or one beside data and shape, says otherwise. A Float64Array counts as f32, and stays what it is
 * unless `dtype` is f32.
 * @throws ArgumentError for what is no number, ShapeError if the shape has another number of elements, DTypeError if `dtype` cannot
 * hold the values
 *
 * @example
 * import { array } from "simdgrad/data";
 * array([[1, 2], [3, 4]]).shape; // => [2, 2]
 * array({ data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2] }).dtype; // => "u8"
 * array([Int32Array.of(1, 2), Int32Array.of(3, 4)]).dtype; // => "i32"
 * array({ data: [1, 2, 3, 4], shape: [2, 2], dtype: "i32" }).dtype; // => "i32"
 */
export function array(given: ArrayLikeData, dtype?: DType, name = "array"): TypedData {
  const { data: elements, shape, dtype: said } = elementsOf(given, name);
  const data = elements instanceof Uint8ClampedArray ? Uint8Array.from(elements) : elements;
  if (sizeOf(shape) !== data.length)
    throw new ShapeError(`${name}: ${data.length} numbers do not fill shape ${showShape(shape)}`);
  const own = dtypeOf(data);
  const wanted = checkKnown(dtype === undefined ? (said ?? own ?? "f32") : dtype, name);
  // The dtype is settled before anything is rounded: 16777217 is an i32, but no f32.
  const isKept = own === wanted && !(dtype === "f32" && data instanceof Float64Array);
  const typed = isKept ? (data as NumericArray["data"]) : converted(data, wanted, name);
  return { data: typed, shape, dtype: wanted };
}

function elementsOf(given: ArrayLikeData, name: string): ShapedNumbers {
  if (!isRecord(given)) {
    const rows = rowsOf(given);
    if (rows !== undefined) return rows;
    const { flat, shape } = flatten(given as Nested, name);
    return { data: flat, shape };
  }
  const { data, shape, dtype } = given as unknown as ShapedNumbers;
  numbers(data, `${name}: data`);
  return { data, shape: checkShape(shape, `${name}: shape`), dtype };
}

/** Rows that are typed arrays of one kind and length, as one array of that kind. */
function rowsOf(given: unknown): ReturnType<typeof elementsOf> | undefined {
  if (!Array.isArray(given) || given.length === 0) return undefined;
  const Kind = KINDS.find((kind) => given[0] instanceof kind);
  const { length } = given[0] ?? [];
  const isRow = (row: unknown) => Kind && row instanceof Kind && row.length === length && !isDetached(row.buffer);
  if (Kind === undefined || !Array.from(given).every(isRow)) return undefined; // what is wrong is told as of any other
  const data = new Kind(given.length * length);
  for (const [i, row] of given.entries()) data.set(row, i * length);
  return { data, shape: [given.length, length] };
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

/** Whether all are: a multiple of 0 is NaN for any other. Two sums, so that one need not wait for the other. */
function areFinite(data: Float32Array): boolean {
  let [one, other] = [0, 0];
  let i = data.length - 1;
  for (; i > 0; i -= 2) {
    one += data[i] * 0;
    other += data[i - 1] * 0;
  }
  if (i === 0) one += data[0] * 0;
  return one + other === 0;
}

/** @throws DataError naming the first row with NaN, infinity or a number that is infinite as f32 */
export function checkFinite({ data, shape }: NumericArray, name: string): void {
  if (data instanceof Int32Array || data instanceof Uint8Array || (data instanceof Float32Array && areFinite(data)))
    return;
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
  const isKnown = (value: number) => (value >= 0 && value < classes) || value === ignored;
  let at = 0;
  while (at < data.length && isKnown(data[at])) at++;
  if (at === data.length) return;
  const width = sizeOf(shape.slice(1));
  throw new DataError(`${name}: row ${Math.floor(at / width)} has class index ${data[at]}, outside 0..${classes - 1}`);
}
