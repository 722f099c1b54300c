// Workers of pages and of Node, by what is used of them: the types that callers see, free of both platforms' declarations.

/** A worker of Node or the port to its parent. */
export interface NodePort {
  postMessage(message: unknown, transfer?: readonly never[]): void;
  on(event: "message", listener: (data: unknown) => void): unknown;
  off(event: "message", listener: (data: unknown) => void): unknown;
}

/** A worker of `node:worker_threads`. */
export interface NodeWorker extends NodePort {
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
  terminate(): Promise<unknown>;
  ref(): void;
  unref(): void;
}

/** A worker that runs `simdgrad/worker.js`: of a page, or of Node. */
export type AnyWorker = Worker | NodeWorker;
