// Programs whose instructions do not agree with one another about memory; and some unusual ones that do.
import { verifyProgram } from "simdgrad/debug";
import { expect, test } from "vitest";
import * as step from "../../assembly/isa/map-code.ts";
import * as op from "../../assembly/isa/opcode.ts";
import { REGION_IO, REGION_SHIFT } from "../../assembly/isa/sizes.ts";
import * as slot from "../../assembly/isa/slots.ts";
import type { Program } from "../../src/program/program.ts";
import {
  batched,
  copyOf,
  DEPTH,
  dense,
  halves,
  heads,
  made,
  maps,
  moving,
  nest,
  recurrent,
  reuse,
  simple,
  stepping,
  stripped,
  unpacked,
  wide,
} from "../compile/programs.ts";
import { a, column, full, o, row } from "../runtime/encode.ts";
import { thrown } from "../thrown.ts";
import { asItIs, type Broken, rejects } from "./broken.ts";
import type { Draft } from "./draft.ts";

const BARRIER = [op.BARRIER | (1 << 8)];

rejects("reads and outputs", [
  ["of nothing", maps, (d) => d.remove(op.MAP), "reads a0 at arena+0, which is not written before"],
  [
    "of more than was written",
    maps,
    (d) => d.set(op.MAP, slot.MAP_N, 16),
    "reads a0 at arena+0, which is not written before",
  ],
  [
    "of what only later iterations write",
    () => stepping(1, 0),
    asItIs,
    "reads a0 at arena+2, which is not written before",
  ],
  ["that are not written", maps, (d) => d.remove(op.MAP, 1), "output y is not written"],
  [
    "of half of what was written",
    halves,
    (d) => d.remove(op.MATMUL),
    "reads a at arena+0, which is not written before",
  ],
  ["with a gap", moving, (d) => d.set(op.COPY, slot.COPY_FIRST, 2), "output turned is not written"],
  [
    "written by a loop that runs no times",
    recurrent,
    (d) => d.set(op.LOOP, slot.LOOP_COUNT, 0),
    "output all is not written",
  ],
]);

/** An instruction again, before another one. */
function repeat(draft: Draft, opcode: number, before: number, nth: number): void {
  draft.insert(before, nth, draft.words(opcode));
}

/** Eight words of the arena under a map of rows of four. */
function overRow(): Program {
  return made(8, (e, x, y) => {
    const buffer = e.arena(8);
    e.put(...copyOf(buffer, x, 8));
    e.barrier();
    e.map({ n: 8, columns: 4, operands: [row(buffer)], outputs: [buffer], steps: [[step.NEG, o(0), a(0)]] });
    e.barrier();
    e.put(...copyOf(y, buffer, 8));
  });
}

/** A map of 32 words from 16 words on to those from 0 on. */
function overPart(): Program {
  return made(32, (e, x, y) => {
    const buffer = e.arena(48);
    e.put(op.COPY, buffer, x, 1, 48, 1, 0);
    e.barrier();
    e.map(simple(step.NEG, 32, buffer + 16, buffer));
    e.barrier();
    e.put(...copyOf(y, buffer, 32));
  });
}

function twoResults(): Program {
  return made(4, (e, x, y) => {
    const steps = [
      [step.NEG, o(0), a(0)],
      [step.ABS, o(1), a(0)],
    ];
    e.map({ n: 4, operands: [full(x)], outputs: [y, y], steps });
  });
}

