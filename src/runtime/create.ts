// The executor for callers that did not choose one: the fastest this engine has, and one warning where that is not WebAssembly.

import { hasSimd } from "./features.ts";
import { JsExecutor } from "./js/js-executor.ts";
import type { LocalExecutor } from "./local-executor.ts";
import { WasmExecutor, type WasmOptions } from "./wasm/wasm-executor.ts";

/**
 * A WasmExecutor, or a JsExecutor (with a warning, and the reason in `info.fallback`) where WebAssembly SIMD is missing.
 * @throws what WasmExecutor throws: UnsupportedError for a build that this platform lacks, ArgumentError
 *
 * @example
 * import { createExecutor } from "simdgrad";
 * const executor = createExecutor();
 * executor.info.fallback; // => ""
 * await executor.dispose();
 */
export function createExecutor(options: WasmOptions = {}): LocalExecutor {
  if (hasSimd()) return new WasmExecutor(options);
  const fallback = "this platform has no WebAssembly SIMD";
  console.warn(`simdgrad: ${fallback}; programs run in JavaScript, many times slower`);
  return new JsExecutor({ poison: options.poison, fallback });
}
