// The one door to fft.js. The build puts the library itself into this module's output, so that the package has no dependency.
import FFT from "fft.js";

/** Fourier transforms of one length. Complex numbers lie as real and imaginary parts in turns. */
export interface Transform {
  /** The transform of n complex numbers. */
  transform(out: Float64Array, x: Float64Array): void;
  /** That of n real numbers; `out` has room for n complex ones, of which those up to n/2 are right. */
  realTransform(out: Float64Array, x: Float64Array): void;
}

/** Transforms of a power of two, 2 at least (radix 4). */
export function powerOfTwo(n: number): Transform {
  return new (FFT as unknown as new (size: number) => Transform)(n);
}
