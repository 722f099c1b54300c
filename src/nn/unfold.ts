// Patches of images as columns, and columns put back: slices of each tap, side by side or added.
import { checkOptions } from "../check.ts";
import { stack } from "../create.ts";
import { ShapeError } from "../errors.ts";
import { eachAxis, type PerAxis, perAxis } from "../ops/convolve.ts";
import { spread } from "../ops/movement.ts";
import { checkDType, checkShape, showShape, sizeOf } from "../shape.ts";
import { apply, aTensor, type Tensor } from "../tensor.ts";
import type { Context, Module } from "./module.ts";

/** Options of Unfold and Fold. */
export interface UnfoldOptions {
  /** From tap to tap of a patch. Default 1. */
  readonly dilation?: PerAxis;
  /** Zeros around an image. Default 0. */
  readonly padding?: PerAxis;
  /** From patch to patch. Default 1. */
  readonly stride?: PerAxis;
}

/** Taps of a patch: each is a part of the graph. */
const MOST_TAPS = 2 ** 16;

/** Patches of images: their taps, and where they lie. */
class Patches {
  readonly kernelSize: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];
  protected readonly kind: string;

  constructor(name: string, kernelSize: PerAxis, options: UnfoldOptions) {
    perAxis(1)(kernelSize, `${name}: kernelSize`);
    checkOptions(options, name, { dilation: perAxis(1), padding: perAxis(0), stride: perAxis(1) });
    const { dilation = 1, padding = 0, stride = 1 } = options;
    this.kernelSize = eachAxis(kernelSize, 2, `${name}: kernelSize`);
    this.dilation = eachAxis(dilation, 2, `${name}: dilation`);
    this.padding = eachAxis(padding, 2, `${name}: padding`);
    this.stride = eachAxis(stride, 2, `${name}: stride`);
    this.kind = name;
    checkShape(this.kernelSize, `${name}: kernelSize`, MOST_TAPS);
  }

  /** Height and width of an image, with its zeros, and how many patches there are of it. */
  protected sizesOf(size: readonly number[]) {
    const room = size.map((each, axis) => each + 2 * this.padding[axis]);
    const counts = room.map((each, axis) => {
      const reach = (this.kernelSize[axis] - 1) * this.dilation[axis];
      if (each < reach + 1)
        throw new ShapeError(`${this.kind}: patches cover ${reach + 1} of axis ${axis + 2}, an image has ${each}`);
      return Math.floor((each - reach - 1) / this.stride[axis]) + 1;
    });
    return { room, counts };
  }

  /** Where the first patch has each tap, row by row. */
  protected taps(): readonly (readonly [y: number, x: number])[] {
    const [height, width] = this.kernelSize;
    const [down, right] = this.dilation;
    return Array.from({ length: height * width }, (_, t) => [Math.floor(t / width) * down, (t % width) * right]);
  }
}

/**
 * Patches of images x [N, C, height, width] as columns [N, C * taps, patches], as torch.nn.Unfold: taps of a channel lie one after the
 * other, row by row; so do patches.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError where x has another rank, or is smaller than a patch
 *
 * @example
 * import { arange, evaluate } from "simdgrad";
 * import { Unfold } from "simdgrad/nn";
 * await evaluate(new Unfold([1, 2]).forward(arange(4).cast("f32").reshape([1, 1, 1, 4]))); // => [0, 1, 2, 1, 2, 3]
 */
export class Unfold extends Patches implements Module {
  constructor(kernelSize: PerAxis, options: UnfoldOptions = {}) {
    super("Unfold", kernelSize, options);
  }

  forward(x: Tensor, _context?: Context): Tensor {
    aTensor(x, "Unfold: x");
    checkDType(x, ["f32", "i32"], "Unfold");
    if (x.shape.length !== 4) throw new ShapeError(`Unfold: takes x [N, C, H, W], got ${showShape(x.shape)}`);
    const [images, channels, ...size] = x.shape;
    const { counts } = this.sizesOf(size);
    const [[top, left], [down, right]] = [this.padding, this.stride];
    const padded = x.pad([
      [0, 0],
      [0, 0],
      [top, top],
      [left, left],
    ]);
    const parts = this.taps().map(([y, at]) =>
      padded.slice(
        null,
        null,
        [y, y + (counts[0] - 1) * down + 1, down],
        [at, at + (counts[1] - 1) * right + 1, right],
      ),
    );
    return stack(parts, 2).reshape([images, channels * parts.length, sizeOf(counts)]);
  }
}

/**
 * Columns x [N, C * taps, patches] added up in images [N, C, ...outputSize], where patches overlap, too: as torch.nn.Fold, what Unfold does
 * to gradients.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError where x has other columns than images of `outputSize` have
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { Fold } from "simdgrad/nn";
 * await evaluate(new Fold([1, 3], [1, 2]).forward(constant([[[1, 2], [3, 4]]]))); // => [1, 5, 4]
 */
export class Fold extends Patches implements Module {
  readonly outputSize: readonly number[];

  constructor(outputSize: PerAxis, kernelSize: PerAxis, options: UnfoldOptions = {}) {
    super("Fold", kernelSize, options);
    perAxis(1)(outputSize, "Fold: outputSize");
    this.outputSize = eachAxis(outputSize, 2, "Fold: outputSize");
  }

  forward(x: Tensor, _context?: Context): Tensor {
    aTensor(x, "Fold: x");
    checkDType(x, ["f32"], "Fold");
    const { room, counts } = this.sizesOf(this.outputSize);
    const taps = this.taps();
    const [images, rows = 0, columns = 0] = x.shape;
    if (x.shape.length !== 3 || rows % taps.length !== 0 || columns !== sizeOf(counts))
      throw new ShapeError(`Fold: takes x [N, C * ${taps.length}, ${sizeOf(counts)}], got ${showShape(x.shape)}`);
    const channels = rows / taps.length;
    const parts = x.reshape([images, channels, taps.length, ...counts]);
    const shape = [images, channels, ...room];
    const sizes = [images, channels, ...counts];
    const steps = [1, 1, ...this.stride];
    const sum = taps
      .map(([y, left], t) => {
        const part = parts.narrow(2, t, 1).reshape(sizes);
        return apply(spread, [part], { shape, value: 0, ranges: [{ starts: [0, 0, y, left], sizes, steps }] });
      })
      .reduce((all, each) => all.add(each));
    return sum.narrow(2, this.padding[0], this.outputSize[0]).narrow(3, this.padding[1], this.outputSize[1]);
  }
}
