// Pooling over the spatial axes of [N, C, W], [N, C, H, W] or [N, C, D, H, W], or of one without N: as many as a kernel has sizes.
import { aBoolean, aListOf, aPositiveNumber, aWholeNumber, checkOptions, must, nullOr } from "../check.ts";
import { constant } from "../create.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { itemsOf } from "../ops/item.ts";
import { maxPoolOp, scatterPlanesOp, sumPoolOp, type Windows } from "../ops/pooling.ts";
import { checkDType, checkShape, LISTED, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { apply, aTensor, stopGradient, type Tensor } from "../tensor.ts";
import {
  aKernel,
  coveringWindows,
  kernelWindows,
  planesOf,
  reachOf,
  type Sizes,
  sizesFrom,
  spatialOf,
  spread,
  threeOf,
  type WindowOptions,
} from "./windows.ts";

/** How windows of pooling lie. */
export interface PoolOptions {
  /** From window to window; the kernel where it is left out. */
  readonly stride?: Sizes;
  /** Places beside both ends, of half a kernel at most; 0 where it is left out. */
  readonly padding?: Sizes;
  /** Count windows at the end that are cut off, too. */
  readonly ceilMode?: boolean;
}

/** What max pooling takes. */
export interface MaxPoolOptions extends PoolOptions {
  /** From place to place of a window; 1 where it is left out. */
  readonly dilation?: Sizes;
}

/** What average pooling takes. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether the padding, which is 0, counts; true where it is left out. */
  readonly countIncludePad?: boolean;
  /** What sums are divided by, in place of the number of their places. */
  readonly divisorOverride?: number;
}

/** What undoing a max pooling takes. */
export interface MaxUnpoolOptions {
  /** Those of the pooling. */
  readonly stride?: Sizes;
  readonly padding?: Sizes;
  /** Sizes of the spatial axes, where several have the same result of pooling. */
  readonly outputSize?: readonly number[];
}

/** Values, and the i32 place of each in its plane. */
export interface Pooled {
  readonly values: Tensor;
  readonly indices: Tensor;
}

const poolChecks = { stride: sizesFrom(1), padding: sizesFrom(0), ceilMode: aBoolean };
export const maxPoolChecks = { ...poolChecks, dilation: sizesFrom(1) };
export const avgPoolChecks = { ...poolChecks, countIncludePad: aBoolean, divisorOverride: aPositiveNumber };
export const unpoolChecks = { stride: sizesFrom(1), padding: sizesFrom(0), outputSize: aListOf(aWholeNumber(1)) };
export const lpPoolChecks = { stride: sizesFrom(1), ceilMode: aBoolean };

/** Sizes of results: whole numbers, or null for an axis that stays as it is. */
export function anOutputSize(value: unknown, what: string): void {
  const count = Array.isArray(value) ? value.length : 0;
  must(count > 0 && count < 4, value, what, "a list of one to three sizes");
  aListOf(nullOr(aWholeNumber(1)))(value, what);
}

/** The largest of each window, and where it stands. */
function largestOf(x: Tensor, windows: readonly Windows[]): Pooled {
  const shape = [...x.shape.slice(0, -windows.length), ...windows.map(({ out }) => out)];
  const node = apply(maxPoolOp, [planesOf(x, windows.length)], { axes: threeOf(windows) });
  const [values, indices] = itemsOf(node).map((item) => item.reshape(shape));
  return { values, indices };
}

/** The sum of each window. */
function sumsOf(x: Tensor, windows: readonly Windows[]): Tensor {
  const sums = apply(sumPoolOp, [planesOf(x, windows.length)], { axes: threeOf(windows) });
  return sums.reshape([...x.shape.slice(0, -windows.length), ...windows.map(({ out }) => out)]);
}

/**
 * The largest of each window of `kernelSize`, one size for each spatial axis, and its i32 place in its plane: of equal ones the first, of
 * NaN, which is the largest, the last (torch.nn.functional.max_pool2d with return_indices). Gradients go to where the largest stood.
 * @throws ShapeError for x without these axes, where a kernel does not fit, or where all of a window is padding, which is -Infinity in
 * PyTorch; ArgumentError for padding of more than half a kernel
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { maxPoolWithIndices } from "simdgrad/functions";
 * const { values, indices } = maxPoolWithIndices(constant([[[1, 3, 2, 4, 5]]]), [2]);
 * await evaluate(values); // => [3, 4]
 * await evaluate(indices); // => [1, 3]
 */
export function maxPoolWithIndices(x: Tensor, kernelSize: readonly number[], options: MaxPoolOptions = {}): Pooled {
  aKernel(kernelSize, "maxPoolWithIndices: kernelSize");
  checkOptions(options, "maxPoolWithIndices", maxPoolChecks);
  return maxPooled(x, kernelSize, options, "maxPoolWithIndices");
}

