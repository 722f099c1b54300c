// What every instruction reads and writes, from its decoded words. Print and verify stand on it.
import * as op from "../../assembly/isa/opcode.ts";
import { wholePanels } from "../../assembly/isa/panels.ts";
import * as slot from "../../assembly/isa/slots.ts";
import { mapOf, opcodeAt, wordsAt } from "./addresses.ts";
import { INSTRUCTIONS, isPointer, type Opcode, type Pointers, type Word } from "./instructions.ts";

/** Memory around an address: `words` from the first to the last; a copy may begin before it and leave gaps. */
interface Reach {
  /** First word, relative to the address (negative only for copies with negative strides). */
  readonly first: number;
  /** Words from the first to the last, both included; 0 if nothing is touched. */
  readonly words: number;
  /** Words that one stretch covers, and the distance between stretches. Equal if there is none. */
  readonly run: number;
  readonly period: number;
}

/** Memory that an instruction reads or writes through one address. */
export interface Access extends Reach {
  /** Slot that holds the address, counted from the header. */
  readonly slot: number;
  readonly write: boolean;
  /** The address must be that of a whole buffer: a multiple of ALIGN. */
  readonly whole: boolean;
  /** Word i belongs to element i alone: two such accesses of one instruction may share their memory. */
  readonly elementwise: boolean;
}

/** How far an instruction reaches through an address; a number stands for so many words from there on. */
interface Extent {
  readonly reach: (word: Word) => number | Reach;
  /** Not only from the beginning of a buffer. */
  readonly anywhere?: true;
  readonly elementwise?: true;
}

/** The product of some slots. */
function times(...slots: readonly number[]): { readonly reach: (word: Word) => number } {
  return { reach: (word) => slots.reduce((product, each) => product * word(each), 1) };
}

/** Words of the panels of `batch` matrices B of k x n, or of the strips of as many A of n rows. */
function panelWords(k: number, n: number, batch: number): number {
  return k * wholePanels(n) * batch;
}

const products = times(slot.MATMUL_BATCH, slot.MATMUL_M, slot.MATMUL_N);

/** Of a product's operand: all matrices of a batch, or the one that it shares; nothing of an empty product. */
function operand(stride: number, rows: number, columns: number): Extent {
  return {
    reach: (word) => {
      if (products.reach(word) * word(slot.MATMUL_K) === 0) return 0;
      return (word(slot.MATMUL_BATCH) - 1) * word(stride) + word(rows) * word(columns);
    },
  };
}

/** Of its panels or strips. */
function packed(stride: number, across: number): Extent {
  return {
    reach: (word) => {
      if (products.reach(word) === 0) return 0;
      return panelWords(word(slot.MATMUL_K), word(across), word(stride) === 0 ? 1 : word(slot.MATMUL_BATCH));
    },
  };
}

/** One side of a copy: its hull, and the stretch and period of its outermost gap. */
function strided(word: Word, side: number): number | Reach {
  const sides: [size: number, stride: number][] = [];
  let first = 0;
  for (let axis = 0; axis < word(slot.COPY_RANK); axis++) {
    const position = slot.COPY_FIRST + axis * slot.COPY_DIMENSION_WORDS;
    const [size, stride] = [word(position), word(position + side)];
    if (size === 0) return 0;
    if (stride < 0) first += (size - 1) * stride;
    if (size > 1 && stride !== 0) sides.push([size, Math.abs(stride)]);
  }
  sides.sort((a, b) => a[1] - b[1]);
  let words = 1;
  let run = 0;
  let period = 0;
  for (const [size, stride] of sides) {
    if (run === 0 && stride > words) [run, period] = [words, stride];
    else if (run > 0 && stride % period !== 0) [run, period] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    words += (size - 1) * stride;
  }
  if (run === 0 || run === Number.POSITIVE_INFINITY) [run, period] = [words, words];
  return { words, first, run, period };
}

/** Of rows of a table, by the bytes of its elements. */
function rowsOf(rows: number): Extent {
  return { reach: (word) => Math.ceil((word(rows) * word(slot.GATHER_WIDTH) * word(slot.GATHER_BYTES)) / 4) };
}

const matrix = times(slot.ROWS_ROWS, slot.ROWS_COLUMNS);
const logits = times(slot.ENTROPY_ROWS, slot.ENTROPY_COLUMNS);
const targets = times(slot.ENTROPY_ROWS);

