// A run in a worker, as the page's side sees it: what it was told of it. Who has it make its steps is the executor's matter.
import { must } from "../check.ts";
import type { LogRows, PlanEntry, RunHandle, RunOptions, RunResult } from "../runtime/executor.ts";
import type { OwnWrite } from "./arrays.ts";
import type { RunId, RunOrder } from "./wire.ts";

/** What a run asks of its executor. */
export interface RunControl {
  pause(run: RunId): Promise<void>;
  resume(run: RunId): void;
  stop(run: RunId): void;
}

export class RemoteRun implements RunHandle {
  readonly id: RunId;
  readonly plan: readonly PlanEntry[];
  readonly done: Promise<RunResult>;
  readonly #options: Omit<RunOptions, "after" | "write">;
  readonly #after: RunId | undefined;
  readonly #writes: readonly OwnWrite[];
  readonly #control: RunControl;
  #steps: number;
  #paused = false;
  #log: LogRows[] = [];
  #resolve: (result: RunResult) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(
    id: RunId,
    plan: readonly PlanEntry[],
    { after, ...options }: RunOptions,
    writes: readonly OwnWrite[],
    control: RunControl,
  ) {
    const isOwn = after instanceof RemoteRun && after.#control === control;
    must(after === undefined || isOwn, after, "run: after", "a run of this executor, what run() gave");
    this.id = id;
    this.plan = plan;
    this.#options = options;
    this.#after = isOwn ? after.id : undefined;
    this.#writes = writes;
    this.#control = control;
    this.#steps = options.from ?? 0;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Steps of the whole plan. */
  get whole(): number {
    const once = this.plan.reduce((sum, [, steps]) => sum + steps, 0);
    return once === 0 ? 0 : once * (this.#options.repeat ?? 1);
  }

  get steps(): number {
    return this.#steps;
  }

  /** What is still to be written before a step: nothing once one was told. */
  get writes(): readonly OwnWrite[] {
    return this.#steps === (this.#options.from ?? 0) ? this.#writes : [];
  }

  /** How to begin it, or how another worker goes on with it. */
  order(): RunOrder {
    const { id: run, plan, writes: write } = this;
    return { ...this.#options, write, run, after: this.#after, plan, from: this.#steps, paused: this.#paused };
  }

  /** The worker tells of steps. */
  made(steps: number): void {
    this.#steps += steps;
  }

  /** The worker tells what they logged. */
  logged(rows: readonly LogRows[]): void {
    for (const each of rows) this.#log.push(each);
  }

  end(result: RunResult): void {
    this.#resolve(result);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }

  pause(): Promise<void> {
    this.#paused = true;
    return this.#control.pause(this.id);
  }

  resume(): void {
    this.#paused = false;
    this.#control.resume(this.id);
  }

  stop(): Promise<RunResult> {
    this.#control.stop(this.id);
    return this.done;
  }

  takeLog(): LogRows[] {
    const log = joined(this.#log);
    this.#log = [];
    return log;
  }
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
