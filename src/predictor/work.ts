// How long a program takes, about: so that a file cannot ask for hours. What counts is that no instruction is taken for much less than it is.
import * as op from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import { mapOf, wordsAt } from "../program/addresses.ts";
import type { Line } from "../program/decode.ts";
import type { Word } from "../program/instructions.ts";

// Nanoseconds on one core, the dearer ones of a kind.
const INSTRUCTION = 50;
const WORD = 2;
const STEP = 2; // of a map, of one element
const PRODUCT = 0.2;

/** The product of so many slots, from one on. */
function product(word: Word, first: number, count: number): number {
  let all = 1;
  for (let i = 0; i < count; i++) all *= word(first + i);
  return all;
}

/** Images, groups, rows, channels and taps; positions. */
function convolution(word: Word): number {
  return PRODUCT * product(word, slot.CONVOLVE_IMAGES, 7) * product(word, slot.CONVOLVE_POSITIONS_D, 3);
}

/** Places of all windows. */
function pool(word: Word): number {
  const places = [slot.POOL_SIZE_D, slot.POOL_SIZE_H, slot.POOL_SIZE_W].map((at) => {
    const [size, out, kernel] = [slot.AXIS_SIZE, slot.AXIS_OUT, slot.AXIS_KERNEL].map((each) => word(at + each));
    return kernel === 0 ? size + 2 * out : out * kernel;
  });
  return places.reduce((all, each) => all * each, WORD * word(slot.POOL_PLANES));
}

/** Of instructions that do more for each word than move it. */
const MORE: Readonly<Record<number, (word: Word) => number>> = {
  // Batch, heads, m, n, k.
  [op.MATMUL]: (word) => PRODUCT * product(word, slot.MATMUL_BATCH, 5),
  [op.CONVOLVE]: convolution,
  [op.CONVOLVE_FILTER]: convolution,
  [op.MAX_POOL]: pool,
  [op.SUM_POOL]: pool,
  [op.SUM_POOL_TRANSPOSED]: pool,
  [op.SORT]: (word) => 64 * WORD * product(word, slot.SORT_ROWS, 2),
};

/** Seconds of one step, of its lines as they were decoded. */
export function secondsOf(code: Int32Array, lines: readonly Line[]): number {
  let sum = 0;
  for (const { at, opcode, loops, touches } of lines) {
    const word = wordsAt(code, at);
    const map = mapOf(code, at);
    const steps = map < 0 ? 0 : code[map + slot.MAP_N] * (code[map + slot.MAP_COUNTS] >>> 16);
    const words = touches.reduce((all, { rows, run }) => all + rows * run, 0);
    const once = INSTRUCTION + WORD * words + STEP * steps + (MORE[opcode]?.(word) ?? 0);
    sum += loops.reduce((all, { count }) => all * count, once);
  }
  return sum / 1e9;
}
