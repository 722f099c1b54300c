// Layers that change the sizes of the spatial axes: PyTorch's names and defaults. None has parameters.
import { aWholeNumber } from "../check.ts";
import {
  checkResizing,
  type InterpolateOptions,
  pixelShuffle,
  pixelUnshuffle,
  type ResizeMode,
  resized,
} from "../functions/resize.ts";
import type { Sizes } from "../functions/windows.ts";
import { checkDType } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Context, checkAlone, type Module } from "./module.ts";

/**
 * x [N, C, W], [N, C, H, W] or [N, C, D, H, W] with spatial axes of another `size`, or so many times as long, as torch.nn.Upsample: new
 * elements are the nearest ones, or by `mode` linear, bilinear, bicubic or trilinear between them.
 * @throws ArgumentError unless one of size and scaleFactor is given, and for alignCorners with nearest; forward throws ShapeError for x
 * with other axes than the mode takes
 *
 * @example
 * import { evaluationContext, Upsample } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new Upsample({ scaleFactor: 2 }).forward(input([8, 16, 5, 5]), evaluationContext()).shape; // => [8, 16, 10, 10]
 * new Upsample({ size: [7, 9], mode: "bilinear" }).forward(input([8, 16, 5, 5]), evaluationContext()).shape; // => [8, 16, 7, 9]
 */
export class Upsample implements Module {
  readonly size: Sizes | undefined;
  readonly scaleFactor: Sizes | undefined;
  readonly mode: ResizeMode;
  readonly alignCorners: boolean | undefined;

  constructor(options: InterpolateOptions) {
    checkResizing(options, "Upsample");
    this.size = options.size;
    this.scaleFactor = options.scaleFactor;
    this.mode = options.mode ?? "nearest";
    this.alignCorners = options.alignCorners;
  }

  forward(x: Tensor, context?: Context): Tensor {
    checkAlone(x, context, "Upsample");
    return resized(x, this, "Upsample");
  }
}

/**
 * Channels made places: [..., C r^2, H, W] as [..., C, H r, W r], as torch.nn.PixelShuffle (Shi et al. 2016).
 * @throws ArgumentError for a factor below 1; forward throws ShapeError unless r^2 divides the channels
 *
 * @example
 * import { evaluationContext, PixelShuffle } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new PixelShuffle(3).forward(input([8, 18, 4, 4]), evaluationContext()).shape; // => [8, 2, 12, 12]
 */
export class PixelShuffle implements Module {
  readonly upscaleFactor: number;

  constructor(upscaleFactor: number) {
    aWholeNumber(1)(upscaleFactor, "PixelShuffle: upscaleFactor");
    this.upscaleFactor = upscaleFactor;
  }

  forward(x: Tensor, context?: Context): Tensor {
    checkAlone(x, context, "PixelShuffle");
    checkDType(x, ["f32", "i32"], "PixelShuffle");
    return pixelShuffle(x, this.upscaleFactor);
  }
}

/**
 * Places made channels: [..., C, H r, W r] as [..., C r^2, H, W], as torch.nn.PixelUnshuffle: undoes `PixelShuffle`.
 * @throws ArgumentError for a factor below 1; forward throws ShapeError unless r divides height and width
 *
 * @example
 * import { evaluationContext, PixelUnshuffle } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new PixelUnshuffle(3).forward(input([8, 2, 12, 12]), evaluationContext()).shape; // => [8, 18, 4, 4]
 */
export class PixelUnshuffle implements Module {
  readonly downscaleFactor: number;

  constructor(downscaleFactor: number) {
    aWholeNumber(1)(downscaleFactor, "PixelUnshuffle: downscaleFactor");
    this.downscaleFactor = downscaleFactor;
  }

  forward(x: Tensor, context?: Context): Tensor {
    checkAlone(x, context, "PixelUnshuffle");
    checkDType(x, ["f32", "i32"], "PixelUnshuffle");
    return pixelUnshuffle(x, this.downscaleFactor);
  }
}
