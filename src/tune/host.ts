// A worker that runs an objective, as the study's side sees it; serve.ts is the other side. One trial at a time.
import type { WorkerError } from "../errors.ts";
import { ModuleWorker, type WorkerModule } from "../worker/module-worker.ts";
import { fromWire, type WireError } from "../worker/wire.ts";
import type { Outcome, Trial } from "./trial.ts";

/** What the study's side says. */
export type ToWorker =
  | { readonly trial: number; readonly values: unknown }
  /** After a report: whether the trial is given up. */
  | { readonly judged: boolean };

/** What the worker says. */
export type FromWorker =
  | { readonly step: number; readonly report: number }
  | { readonly outcome: Outcome }
  | { readonly error: WireError };

/** Ends of a promise that somebody waits for. */
interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

const NAMES = {
  name: "simdgrad trials",
  called: "the objective's worker",
  caller: "trials",
  serves: "serveObjective()",
};

export class TrialWorker {
  readonly #worker: ModuleWorker<ToWorker, FromWorker>;
  #trial: Trial | undefined;
  #running: Waiting<Outcome> | undefined;

  /** @throws WorkerError if it cannot be started */
  constructor(module: WorkerModule) {
    this.#worker = new ModuleWorker(module, NAMES, {
      heard: (message) => this.#hear(message),
      died: (error: WorkerError) => this.#settle()?.reject(error),
    });
  }

  get ended(): boolean {
    return this.#worker.error !== undefined;
  }

  /** As a module's worker does. */
  begin(patience?: number, signal?: AbortSignal): Promise<void> {
    return this.#worker.begin(patience, signal);
  }

  /** Runs one trial. @throws what the objective throws, WorkerError if the worker dies */
  run(trial: Trial): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const { error } = this.#worker;
      if (error !== undefined) return reject(error);
      this.#trial = trial;
      this.#running = { resolve, reject };
      this.#worker.say({ trial: trial.number, values: trial.values });
    });
  }

  #hear(message: FromWorker): void {
    if ("report" in message) void this.#report(message.step, message.report);
    else if ("outcome" in message) this.#settle()?.resolve(message.outcome);
    else if ("error" in message) this.#settle()?.reject(fromWire(message.error));
  }

  async #report(step: number, value: number): Promise<void> {
    const trial = this.#trial;
    try {
      await trial?.report(step, value);
      this.#worker.say({ judged: trial?.shouldPrune() ?? false });
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

  end(): Promise<void> {
    return this.#worker.end();
  }
}
