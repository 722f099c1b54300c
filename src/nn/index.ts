// simdgrad/nn: layers, activations, losses, initialisers.
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type BatchNormOptions,
  fuseBatchNorm,
} from "./batch-normalization.ts";
export { Branches, Residual, Sequential, WeightNorm } from "./containers.ts";
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export * from "./functional.ts";
export {
  GroupNorm,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type InstanceNormOptions,
  LocalResponseNorm,
  type LocalResponseNormOptions,
} from "./group-normalization.ts";
export * as init from "./init.ts";
export { Bilinear, Flatten, Identity, Linear, PReLU } from "./layers.ts";
export * from "./losses.ts";
export {
  type Context,
  evaluationContext,
  forward,
  type Layer,
  type Module,
  parameters,
  setTrainable,
  trainingContext,
  variables,
} from "./module.ts";
export { LayerNorm, RMSNorm } from "./normalization.ts";
export {
  AlphaDropout,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  DropPath,
  GaussianNoise,
  RReLU,
} from "./regularization.ts";
export { SpectralNorm, type SpectralNormOptions } from "./spectral-norm.ts";
export { type Summary, type SummaryLayer, summary } from "./summary.ts";
export { type LossWithOptions, withOptions } from "./with-options.ts";
