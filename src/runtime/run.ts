// A run under way, as its caller sees it: its promise, and whether it wants steps. How far it is: steps.ts.
import type { LogRows, RunHandle, RunOptions, RunResult, Slot, TypedArray, Write } from "./executor.ts";
import type { Clock, StepMaker, Steps } from "./steps.ts";

/** The slots that its options name: written before its first step, read at its end. */
interface Slots {
  read(slot: Slot): TypedArray;
  writeAll(writes: readonly Write[]): void;
}

export class Run implements RunHandle {
  readonly done: Promise<RunResult>;
  readonly options: RunOptions;
  paused = false;
  /** Neither finished nor failed nor stopped. */
  open = true;
  readonly #wake: () => void;
  readonly #slots: (() => Slots) | undefined;
  #steps: Steps | undefined;
  #resolve: (result: RunResult) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** `wake` is called when it wants steps again. */
  constructor(options: RunOptions, wake: () => void, slots?: () => Slots) {
    this.options = options;
    this.#wake = wake;
    this.#slots = slots;
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
    const { write, from = 0 } = this.options;
    if (write !== undefined && this.steps === from) this.#slots?.().writeAll(write);
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
    const values = stopped ? undefined : this.options.read?.map((slot) => this.#slots?.().read(slot) as TypedArray);
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
