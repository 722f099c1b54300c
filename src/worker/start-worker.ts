// Starting the package's own worker, of which there are three for pages, by what computes, and one for Node. start-one-file.ts and
// start-beside.ts stand in for this module where one file holds all, and where workers lie elsewhere.
import { WorkerError } from "../errors.ts";
import { nodeThreads } from "../runtime/wasm/node.ts";
import { cameFrom, isElsewhere, startModule } from "./elsewhere.ts";
import { fileOf } from "./file-of.ts";
import type { Settings } from "./wire.ts";
import type { AnyWorker } from "./workers.ts";

/**
 * Starts the worker that executors of such settings need.
 * @throws WorkerError where a bundler's files come from another origin
 */
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
  const address = besideThis(here, file);
  if (!isElsewhere(here)) return address === undefined ? start(file) : cameFrom(address, start(file));
  if (address !== undefined) return startModule(address, "simdgrad");
  throw new WorkerError(
    "a bundler's files from another origin than the page's: give connect() a function that starts simdgrad/worker.js from the page's origin",
  );
}

function start(file: ReturnType<typeof fileOf>): Worker {
  // In just this form bundlers recognise workers.
  if (file === "worker-relaxed.js")
    return new Worker(new URL("./worker-relaxed.js", import.meta.url), { type: "module" });
  if (file === "worker-js.js") return new Worker(new URL("./worker-js.js", import.meta.url), { type: "module" });
  return new Worker(new URL("./worker-portable.js", import.meta.url), { type: "module" });
}

/** Where a file is; undefined where a bundler moved this module: nobody knows where it put the file. */
function besideThis(here: string, file: string): string | undefined {
  const isHere = /^https?:[^?#]*\/src\/worker\/start-worker\.[jt]s([?#]|$)/.test(here);
  return isHere ? new URL(file, here).href : undefined;
}
