// The kernels whose instructions say by themselves how to try them: sizes of a matrix, or of lines along the middle axis of three, flags,
// and addresses that reach a product of the sizes. Tests go through them, so a new kernel of such an instruction is tested without being named.
import { INSTRUCTIONS, isPointer } from "../../src/program/instructions.ts";
import { instruction } from "./machine.ts";

const MATRIX = ["rows", "columns"];
const LINES = ["outer", "n", "inner"];

type Described = (typeof INSTRUCTIONS)[keyof typeof INSTRUCTIONS];

/** A kernel, with what its instruction's slots hold. */
export interface Kernel {
  readonly name: string;
  readonly opcode: number;
  /** Names of its sizes. */
  readonly sizes: readonly string[];
  /** Slots that are 0 or 1. */
  readonly flags: readonly string[];
  /** Addresses, and of how many elements; those with no such product are kept for work. */
  readonly pointers: readonly { readonly name: string; readonly write: boolean; readonly of?: readonly string[] }[];
}

/** Numbers by the names of slots. */
export type Words = Readonly<Record<string, number>>;

function kernelOf({ opcode, name, slots }: Described): Kernel[] {
  const numbers = slots.filter(({ holds }) => holds === "number");
  const sizes = numbers.flatMap((each) => (each.most === undefined ? [each.name] : []));
  const flags = numbers.flatMap((each) => (each.most === 1 ? [each.name] : []));
  const isKnown = [MATRIX, LINES].some((known) => `${known}` === `${sizes}`);
  if (!isKnown || sizes.length + flags.length < numbers.length) return [];
  const pointers = slots
    .filter(isPointer)
    .map((each) => ({ name: each.name, write: each.holds === "write", of: each.of }));
  if (pointers.every(({ of }) => of === undefined)) return [];
  return [{ name, opcode, sizes, flags, pointers }];
}

export const kernels: readonly Kernel[] = Object.values(INSTRUCTIONS).flatMap(kernelOf);

/** Elements at an address. */
export function elementsOf({ of }: Kernel["pointers"][number], sizes: Words): number {
  return of === undefined ? 0 : of.reduce((product, name) => product * sizes[name], 1);
}

/** The instruction of a kernel, of what its slots hold. */
export function wordsOf({ opcode }: Kernel, words: Words): number[] {
  return instruction(
    opcode,
    ...Object.keys(INSTRUCTIONS[opcode as keyof typeof INSTRUCTIONS].named).map((name) => words[name]),
  );
}

/** Every choice of the flags. */
export function flagsOf({ flags }: Kernel): Words[] {
  return Array.from({ length: 2 ** flags.length }, (_, bits) =>
    Object.fromEntries(flags.map((name, i) => [name, (bits >> i) & 1])),
  );
}

/** By their names. */
export function sizesOf({ sizes }: Kernel, numbers: readonly number[]): Words {
  return Object.fromEntries(sizes.map((name, i) => [name, numbers[i]]));
}
