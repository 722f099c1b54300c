// An executor in a worker keeps the contract of all executors, also one that could be replaced at any time.
import { spawn } from "simdgrad/worker";
import { executorContract } from "../runtime/contract.ts";

executorContract("an executor in a worker", (options) => spawn({ ...options, threads: 1, build: "portable" }));
executorContract("one with checkpoints", (options) => spawn({ ...options, executor: "js", respawn: { every: 1 } }));
