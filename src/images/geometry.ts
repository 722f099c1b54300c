// Images that are turned over, shifted, turned, enlarged or cut out: each by a draw of its own.
import { aNumberWithin, aWholeNumber, checkOptions, must, oneOf } from "../check.ts";
import { concat } from "../create.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { flip } from "../functions/movement.ts";
import { arange, scalar, type Tensor } from "../tensor.ts";
import type { RandomKey } from "../variable.ts";
import { aPairAboveZero, aRange, around, asPixels, checkImages, drawn, drawnBelow, madeOf } from "./batch.ts";
import {
  aSizePair,
  mapped,
  type OutsideOptions,
  outsideChecks,
  outsideOf,
  pairOf,
  pixelsAt,
  type SampleOptions,
  type SizePair,
  sampleChecks,
} from "./sample.ts";

/** Options of randomFlip. */
export interface FlipOptions {
  /** How often; default 0.5. */
  readonly p?: number;
  /** Left and right, top and bottom, or both, each by a draw of its own. Default "horizontal". */
  readonly direction?: "horizontal" | "vertical" | "both";
}

/**
 * Images of which each is mirrored with probability p, as torchvision's RandomHorizontalFlip and RandomVerticalFlip. Images are u8 or f32
 * [N, C, H, W], the result is f32; those of whole numbers, such as masks, are i32, and stay so.
 * @throws ShapeError for what is no batch of images, ArgumentError for a p outside 0..1
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { randomFlip } from "simdgrad/images";
 * const x = constant([1, 2, 3, 4], { shape: [1, 1, 2, 2] });
 * await evaluate(randomFlip(x, randomKey(0, "flip"), { p: 1 })); // => [2, 1, 4, 3]
 */
export function randomFlip(x: Tensor, key: RandomKey, options: FlipOptions = {}): Tensor {
  checkImages(x, "randomFlip", true);
  checkOptions(options, "randomFlip", { p: aNumberWithin(0, 1), direction: oneOf("horizontal", "vertical", "both") });
  const { p = 0.5, direction = "horizontal" } = options;
  const flipped = (images: Tensor, axis: number) => drawn(key, axis, x).less(p).select(flip(images, axis), images);
  const across = direction === "vertical" ? asPixels(x) : flipped(asPixels(x), 3);
  return madeOf(x, direction === "horizontal" ? across : flipped(across, 2));
}

/** Options of randomShift. */
export interface ShiftOptions extends OutsideOptions {
  /** How far at most, as a share of the width and of the height; default 0.1 of both. */
  readonly translate?: number | readonly [across: number, down: number];
}

/**
 * Images of which each is shifted by whole pixels, evenly from as far as it may to the left and up to as far to the right and down, as
 * torchvision's RandomAffine with `translate`. Images are u8 or f32 [N, C, H, W], the result is f32; those of whole numbers are i32, and stay so.
 * @throws ShapeError for what is no batch of images, ArgumentError for shares outside 0..1
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { randomShift } from "simdgrad/images";
 * const x = constant([1, 2, 3, 4], { shape: [1, 1, 2, 2] });
 * await evaluate(randomShift(x, randomKey(0, "shift"), { translate: 0 })); // => [1, 2, 3, 4]
 */
export function randomShift(x: Tensor, key: RandomKey, options: ShiftOptions = {}): Tensor {
  checkImages(x, "randomShift", true);
  const aShare = aNumberWithin(0, 1);
  checkOptions(options, "randomShift", {
    translate: (value, what) => {
      if (!Array.isArray(value)) return aShare(value, what);
      must(value.length === 2, value, what, "a share, or one across and one down");
      for (const each of value) aShare(each, what);
    },
    ...outsideChecks,
  });
  const { translate = 0.1, ...rest } = options;
  const [across, down] = typeof translate === "number" ? [translate, translate] : translate;
  const [, , height, width] = x.shape;
  const offset = (draw: number, most: number) => drawnBelow(key, draw, x, 2 * most + 1).sub(most);
  const row = places(height, 2).sub(offset(0, Math.floor(down * height)));
  const column = places(width, 3).sub(offset(1, Math.floor(across * width)));
  return madeOf(x, pixelsAt(x, row, column, outsideOf(x, rest, "randomShift")));
}

/** 0, 1, ... along an axis of [N, C, H, W]. */
function places(count: number, axis: number): Tensor {
  return arange(count).cast("f32").reshape([1, 1, 1, 1].with(axis, count));
}

/** Maps of the plane from the four numbers of their matrices, one each an image [N, 1, 1, 1]: [N, 2, 3], without a shift. */
function thetaOf(a: Tensor, b: Tensor, c: Tensor, d: Tensor): Tensor {
  const zero = a.mul(0);
  const [n] = a.shape;
  return concat(
    [a, b, zero, c, d, zero].map((each) => each.reshape([n, 1])),
    1,
  ).reshape([n, 2, 3]);
}

/** Options of randomRotate. */
export interface RotateOptions extends SampleOptions {
  /** From where to where, counterclockwise; one number b means -b to b. */
  readonly degrees: number | readonly [number, number];
}

