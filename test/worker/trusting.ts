// A worker that takes programs as they come, also those that verifyProgram refuses: for what executors do with these.
import { trustAll } from "../../src/program/program.ts";
import { serveAsWorker } from "../../src/worker/serve.ts";

trustAll();
serveAsWorker();
