// The elementwise block machine in JavaScript: for each block, for each step, one tight loop. Twin of assembly/map.ts.
import {
  ELEMENT_BYTE,
  MAP_COLUMNS,
  MAP_COUNTS,
  MAP_FIRST,
  MAP_N,
  MAP_OPERAND_WORDS,
  MAP_OUTPUT_WORDS,
  MAP_STEP_WORDS,
  MODE_COLUMN,
  MODE_FULL,
  MODE_ROW,
  MODE_ROWS,
  MODE_SCALAR,
  REGISTER_OPERAND,
  REGISTER_OUTPUT,
} from "../../../assembly/isa/slots.ts";
import type { MapCode } from "../../program/map-steps.ts";
import { bytePosition } from "../memory.ts";
import { MAP_KERNELS } from "./map-codes.ts";
import { BLOCK, type JsMemory, OUTPUTS_AT, REGISTERS_AT } from "./memory.ts";

/** MAP, or the epilogue of a matrix product: `at` is the word before MAP_N. */
export function map(memory: JsMemory, code: Int32Array, at: number): void {
  const n = code[at + MAP_N];
  const columns = code[at + MAP_COLUMNS];
  const counts = code[at + MAP_COUNTS];
  const firstOperand = at + MAP_FIRST;
  const firstOutput = firstOperand + (counts & 0xff) * MAP_OPERAND_WORDS;
  const firstStep = firstOutput + ((counts >> 8) & 0xff) * MAP_OUTPUT_WORDS;
  const end = firstStep + (counts >>> 16) * MAP_STEP_WORDS;
  const { base, advance } = memory;
  for (let r = 0; r < REGISTER_OPERAND; r++) base[r] = REGISTERS_AT + r * BLOCK;
  for (let word = firstOperand, r = REGISTER_OPERAND; word < firstOutput; word += MAP_OPERAND_WORDS, r++) {
    advance[r] = code[word + 1] === MODE_FULL ? 1 : 0;
    base[r] = advance[r] === 1 ? code[word] : REGISTERS_AT + r * BLOCK;
    if ((code[word + 1] & 0xff) === MODE_SCALAR) load(memory, code, word, base[r], 0, Math.min(BLOCK, n), columns);
  }
  for (let word = firstOutput, r = REGISTER_OUTPUT, aside = OUTPUTS_AT; word < firstStep; r++, aside += BLOCK) {
    advance[r] = code[word + 1] === 0 ? 1 : 0;
    base[r] = advance[r] === 1 ? code[word] : aside;
    word += MAP_OUTPUT_WORDS;
  }
  for (let start = 0; start < n; start += BLOCK) {
    const count = Math.min(BLOCK, n - start);
    for (let word = firstOperand, r = REGISTER_OPERAND; word < firstOutput; word += MAP_OPERAND_WORDS, r++) {
      if (advance[r] === 0 && (code[word + 1] & 0xff) !== MODE_SCALAR)
        load(memory, code, word, base[r], start, count, columns);
    }
    for (let word = firstStep; word < end; word += MAP_STEP_WORDS) {
      const step = code[word];
      const more = code[word + 1];
      const to = (step >> 8) & 0xff;
      const a = (step >> 16) & 0xff;
      const b = step >>> 24;
      const c = more & 0xff;
      const d = (more >> 8) & 0xff;
      MAP_KERNELS[(step & 0xff) as MapCode](
        memory,
        count,
        base[to] + advance[to] * start,
        base[a] + advance[a] * start,
        base[b] + advance[b] * start,
        base[c] + advance[c] * start,
        base[d] + advance[d] * start,
        start,
      );
    }
    for (let word = firstOutput, r = REGISTER_OUTPUT; word < firstStep; word += MAP_OUTPUT_WORDS, r++)
      if (advance[r] === 0) scatter(memory, code[word], base[r], columns, code[word + 1], start, count);
  }
}

/** Writes a block of an output whose rows lie `row` words apart. */
function scatter(
  { i }: JsMemory,
  at: number,
  from: number,
  columns: number,
  row: number,
  start: number,
  count: number,
): void {
  let column = start % columns;
  let to = at + ((start - column) / columns) * row;
  for (let k = 0; k < count; k++) {
    i[to + column] = i[from + k];
    if (++column < columns) continue;
    column = 0;
    to += row;
  }
}

/** Spreads elements start.. of an operand over the words from `to`. */
function load(
  memory: JsMemory,
  code: Int32Array,
  operand: number,
  to: number,
  start: number,
  count: number,
  columns: number,
): void {
  const mode = code[operand + 1] & 0xff;
  const isByte = code[operand + 1] >> 8 === ELEMENT_BYTE;
  const from = code[operand];
  const div = code[operand + 2];
  const mod = code[operand + 3];
  const { i, bytes, wordBytes } = memory;
  let column = start % columns;
  let row = (start - column) / columns;
  for (let k = 0; k < count; ) {
    const run = mode === MODE_FULL || mode === MODE_SCALAR ? count : Math.min(columns - column, count - k);
    const moves = mode === MODE_SCALAR || mode === MODE_COLUMN ? 0 : 1;
    let first = 0;
    if (mode === MODE_FULL) first = start;
    else if (mode === MODE_ROW) first = column;
    else if (mode === MODE_ROWS) first = row * div + column;
    else if (mode === MODE_COLUMN) first = Math.floor(row / div) % mod;
    if (isByte) for (let r = 0; r < run; r++) i[to + k + r] = bytes[bytePosition(wordBytes, from, first + moves * r)];
    else for (let r = 0; r < run; r++) i[to + k + r] = i[from + first + moves * r];
    k += run;
    column = 0;
    row++;
  }
}
