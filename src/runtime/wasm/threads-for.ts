// How many threads a program is worth: an estimate from its instructions alone. It decides about speed, never about bits.
import * as op from "../../../assembly/isa/opcode.ts";
import { MAP_CHUNK } from "../../../assembly/isa/sizes.ts";
import * as slot from "../../../assembly/isa/slots.ts";
import { lengthAt, mapOf, type Opcode, opcodeAt } from "../../compile/addresses.ts";

// Nanoseconds on one core, to about a factor of two (products at 50 GFLOP/s, the block machine on Adam).
const PRODUCT = 0.04;
const MAP_STEP = 0.3; // of one element
const ELEMENT = 0.3; // moved, packed, or summed up
const ROW_ELEMENT = 1.5; // of softmax and its kin
const INSTRUCTION = 10;

// A product is cut into chunks of this many multiplications while they are fewer than this (assembly/gemm/blocking.ts).
const CHUNK_PRODUCTS = 1 << 15;
const MOST_CHUNKS = 64;

/** Nanoseconds of a barrier: 200 to 450 for two threads, about 1000 for 16. */
function barrierOf(threads: number): number {
  return threads === 1 ? 0 : 350 + 40 * threads;
}

/** A step shorter than this stays on one thread: waking the others for a single call costs as much. */
const LEAST = 30_000;

/** More threads must save at least this part of the time, or they are left to others. */
const GAIN = 0.1;

/** Threads for the program with this code, of `available` ones. */
export function threadsFor(code: Int32Array, available: number): number {
  let best = 1;
  let least = timeOf(code, 0, code.length, 1);
  if (least < LEAST) return 1;
  for (let threads = 1; threads < available; ) {
    threads = Math.min(2 * threads, available);
    const time = timeOf(code, 0, code.length, threads);
    if (time < (1 - GAIN) * least) [best, least] = [threads, time];
  }
  return best;
}

/** Nanoseconds of a step's instructions from `start` to `end`. A thread's first chunk is its own number, so few chunks fall to few. */
function timeOf(code: Int32Array, start: number, end: number, threads: number): number {
  let time = 0;
  for (let at = start; at < end; at += lengthAt(code, at)) {
    const opcode = opcodeAt(code, at);
    if (!(opcode in WORK) || lengthAt(code, at) === 0) return time; // no program: running it will tell
    if (opcode === op.LOOP) {
      const body = at + lengthAt(code, at);
      const words = code[at + slot.LOOP_BODY];
      time += code[at + slot.LOOP_COUNT] * timeOf(code, body, body + words, threads);
      at += words;
    } else if (opcode === op.BARRIER || opcode === op.END) time += barrierOf(threads);
    else {
      const { work, chunks } = WORK[opcode as Opcode](code, at);
      time += INSTRUCTION + (work * Math.ceil(chunks / threads)) / Math.max(1, chunks);
    }
  }
  return time;
}

/** Of one instruction: nanoseconds on one thread, and into how many chunks the kernel cuts it (products: about). */
interface Work {
  readonly work: number;
  readonly chunks: number;
}

/** Work on elements that are cut into chunks of so many. */
function cut(elements: number, nanoseconds: number, chunk: number): Work {
  return { work: nanoseconds * elements, chunks: Math.ceil(elements / chunk) };
}

/** The product of the slots' values. */
function product(code: Int32Array, at: number, ...slots: readonly number[]): number {
  return slots.reduce((value, each) => value * code[at + each], 1);
}

const NOTHING: Work = { work: 0, chunks: 0 };
const rows = (code: Int32Array, at: number) =>
  cut(product(code, at, slot.ROWS_ROWS, slot.ROWS_COLUMNS), ROW_ELEMENT, 4096);
const entropy = (code: Int32Array, at: number) =>
  cut(product(code, at, slot.ENTROPY_ROWS, slot.ENTROPY_COLUMNS), ROW_ELEMENT, 4096);

const WORK: Record<Opcode, (code: Int32Array, at: number) => Work> = {
  [op.END]: () => NOTHING,
  [op.BARRIER]: () => NOTHING,
  [op.LOOP]: () => NOTHING,
  [op.INDEX]: () => NOTHING,
  [op.MAP]: (code, at) => cut(code[at + slot.MAP_N], MAP_STEP * mapSteps(code, at), MAP_CHUNK),
  [op.MATMUL]: (code, at) => {
    const outputs = product(code, at, slot.MATMUL_BATCH, slot.MATMUL_M, slot.MATMUL_N);
    const products = outputs * code[at + slot.MATMUL_K];
    const chunks = Math.max(1, Math.min(MOST_CHUNKS, Math.floor(products / CHUNK_PRODUCTS)));
    return { work: PRODUCT * products + MAP_STEP * outputs * mapSteps(code, at), chunks };
  },
  [op.PACK]: (code, at) => cut(product(code, at, slot.PACK_BATCH, slot.PACK_K, slot.PACK_N), ELEMENT, 8192),
  [op.REDUCE]: (code, at) => cut(product(code, at, slot.REDUCE_OUTER, slot.REDUCE_N, slot.REDUCE_INNER), ELEMENT, 8192),
  [op.COPY]: (code, at) => cut(copied(code, at), ELEMENT, 8192),
  [op.GATHER]: (code, at) => cut(product(code, at, slot.GATHER_COUNT, slot.GATHER_WIDTH), ELEMENT, 8192),
  [op.SCATTER_ADD]: (code, at) => ({
    work: ELEMENT * product(code, at, slot.SCATTER_COUNT, slot.SCATTER_WIDTH),
    chunks: Math.min(8, code[at + slot.SCATTER_ROWS]) * Math.ceil(code[at + slot.SCATTER_WIDTH] / 128),
  }),
  [op.SOFTMAX]: rows,
  [op.LOG_SUM_EXP]: rows,
  [op.CROSS_ENTROPY]: entropy,
  [op.CROSS_ENTROPY_GRADIENT]: entropy,
};

/** Steps of a map or of a product's epilogue. */
function mapSteps(code: Int32Array, at: number): number {
  const map = mapOf(code, at);
  return map < 0 ? 0 : code[map + slot.MAP_COUNTS] >>> 16;
}

/** Elements of a copy. */
function copied(code: Int32Array, at: number): number {
  let elements = 1;
  for (let d = 0; d < code[at + slot.COPY_RANK]; d++)
    elements *= code[at + slot.COPY_FIRST + d * slot.COPY_DIMENSION_WORDS];
  return elements;
}
