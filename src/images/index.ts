// simdgrad/images: batches of images, changed at random while they train, and made of pixels and files. They build graphs, but for the last.
export type { ColourOptions } from "./batch.ts";
export {
  addNoise,
  brightness,
  type ColorJitterOptions,
  type CutoutOptions,
  colorJitter,
  contrast,
  cutout,
  type FactorOptions,
  type HueOptions,
  hue,
  type NoiseOptions,
  saturation,
} from "./colour.ts";
export {
  type CropOptions,
  type FlipOptions,
  type RotateOptions,
  randomCrop,
  randomFlip,
  randomRotate,
  randomShift,
  randomZoom,
  type ShiftOptions,
  type ZoomOptions,
} from "./geometry.ts";
export { cutmix, type Mixed, type MixOptions, mixup } from "./mixing.ts";
export {
  type Channels,
  fromImageData,
  fromImages,
  type ImageBatch,
  type ImageDataLike,
  type ImageFileOptions,
} from "./pixels.ts";
export { type AffineOptions, affine, type OutsideOptions, type Padding, type SampleOptions } from "./sample.ts";
