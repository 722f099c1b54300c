// What functions of image batches share: which tensors are images, draws of one number an image, how bright the brightest is.
import { aFiniteNumber, aPositiveNumber, must } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { foldIn, uniform } from "../ops/random.ts";
import { checkDType, showShape } from "../shape.ts";
import { aTensor, scalar, type Tensor } from "../tensor.ts";
import type { RandomKey } from "../variable.ts";

/** Options of functions that keep colours within 0..max. */
export interface ColourOptions {
  /** What is brightest: results lie within 0..max. Default 255 for u8, 1 for f32. */
  readonly max?: number;
}

export const colourChecks = { max: aPositiveNumber };

/** Throws unless x is a batch of images: u8 or f32, [N, C, H, W]. */
export function checkImages(x: Tensor, name: string): void {
  aTensor(x, `${name}: x`);
  checkDType(x, ["f32", "u8"], name);
  if (x.shape.length !== 4) throw new ShapeError(`${name}: takes images [N, C, H, W], got ${showShape(x.shape)}`);
}

/** Images as f32. */
export function asFloats(x: Tensor): Tensor {
  return x.cast("f32");
}

export function maxOf(x: Tensor, { max }: ColourOptions): number {
  return max ?? (x.dtype === "u8" ? 255 : 1);
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
