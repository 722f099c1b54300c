// Relocation: from the region-relative addresses of a program to those of a machine.
import { LOOP, OPCODES } from "../../assembly/isa/opcode.ts";
import { OFFSET_MASK, REGION_ARENA, REGION_IO, REGION_SHIFT, REGION_STATE } from "../../assembly/isa/sizes.ts";
import { LOOP_BODY } from "../../assembly/isa/slots.ts";
import { ProgramError } from "../errors.ts";
import { lengthAt, opcodeAt, visitAddresses } from "../program/addresses.ts";
import type { Program } from "../program/program.ts";

/** First words of a program's regions; variables lie apart from one another. */
export interface Bases {
  readonly io: number;
  readonly arena: number;
  readonly constants: number;
  /** Parallel to `program.variables`. */
  readonly variables: readonly number[];
}

/** What of a program is relocated. */
type Relocated = Pick<Program, "code" | "variables">;

/** Writes the program's code into `code` with every address moved to its place, `unit` a word. Absent addresses stay 0. */
export function relocate(program: Relocated, bases: Bases, unit: number, code: Int32Array): void {
  code.set(program.code);
  const move = (position: number) => {
    const address = program.code[position];
    if (address !== 0) code[position] = resolve(program, bases, address) * unit;
  };
  for (let at = 0; at < code.length; at += lengthAt(program.code, at)) {
    const length = lengthAt(program.code, at);
    const body = opcodeAt(program.code, at) === LOOP ? program.code[at + LOOP_BODY] : 0;
    if (length === 0 || opcodeAt(program.code, at) >= OPCODES || !(at + length + body <= code.length))
      throw new ProgramError(`load: word ${at} of the code is not an instruction`);
    visitAddresses(program.code, at, move);
  }
}

function resolve(program: Relocated, bases: Bases, address: number): number {
  const region = address >>> REGION_SHIFT;
  const offset = address & OFFSET_MASK;
  if (region === REGION_STATE) return offset + variableBase(program, bases, offset);
  return offset + (region === REGION_IO ? bases.io : region === REGION_ARENA ? bases.arena : bases.constants);
}

/** What the variable around a state offset adds to it: variables ascend, so the last one that starts at or before it. */
function variableBase(program: Relocated, bases: Bases, offset: number): number {
  let low = 0;
  let high = program.variables.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (program.variables[middle].offset <= offset) low = middle + 1;
    else high = middle;
  }
  if (low === 0) throw new ProgramError(`load: state word ${offset} belongs to no variable`);
  return bases.variables[low - 1] - program.variables[low - 1].offset;
}
