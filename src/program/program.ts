// Program: what the compiler makes and executors run. Plain structured-cloneable data, and thereby the wire format.
// It knows nothing of the machine: addresses are region-relative (assembly/isa/sizes.ts) until an executor relocates them.
import { isRecord, must } from "../check.ts";
import { ProgramError } from "../errors.ts";
import type { DType } from "../shape.ts";
import { show } from "../show.ts";

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

/** A table or scalar in the constants region, kept exactly: f32 in Float64, but for tables whose numbers all are of float32. */
export interface ProgramConstant {
  readonly offset: number;
  readonly words: number;
  readonly dtype: DType;
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
  /** Of an f32 scalar: its value where numbers are float32, if that is not the one next to `data`. */
  readonly rounded?: number;
}

/** Of instructions, slots and buffers as they are here. */
export const PROGRAM_VERSION = 2;

/** A compiled computation. */
export interface Program {
  /** PROGRAM_VERSION: executors refuse any other. */
  readonly version: number;
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

/** Throws an ArgumentError unless a value looks like a program, a ProgramError unless it is of this version; verifyProgram looks closer. */
export function aProgram(value: unknown, what: string): void {
  const { version, code, variables } = isRecord(value) ? value : {};
  must(code instanceof Int32Array && Array.isArray(variables), value, what, "a program, such as compile() makes");
  if (version !== PROGRAM_VERSION)
    throw new ProgramError(
      `${what} is of version ${show(version)}; version ${PROGRAM_VERSION} runs here: compile it anew`,
    );
}

/** Programs that were compiled in this thread, and are as they were made: nothing in them needs to be verified. */
const own = new WeakSet<Program>();
let trusting = false;

/** Says of a program that it was compiled here. */
export function ofThisThread(program: Program): Program {
  own.add(program);
  return program;
}

/** Whether a program comes from somewhere else: another thread, a file, another machine. */
export function isForeign(program: Program): boolean {
  return !trusting && !own.has(program);
}

/** For tests of what broken programs do to executors: from now on none counts as foreign. */
export function trustAll(): void {
  trusting = true;
}
