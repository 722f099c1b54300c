// simdgrad/worker: executors, and functions, in workers of their own, so that the page's thread stays free. Importing it starts nothing.
export { serveFunctions, type WorkerFunction, type WorkerFunctionOptions, workerFunction } from "./functions.ts";
export type { WorkerModule } from "./module-worker.ts";
export { connect, type RespawnOptions, type SpawnOptions, spawn } from "./spawn.ts";
export type { AnyWorker, NodePort, NodeWorker } from "./workers.ts";
