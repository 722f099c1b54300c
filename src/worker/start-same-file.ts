// Starting a further thread from a worker that is one file: the same file again. Stands in for src/runtime/wasm/start-thread.ts
// where such files are built.
import { nodeThreads } from "../runtime/wasm/node.ts";

export const THREAD = "simdgrad thread";

/** Whether this worker was started as a thread of a team. */
export function isThread(): boolean {
  const node = nodeThreads();
  return node === undefined ? self.name === THREAD : node.workerData === THREAD;
}

export function startPageThread(): Worker {
  return new Worker(self.location.href, { type: typeHere(), name: THREAD });
}

/**
 * How this worker was started: some bundlers make classic ones, which load their parts as only such can. In a module that call is a TypeError,
 * before it is seen that there is no such address.
 */
function typeHere(): WorkerType {
  try {
    (self as unknown as { importScripts(url: string): void }).importScripts("http://[");
  } catch (error) {
    if (error instanceof TypeError) return "module";
  }
  return "classic";
}

export function startNodeThread(node: typeof import("node:worker_threads"), name: string) {
  return new node.Worker(new URL(import.meta.url), { execArgv: [], name, workerData: THREAD });
}
