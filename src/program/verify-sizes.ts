// What the numbers of one instruction must keep to together: each by itself is in its range (instructions.ts).
import {
  CONVOLVE,
  CONVOLVE_FILTER,
  COPY,
  GATHER,
  MATMUL,
  MAX_POOL,
  PACK,
  SUM_POOL,
  SUM_POOL_TRANSPOSED,
} from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import type { Opcode, Word } from "./instructions.ts";

/** Kernels count elements in 31 bits. */
const MOST_ELEMENTS = 2 ** 30;

/** Of A, B and C: the slots with the stride of its rows, and with its sizes. */
const SIDES = [
  ["A", slot.MATMUL_ROW_A, slot.MATMUL_M, slot.MATMUL_K],
  ["B", slot.MATMUL_ROW_B, slot.MATMUL_K, slot.MATMUL_N],
  ["C", slot.MATMUL_ROW_C, slot.MATMUL_M, slot.MATMUL_N],
] as const;

/** Whether two elements lie in one word: sorted by stride, each axis must step over all that lies within. */
function overlap(axes: readonly (readonly [stride: number, size: number])[]): boolean {
  let words = 1;
  for (const [stride, size] of [...axes].sort((a, b) => a[0] - b[0])) {
    if (size > 1 && stride < words) return true;
    words += (size - 1) * stride;
  }
  return false;
}

/** What is wrong with the map behind the slots, of which `last` says how long it is, on so many elements. */
function wrongEpilogue(word: Word, last: number, elements: number): string | undefined {
  const words = word(last);
  if (words === 0) return undefined;
  if (words !== (word(0) >>> 8) - last - 1) return `says that its epilogue has ${words} words`;
  const taken = word(last + slot.MAP_N);
  return taken === elements ? undefined : `the epilogue takes ${taken} elements of ${elements}`;
}

/** The product of three slots. */
function volume(word: Word, at: number): number {
  return word(at) * word(at + 1) * word(at + 2);
}

function filtersOf(word: Word): number {
  const filters = word(slot.CONVOLVE_GROUPS) * word(slot.CONVOLVE_ROWS) * word(slot.CONVOLVE_CHANNELS);
  return filters * volume(word, slot.CONVOLVE_TAPS_D);
}

function positionsOf(word: Word): number {
  const rows = word(slot.CONVOLVE_IMAGES) * word(slot.CONVOLVE_GROUPS) * word(slot.CONVOLVE_ROWS);
  return rows * volume(word, slot.CONVOLVE_POSITIONS_D);
}

function opcodeOf(word: Word): number {
  return word(0) & 0xff;
}

/** What is wrong with the sizes of a convolution: places are counted in 31 bits, before it is known whether they lie in an image. */
function wrongImages(word: Word): string | undefined {
  const images = word(slot.CONVOLVE_IMAGES) * word(slot.CONVOLVE_GROUPS) * word(slot.CONVOLVE_CHANNELS);
  const all = [images * volume(word, slot.CONVOLVE_SIZE_D), filtersOf(word), positionsOf(word)];
  const largest = Math.max(...all);
  if (largest > MOST_ELEMENTS) return `works on ${largest} elements`;
  if (word(slot.CONVOLVE_CHANNELS) * volume(word, slot.CONVOLVE_TAPS_D) === 0) return "its filters have no taps";
  for (let axis = 0; axis < 3; axis++) {
    const at = (first: number) => word(first + axis);
    if (at(slot.CONVOLVE_STEP_D) < 1) return `axis ${axis} has step ${at(slot.CONVOLVE_STEP_D)}`;
    const places =
      (opcodeOf(word) === CONVOLVE ? at(slot.CONVOLVE_SPACING_D) : 0) +
      at(slot.CONVOLVE_SIZE_D) +
      at(slot.CONVOLVE_POSITIONS_D) * at(slot.CONVOLVE_STEP_D) +
      Math.abs(at(slot.CONVOLVE_FIRST_D)) +
      at(slot.CONVOLVE_TAPS_D) * Math.abs(at(slot.CONVOLVE_APART_D));
    if (places > MOST_ELEMENTS) return `axis ${axis} goes over ${places} places`;
  }
  return undefined;
}

