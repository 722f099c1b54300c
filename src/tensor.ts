// Tensor: a node of a lazy graph, with the operations as methods. It owns no memory and computes nothing; compile does.
import {
  aBoolean,
  aboveZero,
  aListOf,
  aNumber,
  anInteger,
  aWholeNumber,
  type Checks,
  checkOptions,
  must,
} from "./check.ts";
import { ArgumentError, DTypeError, ShapeError } from "./errors.ts";
import type { Op } from "./op.ts";
import * as contraction from "./ops/contraction.ts";
import * as elementwise from "./ops/elementwise.ts";
import * as indexing from "./ops/indexing.ts";
import * as leaf from "./ops/leaf.ts";
import * as movement from "./ops/movement.ts";
import * as reduction from "./ops/reduction.ts";
import * as rowwise from "./ops/rowwise.ts";
import {
  type Aval,
  broadcastShapes,
  checkDType,
  checkKnown,
  checkNotEmpty,
  checkShape,
  type DType,
  LISTED,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
} from "./shape.ts";

/** What operands may be: a tensor, or a number that takes the other operand's dtype. */
export type TensorLike = Tensor | number;

/** What reductions do with the axes they reduce. */
export interface KeepDims {
  /** Keep the reduced axes with size 1. */
  readonly keepDims?: boolean;
}

/** What variance and standard deviation take. */
export interface Correction extends KeepDims {
  /** Subtracted from the number of elements; 1 where it is left out. */
  readonly correction?: number;
}

type Axes = number | readonly number[];

const keepDims: Checks<KeepDims> = { keepDims: aBoolean };

/**
 * A node of the graph: an op, its inputs and its attributes, with the shape and dtype of the value it stands for.
 * Made by `input`, `constant`, `Variable` and the methods of other tensors.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * const x = constant([[1, 2], [3, 4]]);
 * x.shape; // => [2, 2]
 * await evaluate(x.mul(x).sum(1)); // => [5, 25]
 */
export class Tensor {
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attrs: unknown;
  readonly shape: Shape;
  readonly dtype: DType;
  /** A name for printing; "" for none. */
  readonly label: string;

  constructor(op: Op, inputs: readonly Tensor[], attrs: unknown, aval: Aval, label = "") {
    this.op = op;
    this.inputs = inputs;
    this.attrs = attrs;
    this.shape = aval.shape;
    this.dtype = aval.dtype;
    this.label = label;
  }

