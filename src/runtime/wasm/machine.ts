// The WebAssembly machine: an instance of the kernels over a shared memory, and a team of further ones once a program is worth it.
// Modules have no data segment and never allocate: control page, page of constants, scratch, programs and state are all laid out
// from here (assembly/isa/sizes.ts).
import { ALIGN, HEAP, SCRATCH_WORDS } from "../../../assembly/isa/sizes.ts";
import type { Program } from "../../compile/program.ts";
import { ThreadError, UnsupportedError } from "../../errors.ts";
import { type Loaded, type Machine, MOST_STEPS } from "../machine.ts";
import { fetchScalar, type Memory, views32 } from "../memory.ts";
import { withoutBarriers } from "./alone.ts";
import { writeMathPage } from "./math-page.ts";
import { Team } from "./team.ts";
import { threadsFor } from "./threads-for.ts";

/** What assembly/index.ts exports. */
export interface Kernels {
  run(
    code: number,
    steps: number,
    logFrom: number,
    logCount: number,
    logTo: number,
    logCapacity: number,
    logStart: number,
  ): number;
  attach(thread: number, threads: number, scratch: number): void;
}

const PAGE_WORDS = 16384;
const MOST_PAGES = 65536; // 4 GiB
const LEAST_PAGES = 1024; // 64 MiB

/** Kernels read whole vectors and tiles, so up to these words beyond the last buffer. */
const SLACK = 1024;

/** Logged scalars that one call of `run` may leave in memory. */
const LOG_WORDS = 4096;

/** First word of a thread's scratch; the heap begins where that of the thread after the last would. */
function scratchOf(thread: number): number {
  return HEAP / 4 + thread * SCRATCH_WORDS;
}

/** How a machine shares its work. */
export interface Sharing {
  /** Threads at the most, the calling one included. */
  readonly threads: number;
  /** Threads for a program, of those at the most; for tests. */
  readonly choose?: (code: Int32Array, most: number) => number;
  /** Called if they cannot be started; the machine goes on with one thread. */
  readonly onAlone?: (reason: string) => void;
}

/** Compiles and instantiates a module; further threads are started with the first program that is worth them. */
export async function createWasmMachine(bytes: Uint8Array<ArrayBuffer>, sharing: Sharing): Promise<Machine> {
  const start = scratchOf(sharing.threads);
  const { memory, maximum } = reserve(Math.ceil((start + SLACK) / PAGE_WORDS));
  const { module, instance } = await WebAssembly.instantiate(bytes, { env: { memory } }).catch(refused);
  const kernels = instance.exports as unknown as Kernels;
  writeMathPage(memory.buffer);
  kernels.attach(0, 1, 4 * scratchOf(0));
  return new WasmMachine({ module, memory, kernels, start, maximum, sharing });
}

/** Says what a page has to do about it if its policy forbids WebAssembly. */
function refused(error: unknown): never {
  if (!(error instanceof WebAssembly.CompileError)) throw error;
  throw new UnsupportedError(
    `WebAssembly cannot be compiled here; a Content-Security-Policy needs script-src 'wasm-unsafe-eval': ${error.message}`,
    { cause: error },
  );
}

/** A memory that can grow to 4 GiB, or to what the platform lets one reserve. @throws RangeError if that is next to nothing */
function reserve(initial: number): { readonly memory: WebAssembly.Memory; readonly maximum: number } {
  for (let maximum = MOST_PAGES; ; maximum /= 2) {
    try {
      return { memory: new WebAssembly.Memory({ shared: true, initial, maximum }), maximum };
    } catch (error) {
      if (!(error instanceof RangeError) || maximum < 2 * LEAST_PAGES) throw error;
    }
  }
}

interface Parts {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly kernels: Kernels;
  readonly start: number;
  readonly maximum: number;
  readonly sharing: Sharing;
}

