// One worker of Node after the other.
import { Worker } from "node:worker_threads";
import { workerTakeover } from "./takeover.ts";

workerTakeover({
  start: () => new Worker(new URL("../../src/worker/worker.ts", import.meta.url), { execArgv: [] }),
  kill: (worker) => (worker as Worker).terminate(),
  hanging: () => new Worker(new URL("./broken/hanging.ts", import.meta.url), { execArgv: [] }),
  trusting: () => new Worker(new URL("./trusting.ts", import.meta.url), { execArgv: [] }),
});
