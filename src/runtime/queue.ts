// The queue of runs: each open run makes steps for a slice in its turn, urgent ones before all others, which get a share all the same;
// between slices the event loop does what waits.
import { ProgramError, SimdgradError } from "../errors.ts";
import type { PlanEntry, ProgramId } from "./executor.ts";
import type { Loaded } from "./machine.ts";
import type { Run } from "./run.ts";
import { type Clock, type StepMaker, Steps } from "./steps.ts";
import { createTurns, type Turns } from "./turns.ts";

/** Milliseconds of a slice: short enough for a page's next frame and for a waiting prediction. */
const SLICE = 10;

/** Milliseconds of waiting that are made up for at the most, a third of the time beside urgent runs of up to 100: so long one may wait. */
const MOST_BEHIND = 60;

export class RunQueue {
  readonly #steps: StepMaker;
  readonly #onSlice: (run: Run, steps: number) => void;
  readonly #clock: Clock;
  readonly #turns: Turns;
  /** Open runs, the one whose turn is next first. */
  #runs: Run[] = [];
  #requested = false;
  /** When the event loop last had a turn, as far as is known here. */
  #turned = Number.NEGATIVE_INFINITY;
  /** No step before this time, but of urgent runs. */
  #heldUntil = 0;
  /**
   * Runs that are not urgent are behind by the time since then: it passes while they wait, and comes nearer twice as fast while they make
   * steps. Infinity while none is ready.
   */
  #behindSince = Number.POSITIVE_INFINITY;

  /** `onSlice` is told of each slice, and of the steps that it made. */
  constructor(steps: StepMaker, onSlice: (run: Run, steps: number) => void, clock: Clock = performance) {
    this.#steps = steps;
    this.#onSlice = onSlice;
    this.#clock = clock;
    this.#turns = createTurns(() => {
      this.#requested = false;
      this.#turned = clock.now();
      this.#turn();
    });
  }

  /**
   * Begins a run. One that is `short` is served at once, without a turn of the event loop, which may cost more than its steps, if no other run
   * is open and everything else had its own turn a moment ago.
   * @throws ArgumentError for counts that are not whole; what `find` throws
   */
  add(run: Run, plan: readonly PlanEntry[], find: (id: ProgramId) => Loaded, short = false): void {
    run.begin(new Steps(plan, run.options, find));
    const isAlone = !this.#runs.some(({ open }) => open);
    this.#runs.push(run);
    if (short && isAlone && this.#clock.now() - this.#turned < SLICE) this.#turn();
    else this.wake();
  }

  /** Asks for a turn if a run wants one. */
  wake(): void {
    if (this.#requested || !this.#runs.some((run) => run.ready)) return;
    this.#requested = true;
    this.#turns.request();
  }

  /** Makes no step for so many milliseconds, but of urgent runs and of others that have waited for their share. */
  hold(milliseconds: number): void {
    this.#heldUntil = this.#clock.now() + milliseconds;
  }

  #turn(): void {
    this.#runs = this.#runs.filter((run) => run.open);
    const now = this.#clock.now();
    const next = this.#next(now);
    if (next !== undefined) {
      this.#runs = [...this.#runs.filter((run) => run !== next), next];
      const before = next.steps;
      try {
        next.slice(this.#steps, SLICE, this.#clock);
      } catch (error) {
        next.fail(typed(error));
      }
      this.#onSlice(next, next.steps - before);
      const later = this.#clock.now();
      if (!next.urgent) this.#behindSince = Math.min(later, this.#behindSince + 2 * (later - now));
    }
    this.wake();
    if (!this.#requested) this.#turns.rest();
  }

  #next(now: number): Run | undefined {
    const ready = this.#runs.filter((run) => run.ready);
    const urgent = ready.filter((run) => run.urgent);
    const other = ready.find((run) => !run.urgent);
    this.#behindSince =
      other === undefined ? Number.POSITIVE_INFINITY : Math.max(Math.min(now, this.#behindSince), now - MOST_BEHIND);
    // What an urgent run has begun to look at must not change before it has seen all of it.
    if (now - this.#behindSince >= SLICE) return urgent.find((run) => run.midway) ?? other;
    return urgent[0] ?? (now < this.#heldUntil ? undefined : other);
  }

  /** A program was unloaded: runs that want its steps fail, also those that are paused. */
  check(): void {
    for (const run of this.#runs) if (run.open) run.check();
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

/** What a kernel threw is no error of ours. */
function typed(error: unknown): SimdgradError {
  if (error instanceof SimdgradError) return error;
  const why = error instanceof Error ? error.message : error;
  return new ProgramError(`run: an instruction could not be carried out: ${why}`, { cause: error });
}
