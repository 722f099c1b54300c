// The steps of the block machine in JavaScript: one loop each, n elements from word `to`, operands from words a, b, c, d.
// Twins of assembly/map.ts; the type of MAP_KERNELS misses none.
import * as code from "../../../assembly/isa/map-code.ts";
import type { MapCode } from "../../program/map-steps.ts";
import { erf } from "./erf.ts";
import type { JsMemory } from "./memory.ts";
import { permuteIndex, uniform } from "./random.ts";

/** One step over n elements, the first of which is element `start` of the map. */
export type MapKernel = (
  m: JsMemory,
  n: number,
  to: number,
  a: number,
  b: number,
  c: number,
  d: number,
  start: number,
) => void;

function copyBits({ i }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) i[to + k] = i[a + k];
}

function add({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] + f[b + k];
}

function sub({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] - f[b + k];
}

function mul({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] * f[b + k];
}

function div({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] / f[b + k];
}

function max({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.max(f[a + k], f[b + k]);
}

function min({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.min(f[a + k], f[b + k]);
}

function neg({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = -f[a + k];
}

function abs({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.abs(f[a + k]);
}

function sign({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.sign(f[a + k]);
}

function floor({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.floor(f[a + k]);
}

// Math.round takes halves up: where that gives an odd number, the even one is one less.
function round({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) {
    const x = f[a + k];
    const up = Math.round(x);
    f[to + k] = up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
  }
}

function exp({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.exp(f[a + k]);
}

function expm1({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.expm1(f[a + k]);
}

function log({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.log(f[a + k]);
}

function log1p({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.log1p(f[a + k]);
}

function log2({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.log2(f[a + k]);
}

function log10({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.log10(f[a + k]);
}

function atan2({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.atan2(f[a + k], f[b + k]);
}

function sqrt({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.sqrt(f[a + k]);
}

function rsqrt({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = 1 / Math.sqrt(f[a + k]);
}

function sin({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.sin(f[a + k]);
}

function cos({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.cos(f[a + k]);
}

function tanh({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.tanh(f[a + k]);
}

function sigmoid({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = 1 / (1 + Math.exp(-f[a + k]));
}

function erfs({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = erf(f[a + k]);
}

// C's pow: 1 to any power is 1, and so is -1 to an infinite one.
function pow({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) {
    const x = f[a + k];
    const y = f[b + k];
    f[to + k] = x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y;
  }
}

function less({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] < f[b + k] ? 1 : 0;
}

function equal({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] === f[b + k] ? 1 : 0;
}

function select({ f, i }: JsMemory, n: number, to: number, a: number, b: number, c: number): void {
  for (let k = 0; k < n; k++) i[to + k] = f[a + k] !== 0 ? i[b + k] : i[c + k];
}

function relu({ f }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = Math.max(f[a + k], 0);
}

function remainder({ f }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) {
    const y = f[b + k];
    const r = f[a + k] % y;
    f[to + k] = r === 0 ? 0 * Math.sign(y) : r < 0 !== y < 0 ? r + y : r;
  }
}

function multiplyAdd({ f }: JsMemory, n: number, to: number, a: number, b: number, c: number): void {
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] * f[b + k] + f[c + k];
}

function linear({ f }: JsMemory, n: number, to: number, a: number, b: number, c: number, d: number): void {
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] * f[b + k] + f[c + k] * f[d + k];
}

function fromI32({ f, i }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) f[to + k] = i[a + k];
}

function toI32({ f, i }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) {
    const x = f[a + k];
    i[to + k] = x >= 2147483647 ? 2147483647 : x <= -2147483648 ? -2147483648 : x | 0;
  }
}

function addI({ i }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) i[to + k] = (i[a + k] + i[b + k]) | 0;
}

function subI({ i }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) i[to + k] = (i[a + k] - i[b + k]) | 0;
}

function mulI({ i }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) i[to + k] = Math.imul(i[a + k], i[b + k]);
}

function divI({ i }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) i[to + k] = i[b + k] === 0 ? 0 : Math.floor(i[a + k] / i[b + k]) | 0;
}

function remainderI({ i }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) {
    const y = i[b + k];
    const r = y === 0 ? 0 : (i[a + k] % y) | 0;
    i[to + k] = r !== 0 && (r ^ y) < 0 ? r + y : r;
  }
}

function maxI({ i }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) i[to + k] = Math.max(i[a + k], i[b + k]);
}

function minI({ i }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) i[to + k] = Math.min(i[a + k], i[b + k]);
}

function negI({ i }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) i[to + k] = -i[a + k] | 0;
}

function absI({ i }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) i[to + k] = Math.abs(i[a + k]) | 0;
}

function lessI({ f, i }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = i[a + k] < i[b + k] ? 1 : 0;
}

function equalI({ f, i }: JsMemory, n: number, to: number, a: number, b: number): void {
  for (let k = 0; k < n; k++) f[to + k] = i[a + k] === i[b + k] ? 1 : 0;
}

function signI({ i }: JsMemory, n: number, to: number, a: number): void {
  for (let k = 0; k < n; k++) i[to + k] = Math.sign(i[a + k]);
}

/** The key is one for all elements. */
function uniforms(
  { f, i }: JsMemory,
  n: number,
  to: number,
  a: number,
  b: number,
  _c: number,
  _d: number,
  start: number,
): void {
  const key0 = i[a] >>> 0;
  const key1 = i[b] >>> 0;
  for (let k = 0; k < n; k++) f[to + k] = uniform(start + k, key0, key1);
}

function permuteIndices({ i }: JsMemory, n: number, to: number, a: number, b: number, c: number): void {
  for (let k = 0; k < n; k++) i[to + k] = permuteIndex(i[a + k], i[b + k], i[c + k]);
}

function affine({ f }: JsMemory, n: number, to: number, a: number, b: number, c: number): void {
  const factor = f[b];
  const term = f[c];
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] * factor + term;
}

function scaledAdd({ f }: JsMemory, n: number, to: number, a: number, b: number, c: number): void {
  const factor = f[b];
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] * factor + f[c + k];
}

function blend({ f }: JsMemory, n: number, to: number, a: number, b: number, c: number, d: number): void {
  const p = f[b];
  const q = f[d];
  for (let k = 0; k < n; k++) f[to + k] = f[a + k] * p + f[c + k] * q;
}

function sqrtAffine({ f }: JsMemory, n: number, to: number, a: number, b: number, c: number): void {
  const factor = f[b];
  const term = f[c];
  for (let k = 0; k < n; k++) f[to + k] = Math.sqrt(f[a + k]) * factor + term;
}

function quotientAdd({ f }: JsMemory, n: number, to: number, a: number, b: number, c: number, d: number): void {
  const factor = f[c];
  for (let k = 0; k < n; k++) f[to + k] = (f[a + k] / f[b + k]) * factor + f[d + k];
}

/** Every step by its number. */
export const MAP_KERNELS: Record<MapCode, MapKernel> = {
  [code.COPY_BITS]: copyBits,
  [code.ADD]: add,
  [code.SUB]: sub,
  [code.MUL]: mul,
  [code.DIV]: div,
  [code.MAX]: max,
  [code.MIN]: min,
  [code.NEG]: neg,
  [code.ABS]: abs,
  [code.SIGN]: sign,
  [code.FLOOR]: floor,
  [code.ROUND]: round,
  [code.EXP]: exp,
  [code.EXPM1]: expm1,
  [code.LOG]: log,
  [code.LOG1P]: log1p,
  [code.LOG2]: log2,
  [code.LOG10]: log10,
  [code.ATAN2]: atan2,
  [code.SQRT]: sqrt,
  [code.RSQRT]: rsqrt,
  [code.SIN]: sin,
  [code.COS]: cos,
  [code.TANH]: tanh,
  [code.SIGMOID]: sigmoid,
  [code.ERF]: erfs,
  [code.POW]: pow,
  [code.LESS]: less,
  [code.EQUAL]: equal,
  [code.SELECT]: select,
  [code.RELU]: relu,
  [code.REMAINDER]: remainder,
  [code.MULTIPLY_ADD]: multiplyAdd,
  [code.LINEAR]: linear,
  [code.AFFINE]: affine,
  [code.SCALED_ADD]: scaledAdd,
  [code.BLEND]: blend,
  [code.SQRT_AFFINE]: sqrtAffine,
  [code.QUOTIENT_ADD]: quotientAdd,
  [code.FROM_I32]: fromI32,
  [code.TO_I32]: toI32,
  [code.ADD_I]: addI,
  [code.SUB_I]: subI,
  [code.MUL_I]: mulI,
  [code.DIV_I]: divI,
  [code.REMAINDER_I]: remainderI,
  [code.MAX_I]: maxI,
  [code.MIN_I]: minI,
  [code.NEG_I]: negI,
  [code.ABS_I]: absI,
  [code.LESS_I]: lessI,
  [code.EQUAL_I]: equalI,
  [code.SIGN_I]: signI,
  [code.UNIFORM]: uniforms,
  [code.PERMUTE_INDEX]: permuteIndices,
};
