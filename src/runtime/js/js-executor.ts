// JsExecutor: programs executed by plain TypeScript, without WebAssembly.
import { aBoolean, aText, checkOptions, oneOf } from "../../check.ts";
import { LocalExecutor, type LocalOptions } from "../local-executor.ts";
import type { Machine } from "../machine.ts";

export interface JsOptions extends LocalOptions {
  /** Numbers in memory: "float32" (default) as in WebAssembly, "float64" for the oracle that tests compare with. */
  readonly precision?: "float64" | "float32";
  /** Why this executor is used in place of another; stands in `info`. */
  readonly fallback?: string;
}

/**
 * Runs programs in JavaScript, in this thread: the oracle (Float64), or the baseline and fallback (Float32).
 *
 * @example
 * import { JsExecutor } from "simdgrad";
 * const executor = new JsExecutor();
 * executor.info.name; // => "js"
 */
export class JsExecutor extends LocalExecutor {
  constructor(options: JsOptions = {}) {
    checkOptions(options, "JsExecutor", { precision: oneOf("float32", "float64"), fallback: aText, poison: aBoolean });
    const precision = options.precision ?? "float32";
    const name = precision === "float32" ? "js" : "js-float64";
    super({ name, tile: "", threads: 1, fallback: options.fallback ?? "" }, begin(precision), options);
  }
}

/** The kernels are loaded when they are needed: pages that train in WebAssembly do without. */
async function begin(precision: "float64" | "float32"): Promise<Machine> {
  const { createJsMachine } = await import("./machine.ts");
  return createJsMachine(precision);
}
