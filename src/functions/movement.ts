// The same elements elsewhere: cut into parts, turned around, shifted, repeated. Strided copies and broadcasts, so gradients follow.
import { aListOf, anInteger, aWholeNumber } from "../check.ts";
import { concat } from "../create.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { unfoldOp } from "../ops/unfold.ts";
import { checkDType, normalizeAxes, normalizeAxis, showShape } from "../shape.ts";
import { apply, aTensor, type Tensor } from "../tensor.ts";

/**
 * Parts of an axis, one after the other: of a size each, the last one of what is left, or of sizes in a list.
 * @throws ShapeError for an axis outside the shape, sizes that do not make up the axis, or more than 2^20 parts
 *
 * @example
 * import { arange, evaluateAll } from "simdgrad";
 * import { split } from "simdgrad/functions";
 * await evaluateAll(split(arange(5), 2)); // => [[0, 1], [2, 3], [4]]
 * await evaluateAll(split(arange(5), [1, 4])); // => [[0], [1, 2, 3, 4]]
 */
export function split(x: Tensor, size: number | readonly number[], axis = 0): Tensor[] {
  aTensor(x, "split: x");
  checkDType(x, ["f32", "i32"], "split");
  const whole = x.shape[normalizeAxis(axis, x.shape, "split")];
  const sizes = Array.isArray(size) ? (size as readonly number[]) : partsOf(whole, size as number);
  aListOf(aWholeNumber(0))(sizes, "split: sizes");
  if (sizes.reduce((sum, each) => sum + each, 0) !== whole)
    throw new ShapeError(`split: sizes ${showShape(sizes)} do not make up axis ${axis} of ${showShape(x.shape)}`);
  let start = 0;
  return sizes.map((each) => {
    start += each;
    return x.narrow(axis, start - each, each);
  });
}

/** Each part is a node of the graph. @throws ShapeError for more than 2^20 */
function checkParts(count: number, name: string): void {
  if (count > 2 ** 20) throw new ShapeError(`${name}: ${count} parts are more than 2^20`);
}

/** Sizes of parts, all of one size but the last; of nothing one part. */
function partsOf(whole: number, size: number): number[] {
  aWholeNumber(1)(size, "split: size");
  const count = Math.max(1, Math.ceil(whole / size));
  checkParts(count, "split");
  return Array.from({ length: count }, (_, i) => Math.min(size, whole - i * size));
}

/**
 * An axis in `count` parts of one size, but the last one, which may be smaller; fewer parts where those of that size are enough.
 * @throws ShapeError for an axis outside the shape, or more than 2^20 parts
 *
 * @example
 * import { arange, evaluateAll } from "simdgrad";
 * import { chunk } from "simdgrad/functions";
 * await evaluateAll(chunk(arange(5), 2)); // => [[0, 1, 2], [3, 4]]
 */
export function chunk(x: Tensor, count: number, axis = 0): Tensor[] {
  aTensor(x, "chunk: x");
  checkDType(x, ["f32", "i32"], "chunk");
  aWholeNumber(1)(count, "chunk: count");
  const whole = x.shape[normalizeAxis(axis, x.shape, "chunk")];
  checkParts(whole === 0 ? count : Math.min(whole, count), "chunk");
  return split(x, whole === 0 ? Array<number>(count).fill(0) : Math.ceil(whole / count), axis);
}

/**
 * The elements along the axes in reverse; by default along all.
 * @throws ShapeError for an axis outside the shape
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { flip } from "simdgrad/functions";
 * await evaluate(flip(constant([[1, 2], [3, 4]]), 1)); // => [2, 1, 4, 3]
 */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  aTensor(x, "flip: x");
  checkDType(x, ["f32", "i32"], "flip");
  const turned = normalizeAxes(axes, x.shape, "flip");
  return x.slice(...x.shape.map((_, i) => (turned.includes(i) ? ([undefined, undefined, -1] as const) : null)));
}

/**
 * The elements shifted along an axis, or along several, those that leave it coming in at its other end; without an axis, along all elements.
 * @throws ShapeError for an axis outside the shape, ArgumentError for other numbers of shifts than of axes
 *
 * @example
 * import { arange, constant, evaluate } from "simdgrad";
 * import { roll } from "simdgrad/functions";
 * await evaluate(roll(arange(5), 2)); // => [3, 4, 0, 1, 2]
 * await evaluate(roll(constant([[1, 2], [3, 4]]), -1, 1)); // => [2, 1, 4, 3]
 */
