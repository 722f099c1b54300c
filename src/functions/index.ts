// simdgrad/functions: functions of tensors that fewer pages need than its methods. They build graphs, nothing else.
export { scatterAddAlongAxis, takeAlongAxis } from "../ops/along.ts";
export {
  type ConvolutionOptions,
  type ConvolutionPadding,
  type ConvolutionTransposeOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type PerAxis,
} from "../ops/convolve.ts";
export { cumulativeMax, cumulativeMin, cumulativeSum } from "../ops/cumulative.ts";
export { argsort, sort, topK } from "../ops/sort.ts";
export { type FullOptions, full, linspace, ones, zeros } from "./create.ts";
export { einsum } from "./einsum.ts";
export { acosh, asinh, atanh, cosh, sinh } from "./hyperbolic.ts";
export { log2, log10 } from "./logarithms.ts";
export { all, any, isFinite, isInfinite, isNaN, logicalAnd, logicalNot, logicalOr, logicalXor } from "./logic.ts";
export { diagonal, tril, triu } from "./matrices.ts";
export { chunk, flip, repeat, repeatInterleave, roll, split, unfold } from "./movement.ts";
export { type PadMode, pad } from "./padding.ts";
export {
  type AvgPoolOptions,
  adaptiveAvgPool,
  adaptiveMaxPool,
  adaptiveMaxPoolWithIndices,
  avgPool,
  lpPool,
  type MaxPoolOptions,
  type MaxUnpoolOptions,
  maxPool,
  maxPoolWithIndices,
  maxUnpool,
  type Pooled,
  type PoolOptions,
} from "./pooling.ts";
export { prod } from "./products.ts";
export { type InterpolateOptions, interpolate, pixelShuffle, pixelUnshuffle, type ResizeMode } from "./resize.ts";
export { acos, asin, atan, atan2, tan } from "./trigonometry.ts";
export type { Sizes } from "./windows.ts";
