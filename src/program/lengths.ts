// How many words each instruction has.
import * as op from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import { lengthAt, type Opcode, opcodeAt } from "./addresses.ts";
import { mapLength } from "./map-steps.ts";

/** Shortest length of each instruction: with its last fixed slot. */
export const LEAST_WORDS: Record<Opcode, number> = {
  [op.END]: 1,
  [op.BARRIER]: 1,
  [op.LOOP]: slot.LOOP_DEPTH + 1,
  [op.INDEX]: slot.INDEX_FIRST,
  [op.MAP]: slot.MAP_FIRST,
  [op.REDUCE]: slot.REDUCE_WORDS,
  [op.PACK]: slot.PACK_WORDS,
  [op.MATMUL]: slot.MATMUL_WORDS,
  [op.COPY]: slot.COPY_FIRST,
  [op.GATHER]: slot.GATHER_WORDS,
  [op.SCATTER_ADD]: slot.SCATTER_WORDS,
  [op.SOFTMAX]: slot.ROWS_WORDS,
  [op.LOG_SUM_EXP]: slot.ROWS_WORDS,
  [op.CROSS_ENTROPY]: slot.ENTROPY_WORDS,
  [op.CROSS_ENTROPY_GRADIENT]: slot.ENTROPY_GRADIENT_WORDS,
};

/** The length that an instruction's counts give; it has LEAST_WORDS. */
export function countedLength(code: Int32Array, at: number): number {
  const opcode = opcodeAt(code, at) as Opcode;
  const word = (number: number) => code[at + number];
  if (opcode === op.INDEX) return slot.INDEX_FIRST + word(slot.INDEX_COUNT) * slot.INDEX_STRIDE;
  if (opcode === op.MAP) return mapLength(code, at);
  if (opcode === op.COPY) return slot.COPY_FIRST + word(slot.COPY_RANK) * slot.COPY_DIMENSION_WORDS;
  if (opcode !== op.MATMUL || word(slot.MATMUL_MAP) === 0) return LEAST_WORDS[opcode];
  const map = slot.MATMUL_WORDS - 1;
  return map + (lengthAt(code, at) > map + slot.MAP_COUNTS ? mapLength(code, at + map) : slot.MAP_FIRST);
}

/** Whether the words at `at` are an instruction of the right length. */
export function isInstruction(code: Int32Array, at: number): boolean {
  const [opcode, length] = [opcodeAt(code, at), lengthAt(code, at)];
  if (opcode >= op.OPCODES || length < LEAST_WORDS[opcode as Opcode] || at + length > code.length) return false;
  return countedLength(code, at) === length;
}
