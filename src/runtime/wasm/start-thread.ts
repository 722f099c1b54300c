// Starting the file of a further thread. start-same-file.ts, start-one-file.ts and start-beside.ts of src/worker stand in for this module in what
// the build makes one file of.

/** In a page's worker. */
export function startPageThread(): Worker {
  // In just this form bundlers recognise a worker.
  return new Worker(new URL("./thread.js", import.meta.url), { type: "module" });
}

/** In Node. */
export function startNodeThread(node: typeof import("node:worker_threads"), name: string) {
  // Sources run as they are, too: the file beside this one has the same ending.
  const here = import.meta.url; // on its own, or webpack warns that it cannot follow the file below
  const file = here.endsWith(".ts") ? "./thread.ts" : "./thread.js";
  // This process's own flags may say how to read its main file, and would then break this one.
  return new node.Worker(new URL(file, here), { execArgv: [], name });
}
