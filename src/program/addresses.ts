// Words of an instruction: its opcode, its length, where a map is in it, which words are addresses. Kernels decode for themselves.
import { MAP, OPCODES } from "../../assembly/isa/opcode.ts";
import { MAP_COUNTS, MAP_FIRST, MAP_OPERAND_WORDS, MAP_OUTPUT_WORDS } from "../../assembly/isa/slots.ts";
import { type Description, INSTRUCTIONS, isPointer, type Opcode, type Word } from "./instructions.ts";

/** Fixed slots that hold an address, of each instruction. */
const POINTERS = Object.values(INSTRUCTIONS).map(({ slots }) => slots.filter(isPointer).map(({ at }) => at));

/** The opcode of the instruction whose header is at `at`. */
export function opcodeAt(code: Int32Array, at: number): number {
  return code[at] & 0xff;
}

/** Its length in words, header included. */
export function lengthAt(code: Int32Array, at: number): number {
  return code[at] >>> 8;
}

/** Its words by their slots. */
export function wordsAt(code: Int32Array, at: number): Word {
  return (slot) => code[at + slot];
}

/** Where the layout of MAP begins: the instruction itself, or the word before an epilogue; -1 without one, and for what is no opcode. */
export function mapOf(code: Int32Array, at: number): number {
  const opcode = opcodeAt(code, at);
  if (opcode === MAP) return at;
  const what: Description | undefined = INSTRUCTIONS[opcode as Opcode];
  return what?.epilogue !== undefined && code[at + what.epilogue] > 0 ? at + what.words - 1 : -1;
}

/** The slot whose memory a map in the instruction may touch after it is written: a product's result; -1 without an epilogue. */
export function carriedBy(opcode: number): number {
  const { epilogue, slots } = INSTRUCTIONS[opcode as Opcode];
  const result = epilogue === undefined ? undefined : slots.find(({ holds }) => holds === "write");
  return result?.at ?? -1;
}

/** Calls `visit` with the position in `code` of every address of the instruction at `at`. */
export function visitAddresses(code: Int32Array, at: number, visit: (position: number) => void): void {
  for (const fixed of POINTERS[opcodeAt(code, at)]) visit(at + fixed);
  const map = mapOf(code, at);
  if (map < 0) return;
  const counts = code[map + MAP_COUNTS];
  let position = map + MAP_FIRST;
  for (let operands = counts & 0xff; operands > 0; operands--) {
    visit(position);
    position += MAP_OPERAND_WORDS;
  }
  for (let outputs = (counts >> 8) & 0xff; outputs > 0; outputs--) {
    visit(position);
    position += MAP_OUTPUT_WORDS;
  }
}

/** The length that an instruction's counts give; it has its fixed slots. */
export function countedLength(code: Int32Array, at: number): number {
  const { words, more } = INSTRUCTIONS[opcodeAt(code, at) as Opcode];
  return words + (more?.(wordsAt(code, at)) ?? 0);
}

/** Whether the words at `at` are an instruction of the right length. */
export function isInstruction(code: Int32Array, at: number): boolean {
  const [opcode, length] = [opcodeAt(code, at), lengthAt(code, at)];
  if (opcode >= OPCODES || length < INSTRUCTIONS[opcode as Opcode].words || at + length > code.length) return false;
  return countedLength(code, at) === length;
}
