// A run under way, as its caller sees it: its promise, and whether it wants steps. How far it is: steps.ts.
import { must } from "../check.ts";
import type { LogRows, RunHandle, RunOptions, RunResult, Slot, TypedArray, Write } from "./executor.ts";
import type { Clock, StepMaker, Steps } from "./steps.ts";

/** The slots that its options name: written before its first step, read at its end. */
interface Slots {
  read(slot: Slot): TypedArray;
  writeAll(writes: readonly Write[]): void;
}

/** The executor of runs, as these see it. */
export interface Home {
  /** A run wants steps again. */
  wake(): void;
  slots?(): Slots;
}

export class Run implements RunHandle {
  readonly done: Promise<RunResult>;
  readonly options: RunOptions;
  paused = false;
  /** Neither finished nor failed nor stopped. */
  open = true;
  readonly #home: Home;
  /** The one that comes first; let go of at its end, or the last of a chain would hold them all. */
  #after: Run | undefined;
  /** Whether it has made all its steps. */
  #whole = false;
  #steps: Steps | undefined;
  #resolve: (result: RunResult) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** @throws ArgumentError where a run of another home is to come first */
  constructor({ after, ...options }: RunOptions, home: Home) {
    const isOwn = after instanceof Run && after.#home === home;
    must(after === undefined || isOwn, after, "run: after", "a run of this executor, what run() gave");
    this.options = options;
    this.#home = home;
    this.#after = isOwn ? after : undefined;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    after?.done.then(
      ({ stopped }) => {
        if (stopped) this.#close(true);
        this.#after = undefined;
        this.#settle();
      },
      () => {
        this.#close(true);
        this.#after = undefined;
      },
    );
  }

  /** Whether it may make steps now. */
  get ready(): boolean {
    return this.open && !this.paused && this.#isNext;
  }

  get #isNext(): boolean {
    return this.#after === undefined || this.#after.#whole;
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
    if (write !== undefined && this.steps === from) this.#home.slots?.().writeAll(write);
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
    if (this.#isNext && this.#steps?.finished) this.#close(false);
  }

  #close(stopped: boolean): void {
    if (!this.open) return;
    const values = stopped
      ? undefined
      : this.options.read?.map((slot) => this.#home.slots?.().read(slot) as TypedArray);
    this.open = false;
    this.#whole = !stopped;
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
    this.#home.wake();
  }

  stop(): Promise<RunResult> {
    this.#close(true);
    return this.done;
  }

  takeLog(): LogRows[] {
    return this.#steps?.takeLog() ?? [];
  }
}
