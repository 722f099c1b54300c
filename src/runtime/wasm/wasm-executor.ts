// WasmExecutor: programs executed by the SIMD kernels of assembly/, in this thread.
import { UnsupportedError } from "../../errors.ts";
import { hasRelaxedSimd, hasSimd } from "../features.ts";
import { LocalExecutor, type LocalOptions } from "../local-executor.ts";
import type { Machine } from "../machine.ts";

/** The two builds of one source. "relaxed" has fused multiply-add; "portable" gives the same bits on every machine. */
export type Build = "relaxed" | "portable";

export interface WasmOptions extends LocalOptions {
  /** Default "auto": relaxed where the platform has it. */
  readonly build?: Build | "auto";
}

/** Rows x columns of the matrix kernel's tile (assembly/gemm/blocking.ts). */
const TILES: Record<Build, string> = { relaxed: "6x8", portable: "3x12" };

/**
 * Runs programs in WebAssembly, in this thread. Calls wait until the module is compiled.
 * @throws UnsupportedError where WebAssembly SIMD is missing; `createExecutor` falls back to JavaScript instead
 *
 * @example
 * import { WasmExecutor } from "simdgrad";
 * const executor = new WasmExecutor({ build: "portable" });
 * executor.info.name; // => "wasm-portable"
 */
export class WasmExecutor extends LocalExecutor {
  constructor(options: WasmOptions = {}) {
    const { build, fallback } = choose(options.build ?? "auto");
    const info = { name: `wasm-${build}`, tile: TILES[build], threads: 1, fallback } as const;
    super(info, begin(build), options);
  }
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
async function begin(build: Build): Promise<Machine> {
  const [{ createWasmMachine }, { wasm }] = await Promise.all([
    import("./machine.ts"),
    build === "relaxed" ? import("./generated/relaxed.ts") : import("./generated/portable.ts"),
  ]);
  const bytes = Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0));
  return createWasmMachine(bytes, 1);
}
