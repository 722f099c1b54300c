// What normalisations share: sums, means and variances of channels, and their weights and biases, each with its gradient in one pass.
// Channels are the middle axis of [outer, channels, inner]; features of rows are channels of [rows, features, 1].
import { customGradient } from "../autodiff.ts";
import { moments, weightedSums } from "../ops/normalize.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { scalar, type Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";

/** A variable of one value everywhere at first. */
export function filled(shape: Shape, value: number, label: string, trainable = true): Variable {
  return new Variable(shape, (own) => scalar(value).broadcastTo(own), { label, trainable });
}

/** x [N, C, ...] as [N, C, all others]. */
export function byChannels(x: Tensor): Tensor {
  return x.reshape([x.shape[0], x.shape[1], sizeOf(x.shape.slice(2))]);
}

/** [C] beside [outer, C, inner]. */
function column(channels: Tensor): Tensor {
  return channels.unsqueeze(-1);
}

const LONG = 16; // from which on what is summed for a channel lies in stretches, below it channels lie side by side
const SHORTEST = 128; // of the parts that a sum is cut into
const ENOUGH = 64; // parts of all sums, for any number of threads to share
const SIDE_BY_SIDE = 16; // channels that are summed together

/** How many equal parts sums of n numbers are cut into, where there are so many beside one another: it follows from the shape alone. */
function partsOf(n: number, beside: number): number {
  let parts = 1;
  for (let each = 2; parts * beside < ENOUGH && each * SHORTEST <= n; each++) if (n % each === 0) parts = each;
  return parts;
}

/** [outer, channels, inner] as lines that are summed along their middle axis, and the shape of these sums: [before, channels, behind]. */
function linesOf({ shape: [outer, channels, inner] }: Tensor): { readonly lines: Shape; readonly sums: Shape } {
  if (inner >= LONG) {
    const parts = partsOf(inner, outer * channels);
    return { lines: [outer * channels * parts, inner / parts, 1], sums: [outer, channels, parts] };
  }
  const parts = partsOf(outer, Math.ceil((channels * inner) / SIDE_BY_SIDE));
  return { lines: [parts, outer / parts, channels * inner], sums: [parts, channels, inner] };
}

/** The sum of all parts [before, channels, behind], for each channel. */
function sumOfParts(parts: Tensor): Tensor {
  const { shape } = parts;
  const several = [0, 2].filter((axis) => shape[axis] !== 1);
  return (several.length === 0 ? parts : parts.sum(several)).reshape([shape[1]]);
}

/** Sums of a, and of a b, over all but the channels. */
function channelSums(a: Tensor, b: Tensor): { readonly sums: Tensor; readonly products: Tensor } {
  const { lines, sums: shape } = linesOf(a);
  const { sums, products } = weightedSums(a.reshape(lines), b.reshape(lines));
  return { sums: sumOfParts(sums.reshape(shape)), products: sumOfParts(products.reshape(shape)) };
}

/** Of each channel: the mean, what its rounding left, and the variance, all of one shape. */
export interface Statistics {
  readonly mean: Tensor;
  readonly rest: Tensor;
  /** The biased one. */
  readonly variance: Tensor;
}

/** Statistics of the channels, [channels]. */
// Of parts of n numbers each, with means m and squares q: mean = mean m; variance = (sum q + n (m - mean)^2) / all. The mean is rounded, so
// what is left of it is taken off the deviations, and off their squares.
export function channelStatistics(x: Tensor): Statistics {
  const { lines, sums: shape } = linesOf(x);
  const n = lines[1];
  const parts = shape[0] * shape[2];
  const found = moments(x.reshape(lines));
  const [means, rests, squares] = [found.mean, found.rest, found.squares].map((each) => each.reshape(shape));
  if (parts === 1) {
    const [mean, rest, all] = [means, rests, squares].map((each) => each.reshape([shape[1]]));
    return { mean, rest, variance: all.div(n) };
  }
  const mean = sumOfParts(means).div(parts);
  const apart = means.sub(column(mean)).add(rests);
  const rest = sumOfParts(apart).div(parts);
  const all = sumOfParts(squares.add(apart.square().mul(n)));
  return {
    mean,
    rest,
    variance: all
      .div(n * parts)
      .sub(rest.square())
      .maximum(0),
  };
}

/** y weight + bias for y [outer, channels, inner], weight and bias [channels], where there are these. */
export function scaled(y: Tensor, weight: Tensor | undefined, bias: Tensor | undefined): Tensor {
  if (weight === undefined) return bias === undefined ? y : y.add(column(bias));
  const product = y.mul(column(weight));
  const value = bias === undefined ? product : product.add(column(bias));
  const rule = (g: Tensor, [own, factors]: readonly Tensor[]) => {
    const { sums, products } = channelSums(g, own);
    return [g.mul(column(factors)), products, sums];
  };
  if (bias === undefined)
    return customGradient(
      () => value,
      (g, inputs) => rule(g, inputs).slice(0, 2),
    )(y, weight);
  return customGradient(() => value, rule)(y, weight, bias);
}

// With r = 1 / sqrt(variance + eps) and y = (x - mean) r, for a cotangent g: dweight = sum g y, dbias = sum g, and
// dx = weight r (g - mean g - y mean(g y)), so backward is two sums a channel and one map. Maps keep the shape of x, to be one with what follows.
/** x [N, channels, ...] with mean 0 and variance 1 in every channel, times weight, plus bias, where there are these. */
export function standardised(x: Tensor, epsilon: number, weight: Tensor | undefined, bias: Tensor | undefined): Tensor {
  const beside = (channels: Tensor) => channels.reshape([...channels.shape, ...x.shape.slice(2).map(() => 1)]);
  const statistics = (own: Tensor) => channelStatistics(byChannels(own));
  const inverseOf = (own: Tensor) => statistics(own).variance.add(epsilon).rsqrt();
  const plain = (own: Tensor) => {
    const { mean, rest } = statistics(own);
    return own
      .sub(beside(mean))
      .sub(beside(rest))
      .mul(beside(inverseOf(own)));
  };
  const given = [weight, bias].filter((each) => each !== undefined);
  const value = customGradient(
    (own) => {
      const scale = weight === undefined ? plain(own) : plain(own).mul(beside(weight));
      return bias === undefined ? scale : scale.add(beside(bias));
    },
    (g, [own, factors]) => {
      const y = plain(own);
      const { sums, products } = channelSums(byChannels(g), byChannels(y));
      const count = sizeOf(own.shape) / own.shape[1];
      const rest = g.sub(beside(sums.div(count))).sub(y.mul(beside(products.div(count))));
      const factor = weight === undefined ? inverseOf(own) : inverseOf(own).mul(factors);
      const shares = [weight && products, bias && sums].filter((each) => each !== undefined);
      return [rest.mul(beside(factor)), ...shares];
    },
  );
  return value(x, ...given);
}
