// What a worker does, in a page or in Node: a service for whoever started it.
import { nodeThreads } from "../runtime/wasm/node.ts";
import { type Endpoint, expose, nodeEndpoint } from "./comlink.ts";
import { Server } from "./server.ts";

/** Serves whoever started this worker. */
export function serveAsWorker(): void {
  // WebKit evaluates a worker's first module again where a chunk that a bundler made imports it: two services would answer.
  const scope = globalThis as { simdgradServes?: boolean };
  if (scope.simdgradServes) return;
  scope.simdgradServes = true;
  const port = nodeThreads()?.parentPort;
  expose(new Server(), port ? nodeEndpoint(port) : (globalThis as unknown as Endpoint));
}
