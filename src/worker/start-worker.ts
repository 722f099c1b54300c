// Starting the package's own worker, of which there are three for pages, by what computes, and one for Node. start-one-file.ts and
// start-beside.ts stand in for this module where one file holds all, and where workers lie elsewhere.
import { WorkerError } from "../errors.ts";
import { nodeThreads } from "../runtime/wasm/node.ts";
import { isElsewhere, startModule } from "./elsewhere.ts";
import { fileOf } from "./file-of.ts";
import type { Settings } from "./wire.ts";
import type { AnyWorker } from "./workers.ts";

/** Starts the worker that executors of such settings need. */
export function startWorker(settings: Settings = {}): AnyWorker {
  const node = nodeThreads();
  const here = import.meta.url; // on its own, or webpack warns that it cannot follow the files below
  // Sources run as they are, too: the file beside this one has the same ending. This process's own flags may say how to read its main
  // file, and would then break this one.
  if (node !== undefined)
    return new node.Worker(new URL(here.endsWith(".ts") ? "./worker.ts" : "./worker.js", here), {
      execArgv: [],
      name: "simdgrad",
    });
  const file = fileOf(settings);
  if (isElsewhere(here)) return startModule(besideThis(here, file), "simdgrad");
  // In just this form bundlers recognise workers.
  if (file === "worker-relaxed.js")
    return new Worker(new URL("./worker-relaxed.js", import.meta.url), { type: "module" });
  if (file === "worker-js.js") return new Worker(new URL("./worker-js.js", import.meta.url), { type: "module" });
  return new Worker(new URL("./worker-portable.js", import.meta.url), { type: "module" });
}

/** @throws WorkerError where a bundler moved this module: nobody knows where it put the file */
function besideThis(here: string, file: string): string {
  if (/\/src\/worker\/start-worker\.[jt]s$/.test(new URL(here).pathname)) return new URL(file, here).href;
  throw new WorkerError(
    "a bundler's files from another origin than the page's: give connect() a function that starts simdgrad/worker.js from the page's origin",
  );
}
