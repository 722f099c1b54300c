// The steps of the block machine: one tight loop each over `bytes` bytes (a multiple of 32, so two vectors a turn), from the
// registers at a, b, c, d into the one at `to`, which may be one of them. What each code means: isa/map-code.ts.
import {
  ABS,
  ABS_I,
  ADD,
  ADD_I,
  AFFINE,
  ATAN2,
  BLEND,
  COPY_BITS,
  COS,
  DIV,
  DIV_I,
  EQUAL,
  EQUAL_I,
  ERF,
  EXP,
  EXPM1,
  FLOOR,
  FROM_I32,
  LESS,
  LESS_I,
  LINEAR,
  LOG,
  LOG1P,
  LOG2,
  LOG10,
  MAX,
  MAX_I,
  MIN,
  MIN_I,
  MUL,
  MUL_I,
  MULTIPLY_ADD,
  NEG,
  NEG_I,
  PERMUTE_INDEX,
  POW,
  QUOTIENT_ADD,
  RELU,
  REMAINDER,
  REMAINDER_I,
  ROUND,
  RSQRT,
  SCALED_ADD,
  SELECT,
  SIGMOID,
  SIGN,
  SIGN_I,
  SIN,
  SQRT,
  SQRT_AFFINE,
  SUB,
  SUB_I,
  TANH,
  TO_I32,
  UNIFORM,
} from "./isa/map-code";
import * as page from "./isa/math-page";
import { erf, exp, expm1, log, log1p, sigmoid, tanh } from "./math";
import { log2, log10, pow } from "./power";
import { permute, uniform } from "./random";
import { choose, constant, madd } from "./simd";
import { atan2, cos, sin } from "./trigonometry";

