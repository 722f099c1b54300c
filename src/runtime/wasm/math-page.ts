// The page of constants that the kernels read: values, and where each comes from. Numbers of the vectors: assembly/isa/math-page.ts.
//
// "Minimax" polynomials were found by linear programming on a Chebyshev grid of 1,500 points, weighted for the relative error of
// the function they serve; then one coefficient after the other, the lowest first, was rounded to float32 and the rest fitted
// anew, which loses almost nothing. Rational ones: the same with the denominator of the pass before as a weight. The error given
// is that of the rounded coefficients in exact arithmetic, which are written with as many digits as tell them from other float32 numbers.
// Theory: Muller, Handbook of Floating-Point Arithmetic, chapter 11.
import * as page from "../../../assembly/isa/math-page.ts";
import { MATH_PAGE, MATH_PAGE_BYTES } from "../../../assembly/isa/sizes.ts";

type Row = readonly [vector: number, ...values: readonly number[]];

/** Four float32 lanes of each value; further values go to the vectors that follow. */
const FLOATS: readonly Row[] = [
  [page.ONE, 1],
  [page.HALF, 0.5],
  [page.INFINITE, Number.POSITIVE_INFINITY],
  [page.NOT_A_NUMBER, Number.NaN],
  [page.LEAST_NORMAL, 2 ** -126],
  [page.TINY, 2 ** -25],

  [page.LOG2_E, Math.LOG2E],
  // ln 2 in two parts: multiples of the first (15 bits) are exact for the exponents that occur (8 bits). Cody and Waite 1980.
  [page.LN2_HIGH, 0.69314575],
  [page.LN2_LOW, 0.0000014286068],
  [page.EXP_LOW, -104], // e^-104 < 2^-150 rounds to 0
  [page.EXP_HIGH, 89], // e^89 > 2^128
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits; the rest is the bias of two powers of two (exp) or one (expm1).
  [page.EXP_SHIFT, 1.5 * 2 ** 23 + 254],
  [page.EXPM1_LOW, -18], // e^-18 < 2^-25
  [page.EXPM1_SHIFT, 1.5 * 2 ** 23 + 126],
  // (e^x - 1 - x) / x^2 over |x| <= 0.3475, minimax for expm1: 2^-26.1 (for exp 2^-27.8).
  [page.EXP_2, 0.49999997, 0.16666545, 0.041667446, 0.008366452, 0.0013869681],

  [page.LOG_SCALE, 2 ** 23],
  [page.LOG_SCALED, 23],
  // (log(1 + x) - x + x^2 / 2) / x^3 over -1/3..1/3, minimax: 2^-27.7.
  [page.LOG_3, 0.33333215, -0.24999806, 0.20010427, -0.16680197, 0.14005734, -0.121874474, 0.13984594, -0.12880209],

  [page.QUARTER, 0.25],
  [page.EIGHTH, 0.125],
  // 2 tanh(x / 2) = x P(x^2) / Q(x^2) over 0..9.02, where tanh rounds to 1; minimax for tanh(x): 2^-27.0. P(0) = Q(0) is chosen
  // (swept: 1 to 2) so that P, Q and Q^2 lie in the upper half of a binade, where a rounding weighs less: with 1, tanh is off by
  // up to 4.8 units in the last place.
  [page.TANH_LIMIT, 9.02],
  [page.TANH_0, 1.8125],
  [page.TANH_P2, 0.053971596, 0.00020722827],
  [page.TANH_Q2, 0.2050132, 0.0021875603, 0.000002230606],

  // 4 - 4 erfc(x)^(1/4) over 0..3.93, where erf rounds to 1; minimax for erf(x): 2^-27.5. The first coefficient, 2 / sqrt(pi), in
  // two parts: alone it would be wrong by half a unit in the last place.
  [page.ERF_LIMIT, 3.93],
  [page.ERF_1_HIGH, 1.1283792, -5.8635383e-8],
  [
    page.ERF_2,
    0.47746444,
    -0.06184087,
    -0.07456133,
    0.0050715264,
    0.0074491743,
    -0.00050364446,
    -0.00072285655,
    0.00020713467,
    -0.000021542828,
    7.280884e-7,
  ],

  // pi / 2 in three parts: multiples of the first two (17 bits) are exact up to 127, and no float32 up to 200 is so near to a
  // multiple of pi / 2 that the 60 bits are too few.
  [page.TURN_LIMIT, 200],
  [page.TURN_SHIFT, 1.5 * 2 ** 23],
  [page.TWO_OVER_PI, 0.6366197723675814],
  [page.QUARTER_1, 1.5708008, -0.0000044544577, 2.563344e-12],
  // (sin(x) - x) / x^3 over 0..pi/4, minimax: 2^-27.9; (cos(x) - 1 + x^2 / 2) / x^4 the same: 2^-33.0. Both in x^2.
  [page.SIN_3, -0.16666655, 0.008332189, -0.00019518276],
  [page.COS_4, 0.041666646, -0.001388731, 0.000024432327],

  [page.ATAN_QUARTER_HIGH, 1.5707964, -4.371139000186241e-8],
  // (atan(x) - x) / x^3 in x^2 over 0..1, minimax for atan(x): 2^-28.5.
  [
    page.ATAN_3,
    -0.333333,
    0.1999853,
    -0.14264016,
    0.10950881,
    -0.08399314,
    0.057881653,
    -0.031097416,
    0.010869011,
    -0.0017829136,
  ],

  // (2^x - 1) / x over |x| <= 0.501, minimax: 2^-28.3.
  [page.EXP2_1, 0.6931471824645996, 0.24022648, 0.055503596, 0.009618506, 0.0013391024, 0.00015326796],
  [page.ODD_LIMIT, 2 ** 24],
  [page.UNIFORM_UNIT, 2 ** -24],
];

