// A team on a bare machine: instances of the module in Node's worker threads over its memory.
import { Worker } from "node:worker_threads";
import { SCRATCH_WORDS } from "../../assembly/isa/sizes.ts";
import type { Log, Machine } from "./machine.ts";

export const THREADS = 4;

/** What a further thread does: it makes its instance, and runs each program it is told to. */
const WORKER = `
  const { parentPort, workerData: { module, memory, thread, threads, scratch } } = require("node:worker_threads");
  const { run, attach } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  attach(thread, threads, scratch);
  parentPort.on("message", (call) => parentPort.postMessage(run(...call)));
`;

export class Team {
  readonly machine: Machine;
  private readonly workers: Worker[];

  constructor(machine: Machine) {
    this.machine = machine;
    this.workers = Array.from({ length: THREADS - 1 }, (_, i) => {
      const { module, memory } = machine;
      const scratch = machine.scratch + 4 * SCRATCH_WORDS * (i + 1);
      return new Worker(WORKER, {
        eval: true,
        workerData: { module, memory, thread: i + 1, threads: THREADS, scratch },
      });
    });
    machine.exports.attach(0, THREADS, machine.scratch);
  }

  /** Steps that each thread says it has done. */
  async run(program: readonly (readonly number[])[], steps: number, log?: Log, without = 0): Promise<number[]> {
    const { from = 0, count = 0, to = 0, capacity = 0, start = 0 } = log ?? {};
    const call = [this.machine.load(program), steps, from, count, to, capacity, start] as const;
    const others = this.workers.slice(without).map(
      (worker) =>
        new Promise<number>((resolve, reject) => {
          worker.once("message", resolve);
          worker.once("error", reject);
          worker.postMessage(call);
        }),
    );
    const done = this.machine.exports.run(...call);
    const all = [done, ...(await Promise.all(others))];
    this.machine.check();
    return all;
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
