// An instance of the kernels over a memory: what machines and predictors begin with.
import { CONTROL_NARROW, HEAP, SCRATCH_WORDS } from "../../../assembly/isa/sizes.ts";
import { UnsupportedError } from "../../errors.ts";
import { isOldV8 } from "../features.ts";
import type { Helpers } from "./functions.ts";
import { writeMathPage } from "./math-page.ts";

/** What assembly/index.ts exports. */
export interface Kernels extends Helpers {
  run(
    code: number,
    steps: number,
    logFrom: number,
    logCount: number,
    logTo: number,
    logCapacity: number,
    logStart: number,
    made: number,
  ): number;
  attach(thread: number, threads: number, scratch: number): void;
}

export const PAGE_WORDS = 16384;

/** Kernels read whole vectors and tiles, so up to these words beyond the last buffer. */
export const SLACK = 1024;

/** First word of a thread's scratch; the heap begins where that of the thread after the last would. */
export function scratchOf(thread: number): number {
  return HEAP / 4 + thread * SCRATCH_WORDS;
}

/** The bytes of a build, as its module holds them: behind the characters of bytes 0 to 255, one each (assembly/text.mjs). */
export function decoded(wasm: string): Uint8Array<ArrayBuffer> {
  const byteOf: number[] = [];
  const bytes = new Uint8Array(wasm.length);
  for (let i = 0; i < wasm.length; i++) {
    const code = wasm.charCodeAt(i);
    byteOf[code] ??= i;
    bytes[i] = byteOf[code];
  }
  return bytes.slice(256);
}

/** Compiles and instantiates a module over a memory in which nothing has happened yet, as the first and only thread. */
export async function instantiate(
  bytes: Uint8Array<ArrayBuffer>,
  memory: WebAssembly.Memory,
): Promise<{ readonly module: WebAssembly.Module; readonly kernels: Kernels }> {
  const { module, instance } = await WebAssembly.instantiate(bytes, { env: { memory } }).catch(refused);
  const kernels = instance.exports as unknown as Kernels;
  writeMathPage(memory.buffer);
  const control = new Int32Array(memory.buffer);
  control[CONTROL_NARROW / 4] = isOldV8() ? 1 : 0;
  kernels.attach(0, 1, 4 * scratchOf(0));
  return { module, kernels };
}

/** Says what a page has to do about it if its policy forbids WebAssembly. */
function refused(error: unknown): never {
  if (!(error instanceof WebAssembly.CompileError)) throw error;
  throw new UnsupportedError(
    `WebAssembly cannot be compiled here; a Content-Security-Policy needs script-src 'wasm-unsafe-eval': ${error.message}`,
    { cause: error },
  );
}
