// simdgrad/worker: executors in workers of their own, so that the page's thread stays free. Importing it starts nothing.
export { connect, type RespawnOptions, type SpawnOptions, spawn } from "./spawn.ts";
export type { AnyWorker, NodePort, NodeWorker } from "./workers.ts";
