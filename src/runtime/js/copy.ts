// Strided copies of words in JavaScript. Twin of assembly/copy.ts.
import { MAX_RANK } from "../../../assembly/isa/sizes.ts";
import { COPY_DIMENSION_WORDS, COPY_FIRST, COPY_FROM, COPY_RANK, COPY_TO } from "../../../assembly/isa/slots.ts";
import type { JsMemory } from "./memory.ts";

export function copy(memory: JsMemory, code: Int32Array, at: number): void {
  const rank = code[at + COPY_RANK];
  copyAxis(memory, code, at + COPY_FIRST, Math.min(rank, MAX_RANK), code[at + COPY_TO], code[at + COPY_FROM]);
}

/** Copies along the axis described at `axis` and the `left - 1` axes after it. */
function copyAxis(memory: JsMemory, code: Int32Array, axis: number, left: number, to: number, from: number): void {
  const i = memory.i;
  if (left === 0) {
    i[to] = i[from];
    return;
  }
  const size = code[axis];
  const toStride = code[axis + 1];
  const fromStride = code[axis + 2];
  if (left > 1) {
    const inner = axis + COPY_DIMENSION_WORDS;
    for (let k = 0; k < size; k++) copyAxis(memory, code, inner, left - 1, to + k * toStride, from + k * fromStride);
  } else if (toStride === 1 && fromStride === 1) {
    for (let k = 0; k < size; k++) i[to + k] = i[from + k];
  } else {
    for (let k = 0; k < size; k++) i[to + k * toStride] = i[from + k * fromStride];
  }
}
