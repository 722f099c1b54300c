// How far the kernels' functions can be from the exact value, in units in the last place (ulp) of the float32 result, over all
// float32 arguments, subnormal arguments and results included. Measured against double precision on more than 10^8 arguments a
// function (every 67th bit pattern and every third from 2^-9 to 64; for sin and cos all from 1/4 to 256; 3 * 10^7 pairs for pow)
// and rounded up; test/assembly/math.test.ts measures again. From log2 on: 2 * 10^7 arguments, 10^6 pairs for atan2. Infinities, NaN, zeros
// and their signs are exactly C's.

/**
 * Bound of the error, in ulp, of each build. The portable one gives the same bits on every engine; the relaxed one has its own bound
 * where the machine fuses a * b + c, the portable one's elsewhere.
 */
export interface Accuracy {
  readonly relaxed: number;
  readonly portable: number;
}

export const ACCURACY = {
  exp: { relaxed: 1.4, portable: 1.4 },
  expm1: { relaxed: 1.7, portable: 1.8 },
  log: { relaxed: 0.9, portable: 0.9 },
  log1p: { relaxed: 1.8, portable: 1.8 },
  rsqrt: { relaxed: 1.5, portable: 1.5 },
  sin: { relaxed: 1.6, portable: 1.6 },
  cos: { relaxed: 1.6, portable: 1.6 },
  tanh: { relaxed: 3.6, portable: 3.6 },
  sigmoid: { relaxed: 2.8, portable: 2.8 },
  erf: { relaxed: 2.7, portable: 3.3 },
  pow: { relaxed: 1.5, portable: 1.7 },
  log2: { relaxed: 0.51, portable: 0.51 },
  log10: { relaxed: 0.51, portable: 0.51 },
  atan2: { relaxed: 1.8, portable: 1.8 },
  // Composed of the steps above, in src/functions; test/functions/accuracy.test.ts measures again.
  tan: { relaxed: 3.2, portable: 3.4 },
  atan: { relaxed: 1.5, portable: 1.6 },
  asin: { relaxed: 2.5, portable: 2.5 },
  acos: { relaxed: 2.4, portable: 2.4 },
  sinh: { relaxed: 2.4, portable: 2.5 },
  cosh: { relaxed: 1.6, portable: 1.6 },
  asinh: { relaxed: 2.1, portable: 2.1 },
  acosh: { relaxed: 2.9, portable: 3.3 },
  atanh: { relaxed: 2.3, portable: 2.3 },
} as const satisfies Record<string, Accuracy>;