  /** What JavaScript's own operators ask for: a name in texts, and elsewhere a number, of which there is none. @throws ArgumentError */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return `Tensor ${showShape(this.shape)}`;
    throw new ArgumentError("a tensor is no number: x.add(y), x.greater(y), await evaluate(x)");
  }

  /**
   * A scalar constant of this tensor's dtype, broadcast to its shape.
   * @throws DTypeError where the dtype cannot hold the value
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2]).like(3)); // => [3, 3]
   */
  like(value: number): Tensor {
    return scalar(value, this.dtype).broadcastTo(this.shape);
  }

  // Arithmetic. Operands broadcast as in NumPy and must have one dtype.

  /**
   * this + other, broadcast.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2]).add(1)); // => [2, 3]
   */
  add(other: TensorLike): Tensor {
    return binary(elementwise.add, this, other);
  }

  /**
   * this - other, broadcast.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2]).sub(constant([[1], [2]]))); // => [0, 1, -1, 0]
   */
  sub(other: TensorLike): Tensor {
    return binary(elementwise.sub, this, other);
  }

  /**
   * this * other, broadcast.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2]).mul(3)); // => [3, 6]
   */
  mul(other: TensorLike): Tensor {
    return binary(elementwise.mul, this, other);
  }

  /**
   * this / other, broadcast; i32: rounded down, 0 when divided by 0.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2]).div(4)); // => [0.25, 0.5]
   * await evaluate(constant(Int32Array.of(-7, 7)).div(2)); // => [-4, 3]
   */
  div(other: TensorLike): Tensor {
    return binary(elementwise.div, this, other);
  }

  /**
   * this - other * floor(this / other), broadcast, without a rounding: takes the sign of `other` (torch.remainder). Divided by 0 it is NaN,
   * of i32 0.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([-7, 7]).remainder(3)); // => [2, 1]
   */
  remainder(other: TensorLike): Tensor {
    return binary(elementwise.remainder, this, other);
  }

  /**
   * The larger of two, broadcast, NaN if either is; at a tie each gets half the gradient.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([-1, 2]).maximum(0)); // => [0, 2]
   */
  maximum(other: TensorLike): Tensor {
    return binary(elementwise.maximum, this, other);
  }

  /**
   * The smaller of two, broadcast, NaN if either is; at a tie each gets half the gradient.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([-1, 2]).minimum(0)); // => [-1, 0]
   */
  minimum(other: TensorLike): Tensor {
    return binary(elementwise.minimum, this, other);
  }

  /**
   * this to the power of other (f32), broadcast, as C's pow.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are not f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([2, 3]).pow(2)); // => [4.0, 9.0]
   */
  pow(exponent: TensorLike): Tensor {
    return binary(elementwise.pow, this, exponent);
  }

  /**
   * f32 1 where this < other, else 0, broadcast.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2]).less(2)); // => [1, 0]
   */
  less(other: TensorLike): Tensor {
    return binary(elementwise.less, this, other);
  }

  /**
   * f32 1 where this > other, else 0, broadcast.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([2, 3]).greater(2)); // => [0, 1]
   */
  greater(other: TensorLike): Tensor {
    return binary(elementwise.less, lift(other, this, "greater"), this);
  }

  /**
   * f32 1 where this <= other, else 0, broadcast.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2, 3]).lessEqual(2)); // => [1, 1, 0]
   */
  lessEqual(other: TensorLike): Tensor {
    return this.less(other).add(this.equal(other));
  }

  /**
   * f32 1 where this >= other, else 0, broadcast.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2, 3]).greaterEqual(2)); // => [0, 1, 1]
   */
  greaterEqual(other: TensorLike): Tensor {
    return this.greater(other).add(this.equal(other));
  }

  /**
   * f32 1 where both are equal, else 0, broadcast.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2]).equal(2)); // => [0, 1]
   */
  equal(other: TensorLike): Tensor {
    return binary(elementwise.equal, this, other);
  }

  /**
   * f32 1 where both differ, else 0, broadcast; NaN differs from all.
   * @throws ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2]).notEqual(2)); // => [1, 0]
   */
  notEqual(other: TensorLike): Tensor {
    return this.equal(other).equal(0);
  }

  /**
   * This, but at least `min` and at most `max` (where min > max: max), broadcast; either may be left out. At a bound the gradient passes,
   * beyond it goes to the bound.
   * @throws ArgumentError without a bound, ShapeError where the shapes do not broadcast, DTypeError where the dtypes differ or are u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([-3, 0.5, 2]).clamp(-1, 1)); // => [-1, 0.5, 1]
   * await evaluate(constant([-3, 0.5]).clamp(0)); // => [0, 0.5]
   */
  clamp(min?: TensorLike, max?: TensorLike): Tensor {
    must(min !== undefined || max !== undefined, min, "clamp: min or max", "given");
    const raised = min === undefined ? this : this.less(min).select(min, this);
    return max === undefined ? raised : raised.greater(max).select(max, raised);
  }

  /**
   * `a` where this (f32) is not 0, else `b`, broadcast: torch.where(this, a, b).
   * @throws ShapeError where the shapes do not broadcast, DTypeError where a and b differ in dtype
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 0]).select(constant([3, 4]), -1)); // => [3, -1]
   */
  select(a: TensorLike, b: TensorLike): Tensor {
    const reference = [a, b].find((each) => each instanceof Tensor) ?? this;
    const [p, q] = [lift(a, reference, "select"), lift(b, reference, "select")];
    const shape = broadcastShapes(broadcastShapes(this.shape, p.shape, "select"), q.shape, "select");
    return apply(elementwise.select, [this.broadcastTo(shape), p.broadcastTo(shape), q.broadcastTo(shape)]);
  }

  /**
   * -this.
   * @throws DTypeError for u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, -2]).neg()); // => [-1, 2]
   */
  neg(): Tensor {
    return unary(elementwise.neg, this);
  }

  /**
   * |this|.
   * @throws DTypeError for u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, -2]).abs()); // => [1, 2]
   */
  abs(): Tensor {
    return unary(elementwise.abs, this);
  }

  /**
   * -1, 0 or 1.
   * @throws DTypeError for u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([3, 0, -2]).sign()); // => [1, 0, -1]
   */
  sign(): Tensor {
    return unary(elementwise.sign, this);
  }

  /**
   * Rounded down.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1.5, -1.5]).floor()); // => [1, -2]
   */
  floor(): Tensor {
    return unary(elementwise.floor, this);
  }

  /**
   * Rounded up.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1.5, -1.5]).ceil()); // => [2, -1]
   */
  ceil(): Tensor {
    return this.neg().floor().neg();
  }

  /**
   * Rounded to the nearest whole number, halves to the even one.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([0.5, 1.5, -1.7]).round()); // => [0, 2, -2]
   */
  round(): Tensor {
    return unary(elementwise.round, this);
  }

  /**
   * e to the power of this.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([0, 1]).exp()); // => [1, 2.71828]
   */
  exp(): Tensor {
    return unary(elementwise.exp, this);
  }

  /**
   * e^this - 1, exact near 0.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1e-10]).expm1()); // => [1.00000e-10]
   */
  expm1(): Tensor {
    return unary(elementwise.expm1, this);
  }

  /**
   * Natural logarithm.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 10]).log()); // => [0, 2.30259]
   */
  log(): Tensor {
    return unary(elementwise.log, this);
  }

  /**
   * ln(1 + this), exact near 0.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1e-10]).log1p()); // => [1.00000e-10]
   */
  log1p(): Tensor {
    return unary(elementwise.log1p, this);
  }

  /**
   * Square root.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([4, 2]).sqrt()); // => [2, 1.41421]
   */
  sqrt(): Tensor {
    return unary(elementwise.sqrt, this);
  }

  /**
   * 1 / sqrt(this).
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([4, 2]).rsqrt()); // => [0.5, 0.70711]
   */
  rsqrt(): Tensor {
    return unary(elementwise.rsqrt, this);
  }

  /**
   * Sine of an angle in radians.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([0, Math.PI / 2]).sin()); // => [0, 1.00000]
   */
  sin(): Tensor {
    return unary(elementwise.sin, this);
  }

  /**
   * Cosine of an angle in radians.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([0, Math.PI]).cos()); // => [1, -1.00000]
   */
  cos(): Tensor {
    return unary(elementwise.cos, this);
  }

  /**
   * Hyperbolic tangent.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([0, 1]).tanh()); // => [0, 0.76159]
   */
  tanh(): Tensor {
    return unary(elementwise.tanh, this);
  }

  /**
   * 1 / (1 + e^-this).
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([0, 1]).sigmoid()); // => [0.5, 0.73106]
   */
  sigmoid(): Tensor {
    return unary(elementwise.sigmoid, this);
  }

  /**
   * The error function.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([0, 1]).erf()); // => [0, 0.84270]
   */
  erf(): Tensor {
    return unary(elementwise.erf, this);
  }

  /**
   * max(this, 0); its gradient at 0 is 0.
   * @throws DTypeError for i32 and u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([-1, 2]).relu()); // => [0, 2]
   */
  relu(): Tensor {
    return unary(elementwise.relu, this);
  }

  /**
   * this * this.
   * @throws DTypeError for u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([-3, 2]).square()); // => [9, 4]
   */
  square(): Tensor {
    return this.mul(this);
  }

  /**
   * Another dtype: f32 to i32 towards zero (saturating, NaN to 0), i32 and u8 to f32, u8 to i32.
   * @throws DTypeError for a cast to u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1.9, -1.9]).cast("i32")); // => [1, -1]
   */
  cast(dtype: DType): Tensor {
    return checkKnown(dtype, "cast") === this.dtype ? this : apply(elementwise.cast, [this], { dtype });
  }

  // Reductions. No axes means all; negative axes count from the back.

  /**
   * Sum over axes.
   * @throws ShapeError for an axis outside the shape, DTypeError for u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 2], [3, 4]]).sum(0)); // => [4, 6]
   */
  sum(axes?: Axes, options: KeepDims = {}): Tensor {
    return reduce(reduction.sum, this, axes, options);
  }

  /**
   * Arithmetic mean over axes.
   * @throws ShapeError for an axis outside the shape, DTypeError unless f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 2], [3, 4]]).mean()); // => [2.5]
   */
  mean(axes?: Axes, options: KeepDims = {}): Tensor {
    checkDType(this, ["f32"], "mean");
    const count = normalizeAxes(axes, this.shape, "mean").reduce((product, axis) => product * this.shape[axis], 1);
    return this.sum(axes, options).div(count);
  }

  /**
   * Largest element over axes; the gradient is shared where several tie (torch.amax).
   * @throws ShapeError for an axis outside the shape or one without elements, DTypeError for u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 2], [3, 4]]).max(1)); // => [2, 4]
   */
  max(axes?: Axes, options: KeepDims = {}): Tensor {
    return reduce(reduction.max, this, axes, options);
  }

  /**
   * Smallest element over axes; the gradient is shared where several tie (torch.amin).
   * @throws ShapeError for an axis outside the shape or one without elements, DTypeError for u8
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 2], [3, 4]]).min(1)); // => [1, 3]
   */
  min(axes?: Axes, options: KeepDims = {}): Tensor {
    const all = normalizeAxes(axes, this.shape, "min");
    checkNotEmpty(this.shape, all, "min");
    if (this.dtype !== "i32") return this.neg().max(all, options).neg();
    // -1 - x turns the order around for every i32; -x does not for the least, which is its own negative.
    return this.neg().sub(1).max(all, options).neg().sub(1);
  }

  /**
   * Variance over axes: squared deviations from the mean over (count - correction), or over 0 where that is negative; the default correction
   * is 1 (torch.var).
   * @throws ShapeError for an axis outside the shape, DTypeError unless f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2, 3, 4]).variance()); // => [1.66667]
   */
  variance(axes?: Axes, options: Correction = {}): Tensor {
    const { deviation, count } = deviationOf(this, axes, options, "variance");
    return deviation.square().sum(axes, { keepDims: options.keepDims }).div(count);
  }

  /**
   * Standard deviation over axes, the root of the variance, whose squares do not overflow; where it is 0 its slope is 0 (torch.std).
   * @throws ShapeError for an axis outside the shape, DTypeError unless f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2, 3, 4]).std()); // => [1.29099]
   * await evaluate(constant([[1, 3], [2, 2]]).std(1, { correction: 0 })); // => [1, 0]
   */
  std(axes?: Axes, options: Correction = {}): Tensor {
    const { deviation, count } = deviationOf(this, axes, options, "std");
    return deviation.norm(axes, { keepDims: options.keepDims }).div(Math.sqrt(count));
  }

  /**
   * Length over axes: the p-th root of the sum of |x|^p, the Euclidean one by default; for p = Infinity the largest |x|. Where a length
   * is 0, as that of nothing, its slope is 0, and no power of an element overflows or vanishes unless the length does
   * (torch.linalg.vector_norm).
   * @throws ShapeError for an axis outside the shape, ArgumentError unless p is positive, DTypeError unless f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[3, 4], [0, -2]]).norm(1)); // => [5, 2]
   * await evaluate(constant([3, -4]).norm(0, { p: Infinity })); // => [4]
   */
  norm(axes?: Axes, options: KeepDims & { readonly p?: number } = {}): Tensor {
    checkDType(this, ["f32"], "norm");
    checkOptions(options, "norm", { keepDims: aBoolean, p: aboveZero });
    const { p = 2, keepDims = false } = options;
    const all = normalizeAxes(axes, this.shape, "norm");
    if (all.length === 0) return this.abs();
    if (p === 2) return reduce(reduction.norm, this, all, { keepDims });
    const size = this.abs();
    if (p === 1 || sizeOf(this.shape) === 0) return size.sum(all, { keepDims });
    const largest = size.max(all, { keepDims: true });
    const restored = p === Number.POSITIVE_INFINITY ? largest : scaledNorm(size, stopGradient(largest), all, p);
    return keepDims ? restored : restored.reshape(this.shape.filter((_, i) => !all.includes(i)));
  }

  /**
   * i32 index of the first largest element along an axis, or of the flattened tensor.
   * @throws ShapeError for an axis outside the shape or one without elements, DTypeError unless f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 9], [3, 2]]).argmax(1)); // => [1, 0]
   */
  argmax(axis?: number, options: KeepDims = {}): Tensor {
    if (axis === undefined && this.shape.length !== 1) return this.reshape([sizeOf(this.shape)]).argmax(0);
    return reduce(reduction.argmax, this, axis === undefined ? 0 : axis, options);
  }

  /**
   * i32 index of the first smallest element along an axis, or of the flattened tensor.
   * @throws ShapeError for an axis outside the shape or one without elements, DTypeError unless f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 9], [3, 2]]).argmin(1)); // => [0, 1]
   */
  argmin(axis?: number, options: KeepDims = {}): Tensor {
    return this.neg().argmax(axis, options);
  }

  // Products

  /**
   * Matrix product [..., m, k] x [..., k, n] = [..., m, n] as torch.matmul, batches broadcasting, vectors as rows or columns.
   * The transpose options read an operand's last two axes swapped, at no cost.
   * @throws ShapeError where the inner sizes differ, DTypeError unless both are f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 2]]).matmul(constant([[3, 4]]), { transposeB: true })); // => [11]
   */
  matmul(other: Tensor, options: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {}): Tensor {
    checkOptions(options, "matmul", { transposeA: aBoolean, transposeB: aBoolean });
    aTensor(other, "matmul: the other factor");
    return product(this, other, options.transposeA ?? false, options.transposeB ?? false);
  }

  // Movement

  /**
   * The same elements in another shape; one size may be -1.
   * @throws ShapeError where the sizes differ
   * @example
   * import { constant } from "simdgrad";
   * constant([1, 2, 3, 4]).reshape([2, -1]).shape; // => [2, 2]
   */
  reshape(shape: Shape): Tensor {
    aListOf(anInteger)(shape, "reshape: shape");
    const known = shape.reduce((size, dimension) => (dimension === -1 ? size : size * dimension), 1);
    const free = known === 0 ? 0 : sizeOf(this.shape) / known;
    const resolved = shape.map((size, i) => (i === shape.indexOf(-1) ? free : size));
    if (sameShape(resolved, this.shape)) return this;
    return apply(movement.reshape, [this], { shape: checkShape(resolved, `reshape of ${showShape(this.shape)}`) });
  }

  /**
   * One axis of all elements, or the axes from `start` on flattened into one.
   * @example
   * import { constant } from "simdgrad";
   * constant([[[1, 2]], [[3, 4]]]).flatten(1).shape; // => [2, 2]
   */
  flatten(start = 0): Tensor {
    if (start !== this.shape.length) normalizeAxis(start, this.shape, "flatten");
    const kept = this.shape.slice(0, start);
    return this.reshape([...kept, sizeOf(this.shape.slice(start))]);
  }

  /**
   * Axes in another order: axis i of the result is axis `order[i]`.
   * @throws ShapeError unless `order` names every axis once
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 2], [3, 4]]).permute([1, 0])); // => [1, 3, 2, 4]
   */
  permute(order: readonly number[]): Tensor {
    must(Array.isArray(order), order, "permute: order", "an array");
    return apply(movement.permute, [this], {
      order: order.map((axis) => normalizeAxis(axis, this.shape, "permute")),
    });
  }

  /**
   * Two axes swapped; by default the last two.
   * @throws ShapeError for an axis outside the shape
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 2], [3, 4]]).transpose()); // => [1, 3, 2, 4]
   */
  transpose(a = -2, b = -1): Tensor {
    const [p, q] = [normalizeAxis(a, this.shape, "transpose"), normalizeAxis(b, this.shape, "transpose")];
    return this.permute(this.shape.map((_, i) => (i === p ? q : i === q ? p : i)));
  }

  /**
   * Repeated along axes of size 1 and new leading axes, as in NumPy.
   * @throws ShapeError where the shape does not broadcast
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2]).broadcastTo([2, 2])); // => [1, 2, 1, 2]
   */
  broadcastTo(shape: Shape): Tensor {
    if (shape === this.shape || sameShape(checkShape(shape, "broadcastTo"), this.shape)) return this;
    return apply(movement.broadcastTo, [this], { shape });
  }

  /**
   * A new axis of size 1.
   * @throws ShapeError for an axis outside the shape
   * @example
   * import { constant } from "simdgrad";
   * constant([1, 2]).unsqueeze(0).shape; // => [1, 2]
   */
  unsqueeze(axis: number): Tensor {
    const at = normalizeAxis(axis, [...this.shape, 1], "unsqueeze");
    return this.reshape([...this.shape.slice(0, at), 1, ...this.shape.slice(at)]);
  }

  /**
   * Without the given axis of size 1, or without all of them.
   * @throws ShapeError where the axis is not of size 1
   * @example
   * import { constant } from "simdgrad";
   * constant([[1], [2]]).squeeze(1).shape; // => [2]
   */
  squeeze(axis?: number): Tensor {
    if (axis === undefined) return this.reshape(this.shape.filter((size) => size !== 1));
    const at = normalizeAxis(axis, this.shape, "squeeze");
    if (this.shape[at] !== 1) throw new ShapeError(`squeeze: axis ${axis} of ${showShape(this.shape)} is not 1`);
    return this.reshape(this.shape.filter((_, i) => i !== at));
  }

  /**
   * `size` elements from `start` on, along one axis.
   * @throws ShapeError where they leave the shape
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2, 3, 4]).narrow(0, 1, 2)); // => [2, 3]
   */
  narrow(axis: number, start: number, size: number): Tensor {
    const at = normalizeAxis(axis, this.shape, "narrow");
    anInteger(start, "narrow: start");
    anInteger(size, "narrow: size");
    return apply(movement.slice, [this], {
      starts: this.shape.map((_, i) => (i === at ? start : 0)),
      sizes: this.shape.map((whole, i) => (i === at ? size : whole)),
      steps: this.shape.map(() => 1),
    });
  }

  /**
   * NumPy's [start:stop:step] along the leading axes; null takes a whole axis. Negative bounds count from the back.
   * @throws ShapeError for more ranges than axes, ArgumentError for a step of 0
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 2], [3, 4]]).slice(null, [-1])); // => [2, 4]
   */
  slice(...ranges: readonly (readonly [start?: number, stop?: number, step?: number] | null)[]): Tensor {
    if (ranges.length > this.shape.length)
      throw new ShapeError(`slice: ${ranges.length} ranges for ${showShape(this.shape)}`);
    const resolved = this.shape.map((size, i) => resolveRange(ranges[i], size, i));
    return apply(movement.slice, [this], {
      starts: resolved.map(({ start }) => start),
      sizes: resolved.map(({ size }) => size),
      steps: resolved.map(({ step }) => step),
    });
  }

  /**
   * `value` before and after along every axis: one [before, after] an axis.
   * @throws ShapeError unless there is a pair of counts for every axis
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1, 2]).pad([[1, 2]])); // => [0, 1, 2, 0, 0]
   */
  pad(amounts: readonly (readonly [before: number, after: number])[], value = 0): Tensor {
    const isPair = (pair: unknown) =>
      Array.isArray(pair) && pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 0);
    const isOneAnAxis = Array.isArray(amounts) && amounts.length === this.shape.length;
    if (!isOneAnAxis || !Array.from(amounts).every(isPair))
      throw new ShapeError(`pad: needs a pair of counts for every axis of ${showShape(this.shape)}`);
    const shape = this.shape.map((size, i) => amounts[i][0] + size + amounts[i][1]);
    must(typeof value === "number", value, "pad: value", "a number");
    const starts = amounts.map(([before]) => before);
    const range = { starts, sizes: this.shape, steps: this.shape.map(() => 1) };
    return apply(movement.spread, [this], { shape, value, ranges: [range] });
  }

  // Indexing

  /**
   * Rows by an i32 index: this [rows, ...rest], index [...] give [...index, ...rest]. An index outside gives NaN; of i32 rows the number
   * with the bits of NaN, 2143289344, and of u8 rows 0. Where a Trainer's data holds indices, they are checked when it is loaded.
   * @throws ShapeError for a scalar, DTypeError for an index that is not i32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 2], [3, 4]]).gather(constant(Int32Array.of(1, 1)))); // => [3, 4, 3, 4]
   */
  gather(index: Tensor): Tensor {
    return apply(indexing.gather, [this, index]);
  }

  /**
   * This i32 index's rows of `updates` [...this, ...rest], added up in zeros of `shape` [rows, ...rest].
   * @throws ShapeError where updates do not fit the index and the shape, DTypeError for an index that is not i32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant(Int32Array.of(2, 2)).scatterAdd(constant([3, 4]), [3])); // => [0, 0, 7]
   */
  scatterAdd(updates: Tensor, shape: Shape): Tensor {
    return apply(indexing.scatterAdd, [updates, this], { shape: checkShape(shape, "scatterAdd") });
  }

  /**
   * f32 rows with a 1 at this i32 index: [...] gives [..., classes].
   * @throws DTypeError for an index that is not i32, ArgumentError for more than 2^26 classes
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant(Int32Array.of(1, 0)).oneHot(2)); // => [0, 1, 1, 0]
   */
  oneHot(classes: number): Tensor {
    checkDType(this, ["i32"], "oneHot");
    aWholeNumber(0, LISTED)(classes, "oneHot: classes");
    return this.unsqueeze(-1).equal(arange(classes));
  }

  // Rows

  /**
   * e^this / sum e^this along an axis.
   * @throws ShapeError for an axis outside the shape or one without elements, DTypeError unless f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([0, 0]).softmax()); // => [0.5, 0.5]
   */
  softmax(axis = -1): Tensor {
    const { order, rows } = rowsOf(this, axis, "softmax");
    const softmax = apply(rowwise.softmax, [rows]).reshape(order.map((i) => this.shape[i]));
    return softmax.permute(order.map((_, i) => order.indexOf(i)));
  }

  /**
   * this - ln sum e^this along an axis.
   * @throws ShapeError for an axis outside the shape or one without elements, DTypeError unless f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([0, 0]).logSoftmax()); // => [-0.69315, -0.69315]
   */
  logSoftmax(axis = -1): Tensor {
    checkNotEmpty(this.shape, [normalizeAxis(axis, this.shape, "logSoftmax")], "logSoftmax");
    // Less the largest first: x and its logSumExp may both be so large that their difference is lost.
    const below = this.sub(stopGradient(this.max(axis, { keepDims: true })));
    return below.sub(below.logSumExp(axis, { keepDims: true }));
  }

  /**
   * ln sum e^this along an axis, without overflow.
   * @throws ShapeError for an axis outside the shape or one without elements, DTypeError unless f32
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([1000, 1000]).logSumExp()); // => [1000.693]
   */
  logSumExp(axis = -1, options: KeepDims = {}): Tensor {
    checkOptions(options, "logSumExp", keepDims);
    const { at, rows } = rowsOf(this, axis, "logSumExp");
    const kept = options.keepDims ? [1] : [];
    return apply(rowwise.logSumExp, [rows]).reshape(this.shape.toSpliced(at, 1, ...kept));
  }

  /**
   * ln sum e^row - row[target] for logits [rows, classes] and i32 targets [rows]: [rows].
   * @throws ShapeError, DTypeError where logits and targets do not fit
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[0, 0]]).crossEntropy(constant(Int32Array.of(1)))); // => [0.69315]
   */
  crossEntropy(target: Tensor): Tensor {
    return apply(rowwise.crossEntropy, [this, target]);
  }

  /**
   * Summed to a shape that broadcasts to this one: the transpose of broadcastTo.
   * @example
   * import { constant, evaluate } from "simdgrad";
   * await evaluate(constant([[1, 2], [3, 4]]).sumTo([2, 1])); // => [3, 7]
   */
  sumTo(shape: Shape): Tensor {
    if (sameShape(checkShape(shape, "sumTo"), this.shape)) return this;
    const lead = this.shape.length - shape.length;
    const axes = this.shape.flatMap((size, i) => (i < lead || (shape[i - lead] === 1 && size !== 1) ? [i] : []));
    return this.sum(axes).reshape(shape);
  }
}

