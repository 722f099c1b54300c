// The run of a fit on a stream, as its training sees it: one handle, behind which there is a run of the executor for each slot of rows. The
// next one is on its way before the last is at its end, so that nobody waits for this side. It imports types alone, as the search does.
import type { LogRows, PlanEntry, RunHandle, RunResult } from "../runtime/executor.ts";
import type { Feed, StreamStep } from "./stream-feed.ts";

/** What it runs. */
export interface StreamRunParts {
  readonly feed: Feed;
  /** The programs of steps, with what follows an epoch. */
  readonly entries: (steps: readonly StreamStep[]) => Promise<readonly PlanEntry[]>;
  readonly launch: (plan: readonly PlanEntry[], after?: RunHandle) => RunHandle;
  /** Whether a run can be launched before the one that comes first has ended. */
  readonly follows: boolean;
  /** Steps of one epoch at the most; undefined for all steps of all epochs. */
  readonly most: number | undefined;
}

export class StreamRun implements RunHandle {
  readonly done: Promise<RunResult>;
  readonly #parts: StreamRunParts;
  /** Those that have not ended: the one under way, and one that follows it. */
  #handles: RunHandle[] = [];
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
    return this.#handles.reduce((sum, { steps }) => sum + steps, this.#steps);
  }

  async pause(): Promise<void> {
    this.#paused = true;
    await Promise.all(this.#handles.map((handle) => handle.pause()));
  }

  resume(): void {
    this.#paused = false;
    for (const handle of this.#handles) handle.resume();
  }

  async stop(): Promise<RunResult> {
    this.#isStopped = true;
    this.#stop();
    await Promise.all(this.#handles.toReversed().map((handle) => handle.stop())); // the one that waits first
    return this.done;
  }

  takeLog(): LogRows[] {
    const log = [...this.#log, ...this.#handles.flatMap((handle) => handle.takeLog())];
    this.#log = [];
    return log;
  }

  async #run(): Promise<RunResult> {
    const { feed, follows, most = Number.POSITIVE_INFINITY } = this.#parts;
    const isPart = this.#parts.most !== undefined;
    let last = Promise.resolve(true);
    try {
      for (let left = most; left > 0; ) {
        // While steps are made, the next ones are those of a slot that is full.
        await Promise.race([follows ? feed.ahead() : last, last, this.#stopping]);
        const steps = await Promise.race([feed.next(left), this.#stopping]);
        const handle = steps && (await this.#launch(steps));
        if (steps === undefined || handle === undefined) break;
        const before = last;
        last = this.#end(handle, steps);
        last.catch(() => undefined); // awaited below
        if (!follows) feed.ahead();
        if (!(await before)) break;
        left -= steps.length;
        if (isPart && steps[steps.length - 1].endsEpoch) break;
      }
    } finally {
      await last;
    }
    return { steps: this.#steps, stopped: this.#isStopped };
  }

  async #launch(steps: readonly StreamStep[]): Promise<RunHandle | undefined> {
    const { entries, launch } = this.#parts;
    const plan = await entries(steps);
    if (this.#isStopped) return undefined;
    const handle = launch(plan, this.#handles[0]);
    this.#handles.push(handle);
    if (this.#paused) handle.pause().catch(() => undefined); // its end tells more
    return handle;
  }

  /** Whether all of these steps are made. */
  async #end(handle: RunHandle, steps: readonly StreamStep[]): Promise<boolean> {
    const { steps: made, stopped } = await handle.done.finally(() => {
      for (const rows of handle.takeLog()) this.#log.push(rows);
      this.#handles = this.#handles.filter((each) => each !== handle);
    });
    this.#steps += made;
    if (!stopped) this.#parts.feed.made(steps);
    return !stopped;
  }
}
