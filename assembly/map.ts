// The elementwise block machine: for each block of elements, for each step, one switch (the idea of numexpr). The blocks of
// scratch registers stay in the first cache; an element's bits depend neither on the block nor on the lane it falls into.
//
// Scratch, from its start: a table with the addresses of the operands' and outputs' registers in this block; then blocks of the
// scratch registers, of the operands that are not read in place and of the outputs that are not written in place, each followed
// by a pad of 16 words.
import { expandColumn, expandOne, expandRow, expandRows, expandRun, writeRows } from "./expand";
import { mapElements } from "./isa/cuts";
import { BLOCK, MAP_CHUNK, MAX_SCRATCH_REGISTERS, SCRATCH_COUNTERS } from "./isa/sizes";
import {
  ELEMENT_WORD,
  MAP_COLUMNS,
  MAP_COUNTS,
  MAP_FIRST,
  MAP_FUNCTION,
  MAP_N,
  MAP_OPERAND_WORDS,
  MAP_OUTPUT_WORDS,
  MAP_STEP_WORDS,
  MODE_COLUMN,
  MODE_FULL,
  MODE_ROW,
  MODE_SCALAR,
  REGISTER_OPERAND,
  REGISTER_OUTPUT,
  REGISTERS,
} from "./isa/slots";
import { nextChunk, scratch, startClaims, threads } from "./parallel";
import { step } from "./steps";
import { copyWords } from "./words";

const OPERAND_BYTES = 4 * MAP_OPERAND_WORDS;
const OUTPUT_BYTES = 4 * MAP_OUTPUT_WORDS;
const STEP_BYTES = 4 * MAP_STEP_WORDS;
const FLAGS_AT = 4 * REGISTERS; // after the table, a byte for each output: 1 if it may not be written in place
const TABLE_WORDS = REGISTERS + 16;
const FEW = 16; // elements of a range that fits into one block of its own for each register
const PAD = 16; // words after a block: expansions and rounded lengths may run over it
const WHOLE_BUFFERS = (SCRATCH_COUNTERS - TABLE_WORDS) / (BLOCK + PAD) - MAX_SCRATCH_REGISTERS; // with more, blocks are shorter

/** The instruction MAP. */
export function map(pc: usize): void {
  const at = pc + 4 * MAP_N;
  const n = load<i32>(at);
  startClaims();
  if (n <= FEW) {
    if (nextChunk() === 0) mapRange(at, 0, n);
    return;
  }
  const chunk = threads === 1 ? MAP_CHUNK : mapElements(n, load<u32>(pc, 4 * MAP_COUNTS) >> 16);
  for (let start = nextChunk() * chunk; start < n; start = nextChunk() * chunk) {
    mapRange(at, start, min(n, start + chunk));
  }
}

/** Elements start..end of a map; `at` is the address of its word MAP_N. Writes these elements of the outputs and no others. */
export function mapRange(at: usize, start: i32, end: i32): void {
  const made = load<u32>(at, 4 * (MAP_FUNCTION - MAP_N));
  if (made !== 0) {
    const whole = start + ((end - start) & ~3);
    call_indirect<void>(made, at, start, whole, scratch);
    if (whole === end) return;
    start = whole;
  }
  const columns = load<i32>(at, 4 * (MAP_COLUMNS - MAP_N));
  const counts = load<u32>(at, 4 * (MAP_COUNTS - MAP_N));
  const operands = at + 4 * (MAP_FIRST - MAP_N);
  const outputs = operands + OPERAND_BYTES * (counts & 0xff);
  const steps = outputs + OUTPUT_BYTES * ((counts >> 8) & 0xff);
  const stop = steps + STEP_BYTES * (counts >> 16);
  if (end - start <= FEW) {
    mapFew(operands, outputs, steps, stop, columns, start, end - start);
    return;
  }
  const block = blockLength(operands, outputs, (counts & 0xff) + ((counts >> 8) & 0xff), columns);
  const stride = 4 * (block + PAD);
  const blocks = scratch + 4 * TABLE_WORDS;
  const spread = blocks + MAX_SCRATCH_REGISTERS * stride;
  const aside = spread + (counts & 0xff) * stride;
  markHazards(operands, outputs, steps, stop);
  for (let i = start; i < end; i += block) {
    const count = min(block, end - i);
    for (let operand = operands, to = spread, r = REGISTER_OPERAND; operand < outputs; operand += OPERAND_BYTES, r++) {
      setRegister(r, place(operand, to, columns, i, count, i !== start, block));
      to += stride;
    }
    const isWhole = (count & 15) === 0;
    for (let output = outputs, to = aside, o = 0; output < steps; output += OUTPUT_BYTES, o++) {
      const inPlace = isWhole && load<u8>(scratch + o, FLAGS_AT) === 0;
      const whole = inPlace ? wholeRun(output, columns, i, count) : 0;
      setRegister(REGISTER_OUTPUT + o, whole === 0 ? to : whole);
      to += stride;
    }
    for (let p = steps; p < stop; p += STEP_BYTES) run(p, i, count, blocks, stride);
    for (let output = outputs, to = aside, o = 0; output < steps; output += OUTPUT_BYTES, o++) {
      if (load<usize>(scratch + 4 * o, 4 * REGISTER_OUTPUT) === to) putBack(output, to, columns, i, count);
      to += stride;
    }
  }
}