rejects("meetings of threads", [
  [
    "at a write and a read",
    maps,
    (d) => d.remove(op.BARRIER),
    "reads a0 at arena+0: no barrier since instruction 0 writes o0 at arena+0",
  ],
  [
    "at a read and a write",
    reuse,
    (d) => d.remove(op.BARRIER, 1),
    "writes o0 at arena+0: no barrier since instruction 2 reads a0 at arena+0",
  ],
  [
    "at two writes",
    reuse,
    (d) => repeat(d, op.MAP, op.BARRIER, 0),
    "writes o0 at arena+0: no barrier since instruction 0 writes o0 at arena+0",
  ],
  [
    "between two iterations",
    recurrent,
    (d) => d.remove(op.BARRIER, 2),
    "reads a at arena+0: no barrier since instruction 8 writes to at arena+0",
  ],
  [
    "at a step of a loop",
    () => stepping(0, 1, false),
    asItIs,
    "reads a0 at arena+0: no barrier since instruction 5 writes o0 at arena+2",
  ],
  ["at a part of an operand", overPart, asItIs, "writes o0 at arena+0, but also reads a0 at arena+16"],
  ["at a row that is read again", overRow, asItIs, "writes o0 at arena+0, but also reads a0 at arena+0"],
  ["at two results in one place", twoResults, asItIs, "writes o1 at y, but also writes o0 at y"],
  [
    "at halves of rows that meet",
    halves,
    (d) => d.set(op.MATMUL, slot.MATMUL_C, d.get(op.MATMUL, slot.MATMUL_C) + 3, 1),
    "writes c at arena+3: no barrier since instruction 0 writes c at arena+0",
  ],
  [
    "at a reduction over itself",
    dense,
    (d) => d.set(op.REDUCE, slot.REDUCE_TO, d.get(op.REDUCE, slot.REDUCE_FROM)),
    "writes to at y, but also reads from at y",
  ],
]);

/** Moves the map that halves w to before the product. */
function halveEarly(draft: Draft): void {
  repeat(draft, op.MAP, op.MATMUL, 0);
  draft.insert(op.MATMUL, 0, BARRIER);
  draft.remove(op.MAP, 1);
}

/** Writes the weights of a loop's product over its panels, behind the barrier that follows the product. */
function overwritePanels(draft: Draft): void {
  const [, ...slots] = copyOf(draft.get(op.PACK, slot.PACK_TO), draft.get(op.PACK, slot.PACK_FROM), 9);
  draft.insert(op.BARRIER, 2, [op.COPY | ((slots.length + 1) << 8), ...slots]);
}

const panels: readonly Broken[] = [
  ["that nothing has packed", unpacked, asItIs, "its panels are not packed before"],
  [
    "of another depth",
    dense,
    (d) => d.set(op.MATMUL, slot.MATMUL_K, 4),
    `reads panels of k 4, instruction 0 packs k ${DEPTH}`,
  ],
  ["of another width", dense, (d) => d.set(op.PACK, slot.PACK_N, 2), "reads panels of n 3, instruction 0 packs n 2"],
  [
    "of the transpose",
    dense,
    (d) => d.set(op.PACK, slot.PACK_TRANSPOSED, 1),
    "reads panels of transposed 0, instruction 0 packs transposed 1",
  ],
  [
    "of a whole batch for one matrix",
    batched,
    (d) => d.set(op.MATMUL, slot.MATMUL_STRIDE_B, 0),
    "reads panels of batch 1, instruction 0 packs batch 2",
  ],
  [
    "of rows that lie further apart",
    dense,
    (d) => d.set(op.MATMUL, slot.MATMUL_ROW_B, 2),
    "reads panels of row 2, instruction 0 packs row 3",
  ],
  [
    "of batches that lie further apart",
    batched,
    (d) => d.set(op.MATMUL, slot.MATMUL_STRIDE_B, 5),
    `reads panels of stride 5, instruction 0 packs stride ${3 * DEPTH}`,
  ],
  [
    "of heads that lie further apart",
    heads,
    (d) => d.set(op.MATMUL, slot.MATMUL_HEAD_B, 3),
    "reads panels of head 3, instruction 0 packs head 4",
  ],
  [
    "of all heads for one matrix",
    heads,
    (d) => d.set(op.MATMUL, slot.MATMUL_HEAD_B, 0),
    "reads panels of heads 1, instruction 0 packs heads 2",
  ],
  [
    "of another matrix",
    dense,
    (d) => d.set(op.PACK, slot.PACK_FROM, REGION_IO << REGION_SHIFT),
    "reads panels that instruction 0 packs from another B",
  ],
  ["of an earlier value", dense, halveEarly, "reads panels of instruction 0, but instruction 2 has written B since"],
  [
    "as if they were a matrix",
    dense,
    (d) => d.set(op.REDUCE, slot.REDUCE_FROM, d.get(op.PACK, slot.PACK_TO)),
    "reads panels, whose layout is the executor's own",
  ],
  [
    "that an iteration overwrites",
    recurrent,
    overwritePanels,
    "reads panels of instruction 1, but instruction 9 has written the panels since",
  ],
];

