// What the numbers of one instruction must keep to together: each by itself is in its range (instructions.ts).
import { COPY, GATHER, MATMUL } from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import type { Opcode, Word } from "./instructions.ts";

/** What is wrong with an instruction, undefined if nothing is. */
export const SIZES: Partial<Record<Opcode, (word: Word) => string | undefined>> = {
  [MATMUL]: (word) => {
    const [batch, m, n, k] = [slot.MATMUL_BATCH, slot.MATMUL_M, slot.MATMUL_N, slot.MATMUL_K].map(word);
    const sides = [
      ["A", word(slot.MATMUL_STRIDE_A), m * k],
      ["B", word(slot.MATMUL_STRIDE_B), k * n],
    ] as const;
    for (const [name, stride, size] of sides)
      if (stride !== 0 && stride !== size) return `batches of ${name} lie ${stride} words apart, matrices are ${size}`;
    const words = word(slot.MATMUL_MAP);
    if (words === 0) return undefined;
    if (words !== (word(0) >>> 8) - slot.MATMUL_WORDS) return `says that its epilogue has ${words} words`;
    const elements = word(slot.MATMUL_WORDS - 1 + slot.MAP_N);
    return elements === batch * m * n ? undefined : `the epilogue takes ${elements} elements of ${batch * m * n}`;
  },
  // Each word is written once: sorted by stride, each axis steps over all that lies within.
  [COPY]: (word) => {
    const axes: [stride: number, size: number][] = [];
    for (let axis = 0; axis < word(slot.COPY_RANK); axis++) {
      const position = slot.COPY_FIRST + axis * slot.COPY_DIMENSION_WORDS;
      if (word(position) < 0) return `the size of axis ${axis} is ${word(position)}`;
      axes.push([Math.abs(word(position + 1)), word(position)]);
    }
    if (axes.some(([, size]) => size === 0)) return undefined;
    let words = 1;
    for (const [stride, size] of axes.sort((a, b) => a[0] - b[0])) {
      if (size > 1 && stride < words) return "writes a word twice";
      words += (size - 1) * stride;
    }
    return undefined;
  },
  [GATHER]: (word) => {
    const bytes = word(slot.GATHER_BYTES);
    return bytes === 1 || bytes === 4 ? undefined : `elements of ${bytes} bytes`;
  },
};
