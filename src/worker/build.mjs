/** After `tsc`: makes the worker in one file, dist/worker.js. */
import { bundle, root } from "../libraries.mjs";

await bundle("src/worker/one-file.ts", "worker.js", [
  { find: /^\.\/start-thread\.ts$/, replacement: `${root}src/worker/start-same-file.ts` },
]);
