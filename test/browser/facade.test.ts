// Executors in workers of pages.
import { workerFacade } from "../worker/facade.ts";

workerFacade({
  start: () => new Worker(new URL("../../src/worker/worker.ts", import.meta.url), { type: "module" }),
  kill: (worker) => (worker as Worker).terminate(),
});