/**
 * The largest of each window of `kernelSize`, one size for each spatial axis, as torch.nn.functional.max_pool2d: NaN is the largest.
 * Padding is never the largest. Gradients go to where the largest stood.
 * @throws ShapeError for x without these axes, where a kernel does not fit, or where all of a window is padding, which is -Infinity in
 * PyTorch; ArgumentError for padding of more than half a kernel
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { maxPool } from "simdgrad/functions";
 * const x = constant([[[[1, 2, 3, 4], [5, 6, 7, 8], [9, 8, 7, 6], [5, 4, 3, 2]]]]);
 * await evaluate(maxPool(x, [2, 2])); // => [6, 8, 9, 7]
 * await evaluate(maxPool(x, [3, 3], { stride: 2, padding: 1 })); // => [6, 8, 9, 8]
 */
export function maxPool(x: Tensor, kernelSize: readonly number[], options: MaxPoolOptions = {}): Tensor {
  aKernel(kernelSize, "maxPool: kernelSize");
  checkOptions(options, "maxPool", maxPoolChecks);
  return maxPooled(x, kernelSize, options, "maxPool").values;
}

/** Of checked arguments, for callers of other names. */
export function maxPooled(x: Tensor, kernelSize: readonly number[], options: MaxPoolOptions, name: string): Pooled {
  const spatial = spatialOf(x, kernelSize.length, name);
  checkDType(x, ["f32"], name);
  const windows = kernelWindows(spatial, kernelSize, options, name);
  if (windows.some(isInPadding))
    throw new ShapeError(`${name}: of ${showShape(spatial)}, a window of ${showShape(kernelSize)} holds but padding`);
  return largestOf(x, windows);
}

/** Whether the places of a window before the first element are followed by none that is one. */
function isInPadding({ size, out, stride, kernel, padding, dilation }: Windows): boolean {
  for (let o = 0; o < out && o * stride < padding; o++) {
    const start = o * stride - padding;
    const before = Math.ceil(-start / dilation);
    if (before >= kernel || start + before * dilation >= size) return true;
  }
  return false;
}

/**
 * Values put back where `maxPoolWithIndices` of the same kernel found them, 0 everywhere else, as torch.nn.functional.max_unpool2d. Of
 * several values at one place the last one is left, and it alone gets the gradient. An index outside its plane puts its value nowhere; it
 * is an error where indices are a constant.
 * @throws ShapeError for shapes that differ or sizes of a result that pooling does not make of it, DTypeError for indices that are not i32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { maxPoolWithIndices, maxUnpool } from "simdgrad/functions";
 * const { values, indices } = maxPoolWithIndices(constant([[[1, 3, 2, 4, 5]]]), [2]);
 * await evaluate(maxUnpool(values, indices, [2])); // => [0, 3, 0, 4]
 * await evaluate(maxUnpool(values, indices, [2], { outputSize: [5] })); // => [0, 3, 0, 4, 0]
 */
export function maxUnpool(
  x: Tensor,
  indices: Tensor,
  kernelSize: readonly number[],
  options: MaxUnpoolOptions = {},
): Tensor {
  aKernel(kernelSize, "maxUnpool: kernelSize");
  checkOptions(options, "maxUnpool", unpoolChecks);
  return unpooled(x, indices, kernelSize, options, "maxUnpool");
}

/** Of checked arguments, for callers of other names. */
export function unpooled(
  x: Tensor,
  indices: Tensor,
  kernelSize: readonly number[],
  options: MaxUnpoolOptions,
  name: string,
): Tensor {
  const axes = kernelSize.length;
  const spatial = spatialOf(x, axes, name);
  aTensor(indices, `${name}: indices`);
  checkDType(x, ["f32"], name);
  checkDType(indices, ["i32"], `${name}: indices`);
  if (!sameShape(x.shape, indices.shape))
    throw new ShapeError(`${name}: x ${showShape(x.shape)} and indices ${showShape(indices.shape)} differ`);
  const sizes = unpooledSizes(spatial, kernelSize, options, name);
  checkPlaces(indices, sizeOf(sizes), name);
  const [planes, places] = [planesOf(x, axes), planesOf(indices, axes)];
  const node = apply(scatterPlanesOp, [planes, places], { shape: [planes.shape[0], ...sizes], last: true });
  return node.reshape([...x.shape.slice(0, -axes), ...sizes]);
}

