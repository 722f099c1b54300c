// A worker in one file, and with its team's threads in the same one: simdgrad/worker.js, with all that computes, for bundlers that do not follow
// workers, and in dist/ worker-relaxed.js, worker-portable.js and worker-js.js, with one of these.
import { serveAsThread } from "../runtime/wasm/serve.ts";
import { serveAsWorker } from "./serve.ts";
import { isThread } from "./start-same-file.ts";

if (isThread()) serveAsThread();
else serveAsWorker();
