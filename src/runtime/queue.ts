// The queue of runs: each open run makes steps for a slice in its turn, urgent ones before all others; between slices the event loop
// does what waits.
import { createTurns, type Turns } from "./features.ts";
import type { Run } from "./run.ts";

/** Milliseconds of a slice: short enough for a page's next frame and for a waiting prediction. */
export const SLICE = 10;

export class RunQueue {
  readonly #slice: (run: Run) => void;
  readonly #turns: Turns;
  /** Open runs, the one whose turn is next first. */
  #runs: Run[] = [];
  #requested = false;
  /** No step before this time, but of urgent runs. */
  #heldUntil = 0;

  /** `slice` has one run make steps. */
  constructor(slice: (run: Run) => void) {
    this.#slice = slice;
    this.#turns = createTurns(() => this.#turn());
  }

  add(run: Run): void {
    this.#runs.push(run);
    this.wake();
  }

  /** Asks for a turn if a run wants one. */
  wake(): void {
    if (this.#requested || !this.#runs.some((run) => run.open && !run.paused)) return;
    this.#requested = true;
    this.#turns.request();
  }

  /** Makes no step for so many milliseconds, but of urgent runs. */
  hold(milliseconds: number): void {
    this.#heldUntil = performance.now() + milliseconds;
  }

  #turn(): void {
    this.#requested = false;
    this.#runs = this.#runs.filter((run) => run.open);
    const ready = this.#runs.filter((run) => !run.paused);
    const held = performance.now() < this.#heldUntil;
    const next = ready.find((run) => run.urgent) ?? (held ? undefined : ready[0]);
    if (next !== undefined) {
      this.#runs = [...this.#runs.filter((run) => run !== next), next];
      try {
        this.#slice(next);
      } catch (error) {
        next.fail(error);
      }
    }
    this.wake();
    if (!this.#requested) this.#turns.rest();
  }

  /** Fails all open runs. Whoever closes knows: a run that nobody waits for does not complain. */
  close(error: Error): void {
    for (const run of this.#runs) {
      run.done.catch(() => {});
      if (run.open) run.fail(error);
    }
    this.#runs = [];
  }
}
