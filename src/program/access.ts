// What every instruction reads and writes, from its decoded words. Print and verify stand on this table.
import * as op from "../../assembly/isa/opcode.ts";
import { PANEL } from "../../assembly/isa/sizes.ts";
import * as slot from "../../assembly/isa/slots.ts";
import { mapOf, type Opcode, opcodeAt } from "./addresses.ts";

/** Memory that an instruction reads or writes through one address. */
export interface Access {
  /** Slot that holds the address, counted from the header. */
  readonly slot: number;
  readonly write: boolean;
  /** First word, relative to the address (negative only for copies with negative strides). */
  readonly first: number;
  /** Words from the first to the last, both included; 0 if nothing is touched. */
  readonly words: number;
  /** Words that one stretch covers, and the distance between stretches: a copy may leave gaps. Equal if there is none. */
  readonly run: number;
  readonly period: number;
  /** The address must be that of a whole buffer: a multiple of ALIGN. */
  readonly whole: boolean;
  /** Word i belongs to element i alone: two such accesses of one instruction may share their memory. */
  readonly elementwise: boolean;
}

function dense(slotNumber: number, write: boolean, words: number, whole = true, elementwise = false): Access {
  return { slot: slotNumber, write, first: 0, words, run: words, period: words, whole, elementwise };
}

function bytesToWords(bytes: number): number {
  return Math.ceil(bytes / 4);
}

/** Words of the panels of `batch` matrices B of k x n, or of the strips of as many A of n rows. */
function panelWords(k: number, n: number, batch: number): number {
  return k * Math.ceil(n / PANEL) * PANEL * batch;
}

/** Words that the operand at word `operand` of a map occupies, by its mode. */
function operandWords(code: Int32Array, map: number, operand: number): number {
  const elements = operandElements(code, map, operand);
  return code[operand + 1] >> 8 === slot.ELEMENT_BYTE ? bytesToWords(elements) : elements;
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
    const isFull = code[position + 1] === slot.MODE_FULL; // of words, not of bytes
    list.push(dense(position - at, false, operandWords(code, map, position), true, isFull));
    position += slot.MAP_OPERAND_WORDS;
  }
  for (let outputs = (counts >> 8) & 0xff; outputs > 0; outputs--)
    list.push(dense(position++ - at, true, code[map + slot.MAP_N], true, true));
  return list;
}

