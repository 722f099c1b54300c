// The file that workers run.
import { serveAsWorker } from "./serve.ts";

serveAsWorker();
