// WasmExecutor: programs executed by the SIMD kernels of assembly/, in this thread or by a team of which it is the first.
import { LOW_ROWS, NARROW_PANEL, TALL_ROWS, WIDE_PANEL, WIDE_ROWS } from "../../../assembly/isa/panels.ts";
import { MAX_THREADS } from "../../../assembly/isa/sizes.ts";
import { aBoolean, type Checks, checkOptions, must, oneOf } from "../../check.ts";
import { UnsupportedError } from "../../errors.ts";
import { hasRelaxedSimd, hasSimd, isOldV8 } from "../features.ts";
import { LocalExecutor, type LocalOptions } from "../local-executor.ts";
import type { Machine } from "../machine.ts";
import type { Sharing } from "./machine.ts";
import { teamSize } from "./platform.ts";

/** The two builds of one source. "relaxed" has fused multiply-add; "portable" gives the same bits on every machine. */
export type Build = "relaxed" | "portable";

export interface WasmOptions extends LocalOptions {
  /** Default "auto": relaxed where the platform has it. */
  readonly build?: Build | "auto";
  /**
   * Threads that share the work, the calling one included: 1 to 64, or "auto" (default), one for each core, 16 at the most. A program
   * gets as many of them as its work is worth, a small one only the calling thread; with "auto" its steps are timed, too, alone and in the
   * team, and it keeps what is faster (`teams()` tells). Results have the same bits for any number. The others start with the first
   * program that is worth them. Where there can be no team (a page that is not cross-origin isolated, a page's own thread, which may not
   * wait) there is one thread, and the reason in `info.fallback`.
   */
  readonly threads?: number | "auto";
}

/** Checks of the options of WasmExecutor. */
export const wasmOptions: Checks<WasmOptions> = {
  build: (value, what) => oneOf("auto", "relaxed", "portable")(value, what),
  threads: (value, what) => {
    const holds = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_THREADS;
    must(holds || value === "auto", value, what, `"auto" or a whole number from 1 to ${MAX_THREADS}`);
  },
  poison: aBoolean,
};

/** Rows x columns of the matrix kernel's tile. */
function tileOf(build: Build): string {
  if (build === "relaxed") return `${TALL_ROWS}x${NARROW_PANEL}`;
  return isOldV8() ? `${LOW_ROWS}x${NARROW_PANEL}` : `${WIDE_ROWS}x${WIDE_PANEL}`;
}

/**
 * Runs programs in WebAssembly, in this thread or with a team of which it is the first. Calls wait until the module is compiled. If
 * a thread of the team dies, runs reject with a ThreadError.
 * @throws UnsupportedError where WebAssembly SIMD is missing; `createExecutor` falls back to JavaScript instead
 * @throws ArgumentError for an impossible number of threads
 *
 * @example
 * import { WasmExecutor } from "simdgrad";
 * const executor = new WasmExecutor({ build: "portable", threads: 2 });
 * [executor.info.name, executor.info.threads]; // => ["wasm-portable", 2]
 * await executor.dispose();
 */
export class WasmExecutor extends LocalExecutor {
  constructor(options: WasmOptions = {}) {
    checkOptions(options, "WasmExecutor", wasmOptions);
    const { build, fallback } = choose(options.build ?? "auto");
    const { threads, reason } = teamSize(options.threads ?? "auto");
    const onAlone = (why: string) => {
      console.warn(`simdgrad: one thread instead of ${threads}: ${why}`);
      this.info = { ...this.info, threads: 1, fallback: joined(this.info.fallback, `one thread: ${why}`) };
    };
    const info = { name: `wasm-${build}`, tile: tileOf(build), threads, fallback: joined(fallback, reason) } as const;
    const compares = (options.threads ?? "auto") === "auto";
    super(info, begin(build, { threads, onAlone }, compares), options);
  }
}

function joined(...reasons: readonly string[]): string {
  return reasons.filter((reason) => reason !== "").join("; ");
}

function choose(wanted: Build | "auto"): { readonly build: Build; readonly fallback: string } {
  if (!hasSimd()) throw new UnsupportedError("WasmExecutor: this platform has no WebAssembly SIMD");
  if (wanted === "portable") return { build: "portable", fallback: "" };
  if (hasRelaxedSimd()) return { build: "relaxed", fallback: "" };
  if (wanted === "relaxed")
    throw new UnsupportedError('WasmExecutor: this platform has no relaxed SIMD; build "portable" runs here');
  return { build: "portable", fallback: "no relaxed SIMD on this platform" };
}

/** The machine and its module are loaded when they are needed: pages that hand their work to a worker do without. */
async function begin(build: Build, sharing: Sharing, compares: boolean): Promise<Machine> {
  const [{ compare, createWasmMachine, decoded }, { wasm }] = await Promise.all([
    import("./machine.ts"),
    build === "relaxed" ? import("./generated/relaxed.ts") : import("./generated/portable.ts"),
  ]);
  return createWasmMachine(decoded(wasm), compares ? { ...sharing, compare } : sharing);
}
