// A worker that serves well, and hangs after a while.
import { serveAsWorker } from "../../../src/worker/serve.ts";

serveAsWorker();
setTimeout(() => {
  while (true);
}, 1500);
