// simdgrad.js: what pages train with in one file, for <script type="module"> without a bundler. Its workers and their threads run the same
// file. Searches and reports, which are large and which fewer pages need, are not in it.
import { serveAsThread } from "./runtime/wasm/serve.ts";
import { serveAsWorker } from "./worker/serve.ts";
import { roleHere } from "./worker/start-one-file.ts";

export * from "./audio/index.ts";
export * from "./autodiff/index.ts";
export * from "./callbacks/index.ts";
export * from "./data/index.ts";
export * from "./debug/index.ts";
export * from "./functions/index.ts";
export * from "./generate/index.ts";
export * from "./images/index.ts";
export * from "./index.ts";
export * from "./io/index.ts";
export * from "./metrics/index.ts";
export * from "./nn/index.ts";
export { Fold } from "./nn/index.ts"; // the layer: the type of that name in data is not in it
export * from "./optim/index.ts";
export * from "./storage/index.ts";
export * from "./tabular/index.ts";
export * from "./text/index.ts";
export * from "./worker/index.ts";

const role = roleHere();
if (role === "worker") serveAsWorker();
else if (role === "thread") serveAsThread();
