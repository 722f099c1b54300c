// A bare machine for tests of the kernels: one instance of a build, buffers with guards around them, hand-written instructions.
// Everything in memory that a kernel has no business to write or to believe holds one NaN pattern.
import { END } from "../../assembly/isa/opcode.ts";
import { ALIGN, CONTROL_SPINS, HEAP, SCRATCH_WORDS } from "../../assembly/isa/sizes.ts";
import { wasm as portable } from "../../src/runtime/wasm/generated/portable.ts";
import { wasm as relaxed } from "../../src/runtime/wasm/generated/relaxed.ts";
import { decoded } from "../../src/runtime/wasm/instance.ts";
import { writeMathPage } from "../../src/runtime/wasm/math-page.ts";

export const builds = ["relaxed", "portable"] as const;
export type Build = (typeof builds)[number];

/** A NaN no kernel makes: it fills guards, padding and unwritten results. */
export const POISON = 0x7fc0dead;

const MODULES: Readonly<Record<Build, string>> = { relaxed, portable };
const LINE = 4 * ALIGN;
const CODE_BYTES = 1 << 18;

/** A place in memory: whole cache lines, a line of guard words before and after. */
export class Place<T extends Float32Array | Int32Array | Uint8Array = Float32Array> {
  /** Byte address, as instructions hold it. */
  readonly at: number;
  /** Its elements, live. */
  readonly data: T;

  constructor(at: number, data: T) {
    this.at = at;
    this.data = data;
  }
}

interface Exports {
  run(code: number, steps: number, from: number, count: number, to: number, capacity: number, start: number): number;
  attach(thread: number, threads: number, scratch: number): void;
}

/** Scalars that a run logs after every step. */
export interface Log {
  readonly from: number;
  readonly count: number;
  readonly to: number;
  readonly capacity: number;
  readonly start?: number;
}

export class Machine {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly exports: Exports;
  /** Byte address of thread 0's scratch; further threads' follow after it. */
  readonly scratch: number;
  private readonly code: number;
  private readonly places: Place<Float32Array | Int32Array | Uint8Array>[] = [];
  private readonly bottom: number;
  private top: number;

  /** Pages of 64 KiB; scratch for so many threads. */
  constructor(build: Build, { pages = 256, threads = 1 } = {}) {
    this.module = new WebAssembly.Module(decoded(MODULES[build]));
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
    this.exports = new WebAssembly.Instance(this.module, { env: { memory: this.memory } })
      .exports as unknown as Exports;
    writeMathPage(this.memory.buffer);
    new Int32Array(this.memory.buffer)[CONTROL_SPINS / 4] = 200_000;
    this.code = HEAP;
    this.scratch = HEAP + CODE_BYTES;
    this.bottom = this.scratch + 4 * SCRATCH_WORDS * threads;
    this.top = this.bottom;
    new Uint32Array(this.memory.buffer, this.scratch).fill(POISON);
    this.exports.attach(0, 1, this.scratch);
  }

  /** A buffer of f32: with these values, or of this length and unwritten. */
  f32(content: ArrayLike<number> | number): Place<Float32Array> {
    return this.place(Float32Array, content);
  }

  i32(content: ArrayLike<number> | number): Place<Int32Array> {
    return this.place(Int32Array, content);
  }

  u8(content: ArrayLike<number> | number): Place<Uint8Array> {
    return this.place(Uint8Array, content);
  }

  /** Puts a program in memory and returns its address; END is added. */
  load(program: readonly (readonly number[])[]): number {
    const words = program.flat();
    if (4 * (words.length + 1) > CODE_BYTES) throw new RangeError(`a program of ${words.length} words is too long`);
    new Int32Array(this.memory.buffer, this.code).set([...words, END | (1 << 8)]);
    return this.code;
  }

  /** Forgets all buffers. */
  clear(): void {
    this.places.length = 0;
    new Uint32Array(this.memory.buffer, this.bottom, (this.top - this.bottom) / 4).fill(POISON);
    this.top = this.bottom;
  }

  /** Runs a program so many times and checks the guards; returns the number of steps made. */
  run(program: readonly (readonly number[])[], { steps = 1, log }: { steps?: number; log?: Log } = {}): number {
    const code = this.load(program);
    const { from = 0, count = 0, to = 0, capacity = 0, start = 0 } = log ?? {};
    const done = this.exports.run(code, steps, from, count, to, capacity, start);
    this.check();
    return done;
  }

  /** @throws Error if a word around a buffer was written */
  check(): void {
    for (const { at, data } of this.places) {
      const bytes = new Uint8Array(this.memory.buffer);
      const poison = new Uint8Array(Uint32Array.of(POISON).buffer);
      const end = at + data.byteLength;
      for (let i = at - LINE; i < padded(end) + LINE; i++) {
        if (i === at) i = end;
        if (bytes[i] !== poison[i & 3]) throw new Error(`byte ${i - at} of a buffer of ${data.byteLength} was written`);
      }
    }
  }

  private place<T extends Float32Array | Int32Array | Uint8Array>(
    type: { new (buffer: ArrayBufferLike, at: number, length: number): T; readonly BYTES_PER_ELEMENT: number },
    content: ArrayLike<number> | number,
  ): Place<T> {
    const length = typeof content === "number" ? content : content.length;
    const at = this.top + LINE;
    this.top = padded(at + length * type.BYTES_PER_ELEMENT) + LINE;
    if (this.top > this.memory.buffer.byteLength) throw new RangeError("the machine's memory is full");
    const place = new Place(at, new type(this.memory.buffer, at, length));
    if (typeof content !== "number") place.data.set(content);
    this.places.push(place);
    return place;
  }
}

function padded(address: number): number {
  return Math.ceil(address / LINE) * LINE;
}

/** [opcode | length << 8, ...slots]. */
export function instruction(opcode: number, ...slots: readonly number[]): number[] {
  return [opcode | ((slots.length + 1) << 8), ...slots];
}

/** Seeded numbers in [-1, 1): xorshift32. */
export function random(seed: number): () => number {
  let state = (seed + 1) * 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state | 0) / 2 ** 31;
  };
}

/** So many of them, as f32. */
export function randoms(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, random(seed));
}
