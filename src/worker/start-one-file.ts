// Workers and threads that run the very file which holds all: simdgrad.js. Stands in for start-worker.ts and for
// src/runtime/wasm/start-thread.ts where that file is built.
import { nodeThreads } from "../runtime/wasm/node.ts";
import { startModule } from "./elsewhere.ts";
import { THREAD } from "./start-same-file.ts";
import type { AnyWorker } from "./workers.ts";

const WORKER = "simdgrad worker";

/** What this file is run for: as a library, where it was not started by itself. */
export function roleHere(): "worker" | "thread" | undefined {
  const node = nodeThreads();
  const isPageWorker = "WorkerGlobalScope" in globalThis;
  const role = node !== undefined ? node.workerData : isPageWorker ? self.name : undefined;
  return role === WORKER ? "worker" : role === THREAD ? "thread" : undefined;
}

export function startWorker(): AnyWorker {
  const node = nodeThreads();
  return node === undefined ? startModule(import.meta.url, WORKER) : startInNode(node, "simdgrad", WORKER);
}

export function startPageThread(): Worker {
  return startModule(import.meta.url, THREAD);
}

export function startNodeThread(node: typeof import("node:worker_threads"), name: string) {
  return startInNode(node, name, THREAD);
}

function startInNode(node: typeof import("node:worker_threads"), name: string, workerData: string) {
  return new node.Worker(new URL(import.meta.url), { execArgv: [], name, workerData });
}