/** Deviations from the mean over axes, and the number that their squares are divided by. */
function deviationOf(a: Tensor, axes: Axes | undefined, options: Correction, name: string) {
  checkDType(a, ["f32"], name);
  checkOptions(options, name, { ...keepDims, correction: aNumber });
  const count = normalizeAxes(axes, a.shape, name).reduce((product, axis) => product * a.shape[axis], 1);
  // Twice: the mean itself is rounded, which beside deviations that are small in comparison shows.
  const near = a.sub(a.mean(axes, { keepDims: true }));
  const deviation = near.sub(near.mean(axes, { keepDims: true }));
  return { deviation, count: Math.max(0, count - (options.correction ?? 1)) };
}

/**
 * scale (sum (size / scale)^p)^(1 / p) is the same for every scale but for roundings, so no gradient passes to it: here it is the largest
 * size, unless that is 0 or infinite.
 */
function scaledNorm(size: Tensor, largest: Tensor, axes: readonly number[], p: number): Tensor {
  const isZero = largest.equal(0);
  const scale = isZero.add(largest.equal(Number.POSITIVE_INFINITY)).select(1, largest);
  const total = size.div(scale).pow(p).sum(axes, { keepDims: true });
  return isZero.select(0, scale.mul(isZero.select(1, total).pow(1 / p)));
}

