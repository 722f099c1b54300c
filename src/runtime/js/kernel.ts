// The shape of a JavaScript kernel.
import type { JsMemory } from "./memory.ts";

/** Performs the instruction whose header is at `at`; its addresses are words of `memory`. */
export type Kernel = (memory: JsMemory, code: Int32Array, at: number) => void;
