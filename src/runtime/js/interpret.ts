// The interpreter in JavaScript: fetch, one table over the opcode, advance. Loops nest by recursion. Twin of assembly/run.ts.
import * as op from "../../../assembly/isa/opcode.ts";
import {
  INDEX_COUNT,
  INDEX_FIRST,
  INDEX_STRIDE,
  LOOP_BODY,
  LOOP_COUNT,
  LOOP_DEPTH,
} from "../../../assembly/isa/slots.ts";
import { lengthAt, opcodeAt } from "../../program/addresses.ts";
import type { Opcode } from "../../program/instructions.ts";
import { convolve, convolveFilter } from "./convolve.ts";
import { copy } from "./copy.ts";
import { ctc, ctcGradient } from "./ctc.ts";
import { gather, scatterAdd } from "./gather.ts";
import type { Kernel } from "./kernel.ts";
import { map } from "./map.ts";
import { matmul, pack } from "./matmul.ts";
import type { JsMemory } from "./memory.ts";
import { NORMAL_KERNELS } from "./normalize.ts";
import { maxPool, scatterPlanes, sumPool, sumPoolTransposed } from "./pool.ts";
import { reduce } from "./reduce.ts";
import { ROW_KERNELS } from "./rows.ts";

type ControlOpcode = typeof op.END | typeof op.BARRIER | typeof op.LOOP | typeof op.INDEX;

const KERNELS: Record<Exclude<Opcode, ControlOpcode>, Kernel> = {
  [op.MAP]: map,
  [op.REDUCE]: reduce,
  [op.PACK]: pack,
  [op.MATMUL]: matmul,
  [op.COPY]: copy,
  [op.GATHER]: gather,
  [op.SCATTER_ADD]: scatterAdd,
  [op.CONVOLVE]: convolve,
  [op.CONVOLVE_FILTER]: convolveFilter,
  [op.MAX_POOL]: maxPool,
  [op.SUM_POOL]: sumPool,
  [op.SUM_POOL_TRANSPOSED]: sumPoolTransposed,
  [op.SCATTER_PLANES]: scatterPlanes,
  [op.CTC]: ctc,
  [op.CTC_GRADIENT]: ctcGradient,
  ...ROW_KERNELS,
  ...NORMAL_KERNELS,
};

/** Executes the words from `at` up to `end`, or to END. */
export function interpret(memory: JsMemory, code: Int32Array, at: number, end: number): void {
  while (at < end) {
    const opcode = opcodeAt(code, at) as Opcode;
    const next = at + lengthAt(code, at);
    switch (opcode) {
      case op.END:
        return;
      case op.BARRIER:
        at = next;
        break;
      case op.LOOP: {
        const bodyEnd = next + code[at + LOOP_BODY];
        const { counters } = memory;
        const depth = code[at + LOOP_DEPTH];
        for (let k = 0; k < code[at + LOOP_COUNT]; k++) {
          counters[depth] = k;
          interpret(memory, code, next, bodyEnd);
        }
        at = bodyEnd;
        break;
      }
      case op.INDEX: {
        const moved = indexed(memory, code, at, next);
        KERNELS[opcodeAt(moved, 0) as Exclude<Opcode, ControlOpcode>](memory, moved, 0);
        at = next + lengthAt(code, next);
        break;
      }
      default:
        KERNELS[opcode](memory, code, at);
        at = next;
    }
  }
}

/** A copy of the instruction at `from` with its addresses moved as the prefix at `prefix` says. */
function indexed(memory: JsMemory, code: Int32Array, prefix: number, from: number): Int32Array {
  const { instruction, counters } = memory;
  const length = lengthAt(code, from);
  for (let word = 0; word < length; word++) instruction[word] = code[from + word];
  const end = prefix + INDEX_FIRST + code[prefix + INDEX_COUNT] * INDEX_STRIDE;
  for (let triple = prefix + INDEX_FIRST; triple < end; triple += INDEX_STRIDE)
    instruction[code[triple]] += counters[code[triple + 1]] * code[triple + 2];
  return instruction;
}