/** The least sizes that pooling may have met, or those that were asked for. */
function unpooledSizes(
  spatial: Shape,
  kernelSize: readonly number[],
  { stride = kernelSize, padding = 0, outputSize }: MaxUnpoolOptions,
  name: string,
): Shape {
  const axes = spatial.length;
  const strides = spread(stride, axes, `${name}: stride`);
  const paddings = spread(padding, axes, `${name}: padding`);
  const usual = spatial.map((size, i) => (size - 1) * strides[i] - 2 * paddings[i] + kernelSize[i]);
  const sizes = outputSize === undefined ? usual : spread(outputSize, axes, `${name}: outputSize`);
  if (sizes.some((size, i) => size < 1 || Math.abs(size - usual[i]) >= Math.max(1, strides[i])))
    throw new ShapeError(
      `${name}: ${showShape(spatial)} is not pooled from ${showShape(sizes)}, but from about ${showShape(usual)}`,
    );
  return sizes;
}

/** @throws ArgumentError for a constant index outside its plane */
function checkPlaces({ op, attrs }: Tensor, size: number, name: string): void {
  if (op.name !== "constant") return;
  const { data } = attrs as { readonly data: ArrayLike<number> };
  for (let i = 0; i < data.length; i++)
    if (data[i] < 0 || data[i] >= size)
      throw new ArgumentError(`${name}: index ${data[i]} is outside a plane of ${size} elements`);
}

/**
 * The mean of each window of `kernelSize`, one size for each spatial axis, as torch.nn.functional.avg_pool2d: padding is 0 and counts,
 * unless `countIncludePad` is false; places beyond it, which `ceilMode` lets in, never count. Sums are rounded once.
 * @throws ShapeError for x without these axes, or where a kernel does not fit; ArgumentError for padding of more than half a kernel
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { avgPool } from "simdgrad/functions";
 * const x = constant([[[1, 3, 2, 4, 5]]]);
 * await evaluate(avgPool(x, [2])); // => [2, 3]
 * await evaluate(avgPool(x, [2], { ceilMode: true })); // => [2, 3, 5]
 * await evaluate(avgPool(x, [2], { padding: 1 })); // => [0.5, 2.5, 4.5]
 */
export function avgPool(x: Tensor, kernelSize: readonly number[], options: AvgPoolOptions = {}): Tensor {
  aKernel(kernelSize, "avgPool: kernelSize");
  checkOptions(options, "avgPool", avgPoolChecks);
  return avgPooled(x, kernelSize, options, "avgPool");
}

/** Of checked arguments, for callers of other names. */
export function avgPooled(x: Tensor, kernelSize: readonly number[], options: AvgPoolOptions, name: string): Tensor {
  const { countIncludePad = true, divisorOverride } = options;
  const spatial = spatialOf(x, kernelSize.length, name);
  checkDType(x, ["f32"], name);
  const windows = kernelWindows(spatial, kernelSize, options, name);
  const sums = sumsOf(x, windows);
  return divisorOverride === undefined ? divided(sums, windows, countIncludePad, name) : sums.div(divisorOverride);
}

/** How many places window o counts. */
function countOf(axis: Windows, o: number, withPadding: boolean): number {
  const { start, end, padded } = reachOf(axis, o);
  return withPadding ? padded : end - start;
}

/** Whether all windows of an axis count the whole kernel: then those between the first and the last do. */
function isWhole(axis: Windows, withPadding: boolean): boolean {
  return axis.kernel > 0 && [0, axis.out - 1].every((o) => countOf(axis, o, withPadding) === axis.kernel);
}

/** Every number times each of the others. */
function products(numbers: Float64Array, others: Float64Array): Float64Array {
  const all = new Float64Array(numbers.length * others.length);
  for (let i = 0; i < all.length; i++) all[i] = numbers[Math.floor(i / others.length)] * others[i % others.length];
  return all;
}

function dividedBy(sums: Tensor, count: number): Tensor {
  return count === 1 ? sums : sums.div(count);
}

/** Sums of windows divided by the number of their places: one number if all have as many. */
function divided(sums: Tensor, windows: readonly Windows[], withPadding: boolean, name: string): Tensor {
  if (windows.every((axis) => isWhole(axis, withPadding)))
    return dividedBy(sums, sizeOf(windows.map((axis) => axis.kernel)));
  const shape = checkShape(
    windows.map(({ out }) => out),
    name,
    LISTED,
  );
  const counts = windows.map((axis) => {
    const list = new Float64Array(axis.out);
    for (let o = 0; o < list.length; o++) list[o] = countOf(axis, o, withPadding);
    return list;
  });
  if (counts.every((list) => list.every((count) => count === list[0])))
    return dividedBy(sums, sizeOf(counts.map(([first]) => first)));
  return sums.div(constant(counts.reduce<Float64Array>(products, Float64Array.of(1)), { shape }));
}

/**
 * The mean of each of so many parts of the spatial axes, of about the same size, as torch.nn.functional.adaptive_avg_pool2d: part i of n is
 * from floor(i size / n) up to ceil((i + 1) size / n). Null leaves an axis as it is.
 * @throws ShapeError for x without these axes, or with nothing along one
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { adaptiveAvgPool } from "simdgrad/functions";
 * await evaluate(adaptiveAvgPool(constant([[[1, 3, 2, 4, 5]]]), [2])); // => [2, 3.6666667461395264]
 */
