// simdgrad/nn: layers, activations, losses, initialisers.
export {
  type AttentionMasks,
  type AttentionOptions,
  MultiheadAttention,
  type MultiheadAttentionOptions,
  type MultiheadInput,
  type MultiheadOutput,
  scaledDotProductAttention,
} from "./attention.ts";
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type BatchNormOptions,
  fuseBatchNorm,
} from "./batch-normalization.ts";
export type { KeyValueCache } from "./cache.ts";
export { Branches, Residual, Sequential, WeightNorm } from "./containers.ts";
export {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeOptions,
  type PaddingMode,
} from "./convolution.ts";
export {
  type CtcBeamDecodeOptions,
  type CtcDecoded,
  type CtcDecodeOptions,
  ctcBeamDecode,
  ctcGreedyDecode,
} from "./ctc-decoding.ts";
export {
  Embedding,
  EmbeddingBag,
  type EmbeddingBagInput,
  type EmbeddingBagOptions,
  type EmbeddingOptions,
} from "./embedding.ts";
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
export { Bilinear, Flatten, Identity, Linear, PReLU, Unflatten } from "./layers.ts";
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
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  Cropping1d,
  Cropping2d,
  Cropping3d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad2d,
} from "./padding.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  LPPool1d,
  LPPool2d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  MaxUnpool1d,
  MaxUnpool2d,
  MaxUnpool3d,
} from "./pooling.ts";
export { type RotaryOptions, rotaryPositions, sinusoidalPositions } from "./positions.ts";
export {
  GRU,
  GRUCell,
  LSTM,
  LSTMCell,
  type LSTMState,
  type RecurrentOptions,
  RNN,
  RNNCell,
  type SequenceInput,
  type SequenceOutput,
} from "./recurrent.ts";
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
export { PixelShuffle, PixelUnshuffle, Upsample } from "./resizing.ts";
export { SpectralNorm, type SpectralNormOptions } from "./spectral-norm.ts";
export { Stateful, type StatefulInput } from "./stateful.ts";
export { type Summary, type SummaryLayer, summary } from "./summary.ts";
export {
  type DecoderInput,
  type EncoderInput,
  Transformer,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerInput,
  type TransformerLayerOptions,
  type TransformerOptions,
} from "./transformer.ts";
export { Fold, Unfold, type UnfoldOptions } from "./unfold.ts";
export { type LossWithOptions, withOptions } from "./with-options.ts";
