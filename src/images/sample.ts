// Pixels from elsewhere: at whole places, or between four of them. One index a pixel into the flat batch, so gradients go back to pixels.
import { aFiniteNumber, aListOf, aWholeNumber, checkOptions, must, oneOf } from "../check.ts";
import { constant } from "../create.ts";
import { ShapeError } from "../errors.ts";
import { checkDType, checkShape, LISTED, sameShape, showShape, sizeOf } from "../shape.ts";
import { arange, aTensor, type Tensor } from "../tensor.ts";
import { asPixels, checkImages, madeOf } from "./batch.ts";

/** What stands outside of an image: nothing, or what stands at its border. */
export type Padding = "zeros" | "border";

/** What comes in from outside of an image. */
export interface OutsideOptions {
  /** 0, or what is nearest. Default "zeros". */
  readonly paddingMode?: Padding;
  /** In the place of 0: a number, or one a channel, such as the mean of the data set's pixels, or the class index that a loss ignores. */
  readonly fill?: number | readonly number[];
}

/** How pixels are read that lie between others, and outside. */
export interface SampleOptions extends OutsideOptions {
  /** From the nearest pixel, or from the four around. Default "bilinear". */
  readonly mode?: "bilinear" | "nearest";
}

export const outsideChecks = {
  paddingMode: oneOf("zeros", "border"),
  fill: (value: unknown, what: string) => (Array.isArray(value) ? aListOf(aFiniteNumber) : aFiniteNumber)(value, what),
};
export const sampleChecks = { mode: oneOf("bilinear", "nearest"), ...outsideChecks };

/** Pixels outside: 0, one a channel [1, C, 1, 1], or undefined for what is nearest. */
export type Outside = Tensor | 0 | undefined;

/** @throws ArgumentError for a fill beside "border", and for one that masks of x cannot hold; ShapeError for other channels than those of x */
export function outsideOf(x: Tensor, { paddingMode = "zeros", fill }: OutsideOptions, name: string): Outside {
  if (paddingMode === "border") {
    must(fill === undefined, fill, `${name}: fill`, 'left out beside paddingMode "border": what is nearest comes in');
    return undefined;
  }
  if (fill === undefined) return 0;
  const values = typeof fill === "number" ? [fill] : fill;
  const [, channels] = x.shape;
  if (values.length !== 1 && values.length !== channels)
    throw new ShapeError(`${name}: fill has ${values.length} numbers for ${channels} channels`);
  if (x.dtype === "i32") for (const value of values) anI32(value, `${name}: fill of whole numbers`);
  const data = x.dtype === "i32" ? Int32Array.from(values) : Float64Array.from(values);
  return constant(data, { shape: [1, values.length, 1, 1] });
}

function anI32(value: number, what: string): void {
  must((value | 0) === value, value, what, "an i32");
}

/** Pixels of x [N, C, H, W] at whole f32 places that broadcast to [N, 1, h, w]: [N, C, h, w], f32, or i32 as x is. */
export function pixelsAt(x: Tensor, row: Tensor, column: Tensor, outside: Outside): Tensor {
  const [n, channels, height, width] = x.shape;
  const [y, isInRows] = within(row, height);
  const [z, isInColumns] = within(column, width);
  const starts = arange(n * channels)
    .mul(height * width)
    .reshape([n, channels, 1, 1]);
  const index = y.cast("i32").mul(width).add(z.cast("i32")).add(starts);
  const found = asPixels(x.reshape([sizeOf(x.shape)]).gather(index));
  return outside === undefined ? found : isInRows.mul(isInColumns).select(found, outside);
}

/** A place moved to the nearest of 0..size-1, and whether it was there. */
function within(place: Tensor, size: number): readonly [nearest: Tensor, isThere: Tensor] {
  const nearest = place.maximum(0).minimum(Math.max(0, size - 1));
  return [nearest, nearest.equal(place)];
}

/** Pixels of x [N, C, H, W] at any places, in pixels from the first one's middle on. */
function sampled(
  x: Tensor,
  row: Tensor,
  column: Tensor,
  outside: Outside,
  mode: SampleOptions["mode"] = "bilinear",
): Tensor {
  if (mode === "nearest") {
    const isPlace = row.equal(row).mul(column.equal(column)); // NaN is none
    const none = x.dtype === "i32" ? -(2 ** 31) : Number.NaN;
    return isPlace.select(pixelsAt(x, row.round(), column.round(), outside), none);
  }
  const [y, z] = outside === undefined ? [within(row, x.shape[2])[0], within(column, x.shape[3])[0]] : [row, column];
  const [top, left] = [y.floor(), z.floor()];
  const [down, right] = [y.sub(top), z.sub(left)];
  const [up, across] = [down.neg().add(1), right.neg().add(1)];
  const corner = (below: number, beside: number) => pixelsAt(x, top.add(below), left.add(beside), outside);
  const upper = corner(0, 0).mul(across).add(corner(0, 1).mul(right));
  const lower = corner(1, 0).mul(across).add(corner(1, 1).mul(right));
  return upper.mul(up).add(lower.mul(down));
}