/** One side of a copy: its hull, and the stretch and period of its outermost gap. */
function strided(code: Int32Array, at: number, slotNumber: number, column: number, write: boolean): Access {
  const rank = code[at + slot.COPY_RANK];
  const sides: [size: number, stride: number][] = [];
  let first = 0;
  for (let d = 0; d < rank; d++) {
    const position = at + slot.COPY_FIRST + d * slot.COPY_DIMENSION_WORDS;
    const size = code[position];
    const stride = code[position + column];
    if (size === 0) return dense(slotNumber, write, 0, false);
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
  return { slot: slotNumber, write, first, words, run, period, whole: false, elementwise: false };
}

function matmulAccesses(code: Int32Array, at: number): Access[] {
  const [batch, m, n, k] = [slot.MATMUL_BATCH, slot.MATMUL_M, slot.MATMUL_N, slot.MATMUL_K].map((s) => code[at + s]);
  if (batch * m * n === 0) return [];
  const strideA = code[at + slot.MATMUL_STRIDE_A];
  const strideB = code[at + slot.MATMUL_STRIDE_B];
  const list = [
    dense(slot.MATMUL_A, false, k === 0 ? 0 : (batch - 1) * strideA + m * k),
    dense(slot.MATMUL_B, false, k === 0 ? 0 : (batch - 1) * strideB + k * n),
    dense(slot.MATMUL_C, true, batch * m * n, true, true),
  ];
  if (code[at + slot.MATMUL_PANELS] !== 0)
    list.push(dense(slot.MATMUL_PANELS, false, panelWords(k, n, strideB === 0 ? 1 : batch)));
  if (code[at + slot.MATMUL_STRIPS] !== 0)
    list.push(dense(slot.MATMUL_STRIPS, false, panelWords(k, m, strideA === 0 ? 1 : batch)));
  const map = mapOf(code, at);
  return map < 0 ? list : list.concat(mapAccesses(code, at, map));
}

const ACCESSES: Record<Opcode, (code: Int32Array, at: number, word: (slot: number) => number) => Access[]> = {
  [op.END]: () => [],
  [op.BARRIER]: () => [],
  [op.LOOP]: () => [],
  [op.INDEX]: () => [],
  [op.MAP]: (code, at) => mapAccesses(code, at, at),
  [op.REDUCE]: (_code, _at, word) => {
    const kept = word(slot.REDUCE_OUTER) * word(slot.REDUCE_INNER);
    const results = word(slot.REDUCE_KIND) === slot.KIND_SUM_IN_TWO ? 2 * kept : kept;
    // Parts of a long sum begin anywhere.
    return [
      dense(slot.REDUCE_FROM, false, kept * word(slot.REDUCE_N), false),
      dense(slot.REDUCE_TO, true, results, false),
    ];
  },
  [op.PACK]: (_code, _at, word) => {
    const [batch, k, n] = [word(slot.PACK_BATCH), word(slot.PACK_K), word(slot.PACK_N)];
    return [dense(slot.PACK_FROM, false, batch * k * n), dense(slot.PACK_TO, true, panelWords(k, n, batch))];
  },
  [op.MATMUL]: matmulAccesses,
  [op.COPY]: (code, at) => [strided(code, at, slot.COPY_FROM, 2, false), strided(code, at, slot.COPY_TO, 1, true)],
  [op.GATHER]: (_code, _at, word) => {
    const size = (rows: number) =>
      (word(slot.GATHER_BYTES) === 1 ? bytesToWords : Number)(rows * word(slot.GATHER_WIDTH));
    return [
      dense(slot.GATHER_FROM, false, size(word(slot.GATHER_ROWS))),
      dense(slot.GATHER_INDEX, false, word(slot.GATHER_COUNT)),
      dense(slot.GATHER_TO, true, size(word(slot.GATHER_COUNT))),
    ];
  },
  [op.SCATTER_ADD]: (_code, _at, word) => [
    dense(slot.SCATTER_FROM, false, word(slot.SCATTER_COUNT) * word(slot.SCATTER_WIDTH)),
    dense(slot.SCATTER_INDEX, false, word(slot.SCATTER_COUNT)),
    dense(slot.SCATTER_TO, true, word(slot.SCATTER_ROWS) * word(slot.SCATTER_WIDTH)),
  ],
  [op.SOFTMAX]: (_code, _at, word) => {
    const size = word(slot.ROWS_ROWS) * word(slot.ROWS_COLUMNS);
    return [dense(slot.ROWS_FROM, false, size), dense(slot.ROWS_TO, true, size)];
  },
  [op.LOG_SUM_EXP]: (_code, _at, word) => [
    dense(slot.ROWS_FROM, false, word(slot.ROWS_ROWS) * word(slot.ROWS_COLUMNS)),
    dense(slot.ROWS_TO, true, word(slot.ROWS_ROWS)),
  ],
  [op.CROSS_ENTROPY]: (_code, _at, word) => entropyAccesses(word, 1),
  [op.CROSS_ENTROPY_GRADIENT]: (_code, _at, word) => [
    dense(slot.ENTROPY_SCALE, false, word(slot.ENTROPY_ROWS)),
    ...entropyAccesses(word, word(slot.ENTROPY_COLUMNS)),
  ],
};

function entropyAccesses(word: (slot: number) => number, outputColumns: number): Access[] {
  const rows = word(slot.ENTROPY_ROWS);
  return [
    dense(slot.ENTROPY_FROM, false, rows * word(slot.ENTROPY_COLUMNS)),
    dense(slot.ENTROPY_INDEX, false, rows),
    dense(slot.ENTROPY_TO, true, rows * outputColumns),
  ];
}

/** What the instruction at `at` reads and writes, reads first; its addresses are the words at the accesses' slots. */
export function accessesOf(code: Int32Array, at: number): Access[] {
  return ACCESSES[opcodeAt(code, at) as Opcode](code, at, (number) => code[at + number]);
}
