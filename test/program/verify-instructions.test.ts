// Programs with an instruction that is wrong by itself.
import * as step from "../../assembly/isa/map-code.ts";
import * as op from "../../assembly/isa/opcode.ts";
import { REGION_ARENA, REGION_CONSTANTS, REGION_IO, REGION_SHIFT } from "../../assembly/isa/sizes.ts";
import * as slot from "../../assembly/isa/slots.ts";
import { compile, input } from "../../src/index.ts";
import type { Program } from "../../src/program/program.ts";
import {
  batched,
  convolved,
  dense,
  heads,
  made,
  maps,
  moving,
  nest,
  pooled,
  ranked,
  recurrent,
  wide,
} from "../compile/programs.ts";
import { a, full, o, one, r } from "../runtime/encode.ts";
import { asItIs, type Broken, rejects } from "./broken.ts";

const arena = REGION_ARENA << REGION_SHIFT;
const io = REGION_IO << REGION_SHIFT;
const constants = REGION_CONSTANTS << REGION_SHIFT;

/** y = 2 x, for one x. */
function scaled(): Program {
  return made(1, (e, x, y) => {
    const operands = [full(x), one(e.constant([2]))];
    e.map({ n: 1, operands, outputs: [y], steps: [[step.MUL, o(0), a(0), a(1)]] });
  });
}

rejects("lengths", [
  [
    "of an unknown instruction",
    maps,
    (d) => d.set(op.BARRIER, 0, op.OPCODES | (1 << 8)),
    `instruction 1 (opcode ${op.OPCODES}, instruction 1): no instruction has this opcode`,
  ],
  [
    "of nothing",
    maps,
    (d) => d.set(op.BARRIER, 0, op.BARRIER),
    "instruction 1 (barrier, instruction 1): 0 words long, it takes 1 at least",
  ],
  [
    "with a word too many",
    maps,
    (d) => d.insert(op.BARRIER, 0, [op.BARRIER | (2 << 8), 0]),
    "instruction 1 (barrier, inserted): 2 words long, its counts give 1",
  ],
  [
    "that disagree with the counts",
    maps,
    (d) => d.set(op.MAP, slot.MAP_COUNTS, 3 | (1 << 8) | (3 << 16)),
    "instruction 0 (map, instruction 0): 23 words long, its counts give 25",
  ],
  [
    "that reach past the end",
    maps,
    (d) => d.set(op.END, 0, op.END | (2 << 8)),
    "instruction 3 (end, instruction 3): reaches past the end of the code",
  ],
  ["of a code without END", maps, (d) => d.remove(op.END), "the code does not end with END"],
  [
    "of a code that goes on after END",
    maps,
    (d) => d.insert(op.END, 0, [op.END | (1 << 8)]),
    "END is followed by 1 more words",
  ],
  ["of the list of labels", maps, ({ program }) => program.labels.pop(), "3 labels for 4 instructions"],
  ["of an epilogue", dense, (d) => d.set(op.MATMUL, slot.MATMUL_MAP, 3), "says that its epilogue has 3 words"],
]);