/** One step over `count` elements, rounded up to `bytes`; `first` is the number of the first among the map's elements. */
export function step(
  code: i32,
  to: usize,
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  first: i32,
  count: i32,
  bytes: i32,
): void {
  const end = to + bytes;
  const one = constant(page.ONE);
  const zero = i32x4.splat(0);
  switch (code) {
    case COPY_BITS:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, v128.load(a));
        v128.store(to, v128.load(a, 16), 16);
      }
      break;
    case ADD:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, f32x4.add(v128.load(a), v128.load(b)));
        v128.store(to, f32x4.add(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case SUB:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, f32x4.sub(v128.load(a), v128.load(b)));
        v128.store(to, f32x4.sub(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case MUL:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, f32x4.mul(v128.load(a), v128.load(b)));
        v128.store(to, f32x4.mul(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case DIV:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, f32x4.div(v128.load(a), v128.load(b)));
        v128.store(to, f32x4.div(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case MAX:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, f32x4.max(v128.load(a), v128.load(b)));
        v128.store(to, f32x4.max(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case MIN:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, f32x4.min(v128.load(a), v128.load(b)));
        v128.store(to, f32x4.min(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case NEG:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, f32x4.neg(v128.load(a)));
        v128.store(to, f32x4.neg(v128.load(a, 16)), 16);
      }
      break;
    case ABS:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, f32x4.abs(v128.load(a)));
        v128.store(to, f32x4.abs(v128.load(a, 16)), 16);
      }
      break;
    case FLOOR:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, f32x4.floor(v128.load(a)));
        v128.store(to, f32x4.floor(v128.load(a, 16)), 16);
      }
      break;
    case ROUND:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, f32x4.nearest(v128.load(a)));
        v128.store(to, f32x4.nearest(v128.load(a, 16)), 16);
      }
      break;
    case SQRT:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, f32x4.sqrt(v128.load(a)));
        v128.store(to, f32x4.sqrt(v128.load(a, 16)), 16);
      }
      break;
    case RSQRT:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, f32x4.div(one, f32x4.sqrt(v128.load(a))));
        v128.store(to, f32x4.div(one, f32x4.sqrt(v128.load(a, 16))), 16);
      }
      break;
    case LESS:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, v128.and(f32x4.lt(v128.load(a), v128.load(b)), one));
        v128.store(to, v128.and(f32x4.lt(v128.load(a, 16), v128.load(b, 16)), one), 16);
      }
      break;
    case EQUAL:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, v128.and(f32x4.eq(v128.load(a), v128.load(b)), one));
        v128.store(to, v128.and(f32x4.eq(v128.load(a, 16), v128.load(b, 16)), one), 16);
      }
      break;
    case SELECT:
      for (; to < end; to += 32, a += 32, b += 32, c += 32) {
        v128.store(to, choose(f32x4.ne(v128.load(a), zero), v128.load(b), v128.load(c)));
        v128.store(to, choose(f32x4.ne(v128.load(a, 16), zero), v128.load(b, 16), v128.load(c, 16)), 16);
      }
      break;
    case RELU:
      // Not f32x4.max, seven instructions on x86-64: a < 0 ? 0 : a lets NaN through, and the sum makes 0 of -0.
      for (; to < end; to += 32, a += 32) {
        v128.store(to, f32x4.add(f32x4.pmax(v128.load(a), zero), zero));
        v128.store(to, f32x4.add(f32x4.pmax(v128.load(a, 16), zero), zero), 16);
      }
      break;
    case MULTIPLY_ADD:
      for (; to < end; to += 32, a += 32, b += 32, c += 32) {
        v128.store(to, madd(v128.load(a), v128.load(b), v128.load(c)));
        v128.store(to, madd(v128.load(a, 16), v128.load(b, 16), v128.load(c, 16)), 16);
      }
      break;
    case LINEAR:
      for (; to < end; to += 32, a += 32, b += 32, c += 32, d += 32) {
        v128.store(to, madd(v128.load(a), v128.load(b), f32x4.mul(v128.load(c), v128.load(d))));
        v128.store(to, madd(v128.load(a, 16), v128.load(b, 16), f32x4.mul(v128.load(c, 16), v128.load(d, 16))), 16);
      }
      break;
    case AFFINE: {
      const factor = v128.load(b);
      const term = v128.load(c);
      for (; to < end; to += 32, a += 32) {
        v128.store(to, madd(v128.load(a), factor, term));
        v128.store(to, madd(v128.load(a, 16), factor, term), 16);
      }
      break;
    }
    case SCALED_ADD: {
      const factor = v128.load(b);
      for (; to < end; to += 32, a += 32, c += 32) {
        v128.store(to, madd(v128.load(a), factor, v128.load(c)));
        v128.store(to, madd(v128.load(a, 16), factor, v128.load(c, 16)), 16);
      }
      break;
    }
    case BLEND: {
      const p = v128.load(b);
      const q = v128.load(d);
      for (; to < end; to += 32, a += 32, c += 32) {
        v128.store(to, madd(v128.load(a), p, f32x4.mul(v128.load(c), q)));
        v128.store(to, madd(v128.load(a, 16), p, f32x4.mul(v128.load(c, 16), q)), 16);
      }
      break;
    }
    case SQRT_AFFINE: {
      const factor = v128.load(b);
      const term = v128.load(c);
      for (; to < end; to += 32, a += 32) {
        v128.store(to, madd(f32x4.sqrt(v128.load(a)), factor, term));
        v128.store(to, madd(f32x4.sqrt(v128.load(a, 16)), factor, term), 16);
      }
      break;
    }
    case QUOTIENT_ADD: {
      const factor = v128.load(c);
      for (; to < end; to += 32, a += 32, b += 32, d += 32) {
        v128.store(to, madd(f32x4.div(v128.load(a), v128.load(b)), factor, v128.load(d)));
        v128.store(to, madd(f32x4.div(v128.load(a, 16), v128.load(b, 16)), factor, v128.load(d, 16)), 16);
      }
      break;
    }
    case FROM_I32:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, f32x4.convert_i32x4_s(v128.load(a)));
        v128.store(to, f32x4.convert_i32x4_s(v128.load(a, 16)), 16);
      }
      break;
    case TO_I32:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, i32x4.trunc_sat_f32x4_s(v128.load(a)));
        v128.store(to, i32x4.trunc_sat_f32x4_s(v128.load(a, 16)), 16);
      }
      break;
    case ADD_I:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, i32x4.add(v128.load(a), v128.load(b)));
        v128.store(to, i32x4.add(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case SUB_I:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, i32x4.sub(v128.load(a), v128.load(b)));
        v128.store(to, i32x4.sub(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case MUL_I:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, i32x4.mul(v128.load(a), v128.load(b)));
        v128.store(to, i32x4.mul(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case MAX_I:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, i32x4.max_s(v128.load(a), v128.load(b)));
        v128.store(to, i32x4.max_s(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case MIN_I:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, i32x4.min_s(v128.load(a), v128.load(b)));
        v128.store(to, i32x4.min_s(v128.load(a, 16), v128.load(b, 16)), 16);
      }
      break;
    case NEG_I:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, i32x4.neg(v128.load(a)));
        v128.store(to, i32x4.neg(v128.load(a, 16)), 16);
      }
      break;
    case ABS_I:
      for (; to < end; to += 32, a += 32) {
        v128.store(to, i32x4.abs(v128.load(a)));
        v128.store(to, i32x4.abs(v128.load(a, 16)), 16);
      }
      break;
    case LESS_I:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, v128.and(i32x4.lt_s(v128.load(a), v128.load(b)), one));
        v128.store(to, v128.and(i32x4.lt_s(v128.load(a, 16), v128.load(b, 16)), one), 16);
      }
      break;
    case EQUAL_I:
      for (; to < end; to += 32, a += 32, b += 32) {
        v128.store(to, v128.and(i32x4.eq(v128.load(a), v128.load(b)), one));
        v128.store(to, v128.and(i32x4.eq(v128.load(a, 16), v128.load(b, 16)), one), 16);
      }
      break;
    case SIGN:
      sign(to, a, bytes);
      break;
    case EXP:
      exp(to, a, bytes);
      break;
    case EXPM1:
      expm1(to, a, bytes);
      break;
    case LOG:
      log(to, a, bytes);
      break;
    case LOG1P:
      log1p(to, a, bytes);
      break;
    case SIN:
      sin(to, a, bytes);
      break;
    case COS:
      cos(to, a, bytes);
      break;
    case TANH:
      tanh(to, a, bytes);
      break;
    case SIGMOID:
      sigmoid(to, a, bytes);
      break;
    case ERF:
      erf(to, a, bytes);
      break;
    case POW:
      pow(to, a, b, bytes);
      break;
    case LOG2:
      log2(to, a, bytes);
      break;
    case LOG10:
      log10(to, a, bytes);
      break;
    case ATAN2:
      atan2(to, a, b, bytes);
      break;
    case REMAINDER:
      for (; to < end; to += 4, a += 4, b += 4) store<f32>(to, remainder(load<f32>(a), load<f32>(b)));
      break;
    case DIV_I:
      for (; to < end; to += 4, a += 4, b += 4) store<i32>(to, floorDivide(load<i32>(a), load<i32>(b)));
      break;
    case REMAINDER_I:
      for (; to < end; to += 4, a += 4, b += 4) store<i32>(to, floorRemainder(load<i32>(a), load<i32>(b)));
      break;
    case SIGN_I:
      signI(to, a, bytes);
      break;
    case UNIFORM:
      uniform(to, a, b, first, bytes);
      break;
    case PERMUTE_INDEX:
      permute(to, a, b, c, count);
      break;
    default:
      unreachable();
  }
}

