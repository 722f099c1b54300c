// Workers and threads of simdgrad-core.js, whose files lie below its folder. Stands in for start-worker.ts and for
// src/runtime/wasm/start-thread.ts where that file is built.
import { nodeThreads } from "../runtime/wasm/node.ts";
import { startModule } from "./elsewhere.ts";
import { fileOf } from "./file-of.ts";
import { THREAD } from "./start-same-file.ts";
import type { Settings } from "./wire.ts";
import type { AnyWorker } from "./workers.ts";

/** On its own, or bundlers take the files below for assets. */
const here = import.meta.url;

/** Starts the worker that executors of such settings need. */
export function startWorker(settings: Settings = {}): AnyWorker {
  const node = nodeThreads();
  if (node !== undefined)
    return new node.Worker(new URL("src/worker/worker.js", here), { execArgv: [], name: "simdgrad" });
  return startModule(new URL(`src/worker/${fileOf(settings)}`, here).href, "simdgrad");
}

export function startPageThread(): Worker {
  return startModule(new URL("src/worker/worker-portable.js", here).href, THREAD);
}

export function startNodeThread(node: typeof import("node:worker_threads"), name: string) {
  return new node.Worker(new URL("src/runtime/wasm/thread.js", here), { execArgv: [], name });
}
