// simdgrad/worker.js: a worker in one file, and with its team's threads in the same one, for bundlers that do not follow workers.
import { serveAsThread } from "../runtime/wasm/serve.ts";
import { serveAsWorker } from "./serve.ts";
import { isThread } from "./start-same-file.ts";

if (isThread()) serveAsThread();
else serveAsWorker();
