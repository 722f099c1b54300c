// A script for any runtime that has workers of Node: trainings in a worker and on this thread; then it prints what came of them and must end by itself.
import { WasmExecutor } from "simdgrad";
import { spawn } from "simdgrad/worker";
import { train } from "./training.ts";

const spawned = await train(spawn, 2);
const local = await train(({ threads, build }) => new WasmExecutor({ threads, build }), 2);
console.log(JSON.stringify({ spawned, local }));
