// Which instructions of a program only move data: what they write are words that they have read, elsewhere or in another order.
import { COPY_BITS } from "../assembly/isa/map-code.ts";
import * as op from "../assembly/isa/opcode.ts";
import * as slot from "../assembly/isa/slots.ts";
import { lengthAt, opcodeAt } from "../src/program/addresses.ts";
import type { Opcode } from "../src/program/instructions.ts";
import { stepsOf } from "../src/program/map-steps.ts";
import type { Program } from "../src/program/program.ts";

type Rule = (code: Int32Array, at: number) => boolean;
const always: Rule = () => true;

/** Reductions whose result of one element is that element. */
const folds: readonly number[] = [
  slot.KIND_SUM,
  slot.KIND_WIDE_SUM,
  slot.KIND_MAX,
  slot.KIND_SUM_I32,
  slot.KIND_MAX_I32,
];

/** Whether an instruction only moves data; all others compute. */
const rules: Readonly<Partial<Record<Opcode, Rule>>> = {
  // Loads and stores, or one scalar everywhere.
  [op.MAP]: (code, at) => [...stepsOf(code, at)].every((step) => step.code === COPY_BITS),
  [op.REDUCE]: (code, at) => code[at + slot.REDUCE_N] === 1 && folds.includes(code[at + slot.REDUCE_KIND]),
  [op.PACK]: always,
  [op.COPY]: always,
  [op.GATHER]: always,
};

/** How much stands in a part of a program. */
export interface Part {
  /** Barriers, loops and prefixes left out. */
  instructions: number;
  /** Of these, the ones that only move data. */
  moves: number;
  barriers: number;
}

/** What a program has outside of all loops, and in each loop that is in no other, with those inside it. */
export function partsOf({ code }: Program): {
  readonly outside: Readonly<Part>;
  readonly loops: readonly Readonly<Part>[];
} {
  const outside: Part = { instructions: 0, moves: 0, barriers: 0 };
  const loops: Part[] = [];
  for (let at = 0, end = 0; at < code.length; at += lengthAt(code, at)) {
    const opcode = opcodeAt(code, at) as Opcode;
    if (opcode === op.LOOP && at >= end) {
      end = at + lengthAt(code, at) + code[at + slot.LOOP_BODY];
      loops.push({ instructions: 0, moves: 0, barriers: 0 });
      continue;
    }
    const part = at < end ? loops[loops.length - 1] : outside;
    if (opcode > op.INDEX) part.instructions++;
    if (opcode === op.BARRIER) part.barriers++;
    if (rules[opcode]?.(code, at)) part.moves++;
  }
  return { outside, loops };
}
