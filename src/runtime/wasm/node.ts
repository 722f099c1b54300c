// Node's own modules, where there are any.

/**
 * Node's threads; undefined in pages and their workers. Not an import, not even a dynamic one: bundlers for pages follow those,
 * and some then refuse to build a worker.
 */
export function nodeThreads(): typeof import("node:worker_threads") | undefined {
  return typeof process === "object" ? process.getBuiltinModule?.("node:worker_threads") : undefined;
}
