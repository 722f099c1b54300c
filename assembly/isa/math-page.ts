// Numbers of the 16-byte vectors in the page of constants at MATH_PAGE (see sizes.ts). A kernel loads them into locals before
// its loop. src/runtime/wasm/math-page.ts writes the page and says where each value comes from. F64: two f64 lanes; else four words.

export const ONE = 0;
export const HALF = 1;
export const SIGN_BIT = 2; // 0x80000000
export const INFINITE = 3;
export const NOT_A_NUMBER = 4;
export const LEAST_NORMAL = 5; // 2^-126
export const TINY = 6; // 2^-25: x + x^2 / 2 rounds to x below

export const LOG2_E = 8;
export const LN2_HIGH = 9;
export const LN2_LOW = 10;
export const EXP_LOW = 11;
export const EXP_HIGH = 12;
export const EXP_SHIFT = 13; // 1.5 * 2^23 + 254
export const EXPM1_LOW = 14;
export const EXPM1_SHIFT = 15; // 1.5 * 2^23 + 126
export const EXP_2 = 16; // coefficients of x^2 to x^6
export const EXP_3 = 17;
export const EXP_4 = 18;
export const EXP_5 = 19;
export const EXP_6 = 20;

export const LOG_SPLIT = 24; // bits of 2/3
export const LOG_SCALE = 25; // 2^23
export const LOG_SCALED = 26; // 23
export const LOG_3 = 27; // coefficients of x^3 to x^10
export const LOG_4 = 28;
export const LOG_5 = 29;
export const LOG_6 = 30;
export const LOG_7 = 31;
export const LOG_8 = 32;
export const LOG_9 = 33;
export const LOG_10 = 34;

export const QUARTER = 35;
export const EIGHTH = 36;
export const TANH_LIMIT = 37;
export const TANH_0 = 38; // constant term of numerator and denominator; then their coefficients of x^2, x^4, x^6
export const TANH_P2 = 39;
export const TANH_P4 = 40;
export const TANH_Q2 = 41;
export const TANH_Q4 = 42;
export const TANH_Q6 = 43;

export const ERF_LIMIT = 48;
export const ERF_1_HIGH = 49; // coefficients of x (in two parts) to x^11
export const ERF_1_LOW = 50;
export const ERF_2 = 51;
export const ERF_3 = 52;
export const ERF_4 = 53;
export const ERF_5 = 54;
export const ERF_6 = 55;
export const ERF_7 = 56;
export const ERF_8 = 57;
export const ERF_9 = 58;
export const ERF_10 = 59;
export const ERF_11 = 60;

export const TURN_LIMIT = 64; // largest |x| whose multiple of pi / 2 is taken off in f32
export const TURN_SHIFT = 65; // 1.5 * 2^23
export const TWO_OVER_PI = 66;
export const QUARTER_1 = 67; // pi / 2 in three parts
export const QUARTER_2 = 68;
export const QUARTER_3 = 69;
export const SIN_3 = 70; // coefficients of x^3, x^5, x^7
export const SIN_5 = 71;
export const SIN_7 = 72;
export const COS_4 = 73; // coefficients of x^4, x^6, x^8
export const COS_6 = 74;
export const COS_8 = 75;
export const FAR_QUARTER = 76; // F64: pi / 2 * 2^-64
export const FAR_BITS = 77; // two vectors: 32 zero bits, then 224 bits of 2 / pi, most significant word first

export const POW_SPLIT = 80; // bits of sqrt(1/2)
export const POW_ONE = 81; // F64
export const POW_LOW = 82; // F64
export const POW_HIGH = 83; // F64
export const POW_SHIFT = 84; // F64: 1.5 * 2^52 + 254
export const LOG2_1 = 85; // F64: coefficients of s, s^3, ... s^11 with s = (m - 1) / (m + 1)
export const LOG2_3 = 86;
export const LOG2_5 = 87;
export const LOG2_7 = 88;
export const LOG2_9 = 89;
export const LOG2_11 = 90;
export const EXP2_1 = 91; // coefficients of x to x^6
export const EXP2_2 = 92;
export const EXP2_3 = 93;
export const EXP2_4 = 94;
export const EXP2_5 = 95;
export const EXP2_6 = 96;
export const ODD_LIMIT = 97; // 2^24: integers from here on are even

export const LOG10_OF_2 = 98; // F64

export const PHILOX_MULTIPLIER_0 = 100;
export const PHILOX_MULTIPLIER_1 = 101;
export const PHILOX_BUMP_0 = 102;
export const PHILOX_BUMP_1 = 103;
export const UNIFORM_UNIT = 104; // 2^-24

export const ATAN_QUARTER_HIGH = 108; // pi / 2 in two parts
export const ATAN_QUARTER_LOW = 109;
export const ATAN_3 = 110; // coefficients of x^3, x^5, ... x^19
export const ATAN_5 = 111;
export const ATAN_7 = 112;
export const ATAN_9 = 113;
export const ATAN_11 = 114;
export const ATAN_13 = 115;
export const ATAN_15 = 116;
export const ATAN_17 = 117;
export const ATAN_19 = 118;
