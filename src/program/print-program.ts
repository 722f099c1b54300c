// Prints a program: its buffers, then a line for every instruction and for every step of a map.
import * as op from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import { showShape } from "../shape.ts";
import { isInstruction, lengthAt, mapOf, opcodeAt, wordsAt } from "./addresses.ts";
import { checkForm } from "./form.ts";
import { type Description, INSTRUCTIONS, isPointer, type Opcode } from "./instructions.ts";
import { stepsOf } from "./map-steps.ts";
import { CodeNames, ELEMENTS, MODES, valueName } from "./names.ts";
import { Places, positionOf } from "./places.ts";
import type { Program, ProgramSlot } from "./program.ts";
import { isQuiet } from "./quiet.ts";

/** Column in which labels begin where the lines are short enough. */
const LABEL_COLUMN = 72;

/**
 * A program as text. Addresses bear the names of variables, inputs and outputs, scalars of constants their value; `arena+64` is
 * word 64 of the arena. In maps a0 is the first operand, o0 the first output, r0 a register; i0 counts the outermost loop.
 *
 * @example
 * import { compile, input } from "simdgrad";
 * import { printProgram } from "simdgrad/debug";
 * const x = input([3]);
 * const text = printProgram(compile({ inputs: { x }, outputs: { y: x.exp().add(1) } }));
 * text.split("\n").slice(-3, -1).map((line) => line.trim()); // => ["r0 = exp a0", "o0 = add r0 a1"]
 */
export function printProgram(program: Program): string {
  checkForm(program, "printProgram: program");
  return new Printer(program).print();
}

class Printer {
  readonly #program: Program;
  readonly #code: Int32Array;
  readonly #places: Places;
  readonly #names = new CodeNames();
  readonly #lines: string[] = [];
  /** Ends of the loops that are open. */
  readonly #ends: number[] = [];
  /** Digits of the largest instruction number. */
  readonly #digits: number;

  constructor(program: Program) {
    this.#program = program;
    this.#code = program.code;
    this.#places = new Places(program);
    this.#digits = `${program.labels.length}`.length;
  }

  print(): string {
    this.#buffers();
    const code = this.#code;
    for (let at = 0, number = 0; at < code.length; at += Math.max(1, lengthAt(code, at)), number++) {
      while (this.#ends.at(-1) === at) this.#ends.pop();
      this.#instruction(at, number);
    }
    return this.#lines.join("\n");
  }

  #buffers(): void {
    const { variables, inputs, outputs, logged, arenaWords } = this.#program;
    const list = (kind: string, region: string, slots: readonly ProgramSlot[]) => {
      for (const { name, dtype, shape, offset } of slots) {
        const log = kind === "output" && logged.includes(name) ? ", logged" : "";
        this.#lines.push(`${kind} ${name}: ${dtype}${showShape(shape)} at ${region}+${offset}${log}`);
      }
    };
    list("variable", "state", variables);
    list("input", "io", inputs);
    list("output", "io", outputs);
    this.#lines.push(`arena: ${arenaWords} words`);
  }

  #instruction(at: number, number: number): void {
    const code = this.#code;
    const opcode = opcodeAt(code, at);
    const indent = "  ".repeat(this.#ends.length);
    const label = this.#program.labels[number];
    const text = `${`${number}`.padStart(this.#digits)} ${indent}${this.#names.opcode(opcode)}${this.#operands(at)}`;
    this.#lines.push(label ? `${text.padEnd(LABEL_COLUMN - 1)} ; ${label}` : text);
    const below = `${" ".repeat(this.#digits)}   ${indent}`;
    if (!isInstruction(code, at)) return;
    const map = mapOf(code, at);
    const isEpilogue = map > at;
    if (isEpilogue) this.#lines.push(`${below}epilogue${this.#map(map)}`);
    if (map >= 0)
      for (const step of stepsOf(code, map))
        this.#lines.push(`${below}${isEpilogue ? "  " : ""}${this.#names.step(step)}`);
    if (opcode === op.LOOP) this.#ends.push(at + lengthAt(code, at) + code[at + slot.LOOP_BODY]);
  }