/** A node: infers the result and throws typed errors before anything runs. */
export function apply<A>(
  op: Op<A>,
  inputs: readonly Tensor[],
  ...[attrs]: [A] extends [undefined] ? [] : [attrs: A]
): Tensor {
  for (const each of inputs) if (!(each instanceof Tensor)) aTensor(each, `${op.name}: an operand`);
  return new Tensor(op as Op, inputs, attrs, op.infer(inputs, attrs as A));
}

/** Throws an ArgumentError unless a value is a tensor; `what` says where it was given. */
export function aTensor(value: unknown, what: string): void {
  const advice = value === undefined && what.includes(":") ? "; hand functions over, do not call them" : "";
  must(value instanceof Tensor, value, what, `a tensor, such as constant() makes${advice}`);
}

/** Throws an ArgumentError unless a value is an array of tensors. */
export function tensors(value: unknown, what: string): void {
  aListOf(aTensor)(value, what);
}

/**
 * A constant of shape [].
 * @throws DTypeError for a value that the dtype cannot hold
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * await evaluate(scalar(3).mul(2)); // => [6]
 */
export function scalar(value: number, dtype: DType = "f32"): Tensor {
  must(typeof value === "number", value, "scalar", "a number");
  checkKnown(dtype, "scalar");
  const whole = Number.isInteger(value) && value === (dtype === "u8" ? value & 255 : value | 0);
  if (dtype !== "f32" && !whole) throw new DTypeError(`scalar: ${value} is not of dtype ${dtype}`);
  const data = dtype === "f32" ? Float64Array.of(value) : dtype === "i32" ? Int32Array.of(value) : Uint8Array.of(value);
  const attrs = { shape: [], dtype, data, scalar: value };
  return new Tensor(leaf.constant as Op, [], attrs, attrs);
}

