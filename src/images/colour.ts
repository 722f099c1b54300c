// Images in other colours, with noise, or with a part erased: each by a draw of its own.
import { aBoolean, aFiniteNumber, aNumberWithin, checkOptions } from "../check.ts";
import { concat } from "../create.ts";
import { ShapeError } from "../errors.ts";
import { foldIn, normal } from "../ops/random.ts";
import { showShape } from "../shape.ts";
import { arange, type Tensor } from "../tensor.ts";
import type { RandomKey } from "../variable.ts";
import {
  aPair,
  aPairAboveZero,
  aRange,
  around,
  asFloats,
  type ColourOptions,
  checkImages,
  colourChecks,
  drawn,
  drawnBelow,
  madeOf,
  maxOf,
} from "./batch.ts";

/** Options of brightness, contrast and saturation. */
export interface FactorOptions extends ColourOptions {
  /** From where to where the factor lies; one number b means 1 - b, but at least 0, to 1 + b. */
  readonly factor: number | readonly [number, number];
}

function checkFactor(x: Tensor, options: FactorOptions, name: string): void {
  checkImages(x, name);
  checkOptions(options, name, { factor: aFactor, ...colourChecks }, "factor");
}

function aFactor(value: unknown, what: string): void {
  aRange(value, what);
  if (Array.isArray(value)) aNumberWithin(0)(value[0], what);
}

/** One factor an image. */
function factorOf(key: RandomKey, x: Tensor, factor: FactorOptions["factor"]): Tensor {
  const [low, high] = typeof factor === "number" ? [Math.max(0, 1 - factor), 1 + factor] : factor;
  return drawn(key, 0, x, low, high);
}

/** other + factor (x - other), within 0..max. */
function blended(x: Tensor, other: Tensor | number, factor: Tensor, max: number): Tensor {
  const mixed = typeof other === "number" ? x.mul(factor) : other.add(x.sub(other).mul(factor));
  return mixed.maximum(0).minimum(max);
}

/** Brightness as eyes see it (ITU-R BT.601), [N, 1, H, W]; of one channel that channel. */
function greyOf(x: Tensor, name: string): Tensor {
  const channels = x.shape[1];
  if (channels === 1) return x;
  const [red, green, blue] = coloursOf(x, name);
  return red.mul(0.2989).add(green.mul(0.587)).add(blue.mul(0.114));
}

function coloursOf(x: Tensor, name: string): Tensor[] {
  if (x.shape[1] !== 3) throw new ShapeError(`${name}: takes images of 1 or 3 channels, got ${showShape(x.shape)}`);
  return [0, 1, 2].map((channel) => x.narrow(1, channel, 1));
}

/**
 * Images of which each is multiplied by a factor, within 0..max, as torchvision's ColorJitter with `brightness`. Images are u8 or f32
 * [N, C, H, W], the result is f32.
 * @throws ShapeError for what is no batch of images, ArgumentError for factors below 0
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { brightness } from "simdgrad/images";
 * const x = constant([0.1, 0.2, 0.4, 0.8], { shape: [1, 1, 2, 2] });
 * await evaluate(brightness(x, randomKey(0, "bright"), { factor: [2, 2] })); // => [0.2, 0.4, 0.8, 1]
 */
export function brightness(x: Tensor, key: RandomKey, options: FactorOptions): Tensor {
  checkFactor(x, options, "brightness");
  return madeOf(x, blended(asFloats(x), 0, factorOf(key, x, options.factor), maxOf(x, options)));
}

/**
 * Images of 1 or 3 channels of which each has its differences to its mean grey multiplied by a factor, within 0..max, as torchvision's
 * ColorJitter with `contrast`. Images are u8 or f32 [N, C, H, W], the result is f32.
 * @throws ShapeError for what is no batch of such images, ArgumentError for factors below 0
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { contrast } from "simdgrad/images";
 * const x = constant([0.2, 0.4, 0.4, 0.6], { shape: [1, 1, 2, 2] });
 * await evaluate(contrast(x, randomKey(0, "contrast"), { factor: [0.5, 0.5] })); // => [0.3, 0.4, 0.4, 0.5]
 */
export function contrast(x: Tensor, key: RandomKey, options: FactorOptions): Tensor {
  checkFactor(x, options, "contrast");
  const own = asFloats(x);
  const mean = greyOf(own, "contrast").mean([1, 2, 3], { keepDims: true });
  return madeOf(x, blended(own, mean, factorOf(key, x, options.factor), maxOf(x, options)));
}

