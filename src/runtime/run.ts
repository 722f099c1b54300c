// A run under way, as its caller sees it: its promise, and whether it wants steps. How far it is: steps.ts.
import type { LogRows, RunHandle, RunOptions, RunResult, Slot, TypedArray } from "./executor.ts";
import type { Clock, StepMaker, Steps } from "./steps.ts";

export class Run implements RunHandle {
  readonly done: Promise<RunResult>;
  readonly options: RunOptions;
  paused = false;
  /** Neither finished nor failed nor stopped. */
  open = true;
  readonly #wake: () => void;
  readonly #read: ((slot: Slot) => TypedArray) | undefined;
  #steps: Steps | undefined;
  #resolve: (result: RunResult) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** `wake` is called when it wants steps again, `read` at its end for each slot that its options ask for. */
  constructor(options: RunOptions, wake: () => void, read?: (slot: Slot) => TypedArray) {
    this.options = options;
    this.#wake = wake;
    this.#read = read;
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
    const read = this.#read;
    const values = stopped || read === undefined ? undefined : this.options.read?.map((slot) => read(slot));
    this.open = false;
    this.#resolve({ steps: this.steps, stopped, ...(values && { values }) });
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
