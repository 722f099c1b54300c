// A member of a run that trains on MNIST, in a process of its own, which is told its task and tells its outcome.
import { WasmExecutor } from "../../src/index.ts";
import { type Task, trainTogether } from "./digits.ts";
import { mnist } from "./mnist.ts";

const task: Task = JSON.parse(process.argv[2]);
const executor = new WasmExecutor({ threads: 1, build: "portable" });
const outcome = await trainTogether(executor, task, await mnist(task));
process.send?.(outcome, () => process.exit(0));
