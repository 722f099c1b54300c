// What every instruction reads and writes, from its decoded words. Print and verify stand on it.
import * as op from "../../assembly/isa/opcode.ts";
import { wholePanels } from "../../assembly/isa/panels.ts";
import { SORT_SHORT } from "../../assembly/isa/sizes.ts";
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
  /** Word i belongs to element i alone. */
  readonly elementwise?: (word: Word) => boolean;
}

/** The product of some slots. */
function times(...slots: readonly number[]): { readonly reach: (word: Word) => number } {
  return { reach: (word) => slots.reduce((product, each) => product * word(each), 1) };
}

/** Words of the panels of `batch` matrices B of k x n, or of the strips of as many A of n rows. */
function panelWords(k: number, n: number, batch: number): number {
  return k * wholePanels(n) * batch;
}

/** Two slots. */
type SlotPair = readonly [number, number];

/** Slots that say how the matrices of an operand lie. */
interface StrideSlots {
  readonly row: number;
  readonly stride: number;
  readonly head: number;
}

const A: StrideSlots = { row: slot.MATMUL_ROW_A, stride: slot.MATMUL_STRIDE_A, head: slot.MATMUL_HEAD_A };
const B: StrideSlots = { row: slot.MATMUL_ROW_B, stride: slot.MATMUL_STRIDE_B, head: slot.MATMUL_HEAD_B };
const C: StrideSlots = { row: slot.MATMUL_ROW_C, stride: slot.MATMUL_STRIDE_C, head: slot.MATMUL_HEAD_C };
const PACKED: StrideSlots = { row: slot.PACK_ROW, stride: slot.PACK_STRIDE, head: slot.PACK_HEAD };
const PRODUCTS: SlotPair = [slot.MATMUL_BATCH, slot.MATMUL_HEADS];
const results = times(...PRODUCTS, slot.MATMUL_M, slot.MATMUL_N);

/** Matrices of rows x columns, as many as two slots say, where others say. */
function matrices(
  word: Word,
  [batch, heads]: SlotPair,
  { row, stride, head }: StrideSlots,
  [rows, columns]: SlotPair,
): Reach {
  return hull([
    [word(columns), 1],
    [word(rows), word(row)],
    [word(heads), word(head)],
    [word(batch), word(stride)],
  ]);
}

/** Of a product's operand, which is rows x columns unless a flag says that it is transposed; nothing of an empty product. */
function operand(places: StrideSlots, rows: number, columns: number, flag: number): Extent {
  return {
    reach: (word) => {
      if (results.reach(word) * word(slot.MATMUL_K) === 0) return 0;
      const isTransposed = (word(slot.MATMUL_TRANSPOSED) & flag) !== 0;
      return matrices(word, PRODUCTS, places, isTransposed ? [columns, rows] : [rows, columns]);
    },
    anywhere: true,
  };
}

/** Of its panels or strips. */
function packed({ stride, head }: StrideSlots, across: number): Extent {
  return {
    reach: (word) => {
      if (results.reach(word) === 0) return 0;
      const batch = word(stride) === 0 ? 1 : word(slot.MATMUL_BATCH);
      const heads = word(head) === 0 ? 1 : word(slot.MATMUL_HEADS);
      return panelWords(word(slot.MATMUL_K), word(across), batch * heads);
    },
  };
}

/** From the first word of axes with strides that are not negative to the last one, and the stretch and period of the innermost gap. */
function hull(axes: readonly (readonly [size: number, stride: number])[]): Reach {
  if (axes.some(([size]) => size === 0)) return dense(0);
  const sides = axes.filter(([size, stride]) => size > 1 && stride !== 0).sort((a, b) => a[1] - b[1]);
  let words = 1;
  let run = 0;
  let period = 0;
  for (const [size, stride] of sides) {
    if (run === 0 && stride > words) [run, period] = [words, stride];
    else if (run > 0 && stride % period !== 0) [run, period] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    words += (size - 1) * stride;
  }
  return run === 0 || run === Number.POSITIVE_INFINITY ? dense(words) : { words, first: 0, run, period };
}

/** One side of a copy. */
function strided(word: Word, side: number): Reach {
  const sides: [size: number, stride: number][] = [];
  let first = 0;
  for (let axis = 0; axis < word(slot.COPY_RANK); axis++) {
    const position = slot.COPY_FIRST + axis * slot.COPY_DIMENSION_WORDS;
    const [size, stride] = [word(position), word(position + side)];
    if (stride < 0) first += (size - 1) * stride;
    sides.push([size, Math.abs(stride)]);
  }
  const reach = hull(sides);
  return { ...reach, first: reach.words === 0 ? 0 : first };
}

/** Of rows of a table, by the bytes of its elements. */
function rowsOf(rows: number): Extent {
  return { reach: (word) => Math.ceil((word(rows) * word(slot.GATHER_WIDTH) * word(slot.GATHER_BYTES)) / 4) };
}

