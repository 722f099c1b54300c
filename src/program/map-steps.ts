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

/** Registers that each code reads. */
const SOURCES: Record<MapCode, number> = {
  [code.COPY_BITS]: 1,
  [code.ADD]: 2,
  [code.SUB]: 2,
  [code.MUL]: 2,
  [code.DIV]: 2,
  [code.MAX]: 2,
  [code.MIN]: 2,
  [code.NEG]: 1,
  [code.ABS]: 1,
  [code.SIGN]: 1,
  [code.FLOOR]: 1,
  [code.EXP]: 1,
  [code.EXPM1]: 1,
  [code.LOG]: 1,
  [code.LOG1P]: 1,
  [code.SQRT]: 1,
  [code.RSQRT]: 1,
  [code.SIN]: 1,
  [code.COS]: 1,
  [code.TANH]: 1,
  [code.SIGMOID]: 1,
  [code.ERF]: 1,
  [code.POW]: 2,
  [code.LESS]: 2,
  [code.EQUAL]: 2,
  [code.SELECT]: 3,
  [code.RELU]: 1,
  [code.REMAINDER]: 2,
  [code.MULTIPLY_ADD]: 3,
  [code.LINEAR]: 4,
  [code.AFFINE]: 3,
  [code.SCALED_ADD]: 3,
  [code.BLEND]: 4,
  [code.SQRT_AFFINE]: 3,
  [code.QUOTIENT_ADD]: 4,
  [code.FROM_I32]: 1,
  [code.TO_I32]: 1,
  [code.ADD_I]: 2,
  [code.SUB_I]: 2,
  [code.MUL_I]: 2,
  [code.DIV_I]: 2,
  [code.REMAINDER_I]: 2,
  [code.MAX_I]: 2,
  [code.MIN_I]: 2,
  [code.NEG_I]: 1,
  [code.ABS_I]: 1,
  [code.LESS_I]: 2,
  [code.EQUAL_I]: 2,
  [code.SIGN_I]: 1,
  [code.UNIFORM]: 2,
  [code.PERMUTE_INDEX]: 3,
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
      sources: sources.slice(0, SOURCES[(step & 0xff) as MapCode]),
    };
  }
}
