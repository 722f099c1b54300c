// Shapes and dtypes: broadcasting, axes, sizes. Pure functions on arrays of numbers; nothing here knows tensors.
import { DTypeError, ShapeError } from "./errors.ts";
import { show } from "./show.ts";

/** Element types: f32 computes, i32 counts and indexes, u8 holds data (cast it before computing). */
export type DType = "f32" | "i32" | "u8";

/** Sizes of the axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

const dtypes: readonly unknown[] = ["f32", "i32", "u8"];

/** What is known of a value before it exists. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i];
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[2, 3]`, as error messages print it. */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** `f32[2, 3]` */
export function showAval({ shape, dtype }: Aval): string {
  return dtype + showShape(shape);
}

/** NumPy broadcasting of two shapes. @throws ShapeError naming `operation` */
export function broadcastShapes(a: Shape, b: Shape, operation: string): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const p = i <= a.length ? a[a.length - i] : 1;
    const q = i <= b.length ? b[b.length - i] : 1;
    if (p !== q && p !== 1 && q !== 1)
      throw new ShapeError(`${operation}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast`);
    result[rank - i] = p === 1 ? q : p;
  }
  return result;
}

/** An axis of a shape counted from the front; negative ones count from the back. @throws ShapeError */
export function normalizeAxis(axis: number, shape: Shape, operation: string): number {
  const normal = Number.isInteger(axis) ? (axis < 0 ? axis + shape.length : axis) : -1;
  if (normal < 0 || normal >= shape.length)
    throw new ShapeError(`${operation}: ${showShape(shape)} has no axis ${show(axis)}`);
  return normal;
}

/** Sorted distinct axes; undefined means all. @throws ShapeError */
export function normalizeAxes(axes: number | readonly number[] | undefined, shape: Shape, operation: string): number[] {
  if (axes === undefined) return [...shape.keys()];
  const list = Array.isArray(axes) ? Array.from(axes as readonly number[]) : [axes as number];
  const normal = list.map((axis) => normalizeAxis(axis, shape, operation)).sort((a, b) => a - b);
  if (normal.some((axis, i) => axis === normal[i - 1]))
    throw new ShapeError(`${operation}: an axis is named twice in [${list}]`);
  return normal;
}

/** @throws ShapeError naming `operation` if one of these axes has no elements: among nothing there is no largest */
export function checkNotEmpty(shape: Shape, axes: readonly number[], operation: string): void {
  const empty = axes.find((axis) => shape[axis] === 0);
  if (empty !== undefined) throw new ShapeError(`${operation}: ${showShape(shape)} has nothing along axis ${empty}`);
}

/** Elements that fit a buffer. */
let most = 2 ** 30;

/** What `make` gives, whatever the sizes: for a graph that is looked at and never run. */
export function ofAnySize<T>(make: () => T): T {
  most = Number.POSITIVE_INFINITY;
  try {
    return make();
  } finally {
    most = 2 ** 30;
  }
}

/** Elements of a table that is written out number by number when a graph is built. */
export const LISTED = 2 ** 26;

/** Sizes must be whole numbers >= 0 whose product fits a buffer, or is `limit` at the most, and 64 at the most. @throws ShapeError */
export function checkShape(given: unknown, operation: string, limit = most): Shape {
  const isShape =
    Array.isArray(given) &&
    given.length <= 64 &&
    Array.from(given).every((size) => Number.isInteger(size) && size >= 0);
  if (!isShape) throw new ShapeError(`${operation}: ${show(given)} is not a shape`);
  const shape: Shape = [...(given as Shape)]; // as it is now
  if (sizeOf(shape) > limit)
    throw new ShapeError(`${operation}: ${showShape(shape)} has more than 2^${Math.log2(limit)} elements`);
  return shape;
}

/** @throws DTypeError unless there is such a dtype */
export function checkKnown(dtype: unknown, operation: string): DType {
  if (!dtypes.includes(dtype))
    throw new DTypeError(`${operation}: there is no dtype ${show(dtype)}; there are ${dtypes.join(", ")}`);
  return dtype as DType;
}

/** @throws DTypeError unless the dtype is among `allowed` */
export function checkDType(aval: Aval, allowed: readonly DType[], operation: string): void {
  const advice = aval.dtype === "u8" ? " (cast it first)" : "";
  if (!allowed.includes(aval.dtype))
    throw new DTypeError(`${operation}: takes ${allowed.join(" or ")}, got ${showAval(aval)}${advice}`);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/** [size, ...strides] of the axes of tensors of one shape, without those of one element; axes that all walk as one are made one. */
export function joinAxes(shape: Shape, strides: readonly (readonly number[])[]): number[][] {
  const axes: number[][] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const own = strides.map((each) => each[i]);
    const joins = axes.at(-1)?.every((stride, k) => k === 0 || stride === own[k - 1] * size);
    const [count = 1] = (joins && axes.pop()) || [];
    axes.push([count * size, ...own]);
  });
  return axes;
}