rejects("slots", [
  ["with a negative size", dense, (d) => d.set(op.REDUCE, slot.REDUCE_OUTER, -1), "outer is -1"],
  ["with an unknown kind", dense, (d) => d.set(op.REDUCE, slot.REDUCE_KIND, 8), "kind is 8"],
  ["with a flag that means nothing", dense, (d) => d.set(op.MATMUL, slot.MATMUL_TRANSPOSED, 4), "transposed is 4"],
  ["with elements of two bytes", moving, (d) => d.set(op.GATHER, slot.GATHER_BYTES, 2), "elements of 2 bytes"],
  ["with rows in one place", dense, (d) => d.set(op.MATMUL, slot.MATMUL_ROW_A, 0), "rows of A lie 0 words apart"],
  ["with packed rows in one place", dense, (d) => d.set(op.PACK, slot.PACK_ROW, 0), "its rows lie 0 words apart"],
  ["with a negative stride", heads, (d) => d.set(op.MATMUL, slot.MATMUL_HEAD_A, -4), "head_a is -4"],
  ["with rows of C that overlap", dense, (d) => d.set(op.MATMUL, slot.MATMUL_ROW_C, 2), "writes a word of C twice"],
  ["with batches of C that do", batched, (d) => d.set(op.MATMUL, slot.MATMUL_STRIDE_C, 7), "writes a word of C twice"],
  ["with heads of C that do", heads, (d) => d.set(op.MATMUL, slot.MATMUL_HEAD_C, 3), "writes a word of C twice"],
  ["with heads of C in one place", heads, (d) => d.set(op.MATMUL, slot.MATMUL_HEAD_C, 0), "writes a word of C twice"],
  [
    "with more results than can be counted",
    heads,
    (d) => d.set(op.MATMUL, slot.MATMUL_HEADS, 2 ** 27),
    `computes ${24 * 2 ** 27} elements`,
  ],
  [
    "with a longer sum than can be counted, of numbers that lie close together",
    heads,
    (d) => d.set(op.MATMUL, slot.MATMUL_K, 2 ** 29),
    `A has ${3 * 2 ** 29} elements`,
  ],
  [
    "with an epilogue over fewer elements",
    dense,
    (d) => d.set(op.MATMUL, slot.MATMUL_WORDS - 1 + slot.MAP_N, 9),
    "the epilogue takes 9 elements of 12",
  ],
  ["with an axis of a negative size", moving, (d) => d.set(op.COPY, slot.COPY_FIRST, -3), "the size of axis 0 is -3"],
  ["with more axes than a copy takes", () => ranked(9), asItIs, "rank is 9"],
  [
    "with windows that stand still",
    pooled,
    (d) => d.set(op.MAX_POOL, slot.POOL_STRIDE_W, 0),
    "the windows of axis W have stride 0, dilation 1",
  ],
  [
    "with windows whose places are one",
    pooled,
    (d) => d.set(op.SUM_POOL_TRANSPOSED, slot.POOL_DILATION_H, 0),
    "the windows of axis H have stride 2, dilation 0",
  ],
  [
    "with windows that reach too far",
    pooled,
    (d) => d.set(op.SUM_POOL, slot.POOL_KERNEL_D, 2 ** 30),
    `the windows of axis D reach ${2 ** 30 + 2} places`,
  ],
  ["with negative padding", pooled, (d) => d.set(op.SUM_POOL, slot.POOL_PADDING_H, -1), "padding_h is -1"],
  ["of a copy that writes a word twice", moving, (d) => d.set(op.COPY, slot.COPY_FIRST + 1, 1), "writes a word twice"],
]);

