// Program: what the compiler makes and executors run. Plain structured-cloneable data, and thereby the wire format.
// It knows nothing of the machine: addresses are region-relative (assembly/isa/sizes.ts) until an executor relocates them.
import { isRecord, must } from "../check.ts";
import type { DType } from "../shape.ts";

/** A named buffer of a program. */
export interface ProgramSlot {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Word offset inside its region, a multiple of ALIGN. */
  readonly offset: number;
  /** Words it occupies, a multiple of ALIGN (u8: four elements a word). */
  readonly words: number;
}

/** A Variable as a program sees it: programs that name the same key share its memory. */
export interface ProgramVariable extends ProgramSlot {
  readonly key: string;
  /** Whether a run of the program may change it. */
  readonly assigned: boolean;
}

/** A table or scalar in the constants region, kept in Float64 (f32) or exactly (i32, u8). */
export interface ProgramConstant {
  readonly offset: number;
  readonly words: number;
  readonly dtype: DType;
  readonly data: Float64Array | Int32Array | Uint8Array;
  /** Of an f32 scalar: its value where numbers are float32, if that is not the one next to `data`. */
  readonly rounded?: number;
}

/** A compiled computation. */
export interface Program {
  /** Instructions (assembly/isa), ending with END. */
  readonly code: Int32Array;
  /** State region: variables, ascending by offset, the first at word ALIGN. */
  readonly variables: readonly ProgramVariable[];
  /** Keys of variables that must have been named before: a load that would begin one of them at zero is refused. Default: none. */
  readonly needs?: readonly string[];
  /** Io region: written by the caller before a run. */
  readonly inputs: readonly ProgramSlot[];
  /** Io region: read by the caller after a run. */
  readonly outputs: readonly ProgramSlot[];
  /** Names of the scalar outputs (one word each, ALIGN words apart from `logOffset` in the io region), logged after every step. */
  readonly logged: readonly string[];
  readonly logOffset: number;
  readonly constants: readonly ProgramConstant[];
  /** Words of each region. */
  readonly stateWords: number;
  readonly ioWords: number;
  readonly arenaWords: number;
  readonly constantWords: number;
  /** What each instruction computes, in order of the code (loop and prefix instructions included): for print and profile. */
  readonly labels: readonly string[];
}

/** Throws an ArgumentError unless a value looks like a program; verifyProgram looks closer. */
export function aProgram(value: unknown, what: string): void {
  const holds = isRecord(value) && value.code instanceof Int32Array && Array.isArray(value.variables);
  must(holds, value, what, "a program, such as compile() makes");
}
