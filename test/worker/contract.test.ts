// An executor in a worker keeps the contract of all executors, also one that could be replaced at any time.
import { Worker } from "node:worker_threads";
import { connect } from "simdgrad/worker";
import { executorContract } from "../runtime/contract.ts";

const start = () => new Worker(new URL("./trusting.ts", import.meta.url), { execArgv: [] });

executorContract("an executor in a worker", (options) => connect(start, { ...options, threads: 1, build: "portable" }));
executorContract("one with checkpoints", (options) =>
  connect(start, { ...options, executor: "js", respawn: { every: 1 } }),
);
