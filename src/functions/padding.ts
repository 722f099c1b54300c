// More around the last axes of a tensor: a value, or what stands nearest, opposite or at the other end. Slices side by side, so gradients
// follow.
import { aListOf, aNumber, anInteger, must, oneOf } from "../check.ts";
import { concat } from "../create.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkDType, checkShape, showShape } from "../shape.ts";
import { aTensor, type Tensor } from "../tensor.ts";
import { flip } from "./movement.ts";

/** What stands in the padding: a value, what is as far on the other side of the edge, the edge, or what is at the other end. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

const MODES: readonly PadMode[] = ["constant", "reflect", "replicate", "circular"];

/** Throws an ArgumentError unless a value is a list of two whole numbers an axis. */
function somePads(value: unknown, what: string): void {
  aListOf(anInteger)(value, what);
  must((value as readonly number[]).length % 2 === 0, value, what, "two numbers an axis");
}

/**
 * x with so much more before and after its last axes, the last one first, as torch.nn.functional.pad: `pads` is [left, right, top, bottom,
 * ...]; negative ones take away. New places hold `value`; or, by `mode`, are reflected at the edge, hold the element at the edge, or go on
 * at the other end. In the modes reflect and replicate, what is taken away on one side of an axis counts for what is added on the other.
 * @throws ShapeError for more pads than x has axes, or where an axis has not the elements that are asked for; ArgumentError for a `value`
 * with another mode than "constant"
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { pad } from "simdgrad/functions";
 * const x = constant([[1, 2, 3]]);
 * await evaluate(pad(x, [1, 2])); // => [0, 1, 2, 3, 0, 0]
 * await evaluate(pad(x, [1, 2], "reflect")); // => [2, 1, 2, 3, 2, 1]
 * await evaluate(pad(x, [1, 2], "replicate")); // => [1, 1, 2, 3, 3, 3]
 * await evaluate(pad(x, [1, 2], "circular")); // => [3, 1, 2, 3, 1, 2]
 * await evaluate(pad(x, [-1, 0, 0, 1], "constant", 9)); // => [2, 3, 9, 9]
 */
export function pad(x: Tensor, pads: readonly number[], mode: PadMode = "constant", value = 0): Tensor {
  aTensor(x, "pad: x");
  somePads(pads, "pad: pads");
  oneOf(...MODES)(mode, "pad: mode");
  aNumber(value, "pad: value");
  if (value !== 0 && mode !== "constant") throw new ArgumentError(`pad: value means nothing for mode ${mode}`);
  return padded(x, pads, mode, value, "pad");
}

/** The same of checked arguments, for callers of other names. */
export function padded(x: Tensor, pads: readonly number[], mode: PadMode, value: number, name: string): Tensor {
  const { shape } = x;
  checkDType(x, ["f32", "i32"], name);
  const axes = pads.length / 2;
  if (axes > shape.length) throw new ShapeError(`${name}: ${pads.length} pads for the axes of ${showShape(shape)}`);
  const pairs = shape.map((_, axis): Pair => {
    const at = 2 * (shape.length - 1 - axis);
    return at < pads.length ? [pads[at], pads[at + 1]] : [0, 0];
  });
  const more = pairs.map(([before, after]): Pair => [Math.max(0, before), Math.max(0, after)]);
  const grows = more.map(([before, after]) => before + after > 0);
  // An axis that loses elements on one side shows them on the other all the same, in these modes of torch.
  const isLate = (axis: number) => grows[axis] && (mode === "reflect" || mode === "replicate");
  const pick = (late: boolean) => pairs.map((pair, axis): Pair => (isLate(axis) === late ? pair : [0, 0]));
  const kept = cropped(x, pick(false), name);
  checkShape(
    kept.shape.map((size, axis) => size + more[axis][0] + more[axis][1]),
    name,
  );
  if (mode === "constant") return grows.includes(true) ? kept.pad(more, value) : kept;
  const wide = more.reduce((part, [before, after], axis) => around(part, axis, before, after, mode, name), kept);
  return cropped(wide, pick(true), name);
}

/** Of an axis: before and after. */
type Pair = readonly [before: number, after: number];

/** Without as many elements as negative pads say. */
function cropped(x: Tensor, pairs: readonly Pair[], name: string): Tensor {
  return pairs.reduce((part, [before, after], axis) => {
    const [start, less] = [Math.max(0, -before), Math.max(0, -before) + Math.max(0, -after)];
    const size = x.shape[axis] - less;
    if (size < 0) throw new ShapeError(`${name}: axis ${axis} of ${showShape(x.shape)} has less than ${less} elements`);
    return less === 0 ? part : part.narrow(axis, start, size);
  }, x);
}

/** How many elements an axis of so many can give to each side. */
const GIVES = {
  reflect: (size: number) => size - 1,
  replicate: (size: number) => (size > 0 ? Number.POSITIVE_INFINITY : 0),
  circular: (size: number) => size,
} as const;

/** One axis with more on both sides. */
function around(
  x: Tensor,
  axis: number,
  before: number,
  after: number,
  mode: Exclude<PadMode, "constant">,
  name: string,
): Tensor {
  const size = x.shape[axis];
  if (before + after === 0) return x;
  if (Math.max(before, after) > GIVES[mode](size))
    throw new ShapeError(
      `${name}: axis ${axis} of ${showShape(x.shape)} is too short for ${mode} padding of ${before} and ${after}`,
    );
  const part = (start: number, count: number) => x.narrow(axis, start, count);
  const edge = (at: number, count: number) => part(at, 1).broadcastTo(x.shape.with(axis, count));
  const sides = {
    reflect: () => [flip(part(1, before), axis), flip(part(size - 1 - after, after), axis)],
    replicate: () => [edge(0, before), edge(size - 1, after)],
    circular: () => [part(size - before, before), part(0, after)],
  } as const;
  const [left, right] = sides[mode]();
  return concat([...(before > 0 ? [left] : []), x, ...(after > 0 ? [right] : [])], axis);
}
