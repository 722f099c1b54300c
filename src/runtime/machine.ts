// Machine: what executes relocated code over one memory. LocalExecutor drives it; JsMachine and WasmMachine are the two.
import type { Program } from "../program/program.ts";
import type { DType } from "../shape.ts";
import type { TeamInfo } from "./executor.ts";
import type { Room } from "./layout.ts";
import type { Memory } from "./memory.ts";

/** A program with its places in a machine's memory. */
export interface Loaded {
  readonly program: Program;
  /** The instructions with the machine's addresses. */
  readonly code: Int32Array;
  /** Words of io, constants and the machine's own, in this order. */
  readonly place: Room;
  /** First words of the three. */
  readonly io: number;
  readonly constants: number;
  readonly own: number;
  /** Dtypes of the logged scalars. */
  readonly logTypes: readonly DType[];
  /** False once it is unloaded. */
  live: boolean;
}

/** How many threads share a program's steps. */
export type Shared = Omit<TeamInfo, "program">;

/** Steps of one call that is bounded by time alone. */
export const MOST_STEPS = 65536;

export interface Machine {
  /** Views of its memory; new ones after `grow`. */
  readonly memory: Memory;
  /** First word that may be given to programs, and the first that may not. */
  readonly start: number;
  readonly limit: number;
  /** What one word adds to an address in its code. */
  readonly addressUnit: number;
  /** Most steps of this program in one call of `execute`. */
  maxSteps(loaded: Loaded): number;
  /** Words it wants with a program: its code, its log. */
  ownWords(program: Program): number;
  /** Makes `words` words addressable; what was there stays. @throws RangeError if the platform refuses */
  grow(words: number): void;
  /** Takes over a program's code, new or relocated. */
  install(loaded: Loaded): void;
  /** Resolves when what programs were installed with has started, if anything has to: threads. */
  ready?(): Promise<unknown> | undefined;
  /** Gets a program ready for many steps, if there is anything to do; it may be executed before that, too. */
  prepare?(loaded: Loaded): Promise<void>;
  /** How a program's steps are shared, where they can be. */
  shared?(loaded: Loaded): Shared;
  /** A program was unloaded. */
  release?(loaded: Loaded): void;
  /** Makes whole steps, `steps` > 0 of them; writes the logged scalars of each to `log`, row by row from `at`. */
  execute(loaded: Loaded, steps: number, log: Float64Array, at: number): void;
  /** Lets go of its memory at once; resolves when its threads, if it has any, have ended. */
  dispose(): void | Promise<void>;
}
