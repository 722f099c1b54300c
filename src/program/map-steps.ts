// The steps of a map, decoded. Print and verify read them; kernels decode for themselves.

import type * as mapCodes from "../../assembly/isa/map-code.ts";
import * as code from "../../assembly/isa/map-code.ts";
import { MAP_COUNTS, MAP_FIRST, MAP_STEP_WORDS } from "../../assembly/isa/slots.ts";
import { mapWords } from "./instructions.ts";

/** Numbers of all steps of the block machine. */
export type MapCode = Exclude<(typeof mapCodes)[keyof typeof mapCodes], typeof mapCodes.MAP_CODES>;

/** One step: registers are numbered as in slots.ts. */
export interface MapStep {
  readonly code: number;
  readonly target: number;
  /** As many as the code takes. */
  readonly sources: readonly number[];
}

/** What each code is called in print, and how many registers it reads. */
export const STEPS: Record<MapCode, readonly [name: string, sources: number]> = {
  [code.COPY_BITS]: ["copy_bits", 1],
  [code.ADD]: ["add", 2],
  [code.SUB]: ["sub", 2],
  [code.MUL]: ["mul", 2],
  [code.DIV]: ["div", 2],
  [code.MAX]: ["max", 2],
  [code.MIN]: ["min", 2],
  [code.NEG]: ["neg", 1],
  [code.ABS]: ["abs", 1],
  [code.SIGN]: ["sign", 1],
  [code.FLOOR]: ["floor", 1],
  [code.EXP]: ["exp", 1],
  [code.EXPM1]: ["expm1", 1],
  [code.LOG]: ["log", 1],
  [code.LOG1P]: ["log1p", 1],
  [code.SQRT]: ["sqrt", 1],
  [code.RSQRT]: ["rsqrt", 1],
  [code.SIN]: ["sin", 1],
  [code.COS]: ["cos", 1],
  [code.TANH]: ["tanh", 1],
  [code.SIGMOID]: ["sigmoid", 1],
  [code.ERF]: ["erf", 1],
  [code.POW]: ["pow", 2],
  [code.LESS]: ["less", 2],
  [code.EQUAL]: ["equal", 2],
  [code.SELECT]: ["select", 3],
  [code.RELU]: ["relu", 1],
  [code.REMAINDER]: ["remainder", 2],
  [code.MULTIPLY_ADD]: ["multiply_add", 3],
  [code.LINEAR]: ["linear", 4],
  [code.AFFINE]: ["affine", 3],
  [code.SCALED_ADD]: ["scaled_add", 3],
  [code.BLEND]: ["blend", 4],
  [code.SQRT_AFFINE]: ["sqrt_affine", 3],
  [code.QUOTIENT_ADD]: ["quotient_add", 4],
  [code.FROM_I32]: ["from_i32", 1],
  [code.TO_I32]: ["to_i32", 1],
  [code.ADD_I]: ["add_i", 2],
  [code.SUB_I]: ["sub_i", 2],
  [code.MUL_I]: ["mul_i", 2],
  [code.DIV_I]: ["div_i", 2],
  [code.REMAINDER_I]: ["remainder_i", 2],
  [code.MAX_I]: ["max_i", 2],
  [code.MIN_I]: ["min_i", 2],
  [code.NEG_I]: ["neg_i", 1],
  [code.ABS_I]: ["abs_i", 1],
  [code.LESS_I]: ["less_i", 2],
  [code.EQUAL_I]: ["equal_i", 2],
  [code.SIGN_I]: ["sign_i", 1],
  [code.UNIFORM]: ["uniform", 2],
  [code.PERMUTE_INDEX]: ["permute_index", 3],
};

/** Which of its sources a step takes for scalars: operands read as such. */
export const SCALAR_SOURCES: ReadonlyMap<number, readonly number[]> = new Map([
  [code.AFFINE, [1, 2]],
  [code.SCALED_ADD, [1]],
  [code.BLEND, [1, 3]],
  [code.SQRT_AFFINE, [1, 2]],
  [code.QUOTIENT_ADD, [2]],
]);

/** The steps of a map in their order. */
export function* stepsOf(words: Int32Array, map: number): Generator<MapStep> {
  const end = map + MAP_FIRST + mapWords((slot) => words[map + slot]);
  for (let at = end - (words[map + MAP_COUNTS] >>> 16) * MAP_STEP_WORDS; at < end; at += MAP_STEP_WORDS) {
    const step = words[at];
    const more = words[at + 1];
    const sources = [(step >> 16) & 0xff, step >>> 24, more & 0xff, (more >> 8) & 0xff];
    yield {
      code: step & 0xff,
      target: (step >> 8) & 0xff,
      sources: sources.slice(0, STEPS[(step & 0xff) as MapCode]?.[1]),
    };
  }
}
