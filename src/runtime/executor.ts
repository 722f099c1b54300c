/// <reference lib="esnext.disposable" preserve="true" />
// Executor: the only thing that owns memory. One interface for Wasm, JavaScript and remote executors: where it runs is one argument.
import type { Program } from "../program/program.ts";
import type { Inputs } from "./step.ts";

/** Data as callers hand it over and get it back: Float32Array (Float64Array from the oracle) for f32, Int32Array, Uint8Array. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Names a loaded program of one executor. */
export type ProgramId = number;

/** A buffer that a caller writes or reads: an input or output of a loaded program, or a variable by its key. */
export type Slot = { readonly program: ProgramId; readonly name: string } | { readonly variable: string };

/** New elements of a slot. */
export interface Write {
  readonly slot: Slot;
  readonly data: ArrayLike<number>;
}

/** What an executor is. */
export interface ExecutorInfo {
  readonly name: "wasm-relaxed" | "wasm-portable" | "js" | "js-float64";
  /** Columns and rows of the matrix kernel's tile, as "6x8"; empty without one. */
  readonly tile: string;
  readonly threads: number;
  /** Why something slower than asked for is used; empty if nothing is. */
  readonly fallback: string;
}

/** How many threads share a loaded program's steps. */
export interface TeamInfo {
  readonly program: ProgramId;
  /** The calling one included; while numbers of threads are compared, some steps have another one. */
  readonly threads: number;
  /** Milliseconds of a step by numbers of threads, as they were last compared; empty where there was nothing to compare, or not yet. */
  readonly compared: Readonly<Record<number, number>>;
}

/** One entry of a plan: run this program for so many steps. */
export type PlanEntry = readonly [program: ProgramId, steps: number];

/** Scalar outputs of successive steps of one program, one row a step, in the order of `names`. */
export interface LogRows {
  readonly program: ProgramId;
  readonly names: readonly string[];
  /** Row-major: steps x names. Float64 so that i32 scalars and oracle values stay exact. */
  readonly values: Float64Array;
  /** Steps that the rows are of. */
  readonly steps: number;
  /** Time that these steps took. */
  readonly milliseconds: number;
}

/** How often a plan is gone through, from where on, and when. */
export interface RunOptions {
  /** Times that the plan is gone through (default 1; Infinity: until stopped). */
  readonly repeat?: number;
  /** Steps of the run that were made before and are left out: where an interrupted one goes on. Default 0. */
  readonly from?: number;
  /**
   * Its steps come before those of runs that are not: for predictions and measurements, which see one state from their first step to their
   * last. Between such runs the others make up for their waiting, so that they keep a third of the time. Default false.
   */
  readonly urgent?: boolean;
  /**
   * A run of the same executor that comes first: this one makes no step, and writes nothing, before the end of that. Where that fails or is
   * stopped, this one is stopped, too. Default: none.
   */
  readonly after?: RunHandle;
  /** What is written right before the first step that it makes, all of it at once. Default: nothing. */
  readonly write?: readonly Write[];
  /** Slots that are read right after its last step: `values` of its result. Default: none. */
  readonly read?: readonly Slot[];
}

/** What a finished run did. */
export interface RunResult {
  /** Whole steps made, all programs together and those before `from` included. */
  readonly steps: number;
  /** True if stop() ended it before its plan did. */
  readonly stopped: boolean;
  /** Copies of what its options asked for, in their order; undefined if they did not, or if it was stopped. */
  readonly values?: readonly TypedArray[];
}

/** A run under way. Runs are served in whole steps; several runs take turns of a few milliseconds, in order of their calls. */
export interface RunHandle {
  /** Resolves when the plan is finished or stopped; rejects with the first error. */
  readonly done: Promise<RunResult>;
  /** Steps made so far, those before `from` included. */
  readonly steps: number;
  /** Resolves once no step is being made; none is until resume(). Other runs, reads and writes go on. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends the run at the next step boundary. */
  stop(): Promise<RunResult>;
  /**
   * Takes the rows logged since the last call, in the order of the steps. All are kept until taken; a run whose log would exceed a gibibyte
   * fails.
   */
  takeLog(): LogRows[];
}

/**
 * Loads programs and runs them. Orders are carried out in the order of the calls, and arrays count as they are at the call. Every method, and
 * every call that still waits, rejects with DisposedError after dispose().
 */
export interface Executor {
  readonly info: ExecutorInfo;
  /**
   * Relocates everything; variables of known keys are shared, new ones start at zero. A program that was not compiled in this thread (it comes
   * from a page, a file, another machine) is verified before anything is written. What is refused leaves nothing.
   * @throws MemoryError, ProgramError, ArgumentError for a variable that the program needs and that is unknown
   */
  load(program: Program): Promise<ProgramId>;
  /** Runs that still want its steps end with a DisposedError. Its variables stay. */
  unload(id: ProgramId): Promise<void>;
  /** Frees a variable that no loaded program names. @throws ArgumentError */
  forget(variable: string): Promise<void>;
  /** Length must equal the slot's elements; takes effect at the next step boundary. @throws ArgumentError, DisposedError */
  write(slot: Slot, data: ArrayLike<number>): Promise<void>;
  /** Several writes at one step boundary; nothing is written if one is refused. @throws ArgumentError, DisposedError */
  writeAll(writes: readonly Write[]): Promise<void>;
  /** A copy of the slot's elements as of a step boundary. */
  read(slot: Slot): Promise<TypedArray>;
  /** Copies of several slots' elements, all as of one step boundary. */
  readAll(slots: readonly Slot[]): Promise<TypedArray[]>;
  /** Runs the plan's entries in order, as often as the options say. */
  run(plan: readonly PlanEntry[], options?: RunOptions): RunHandle;
  /** The teams of all loaded programs, in the order of their loads. */
  teams(): Promise<TeamInfo[]>;
  /**
   * Writes all inputs of a program, makes one step of it and gives copies of its outputs: in one go, with nothing in between, and in one
   * round trip to a worker. It comes before the steps of runs that are not urgent.
   * @throws ArgumentError for inputs that are missing, unknown or of another length, DisposedError
   */
  step(id: ProgramId, inputs?: Inputs): Promise<Record<string, TypedArray>>;
  dispose(): Promise<void>;
  /** What the end of `await using executor = ...` calls: dispose(). */
  [Symbol.asyncDispose](): Promise<void>;
}
