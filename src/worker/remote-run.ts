// A run in a worker, as the page's side sees it: what it was told of it, and what it asked for.
import type { LogRows, PlanEntry, ProgramId, RunHandle, RunOptions, RunResult } from "../runtime/executor.ts";
import type { RunId, RunNews, RunOrder } from "./wire.ts";

/** What a run asks of its worker. */
export interface Control {
  pause(run: RunId): Promise<void>;
  resume(run: RunId): void;
  stop(run: RunId): void;
}

export class RemoteRun implements RunHandle {
  readonly id: RunId;
  readonly done: Promise<RunResult>;
  readonly #plan: readonly PlanEntry[];
  readonly #options: RunOptions;
  readonly #control: Control;
  #steps: number;
  /** The step that the worker makes next: behind `steps` while it makes again what an earlier one had made. */
  #next: number;
  #paused = false;
  #stopping = false;
  /** Neither given to a worker yet nor ended before it was. */
  #fresh = true;
  #log: LogRows[] = [];
  #resolve: (result: RunResult) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(id: RunId, plan: readonly PlanEntry[], options: RunOptions, control: Control) {
    this.id = id;
    this.#plan = plan;
    this.#options = options;
    this.#control = control;
    this.#steps = options.from ?? 0;
    this.#next = this.#steps;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get steps(): number {
    return this.#steps;
  }

  get programs(): readonly ProgramId[] {
    return this.#plan.map(([id]) => id);
  }

  /** Whether it wants to begin at all. */
  get wanted(): boolean {
    return !(this.#fresh && this.#stopping);
  }

  /** How to begin it, or how to go on at a step that it had reached before. */
  order(from = this.#options.from ?? 0): RunOrder {
    this.#fresh = false;
    this.#next = from;
    return { ...this.#options, run: this.id, plan: this.#plan, from, paused: this.#paused && this.#caughtUp() };
  }

  #caughtUp(): boolean {
    return this.#next >= this.#steps;
  }

  /** Takes in what is new of it; steps that were told before, by a worker that is no more, count once. */
  take({ log, steps }: RunNews): void {
    for (const rows of log) {
      const known = Math.min(Math.max(0, this.#steps - this.#next), rows.steps);
      this.#next += rows.steps;
      if (known < rows.steps) this.#log.push(known === 0 ? rows : rest(rows, known));
    }
    const behind = this.#next < this.#steps || steps < this.#steps;
    this.#next = steps;
    this.#steps = Math.max(this.#steps, steps);
    // What was asked of the worker that is no more is asked of this one, where that one was.
    if (behind && this.#caughtUp()) this.repeat();
  }

  /** Asks again for what was asked for. */
  repeat(): void {
    if (this.#stopping && this.#caughtUp()) this.#control.stop(this.id);
    else if (this.#paused && this.#caughtUp()) this.#control.pause(this.id).catch(() => {});
  }

  end(result: RunResult): void {
    this.#resolve({ ...result, steps: this.#steps });
  }

  fail(error: unknown): void {
    this.#reject(error);
  }

  async pause(): Promise<void> {
    this.#paused = true;
    await this.#control.pause(this.id);
  }

  resume(): void {
    this.#paused = false;
    this.#control.resume(this.id);
  }

  stop(): Promise<RunResult> {
    this.#stopping = true;
    if (this.#fresh) this.end({ steps: this.#steps, stopped: true });
    else this.#control.stop(this.id);
    return this.done;
  }

  takeLog(): LogRows[] {
    const log = joined(this.#log);
    this.#log = [];
    return log;
  }
}

/** The rows after the first few steps. */
function rest(rows: LogRows, known: number): LogRows {
  const { steps, milliseconds, names, values } = rows;
  return {
    ...rows,
    steps: steps - known,
    milliseconds: (milliseconds * (steps - known)) / steps,
    values: values.slice(known * names.length),
  };
}

/** Neighbours of one program as one. */
function joined(log: readonly LogRows[]): LogRows[] {
  const result: LogRows[] = [];
  for (let start = 0; start < log.length; ) {
    let end = start + 1;
    while (end < log.length && log[end].program === log[start].program) end++;
    const parts = log.slice(start, end);
    result.push(parts.length === 1 ? parts[0] : concatenated(parts));
    start = end;
  }
  return result;
}

function concatenated(parts: readonly LogRows[]): LogRows {
  const values = new Float64Array(parts.reduce((size, part) => size + part.values.length, 0));
  let [at, steps, milliseconds] = [0, 0, 0];
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
    steps += part.steps;
    milliseconds += part.milliseconds;
  }
  return { ...parts[0], values, steps, milliseconds };
}