/**
 * Images of which each is turned around its middle by an angle, as torchvision's RandomRotation. Images are u8 or f32 [N, C, H, W], the result
 * is f32 of the same size; with mode "nearest" those of whole numbers are i32, and stay so.
 * @throws ShapeError for what is no batch of images, ArgumentError for no range of degrees
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { randomRotate } from "simdgrad/images";
 * const x = constant([1, 2, 3, 4], { shape: [1, 1, 2, 2] });
 * await evaluate(randomRotate(x, randomKey(0, "turn"), { degrees: [90, 90], mode: "nearest" })); // => [2, 4, 1, 3]
 */
export function randomRotate(x: Tensor, key: RandomKey, options: RotateOptions): Tensor {
  checkImages(x, "randomRotate", options?.mode === "nearest");
  checkOptions(options, "randomRotate", { ...sampleChecks, degrees: aRange }, "degrees");
  const { degrees, ...rest } = options;
  const [low, high] = around(degrees);
  const angle = drawn(key, 0, x, low, high).mul(Math.PI / 180);
  const [, , height, width] = x.shape;
  const [cos, sin] = [angle.cos(), angle.sin()];
  const theta = thetaOf(cos, sin.mul(-height / Math.max(1, width)), sin.mul(width / Math.max(1, height)), cos);
  return mapped(x, theta, rest, "randomRotate");
}

/** Options of randomZoom. */
export interface ZoomOptions extends SampleOptions {
  /** From where to where: above 1 images are enlarged, below they shrink. */
  readonly scale: readonly [number, number];
}

/**
 * Images of which each is enlarged or shrunk around its middle, as torchvision's RandomAffine with `scale`. Images are u8 or f32
 * [N, C, H, W], the result is f32 of the same size; with mode "nearest" those of whole numbers are i32, and stay so.
 * @throws ShapeError for what is no batch of images, ArgumentError for scales that are not above 0
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { randomZoom } from "simdgrad/images";
 * const x = constant([0, 0, 0, 0, 0, 5, 6, 0, 0, 7, 8, 0, 0, 0, 0, 0], { shape: [1, 1, 4, 4] });
 * const y = randomZoom(x, randomKey(0, "zoom"), { scale: [2, 2], mode: "nearest" });
 * await evaluate(y); // => [5, 5, 6, 6, 5, 5, 6, 6, 7, 7, 8, 8, 7, 7, 8, 8]
 */
export function randomZoom(x: Tensor, key: RandomKey, options: ZoomOptions): Tensor {
  checkImages(x, "randomZoom", options?.mode === "nearest");
  checkOptions(options, "randomZoom", { ...sampleChecks, scale: aPairAboveZero }, "scale");
  const { scale, ...rest } = options;
  const inverse = scalar(1).div(drawn(key, 0, x, scale[0], scale[1]));
  const zero = inverse.mul(0);
  return mapped(x, thetaOf(inverse, zero, zero, inverse), rest, "randomZoom");
}

/** Options of randomCrop. */
export interface CropOptions extends OutsideOptions {
  /** Height and width of what is cut out, or one number for both. */
  readonly size: SizePair;
  /** So many pixels are put around the images first; default 0. */
  readonly padding?: number;
}

/**
 * A part of every image, each from a place of its own, as torchvision's RandomCrop. Images are u8 or f32 [N, C, H, W], the result is f32
 * [N, C, height, width]; those of whole numbers are i32, and stay so.
 * @throws ShapeError for what is no batch of images, or smaller than the part; ArgumentError for sizes below 1, and for what comes in
 * from outside where no padding is given
 *
 * @example
 * import { input, randomKey } from "simdgrad";
 * import { randomCrop } from "simdgrad/images";
 * randomCrop(input([64, 3, 32, 32], "u8"), randomKey(0, "crop"), { size: [32, 32], padding: 4 }).shape; // => [64, 3, 32, 32]
 */
export function randomCrop(x: Tensor, key: RandomKey, options: CropOptions): Tensor {
  checkImages(x, "randomCrop", true);
  checkOptions(options, "randomCrop", { size: aSizePair, padding: aWholeNumber(0), ...outsideChecks }, "size");
  const { padding = 0, ...rest } = options;
  for (const name of ["paddingMode", "fill"] as const)
    if (rest[name] !== undefined && options.padding === undefined)
      throw new ArgumentError(`randomCrop: ${name} is of the pixels that padding puts around: give padding, too`);
  const size = pairOf(rest.size);
  const outside = outsideOf(x, rest, "randomCrop");
  const place = (draw: number, axis: number) => {
    const [whole, part] = [x.shape[axis] + 2 * padding, size[axis - 2]];
    if (part > whole) throw new ShapeError(`randomCrop: ${part} pixels of ${whole} along axis ${axis}`);
    return places(part, axis)
      .add(drawnBelow(key, draw, x, whole - part + 1))
      .sub(padding);
  };
  return madeOf(x, pixelsAt(x, place(0, 2), place(1, 3), outside));
}
