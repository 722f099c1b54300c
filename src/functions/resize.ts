// Other sizes of the spatial axes: elements nearest to each new place, or weighted means of those around it; channels made places, and
// back.
import { aBoolean, aPositiveNumber, aWholeNumber, type Check, checkOptions, must, oneOf } from "../check.ts";
import { constant } from "../create.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkDType, checkShape, type Shape, showShape, sizeOf } from "../shape.ts";
import { arange, aTensor, type Tensor } from "../tensor.ts";
import { type Sizes, sizesFrom, spread } from "./windows.ts";

/** How new elements are made of those around their places: linear of one axis, bilinear and bicubic of two, trilinear of three. */
export type ResizeMode = "nearest" | "nearest-exact" | "linear" | "bilinear" | "bicubic" | "trilinear";

/** Either a size or a factor must be given. */
export interface InterpolateOptions {
  /** Of the spatial axes. */
  readonly size?: Sizes;
  /** Of the spatial axes; sizes are rounded down. */
  readonly scaleFactor?: Sizes;
  /** nearest where it is left out. */
  readonly mode?: ResizeMode;
  /** Whether the first and last elements stay where they are, in place of their outer edges. */
  readonly alignCorners?: boolean;
}

/** Spatial axes of each mode; 0 for any number. */
const AXES: Readonly<Record<ResizeMode, number>> = {
  nearest: 0,
  "nearest-exact": 0,
  linear: 1,
  bilinear: 2,
  bicubic: 2,
  trilinear: 3,
};

const aFactor: Check = (value, what) => {
  for (const each of Array.isArray(value) ? value : [value]) aPositiveNumber(each, what);
};

/** @throws ArgumentError unless they say how to resize */
export function checkResizing(options: InterpolateOptions, name: string): void {
  const mode = oneOf(...Object.keys(AXES));
  checkOptions(options, name, { size: sizesFrom(1), scaleFactor: aFactor, mode, alignCorners: aBoolean });
  const { size, scaleFactor, mode: given = "nearest", alignCorners } = options;
  must(
    (size === undefined) !== (scaleFactor === undefined),
    size,
    `${name}: size`,
    "given, or else scaleFactor, and not both",
  );
  if (alignCorners !== undefined && AXES[given] === 0)
    throw new ArgumentError(`${name}: alignCorners means nothing for mode ${given}`);
}

/**
 * x [N, C, W], [N, C, H, W] or [N, C, D, H, W] with other sizes of its spatial axes, as torch.nn.functional.interpolate: `size`, or the
 * sizes times `scaleFactor`. Gradients are the transposed weights.
 * @throws ArgumentError unless one of both is given, and for alignCorners with nearest; ShapeError for x with other axes than the mode
 * takes, and for more than 2^24 places of an axis that are not whole times as many in the mode nearest
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { interpolate } from "simdgrad/functions";
 * const x = constant([[[1, 3]]]);
 * await evaluate(interpolate(x, { scaleFactor: 2 })); // => [1, 1, 3, 3]
 * await evaluate(interpolate(x, { size: 4, mode: "linear" })); // => [1, 1.5, 2.5, 3]
 * await evaluate(interpolate(x, { size: 5, mode: "linear", alignCorners: true })); // => [1, 1.5, 2, 2.5, 3]
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  checkResizing(options, "interpolate");
  return resized(x, options, "interpolate");
}

/** The same of checked options, for callers of other names. */
export function resized(x: Tensor, options: InterpolateOptions, name: string): Tensor {
  const { size, scaleFactor, mode = "nearest", alignCorners = false } = options;
  aTensor(x, `${name}: x`);
  checkDType(x, ["f32"], name);
  const axes = x.shape.length - 2;
  const isRight = AXES[mode] === 0 ? axes > 0 && axes < 4 : axes === AXES[mode];
  if (!isRight) throw new ShapeError(`${name}: mode ${mode} takes ${layouts(AXES[mode])}, got ${showShape(x.shape)}`);
  const factors = scaleFactor === undefined ? undefined : spread(scaleFactor, axes, `${name}: scaleFactor`);
  const sizes = size === undefined ? undefined : spread(size, axes, `${name}: size`);
  const resizings = x.shape.slice(2).map((from, i): Resizing => {
    const to = sizes?.[i] ?? Math.floor(from * (factors?.[i] ?? 1));
    if (from === 0 || to === 0)
      throw new ShapeError(`${name}: ${showShape(x.shape)} cannot have ${to} places for ${from} along axis ${i + 2}`);
    return { from, to, scale: factors === undefined ? from / to : 1 / factors[i], alignCorners };
  });
  checkShape([...x.shape.slice(0, 2), ...resizings.map(({ to }) => to)], name);
  const counts = resizings.map((each) => (mode === "nearest" ? timesOf(each) : 1));
  return resizings.reduce(
    (value, each, i) => (counts[i] > 1 ? value : along(value, i + 2, each, mode, name)),
    repeated(x, counts),
  );
}