/** Where elements i..i + count of an output lie if they follow one another, else 0. */
function wholeRun(output: usize, columns: i32, i: i32, count: i32): usize {
  const at = load<usize>(output);
  const row = load<i32>(output, 4);
  if (row === 0) return at + 4 * i;
  const column = i % columns;
  return column + count <= columns ? at + 4 * ((i / columns) * row + column) : 0;
}

/** Writes elements i..i + count of an output from a block. */
function putBack(output: usize, from: usize, columns: i32, i: i32, count: i32): void {
  const at = load<usize>(output);
  const row = load<i32>(output, 4);
  if (row === 0) copyWords(at + 4 * i, from, count);
  else writeRows(at, from, columns, row, i, count);
}

/** A map of a few elements: all operands are copied first and all outputs last, so there are no hazards to look for. */
function mapFew(
  operands: usize,
  outputs: usize,
  steps: usize,
  stop: usize,
  columns: i32,
  start: i32,
  count: i32,
): void {
  const blocks = scratch;
  for (let operand = operands, to = blocks + 4 * FEW * REGISTER_OPERAND; operand < outputs; to += 4 * FEW) {
    const kind = load<u32>(operand, 4);
    if (kind === MODE_FULL) spread(to, load<usize>(operand) + 4 * start, count);
    else if (kind === MODE_SCALAR) splat(to, load<usize>(operand), count);
    else {
      const at = place(operand, to, columns, start, count, false, FEW);
      if (at !== to) spread(to, at, count);
    }
    operand += OPERAND_BYTES;
  }
  const bytes = ((count + 7) & ~7) << 2;
  for (let p = steps; p < stop; p += STEP_BYTES) {
    // A register's number times the 64 bytes of its block.
    const word = load<u32>(p);
    const more = load<u32>(p, 4);
    const to = blocks + ((word >> 2) & 0x3fc0);
    const a = blocks + ((word >> 10) & 0x3fc0);
    const b = blocks + ((word >> 18) & 0x3fc0);
    const c = blocks + ((more << 6) & 0x3fc0);
    const d = blocks + ((more >> 2) & 0x3fc0);
    step(word & 0xff, to, a, b, c, d, start, count, bytes);
  }
  for (let output = outputs, from = blocks + 4 * FEW * REGISTER_OUTPUT; output < steps; from += 4 * FEW) {
    putBack(output, from, columns, start, count);
    output += OUTPUT_BYTES;
  }
}

/** Copies `count` words, and up to seven more of a block. */
function spread(to: usize, from: usize, count: i32): void {
  v128.store(to, v128.load(from));
  if (count <= 4) return;
  v128.store(to, v128.load(from, 16), 16);
  if (count <= 8) return;
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}

/** Writes the same word as often. */
function splat(to: usize, from: usize, count: i32): void {
  const value = v128.load32_splat(from);
  v128.store(to, value);
  if (count <= 4) return;
  v128.store(to, value, 16);
  if (count <= 8) return;
  v128.store(to, value, 32);
  v128.store(to, value, 48);
}

