// Where windows lie along the spatial axes of [N, C, (D, (H,)) W]: sizes as callers give them, checked, with PyTorch's rules.
import { aListOf, aWholeNumber, type Check, must } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { Windows } from "../ops/pooling.ts";
import { checkShape, type Shape, showShape, sizeOf } from "../shape.ts";
import { show } from "../show.ts";
import { aTensor, type Tensor } from "../tensor.ts";

/** One number for all spatial axes, or one for each. */
export type Sizes = number | readonly number[];

/** Whole numbers from `low` on: one, or a list of as many as there are spatial axes. */
export function sizesFrom(low: number): Check {
  const aSize = aWholeNumber(low);
  return (value, what) => (Array.isArray(value) ? aListOf(aSize)(value, what) : aSize(value, what));
}

/** @throws ArgumentError unless it is a list of one to three whole numbers >= 1 */
export function aKernel(value: unknown, what: string): void {
  const count = Array.isArray(value) ? value.length : 0;
  must(count > 0 && count < 4, value, what, "a list of one to three sizes");
  aListOf(aWholeNumber(1))(value, what);
}

/** One number an axis. */
export function spread<Size>(sizes: number | readonly Size[], axes: number, what: string): readonly (Size | number)[] {
  if (typeof sizes === "number") return Array<number>(axes).fill(sizes);
  if (sizes.length !== axes) throw new ArgumentError(`${what} must have ${axes} sizes, got ${show(sizes)}`);
  return sizes;
}

const LETTERS = ["W", "H", "D"];

/** [N, C, H, W], of two axes. */
function layoutOf(axes: number): string {
  return `[N, C, ${LETTERS.slice(0, axes).reverse().join(", ")}]`;
}

/**
 * The last axes of [N, C, ...] or [C, ...], `axes` of them.
 * @throws ArgumentError for what is no tensor, ShapeError for another number of axes
 */
export function spatialOf(x: Tensor, axes: number, name: string): Shape {
  aTensor(x, `${name}: x`);
  const { shape } = x;
  if (shape.length !== axes + 1 && shape.length !== axes + 2)
    throw new ShapeError(`${name}: takes ${layoutOf(axes)} or one without N, got ${showShape(shape)}`);
  return shape.slice(-axes);
}

/** What windows of a kernel take. */
export interface WindowOptions {
  readonly stride?: Sizes;
  readonly padding?: Sizes;
  readonly dilation?: Sizes;
  readonly ceilMode?: boolean;
}

/** @throws ArgumentError for padding of more than half a kernel */
export function checkPadding(padding: readonly number[], kernelSize: readonly number[], name: string): void {
  if (padding.some((each, i) => 2 * each > kernelSize[i]))
    throw new ArgumentError(
      `${name}: padding ${showShape(padding)} is more than half of the kernel ${showShape(kernelSize)}`,
    );
}

/** Executors count places in 31 bits. */
const FARTHEST = 2 ** 30;

/**
 * Windows of a kernel along the spatial axes, as torch counts them: with `ceilMode` the last one may reach beyond the padding, if it begins
 * before the end of the elements or in the padding before them.
 * @throws ArgumentError for sizes that do not fit the axes and padding of more than half a kernel, ShapeError for a kernel that does not
 * fit
 */
export function kernelWindows(
  spatial: Shape,
  kernelSize: readonly number[],
  { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false }: WindowOptions,
  name: string,
): Windows[] {
  const axes = spatial.length;
  const strides = spread(stride, axes, `${name}: stride`);
  const paddings = spread(padding, axes, `${name}: padding`);
  const dilations = spread(dilation, axes, `${name}: dilation`);
  checkPadding(paddings, kernelSize, name);
  return spatial.map((size, i) => {
    const [kernel, stride, padding, dilation] = [kernelSize[i], strides[i], paddings[i], dilations[i]];
    const room = size + 2 * padding - dilation * (kernel - 1) - 1;
    let out = Math[ceilMode ? "ceil" : "floor"](room / stride) + 1;
    if (ceilMode && (out - 1) * stride >= size + padding) out--;
    if (out < 1 || size === 0) {
      const [k, d, p] = [kernelSize, dilations, paddings].map(showShape);
      throw new ShapeError(
        `${name}: a kernel of ${k} with dilation ${d} does not fit ${showShape(spatial)} with padding ${p}`,
      );
    }
    if (size + out * stride + kernel * dilation + padding > FARTHEST)
      throw new ArgumentError(
        `${name}: windows of ${kernel}, ${stride} and ${dilation} apart, reach beyond 2^30 places`,
      );
    return { size, out, kernel, stride, padding, dilation };
  });
}

/**
 * Windows that cover the last axes in so many parts, which may overlap by an element; null as many as there are elements.
 * @throws ShapeError for an axis without elements, and for a result of more than 2^30
 */
export function coveringWindows({ shape }: Tensor, outputSize: readonly (number | null)[], name: string): Windows[] {
  const spatial = shape.slice(-outputSize.length);
  if (spatial.includes(0)) throw new ShapeError(`${name}: ${showShape(spatial)} has nothing to pool`);
  const sizes = spatial.map((size, i) => outputSize[i] ?? size);
  checkShape([...shape.slice(0, -sizes.length), ...sizes], name);
  return spatial.map((size, i) => {
    const out = sizes[i];
    const each = size / out;
    const kernel = Number.isInteger(each) ? each : 0;
    return { size, out, kernel, stride: Math.max(1, kernel), padding: 0, dilation: 1 };
  });
}

const none: Windows = { size: 1, out: 1, kernel: 1, stride: 1, padding: 0, dilation: 1 };

/** Of three axes. */
export function threeOf(windows: readonly Windows[]): readonly [Windows, Windows, Windows] {
  const [d = none, h = none, w = none] = [none, none, none].concat(windows).slice(-3);
  return [d, h, w];
}

/** x [N, C, ...] as planes [N C, D, H, W]. */
export function planesOf(x: Tensor, axes: number): Tensor {
  const spatial = x.shape.slice(-axes);
  const sides = [1, 1, 1].concat(spatial).slice(-3);
  return x.reshape([sizeOf(x.shape.slice(0, -axes)), ...sides]);
}

/** First and last place of window o that is an element, and one beyond its end, which may be in the padding. */
export function reachOf(
  windows: Windows,
  o: number,
): { readonly start: number; readonly end: number; readonly padded: number } {
  const { size, out, kernel, stride, padding } = windows;
  if (kernel === 0) {
    const [start, end] = [Math.floor((o * size) / out), Math.ceil(((o + 1) * size) / out)];
    return { start, end, padded: end - start };
  }
  const start = o * stride - padding;
  const end = Math.min(start + kernel, size + padding);
  return { start: Math.max(0, start), end: Math.min(end, size), padded: end - start };
}
