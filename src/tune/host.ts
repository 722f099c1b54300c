// A worker that runs an objective, as the study's side sees it; serve.ts is the other side. One trial at a time.
import { anObjectWith, isRecord } from "../check.ts";
import { WorkerError } from "../errors.ts";
import { nodeThreads } from "../runtime/wasm/node.ts";
import { type Host, hostOf } from "../worker/host.ts";
import { fromWire, type WireError } from "../worker/wire.ts";
import type { AnyWorker } from "../worker/workers.ts";
import type { Outcome, Trial } from "./trial.ts";

/** What the study's side says. */
export type ToWorker =
  /** Comes first; the name of a lock to hold for life, "" for none. */
  | { readonly begin: string }
  | { readonly trial: number; readonly values: unknown }
  /** After a report: whether the trial is given up. */
  | { readonly judged: boolean };

/** What the worker says. */
export type FromWorker =
  | { readonly began: true; readonly locked: boolean }
  | { readonly step: number; readonly report: number }
  | { readonly outcome: Outcome }
  | { readonly error: WireError };

/** Ends of a promise that somebody waits for. */
interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function start(module: URL | (() => AnyWorker)): AnyWorker {
  if (typeof module === "function") {
    const worker = module();
    anObjectWith("a worker", "postMessage", "terminate")(worker, "trials: what module() gives");
    return worker;
  }
  const node = nodeThreads();
  if (node === undefined) return new Worker(module, { type: "module" });
  // This process's own flags may say how to read its main file, and would then break this one.
  return new node.Worker(module, { execArgv: [], name: "simdgrad trials" });
}

export class TrialWorker {
  readonly #host: Host;
  readonly #watch = new AbortController();
  #error: Error | undefined;
  #trial: Trial | undefined;
  /** What the worker holds for life. */
  #lock = "";
  #beginning: Waiting<void> | undefined;
  #running: Waiting<Outcome> | undefined;

  /** @throws WorkerError if it cannot be started */
  constructor(module: URL | (() => AnyWorker)) {
    const worker = start(module);
    this.#host = hostOf(worker, (reason, cause) =>
      this.#fail(new WorkerError(`the objective's worker ${reason}`, { cause })),
    );
    this.#host.endpoint.addEventListener("message", (event) => this.#hear((event as MessageEvent).data));
  }

  get ended(): boolean {
    return this.#error !== undefined;
  }

  /**
   * Resolves when its module serves an objective, or when the search is to end before. @throws WorkerError if it does not within so many
   * milliseconds
   */
  async begin(patience: number, signal?: AbortSignal): Promise<void> {
    // Of a page's worker only a lock tells that it died.
    const lock = this.#host.silent ? (globalThis.crypto?.randomUUID?.() ?? "") : "";
    let timer: ReturnType<typeof setTimeout> | undefined;
    let leave = () => {};
    const begun = new Promise<void>((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      this.#beginning = { resolve, reject };
      this.#lock = lock;
      this.#say({ begin: lock });
      const why = `has not called serveObjective() within ${patience / 1000} s`;
      timer = setTimeout(() => this.#fail(new WorkerError(`the objective's worker ${why}`)), patience);
      leave = resolve;
      signal?.addEventListener("abort", leave);
      if (signal?.aborted) leave();
    });
    await begun.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", leave);
    });
  }

  /** Runs one trial. @throws what the objective throws, WorkerError if the worker dies */
  run(trial: Trial): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      this.#trial = trial;
      this.#running = { resolve, reject };
      this.#say({ trial: trial.number, values: trial.values });
    });
  }

  #say(message: ToWorker): void {
    this.#host.endpoint.postMessage(message);
  }

  #hear(message: FromWorker): void {
    if (!isRecord(message)) return;
    if ("began" in message) {
      if (message.locked) this.#awaitDeath();
      this.#beginning?.resolve();
      this.#beginning = undefined;
    } else if ("report" in message) void this.#report(message.step, message.report);
    else if ("outcome" in message) this.#settle()?.resolve(message.outcome);
    else if ("error" in message) this.#settle()?.reject(fromWire(message.error));
  }

  #awaitDeath(): void {
    const died = () => this.#fail(new WorkerError("the objective's worker was ended"));
    navigator.locks.request(this.#lock, { signal: this.#watch.signal }, died).catch(() => {}); // given up in end()
  }

  async #report(step: number, value: number): Promise<void> {
    const trial = this.#trial;
    try {
      await trial?.report(step, value);
      this.#say({ judged: trial?.shouldPrune() ?? false });
    } catch (error) {
      this.#settle()?.reject(error as Error);
    }
  }

  #settle(): Waiting<Outcome> | undefined {
    const running = this.#running;
    this.#running = undefined;
    this.#trial = undefined;
    return running;
  }

  #fail(error: WorkerError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#beginning?.reject(error);
    this.#settle()?.reject(error);
    void this.#host.end();
  }

  async end(): Promise<void> {
    this.#error ??= new WorkerError("the objective's worker was ended");
    this.#watch.abort();
    await this.#host.end();
  }
}
