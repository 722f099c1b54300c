// What functions of image batches share: which tensors are images, draws of one number an image, how bright the brightest is.
import { aFiniteNumber, aPositiveNumber, must } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { cast } from "../ops/elementwise.ts";
import { foldIn, uniform } from "../ops/random.ts";
import { checkDType, showShape } from "../shape.ts";
import { aTensor, scalar, type Tensor } from "../tensor.ts";
import type { RandomKey } from "../variable.ts";

/** Options of functions that keep colours within 0..max. */
export interface ColourOptions {
  /** What is brightest: results lie within 0..max. Default 255 for u8, and for the f32 that a cast or functions of images made of u8, else 1. */
  readonly max?: number;
}

export const colourChecks = { max: aPositiveNumber };

/** Throws unless x is a batch of images: u8 or f32, [N, C, H, W]; with `labels` it may be one of whole numbers, such as masks, too. */
export function checkImages(x: Tensor, name: string, labels = false): void {
  aTensor(x, `${name}: x`);
  checkDType(x, labels ? ["f32", "u8", "i32"] : ["f32", "u8"], name);
  if (x.shape.length !== 4) throw new ShapeError(`${name}: takes images [N, C, H, W], got ${showShape(x.shape)}`);
}

/** Pixels as they are given: whole numbers as such, all others as f32. */
export function asPixels(x: Tensor): Tensor {
  return x.dtype === "i32" ? x : x.cast("f32");
}

/** Images as f32. */
export function asFloats(x: Tensor): Tensor {
  return x.cast("f32");
}

export function maxOf(x: Tensor, { max }: ColourOptions): number {
  return max ?? (isOfBytes(x) ? 255 : 1);
}

/** f32 of images that were bytes: from 0 to 255. */
const ofBytes = new WeakSet<Tensor>();

/** Whether the brightest may be 255: bytes, what they are cast to (as by a Trainer without `preprocess`), and what is made of such here. */
function isOfBytes(x: Tensor): boolean {
  return x.dtype === "u8" || ofBytes.has(x) || (x.op === cast && x.inputs[0].dtype === "u8");
}

/** What was made of images, with what is known of their brightest. */
export function madeOf(x: Tensor, result: Tensor): Tensor {
  if (isOfBytes(x)) ofBytes.add(result);
  return result;
}

/** One number an image, uniform in [low, high), beside [N, C, H, W]: the draw with this number of the key's. */
export function drawn(key: RandomKey, draw: number, x: Tensor, low = 0, high = 1): Tensor {
  return uniform(foldIn(key, draw), [x.shape[0], 1, 1, 1], low, high);
}

/** One whole number an image, of 0..count-1, as f32. `count` may be a number an image, too. */
export function drawnBelow(key: RandomKey, draw: number, x: Tensor, count: Tensor | number): Tensor {
  const most = typeof count === "number" ? scalar(count) : count;
  return drawn(key, draw, x).mul(most).floor().minimum(most.sub(1));
}

/** The two ends of an interval: of a number b they are -b and b. */
export function around(range: number | readonly [number, number]): readonly [number, number] {
  return typeof range === "number" ? [-range, range] : range;
}

/** A number, at least 0, or two in order. */
export function aRange(value: unknown, what: string): void {
  if (typeof value === "number") {
    must(Number.isFinite(value) && value >= 0, value, what, "a number >= 0, or two in order");
    return;
  }
  aPair(value, what);
}

/** Two finite numbers, the second not below the first. */
export function aPair(value: unknown, what: string): void {
  must(Array.isArray(value) && value.length === 2, value, what, "a pair of numbers");
  const [low, high] = value as readonly unknown[];
  for (const each of [low, high]) aFiniteNumber(each, what);
  if (Number(low) > Number(high)) throw new ArgumentError(`${what}: ${low} is above ${high}`);
}

/** Two numbers above 0, the second not below the first. */
export function aPairAboveZero(value: unknown, what: string): void {
  aPair(value, what);
  for (const each of value as readonly unknown[]) aPositiveNumber(each, what);
}