/**
 * The i32 numbers start, start + step, ... below `end` (above it, if the step is negative); of one number, those from 0 below it.
 * @throws ArgumentError for what is no i32, ShapeError where the step leads away from `end`, and for more than 2^26 numbers
 *
 * @example
 * import { arange, evaluate } from "simdgrad";
 * await evaluate(arange(3)); // => [0, 1, 2]
 * await evaluate(arange(7, 1, -2)); // => [7, 5, 3]
 */
export function arange(start: number, end?: number, step = 1): Tensor {
  const [first, last] = end === undefined ? [0, start] : [start, end];
  for (const each of [first, last, step]) aWholeNumber(-(2 ** 31))(each, "arange: a number");
  const shape = checkShape([Math.ceil((last - first) / step)], "arange", LISTED);
  const data = new Int32Array(shape[0]);
  for (let i = 0; i < data.length; i++) data[i] = first + i * step;
  const attrs = { shape, dtype: "i32" as const, data };
  return new Tensor(leaf.constant as Op, [], attrs, attrs);
}

/**
 * The same value, with no gradient passing to what it was computed from.
 *
 * @example
 * import { constant, evaluate, grad, stopGradient } from "simdgrad";
 * const x = constant(3);
 * await evaluate(grad(x.mul(stopGradient(x)), [x])[0]); // => [3]
 */
