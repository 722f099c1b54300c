// Rows picked by index, and rows added by index, in JavaScript. Twin of assembly/gather.ts.
import { SCATTER_PARTS, SCATTER_WIDE } from "../../../assembly/isa/chunks.ts";
import {
  GATHER_BYTES,
  GATHER_COUNT,
  GATHER_FROM,
  GATHER_INDEX,
  GATHER_ROWS,
  GATHER_TO,
  GATHER_WIDTH,
  SCATTER_COUNT,
  SCATTER_FROM,
  SCATTER_INDEX,
  SCATTER_ROWS,
  SCATTER_TO,
  SCATTER_WIDTH,
} from "../../../assembly/isa/slots.ts";
import { bytePosition } from "../memory.ts";
import type { JsMemory } from "./memory.ts";

export function gather(memory: JsMemory, code: Int32Array, at: number): void {
  const { f, i } = memory;
  const width = code[at + GATHER_WIDTH];
  const isByte = code[at + GATHER_BYTES] === 1;
  // Bytes leave half of the oracle's words as they are: that half must be no NaN, whose bits a copy may change.
  if (isByte) f.fill(0, code[at + GATHER_TO], code[at + GATHER_TO] + Math.ceil((code[at + GATHER_COUNT] * width) / 4));
  for (let r = 0; r < code[at + GATHER_COUNT]; r++) {
    const row = i[code[at + GATHER_INDEX] + r];
    const known = row >= 0 && row < code[at + GATHER_ROWS];
    if (isByte)
      gatherBytes(memory, code[at + GATHER_TO], r * width, code[at + GATHER_FROM], known ? row * width : -1, width);
    else {
      const to = code[at + GATHER_TO] + r * width;
      const from = code[at + GATHER_FROM] + row * width;
      if (known) for (let k = 0; k < width; k++) i[to + k] = i[from + k];
      else f.fill(Number.NaN, to, to + width);
    }
  }
}

/** `first` and `source` count elements of the buffers; a negative source gives 0. */
function gatherBytes(memory: JsMemory, to: number, first: number, from: number, source: number, width: number): void {
  const { bytes, wordBytes } = memory;
  for (let k = 0; k < width; k++)
    bytes[bytePosition(wordBytes, to, first + k)] = source < 0 ? 0 : bytes[bytePosition(wordBytes, from, source + k)];
}

export function scatterAdd(memory: JsMemory, code: Int32Array, at: number): void {
  const { f, i } = memory;
  const width = code[at + SCATTER_WIDTH];
  const rows = code[at + SCATTER_ROWS];
  const target = code[at + SCATTER_TO];
  const size = rows * width;
  const isWide = size <= SCATTER_PARTS * SCATTER_WIDE;
  if (isWide && memory.totals.length < size) memory.totals = new Float64Array(size);
  const [sums, start] = isWide ? [memory.totals, 0] : [f, target];
  sums.fill(0, start, start + size);
  for (let r = 0; r < code[at + SCATTER_COUNT]; r++) {
    const row = i[code[at + SCATTER_INDEX] + r];
    if (!(row >= 0 && row < rows)) continue;
    const to = start + row * width;
    const from = code[at + SCATTER_FROM] + r * width;
    for (let k = 0; k < width; k++) sums[to + k] += f[from + k];
  }
  if (isWide) f.set(sums.subarray(0, size), target);
}