/**
 * Images of 1 or 3 channels of which each has its differences to its greys multiplied by a factor, within 0..max, as torchvision's
 * ColorJitter with `saturation`: 0 makes it grey. Images are u8 or f32 [N, C, H, W], the result is f32.
 * @throws ShapeError for what is no batch of such images, ArgumentError for factors below 0
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { saturation } from "simdgrad/images";
 * const red = constant([1, 0, 0], { shape: [1, 3, 1, 1] });
 * await evaluate(saturation(red, randomKey(0, "grey"), { factor: [0, 0] })); // => [0.2989, 0.2989, 0.2989]
 */
export function saturation(x: Tensor, key: RandomKey, options: FactorOptions): Tensor {
  checkFactor(x, options, "saturation");
  const own = asFloats(x);
  return madeOf(x, blended(own, greyOf(own, "saturation"), factorOf(key, x, options.factor), maxOf(x, options)));
}

/** Options of hue. */
export interface HueOptions {
  /** From where to where colours are moved around their circle, which is 1 around; one number b means -b to b. */
  readonly shift: number | readonly [number, number];
}

// With h6 the hue in sixths of the circle, channel n = 5, 3, 1 (red, green, blue) is max - (max - min) clamp(min(k, 4 - k), 0, 1) for
// k = (n + h6) mod 6: so saturation and value need not be known.
/**
 * Images of 3 channels of which each has its colours moved around the circle of hues, as torchvision's ColorJitter with `hue`; those of 1
 * channel stay. Images are u8 or f32 [N, C, H, W], the result is f32.
 * @throws ShapeError for what is no batch of such images, ArgumentError for shifts beyond half of the circle
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { hue } from "simdgrad/images";
 * const red = constant([1, 0, 0], { shape: [1, 3, 1, 1] });
 * await evaluate(hue(red, randomKey(0, "hue"), { shift: [0.5, 0.5] })); // => [0, 1, 1]
 */
export function hue(x: Tensor, key: RandomKey, options: HueOptions): Tensor {
  checkImages(x, "hue");
  const aShift = (value: unknown, what: string) => {
    aRange(value, what);
    for (const each of [value].flat()) aNumberWithin(-0.5, 0.5)(each, what);
  };
  checkOptions(options, "hue", { shift: aShift }, "shift");
  const [low, high] = around(options.shift);
  const shift = drawn(key, 0, x, low, high);
  const own = asFloats(x);
  if (x.shape[1] === 1) return own;
  const [red, green, blue] = coloursOf(own, "hue");
  const [most, least] = [red.maximum(green).maximum(blue), red.minimum(green).minimum(blue)];
  const range = most.sub(least);
  const isGrey = range.equal(0);
  const safe = isGrey.select(1, range);
  const sixths = most
    .equal(red)
    .select(
      green.sub(blue).div(safe),
      most.equal(green).select(blue.sub(red).div(safe).add(2), red.sub(green).div(safe).add(4)),
    );
  const turned = sixths.add(shift.mul(6));
  const channel = (n: number) => {
    const k = turned.add(n).remainder(6);
    return most.sub(range.mul(k.minimum(k.neg().add(4)).maximum(0).minimum(1)));
  };
  return madeOf(x, concat([channel(5), channel(3), channel(1)], 1));
}

/** Options of colorJitter: what is left out stays as it is. */
export interface ColorJitterOptions extends ColourOptions {
  /** As the factor of brightness. */
  readonly brightness?: number | readonly [number, number];
  /** As the factor of contrast. */
  readonly contrast?: number | readonly [number, number];
  /** As the factor of saturation. */
  readonly saturation?: number | readonly [number, number];
  /** As the shift of hue. */
  readonly hue?: number | readonly [number, number];
}

/**
 * Images in other colours: brightness, contrast, saturation and hue, in this order, each by a draw of its own, as torchvision's ColorJitter
 * (which draws the order, too). Images are u8 or f32 [N, C, H, W] with 1 or 3 channels, the result is f32.
 * @throws ShapeError for what is no batch of such images, ArgumentError for ranges that are none
 *
 * @example
 * import { input, randomKey } from "simdgrad";
 * import { colorJitter } from "simdgrad/images";
 * const options = { brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.05 };
 * colorJitter(input([64, 3, 32, 32], "u8"), randomKey(0, "colours"), options).dtype; // => "f32"
 */
