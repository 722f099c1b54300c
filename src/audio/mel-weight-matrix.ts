// Mel filters of models that were exported to ONNX: corners are rounded to bins, and the highest frequency is never reached.
import { aNumberWithin, aPositiveNumber, aWholeNumber, checkOptions } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { checkShape, LISTED } from "../shape.ts";
import type { FloatArray } from "./fourier.ts";

/** Inputs of ONNX's operator, under its names. */
export interface MelWeightMatrixOptions {
  readonly numMelBins: number;
  /** Samples that are transformed together. */
  readonly dftLength: number;
  /** Samples a second. */
  readonly sampleRate: number;
  /** In Hz. */
  readonly lowerEdgeHertz: number;
  /** In Hz. */
  readonly upperEdgeHertz: number;
}

/**
 * The matrix [dftLength / 2 + 1, numMelBins] of ONNX's operator MelWeightMatrix: what models exported with it multiply magnitudes by. HTK's
 * mel, in steps of the whole range divided by numMelBins + 2; corners are rounded down to whole bins. For new models `melFilters` is better.
 * @throws ArgumentError for edges that are not in order, or beyond half of the sample rate; ShapeError for a matrix of more than 2^26 elements
 *
 * @example
 * import { melWeightMatrix } from "simdgrad/audio";
 * const edges = { lowerEdgeHertz: 0, upperEdgeHertz: 4096 };
 * melWeightMatrix({ numMelBins: 1, dftLength: 8, sampleRate: 8192, ...edges }); // => { data: [1, 0.5, 0, 0, 0], shape: [5, 1] }
 */
export function melWeightMatrix(options: MelWeightMatrixOptions): FloatArray {
  const name = "melWeightMatrix";
  const count = aWholeNumber(1, 2 ** 16);
  checkOptions(
    options,
    name,
    {
      numMelBins: count,
      dftLength: aWholeNumber(1, 2 ** 24),
      sampleRate: aPositiveNumber,
      lowerEdgeHertz: aNumberWithin(0),
      upperEdgeHertz: aPositiveNumber,
    },
    ...(["numMelBins", "dftLength", "sampleRate", "lowerEdgeHertz", "upperEdgeHertz"] as const),
  );
  const { numMelBins, dftLength, sampleRate, lowerEdgeHertz, upperEdgeHertz } = options;
  if (upperEdgeHertz > sampleRate / 2)
    throw new ArgumentError(`${name}: upperEdgeHertz ${upperEdgeHertz} is more than half of the sample rate`);
  if (lowerEdgeHertz >= upperEdgeHertz)
    throw new ArgumentError(`${name}: lowerEdgeHertz ${lowerEdgeHertz} is not below upperEdgeHertz ${upperEdgeHertz}`);
  const bins = (dftLength >> 1) + 1;
  checkShape([bins, numMelBins], name, LISTED);
  const [low, high] = [lowerEdgeHertz, upperEdgeHertz].map((hz) => 2595 * Math.log10(1 + hz / 700));
  const step = (high - low) / (numMelBins + 2);
  // The last corner is below the upper edge, so that all are bins.
  const corners = Array.from({ length: numMelBins + 2 }, (_, i) => {
    const hz = 700 * (10 ** ((i * step + low) / 2595) - 1);
    return Math.floor(((dftLength + 1) * hz) / sampleRate);
  });
  const data = new Float32Array(bins * numMelBins);
  for (let i = 0; i < numMelBins; i++) {
    const [left, middle, right] = corners.slice(i, i + 3);
    for (let k = left; k < middle; k++) data[k * numMelBins + i] = (k - left) / (middle - left);
    data[middle * numMelBins + i] = 1;
    for (let k = middle + 1; k < Math.min(right, bins); k++) data[k * numMelBins + i] = (right - k) / (right - middle);
  }
  return { data, shape: [bins, numMelBins] };
}