/** Four words each. */
const WORDS: readonly Row[] = [
  [page.SIGN_BIT, 0x80000000],
  [page.LOG_SPLIT, 0x3f2aaaab],
  [page.POW_SPLIT, 0x3f3504f3],
  // Multipliers and key increments of Philox4x32 (Salmon et al. 2011).
  [page.PHILOX_MULTIPLIER_0, 0xd2511f53, 0xcd9e8d57],
  [page.PHILOX_BUMP_0, 0x9e3779b9, 0xbb67ae85],
];

/** Two float64 lanes of each value. */
const DOUBLES: readonly Row[] = [
  [page.FAR_QUARTER, 8.515303950216386e-20],
  [page.POW_ONE, 1],
  [page.LOG10_OF_2, 0.3010299956639812],
  [page.POW_LOW, -151],
  [page.POW_HIGH, 129],
  [page.POW_SHIFT, 1.5 * 2 ** 52 + 254],
  // log2((1 + s) / (1 - s)) / s in s^2 over |s| <= 0.1716, minimax: 2^-45.1.
  [
    page.LOG2_1,
    2.88539008177785,
    0.961796694113485,
    0.5770779423045458,
    0.41220925951617704,
    0.31990537174630246,
    0.2829051969718488,
  ],
];

/** floor(2 / pi * 2^224), after a word of zeros: the multiplier of Payne and Hanek 1983. */
const TWO_OVER_PI_BITS = [
  0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
] as const;

/** Writes the page of constants into a module's memory; kernels may run only after it. */
export function writeMathPage(memory: ArrayBufferLike): void {
  const words = new Uint32Array(memory, MATH_PAGE, MATH_PAGE_BYTES / 4);
  write(new Float32Array(memory, MATH_PAGE, MATH_PAGE_BYTES / 4), FLOATS);
  write(words, WORDS);
  write(new Float64Array(memory, MATH_PAGE, MATH_PAGE_BYTES / 8), DOUBLES);
  words.set(TWO_OVER_PI_BITS, 4 * page.FAR_BITS);
}

/** Fills all lanes of the rows' vectors. */
function write(view: Float32Array | Uint32Array | Float64Array, rows: readonly Row[]): void {
  const lanes = 16 / view.BYTES_PER_ELEMENT;
  for (const [vector, ...values] of rows) {
    for (const [i, value] of values.entries()) view.fill(value, lanes * (vector + i), lanes * (vector + i + 1));
  }
}
