// simdgrad/audio: from sounds to what networks are trained on, and back: spectra, mel spectra, cepstra. No graph: numbers in, numbers out.
export { type DftOptions, dft, type FloatArray } from "./fourier.ts";
export {
  type MelFilterOptions,
  type MelOptions,
  type MelSpectrogramOptions,
  melFilters,
  melSpectrogram,
} from "./mel.ts";
export { type MelWeightMatrixOptions, melWeightMatrix } from "./mel-weight-matrix.ts";
export { type DecibelOptions, type MfccOptions, mfcc, powerToDb } from "./mfcc.ts";
export {
  type FrameOptions,
  type IstftOptions,
  istft,
  type SpectrogramOptions,
  type StftOptions,
  spectrogram,
  stft,
} from "./stft.ts";
export { blackman, type HammingOptions, hamming, hann, type WindowName, type WindowOptions } from "./windows.ts";
