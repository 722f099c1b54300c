// Digits moved by a pixel or two while they are trained on, another way each time: a network that has seen them so reads drawings better.
import type { Batch, TrainerOptions } from "simdgrad";
import { randomShift } from "simdgrad/images";

type Transform = NonNullable<TrainerOptions["transform"]>;

const SIDE = 28;
/** Of a digit's side: a pixel, and a little, so that rounding takes nothing away. */
const PIXEL = 0.04;
/** Paper, as `preprocess` leaves it. */
const PAPER = -0.1307 / 0.3081;

/** Moves the digits of each batch by up to so many pixels, across and down. */
export function shifting(pixels: number): Transform {
  return ({ x, ...rest }: Batch, context) => {
    const images = x.reshape([x.shape[0], 1, SIDE, SIDE]);
    const moved = randomShift(images, context.key(), { translate: PIXEL * pixels, fill: PAPER });
    return { ...rest, x: moved.reshape(x.shape) };
  };
}
