// Whether this place can have a team of threads, and of how many. Asked when an executor is made, never at import.
import { nodeThreads } from "./node.ts";

/** Threads that "auto" takes at the most: beyond, barriers and shared caches eat what a further core brings to a training step. */
const MOST_AUTO = 16;

/** Cores that this process may use, as far as the platform says. */
function cores(): number {
  const os = nodeThreads() && process.getBuiltinModule("node:os");
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** How many threads there will be, and why only one where there could be more. */
export function teamSize(wanted: number | "auto"): { readonly threads: number; readonly reason: string } {
  const threads = wanted === "auto" ? Math.min(cores(), MOST_AUTO) : wanted;
  const reason = threads === 1 ? "" : obstacle();
  return reason === "" ? { threads, reason } : { threads: 1, reason };
}

/** Why no team is possible here, "" if one is. */
function obstacle(): string {
  if (nodeThreads() !== undefined) return "";
  if (globalThis.crossOriginIsolated !== true)
    return "one thread: the page is not cross-origin isolated (Cross-Origin-Opener-Policy: same-origin, Cross-Origin-Embedder-Policy: require-corp)";
  if (typeof SharedArrayBuffer === "undefined")
    return "one thread: this engine shares no memory with workers (no SharedArrayBuffer)";
  if (!("WorkerGlobalScope" in globalThis))
    return "one thread: a page's own thread may not wait for others, a worker may";
  return typeof Worker === "undefined" ? "one thread: no workers can be made here" : "";
}
