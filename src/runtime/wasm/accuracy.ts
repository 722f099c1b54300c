// How far the kernels' functions can be from the exact value, in units in the last place (ulp) of the float32 result, over all
// float32 arguments, subnormal arguments and results included. Measured against double precision on 5 * 10^7 arguments a function
// (every 67th bit pattern, all between 1/4 and 256 for sin and cos, 3 * 10^7 pairs for pow) and rounded up;
// test/assembly/math.test.ts measures again. Infinities, NaN, zeros and their signs are exactly C's.

/**
 * Bound of the error, in ulp, of each build. The portable one gives the same bits on every engine; the relaxed one has its own bound
 * where the machine fuses a * b + c, the portable one's elsewhere.
 */
export interface Accuracy {
  readonly relaxed: number;
  readonly portable: number;
}

export const ACCURACY = {
  exp: { relaxed: 1.3, portable: 1.3 },
  expm1: { relaxed: 1.6, portable: 1.8 },
  log: { relaxed: 0.9, portable: 0.9 },
  log1p: { relaxed: 1.7, portable: 1.7 },
  rsqrt: { relaxed: 1.5, portable: 1.5 },
  sin: { relaxed: 1.6, portable: 1.6 },
  cos: { relaxed: 1.6, portable: 1.6 },
  tanh: { relaxed: 3.5, portable: 3.5 },
  sigmoid: { relaxed: 2.5, portable: 2.5 },
  erf: { relaxed: 2.5, portable: 3 },
  pow: { relaxed: 1.4, portable: 1.6 },
} as const satisfies Record<string, Accuracy>;
