// A worker in one file, and with its team's threads in the same one: simdgrad/worker.js, with both builds of the kernels, for bundlers that do not
// follow workers, and in dist/ worker-relaxed.js and worker-portable.js, with one.
import { serveAsThread } from "../runtime/wasm/serve.ts";
import { serveAsWorker } from "./serve.ts";
import { isThread } from "./start-same-file.ts";

if (isThread()) serveAsThread();
else serveAsWorker();
