// A worker as the page's side sees it, in a browser or in Node: how it is spoken to, how its death is noticed, how it is ended.
import { type Endpoint, nodeEndpoint } from "./comlink.ts";
import { reasonOf } from "./elsewhere.ts";
import type { AnyWorker, NodeWorker } from "./workers.ts";

/** Told once why a worker is dead. */
export type Died = (reason: string, cause?: unknown) => void;

export interface Host {
  readonly endpoint: Endpoint;
  /** Whether only a lock tells of its death: browsers have no event for it. */
  readonly silent: boolean;
  /** Whether something is waiting for it: a process with nothing that waits may end. */
  hold(waiting: boolean): void;
  end(): Promise<void>;
}

/** Takes over a worker. */
export function hostOf(worker: AnyWorker, died: Died): Host {
  return "on" in worker ? hostInNode(worker, died) : hostInPage(worker, died);
}

function hostInPage(worker: Worker, died: Died): Host {
  const failed = (event: ErrorEvent) => {
    event.preventDefault();
    died(reasonOf(worker, event.message ?? ""), event.error);
  };
  const garbled = () => died("sent a message that cannot be read");
  worker.addEventListener("error", failed);
  worker.addEventListener("messageerror", garbled);
  return {
    endpoint: worker,
    silent: true,
    hold() {},
    async end() {
      worker.removeEventListener("error", failed);
      worker.removeEventListener("messageerror", garbled);
      worker.terminate();
    },
  };
}

function hostInNode(worker: NodeWorker, died: Died): Host {
  const failed = (error: unknown) => died(`threw an error: ${error instanceof Error ? error.message : error}`, error);
  const ended = (code: unknown) => died(`ended with code ${code}`);
  const garbled = () => died("sent a message that cannot be read");
  worker.on("error", failed);
  worker.on("exit", ended);
  worker.on("messageerror", garbled);
  return {
    endpoint: nodeEndpoint(worker),
    silent: false,
    hold(waiting) {
      if (waiting) worker.ref();
      else worker.unref();
    },
    async end() {
      worker.off("exit", ended);
      worker.off("messageerror", garbled);
      await worker.terminate();
      worker.off("error", failed);
    },
  };
}
