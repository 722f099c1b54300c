// One worker of a page after the other.
import { workerTakeover } from "../worker/takeover.ts";

workerTakeover({
  start: () => new Worker(new URL("../../src/worker/worker.ts", import.meta.url), { type: "module" }),
  kill: (worker) => (worker as Worker).terminate(),
  hanging: () => new Worker(new URL("../worker/broken/hanging.ts", import.meta.url), { type: "module" }),
  trusting: () => new Worker(new URL("../worker/trusting.ts", import.meta.url), { type: "module" }),
});
