// Hand-made programs for tests of executors: buffers by name, instructions by number, nothing checked.
import * as op from "../../assembly/isa/opcode.ts";
import {
  ALIGN,
  REGION_ARENA,
  REGION_CONSTANTS,
  REGION_IO,
  REGION_SHIFT,
  REGION_STATE,
} from "../../assembly/isa/sizes.ts";
import {
  ELEMENT_BYTE,
  MAP_STEP_WORDS,
  MODE_COLUMN,
  MODE_FULL,
  MODE_ROW,
  MODE_SCALAR,
  REGISTER_OPERAND,
  REGISTER_OUTPUT,
} from "../../assembly/isa/slots.ts";
import {
  ofThisThread,
  PROGRAM_VERSION,
  type Program,
  type ProgramConstant,
  type ProgramSlot,
  type ProgramVariable,
} from "../../src/program/program.ts";
import { type DType, type Shape, sizeOf } from "../../src/shape.ts";

/** An operand of a map: an address and how it is read. */
export interface Operand {
  readonly at: number;
  readonly mode: number;
  readonly byte?: boolean;
  readonly div?: number;
  readonly mod?: number;
}

export const full = (at: number): Operand => ({ at, mode: MODE_FULL });
export const one = (at: number): Operand => ({ at, mode: MODE_SCALAR });
export const row = (at: number): Operand => ({ at, mode: MODE_ROW });
export const column = (at: number, mod: number, div = 1): Operand => ({ at, mode: MODE_COLUMN, div, mod });

/** Registers: scratch, operand number k, output number k. */
export const r = (k: number): number => k;
export const a = (k: number): number => REGISTER_OPERAND + k;
export const o = (k: number): number => REGISTER_OUTPUT + k;

export interface MapBody {
  readonly n: number;
  readonly columns?: number;
  readonly operands: readonly Operand[];
  /** Addresses; with the words from row to row where rows do not follow one another. */
  readonly outputs: readonly (number | readonly [at: number, row: number])[];
  /** [code, target, a, b, c, d]. */
  readonly steps: readonly (readonly number[])[];
}

/** The words of a map after its header, or of an epilogue. */
export function mapWords({ n, columns = Math.max(n, 1), operands, outputs, steps }: MapBody): number[] {
  return [
    n,
    columns,
    operands.length | (outputs.length << 8) | (steps.length << 16),
    0,
    ...operands.flatMap(({ at, mode, byte, div = 1, mod = 1 }) => [
      at,
      mode | ((byte ? ELEMENT_BYTE : 0) << 8),
      div,
      mod,
    ]),
    ...outputs.flatMap((output) => (typeof output === "number" ? [output, 0] : output)),
    ...steps.flatMap(([code, to, p = 0, q = 0, s = 0, t = 0]) => [
      code | (to << 8) | (p << 16) | (q << 24),
      s | (t << 8),
      ...new Array<number>(MAP_STEP_WORDS - 2).fill(0),
    ]),
  ];
}

/** Whole buffers. */
function wordsOf(shape: Shape, dtype: DType): number {
  const words = dtype === "u8" ? Math.ceil(sizeOf(shape) / 4) : sizeOf(shape);
  return Math.ceil(words / ALIGN) * ALIGN;
}

/** Collects buffers and instructions; `program()` puts END behind them. */
export class Encoder {
  readonly code: number[] = [];
  readonly labels: string[] = [];
  readonly variables: ProgramVariable[] = [];
  readonly inputs: ProgramSlot[] = [];
  readonly outputs: ProgramSlot[] = [];
  readonly constants: ProgramConstant[] = [];
  readonly logged: string[] = [];
  logOffset = 0;
  stateWords = ALIGN;
  ioWords = 0;
  arenaWords = 0;
  constantWords = 0;

  variable(key: string, shape: Shape, dtype: DType = "f32"): number {
    const words = wordsOf(shape, dtype);
    this.variables.push({ key, name: key, shape, dtype, words, offset: this.stateWords, assigned: true });
    this.stateWords += words;
    return (REGION_STATE << REGION_SHIFT) | (this.stateWords - words);
  }

  input(name: string, shape: Shape, dtype: DType = "f32"): number {
    return this.#io(this.inputs, name, shape, dtype);
  }

  /** Scalars are logged: declare them one after the other. */
  output(name: string, shape: Shape, dtype: DType = "f32"): number {
    if (shape.length === 0) {
      if (this.logged.length === 0) this.logOffset = this.ioWords;
      this.logged.push(name);
    }
    return this.#io(this.outputs, name, shape, dtype);
  }

  #io(list: ProgramSlot[], name: string, shape: Shape, dtype: DType): number {
    const words = wordsOf(shape, dtype);
    list.push({ name, shape, dtype, words, offset: this.ioWords });
    this.ioWords += words;
    return (REGION_IO << REGION_SHIFT) | (this.ioWords - words);
  }

  arena(elements: number): number {
    const words = wordsOf([elements], "f32");
    this.arenaWords += words;
    return (REGION_ARENA << REGION_SHIFT) | (this.arenaWords - words);
  }

  constant(data: readonly number[] | Int32Array | Uint8Array): number {
    const dtype = data instanceof Int32Array ? "i32" : data instanceof Uint8Array ? "u8" : "f32";
    const words = wordsOf([data.length], dtype);
    const kept = data instanceof Int32Array || data instanceof Uint8Array ? data : Float64Array.from(data);
    this.constants.push({ offset: this.constantWords, words, dtype, data: kept });
    this.constantWords += words;
    return (REGION_CONSTANTS << REGION_SHIFT) | (this.constantWords - words);
  }

  /** One instruction; returns the position of its header. */
  put(opcode: number, ...slots: readonly number[]): number {
    this.labels.push(`instruction ${this.labels.length}`);
    this.code.push(opcode | ((slots.length + 1) << 8), ...slots);
    return this.code.length - slots.length - 1;
  }

  map(body: MapBody): number {
    return this.put(op.MAP, ...mapWords(body));
  }

  barrier(): void {
    this.put(op.BARRIER);
  }

  /** Moves addresses of the next instruction: [slot, depth, stride]. */
  index(...triples: readonly (readonly [slot: number, depth: number, stride: number])[]): void {
    this.put(op.INDEX, triples.length, ...triples.flat());
  }

  loop(count: number, depth: number, body: () => void): void {
    const at = this.put(op.LOOP, count, 0, depth);
    const start = this.code.length;
    body();
    this.code[at + 2] = this.code.length - start;
  }

  program(): Program {
    this.put(op.END);
    return ofThisThread({
      version: PROGRAM_VERSION,
      code: Int32Array.from(this.code),
      labels: this.labels,
      variables: this.variables,
      inputs: this.inputs,
      outputs: this.outputs,
      constants: this.constants,
      logged: this.logged,
      logOffset: this.logOffset,
      stateWords: this.stateWords,
      ioWords: this.ioWords,
      arenaWords: this.arenaWords,
      constantWords: this.constantWords,
    });
  }
}
