// A run under way: its position in the plan, its log, its promise. The queue decides when it makes steps.
import { ArgumentError, DisposedError } from "../errors.ts";
import type { LogRows, PlanEntry, ProgramId, RunHandle, RunResult } from "./executor.ts";
import { type Loaded, type Machine, MOST_STEPS } from "./machine.ts";

/** Milliseconds that one call of the machine should take: short, so that slices end in time; long, so that calls cost nothing. */
const CALL_TIME = 1;

/** What makes the steps. */
export type StepMaker = Pick<Machine, "maxSteps" | "execute">;

/** One program of a plan: its log, and how many steps are made at a time. */
interface Part {
  readonly id: ProgramId;
  readonly loaded: Loaded;
  values: Float64Array;
  /** Logged scalars in `values`. */
  used: number;
  steps: number;
}

interface Entry {
  readonly part: Part;
  readonly steps: number;
}

export class Run implements RunHandle {
  readonly done: Promise<RunResult>;
  steps = 0;
  paused = false;
  /** Neither finished nor failed nor stopped. */
  open = true;
  readonly #wake: () => void;
  readonly #parts: Part[] = [];
  /** The plan. */
  #entries: readonly Entry[] = [];
  #repeat = 0;
  #round = 0;
  #entry = 0;
  #madeInEntry = 0;
  #resolve: (result: RunResult) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** `wake` is called when it wants steps again. */
  constructor(wake: () => void) {
    this.#wake = wake;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** @throws ArgumentError for counts that are not whole; what `find` throws */
  begin(plan: readonly PlanEntry[], repeat: number, find: (id: ProgramId) => Loaded): void {
    if (!(repeat === Number.POSITIVE_INFINITY || isCount(repeat)))
      throw new ArgumentError(`run: repeat is ${repeat}, not a whole number`);
    this.#entries = plan.map(([id, steps]) => {
      if (!isCount(steps)) throw new ArgumentError(`run: program ${id} for ${steps} steps`);
      let part = this.#parts.find((each) => each.id === id);
      if (part === undefined) {
        part = { id, loaded: find(id), values: new Float64Array(0), used: 0, steps: 1 };
        this.#parts.push(part);
      }
      return { part, steps };
    });
    this.#repeat = plan.some(([, steps]) => steps > 0) ? repeat : 0;
    this.#settle();
  }

  /** Makes steps until the time is up, at least one. Nothing is allocated except when a log grows. */
  slice(machine: StepMaker, milliseconds: number): void {
    let now = performance.now();
    const end = now + milliseconds;
    while (this.open && now < end) {
      const { part, steps } = this.#entries[this.#entry];
      const count = least(steps - this.#madeInEntry, part.steps, machine.maxSteps(part.loaded));
      if (count > 0) {
        this.#make(machine, part, count);
        const before = now;
        now = performance.now();
        pace(part, count, now - before);
      }
      this.#advance(count);
      this.#settle();
    }
  }

  #make(machine: StepMaker, part: Part, count: number): void {
    const { loaded } = part;
    if (!loaded.live) throw new DisposedError(`run: program ${part.id} was unloaded`);
    const logged = loaded.logTypes.length * count;
    if (part.values.length < part.used + logged) {
      const values = new Float64Array(Math.max(1024, 2 * (part.used + logged)));
      values.set(part.values.subarray(0, part.used));
      part.values = values;
    }
    machine.execute(loaded, count, part.values, part.used);
    part.used += logged;
    this.steps += count;
  }

  #advance(count: number): void {
    this.#madeInEntry += count;
    if (this.#madeInEntry < this.#entries[this.#entry].steps) return;
    this.#madeInEntry = 0;
    this.#entry++;
    if (this.#entry < this.#entries.length) return;
    this.#entry = 0;
    this.#round++;
  }

  #settle(): void {
    if (this.#round >= this.#repeat) this.#close(false);
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
    const rows: LogRows[] = [];
    for (const part of this.#parts) {
      if (part.used > 0)
        rows.push({ program: part.id, names: part.loaded.program.logged, values: part.values.slice(0, part.used) });
      part.used = 0;
    }
    return rows;
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Not Math.min, whose result may be an object on the heap. */
function least(a: number, b: number, c: number): number {
  const d = a < b ? a : b;
  return c < d ? c : d;
}

/** Doubles or halves the steps of a call until it takes about CALL_TIME. */
function pace(part: Part, made: number, elapsed: number): void {
  if (elapsed > 2 * CALL_TIME) part.steps = Math.max(1, part.steps >> 1);
  else if (elapsed < CALL_TIME && made === part.steps) part.steps = Math.min(MOST_STEPS, 2 * part.steps);
}
