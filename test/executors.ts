// Every executor of this thread, by name: for tests that run on all of them. The oracle computes in Float64, the others in Float32.
import type { Executor } from "../src/runtime/executor.ts";
import { JsExecutor } from "../src/runtime/js/js-executor.ts";
import type { LocalOptions } from "../src/runtime/local-executor.ts";
import { WasmExecutor } from "../src/runtime/wasm/wasm-executor.ts";

type Create = (options?: LocalOptions) => Executor;

export const oracle: Create = (options) => new JsExecutor({ ...options, precision: "float64" });

export const float32: Readonly<Record<string, Create>> = {
  "wasm-relaxed": (options) => new WasmExecutor({ ...options, build: "relaxed" }),
  "wasm-portable": (options) => new WasmExecutor({ ...options, build: "portable" }),
  js: (options) => new JsExecutor(options),
};
