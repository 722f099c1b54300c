// Teams of threads for tests, which share every program, however small.
import { LocalExecutor } from "../src/runtime/local-executor.ts";
import type { Chooser } from "../src/runtime/wasm/comparison.ts";
import { wasm as portable } from "../src/runtime/wasm/generated/portable.ts";
import { wasm as relaxed } from "../src/runtime/wasm/generated/relaxed.ts";
import { createWasmMachine, decoded } from "../src/runtime/wasm/machine.ts";

/** An executor that gives every program so many threads. */
export function teamOf(threads: number, build: "portable" | "relaxed"): LocalExecutor {
  const bytes = decoded(build === "portable" ? portable : relaxed);
  const machine = createWasmMachine(bytes, { threads, choose: (_, most) => most });
  return new LocalExecutor({ name: `wasm-${build}`, tile: "3x12", threads, fallback: "" }, machine, { poison: true });
}

/** Goes another way with every call, from its beginning on. */
export function restless(ways: number, first: number): Chooser {
  let way = first;
  return {
    get way() {
      return way;
    },
    get kept() {
      return way;
    },
    milliseconds: () => Number.NaN,
    begin: () => {},
    took: () => {
      way = (way + 1) % ways;
    },
  };
}