rejects("convolutions", [
  ["without steps", convolved, (d) => d.set(op.CONVOLVE, slot.CONVOLVE_STEP_H, 0), "axis 1 has step 0"],
  [
    "with steps between spaced positions",
    convolved,
    (d) => d.set(op.CONVOLVE, slot.CONVOLVE_SPACING_H, 2),
    "axis 1 has spacing 2 and step 2",
  ],
  [
    "with a spacing of nothing",
    convolved,
    (d) => d.set(op.CONVOLVE, slot.CONVOLVE_SPACING_W, 0),
    "axis 2 has spacing 0 and step 1",
  ],
  ["without taps", convolved, (d) => d.set(op.CONVOLVE, slot.CONVOLVE_CHANNELS, 0), "its filters have no taps"],
  [
    "that go too far",
    convolved,
    (d) => d.set(op.CONVOLVE, slot.CONVOLVE_APART_W, -(2 ** 29)),
    `axis 2 goes over ${1 + 12 + 13 + 1 + 2 * 2 ** 29} places`,
  ],
  [
    "with a larger result",
    convolved,
    (d) => d.set(op.CONVOLVE, slot.CONVOLVE_POSITIONS_W, 14),
    "the epilogue takes 780 elements of 840",
  ],
  [
    "of other images",
    convolved,
    (d) => d.set(op.CONVOLVE, slot.CONVOLVE_SIZE_H, 10),
    "from at x reaches 96 words past the end of x",
  ],
  [
    "of more filters",
    convolved,
    (d) => d.set(op.CONVOLVE, slot.CONVOLVE_TAPS_D, 2),
    "filters at w reaches 72 words past the end of w",
  ],
  ["with an unknown size", convolved, (d) => d.set(op.CONVOLVE, slot.CONVOLVE_TAPS_W, -2), "taps_w is -2"],
  [
    "with another epilogue",
    convolved,
    (d) => d.set(op.CONVOLVE, slot.CONVOLVE_MAP, 3),
    "says that its epilogue has 3 words",
  ],
  [
    "into more parts than there is room for",
    convolved,
    (d) => d.set(op.CONVOLVE_FILTER, slot.CONVOLVE_PARTS, 2 ** 24),
    `computes ${72 * 2 ** 24} elements`,
  ],
  [
    "with more elements than can be counted",
    convolved,
    (d) => d.set(op.CONVOLVE_FILTER, slot.CONVOLVE_IMAGES, 2 ** 28),
    `works on ${432 * 2 ** 28} elements`,
  ],
]);

rejects("addresses", [
  ["that are absent", dense, (d) => d.set(op.MATMUL, slot.MATMUL_A, 0), "a at state+0 is where nothing lies"],
  [
    "beyond all buffers",
    dense,
    (d) => d.set(op.PACK, slot.PACK_FROM, 9600),
    "from at state+9600 is where nothing lies",
  ],
  [
    "from which a buffer is too short",
    dense,
    (d) => d.set(op.REDUCE, slot.REDUCE_N, 17),
    "from at y reaches 5 words past the end of y",
  ],
  [
    "from which the arena is too short",
    maps,
    (d) => d.change({ arenaWords: 16 }),
    "o0 at arena+0 reaches 4 words past the end of arena",
  ],
  [
    "with planes that leave a buffer",
    pooled,
    (d) => d.set(op.MAX_POOL, slot.POOL_SIZE_H, 6),
    "from at x reaches 14 words past the end of x",
  ],
  [
    "with windows for which a buffer has no room",
    pooled,
    (d) => d.set(op.MAX_POOL, slot.POOL_OUT_W, 4),
    "indices at indices reaches 6 words past the end of indices",
  ],
  [
    "with rows that leave a buffer",
    heads,
    (d) => d.set(op.MATMUL, slot.MATMUL_ROW_A, 9),
    "a at x reaches 2 words past the end of x",
  ],
  [
    "with heads that leave a buffer",
    heads,
    (d) => d.set(op.PACK, slot.PACK_HEAD, 21),
    "from at x reaches 1 words past the end of x",
  ],
  [
    "with batches that leave a buffer",
    heads,
    (d) => d.set(op.MATMUL, slot.MATMUL_STRIDE_C, 25),
    "c at y reaches 1 words past the end of y",
  ],
  [
    "behind the first word",
    moving,
    (d) => d.set(op.COPY, slot.COPY_FIRST + 2, -1),
    "from at x reaches 2 words before it, where nothing lies",
  ],
  [
    "that leave a buffer in a later iteration",
    recurrent,
    (d) => d.set(op.INDEX, slot.INDEX_FIRST + 2, 98),
    "c at all reaches 12 words past the end of all",
  ],
  ["that write nothing", dense, (d) => d.set(op.REDUCE, slot.REDUCE_INNER, 0), "writes nothing"],
  [
    "of a product that is not as its epilogue counts it",
    () => {
      const [x, y] = [input([2, 4, 5], "f32", "x"), input([2, 5, 3], "f32", "y")];
      return compile({ inputs: { x, y }, outputs: { z: x.matmul(y).relu() } });
    },
    (d) => {
      d.set(op.MATMUL, slot.MATMUL_ROW_C, 6);
      d.set(op.MATMUL, slot.MATMUL_STRIDE_C, 3);
    },
    "reads a0 at z, but also writes c at z",
  ],
  ["that are not aligned", dense, (d) => d.set(op.PACK, slot.PACK_TO, arena + 8), "to at arena+8 begins no buffer"],
  ["of an input that is written", maps, (d) => d.set(op.MAP, slot.MAP_FIRST + 8, io, 1), "writes input x"],
  [
    "of a variable that is written and not said to be",
    dense,
    (d) => d.variable(0, { assigned: false }),
    "writes variable w",
  ],
  ["of a constant that is written", scaled, (d) => d.set(op.MAP, slot.MAP_FIRST + 8, constants), "writes constant 2"],
]);

