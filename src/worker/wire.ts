// What crosses between a page and its worker: the service's calls, their answers, errors as data. Everything else stays where it is.

import * as errors from "../errors.ts";
import type { Program } from "../program/program.ts";
import type {
  ExecutorInfo,
  LogRows,
  PlanEntry,
  ProgramId,
  RunOptions,
  RunResult,
  Slot,
  TeamInfo,
  TypedArray,
  Write,
} from "../runtime/executor.ts";
import type { Build } from "../runtime/wasm/wasm-executor.ts";
import type { OwnWrite } from "./arrays.ts";
import type { Stretch } from "./stretch.ts";

/** Which executor a worker makes. */
export interface Settings {
  /** "auto" (default): WebAssembly, or JavaScript where its SIMD is missing. */
  readonly executor?: "auto" | "wasm" | "js";
  /** Default "auto": relaxed where the platform has it. */
  readonly build?: Build | "auto";
  /** Of the team inside the worker, the worker itself included: 1 to 64, or "auto" (default), one for each core, 16 at the most. */
  readonly threads?: number | "auto";
  /** Fills memory with NaN wherever nothing may rely on it, before every step. For tests. Default false. */
  readonly poison?: boolean;
}

/** How a worker is asked to begin. */
export interface Begin extends Settings {
  /** Name of a lock to hold for life, so that whoever else waits for it learns of the worker's death; "" for none. */
  readonly lock: string;
  /** Milliseconds between two checkpoints, 0 for none. */
  readonly every: number;
}

/** A run, named by the page. */
export type RunId = number;

/** Steps that a run made in one go: no order was carried out and no other run made a step in between. */
export interface Slice {
  readonly run: RunId;
  readonly steps: number;
}

/** All that changed since the checkpoint before, as it was between two slices. */
export interface Checkpoint {
  /** Variables that were assigned, outputs that were computed. */
  readonly values: readonly OwnWrite[];
}

/** What runs did since the last answer, whichever call it was to. */
export interface News {
  /** In the order in which it happened. */
  readonly events: readonly (Slice | Checkpoint)[];
  /** What those steps logged. */
  readonly logs: readonly { readonly run: RunId; readonly rows: readonly LogRows[] }[];
}

export interface Began {
  readonly info: ExecutorInfo;
  /** Whether the lock is held. */
  readonly locked: boolean;
}

/** A run to begin, or to go on with. */
export interface RunOrder extends Omit<RunOptions, "after"> {
  readonly run: RunId;
  /** A run that comes first. */
  readonly after: RunId | undefined;
  readonly plan: readonly PlanEntry[];
  /** Makes no step before resume(). */
  readonly paused: boolean;
}

/** What a worker exposes: orders, which it carries out one after the other, and `news`. Program ids are the page's. */
export interface Service {
  begin(settings: Begin): Answer<Began>;
  load(id: ProgramId, program: Program): Answer<ExecutorInfo>;
  unload(id: ProgramId): Answer<void>;
  forget(variable: string): Answer<void>;
  write(writes: readonly Write[]): Answer<void>;
  read(slots: readonly Slot[]): Answer<readonly TypedArray[]>;
  teams(): Answer<readonly TeamInfo[]>;
  /** Answered at the run's end. */
  run(order: RunOrder): Answer<RunResult>;
  pause(run: RunId): Answer<void>;
  resume(run: RunId): Answer<void>;
  /** Answered once the run has ended. */
  stop(run: RunId): Answer<void>;
  /** Writes inputs, outputs and variables that an earlier worker left. */
  restore(values: readonly Write[]): Answer<void>;
  /** Makes steps again that an earlier worker made. */
  repeat(stretch: Stretch): Answer<void>;
  /** Answered once there is some, at most once a frame; with a checkpoint among it when one is due. */
  news(): Answer<void>;
  ping(): Answer<void>;
}

/** A value, or an error as data (Comlink keeps nothing of an error but its texts), and the news up to this moment. */
export type Answer<T> = Promise<{ readonly news: News } & ({ readonly value: T } | { readonly error: WireError })>;

export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly path?: string;
  /** Of a NonFiniteError. */
  readonly step?: number;
}

export function toWire(error: unknown): WireError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack, path, step } = error as Error & Partial<errors.NonFiniteError>;
  return { name, message, stack, path, step };
}

/** The error that was thrown in the worker, of its class; a WorkerError for one that simdgrad did not throw on purpose. */
export function fromWire({ name, message, stack, path, step }: WireError): Error {
  const known = (errors as Readonly<Record<string, unknown>>)[name] as
    | (new (
        message: string,
        step?: number,
      ) => errors.SimdgradError)
    | undefined;
  const error =
    known === undefined ? new errors.WorkerError(`${name} in the worker: ${message}`) : new known(message, step);
  if (path !== undefined) error.path = path;
  error.cause = stack;
  return error;
}
