// The JavaScript executor's memory: one typed array of words, and the small arrays its kernels work in.
import {
  ALIGN,
  MAX_DEPTH,
  MAX_OPERANDS,
  MAX_OUTPUTS,
  MAX_SCRATCH_REGISTERS,
  MAX_STEPS,
} from "../../../assembly/isa/sizes.ts";
import {
  CONVOLVE_WORDS,
  MAP_FIRST,
  MAP_OPERAND_WORDS,
  MAP_OUTPUT_WORDS,
  MAP_STEP_WORDS,
  REGISTERS,
} from "../../../assembly/isa/slots.ts";
import { type Memory, views32 } from "../memory.ts";

/** Elements that a step of the block machine works on: a few blocks fit the first cache. */
export const BLOCK = 1024;

/** Columns of B that the matrix kernel holds packed. */
export const TILE = 4;

/** First word of the block machine's registers; the words below are the guard. */
export const REGISTERS_AT = ALIGN;

/** First word of the blocks of outputs whose rows are put where they belong. */
export const OUTPUTS_AT = REGISTERS_AT + (MAX_SCRATCH_REGISTERS + MAX_OPERANDS) * BLOCK;

/** First word that programs may use. */
export const HEAP_AT = REGISTERS_AT + (MAX_SCRATCH_REGISTERS + MAX_OPERANDS + MAX_OUTPUTS) * BLOCK;

/** Words of the longest map. */
const MAP_WORDS =
  MAP_FIRST + MAX_OPERANDS * MAP_OPERAND_WORDS + MAX_OUTPUTS * MAP_OUTPUT_WORDS + MAX_STEPS * MAP_STEP_WORDS;

/** What the JavaScript kernels work on. `Float64Array` makes them the oracle, `Float32Array` the baseline. */
export class JsMemory implements Memory {
  f: Float32Array | Float64Array;
  i: Int32Array | Float64Array;
  bytes: Uint8Array;
  wordBytes: number;
  /** First word of each register of the block machine, and whether it moves on with the blocks. */
  readonly base = new Int32Array(REGISTERS);
  readonly advance = new Int32Array(REGISTERS);
  /** Iteration of the loop at each depth. */
  readonly counters = new Int32Array(MAX_DEPTH);
  /** The instruction that an INDEX prefix moved; the longest is a convolution with a full epilogue. */
  readonly instruction = new Int32Array(CONVOLVE_WORDS + MAP_WORDS);
  /** Partial results of one block of columns. */
  readonly sums = new Float64Array(BLOCK);
  /** Sums of the rows that rows are added to, where these are few. */
  totals = new Float64Array(0);
  /** TILE columns of B, k of each, side by side. */
  panel = new Float64Array(BLOCK * TILE);

  constructor(precision: "float64" | "float32", words: number) {
    const view = precision === "float64" ? views64(words) : views32(new ArrayBuffer(4 * words));
    this.f = view.f;
    this.i = view.i;
    this.bytes = view.bytes;
    this.wordBytes = view.wordBytes;
  }

  /** Moves to an array of so many words; what was there stays. @throws RangeError if the platform has no such array */
  grow(words: number): void {
    const view = this.wordBytes === 8 ? views64(words) : views32(new ArrayBuffer(4 * words));
    view.i.set(this.i);
    this.f = view.f;
    this.i = view.i;
    this.bytes = view.bytes;
  }

  /** Lets go of the array. */
  clear(): void {
    this.f = new Float32Array(0);
    this.i = new Int32Array(0);
    this.bytes = new Uint8Array(0);
  }
}

function views64(words: number): Memory {
  const f = new Float64Array(words);
  return { f, i: f, bytes: new Uint8Array(f.buffer), wordBytes: 8 };
}