rejects("loops", [
  [
    "that count at another depth",
    recurrent,
    (d) => d.set(op.LOOP, slot.LOOP_DEPTH, 1),
    "counts at depth 1, but 0 loops are around it",
  ],
  ["without a body", recurrent, (d) => d.set(op.LOOP, slot.LOOP_BODY, 0), "has no body"],
  [
    "that reach past the code",
    recurrent,
    (d) => d.set(op.LOOP, slot.LOOP_BODY, 1000),
    "its body reaches past what is around it",
  ],
  [
    "that end amid an instruction",
    recurrent,
    (d) => d.set(op.LOOP, slot.LOOP_BODY, 10),
    "reaches past the end of its loop",
  ],
  ["of a negative count", recurrent, (d) => d.set(op.LOOP, slot.LOOP_COUNT, -1), "count is -1"],
  ["five deep", () => nest(5), asItIs, "loops nest deeper than 4"],
  ["with END inside", recurrent, (d) => d.insert(op.INDEX, 0, [op.END | (1 << 8)]), "(end, inserted): inside a loop"],
]);

rejects("prefixes", [
  ["outside a loop", maps, (d) => d.insert(op.MAP, 1, [op.INDEX | (2 << 8), 0]), "(index, inserted): outside a loop"],
  [
    "of a barrier",
    recurrent,
    (d) => d.insert(op.MATMUL, 0, [op.BARRIER | (1 << 8)]),
    "no instruction follows that it could move",
  ],
  [
    "that move a size",
    recurrent,
    (d) => d.set(op.INDEX, slot.INDEX_FIRST, slot.MATMUL_M),
    "slot 8 of the next instruction is no address",
  ],
  [
    "that move an address that is absent",
    recurrent,
    (d) => d.set(op.INDEX, slot.INDEX_FIRST, slot.MATMUL_STRIPS),
    "slot 5 of the next instruction is absent",
  ],
  [
    "by a loop that is not open",
    recurrent,
    (d) => d.set(op.INDEX, slot.INDEX_FIRST + 1, 1),
    "moves with the loop at depth 1, of 1",
  ],
]);

/** Words of the first map of `maps`: its operands, and its steps. */
const operand = (k: number) => slot.MAP_FIRST + k * slot.MAP_OPERAND_WORDS;
const steps = operand(3) + slot.MAP_OUTPUT_WORDS;
const word = (code: number, target: number, first: number, second: number) =>
  code | (target << 8) | (first << 16) | (second << 24);

/** v = -v; y = v + v, with the old v. */
function overwriting(): Program {
  return made(4, (e, _x, y) => {
    const v = e.variable("v", [4]);
    const [first, second] = [
      [step.NEG, o(0), a(0)],
      [step.ADD, o(1), a(0), a(0)],
    ];
    e.map({ n: 4, operands: [full(v)], outputs: [v, y], steps: [first, second] });
  });
}

