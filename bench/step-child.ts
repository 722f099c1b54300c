// One contender in a process of its own: `node step-child.ts NETWORK EXECUTOR`. Each line "N" on stdin makes N training steps and
// answers {"ms", "loss"}: milliseconds a step, and the loss of the last. Peers speak the same protocol.
import { createInterface } from "node:readline";
import { JsExecutor, WasmExecutor } from "../src/index.ts";
import { networks } from "./networks.ts";

const [name, kind] = process.argv.slice(2);
const executor =
  kind === "wasm-relaxed" || kind === "wasm-portable"
    ? new WasmExecutor({ build: kind === "wasm-relaxed" ? "relaxed" : "portable" })
    : new JsExecutor({ precision: kind === "oracle" ? "float64" : "float32" });
const network = networks[name];
const trainer = await network.trainer(executor);
const program = await executor.load(trainer.stepProgram(network.batch));

for await (const line of createInterface({ input: process.stdin })) {
  const steps = Number(line);
  const run = executor.run([[program, steps]]);
  const start = performance.now();
  await run.done;
  const ms = (performance.now() - start) / steps;
  const rows = run.takeLog().at(-1);
  console.log(JSON.stringify({ ms, loss: rows?.values.at(-rows.names.length) }));
}
await executor.unload(program);
await trainer.dispose();
await executor.dispose();
