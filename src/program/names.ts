// Names of opcodes, slots and codes, read from the instruction set itself: they cannot be out of date.
import * as mapCodes from "../../assembly/isa/map-code.ts";
import * as op from "../../assembly/isa/opcode.ts";
import * as slots from "../../assembly/isa/slots.ts";
import { mapOf, opcodeAt } from "./addresses.ts";
import { INSTRUCTIONS, type Instruction, type Opcode } from "./instructions.ts";
import type { MapStep } from "./map-steps.ts";

type Names = ReadonlyMap<number, string>;

/** Names in small letters by number, of those that begin with `prefix`; how many there are is none. */
function namesOf(module: Readonly<Record<string, number>>, prefix = ""): Names {
  const entries = Object.entries(module).filter(([name]) => name.startsWith(prefix) && !/CODES$/.test(name));
  return new Map(entries.map(([name, number]) => [number, name.slice(prefix.length).toLowerCase()]));
}

/** Names of everything in a program's code; made once for a whole text. */
export class CodeNames {
  readonly modes: Names = namesOf(slots, "MODE_");
  readonly elements: Names = namesOf(slots, "ELEMENT_");
  readonly #codes: Names = namesOf(mapCodes);
  readonly #opcodes: Names = namesOf(op);
  readonly #slots = new Map<number, Names>();

  /** A value of a slot whose values have names. */
  value(names: readonly string[] | string, value: number): string {
    return (typeof names === "string" ? namesOf(slots, names).get(value) : names[value]) ?? `${value}`;
  }

  opcode(opcode: number): string {
    return this.#opcodes.get(opcode) ?? `opcode ${opcode}`;
  }

  /** A step of a map: `r0 = add a0 a1`. */
  step({ code, target, sources }: MapStep): string {
    return [registerName(target), "=", this.#codes.get(code) ?? `code ${code}`, ...sources.map(registerName)].join(" ");
  }

  /** A slot of the instruction at `at`; operands and outputs of maps are a0 and o0. */
  slot(code: Int32Array, at: number, slot: number): string {
    const opcode = opcodeAt(code, at);
    const map = mapOf(code, at);
    const inMap = at + slot - map - slots.MAP_FIRST;
    if (map >= 0 && inMap >= 0) {
      const output = inMap - (code[map + slots.MAP_COUNTS] & 0xff) * slots.MAP_OPERAND_WORDS;
      return output >= 0 ? `o${output}` : `a${inMap / slots.MAP_OPERAND_WORDS}`;
    }
    let names = this.#slots.get(opcode);
    if (names === undefined) {
      const what: Instruction | undefined = INSTRUCTIONS[opcode as Opcode];
      names = new Map(what?.slots.map(({ name, at: number }) => [number, inSmallLetters(name)]));
      this.#slots.set(opcode, names);
    }
    return names.get(slot) ?? `slot ${slot}`;
  }
}

/** `strideA` as `stride_a`. */
function inSmallLetters(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A register of the block machine: r0 scratch, a0 an operand, o0 an output. */
export function registerName(register: number): string {
  if (register < slots.REGISTER_OPERAND) return `r${register}`;
  if (register < slots.REGISTER_OUTPUT) return `a${register - slots.REGISTER_OPERAND}`;
  return `o${register - slots.REGISTER_OUTPUT}`;
}
