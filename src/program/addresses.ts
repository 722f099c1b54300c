// Which words of an instruction are addresses: all that an executor must know to relocate a program. Kernels decode for themselves.
import type * as mapCodes from "../../assembly/isa/map-code.ts";
import type * as opcodes from "../../assembly/isa/opcode.ts";
import * as op from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";

/** Numbers of all instructions: a table keyed by it misses none. */
export type Opcode = Exclude<(typeof opcodes)[keyof typeof opcodes], typeof opcodes.OPCODES>;

/** Numbers of all steps of the block machine. */
export type MapCode = Exclude<(typeof mapCodes)[keyof typeof mapCodes], typeof mapCodes.MAP_CODES>;

/** Fixed slots that hold an address; those of maps and prefixes are found by `visitAddresses`. */
const ADDRESS_SLOTS: Record<Opcode, readonly number[]> = {
  [op.END]: [],
  [op.BARRIER]: [],
  [op.LOOP]: [],
  [op.INDEX]: [],
  [op.MAP]: [],
  [op.REDUCE]: [slot.REDUCE_TO, slot.REDUCE_FROM],
  [op.PACK]: [slot.PACK_TO, slot.PACK_FROM],
  [op.MATMUL]: [slot.MATMUL_C, slot.MATMUL_A, slot.MATMUL_B, slot.MATMUL_PANELS, slot.MATMUL_STRIPS],
  [op.COPY]: [slot.COPY_TO, slot.COPY_FROM],
  [op.GATHER]: [slot.GATHER_TO, slot.GATHER_FROM, slot.GATHER_INDEX],
  [op.SCATTER_ADD]: [slot.SCATTER_TO, slot.SCATTER_FROM, slot.SCATTER_INDEX],
  [op.SOFTMAX]: [slot.ROWS_TO, slot.ROWS_FROM],
  [op.LOG_SUM_EXP]: [slot.ROWS_TO, slot.ROWS_FROM],
  [op.CROSS_ENTROPY]: [slot.ENTROPY_TO, slot.ENTROPY_FROM, slot.ENTROPY_INDEX],
  [op.CROSS_ENTROPY_GRADIENT]: [slot.ENTROPY_TO, slot.ENTROPY_FROM, slot.ENTROPY_INDEX, slot.ENTROPY_SCALE],
};

/** The opcode of the instruction whose header is at `at`. */
export function opcodeAt(code: Int32Array, at: number): number {
  return code[at] & 0xff;
}

/** Its length in words, header included. */
export function lengthAt(code: Int32Array, at: number): number {
  return code[at] >>> 8;
}

/** Where the MAP layout begins: the instruction itself, or the word before a MATMUL's epilogue; -1 without one. */
export function mapOf(code: Int32Array, at: number): number {
  const opcode = opcodeAt(code, at);
  if (opcode === op.MAP) return at;
  return opcode === op.MATMUL && code[at + slot.MATMUL_MAP] > 0 ? at + slot.MATMUL_WORDS - 1 : -1;
}

/** Calls `visit` with the position in `code` of every address of the instruction at `at`. */
export function visitAddresses(code: Int32Array, at: number, visit: (position: number) => void): void {
  for (const fixed of ADDRESS_SLOTS[opcodeAt(code, at) as Opcode]) visit(at + fixed);
  const map = mapOf(code, at);
  if (map < 0) return;
  const counts = code[map + slot.MAP_COUNTS];
  let position = map + slot.MAP_FIRST;
  for (let operands = counts & 0xff; operands > 0; operands--) {
    visit(position);
    position += slot.MAP_OPERAND_WORDS;
  }
  for (let outputs = (counts >> 8) & 0xff; outputs > 0; outputs--) visit(position++);
}
