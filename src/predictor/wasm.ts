// The kernels in WebAssembly as the machine of a predictor: an instance of its own, without a team.
import { MemoryError } from "../errors.ts";
import { decoded, instantiate, type Kernels, PAGE_WORDS, scratchOf } from "../runtime/wasm/instance.ts";
import { unshared } from "../runtime/wasm/unshared.ts";
import type { Ground, Machine } from "./engine.ts";

/** With what functions for programs are made of and put into. */
export interface WasmMachine extends Machine {
  readonly linear: WebAssembly.Memory;
  readonly kernels: Kernels;
}

/** Of a build, as its module holds it. */
export function wasmGround(wasm: string): Ground {
  return {
    start: scratchOf(1),
    unit: 4,
    async begin(words): Promise<WasmMachine> {
      const linear = reserve(Math.ceil(words / PAGE_WORDS));
      const { kernels } = await instantiate(unshared(decoded(wasm)), linear);
      return {
        linear,
        kernels,
        buffer: linear.buffer,
        run: ({ code, made }) => kernels.run(4 * code, 1, 0, 0, 0, 1, 0, made),
      };
    },
  };
}

function reserve(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw new MemoryError(`Predictor.load: ${pages} pages of memory are not to be had: ${cause}`, { cause });
  }
}