/** -1 or 1; x itself where it is zero or NaN. */
function sign(to: usize, a: usize, bytes: i32): void {
  const one = constant(page.ONE);
  const signBit = constant(page.SIGN_BIT);
  const zero = i32x4.splat(0);
  for (const end = to + bytes; to < end; to += 16, a += 16) {
    const x = v128.load(a);
    const isSigned = v128.or(f32x4.lt(x, zero), f32x4.gt(x, zero));
    v128.store(to, choose(isSigned, v128.or(v128.and(x, signBit), one), x));
  }
}

function signI(to: usize, a: usize, bytes: i32): void {
  for (const end = to + bytes; to < end; to += 16, a += 16) {
    const x = v128.load(a);
    v128.store(to, v128.or(i32x4.shr_s(x, 31), i32x4.shr_u(i32x4.neg(x), 31)));
  }
}

/** floor(x / y), 0 for y = 0; -2^31 / -1 wraps around. */
function floorDivide(x: i32, y: i32): i32 {
  if (y === 0) return 0;
  if (y === -1) return -x; // Wasm traps on -2^31 / -1
  const quotient = x / y;
  return quotient * y !== x && (x ^ y) < 0 ? quotient - 1 : quotient;
}

/** What is left of x when as many whole y as go into it are taken off, exactly: C's fmod, with the sign of y. */
function remainder(x: f32, y: f32): f32 {
  const r = truncatedRemainder(x, y);
  if (r === 0) return copysign<f32>(0, y);
  return <f32>(r < 0 !== y < 0 ? r + y : r);
}

/**
 * C's fmod of two float32. The quotient of two 24-bit numbers is cut right, its product with y exact, and so is the difference, while
 * it has no more than 28 bits; larger ones are taken off in steps, of y times a power of two.
 */
function truncatedRemainder(x: f64, y: f64): f64 {
  if (!(abs(y) > 0 && abs(x) < Infinity)) return NaN;
  if (abs(y) === Infinity) return x;
  const quotient = x / y;
  if (abs(quotient) < 268435456) return x - trunc(quotient) * y;
  let rest = abs(x);
  const unit = abs(y);
  while (rest >= unit) {
    const bits = exponentOf(rest) - exponentOf(unit) - 27;
    const step = bits > 0 ? unit * reinterpret<f64>((<i64>(bits + 1023)) << 52) : unit;
    rest -= floor(rest / step) * step;
  }
  return copysign(rest, x);
}

/** Of a positive normal number, as its bits hold it. */
function exponentOf(x: f64): i32 {
  return <i32>(reinterpret<i64>(x) >> 52);
}

/** x - y * floor(x / y), which has the sign of y; 0 for y = 0. */
function floorRemainder(x: i32, y: i32): i32 {
  if (y === 0) return 0;
  const rest = x % y;
  return rest !== 0 && (rest ^ y) < 0 ? rest + y : rest;
}