export function stopGradient(tensor: Tensor): Tensor {
  return apply(leaf.stopGradient, [tensor]);
}

/** A number as a tensor of the other operand's dtype. */
function lift(value: TensorLike, other: Tensor, name: string): Tensor {
  if (value instanceof Tensor) return value;
  must(typeof value === "number", value, `${name}: an operand`, "a tensor, such as constant() makes, or a number");
  checkDType(other, ["f32", "i32"], name);
  if (other.dtype === "i32" && (value | 0) !== value) throw new DTypeError(`${name}: ${value} is not of dtype i32`);
  return scalar(value, other.dtype);
}

function unary(op: Op<undefined>, a: Tensor): Tensor {
  return apply(op, [a]);
}

function binary(op: Op<undefined>, a: TensorLike, b: TensorLike): Tensor {
  const p = typeof a === "number" ? lift(a, b as Tensor, op.name) : a;
  const q = lift(b, p, op.name);
  const shape = broadcastShapes(p.shape, q.shape, op.name);
  return apply(op, [p.broadcastTo(shape), q.broadcastTo(shape)]);
}

function reduce(op: Op<reduction.ReduceAttrs>, a: Tensor, axes: Axes | undefined, options: KeepDims): Tensor {
  checkOptions(options, op.name, keepDims);
  const normal = normalizeAxes(axes, a.shape, op.name);
  const result = normal.length === 0 && op !== reduction.argmax ? a : apply(op, [a], { axes: normal });
  return options.keepDims ? result.reshape(a.shape.map((size, i) => (normal.includes(i) ? 1 : size))) : result;
}