/** Of every address in a fixed slot; those of maps follow from their modes. */
const EXTENTS: {
  readonly [O in Opcode as [Pointers[O]] extends [never] ? never : O]: { readonly [K in Pointers[O]]: Extent };
} = {
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
    to: {
      reach: (word) => panelWords(word(slot.PACK_K), word(slot.PACK_N), word(slot.PACK_BATCH) * word(slot.PACK_HEADS)),
    },
    from: {
      reach: (word) =>
        matrices(
          word,
          [slot.PACK_BATCH, slot.PACK_HEADS],
          PACKED,
          word(slot.PACK_TRANSPOSED) === 0 ? [slot.PACK_K, slot.PACK_N] : [slot.PACK_N, slot.PACK_K],
        ),
      anywhere: true,
    },
  },
  [op.MATMUL]: {
    c: {
      reach: (word) => matrices(word, PRODUCTS, C, [slot.MATMUL_M, slot.MATMUL_N]),
      anywhere: true,
      elementwise: (word) => {
        // In the order in which an epilogue counts them: all rows equally far apart.
        const [row, matrix] = [word(slot.MATMUL_ROW_C), word(slot.MATMUL_M) * word(slot.MATMUL_ROW_C)];
        const inHeads = word(slot.MATMUL_HEADS) === 1 || word(slot.MATMUL_HEAD_C) === matrix;
        const inBatch =
          word(slot.MATMUL_BATCH) === 1 || word(slot.MATMUL_STRIDE_C) === word(slot.MATMUL_HEADS) * matrix;
        return inHeads && inBatch && row > 0;
      },
    },
    a: operand(A, slot.MATMUL_M, slot.MATMUL_K, 1),
    b: operand(B, slot.MATMUL_K, slot.MATMUL_N, 2),
    panels: packed(B, slot.MATMUL_N),
    strips: packed(A, slot.MATMUL_M),
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
  [op.CONVOLVE]: {
    to: {
      ...times(
        slot.CONVOLVE_IMAGES,
        slot.CONVOLVE_GROUPS,
        slot.CONVOLVE_ROWS,
        slot.CONVOLVE_POSITIONS_D,
        slot.CONVOLVE_POSITIONS_H,
        slot.CONVOLVE_POSITIONS_W,
      ),
      elementwise: () => true,
    },
  },
  [op.SORT]: {
    work: {
      reach: (word) => (word(slot.SORT_COLUMNS) > SORT_SHORT ? 2 * word(slot.SORT_ROWS) * word(slot.SORT_COLUMNS) : 0),
    },
  },
  [op.CTC_GRADIENT]: { work: { reach: (word) => 2 * word(slot.CTC_SEQUENCES) * word(slot.CTC_STATES) } },
};

type ByOpcode = Partial<Record<Opcode, Readonly<Record<string, Extent>>>>;

function dense(words: number): Reach {
  return { words, first: 0, run: words, period: words };
}

/** Parts of rows that lie `row` words apart, of all elements of a map. */
function rowsReach(code: Int32Array, map: number, row: number): Reach {
  const [n, columns] = [code[map + slot.MAP_N], code[map + slot.MAP_COLUMNS]];
  if (n === 0 || row === columns) return dense(n);
  return { first: 0, words: (n / columns - 1) * row + columns, run: columns, period: row };
}

/** What the operand at word `operand` of a map occupies, by its mode. */
function operandReach(code: Int32Array, map: number, operand: number): Reach {
  if ((code[operand + 1] & 0xff) === slot.MODE_ROWS) return rowsReach(code, map, code[operand + 2]);
  const elements = operandElements(code, map, operand);
  return dense(code[operand + 1] >> 8 === slot.ELEMENT_BYTE ? Math.ceil(elements / 4) : elements);
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
    const elementwise = code[position + 1] === slot.MODE_FULL || code[position + 1] === slot.MODE_ROWS; // of words, not of bytes
    const reach = operandReach(code, map, position);
    const whole = code[position + 1] >> 8 === slot.ELEMENT_BYTE;
    list.push({ slot: position - at, write: false, ...reach, whole, elementwise });
    position += slot.MAP_OPERAND_WORDS;
  }
  for (let outputs = (counts >> 8) & 0xff; outputs > 0; outputs--) {
    const row = code[position + 1];
    const reach = row === 0 ? dense(code[map + slot.MAP_N]) : rowsReach(code, map, row);
    list.push({ slot: position - at, write: true, ...reach, whole: false, elementwise: true });
    position += slot.MAP_OUTPUT_WORDS;
  }
  return list;
}

/** What the instruction at `at` reads and writes, reads first, then what a map in it does; addresses are the words at the accesses' slots. */
export function accessesOf(code: Int32Array, at: number): Access[] {
  const word = wordsAt(code, at);
  const opcode = opcodeAt(code, at) as Opcode;
  const extents: Readonly<Record<string, Extent>> = (EXTENTS as ByOpcode)[opcode] ?? {};
  const { named, slots } = INSTRUCTIONS[opcode];
  const names = Object.keys(named);
  const own = slots
    .filter((each) => isPointer(each) && !(each.optional && word(each.at) === 0))
    .map(({ name, at: number, holds, of }): Access => {
      const extent: Extent = of ? times(...of.map((each) => names.indexOf(each) + 1)) : extents[name];
      const { reach, anywhere = false, elementwise } = extent;
      const reached = reach(word);
      const words = typeof reached === "number" ? dense(reached) : reached;
      return {
        slot: number,
        write: holds === "write",
        ...words,
        whole: !anywhere,
        elementwise: elementwise?.(word) ?? false,
      };
    })
    .sort((a, b) => Number(a.write) - Number(b.write));
  const map = mapOf(code, at);
  return map < 0 ? own : own.concat(mapAccesses(code, at, map));
}
