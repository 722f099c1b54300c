// Codes of the elementwise block machine: the first byte of a step. a b c d are registers; values are f32 unless _I (i32) is said.
// Comparisons give f32 0 or 1. NaN: MAX and MIN return NaN if either is NaN; comparisons with NaN give 0.

export const COPY_BITS = 0; // a (any dtype)
export const ADD = 1;
export const SUB = 2;
export const MUL = 3;
export const DIV = 4;
export const MAX = 5;
export const MIN = 6;
export const NEG = 7;
export const ABS = 8;
export const SIGN = 9; // -1, 0 or 1; NaN for NaN
export const FLOOR = 10;
export const EXP = 11;
export const EXPM1 = 12;
export const LOG = 13;
export const LOG1P = 14;
export const SQRT = 15;
export const RSQRT = 16; // 1 / sqrt(a), both exactly rounded operations
export const SIN = 17;
export const COS = 18;
export const TANH = 19;
export const SIGMOID = 20;
export const ERF = 21;
export const POW = 22; // C's pow
export const LESS = 23; // a < b
export const EQUAL = 24; // a == b
export const SELECT = 25; // a != 0 ? b : c (b and c of any dtype, a f32)
export const RELU = 26; // max(a, 0), NaN for NaN
export const REMAINDER = 27; // C's fmod, exact, with the sign of b (torch.remainder)
export const MULTIPLY_ADD = 28; // a * b + c
export const LINEAR = 29; // a * b + c * d
export const FROM_I32 = 30; // i32 to f32
export const TO_I32 = 31; // f32 to i32, towards zero, saturating, NaN to 0
export const ADD_I = 32;
export const SUB_I = 33;
export const MUL_I = 34;
export const DIV_I = 35; // floor division; by zero gives 0
export const REMAINDER_I = 36; // the sign of b; by zero gives 0
export const MAX_I = 37;
export const MIN_I = 38;
export const NEG_I = 39;
export const ABS_I = 40;
export const LESS_I = 41; // i32 a < b, gives f32
export const EQUAL_I = 42; // i32 a == b, gives f32
export const SIGN_I = 43;
export const UNIFORM = 44; // Philox4x32-10 with key (a, b), i32: uniform f32 in [0, 1), see random.ts; depends on the element's index
export const PERMUTE_INDEX = 45; // keyed Feistel permutation of 0..c-1: i32 a -> i32, key b, size c; see random.ts
// The same with scalars (every element of the register is one value), which then stay in a CPU register.
export const AFFINE = 46; // a * scalar b + scalar c
export const SCALED_ADD = 47; // a * scalar b + c
export const BLEND = 48; // a * scalar b + c * scalar d
export const SQRT_AFFINE = 49; // sqrt(a) * scalar b + scalar c
export const QUOTIENT_ADD = 50; // a / b * scalar c + d
export const ROUND = 51; // to the nearest whole number, halves to the even one
export const LOG2 = 52;
export const LOG10 = 53;
export const ATAN2 = 54; // C's atan2: the angle of (b, a)
export const MAP_CODES = 55;

/** What each step is called in print, and how many registers it reads, in the order of the numbers. For the host: kernels call it nowhere. */
export function mapSteps(): string {
  return (
    "copy_bits 1, add 2, sub 2, mul 2, div 2, max 2, min 2, neg 1, abs 1, sign 1, floor 1, exp 1, expm1 1, " +
    "log 1, log1p 1, sqrt 1, rsqrt 1, sin 1, cos 1, tanh 1, sigmoid 1, erf 1, pow 2, less 2, equal 2, select 3, " +
    "relu 1, remainder 2, multiply_add 3, linear 4, from_i32 1, to_i32 1, add_i 2, sub_i 2, mul_i 2, div_i 2, " +
    "remainder_i 2, max_i 2, min_i 2, neg_i 1, abs_i 1, less_i 2, equal_i 2, sign_i 1, uniform 2, " +
    "permute_index 3, affine 3, scaled_add 3, blend 4, sqrt_affine 3, quotient_add 4, round 1, " +
    "log2 1, log10 1, atan2 2"
  );
}
