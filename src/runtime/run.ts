// A run under way, as its caller sees it: its promise, and whether it wants steps. How far it is: steps.ts.
import type { LogRows, RunHandle, RunOptions, RunResult } from "./executor.ts";
import type { Clock, StepMaker, Steps } from "./steps.ts";

export class Run implements RunHandle {
  readonly done: Promise<RunResult>;
  readonly options: RunOptions;
  paused = false;
  /** Neither finished nor failed nor stopped. */
  open = true;
  readonly #wake: () => void;
  #steps: Steps | undefined;
  #resolve: (result: RunResult) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** `wake` is called when it wants steps again. */
  constructor(options: RunOptions, wake: () => void) {
    this.options = options;
    this.#wake = wake;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get urgent(): boolean {
    return this.options.urgent ?? false;
  }

  get steps(): number {
    return this.#steps?.made ?? this.options.from ?? 0;
  }

  /** Begun, and sure to end. */
  get midway(): boolean {
    return this.#steps?.midway ?? false;
  }

  /** Takes what it is to make. */
  begin(steps: Steps): void {
    this.#steps = steps;
    this.#settle();
  }

  slice(machine: StepMaker, milliseconds: number, clock: Clock): void {
    this.#steps?.slice(machine, milliseconds, clock);
    this.#settle();
  }

  /** Fails where the program of its next step is no more, also while it is paused. */
  check(): void {
    try {
      this.#steps?.check();
    } catch (error) {
      this.fail(error);
    }
  }

  #settle(): void {
    if (this.#steps?.finished) this.#close(false);
  }

  #close(stopped: boolean): void {
    if (!this.open) return;
    this.open = false;
    this.#resolve({ steps: this.steps, stopped });
  }

  fail(error: unknown): void {
    this.open = false;
    this.#reject(error);
  }

  async pause(): Promise<void> {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#wake();
  }

  stop(): Promise<RunResult> {
    this.#close(true);
    return this.done;
  }

  takeLog(): LogRows[] {
    return this.#steps?.takeLog() ?? [];
  }
}
