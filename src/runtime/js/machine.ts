// The JavaScript machine: code stays an Int32Array beside the memory.
import { ALIGN } from "../../../assembly/isa/sizes.ts";
import { type Loaded, type Machine, MOST_STEPS } from "../machine.ts";
import { fetchScalar } from "../memory.ts";
import { interpret } from "./interpret.ts";
import { HEAP_AT, JsMemory } from "./memory.ts";

const LIMIT = 2 ** 30; // words: 4 GiB, what addresses of programs reach

/** A machine over words of the given precision. */
export function createJsMachine(precision: "float64" | "float32"): Machine {
  const memory = new JsMemory(precision, HEAP_AT);
  return {
    memory,
    start: HEAP_AT,
    limit: LIMIT,
    addressUnit: 1,
    maxSteps: () => MOST_STEPS,
    ownWords: () => 0,
    grow(words) {
      const room = memory.f.length;
      if (words > room) memory.grow(Math.max(words, Math.min(LIMIT, Math.ceil(room * 1.5))));
    },
    install() {},
    execute(loaded, steps, log, at) {
      for (let step = 0; step < steps; step++) {
        interpret(memory, loaded.code, 0, loaded.code.length);
        at = logStep(memory, loaded, log, at);
      }
    },
    dispose: () => memory.clear(),
  };
}

/** Copies the logged scalars behind those of the steps before. */
function logStep(memory: JsMemory, loaded: Loaded, log: Float64Array, at: number): number {
  const first = loaded.io + loaded.program.logOffset;
  for (let k = 0; k < loaded.logTypes.length; k++)
    log[at + k] = fetchScalar(memory, loaded.logTypes[k], first + k * ALIGN);
  return at + loaded.logTypes.length;
}
