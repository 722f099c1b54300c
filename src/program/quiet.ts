// What of an instruction is not worth printing: numbers that mean nothing beside others, or that others give where nothing lies between.
import {
  CONVOLVE,
  CONVOLVE_FILTER,
  MATMUL,
  MAX_POOL,
  PACK,
  SUM_POOL,
  SUM_POOL_TRANSPOSED,
} from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import type { Description, matmul, pack, Word } from "./instructions.ts";

type Quiet<S> = { readonly [K in keyof S]?: (word: Word) => boolean };

/** Whether a slot holds the product of others. */
function is(at: number, ...factors: readonly number[]): (word: Word) => boolean {
  return (word) => word(at) === factors.reduce((product, factor) => product * word(factor), 1);
}

/** The row of a matrix, of one width or, by a flag, of the other. */
function isRow(at: number, [width, other]: readonly [number, number], flags: number, flag: number) {
  return (word: Word) => word(at) === word((word(flags) & flag) === 0 ? width : other);
}

/** Whether there is but one of what is counted in a slot, or else a condition holds. */
function one(count: number, or: (word: Word) => boolean = () => false): (word: Word) => boolean {
  return (word) => word(count) === 1 || or(word);
}

const ofPack: Quiet<typeof pack.named> = {
  heads: one(slot.PACK_HEADS),
  row: isRow(slot.PACK_ROW, [slot.PACK_N, slot.PACK_K], slot.PACK_TRANSPOSED, 1),
  stride: one(slot.PACK_BATCH, is(slot.PACK_STRIDE, slot.PACK_HEADS, slot.PACK_K, slot.PACK_N)),
  head: one(slot.PACK_HEADS, is(slot.PACK_HEAD, slot.PACK_K, slot.PACK_N)),
};

const ofMatmul: Quiet<typeof matmul.named> = {
  batch: one(slot.MATMUL_BATCH),
  heads: one(slot.MATMUL_HEADS),
  rowA: isRow(slot.MATMUL_ROW_A, [slot.MATMUL_K, slot.MATMUL_M], slot.MATMUL_TRANSPOSED, 1),
  rowB: isRow(slot.MATMUL_ROW_B, [slot.MATMUL_N, slot.MATMUL_K], slot.MATMUL_TRANSPOSED, 2),
  rowC: is(slot.MATMUL_ROW_C, slot.MATMUL_N),
  strideA: one(slot.MATMUL_BATCH),
  strideB: one(slot.MATMUL_BATCH),
  strideC: one(slot.MATMUL_BATCH, is(slot.MATMUL_STRIDE_C, slot.MATMUL_HEADS, slot.MATMUL_M, slot.MATMUL_N)),
  headA: one(slot.MATMUL_HEADS),
  headB: one(slot.MATMUL_HEADS),
  headC: one(slot.MATMUL_HEADS, is(slot.MATMUL_HEAD_C, slot.MATMUL_M, slot.MATMUL_N)),
};

/** Of three slots, one an axis: those that hold what says nothing, and those of axes that images do not have. */
function axes(name: string, at: number, nothing: number): Readonly<Record<string, (word: Word) => boolean>> {
  const isAbsent = (word: Word, axis: number) =>
    [slot.CONVOLVE_TAPS_D, slot.CONVOLVE_SIZE_D, slot.CONVOLVE_POSITIONS_D].every((size) => word(size + axis) === 1);
  return Object.fromEntries(
    ["D", "H", "W"].map((letter, axis) => [
      `${name}${letter}`,
      (word: Word) => word(at + axis) === nothing || (axis < 2 && isAbsent(word, axis)),
    ]),
  );
}

const ofConvolution: Readonly<Record<string, (word: Word) => boolean>> = {
  groups: one(slot.CONVOLVE_GROUPS),
  ...axes("taps", slot.CONVOLVE_TAPS_D, 1),
  ...axes("size", slot.CONVOLVE_SIZE_D, -1),
  ...axes("positions", slot.CONVOLVE_POSITIONS_D, -1),
  ...axes("step", slot.CONVOLVE_STEP_D, 1),
  ...axes("apart", slot.CONVOLVE_APART_D, 1),
  ...axes("first", slot.CONVOLVE_FIRST_D, 0),
  ...axes("spacing", slot.CONVOLVE_SPACING_D, 1),
};

/** Of windows: an axis that stands for none, no padding, and what neither neighbours nor a covered axis need to say. */
function ofAxis(name: string, size: number): Quiet<Readonly<Record<string, unknown>>> {
  const at = (word: Word, each: number) => word(size + each);
  const isNone = (word: Word) =>
    [slot.AXIS_SIZE, slot.AXIS_OUT, slot.AXIS_KERNEL].every((each) => at(word, each) === 1);
  const quiet = (each: number, usual: number) => (word: Word) =>
    isNone(word) || at(word, slot.AXIS_KERNEL) === 0 || at(word, each) === usual;
  return {
    [`size${name}`]: isNone,
    [`out${name}`]: isNone,
    [`kernel${name}`]: isNone,
    [`stride${name}`]: quiet(slot.AXIS_STRIDE, 1),
    [`padding${name}`]: quiet(slot.AXIS_PADDING, 0),
    [`dilation${name}`]: quiet(slot.AXIS_DILATION, 1),
  };
}

const ofPool = {
  ...ofAxis("D", slot.POOL_SIZE_D),
  ...ofAxis("H", slot.POOL_SIZE_H),
  ...ofAxis("W", slot.POOL_SIZE_W),
};

const QUIET: Readonly<Record<number, Quiet<Readonly<Record<string, unknown>>>>> = {
  [PACK]: ofPack,
  [MATMUL]: ofMatmul,
  [MAX_POOL]: ofPool,
  [SUM_POOL]: ofPool,
  [SUM_POOL_TRANSPOSED]: ofPool,
  [CONVOLVE]: ofConvolution,
  [CONVOLVE_FILTER]: ofConvolution,
};

/** Whether what a slot of an instruction holds is not worth printing. */
export function isQuiet(opcode: number, { name, quiet, at }: Description["slots"][number], word: Word): boolean {
  return (quiet === true && word(at) === 0) || (QUIET[opcode]?.[name]?.(word) ?? false);
}