/** One step on the registers that its two words name. */
function run(p: usize, first: i32, count: i32, blocks: usize, stride: i32): void {
  const word = load<u32>(p);
  const more = load<u32>(p, 4);
  const to = register((word >> 8) & 0xff, blocks, stride);
  const a = register((word >> 16) & 0xff, blocks, stride);
  const b = register(word >> 24, blocks, stride);
  const c = register(more & 0xff, blocks, stride);
  const d = register((more >> 8) & 0xff, blocks, stride);
  step(word & 0xff, to, a, b, c, d, first, count, ((count + 15) & ~15) << 2);
}

/** Address of a register in this block. */
function register(r: u32, blocks: usize, stride: i32): usize {
  return r < <u32>REGISTER_OPERAND ? blocks + r * stride : load<usize>(scratch + 4 * r);
}

function setRegister(r: i32, address: usize): void {
  store<usize>(scratch + 4 * r, address);
}

/**
 * Elements of a block: a multiple of 16, at most BLOCK, and so that all blocks fit into scratch. Rows shorter than a block should
 * begin each block at the same column, so that they need not be spread again.
 */
function blockLength(operands: usize, outputs: usize, buffers: i32, columns: i32): i32 {
  let most = BLOCK;
  if (buffers > WHOLE_BUFFERS)
    most = ((SCRATCH_COUNTERS - TABLE_WORDS) / (MAX_SCRATCH_REGISTERS + buffers) - PAD) & ~15;
  for (let operand = operands; operand < outputs; operand += OPERAND_BYTES) {
    if ((load<u32>(operand, 4) & 0xff) === MODE_ROW) {
      const period = 16 * (columns >> min(4, ctz(columns))); // least common multiple with 16
      return period < most ? most - (most % period) : most;
    }
  }
  return most;
}

/** Where elements i..i + count of an operand can be read: in place, or spread over the block `to` (done already if `again`). */
function place(operand: usize, to: usize, columns: i32, i: i32, count: i32, again: bool, block: i32): usize {
  const at = load<usize>(operand);
  const kind = load<u32>(operand, 4);
  const element = kind >> 8;
  switch (kind & 0xff) {
    case MODE_FULL:
      if (element === ELEMENT_WORD) return at + 4 * i;
      expandRun(to, at, element, i, count);
      return to;
    case MODE_SCALAR:
      if (!again) expandOne(to, at, element, 0, count);
      return to;
    case MODE_ROW: {
      const column = i % columns;
      if (element === ELEMENT_WORD && column + count <= columns) return at + 4 * column;
      if (!again || block % columns !== 0) expandRow(to, at, element, columns, i, count);
      return to;
    }
    case MODE_COLUMN: {
      const run = columns * load<i32>(operand, 8);
      const mod = load<i32>(operand, 12);
      if (run === 1) expandRow(to, at, element, mod, i, count);
      else expandColumn(to, at, element, run, mod, i, count);
      return to;
    }
    default: {
      const row = load<i32>(operand, 8);
      const column = i % columns;
      if (column + count <= columns) return at + 4 * ((i / columns) * row + column);
      expandRows(to, at, columns, row, i, count);
      return to;
    }
  }
}

/** Marks the outputs that lie where a FULL operand lies which a step reads after the output was written. */
function markHazards(operands: usize, outputs: usize, steps: usize, stop: usize): void {
  for (let output = outputs, o = 0; output < steps; output += OUTPUT_BYTES, o++) {
    let hazard = false;
    for (let operand = operands, r = REGISTER_OPERAND; operand < outputs; operand += OPERAND_BYTES, r++) {
      if (load<u32>(operand) === load<u32>(output) && isReadAfter(r, REGISTER_OUTPUT + o, steps, stop)) hazard = true;
    }
    store<u8>(scratch + o, hazard ? 1 : 0, FLAGS_AT);
  }
}

/** Whether a step reads register r after one has written register w. */
function isReadAfter(r: u32, w: u32, steps: usize, stop: usize): bool {
  let written = false;
  for (let p = steps; p < stop; p += STEP_BYTES) {
    const word = load<u32>(p);
    const more = load<u32>(p, 4);
    const reads = ((word >> 16) & 0xff) === r || word >> 24 === r || (more & 0xff) === r || ((more >> 8) & 0xff) === r;
    if (written && reads) return true;
    if (((word >> 8) & 0xff) === w) written = true;
  }
  return false;
}