/** The given axis as columns, all others as rows; and the order in which the axes are then. */
function rowsOf(a: Tensor, axis: number, name: string): { at: number; order: number[]; rows: Tensor } {
  const at = normalizeAxis(axis, a.shape, name);
  const order = [...a.shape.keys()].filter((i) => i !== at).concat(at);
  const columns = a.shape[at];
  if (columns === 0) throw new ShapeError(`${name}: ${showShape(a.shape)} has nothing along axis ${axis}`);
  return { at, order, rows: a.permute(order).reshape([sizeOf(a.shape) / columns, columns]) };
}

function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const shown = `${showShape(a.shape)} x ${showShape(b.shape)}`;
  if (a.shape.length === 0 || b.shape.length === 0) throw new ShapeError(`matmul: takes no scalars: ${shown}`);
  if (a.shape.length === 1) {
    const result = product(a.unsqueeze(0), b, false, transposeB);
    return result.squeeze(b.shape.length === 1 ? 0 : -2);
  }
  if (b.shape.length === 1) return product(a, b.unsqueeze(1), transposeA, false).squeeze(-1);
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batch =
    batchA.length === 0 || batchB.length === 0 ? undefined : broadcastShapes(batchA, batchB, `matmul of ${shown}`);
  const spreadA = batch === undefined ? a : a.broadcastTo([...batch, ...a.shape.slice(-2)]);
  const spreadB = batch === undefined ? b : b.broadcastTo([...batch, ...b.shape.slice(-2)]);
  return apply(contraction.matmul, [spreadA, spreadB], { transposeA, transposeB });
}

function resolveRange(range: readonly (number | undefined)[] | null | undefined, size: number, axis: number) {
  const what = `slice: range ${axis}`;
  aListOf((each) => each === undefined || anInteger(each, what))(range ?? [], what);
  const [start, stop, step = 1] = range ?? [];
  if (!Number.isInteger(step) || step === 0)
    throw new ArgumentError(`slice: step ${step} is not a whole number other than 0`);
  const bound = (value: number) => {
    const at = value < 0 ? value + size : value;
    return step > 0 ? Math.min(Math.max(at, 0), size) : Math.min(Math.max(at, -1), size - 1);
  };
  const from = start === undefined ? (step > 0 ? 0 : size - 1) : bound(start);
  const to = stop === undefined ? (step > 0 ? size : -1) : bound(stop);
  return { start: from, size: Math.max(0, Math.ceil((to - from) / step)), step };
}
