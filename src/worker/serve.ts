// What a worker does, in a page or in Node: a service for whoever started it.
import { nodeThreads } from "../runtime/wasm/node.ts";
import { type Endpoint, expose, nodeEndpoint } from "./comlink.ts";
import { Server } from "./server.ts";

/** Serves whoever started this worker. */
export function serveAsWorker(): void {
  const port = nodeThreads()?.parentPort;
  expose(new Server(), port ? nodeEndpoint(port) : (globalThis as unknown as Endpoint));
}
