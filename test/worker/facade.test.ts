// Executors in workers of Node.
import { Worker } from "node:worker_threads";
import { workerFacade } from "./facade.ts";

const file = new URL("../../src/worker/worker.ts", import.meta.url);

workerFacade({
  start: () => new Worker(file, { execArgv: [] }),
  kill: (worker) => (worker as Worker).terminate(),
});
