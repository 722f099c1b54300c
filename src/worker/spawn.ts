// Starting executors in workers.
import {
  anObjectWith,
  aPositiveNumber,
  aWholeNumber,
  type Checks,
  checkOptions,
  isRecord,
  must,
  oneOf,
} from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { Executor } from "../runtime/executor.ts";
import { wasmOptions } from "../runtime/wasm/wasm-executor.ts";
import { RemoteExecutor, type Respawn } from "./remote-executor.ts";
import { startWorker } from "./start-worker.ts";
import { warnOfThreads } from "./warn-of-threads.ts";
import type { Settings } from "./wire.ts";
import type { AnyWorker } from "./workers.ts";

/** How another worker goes on where one died. */
export interface RespawnOptions {
  /** Milliseconds from one checkpoint to the next (default 1000). One takes at most a fiftieth of the time, so large models wait longer. */
  readonly every?: number;
  /** Workers that may die one after the other without having done anything new, or over the same order (default 3). */
  readonly attempts?: number;
}

/** What runs in a worker, and what becomes of it when that dies. */
export interface SpawnOptions extends Settings {
  /**
   * Has another worker go on from the last checkpoint if one dies: runs go on, calls that waited are answered, and the results have the same
   * bits as without the death. What is written is kept on this side, too. Default false.
   */
  readonly respawn?: boolean | RespawnOptions;
  /** Milliseconds after which a worker that does not answer counts as dead; longer than a step (default 30,000; Infinity: never). */
  readonly patience?: number;
}

/**
 * An executor in a worker of its own, in a page or in Node: training goes on there at full speed while this thread stays free. In
 * cross-origin-isolated pages and in Node the worker has a team of threads; elsewhere one thread, with a warning that says
 * what is missing once a program is loaded that more would make faster.
 * @throws WorkerError if the worker cannot be started; ArgumentError for impossible options; UnsupportedError where SIMD is missing
 * and `executor: "wasm"` was asked for
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * import { spawn } from "simdgrad/worker";
 * const executor = await spawn({ threads: 1 });
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * for await (const { loss } of trainer.fit({ batch: "all", epochs: 200 })) loss >= 0;
 * const { data } = await trainer.predict([[3]]);
 * Math.round(data[0]); // => 7
 * await executor.dispose();
 */
export function spawn(options: SpawnOptions = {}): Promise<Executor> {
  return remote(() => startWorker(options), options, "spawn");
}

/**
 * An executor in a worker that the caller started with the file `simdgrad/worker.js`: for bundlers that do not follow `spawn`'s. With `respawn` a
 * function that starts one. The worker is the executor's from then on.
 * @throws WorkerError if it fails to load or does not answer; ArgumentError for impossible options, or a worker that another executor has
 *
 * @example
 * import { Worker } from "node:worker_threads";
 * import { connect } from "simdgrad/worker";
 * const file = new URL(import.meta.resolve("simdgrad/worker.js"));
 * const executor = await connect(() => new Worker(file), { threads: 1, build: "portable" });
 * executor.info.name; // => "wasm-portable"
 * await executor.dispose();
 */
export async function connect(worker: AnyWorker | (() => AnyWorker), options: SpawnOptions = {}): Promise<Executor> {
  if (typeof worker === "function") return remote(() => take(worker()), options, "connect");
  checked(worker);
  must(isRecord(options), options, "connect: the options", "an object");
  if (options.respawn) throw new ArgumentError("connect: respawn needs a function that starts a worker, not a worker");
  return remote(() => take(worker), options, "connect");
}

/** Workers that executors have or had. */
const taken = new WeakSet<AnyWorker>();

function checked(worker: AnyWorker): AnyWorker {
  anObjectWith("a worker, or a function that starts one", "postMessage", "terminate")(worker, "connect: worker");
  if (taken.has(worker)) throw new ArgumentError("connect: the worker is another executor's; start one for each");
  return worker;
}

function take(worker: AnyWorker): AnyWorker {
  taken.add(checked(worker));
  return worker;
}

async function remote(start: () => AnyWorker, options: SpawnOptions, name: string): Promise<Executor> {
  checkOptions(options, name, {
    ...wasmOptions,
    executor: oneOf("auto", "wasm", "js"),
    respawn: (value, what) => {
      must(typeof value === "boolean" || isRecord(value), value, what, "true, false or { every, attempts }");
      if (typeof value !== "boolean") checkOptions(value as RespawnOptions, what, respawnOptions);
    },
    patience: (value, what) => must(typeof value === "number" && value > 0, value, what, "more than 0 ms"),
  });
  const { respawn = false, patience = 30_000, ...settings } = options;
  const executor = await RemoteExecutor.create({ settings, patience, start, respawn: respawnOf(respawn) });
  const { threads, fallback } = executor.info;
  if (threads > 1 || settings.threads === 1 || fallback === "") return executor;
  if (fallback.includes("one thread")) warnOfThreads(executor);
  else console.warn(`simdgrad: ${fallback}`);
  return executor;
}

const respawnOptions: Checks<RespawnOptions> = {
  every: aPositiveNumber,
  attempts: (value, what) => aWholeNumber(1)(value, what),
};

function respawnOf(options: boolean | RespawnOptions): Respawn | undefined {
  if (options === false) return undefined;
  const { every = 1000, attempts = 3 } = options === true ? {} : options;
  return { every, attempts };
}