/** Of every address in a fixed slot; those of maps follow from their modes. */
const EXTENTS: { readonly [O in Opcode]: { readonly [K in Pointers[O]]: Extent } } = {
  [op.END]: {},
  [op.BARRIER]: {},
  [op.LOOP]: {},
  [op.INDEX]: {},
  [op.MAP]: {},
  // Parts of a long sum begin anywhere.
  [op.REDUCE]: {
    to: {
      reach: (word) => {
        const each = word(slot.REDUCE_KIND) === slot.KIND_SUM_IN_TWO ? 2 : 1;
        return each * word(slot.REDUCE_OUTER) * word(slot.REDUCE_INNER);
      },
      anywhere: true,
    },
    from: { ...times(slot.REDUCE_OUTER, slot.REDUCE_N, slot.REDUCE_INNER), anywhere: true },
  },
  [op.PACK]: {
    to: { reach: (word) => panelWords(word(slot.PACK_K), word(slot.PACK_N), word(slot.PACK_BATCH)) },
    from: times(slot.PACK_BATCH, slot.PACK_K, slot.PACK_N),
  },
  [op.MATMUL]: {
    c: { ...products, elementwise: true },
    a: operand(slot.MATMUL_STRIDE_A, slot.MATMUL_M, slot.MATMUL_K),
    b: operand(slot.MATMUL_STRIDE_B, slot.MATMUL_K, slot.MATMUL_N),
    panels: packed(slot.MATMUL_STRIDE_B, slot.MATMUL_N),
    strips: packed(slot.MATMUL_STRIDE_A, slot.MATMUL_M),
  },
  [op.COPY]: {
    to: { reach: (word) => strided(word, 1), anywhere: true },
    from: { reach: (word) => strided(word, 2), anywhere: true },
  },
  [op.GATHER]: { to: rowsOf(slot.GATHER_COUNT), from: rowsOf(slot.GATHER_ROWS), index: times(slot.GATHER_COUNT) },
  [op.SCATTER_ADD]: {
    to: times(slot.SCATTER_ROWS, slot.SCATTER_WIDTH),
    from: times(slot.SCATTER_COUNT, slot.SCATTER_WIDTH),
    index: times(slot.SCATTER_COUNT),
  },
  [op.SOFTMAX]: { to: matrix, from: matrix },
  [op.LOG_SUM_EXP]: { to: times(slot.ROWS_ROWS), from: matrix },
  [op.CROSS_ENTROPY]: { to: targets, from: logits, index: targets },
  [op.CROSS_ENTROPY_GRADIENT]: { to: logits, from: logits, index: targets, scale: targets },
};

function dense(words: number): Reach {
  return { words, first: 0, run: words, period: words };
}

/** Words that the operand at word `operand` of a map occupies, by its mode. */
function operandWords(code: Int32Array, map: number, operand: number): number {
  const elements = operandElements(code, map, operand);
  return code[operand + 1] >> 8 === slot.ELEMENT_BYTE ? Math.ceil(elements / 4) : elements;
}

function operandElements(code: Int32Array, map: number, operand: number): number {
  const n = code[map + slot.MAP_N];
  const columns = code[map + slot.MAP_COLUMNS];
  const mode = code[operand + 1] & 0xff;
  if (n === 0 || mode === slot.MODE_FULL) return n;
  if (mode === slot.MODE_SCALAR) return 1;
  if (mode === slot.MODE_ROW) return columns;
  return Math.min(Math.ceil(n / columns / code[operand + 2]), code[operand + 3]);
}

function mapAccesses(code: Int32Array, at: number, map: number): Access[] {
  const counts = code[map + slot.MAP_COUNTS];
  const list: Access[] = [];
  let position = map + slot.MAP_FIRST;
  for (let operands = counts & 0xff; operands > 0; operands--) {
    const elementwise = code[position + 1] === slot.MODE_FULL; // of words, not of bytes
    const words = operandWords(code, map, position);
    list.push({ slot: position - at, write: false, ...dense(words), whole: true, elementwise });
    position += slot.MAP_OPERAND_WORDS;
  }
  for (let outputs = (counts >> 8) & 0xff; outputs > 0; outputs--)
    list.push({ slot: position++ - at, write: true, ...dense(code[map + slot.MAP_N]), whole: true, elementwise: true });
  return list;
}

/** What the instruction at `at` reads and writes, reads first, then what a map in it does; addresses are the words at the accesses' slots. */
export function accessesOf(code: Int32Array, at: number): Access[] {
  const word = wordsAt(code, at);
  const opcode = opcodeAt(code, at) as Opcode;
  const extents: Readonly<Record<string, Extent>> = EXTENTS[opcode];
  const own = INSTRUCTIONS[opcode].slots
    .filter((each) => isPointer(each) && !(each.optional && word(each.at) === 0))
    .map(({ name, at: number, holds }): Access => {
      const { reach, anywhere = false, elementwise = false } = extents[name];
      const reached = reach(word);
      const words = typeof reached === "number" ? dense(reached) : reached;
      return { slot: number, write: holds === "write", ...words, whole: !anywhere, elementwise };
    })
    .sort((a, b) => Number(a.write) - Number(b.write));
  const map = mapOf(code, at);
  return map < 0 ? own : own.concat(mapAccesses(code, at, map));
}
