// The same elements in other shapes and places.
import { concat } from "../../create.ts";
import { DataError, ShapeError } from "../../errors.ts";
import { tril, triu } from "../../functions/matrices.ts";
import { repeat } from "../../functions/movement.ts";
import { padded } from "../../functions/padding.ts";
import { broadcastShapes, normalizeAxes, normalizeAxis, type Shape, showShape, sizeOf } from "../../shape.ts";
import { arange, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import type { Value } from "../value.ts";

/** 0 stands for the size that is there, -1 for what is left. */
function reshaped(node: Node): Value {
  const x = node.tensor(0);
  const asked = node.version < 5 ? node.ints("shape") : node.numbers(1);
  const keepsZero = node.flag("allowzero");
  const shape = asked.map((size, i) => (size === 0 && !keepsZero ? (x.shape[i] ?? 0) : size));
  return node.like(0, x.reshape(shape));
}

function flattened(node: Node): Value {
  const x = node.tensor(0);
  const axis = node.int("axis", 1);
  const at = axis < 0 ? axis + x.shape.length : axis;
  return node.like(0, x.reshape([sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]));
}

/** Axes of Squeeze and Unsqueeze: an attribute, or since version 13 an input. */
function namedAxes(node: Node): readonly number[] | undefined {
  if (node.version >= 13) return node.has(1) ? node.numbers(1) : undefined;
  return node.hasAttribute("axes") ? node.ints("axes") : undefined;
}

function squeezed(node: Node): Value {
  const x = node.tensor(0);
  const named = namedAxes(node);
  if (named === undefined) return node.like(0, x.squeeze());
  const axes = normalizeAxes(named, x.shape, node.op);
  const wrong = axes.find((axis) => x.shape[axis] !== 1);
  if (wrong !== undefined) throw new ShapeError(`axis ${wrong} of ${showShape(x.shape)} is not 1`);
  return node.like(0, x.reshape(x.shape.filter((_, axis) => !axes.includes(axis))));
}

function unsqueezed(node: Node): Value {
  const x = node.tensor(0);
  const named = namedAxes(node);
  if (named === undefined) throw new DataError("axes are missing");
  const rank = x.shape.length + named.length;
  const axes = normalizeAxes(named, Array<number>(rank).fill(1), node.op);
  const sizes = [...x.shape];
  return node.like(
    0,
    x.reshape(Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : (sizes.shift() as number)))),
  );
}

function transposed(node: Node): Value {
  const x = node.tensor(0);
  return node.like(0, x.permute([...node.ints("perm", [...x.shape.keys()].reverse())]));
}

function expanded(node: Node): Value {
  const x = node.tensor(0);
  return node.like(0, x.broadcastTo(broadcastShapes(x.shape, node.numbers(1), "Expand")));
}

/** In the first version one axis, and so many times. */
function tiled(node: Node): Value {
  const x = node.tensor(0);
  if (node.version >= 6) return node.like(0, repeat(x, node.numbers(1)));
  const axis = normalizeAxis(node.number(2), x.shape, "Tile");
  return node.like(
    0,
    repeat(
      x,
      x.shape.map((_, i) => (i === axis ? node.number(1) : 1)),
    ),
  );
}

function joined(node: Node): Value {
  const axis = node.version < 4 ? node.int("axis", 1) : node.int("axis");
  return node.like(
    0,
    concat(
      node.inputs.map((_, i) => node.tensor(i)),
      axis,
    ),
  );
}

/** Sizes by a list, or so many parts, the last one of which may be smaller. */
function split(node: Node): Value[] {
  const x = node.tensor(0);
  const axis = normalizeAxis(node.int("axis", 0), x.shape, "Split");
  const size = x.shape[axis];
  const count = node.int("num_outputs", node.outputs);
  if (count < 1 || count !== node.outputs) throw new DataError(`num_outputs is ${count} of ${node.outputs}`);
  const each = Math.ceil(size / count);
  const even = Array.from({ length: count }, (_, i) => Math.max(0, Math.min(each, size - i * each)));
  const sizes = node.has(1) ? node.numbers(1) : node.ints("split", even);
  if (sizes.reduce((sum, part) => sum + part, 0) !== size || sizes.some((part) => part < 0))
    throw new ShapeError(`parts of ${showShape(sizes)} do not make up axis ${axis} of ${showShape(x.shape)}`);
  let start = 0;
  return sizes.map((part) => {
    start += part;
    return node.like(0, x.narrow(axis, start - part, part));
  });
}

/** Bounds are attributes before version 10; beyond the ends of an axis they stand for these. */
function sliced(node: Node): Value {
  const x = node.tensor(0);
  const isOld = node.version < 10;
  const starts = isOld ? node.ints("starts") : node.numbers(1);
  const ends = isOld ? node.ints("ends") : node.numbers(2);
  const every = [...starts.keys()];
  const axes = isOld ? node.ints("axes", every) : node.has(3) ? node.numbers(3) : every;
  const steps = !isOld && node.has(4) ? node.numbers(4) : starts.map(() => 1);
  if ([ends, axes, steps].some(({ length }) => length !== starts.length))
    throw new DataError("starts, ends, axes and steps differ in number");
  const ranges: (readonly [number, number | undefined, number] | null)[] = x.shape.map(() => null);
  axes.forEach((axis, i) => {
    const at = normalizeAxis(axis, x.shape, "Slice");
    const [size, step] = [x.shape[at], steps[i]];
    // What is before the first element, counted from the back: a negative bound must not count from the back again.
    const isBefore = step < 0 && ends[i] < -size;
    const inside = (bound: number) => Math.min(Math.max(bound, -size - 1), size);
    const start = Math.min(Math.max(starts[i], -size), size);
    ranges[at] = [start, isBefore ? undefined : step < 0 ? inside(ends[i]) : Math.max(inside(ends[i]), -size), step];
  });
  return node.like(0, x.slice(...ranges));
}