export function colorJitter(x: Tensor, key: RandomKey, options: ColorJitterOptions = {}): Tensor {
  checkImages(x, "colorJitter");
  const checks = { brightness: aFactor, contrast: aFactor, saturation: aFactor, hue: aRange };
  checkOptions(options, "colorJitter", { ...checks, ...colourChecks });
  const max = maxOf(x, options);
  const keys = [0, 1, 2, 3].map((draw) => foldIn(key, draw));
  const factors = [
    [brightness, options.brightness],
    [contrast, options.contrast],
    [saturation, options.saturation],
  ] as const;
  const coloured = factors.reduce(
    (own, [change, factor], i) => (factor === undefined ? own : change(own, keys[i], { factor, max })),
    asFloats(x),
  );
  return madeOf(x, options.hue === undefined ? coloured : hue(coloured, keys[3], { shift: options.hue }));
}

/** Options of addNoise. */
export interface NoiseOptions extends ColourOptions {
  /** Standard deviation, as a share of max; default 0.1. */
  readonly sigma?: number;
  /** Mean, as a share of max; default 0. */
  readonly mean?: number;
  /** Keep results within 0..max; default true. */
  readonly clip?: boolean;
}

/**
 * Images with normal noise on every element, as torchvision's GaussianNoise. Images are u8 or f32 [N, C, H, W], the result is f32.
 * @throws ShapeError for what is no batch of images, ArgumentError for a sigma below 0
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { addNoise } from "simdgrad/images";
 * const x = constant([0.1, 0.2, 0.4, 0.8], { shape: [1, 1, 2, 2] });
 * await evaluate(addNoise(x, randomKey(0, "noise"), { sigma: 0, mean: 0.5 })); // => [0.6, 0.7, 0.9, 1]
 */
export function addNoise(x: Tensor, key: RandomKey, options: NoiseOptions = {}): Tensor {
  checkImages(x, "addNoise");
  const checks = { sigma: aNumberWithin(0), mean: aFiniteNumber, clip: aBoolean };
  checkOptions(options, "addNoise", { ...checks, ...colourChecks });
  const { sigma = 0.1, mean = 0, clip = true } = options;
  const max = maxOf(x, options);
  const noisy = asFloats(x).add(normal(key, x.shape, mean * max, sigma * max));
  return madeOf(x, clip ? noisy.maximum(0).minimum(max) : noisy);
}

/** Options of cutout. */
export interface CutoutOptions {
  /** How often; default 0.5. */
  readonly p?: number;
  /** From where to where the erased share of the image lies; default [0.02, 0.33]. */
  readonly scale?: readonly [number, number];
  /** From where to where height over width lies, evenly by logarithm; default [0.3, 3.3]. */
  readonly ratio?: readonly [number, number];
  /** What is put there; default 0. */
  readonly value?: number;
}

/**
 * Images of which each has a rectangle erased with probability p, as torchvision's RandomErasing (DeVries and Taylor 2017, Zhong et al.
 * 2017); one that would be higher or wider than the image is cut to it. Images are u8 or f32 [N, C, H, W], the result is f32.
 * @throws ShapeError for what is no batch of images, ArgumentError for shares outside 0..1
 *
 * @example
 * import { constant, evaluate, randomKey } from "simdgrad";
 * import { cutout } from "simdgrad/images";
 * const x = constant([1, 2, 3, 4], { shape: [1, 1, 2, 2] });
 * await evaluate(cutout(x, randomKey(0, "cut"), { p: 1, scale: [1, 1], ratio: [1, 1], value: 9 })); // => [9, 9, 9, 9]
 */
export function cutout(x: Tensor, key: RandomKey, options: CutoutOptions = {}): Tensor {
  checkImages(x, "cutout");
  const aShare = (value: unknown, what: string) => {
    aPair(value, what);
    for (const each of value as readonly unknown[]) aNumberWithin(0, 1)(each, what);
  };
  checkOptions(options, "cutout", {
    p: aNumberWithin(0, 1),
    scale: aShare,
    ratio: aPairAboveZero,
    value: aFiniteNumber,
  });
  const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options;
  const [, , height, width] = x.shape;
  const area = drawn(key, 0, x, scale[0], scale[1]).mul(height * width);
  const shape = drawn(key, 1, x, Math.log(ratio[0]), Math.log(ratio[1])).exp();
  const side = (length: Tensor, most: number) => length.sqrt().round().maximum(1).minimum(most);
  const inside = (draw: number, count: Tensor, axis: number) => {
    const whole = x.shape[axis];
    const start = drawnBelow(key, draw, x, count.neg().add(whole + 1));
    const place = arange(whole).cast("f32").reshape([1, 1, 1, 1].with(axis, whole));
    return place.greaterEqual(start).mul(place.less(start.add(count)));
  };
  const rows = inside(2, side(area.mul(shape), height), 2);
  const columns = inside(3, side(area.div(shape), width), 3);
  const isErased = rows.mul(columns).mul(drawn(key, 4, x).less(p));
  return madeOf(x, isErased.select(value, asFloats(x)));
}
