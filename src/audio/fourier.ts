// Discrete Fourier transforms of any length, in float64: X_k = sum of x_j exp(-2 pi i j k / n).
import { aBoolean, anInteger, checkOptions } from "../check.ts";
import { type ArrayLikeData, array } from "../data/array.ts";
import { ShapeError } from "../errors.ts";
import { normalizeAxis, type Shape, showShape, sizeOf } from "../shape.ts";
import { powerOfTwo, type Transform } from "./fft.ts";

/** Float32 numbers with a shape, row-major. */
export interface FloatArray {
  readonly data: Float32Array;
  readonly shape: Shape;
}

/** Options of dft. */
export interface DftOptions {
  /** The axis of the numbers that are transformed together, counted from the back if below 0; default -2, the last before the parts. */
  readonly axis?: number;
  /** Whether exponents have the other sign, and sums are divided by their length; default false. */
  readonly inverse?: boolean;
  /** Whether only the first half, with its middle, is given: of real numbers the other half mirrors it; default false. */
  readonly onesided?: boolean;
}

/** Transforms of n numbers: of a power of two at once, of any other by way of one. */
export function transformOf(n: number): Transform {
  if (n === 1) return { transform: copyOne, realTransform: (out, [x]) => out.set([x, 0]) };
  return (n & (n - 1)) === 0 ? powerOfTwo(n) : anyLength(n);
}

function copyOne(out: Float64Array, x: Float64Array): void {
  out.set(x.subarray(0, 2));
}

/**
 * As j k = (j^2 + k^2 - (k - j)^2) / 2, a transform is a convolution with a chirp exp(i pi j^2 / n), between two products with the chirp's
 * conjugate; a convolution is a product of transforms of a power of two (Bluestein 1970).
 */
function anyLength(n: number): Transform {
  const size = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const inner = powerOfTwo(size);
  const chirp = chirpOf(n);
  const [around, kernel] = [new Float64Array(2 * size), new Float64Array(2 * size)];
  for (let j = 0; j < n; j++)
    for (const at of [j, (size - j) % size]) {
      around[2 * at] = chirp[2 * j];
      around[2 * at + 1] = chirp[2 * j + 1];
    }
  inner.transform(kernel, around);
  const [a, b] = [new Float64Array(2 * size), new Float64Array(2 * size)];

  const convolve = (out: Float64Array) => {
    inner.transform(b, a);
    // The inverse transform is the conjugate of the transform of the conjugate, divided by the size.
    for (let k = 0; k < 2 * size; k += 2) {
      a[k] = (b[k] * kernel[k] - b[k + 1] * kernel[k + 1]) / size;
      a[k + 1] = -(b[k] * kernel[k + 1] + b[k + 1] * kernel[k]) / size;
    }
    inner.transform(b, a);
    for (let k = 0; k < 2 * n; k += 2) {
      out[k] = b[k] * chirp[k] - b[k + 1] * chirp[k + 1];
      out[k + 1] = -b[k] * chirp[k + 1] - b[k + 1] * chirp[k];
    }
  };
  return {
    transform(out, x) {
      a.fill(0);
      for (let j = 0; j < 2 * n; j += 2) {
        a[j] = x[j] * chirp[j] + x[j + 1] * chirp[j + 1];
        a[j + 1] = x[j + 1] * chirp[j] - x[j] * chirp[j + 1];
      }
      convolve(out);
    },
    realTransform(out, x) {
      a.fill(0);
      for (let j = 0; j < n; j++) {
        a[2 * j] = x[j] * chirp[2 * j];
        a[2 * j + 1] = -x[j] * chirp[2 * j + 1];
      }
      convolve(out);
    },
  };
}

/** exp(i pi j^2 / n) for j below n; squares are taken modulo 2 n, so that angles stay small and exact. */
function chirpOf(n: number): Float64Array {
  const chirp = new Float64Array(2 * n);
  for (let j = 0; j < n; j++) {
    const angle = (Math.PI * ((j * j) % (2 * n))) / n;
    chirp[2 * j] = Math.cos(angle);
    chirp[2 * j + 1] = Math.sin(angle);
  }
  return chirp;
}

/**
 * The discrete Fourier transform along an axis: of real numbers [..., 1] or of complex ones [..., 2], real and imaginary parts, it gives complex ones
 * [..., 2]. Any length, in float64, rounded once. Source: ONNX's operator DFT.
 * @throws ShapeError unless the last axis is of 1 or 2, or for an axis that is none before it, or of length 0
 *
 * @example
 * import { dft } from "simdgrad/audio";
 * dft([[1], [2], [3], [4]]); // => { data: [10, 0, -2, 2, -2, 0, -2, -2], shape: [4, 2] }
 * dft({ data: Float32Array.of(4, 3, 2, 1), shape: [2, 2] }, { inverse: true }).data; // => [3, 2, 1, 1]
 */
export function dft(x: ArrayLikeData, options: DftOptions = {}): FloatArray {
  const { data, shape } = array(x, undefined, "dft: x");
  checkOptions(options, "dft", { axis: anInteger, inverse: aBoolean, onesided: aBoolean });
  const { axis: said = -2, inverse = false, onesided = false } = options;
  const parts = shape[shape.length - 1];
  if (shape.length < 2 || (parts !== 1 && parts !== 2))
    throw new ShapeError(`dft: takes real numbers [..., 1] or complex ones [..., 2], got ${showShape(shape)}`);
  const axis = normalizeAxis(said, shape, "dft");
  const n = shape[axis];
  if (axis === shape.length - 1) throw new ShapeError(`dft: axis ${said} of ${showShape(shape)} is that of the parts`);
  if (n === 0) throw new ShapeError(`dft: axis ${said} of ${showShape(shape)} has no numbers`);
  const kept = onesided ? (n >> 1) + 1 : n;
  const inner = sizeOf(shape.slice(axis + 1, -1));
  const result = new Float32Array(2 * sizeOf(shape.slice(0, axis)) * kept * inner);
  const fourier = transformOf(n);
  const [line, out] = [new Float64Array(2 * n), new Float64Array(2 * n)];
  // The inverse is the conjugate of the transform of the conjugate, divided by the length.
  const [sign, factor] = inverse ? [-1, 1 / n] : [1, 1];
  for (let outer = 0; outer < result.length / (2 * kept * inner); outer++)
    for (let i = 0; i < inner; i++) {
      for (let j = 0; j < n; j++) {
        const at = ((outer * n + j) * inner + i) * parts;
        line[2 * j] = data[at];
        line[2 * j + 1] = parts === 2 ? sign * data[at + 1] : 0;
      }
      fourier.transform(out, line);
      for (let k = 0; k < kept; k++) {
        const at = ((outer * kept + k) * inner + i) * 2;
        result[at] = out[2 * k] * factor;
        result[at + 1] = sign * out[2 * k + 1] * factor;
      }
    }
  return { data: result, shape: [...shape.slice(0, axis), kept, ...shape.slice(axis + 1, -1), 2] };
}