export function adaptiveAvgPool(x: Tensor, outputSize: readonly (number | null)[]): Tensor {
  anOutputSize(outputSize, "adaptiveAvgPool: outputSize");
  return adaptiveAvgPooled(x, outputSize, "adaptiveAvgPool");
}

/** Of checked arguments, for callers of other names. */
export function adaptiveAvgPooled(x: Tensor, outputSize: readonly (number | null)[], name: string): Tensor {
  const axes = outputSize.length;
  const spatial = spatialOf(x, axes, name);
  checkDType(x, ["f32"], name);
  const windows = coveringWindows(x, outputSize, name);
  if (windows.every(({ out }) => out === 1))
    return x.mean(
      spatial.map((_, i) => i - axes),
      { keepDims: true },
    );
  return divided(sumsOf(x, windows), windows, false, name);
}

/**
 * The largest of each of so many parts of the spatial axes, of about the same size, as torch.nn.functional.adaptive_max_pool2d. Null leaves
 * an axis as it is.
 * @throws ShapeError for x without these axes, or with nothing along one
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { adaptiveMaxPool } from "simdgrad/functions";
 * await evaluate(adaptiveMaxPool(constant([[[1, 3, 2, 4, 5]]]), [2])); // => [3, 5]
 */
export function adaptiveMaxPool(x: Tensor, outputSize: readonly (number | null)[]): Tensor {
  anOutputSize(outputSize, "adaptiveMaxPool: outputSize");
  return adaptiveMaxPooled(x, outputSize, "adaptiveMaxPool").values;
}

/**
 * The same as `adaptiveMaxPool`, and the i32 place of each of the largest in its plane: of equal ones the first.
 * @throws ShapeError for x without these axes, or with nothing along one
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { adaptiveMaxPoolWithIndices } from "simdgrad/functions";
 * await evaluate(adaptiveMaxPoolWithIndices(constant([[[1, 3, 2, 4, 5]]]), [2]).indices); // => [1, 4]
 */
export function adaptiveMaxPoolWithIndices(x: Tensor, outputSize: readonly (number | null)[]): Pooled {
  anOutputSize(outputSize, "adaptiveMaxPoolWithIndices: outputSize");
  return adaptiveMaxPooled(x, outputSize, "adaptiveMaxPoolWithIndices");
}

/** Of checked arguments, for callers of other names. */
export function adaptiveMaxPooled(x: Tensor, outputSize: readonly (number | null)[], name: string): Pooled {
  spatialOf(x, outputSize.length, name);
  checkDType(x, ["f32"], name);
  return largestOf(x, coveringWindows(x, outputSize, name));
}

/**
 * (sum x^p)^(1/p) of each window of `kernelSize`, one size for each spatial axis, as torch.nn.functional.lp_pool2d; NaN where the sum is
 * negative, which only odd p make, unless p is 1: then it is the sum. Where the sum is 0, so is its slope.
 * @throws ShapeError for x without these axes, or where a kernel does not fit
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { lpPool } from "simdgrad/functions";
 * await evaluate(lpPool(constant([[[3, 4, 5, 12]]]), 2, [2])); // => [5, 13]
 */
export function lpPool(
  x: Tensor,
  normType: number,
  kernelSize: readonly number[],
  options: { readonly stride?: Sizes; readonly ceilMode?: boolean } = {},
): Tensor {
  aPositiveNumber(normType, "lpPool: normType");
  aKernel(kernelSize, "lpPool: kernelSize");
  checkOptions(options, "lpPool", lpPoolChecks);
  return lpPooled(x, normType, kernelSize, options, "lpPool");
}

/** Of checked arguments, for callers of other names. */
export function lpPooled(
  x: Tensor,
  normType: number,
  kernelSize: readonly number[],
  options: WindowOptions,
  name: string,
): Tensor {
  const spatial = spatialOf(x, kernelSize.length, name);
  checkDType(x, ["f32"], name);
  const windows = kernelWindows(spatial, kernelSize, options, name);
  const count = kernelSize.reduce((product, size) => product * size, 1);
  const sums = sumsOf(x.pow(normType), windows);
  const isCut = (axis: Windows) => reachOf(axis, axis.out - 1).padded < axis.kernel;
  // With windows that are cut off torch takes the mean, and of that as if they were whole.
  const whole = windows.some(isCut) ? divided(sums, windows, true, name).mul(count) : sums;
  // As in torch a sum of 0 has slope 0, whatever its root has, and for p = 1 one that is NaN, too.
  const hasSlope = normType === 1 ? whole.abs().greater(0) : whole.notEqual(0);
  return hasSlope.select(hasSlope.select(whole, 1).pow(1 / normType), stopGradient(whole));
}
