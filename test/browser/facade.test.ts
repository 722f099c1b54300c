// Executors in workers of pages.
import { workerFacade } from "../worker/facade.ts";

workerFacade({
  start: () => new Worker(new URL("../../src/worker/worker.ts", import.meta.url), { type: "module" }),
  kill: (worker) => (worker as Worker).terminate(),
  broken: {
    echoing: () => new Worker(new URL("../worker/broken/echoing.ts", import.meta.url), { type: "module" }),
    missing: () => new Worker("/test/worker/broken/missing.js", { type: "module" }),
    throwing: () => new Worker(new URL("../worker/broken/throwing.ts", import.meta.url), { type: "module" }),
    failing: () => new Worker(new URL("../worker/broken/failing.ts", import.meta.url), { type: "module" }),
    silent: () => new Worker(new URL("../worker/broken/silent.ts", import.meta.url), { type: "module" }),
    hanging: () => new Worker(new URL("../worker/broken/hanging.ts", import.meta.url), { type: "module" }),
  },
});
