// The WebAssembly machine: one instance of the kernels over one shared memory. It has no data segment and never allocates:
// control page, page of constants, scratch, programs and state are all laid out from here (assembly/isa/sizes.ts).
import { ALIGN, HEAP, SCRATCH_WORDS } from "../../../assembly/isa/sizes.ts";
import type { Program } from "../../compile/program.ts";
import { type Loaded, type Machine, MOST_STEPS } from "../machine.ts";
import { fetchScalar, type Memory, views32 } from "../memory.ts";
import { writeMathPage } from "./math-page.ts";

/** What assembly/index.ts exports. */
interface Kernels {
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

/** Compiles and instantiates a module for `threads` threads, of which this one is the first. */
export async function createWasmMachine(bytes: Uint8Array<ArrayBuffer>, threads: number): Promise<Machine> {
  const start = scratchOf(threads);
  const { memory, maximum } = reserve(Math.ceil((start + SLACK) / PAGE_WORDS));
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const kernels = instance.exports as unknown as Kernels;
  writeMathPage(memory.buffer);
  kernels.attach(0, threads, 4 * scratchOf(0));
  return new WasmMachine(memory, kernels, start, maximum);
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

class WasmMachine implements Machine {
  memory: Memory;
  readonly start: number;
  readonly limit: number;
  readonly addressUnit = 4;
  #linear: WebAssembly.Memory | undefined;
  #kernels: Kernels | undefined;

  constructor(linear: WebAssembly.Memory, kernels: Kernels, start: number, maximum: number) {
    this.#linear = linear;
    this.#kernels = kernels;
    this.start = start;
    this.limit = maximum * PAGE_WORDS - SLACK;
    this.memory = views32(linear.buffer);
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

  install({ own, code }: Loaded): void {
    this.memory.i.set(code, own);
  }

  execute({ program, own, io, code, logTypes }: Loaded, steps: number, log: Float64Array, at: number): void {
    const count = logTypes.length;
    const rows = own + padded(code.length);
    const done = this.#kernels?.run(4 * own, steps, 4 * (io + program.logOffset), count, 4 * rows, rowsOf(count), 0);
    if (done !== steps) throw new Error(`the kernels stopped after ${done} of ${steps} steps`);
    for (let k = 0; k < steps * count; k++) log[at + k] = fetchScalar(this.memory, logTypes[k % count], rows + k);
  }

  dispose(): void {
    this.#linear = undefined;
    this.#kernels = undefined;
    this.memory = views32(new ArrayBuffer(0));
  }
}

function padded(words: number): number {
  return Math.ceil(words / ALIGN) * ALIGN;
}

/** Steps whose scalars fit the log of a program. */
function rowsOf(scalars: number): number {
  return scalars === 0 ? 1 : Math.max(1, Math.floor(LOG_WORDS / scalars));
}