/** How many times each element stands there, if all stand there as often; else 1. */
function timesOf({ from, to, scale }: Resizing): number {
  return to % from === 0 && scale === from / to ? to / from : 1;
}

/** Each element so many times in a row along each spatial axis: a broadcast. */
function repeated(x: Tensor, counts: readonly number[]): Tensor {
  if (counts.every((count) => count === 1)) return x;
  const [lead, spatial] = [x.shape.slice(0, 2), x.shape.slice(2)];
  return x
    .reshape([...lead, ...spatial.flatMap((size) => [size, 1])])
    .broadcastTo([...lead, ...spatial.flatMap((size, i) => [size, counts[i]])])
    .reshape([...lead, ...spatial.map((size, i) => size * counts[i])]);
}

function layouts(axes: number): string {
  return ["[N, C, ...] of one to three axes", "[N, C, W]", "[N, C, H, W]", "[N, C, D, H, W]"][axes];
}

/** Sizes of an axis before and after, and the distance of new places in old ones, if corners do not stay where they are. */
interface Resizing {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  readonly alignCorners: boolean;
}

/** One axis with another size. */
function along(x: Tensor, axis: number, resizing: Resizing, mode: ResizeMode, name: string): Tensor {
  const { from, to, scale, alignCorners } = resizing;
  const isLinear = AXES[mode] > 0 && mode !== "bicubic";
  // Where a factor other than 1 leaves the size as it is, torch leaves the elements in these modes, and in no other.
  if (from === to && (scale === 1 || alignCorners || isLinear)) return x;
  checkShape([to], name, MOST_PLACES);
  if (AXES[mode] > 0) {
    const sharesOf = isLinear ? linear : cubic;
    return weighted(
      x,
      axis,
      listed(to, (i) => sharesOf(i, resizing)),
    );
  }
  // Of sizes in whole numbers, which have no rounding; by a factor as torch counts, in float32: 37 places of 1 / 3.7 are 10.
  const shift = mode === "nearest" ? 0 : 1;
  const { fround } = Math;
  const source = (i: number) =>
    scale === from / to ? ((2 * i + shift) * from) / (2 * to) : fround((i + shift / 2) * fround(scale));
  return weighted(
    x,
    axis,
    listed(to, (i) => [[Math.min(from - 1, Math.floor(source(i))), 1]]),
  );
}

/** Places of an axis whose shares are counted, one by one. */
const MOST_PLACES = 2 ** 24;

/** An element, and how much of it a new one has. */
export type Share = readonly [place: number, weight: number];

/** The first shares of all new elements, the second ones, and so on. */
interface Shares {
  readonly places: Int32Array;
  readonly weights: Float64Array;
}

export function listed(count: number, sharesOf: (i: number) => readonly Share[]): Shares[] {
  const all = sharesOf(0).map(() => ({ places: new Int32Array(count), weights: new Float64Array(count) }));
  for (let i = 0; i < count; i++) {
    const shares = sharesOf(i);
    for (let k = 0; k < all.length; k++) [all[k].places[i], all[k].weights[i]] = shares[k];
  }
  return all;
}

/** Where the new place i lies among the old ones. */
function sourceOf(i: number, { from, to, scale, alignCorners }: Resizing): number {
  if (alignCorners) return to === 1 ? 0 : (i * (from - 1)) / (to - 1);
  return scale * (i + 0.5) - 0.5;
}

function linear(i: number, resizing: Resizing): Share[] {
  const source = Math.max(0, sourceOf(i, resizing));
  const last = resizing.from - 1;
  const place = Math.min(last, Math.floor(source));
  const weight = Math.min(1, source - place);
  return [
    [place, 1 - weight],
    [Math.min(last, place + 1), weight],
  ];
}

/** Of the cubic convolution kernel (Keys 1981), torch's. */
const A = -0.75;

function cubic(i: number, resizing: Resizing): Share[] {
  const source = sourceOf(i, resizing);
  const place = Math.floor(source);
  const t = source - place;
  const near = (d: number) => ((A + 2) * d - (A + 3)) * d * d + 1; // up to 1 away
  const far = (d: number) => ((A * d - 5 * A) * d + 8 * A) * d - 4 * A; // from 1 to 2 away
  return [far(t + 1), near(t), near(1 - t), far(2 - t)].map((weight, k): Share => {
    const clamped = Math.max(0, Math.min(resizing.from - 1, place + k - 1));
    return [clamped, weight];
  });
}