const bodies: readonly Broken[] = [
  ["with rows that do not divide them", maps, (d) => d.set(op.MAP, slot.MAP_COLUMNS, 3), "20 elements in rows of 3"],
  ["with a function", maps, (d) => d.set(op.MAP, slot.MAP_FUNCTION, 7), "a function, 7, which only executors have"],
  ["with rows of nothing", maps, (d) => d.set(op.MAP, slot.MAP_COLUMNS, 0), "20 elements in rows of 0"],
  [
    "with a scalar that is none",
    maps,
    (d) => {
      d.set(op.MAP, steps, word(step.SCALED_ADD, r(0), a(0), a(1)));
      d.set(op.MAP, steps + 1, a(0));
    },
    "a1 is no scalar",
  ],
  ["with an unknown mode", maps, (d) => d.set(op.MAP, operand(1) + 1, 5), "a1 has mode 5"],
  [
    "with rows that overlap",
    maps,
    (d) => {
      d.set(op.MAP, operand(1) + 1, slot.MODE_ROWS);
      d.set(op.MAP, operand(1) + 2, 3);
    },
    "a1 has rows of 4 words, 3 apart",
  ],
  [
    "with rows further apart than memory is long",
    maps,
    (d) => d.set(op.MAP, operand(3) + 1, 2 ** 30),
    "o0 has rows of 4 words, 1073741824 apart",
  ],
  ["with an unknown kind of element", maps, (d) => d.set(op.MAP, operand(0) + 1, 2 << 8), "a0 has elements of kind 2"],
  [
    "that divide by zero",
    maps,
    (d) => d.set(op.MAP, operand(1) + 2, 0, 1),
    "a1 divides by 0 and takes the remainder by 4",
  ],
  [
    "that divide by more than there can be",
    maps,
    (d) => d.set(op.MAP, operand(1) + 2, 2 ** 30, 1),
    "a1 divides by 1073741824 and takes the remainder by 4",
  ],
  [
    "with an unknown step",
    maps,
    (d) => d.set(op.MAP, steps, word(step.MAP_CODES, r(0), a(0), a(1))),
    `r0 = code ${step.MAP_CODES} a0 a1 r0 r0: no step has this code`,
  ],
  [
    "that write an operand",
    maps,
    (d) => d.set(op.MAP, steps, word(step.ADD, a(0), a(0), a(1))),
    "a0 = add a0 a1: writes an operand",
  ],
  [
    "that read a register too early",
    maps,
    (d) => d.set(op.MAP, steps, word(step.ADD, r(0), r(5), a(1))),
    "r0 = add r5 a1: r5 is not written before",
  ],
  [
    "that read an operand they lack",
    maps,
    (d) => d.set(op.MAP, steps, word(step.ADD, r(0), a(0), a(3))),
    "r0 = add a0 a3: there are 3 operands",
  ],
  [
    "that write an output they lack",
    maps,
    (d) => d.set(op.MAP, steps + 2, word(step.MUL, o(1), r(0), a(2))),
    "o1 = mul r0 a2: there are 1 outputs",
  ],
  [
    "that leave an output unwritten",
    maps,
    (d) => d.set(op.MAP, steps + 2, word(step.MUL, r(0), r(0), a(2))),
    "no step writes o0",
  ],
  ["of too many operands", () => wide(33), asItIs, "33 operands, more than 32"],
  ["that read an operand after writing over it", overwriting, asItIs, "o1 = add a0 a0: o0 has overwritten a0"],
  [
    "of random numbers in an epilogue",
    dense,
    (d) =>
      d.set(
        op.MATMUL,
        slot.MATMUL_WORDS - 1 + operand(2) + slot.MAP_OUTPUT_WORDS,
        word(step.UNIFORM, o(0), a(1), a(1)),
      ),
    "o0 = uniform a1 a1: in an epilogue",
  ],
];

rejects("maps", bodies);
