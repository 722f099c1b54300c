// A worker in which one of simdgrad's executors trains, or which makes what all contenders start from.
import { JsExecutor, WasmExecutor } from "simdgrad";
import { serveFunctions } from "simdgrad/worker";
import { startOf, trainerOf } from "../../../bench/start.ts";
import type { Contender } from "./contenders.ts";
import { measured, type NetworkName } from "./networks.ts";
import type { Answer, Order, Start } from "./order.ts";

let ask: ((steps: number) => Promise<Answer>) | undefined;

/** A training that makes steps when it is asked to: the same as that of the project's benchmarks. */
async function begin({ kind, threads }: Contender, start: Start): Promise<string> {
  const team = threads === 0 ? navigator.hardwareConcurrency : threads;
  const executor = kind === "js" ? new JsExecutor() : new WasmExecutor({ threads: team });
  const trainer = await trainerOf(start, executor);
  const program = await executor.load(trainer.stepProgram(start.network.batch));
  ask = async (steps) => {
    const began = performance.now();
    const run = executor.run([[program, steps]]);
    await run.done;
    const ms = (performance.now() - began) / steps;
    return { ms, loss: run.takeLog().at(-1)?.values.at(-1) ?? Number.NaN };
  };
  const { name, threads: used, fallback } = executor.info;
  return `${name}, ${used === 1 ? "1 thread" : `up to ${used} threads`}${fallback === "" ? "" : ` (${fallback})`}`;
}

async function contender(order: Order): Promise<string | Answer> {
  if ("contender" in order) return begin(order.contender, order.start);
  if (ask === undefined) throw new Error("no training has begun");
  return ask(order.steps);
}

serveFunctions({ contender, start: (name: NetworkName) => startOf(measured[name].network) });