/** What is wrong with the windows of an instruction: they must step on, and lie where 31 bits reach. */
function windows(word: Word): string | undefined {
  for (const [name, size] of Object.entries({ D: slot.POOL_SIZE_D, H: slot.POOL_SIZE_H, W: slot.POOL_SIZE_W })) {
    const [out, kernel, stride, padding, dilation] = [1, 2, 3, 4, 5].map((each) => word(size + each));
    if (stride < 1 || dilation < 1) return `the windows of axis ${name} have stride ${stride}, dilation ${dilation}`;
    const reach = word(size) + out * stride + kernel * dilation + padding;
    if (reach > MOST_ELEMENTS) return `the windows of axis ${name} reach ${reach} places`;
  }
  return undefined;
}

/** What is wrong with an instruction, undefined if nothing is. */
export const SIZES: Partial<Record<Opcode, (word: Word) => string | undefined>> = {
  [PACK]: (word) => {
    const row = word(slot.PACK_ROW);
    return row > 0 || word(slot.PACK_K) * word(slot.PACK_N) === 0 ? undefined : `its rows lie ${row} words apart`;
  },
  [MATMUL]: (word) => {
    const counts = word(slot.MATMUL_BATCH) * word(slot.MATMUL_HEADS);
    const elements = counts * word(slot.MATMUL_M) * word(slot.MATMUL_N);
    if (elements > MOST_ELEMENTS) return `computes ${elements} elements`;
    for (const [name, row, rows, columns] of SIDES) {
      const size = word(rows) * word(columns);
      if (size > MOST_ELEMENTS) return `${name} has ${size} elements`;
      if (size > 0 && word(row) < 1) return `rows of ${name} lie ${word(row)} words apart`;
    }
    const axes = [
      [1, word(slot.MATMUL_N)],
      [word(slot.MATMUL_ROW_C), word(slot.MATMUL_M)],
      [word(slot.MATMUL_HEAD_C), word(slot.MATMUL_HEADS)],
      [word(slot.MATMUL_STRIDE_C), word(slot.MATMUL_BATCH)],
    ] as const;
    if (elements > 0 && overlap(axes)) return "writes a word of C twice";
    return wrongEpilogue(word, slot.MATMUL_MAP, elements);
  },
  [CONVOLVE]: (word) => {
    const wrong = wrongImages(word);
    if (wrong !== undefined) return wrong;
    for (let axis = 0; axis < 3; axis++) {
      const [spacing, step] = [word(slot.CONVOLVE_SPACING_D + axis), word(slot.CONVOLVE_STEP_D + axis)];
      if (spacing < 1 || (spacing > 1 && step !== 1)) return `axis ${axis} has spacing ${spacing} and step ${step}`;
    }
    return wrongEpilogue(word, slot.CONVOLVE_MAP, positionsOf(word));
  },
  [CONVOLVE_FILTER]: (word) => {
    const elements = word(slot.CONVOLVE_PARTS) * filtersOf(word);
    if (elements > MOST_ELEMENTS) return `computes ${elements} elements`;
    return wrongImages(word);
  },
  // Each word is written once.
  [COPY]: (word) => {
    const axes: [stride: number, size: number][] = [];
    for (let axis = 0; axis < word(slot.COPY_RANK); axis++) {
      const position = slot.COPY_FIRST + axis * slot.COPY_DIMENSION_WORDS;
      if (word(position) < 0) return `the size of axis ${axis} is ${word(position)}`;
      axes.push([Math.abs(word(position + 1)), word(position)]);
    }
    return axes.every(([, size]) => size > 0) && overlap(axes) ? "writes a word twice" : undefined;
  },
  [GATHER]: (word) => {
    const bytes = word(slot.GATHER_BYTES);
    return bytes === 1 || bytes === 4 ? undefined : `elements of ${bytes} bytes`;
  },
  [MAX_POOL]: windows,
  [SUM_POOL]: windows,
  [SUM_POOL_TRANSPOSED]: windows,
};
