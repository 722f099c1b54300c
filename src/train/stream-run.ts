// The run of a fit on a stream, as its training sees it: one handle, behind which there is a run of the executor for each slot of rows.
// It imports types alone, as the search does.
import type { LogRows, PlanEntry, RunHandle, RunResult } from "../runtime/executor.ts";
import type { Feed, StreamStep } from "./stream-feed.ts";

/** What it runs. */
export interface StreamRunParts {
  readonly feed: Feed;
  /** The programs of steps, with what follows an epoch. */
  readonly entries: (steps: readonly StreamStep[]) => Promise<readonly PlanEntry[]>;
  readonly launch: (plan: readonly PlanEntry[]) => RunHandle;
  /** Steps of one epoch at the most; undefined for all steps of all epochs. */
  readonly most: number | undefined;
}

export class StreamRun implements RunHandle {
  readonly done: Promise<RunResult>;
  readonly #parts: StreamRunParts;
  #handle: RunHandle | undefined;
  #log: LogRows[] = [];
  #steps = 0;
  #paused = false;
  #isStopped = false;
  /** Resolves when it is to end. */
  readonly #stopping: Promise<undefined>;
  #stop: () => void = () => {};

  constructor(parts: StreamRunParts) {
    this.#parts = parts;
    this.#stopping = new Promise((resolve) => {
      this.#stop = () => resolve(undefined);
    });
    this.done = this.#run();
    this.done.catch(() => undefined); // told to whoever waits
  }

  get steps(): number {
    return this.#steps + (this.#handle?.steps ?? 0);
  }

  async pause(): Promise<void> {
    this.#paused = true;
    await this.#handle?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#handle?.resume();
  }

  async stop(): Promise<RunResult> {
    this.#isStopped = true;
    this.#stop();
    await this.#handle?.stop();
    return this.done;
  }

  takeLog(): LogRows[] {
    const log = [...this.#log, ...(this.#handle?.takeLog() ?? [])];
    this.#log = [];
    return log;
  }

  async #run(): Promise<RunResult> {
    const { feed, most = Number.POSITIVE_INFINITY } = this.#parts;
    const isPart = this.#parts.most !== undefined;
    for (let left = most; left > 0; ) {
      const steps = await Promise.race([feed.next(left), this.#stopping]);
      if (steps === undefined || this.#isStopped) break;
      if (!(await this.#make(steps))) break;
      feed.made(steps);
      left -= steps.length;
      if (isPart && steps[steps.length - 1].endsEpoch) break;
    }
    return { steps: this.#steps, stopped: this.#isStopped };
  }

  /** Whether all of these steps are made. */
  async #make(steps: readonly StreamStep[]): Promise<boolean> {
    const { feed, entries, launch } = this.#parts;
    const plan = await entries(steps);
    if (this.#isStopped) return false;
    const handle = launch(plan);
    this.#handle = handle;
    if (this.#paused) handle.pause().catch(() => undefined); // its end tells more
    feed.ahead();
    const { steps: made, stopped } = await handle.done.finally(() => {
      for (const rows of handle.takeLog()) this.#log.push(rows);
      this.#handle = undefined;
    });
    this.#steps += made;
    return !stopped;
  }
}