rejects("panels", panels);

/** Writes a matrix again behind the barrier that follows its packing. */
function copyAgain(draft: Draft): void {
  const copy = draft.words(op.COPY);
  draft.insert(op.MATMUL, 0, copy);
  draft.insert(op.MATMUL, 0, BARRIER);
}

rejects("strips", [
  [
    "that nothing has packed",
    stripped,
    (d) => d.remove(op.PACK),
    "reads strips at arena+48, which is not written before",
  ],
  [
    "for another number of columns",
    stripped,
    (d) => d.set(op.PACK, slot.PACK_ACROSS, 5),
    "reads strips of across 6, instruction 2 packs across 5",
  ],
  [
    "of rows for columns",
    stripped,
    (d) => d.set(op.PACK, slot.PACK_TRANSPOSED, 1),
    "reads strips of transposed 0, instruction 2 packs transposed 1",
  ],
  [
    "as panels",
    stripped,
    (d) => d.set(op.MATMUL, slot.MATMUL_PANELS, d.get(op.PACK, slot.PACK_TO)),
    "reads panels of across 0, instruction 2 packs across 6",
  ],
  [
    "of another matrix",
    stripped,
    (d) => d.set(op.MATMUL, slot.MATMUL_A, d.get(op.MATMUL, slot.MATMUL_B)),
    "reads strips that instruction 2 packs from another A",
  ],
  ["of an earlier value", stripped, copyAgain, "reads strips of instruction 2, but instruction 4 has written A since"],
]);

/** Two copies fill every other word each. */
function interleaved(): Program {
  return made(16, (e, x, y) => {
    const buffer = e.arena(16);
    for (const first of [0, 1]) e.put(op.COPY, buffer + first, x, 1, 8, 2, 1);
    e.barrier();
    e.put(...copyOf(y, buffer, 16));
  });
}

/** The second column of a matrix becomes its first. */
function columns(): Program {
  return made(16, (e, x, y) => {
    const matrix = e.arena(16);
    e.put(...copyOf(matrix, x, 16));
    e.barrier();
    e.put(op.COPY, matrix, matrix + 1, 1, 8, 2, 2);
    e.barrier();
    e.put(...copyOf(y, matrix, 16));
  });
}

/** Iterations that write apart need no barrier; here they fill a buffer backwards. */
function apart(): Program {
  return made(12, (e, x, y) => {
    e.loop(4, 0, () => {
      e.index([5, 0, 3], [9, 0, -3]);
      e.map(simple(step.NEG, 3, x, y + 9));
    });
  });
}

/** Loops in loops fill a matrix of 4 x 3 pairs by rows, and a buffer of every iteration of the outer one. */
function tiles(): Program {
  return made(24, (e, x, y) => {
    const line = e.arena(6);
    e.loop(4, 0, () => {
      e.loop(3, 1, () => {
        e.index([5, 0, 6], [5, 1, 2], [9, 1, 2]);
        e.map(simple(step.NEG, 2, x, line));
      });
      e.barrier();
      e.index([9, 0, 6]);
      e.map(simple(step.NEG, 6, line, y));
      e.barrier();
    });
  });
}

/** A column operand that is read in bytes. */
function bytes(): Program {
  return made(40, (e, _x, y) => {
    const b = e.variable("b", [10], "u8");
    const operand = { ...column(b, 10), byte: true };
    e.map({ n: 40, columns: 4, operands: [operand], outputs: [y], steps: [[step.FROM_I32, o(0), a(0)]] });
  });
}

test.each<[what: string, program: () => Program]>([
  ["what a loop reads of its iteration before", () => stepping(0, 1)],
  ["copies into the gaps of others", interleaved],
  ["a copy beside itself", columns],
  ["iterations that meet nowhere", apart],
  ["loops in loops", tiles],
  ["loops four deep", () => nest(4)],
  ["as many operands as there may be", () => wide(32)],
  ["bytes", bytes],
  ["a product that reads strips", stripped],
  ["products of heads", heads],
  ["products into the halves of rows", halves],
])("verifyProgram accepts %s", (_what, program) => {
  expect(thrown(() => verifyProgram(program()))).toBe("nothing");
});
