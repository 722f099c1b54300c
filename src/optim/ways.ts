// From one rate to another. A rate is both ends, each times its share: so it is right at either end, however far apart they are, where
// one end plus a share of the difference would be off by the rounding of the larger.
import type { Tensor } from "../tensor.ts";

/** How far it is: what is left and what is made, as shares of the whole, each right also where it is next to nothing. */
export interface Way {
  readonly left: Tensor;
  readonly made: Tensor;
}

/** A line from step 0 to `length`, and its end from then on. Steps are i32; a length that is none goes by f32. */
export function wayOver(step: Tensor, length: number): Way {
  if (!Number.isInteger(length) || length >= 2 ** 31) return wayBetween(step.cast("f32"), 0, length);
  const left = step.neg().add(length).maximum(0).cast("f32");
  return { left: left.div(length), made: step.minimum(length).cast("f32").div(length) };
}

/** A line from time `start` to `end`, f32, that goes on beyond neither. */
export function wayBetween(time: Tensor, start: number, end: number): Way {
  const share = (part: Tensor) =>
    part
      .mul(1 / (end - start))
      .maximum(0)
      .minimum(1);
  return { left: share(time.neg().add(end)), made: share(time.sub(start)) };
}

/** Half a cosine in the place of a line: (1 + cos(pi made)) / 2 = sin^2(pi left / 2), which does not cancel at its end. */
export function alongCosine({ left, made }: Way): Way {
  const bent = (share: Tensor) =>
    share
      .mul(Math.PI / 2)
      .sin()
      .square();
  return { left: bent(left), made: bent(made) };
}

/** The rate on the way. */
export function rateOn({ left, made }: Way, from: number, to: number): Tensor {
  if (to === 0) return left.mul(from);
  return from === 0 ? made.mul(to) : left.mul(from).add(made.mul(to));
}
