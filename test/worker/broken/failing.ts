// A worker that serves well, and throws after a while.
import { serveAsWorker } from "../../../src/worker/serve.ts";

serveAsWorker();
setTimeout(() => {
  throw new Error("out of the blue");
}, 1500);