/** Along an axis, weighted sums of as many elements each: rows gathered where others follow the axis, and else of the transposed. */
export function weighted(x: Tensor, axis: number, shares: readonly Shares[]): Tensor {
  const to = shares[0].places.length;
  if (axis === x.shape.length - 1) {
    const rows = sizeOf(x.shape.slice(0, axis));
    const turned = x.reshape([rows, x.shape[axis]]).transpose();
    return weightedRows(turned, [1, x.shape[axis], rows], shares)
      .reshape([to, rows])
      .transpose()
      .reshape(x.shape.with(axis, to));
  }
  const sides = [sizeOf(x.shape.slice(0, axis)), x.shape[axis], sizeOf(x.shape.slice(axis + 1))] as const;
  return weightedRows(x, sides, shares).reshape(x.shape.with(axis, to));
}

/** Of the middle one of three axes. */
function weightedRows(
  x: Tensor,
  [outer, size, inner]: readonly [number, number, number],
  shares: readonly Shares[],
): Tensor {
  const rows = x.reshape([outer * size, inner]);
  const starts = arange(outer).mul(size).reshape([outer, 1]);
  const parts = shares.map(({ places, weights }) => {
    const to = places.length;
    const taken = rows.gather(starts.add(constant(places, { shape: [1, to] }))); // [outer, to, inner]
    if (weights.every((weight) => weight === 1)) return taken;
    return taken.mul(constant(weights, { shape: [1, to, 1] }));
  });
  return parts.reduce((sum, part) => sum.add(part));
}

/**
 * Channels made places: [..., C r^2, H, W] as [..., C, H r, W r], as torch.nn.functional.pixel_shuffle (Shi et al. 2016).
 * @throws ShapeError unless r^2 divides the channels
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { pixelShuffle } from "simdgrad/functions";
 * const y = pixelShuffle(constant([[[[1, 2]], [[3, 4]], [[5, 6]], [[7, 8]]]]), 2);
 * y.shape; // => [1, 1, 2, 4]
 * await evaluate(y); // => [1, 3, 2, 4, 5, 7, 6, 8]
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  aWholeNumber(1)(upscaleFactor, "pixelShuffle: upscaleFactor");
  const { rest, channels, height, width } = image(x, "pixelShuffle");
  const r = upscaleFactor;
  const kept = channels / r ** 2;
  if (!Number.isInteger(kept))
    throw new ShapeError(`pixelShuffle: ${channels} channels of ${showShape(x.shape)} are not divided by ${r}^2`);
  const n = rest.length;
  return x
    .reshape([...rest, kept, r, r, height, width])
    .permute([...rest.keys(), n, n + 3, n + 1, n + 4, n + 2])
    .reshape([...rest, kept, height * r, width * r]);
}

/**
 * Places made channels: [..., C, H r, W r] as [..., C r^2, H, W], as torch.nn.functional.pixel_unshuffle: undoes `pixelShuffle`.
 * @throws ShapeError unless r divides height and width
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { pixelUnshuffle } from "simdgrad/functions";
 * const y = pixelUnshuffle(constant([[[[1, 2, 3, 4], [5, 6, 7, 8]]]]), 2);
 * y.shape; // => [1, 4, 1, 2]
 * await evaluate(y); // => [1, 3, 2, 4, 5, 7, 6, 8]
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  aWholeNumber(1)(downscaleFactor, "pixelUnshuffle: downscaleFactor");
  const { rest, channels, height, width } = image(x, "pixelUnshuffle");
  const r = downscaleFactor;
  if (height % r !== 0 || width % r !== 0)
    throw new ShapeError(`pixelUnshuffle: height and width of ${showShape(x.shape)} are not divided by ${r}`);
  const n = rest.length;
  return x
    .reshape([...rest, channels, height / r, r, width / r, r])
    .permute([...rest.keys(), n, n + 2, n + 4, n + 1, n + 3])
    .reshape([...rest, channels * r ** 2, height / r, width / r]);
}

/** The axes of [..., C, H, W]. */
function image(x: Tensor, name: string) {
  aTensor(x, `${name}: x`);
  checkDType(x, ["f32", "i32"], name);
  const { shape } = x;
  if (shape.length < 3) throw new ShapeError(`${name}: takes [..., C, H, W], got ${showShape(shape)}`);
  const [channels, height, width] = shape.slice(-3);
  const rest: Shape = shape.slice(0, -3);
  return { rest, channels, height, width };
}
