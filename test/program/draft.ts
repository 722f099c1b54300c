// A program that tests may break: a compiled or hand-made one with everything writable, instructions found by their number.
import { LOOP } from "../../assembly/isa/opcode.ts";
import { LOOP_BODY } from "../../assembly/isa/slots.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import type { Program, ProgramConstant, ProgramSlot, ProgramVariable } from "../../src/program/program.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? Writable<E>[] : T[K] };

export class Draft {
  readonly program: Writable<Program>;

  constructor(program: Program) {
    this.program = structuredClone(program) as Writable<Program>;
  }

  get code(): Int32Array {
    return this.program.code;
  }

  /** Position of the `nth` instruction with this opcode. */
  find(opcode: number, nth = 0): number {
    let left = nth;
    for (let at = 0; at < this.code.length; at += lengthAt(this.code, at))
      if (opcodeAt(this.code, at) === opcode && left-- === 0) return at;
    throw new Error(`no instruction ${nth} with opcode ${opcode}`);
  }

  get(opcode: number, slot: number, nth = 0): number {
    return this.code[this.find(opcode, nth) + slot];
  }

  set(opcode: number, slot: number, value: number, nth = 0): void {
    this.code[this.find(opcode, nth) + slot] = value;
  }

  /** All words of an instruction. */
  words(opcode: number, nth = 0): number[] {
    const at = this.find(opcode, nth);
    return [...this.code.slice(at, at + lengthAt(this.code, at))];
  }

  change(changes: Partial<Program>): void {
    Object.assign(this.program, changes);
  }

  variable(index: number, changes: Partial<ProgramVariable>): void {
    Object.assign(this.program.variables[index], changes);
  }

  input(index: number, changes: Partial<ProgramSlot>): void {
    Object.assign(this.program.inputs[index], changes);
  }

  output(index: number, changes: Partial<ProgramSlot>): void {
    Object.assign(this.program.outputs[index], changes);
  }

  constant(index: number, changes: Partial<ProgramConstant>): void {
    Object.assign(this.program.constants[index], changes);
  }

  remove(opcode: number, nth = 0): void {
    const at = this.find(opcode, nth);
    this.#splice(at, lengthAt(this.code, at), [], -1);
  }

  /** Puts an instruction before the `nth` one with this opcode. */
  insert(opcode: number, nth: number, words: readonly number[]): void {
    this.#splice(this.find(opcode, nth), 0, words, 1);
  }

  #splice(at: number, removed: number, words: readonly number[], instructions: -1 | 1): void {
    let number = 0;
    for (let start = 0; start < at; start += lengthAt(this.code, start)) {
      number++;
      const body = start + lengthAt(this.code, start);
      const holds = opcodeAt(this.code, start) === LOOP && at < body + this.code[start + LOOP_BODY];
      if (holds) this.code[start + LOOP_BODY] += words.length - removed;
    }
    const code = [...this.code];
    code.splice(at, removed, ...words);
    this.program.code = Int32Array.from(code);
    if (instructions > 0) this.program.labels.splice(number, 0, "inserted");
    else this.program.labels.splice(number, 1);
  }
}
