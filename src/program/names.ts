// Names of everything in a program's code, for print and for errors.
import * as op from "../../assembly/isa/opcode.ts";
import { REGION_ARENA, REGION_CONSTANTS, REGION_IO, REGION_SHIFT, REGION_STATE } from "../../assembly/isa/sizes.ts";
import {
  MAP_COUNTS,
  MAP_FIRST,
  MAP_OPERAND_WORDS,
  MAP_OUTPUT_WORDS,
  REGISTER_OPERAND,
  REGISTER_OUTPUT,
} from "../../assembly/isa/slots.ts";
import { mapOf, opcodeAt } from "./addresses.ts";
import { type Description, INSTRUCTIONS, type Opcode } from "./instructions.ts";
import { type MapStep, STEPS } from "./map-steps.ts";
import { type Places, regionStart } from "./places.ts";

type SlotNames = ReadonlyMap<number, string>;

/** What errors call things: CodeNames, or whoever has no need for names. */
export type Names = Pick<CodeNames, "opcode" | "step" | "slot" | "register" | "place">;

/** Values of slots that choose, in the order of their numbers. */
const VALUES: Partial<Record<Opcode, Readonly<Record<string, readonly string[]>>>> = {
  [op.REDUCE]: { kind: ["sum", "max", "argmax", "sum_i32", "max_i32", "wide_sum", "sum_in_two", "norm"] },
  [op.MATMUL]: { transposed: ["", "a", "b", "a,b"] },
};

/** Modes of a map's operands, and their elements. */
export const MODES = ["full", "scalar", "row", "column", "rows"];
export const ELEMENTS = ["word", "byte"];

/** What a number in a slot is called. */
export function valueName(opcode: number, slot: string, value: number): string {
  return VALUES[opcode as Opcode]?.[slot]?.[value] ?? `${value}`;
}

/** Names in a program's code; made once for a whole text. */
export class CodeNames {
  readonly #slots = new Map<number, SlotNames>();

  opcode(opcode: number): string {
    const what: Description | undefined = INSTRUCTIONS[opcode as Opcode];
    return what?.name ?? `opcode ${opcode}`;
  }

  /** A step of a map: `r0 = add a0 a1`. */
  step({ code, target, sources }: MapStep): string {
    const name = STEPS[code]?.name ?? `code ${code}`;
    return [registerName(target), "=", name, ...sources.map(registerName)].join(" ");
  }

  register(register: number): string {
    return registerName(register);
  }

  /** What lies at a position: `weight`, `weight+16`, `arena+128`; where nothing lies, the region and the offset. */
  place(places: Places, position: number): string {
    const place = places.at(position);
    if (place === undefined) return showRaw(position);
    const offset = position - place.start;
    return offset > 0 || place.kind === "arena" ? `${place.name}+${offset}` : place.name;
  }

  /** A slot of the instruction at `at`; operands and outputs of maps are a0 and o0. */
  slot(code: Int32Array, at: number, slot: number): string {
    const opcode = opcodeAt(code, at);
    const map = mapOf(code, at);
    const inMap = at + slot - map - MAP_FIRST;
    if (map >= 0 && inMap >= 0) {
      const output = inMap - (code[map + MAP_COUNTS] & 0xff) * MAP_OPERAND_WORDS;
      return output >= 0 ? `o${output / MAP_OUTPUT_WORDS}` : `a${inMap / MAP_OPERAND_WORDS}`;
    }
    let names = this.#slots.get(opcode);
    if (names === undefined) {
      const what: Description | undefined = INSTRUCTIONS[opcode as Opcode];
      names = new Map(what?.slots.map(({ name, at: number }) => [number, inSmallLetters(name)]));
      this.#slots.set(opcode, names);
    }
    return names.get(slot) ?? `slot ${slot}`;
  }
}

function showRaw(position: number): string {
  const names: Readonly<Record<number, string>> = {
    [REGION_STATE]: "state",
    [REGION_IO]: "io",
    [REGION_ARENA]: "arena",
    [REGION_CONSTANTS]: "constants",
  };
  const region = Math.floor(position / 2 ** REGION_SHIFT);
  return `${names[region]}+${position - regionStart(region)}`;
}

/** `strideA` as `stride_a`. */
function inSmallLetters(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A register of the block machine: r0 scratch, a0 an operand, o0 an output. */
function registerName(register: number): string {
  if (register < REGISTER_OPERAND) return `r${register}`;
  if (register < REGISTER_OUTPUT) return `a${register - REGISTER_OPERAND}`;
  return `o${register - REGISTER_OUTPUT}`;
}
