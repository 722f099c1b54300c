// Resize and Upsample: along each axis a new element is a weighted sum of old ones, whose places and weights are known beforehand.
import { DataError } from "../../errors.ts";
import { listed, type Share, weighted } from "../../functions/resize.ts";
import { checkShape, normalizeAxis, type Shape } from "../../shape.ts";
import { arange, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";

/** One axis: sizes before and after, new places for one old place, and the part that is read. */
interface Axis {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  readonly start: number;
  readonly end: number;
}

/** How the attributes have it. */
interface Way {
  readonly mode: string;
  readonly places: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

/** Where new place x lies among the old ones. */
const coordinates: Readonly<Record<string, (x: number, axis: Axis) => number>> = {
  half_pixel: (x, { scale }) => (x + 0.5) / scale - 0.5,
  half_pixel_symmetric: (x, { from, to, scale }) => (from / 2) * (1 - to / (scale * from)) + (x + 0.5) / scale - 0.5,
  pytorch_half_pixel: (x, { scale, to }) => (to > 1 ? (x + 0.5) / scale - 0.5 : 0),
  asymmetric: (x, { scale }) => x / scale,
  tf_half_pixel_for_nn: (x, { scale }) => (x + 0.5) / scale,
  // The size afterwards counts as it is before it is rounded down, in ONNX's own test data.
  align_corners: (x, { from, scale }) => (scale * from === 1 ? 0 : (x * (from - 1)) / (scale * from - 1)),
  tf_crop_and_resize(x, { from, to, start, end }) {
    const inside = to > 1 ? (x * (end - start) * (from - 1)) / (to - 1) : ((end - start) * (from - 1)) / 2;
    return inside + start * (from - 1);
  },
};

const rounded: Readonly<Record<string, (x: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
};

/** What a number so far away counts. */
const kernels: Readonly<Record<string, (distance: number, a: number) => number>> = {
  linear: (d) => Math.max(0, 1 - d),
  // Cubic convolution. (Keys 1981)
  cubic: (d, a) =>
    d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0,
};

/** The old elements around a place, each with its weight. */
function sharesOf(place: number, { from, scale }: Axis, way: Way): Share[] {
  const clamped = (i: number) => Math.max(0, Math.min(from - 1, i));
  if (way.mode === "nearest") return [[clamped(rounded[way.nearest](place)), 1]];
  const kernel = kernels[way.mode];
  const reach = way.mode === "linear" ? 1 : 2;
  // Where elements get fewer, all of them have a say.
  const shrink = way.antialias ? Math.min(1, scale) : 1;
  const radius = Math.ceil(reach / shrink);
  const first = Math.floor(place) - radius + 1;
  const shares = Array.from({ length: 2 * radius }, (_, k): Share => {
    const i = first + k;
    const counts = !way.excludeOutside || i === clamped(i);
    return [clamped(i), counts ? kernel(Math.abs(i - place) * shrink, way.cubic) : 0];
  });
  if (!way.excludeOutside && shrink === 1) return shares;
  const sum = shares.reduce((total, [, weight]) => total + weight, 0);
  return shares.map(([i, weight]) => [i, weight / sum]);
}

/** Places of one axis, times the elements that each reads. */
const MOST = 2 ** 24;

/** One axis with another size; beyond its ends `outside`, where that is given. */
function along(x: Tensor, at: number, axis: Axis, way: Way, outside: number | undefined): Tensor {
  const { from, to, scale } = axis;
  if (from === to && scale === 1 && outside === undefined) return x;
  if (from === 0) throw new DataError(`axis ${at} has no elements`);
  if (to * Math.max(4, way.antialias ? 4 / scale : 0) > MOST) throw new DataError(`axis ${at} gets ${to} elements`);
  const source = (i: number) => coordinates[way.places](i, axis);
  const value = weighted(
    x,
    at,
    listed(to, (i) => sharesOf(source(i), axis, way)),
  );
  if (outside === undefined) return value;
  const [first, last] = firstAndLast(to, (i) => source(i) >= 0 && source(i) <= from - 1);
  const place = arange(to).reshape([to, ...x.shape.slice(at + 1).map(() => 1)]);
  const isInside = place.greater(first - 1).mul(place.less(last + 1));
  return isInside.select(value, outside);
}

/** How many times in a row each element of an axis stands afterwards, if all stand there as often; else 0. */
function timesOf(axis: Axis, way: Way): number {
  const { from, to } = axis;
  const times = to / from;
  if (way.mode !== "nearest" || way.places === "tf_crop_and_resize" || !(Number.isInteger(times) && to <= MOST))
    return 0;
  for (let i = 0; i < to; i++)
    if (sharesOf(coordinates[way.places](i, axis), axis, way)[0][0] !== Math.floor(i / times)) return 0;
  return times;
}

/** Each element so many times in a row along each axis: a broadcast. */
function repeated(x: Tensor, counts: readonly number[]): Tensor {
  if (counts.every((count) => count === 1)) return x;
  return x
    .reshape(x.shape.flatMap((size) => [size, 1]))
    .broadcastTo(x.shape.flatMap((size, i) => [size, counts[i]]))
    .reshape(x.shape.map((size, i) => size * counts[i]));
}

/** The first and the last number below `count` that pass, all between them as well; of none a range that is empty. */
function firstAndLast(count: number, passes: (i: number) => boolean): readonly [first: number, last: number] {
  let [first, last] = [count, -1];
  for (let i = 0; i < count; i++) if (passes(i)) [first, last] = [Math.min(first, i), i];
  return [first, last];
}

const options = {
  mode: ["nearest", "linear", "cubic"],
  coordinate_transformation_mode: Object.keys(coordinates),
  nearest_mode: Object.keys(rounded),
  keep_aspect_ratio_policy: ["stretch", "not_larger", "not_smaller"],
} as const;

function choice(node: Node, name: keyof typeof options, otherwise: string): string {
  const value = node.text(name, otherwise);
  if (!(options[name] as readonly string[]).includes(value)) throw new DataError(`there is no ${name} ${value}`);
  return value;
}

/** A list of numbers that are there: none is no input. */
function given(node: Node, i: number): number[] | undefined {
  if (!node.has(i) || node.shape(i)[0] === 0) return undefined;
  return node.numbers(i);
}

/** Sizes afterwards and factors of the axes that are resized. */
function sizesOf(
  shape: Shape,
  scales: readonly number[] | undefined,
  sizes: readonly number[] | undefined,
  policy: string,
) {
  const list = scales ?? sizes;
  if (list === undefined) throw new DataError("neither scales nor sizes are given");
  if (list.length !== shape.length) throw new DataError(`${list.length} scales or sizes for ${shape.length} axes`);
  if (scales !== undefined) {
    if (scales.some((scale) => !(scale > 0))) throw new DataError(`scales are above 0, got [${scales.join(", ")}]`);
    return shape.map((from, i) => ({ from, to: Math.floor(Math.fround(from * scales[i])), scale: scales[i] }));
  }
  const own = list.map((to, i) => to / shape[i]);
  if (policy === "stretch") return shape.map((from, i) => ({ from, to: list[i], scale: own[i] }));
  const scale = policy === "not_larger" ? Math.min(...own) : Math.max(...own);
  return shape.map((from) => ({ from, to: Math.floor(from * scale + 0.5), scale }));
}

function resized(
  node: Node,
  scales: readonly number[] | undefined,
  sizes: readonly number[] | undefined,
  way: Way,
  roi?: readonly number[],
) {
  const x = node.tensor(0);
  const rank = x.shape.length;
  const axes = node.ints("axes", [...x.shape.keys()]).map((axis) => normalizeAxis(axis, x.shape, "axes"));
  const policy = choice(node, "keep_aspect_ratio_policy", "stretch");
  const found = sizesOf(
    axes.map((axis) => x.shape[axis]),
    scales,
    sizes,
    policy,
  );
  const shape = [...x.shape];
  for (const [i, axis] of axes.entries()) shape[axis] = found[i].to;
  checkShape(shape, node.op);
  const crops = way.places === "tf_crop_and_resize";
  if (crops && roi?.length !== 2 * axes.length) throw new DataError(`roi has two numbers for each of ${rank} axes`);
  if (x.dtype !== "f32" && way.mode !== "nearest") throw new Refusal(`mode ${way.mode} of ${node.type(0)}`);
  const outside = crops ? node.float("extrapolation_value", 0) : undefined;
  const all = found.map((each, i) => ({ ...each, start: roi?.[i] ?? 0, end: roi?.[i + axes.length] ?? 1 }));
  const times = all.map((axis) => timesOf(axis, way));
  const counts = x.shape.map((_, at) => times[axes.indexOf(at)] || 1);
  const value = axes.reduce(
    (part, at, i) => (times[i] > 0 ? part : along(part, at, all[i], way, outside)),
    repeated(x, counts),
  );
  return node.like(0, value);
}

/** Of Upsample, and of Resize as it was at first: each old element begins where it lay. */
const asymmetric = (node: Node): Way => ({
  mode: choice(node, "mode", "nearest"),
  places: "asymmetric",
  nearest: "floor",
  cubic: 0,
  excludeOutside: false,
  antialias: false,
});

export const resize: Rules = {
  Resize: {
    decides: [1, 2, 3],
    build(node) {
      if (node.version < 11) return resized(node, node.numbers(1), undefined, asymmetric(node));
      const way: Way = {
        mode: choice(node, "mode", "nearest"),
        places: choice(node, "coordinate_transformation_mode", "half_pixel"),
        nearest: choice(node, "nearest_mode", "round_prefer_floor"),
        cubic: node.float("cubic_coeff_a", -0.75),
        excludeOutside: node.flag("exclude_outside"),
        antialias: node.flag("antialias"),
      };
      const sizes = given(node, 3);
      return resized(node, sizes === undefined ? given(node, 2) : undefined, sizes, way, given(node, 1));
    },
  },
  Upsample: {
    decides: [1],
    build(node) {
      const scales = node.version < 9 ? node.floats("scales") : node.numbers(1);
      return resized(node, scales, undefined, asymmetric(node));
    },
  },
};