  /** What follows the opcode's name. */
  #operands(at: number): string {
    const code = this.#code;
    const opcode = opcodeAt(code, at);
    if (!isInstruction(code, at)) return ` of ${lengthAt(code, at)} words`;
    if (opcode === op.MAP) return this.#map(at);
    if (opcode === op.LOOP) return ` i${code[at + slot.LOOP_DEPTH]} to ${code[at + slot.LOOP_COUNT]}`;
    if (opcode === op.INDEX) return ` ${this.#moves(at).join(", ")}`;
    const { slots } = INSTRUCTIONS[opcode as Opcode];
    const words = slots
      .filter((each) => each.holds !== "count" && !isQuiet(opcode, each, wordsAt(code, at)))
      .map((each) => `${this.#names.slot(code, at, each.at)}=${this.#value(each, at + each.at)}`);
    return [...(words.length > 0 ? [` ${words.join(" ")}`] : []), ...this.#dimensions(at)].join(", ");
  }

  #value(each: Description["slots"][number], position: number): string {
    if (isPointer(each)) return this.#address(position);
    return valueName(opcodeAt(this.#code, position - each.at), each.name, this.#code[position]);
  }

  /** Axes of a copy: their sizes, and the strides on both sides. */
  #dimensions(at: number): string[] {
    const code = this.#code;
    if (opcodeAt(code, at) !== op.COPY) return [];
    const axes: string[] = [];
    for (let axis = 0; axis < code[at + slot.COPY_RANK]; axis++) {
      const position = at + slot.COPY_FIRST + axis * slot.COPY_DIMENSION_WORDS;
      axes.push(`${code[position]} x (to ${code[position + 1]}, from ${code[position + 2]})`);
    }
    return axes;
  }

  /** `a0 += 64 i0`: how a prefix moves the addresses of the next instruction. */
  #moves(at: number): string[] {
    const code = this.#code;
    const next = at + lengthAt(code, at);
    const moves: string[] = [];
    for (let triple = 0; triple < code[at + slot.INDEX_COUNT]; triple++) {
      const position = at + slot.INDEX_FIRST + triple * slot.INDEX_STRIDE;
      moves.push(`${this.#names.slot(code, next, code[position])} += ${code[position + 2]} i${code[position + 1]}`);
    }
    return moves;
  }

  /** Domain, operands and outputs of a map. */
  #map(map: number): string {
    const code = this.#code;
    const counts = code[map + slot.MAP_COUNTS];
    const buffers: string[] = [];
    let position = map + slot.MAP_FIRST;
    for (let k = 0; k < (counts & 0xff); k++, position += slot.MAP_OPERAND_WORDS)
      buffers.push(`a${k}=${this.#mode(position)}${this.#address(position)}`);
    for (let k = 0; k < ((counts >> 8) & 0xff); k++, position += slot.MAP_OUTPUT_WORDS) {
      const row = code[position + 1];
      buffers.push(`o${k}=${row === 0 ? "" : `rows(${row}) `}${this.#address(position)}`);
    }
    return ` n=${code[map + slot.MAP_N]} columns=${code[map + slot.MAP_COLUMNS]}: ${buffers.join(", ")}`;
  }

  /** How an operand is read, where it is not simply read through. */
  #mode(operand: number): string {
    const [, kind, div, mod] = this.#code.subarray(operand, operand + slot.MAP_OPERAND_WORDS);
    const mode = kind & 0xff;
    const bytes = kind >> 8 === slot.ELEMENT_WORD ? "" : `${ELEMENTS[kind >> 8]} `;
    if (mode === slot.MODE_FULL) return bytes;
    const period = mode === slot.MODE_COLUMN ? `(/${div} %${mod})` : mode === slot.MODE_ROWS ? `(${div})` : "";
    return `${bytes}${MODES[mode]}${period} `;
  }

  #address(position: number): string {
    if (this.#code[position] === 0) return "none";
    return this.#names.place(this.#places, positionOf(this.#code[position]));
  }
}