const padModes = { constant: "constant", reflect: "reflect", edge: "replicate", wrap: "circular" } as const;

/** Pads of all axes before, then behind; of some axes in later versions. */
function padding(node: Node): Value {
  const x = node.tensor(0);
  const rank = x.shape.length;
  const isOld = node.version < 11;
  const given = isOld ? node.ints(node.version < 2 ? "paddings" : "pads") : node.numbers(1);
  const axes = !isOld && node.has(3) ? node.numbers(3) : [...x.shape.keys()];
  if (given.length !== 2 * axes.length) throw new DataError(`${given.length} pads for ${axes.length} axes`);
  const value = isOld ? node.float("value", 0) : node.number(2, 0);
  const mode = node.text("mode", "constant");
  if (!Object.hasOwn(padModes, mode)) throw new Refusal(`there is no mode ${mode}`);
  const pads = Array<number>(2 * rank).fill(0); // the last axis first, as torch wants them
  axes.forEach((axis, i) => {
    const at = rank - 1 - normalizeAxis(axis, x.shape, "Pad");
    [pads[2 * at], pads[2 * at + 1]] = [given[i], given[axes.length + i]];
  });
  const isConstant = mode === "constant";
  return node.like(0, padded(x, pads, padModes[mode as keyof typeof padModes], isConstant ? value : 0, "Pad"));
}

/** [N, C, H, W] with blocks of b x b places. */
function image(node: Node): { readonly x: Tensor; readonly sizes: Shape; readonly block: number } {
  const x = node.tensor(0);
  if (x.shape.length !== 4) throw new ShapeError(`takes [N, C, H, W], got ${showShape(x.shape)}`);
  const block = node.int("blocksize");
  if (block < 1) throw new DataError(`blocksize is ${block}`);
  return { x, sizes: x.shape, block };
}

function depthToSpace(node: Node): Value {
  const { x, sizes, block: b } = image(node);
  const [n, c, h, w] = sizes;
  const channels = c / b ** 2;
  if (!Number.isInteger(channels)) throw new ShapeError(`${c} channels are not divided by ${b}^2`);
  const result = [n, channels, h * b, w * b];
  if (node.text("mode", "DCR") === "CRD")
    return node.like(0, x.reshape([n, channels, b, b, h, w]).permute([0, 1, 4, 2, 5, 3]).reshape(result));
  return node.like(0, x.reshape([n, b, b, channels, h, w]).permute([0, 3, 4, 1, 5, 2]).reshape(result));
}

function spaceToDepth(node: Node): Value {
  const { x, sizes, block: b } = image(node);
  const [n, c, h, w] = sizes;
  if (h % b !== 0 || w % b !== 0) throw new ShapeError(`${showShape(sizes)} is not divided by ${b}`);
  const parts = x.reshape([n, c, h / b, b, w / b, b]).permute([0, 3, 5, 1, 2, 4]);
  return node.like(0, parts.reshape([n, c * b * b, h / b, w / b]));
}

function triangle(node: Node): Value {
  const offset = node.number(1, 0);
  return node.like(0, (node.flag("upper", true) ? triu : tril)(node.tensor(0), offset));
}

/** The first elements of each sequence in reverse, as many as its length says. */
function reversed(node: Node): Value {
  const x = node.tensor(0);
  const [ofTime, ofBatch] = [node.int("time_axis", 0), node.int("batch_axis", 1)];
  const others = [...x.shape.keys()].filter((axis) => axis !== ofTime && axis !== ofBatch);
  const order = [ofTime, ofBatch, ...others];
  const sorted = x.permute(order);
  const [steps, batch, ...rest] = sorted.shape;
  const at = arange(steps).unsqueeze(1);
  const lengths = node.tensor(1);
  const from = at.less(lengths).select(lengths.sub(1).sub(at), at.broadcastTo([steps, batch]));
  const rows = sorted.reshape([steps * batch, ...rest]).gather(from.mul(batch).add(arange(batch)));
  return node.like(0, rows.permute(order.map((_, axis) => order.indexOf(axis))));
}

export const movement: Rules = {
  Concat: joined,
  DepthToSpace: depthToSpace,
  Expand: { decides: [1], build: expanded },
  Flatten: flattened,
  Pad: { decides: [1, 2, 3], build: padding },
  Reshape: { decides: [1], build: reshaped },
  ReverseSequence: reversed,
  Slice: { decides: [1, 2, 3, 4], build: sliced },
  SpaceToDepth: spaceToDepth,
  Split: { decides: [1], build: split },
  Squeeze: { decides: [1], build: squeezed },
  Tile: { decides: [1, 2], build: tiled },
  Transpose: transposed,
  Trilu: { decides: [1], build: triangle },
  Unsqueeze: { decides: [1], build: unsqueezed },
};