class WasmMachine implements Machine {
  memory: Memory;
  readonly start: number;
  readonly limit: number;
  readonly addressUnit = 4;
  readonly #module: WebAssembly.Module;
  readonly #sharing: Sharing;
  #linear: WebAssembly.Memory | undefined;
  #kernels: Kernels | undefined;
  #team: Team | undefined;
  #ready: Promise<void> | undefined;
  /** Threads of each program, as many of them as there are. */
  readonly #threads = new WeakMap<Loaded, number>();
  /** Threads that this instance was last attached as the first of. */
  #attached = 1;

  constructor({ module, memory, kernels, start, maximum, sharing }: Parts) {
    this.#module = module;
    this.#sharing = sharing;
    this.#linear = memory;
    this.#kernels = kernels;
    this.start = start;
    this.limit = maximum * PAGE_WORDS - SLACK;
    this.memory = views32(memory.buffer);
  }

  maxSteps({ logTypes }: Loaded): number {
    return logTypes.length === 0 ? MOST_STEPS : rowsOf(logTypes.length);
  }

  /** Its code, then its log. */
  ownWords({ code, logged }: Program): number {
    return padded(code.length) + rowsOf(logged.length) * logged.length;
  }

  grow(words: number): void {
    const missing = Math.ceil((words + SLACK - this.memory.f.length) / PAGE_WORDS);
    if (this.#linear === undefined || missing <= 0) return;
    this.#linear.grow(missing);
    this.memory = views32(this.#linear.buffer);
  }

  install(loaded: Loaded): void {
    const { threads: most, choose = threadsFor } = this.#sharing;
    const threads = most === 1 ? 1 : choose(loaded.code, most);
    this.#threads.set(loaded, threads);
    this.memory.i.set(threads === 1 ? withoutBarriers(loaded.code) : loaded.code, loaded.own);
    if (threads > 1 && this.#linear !== undefined) this.#ready ??= this.#gather(most, this.#module, this.#linear);
  }

  /** Starts the team; alone, if it cannot. */
  async #gather(threads: number, module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<void> {
    const team = new Team(memory, threads);
    this.#team = team;
    try {
      await team.start((thread) => ({ module, memory, thread, scratch: 4 * scratchOf(thread) }));
    } catch (error) {
      await team.end();
      if (this.#linear === undefined) return; // it was disposed meanwhile
      this.#team = undefined;
      this.#sharing.onAlone?.(error instanceof Error ? error.message : `${error}`);
    }
  }

  ready(): Promise<void> | undefined {
    return this.#ready;
  }

  execute(loaded: Loaded, steps: number, log: Float64Array, at: number): void {
    const { program, own, io, code, logTypes } = loaded;
    const count = logTypes.length;
    const rows = own + padded(code.length);
    const from = 4 * (io + program.logOffset);
    const team = this.#team;
    const threads = team === undefined ? 1 : (this.#threads.get(loaded) ?? 1);
    team?.check();
    if (threads !== this.#attached) this.#kernels?.attach(0, threads, 4 * scratchOf(0));
    this.#attached = threads;
    if (threads > 1) team?.begin(threads, 4 * own, steps, from, count, 4 * rows, rowsOf(count));
    let done = 0;
    try {
      done = this.#kernels?.run(4 * own, steps, from, count, 4 * rows, rowsOf(count), 0) ?? 0;
    } finally {
      if (threads > 1 && done !== steps) {
        team?.abort(threads);
        this.#attached = 0; // this instance may have left a barrier unfinished
      }
    }
    if (done !== steps) throw new ThreadError("a thread of the team failed within a step");
    const { f } = this.memory;
    for (let j = 0; j < count; j++) {
      const isFloat = logTypes[j] === "f32";
      for (let k = j; k < steps * count; k += count)
        log[at + k] = isFloat ? f[rows + k] : fetchScalar(this.memory, logTypes[j], rows + k);
    }
  }

  dispose(): Promise<void> | undefined {
    this.#linear = undefined;
    this.#kernels = undefined;
    this.memory = views32(new ArrayBuffer(0));
    return this.#team?.end();
  }
}

function padded(words: number): number {
  return Math.ceil(words / ALIGN) * ALIGN;
}

/** Steps whose scalars fit the log of a program. */
function rowsOf(scalars: number): number {
  return scalars === 0 ? 1 : Math.max(1, Math.floor(LOG_WORDS / scalars));
}
