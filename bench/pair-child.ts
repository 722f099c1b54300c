// A worker with a product of its own, which it makes when asked: what two cores can do that have nothing in common.
import { parentPort } from "node:worker_threads";
import { startProduct } from "./own.ts";

const runner = await startProduct(256, 1);
parentPort?.on("message", async (steps: number) => parentPort?.postMessage((await runner.ask(steps)).ms));
parentPort?.postMessage("ready");
