// The build of the kernels that a worker needs: it is given the file with that one alone.
import { hasRelaxedSimd } from "../runtime/features.ts";
import type { Build } from "../runtime/wasm/wasm-executor.ts";
import type { Settings } from "./wire.ts";

/** The one that is asked for, or the better one that runs here: workers have what their pages have. */
export function buildOf({ executor, build = "auto" }: Settings): Build {
  if (executor === "js") return "portable"; // the smaller file
  if (build !== "auto") return build;
  return hasRelaxedSimd() ? "relaxed" : "portable";
}