export function roll(x: Tensor, shifts: number | readonly number[], axes?: number | readonly number[]): Tensor {
  aTensor(x, "roll: x");
  checkDType(x, ["f32", "i32"], "roll");
  const steps = listOf(shifts, "roll: shifts");
  if (axes === undefined) return rolled(x.flatten(), steps, [0]).reshape(x.shape);
  return rolled(x, steps, listOf(axes, "roll: axes"));
}

function rolled(x: Tensor, shifts: readonly number[], axes: readonly number[]): Tensor {
  if (shifts.length !== axes.length) throw new ArgumentError(`roll: ${shifts.length} shifts of ${axes.length} axes`);
  return axes.reduce((moved, axis, i) => {
    const size = moved.shape[normalizeAxis(axis, moved.shape, "roll")];
    const first = size === 0 ? 0 : ((-shifts[i] % size) + size) % size;
    if (first === 0) return moved;
    return concat([moved.narrow(axis, first, size - first), moved.narrow(axis, 0, first)], axis);
  }, x);
}

function listOf(given: number | readonly number[], what: string): readonly number[] {
  const list = Array.isArray(given) ? (given as readonly number[]) : [given as number];
  aListOf(anInteger)(list, what);
  return list;
}

/**
 * The whole tensor so many times along each axis; counts for more axes than it has put new ones in front (torch's repeat, NumPy's tile).
 * @throws ShapeError for fewer counts than axes
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { repeat } from "simdgrad/functions";
 * await evaluate(repeat(constant([1, 2]), [2])); // => [1, 2, 1, 2]
 */
export function repeat(x: Tensor, counts: readonly number[]): Tensor {
  aTensor(x, "repeat: x");
  checkDType(x, ["f32", "i32"], "repeat");
  aListOf(aWholeNumber(0))(counts, "repeat: counts");
  const lead = counts.length - x.shape.length;
  if (lead < 0)
    throw new ShapeError(`repeat: counts ${showShape(counts)} are fewer than the axes of ${showShape(x.shape)}`);
  const sizes = counts.map((_, i) => (i < lead ? 1 : x.shape[i - lead]));
  return x
    .reshape(sizes.flatMap((size) => [1, size]))
    .broadcastTo(sizes.flatMap((size, i) => [counts[i], size]))
    .reshape(sizes.map((size, i) => counts[i] * size));
}

/**
 * Each element so many times in a row, along an axis; without one, of all elements.
 * @throws ShapeError for an axis outside the shape
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { repeatInterleave } from "simdgrad/functions";
 * await evaluate(repeatInterleave(constant([1, 2]), 2)); // => [1, 1, 2, 2]
 */
export function repeatInterleave(x: Tensor, count: number, axis?: number): Tensor {
  aTensor(x, "repeatInterleave: x");
  checkDType(x, ["f32", "i32"], "repeatInterleave");
  aWholeNumber(0)(count, "repeatInterleave: count");
  if (axis === undefined) return repeatInterleave(x.flatten(), count, 0);
  const at = normalizeAxis(axis, x.shape, "repeatInterleave");
  const [before, after] = [x.shape.slice(0, at + 1), x.shape.slice(at + 1)];
  return x
    .reshape([...before, 1, ...after])
    .broadcastTo([...before, count, ...after])
    .reshape(x.shape.with(at, count * x.shape[at]));
}

/**
 * All stretches of `size` elements of an axis, one every `step`, as a new last axis: [..., n, ...] gives [..., (n - size) / step + 1, ...,
 * size], as torch.Tensor.unfold. Products and copies read them where x lies, one over the other, so a convolution along an axis in front of
 * the last is one product of x as it is.
 * @throws ShapeError for an axis outside the shape, or one that has not so many elements
 *
 * @example
 * import { arange, constant, evaluate } from "simdgrad";
 * import { unfold } from "simdgrad/functions";
 * await evaluate(unfold(arange(5), 0, 3)); // => [0, 1, 2, 1, 2, 3, 2, 3, 4]
 * // A convolution: x of 4 positions with 2 channels each, 3 filters over 2 positions.
 * const [x, w] = [constant([[1, 2], [3, 4], [5, 6], [7, 8]]), constant([[1, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1]])];
 * const y = unfold(x, 0, 2).permute([0, 2, 1]).reshape([3, 4]).matmul(w, { transposeB: true });
 * await evaluate(y); // => [1, 6, 10, 3, 10, 18, 5, 14, 26]
 */
export function unfold(x: Tensor, axis: number, size: number, step = 1): Tensor {
  aTensor(x, "unfold: x");
  aWholeNumber(1)(size, "unfold: size");
  aWholeNumber(1)(step, "unfold: step");
  return apply(unfoldOp, [x], { axis: normalizeAxis(axis, x.shape, "unfold"), size, step });
}
