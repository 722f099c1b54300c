// A script for Node: trainings in a worker and on this thread, with teams; then it prints what came of them and must end by itself.
// With "idle" as argument it leaves executors behind that nobody disposes of.
import { WasmExecutor } from "simdgrad";
import { spawn } from "simdgrad/worker";
import { train, trainLarge } from "./training.ts";

let workers = 0;
process.on("worker", () => workers++);

const spawned = await train(spawn, 2);
const local = await train(({ threads, build }) => new WasmExecutor({ threads, build }), 2);
if (process.argv[2] === "idle")
  for (const executor of [await spawn({ threads: 2 }), new WasmExecutor({ threads: 2 })]) await trainLarge(executor);
console.log(JSON.stringify({ node: process.versions.node.split(".")[0], spawned, local, workers }));