/** The middles of so many pixels in a row, from -1 to 1. */
function middles(count: number): Tensor {
  const places = new Float64Array(count);
  for (let i = 0; i < count; i++) places[i] = (2 * i + 1) / count - 1;
  return constant(places);
}

/** Options of affine. */
export interface AffineOptions extends SampleOptions {
  /** Height and width of the result, or one number for both. Default: those of x. */
  readonly size?: SizePair;
}

/** A height and a width, or one number for both. */
export type SizePair = number | readonly [height: number, width: number];

/** Throws unless a value is a height and a width, or one number for both. */
export function aSizePair(value: unknown, what: string): void {
  const isNumber = typeof value === "number";
  must(isNumber || Array.isArray(value), value, what, "a whole number, or [height, width]");
  if (isNumber) {
    aWholeNumber(1)(value, what);
    return;
  }
  aListOf(aWholeNumber(1))(value, what);
  const { length } = value as readonly unknown[];
  if (length !== 2) throw new ShapeError(`${what}: takes height and width, got ${length} numbers`);
}

export function pairOf(size: SizePair): readonly [height: number, width: number] {
  return typeof size === "number" ? [size, size] : size;
}

/**
 * Images through a map of the plane each, as torch's grid_sample of affine_grid (without align_corners): the pixel at (u, v), from -1 to 1
 * across and down, is what x has at theta (u, v, 1), for theta [N, 2, 3]; NaN in theta gives NaN. Images are u8 or f32 [N, C, H, W], the
 * result is f32; with mode "nearest" those of whole numbers are i32, and stay so: NaN gives them -2^31, which is no class. Pixels outside, 0 or
 * `fill`, are mixed with those at the edge as any others.
 * @throws ShapeError for what is no batch of images or no map for each of them, DTypeError for other dtypes, ArgumentError for a fill beside
 * paddingMode "border", and for one that whole numbers do not have
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { affine } from "simdgrad/images";
 * const x = constant([1, 2, 3, 4], { shape: [1, 1, 2, 2] });
 * const turned = constant([[[0, -1, 0], [1, 0, 0]]]); // a quarter, counterclockwise
 * await evaluate(affine(x, turned, { mode: "nearest" })); // => [2, 4, 1, 3]
 */
export function affine(x: Tensor, theta: Tensor, options: AffineOptions = {}): Tensor {
  checkImages(x, "affine", options?.mode === "nearest");
  aTensor(theta, "affine: theta");
  checkOptions(options, "affine", { ...sampleChecks, size: aSizePair });
  checkDType(theta, ["f32"], "affine: theta");
  const [n] = x.shape;
  if (!sameShape(theta.shape, [n, 2, 3]))
    throw new ShapeError(`affine: theta ${showShape(theta.shape)} for ${n} images is not [${n}, 2, 3]`);
  return mapped(x, theta, options, "affine");
}

/** The same of what is checked, but for sizes and what comes in from outside: errors have the name. */
export function mapped(x: Tensor, theta: Tensor, options: AffineOptions, name: string): Tensor {
  const [n, channels, height, width] = x.shape;
  const outside = outsideOf(x, options, name);
  const [rows, columns] = pairOf(options.size ?? [height, width]);
  checkShape([n, channels, rows, columns], name);
  for (const size of [rows, columns]) checkShape([size], name, LISTED);
  const [u, v] = [middles(columns).reshape([1, 1, 1, columns]), middles(rows).reshape([1, 1, rows, 1])];
  const place = (axis: number, size: number) => {
    const [a, b, c] = [0, 1, 2].map((i) => theta.slice(null, [axis, axis + 1], [i, i + 1]).unsqueeze(-1));
    return a
      .mul(u)
      .add(b.mul(v))
      .add(c)
      .add(1)
      .mul(size / 2)
      .sub(0.5);
  };
  return madeOf(x, sampled(x, place(1, height), place(0, width), outside, options.mode));
}
