// A run under way: its position in the plan, its log, its promise. The queue decides when it makes steps.
import { ArgumentError, DisposedError } from "../errors.ts";
import { checkedPlan } from "./check-plan.ts";
import type { LogRows, PlanEntry, ProgramId, RunHandle, RunOptions, RunResult } from "./executor.ts";
import type { Loaded, Machine } from "./machine.ts";

/** Milliseconds that one call of the machine should take: short, so that slices end in time; long, so that calls cost nothing. */
const CALL_TIME = 1;

/** What makes the steps. */
export type StepMaker = Pick<Machine, "maxSteps" | "execute">;

/** One program of a plan, and how many of its steps are made at a time. */
interface Part {
  readonly id: ProgramId;
  readonly loaded: Loaded;
  steps: number;
}

interface Entry {
  readonly part: Part;
  readonly steps: number;
}

/** Logged scalars of all programs in the order of the steps, with the stretches that are of one program each. */
class Log {
  #values = new Float64Array(0);
  #used = 0;
  /** Programs of the stretches, and their steps and milliseconds as of now. */
  readonly #parts: Part[] = [];
  #sums = new Float64Array(64);
  #stretches = 0;

  get used(): number {
    return this.#used;
  }

  /** Where to write so many more scalars. */
  room(scalars: number): Float64Array {
    const needed = this.#used + scalars;
    if (this.#values.length < needed) this.#values = grown(this.#values, Math.max(1024, 2 * needed));
    return this.#values;
  }

  /** Steps were made, and their scalars written. */
  add(part: Part, steps: number, milliseconds: number): void {
    if (this.#stretches === 0 || this.#parts[this.#stretches - 1] !== part) {
      if (2 * this.#stretches === this.#sums.length) this.#sums = grown(this.#sums, 2 * this.#sums.length);
      this.#parts[this.#stretches] = part;
      this.#sums.fill(0, 2 * this.#stretches, 2 * this.#stretches + 2);
      this.#stretches++;
    }
    this.#sums[2 * this.#stretches - 2] += steps;
    this.#sums[2 * this.#stretches - 1] += milliseconds;
    this.#used += steps * part.loaded.logTypes.length;
  }

  take(): LogRows[] {
    let at = 0;
    const rows = Array.from({ length: this.#stretches }, (_, i): LogRows => {
      const { id, loaded } = this.#parts[i];
      const [steps, milliseconds] = this.#sums.subarray(2 * i);
      const values = this.#values.slice(at, at + steps * loaded.logTypes.length);
      at += values.length;
      return { program: id, names: loaded.program.logged, values, steps, milliseconds };
    });
    this.#stretches = 0;
    this.#used = 0;
    return rows;
  }
}

function grown(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length);
  larger.set(values);
  return larger;
}

export class Run implements RunHandle {
  readonly done: Promise<RunResult>;
  readonly urgent: boolean;
  steps: number;
  paused = false;
  /** Neither finished nor failed nor stopped. */
  open = true;
  readonly #options: RunOptions;
  readonly #wake: () => void;
  readonly #log = new Log();
  /** The plan. */
  #entries: readonly Entry[] = [];
  #repeat = 0;
  #round = 0;
  #entry = 0;
  #madeInEntry = 0;
  #resolve: (result: RunResult) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** `wake` is called when it wants steps again. */
  constructor(options: RunOptions, wake: () => void) {
    this.#options = options;
    this.#wake = wake;
    this.urgent = options.urgent ?? false;
    this.steps = options.from ?? 0;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** @throws ArgumentError for counts that are not whole; what `find` throws */
  begin(plan: readonly PlanEntry[], find: (id: ProgramId) => Loaded): void {
    const { repeat = 1, from = 0 } = this.#options;
    if (!(repeat === Number.POSITIVE_INFINITY || isCount(repeat)))
      throw new ArgumentError(`run: repeat is ${repeat}, not a whole number`);
    const parts = new Map<ProgramId, Part>();
    this.#entries = checkedPlan(plan).map(([id, steps]) => {
      if (!isCount(steps)) throw new ArgumentError(`run: program ${id} for ${steps} steps`);
      const part = parts.get(id) ?? { id, loaded: find(id), steps: 1 };
      parts.set(id, part);
      return { part, steps };
    });
    const once = plan.reduce((sum, [, steps]) => sum + steps, 0);
    if (!isCount(from) || from > (once === 0 ? 0 : once * repeat))
      throw new ArgumentError(`run: cannot go on from step ${from} of ${once} x ${repeat}`);
    this.#repeat = once > 0 ? repeat : 0;
    if (from > 0) this.#skip(from, once);
    this.#settle();
  }

  #skip(from: number, once: number): void {
    this.#round = Math.floor(from / once);
    let left = from % once;
    while (left >= this.#entries[this.#entry].steps) left -= this.#entries[this.#entry++].steps;
    this.#madeInEntry = left;
  }

  /** Makes steps until the time is up, at least one. Nothing is allocated except when a log grows. */
  slice(machine: StepMaker, milliseconds: number): void {
    let now = performance.now();
    const end = now + milliseconds;
    while (this.open && now < end) {
      const { part, steps } = this.#entries[this.#entry];
      const count = least(steps - this.#madeInEntry, part.steps, machine.maxSteps(part.loaded));
      if (count > 0) {
        if (!part.loaded.live) throw new DisposedError(`run: program ${part.id} was unloaded`);
        machine.execute(part.loaded, count, this.#log.room(count * part.loaded.logTypes.length), this.#log.used);
        this.steps += count;
        const before = now;
        now = performance.now();
        this.#log.add(part, count, now - before);
        pace(part, count, now - before);
      }
      this.#advance(count);
      this.#settle();
    }
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
    return this.#log.take();
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

/** Doubles or halves the steps of a call until it takes about CALL_TIME; the machine's own most bounds them. */
function pace(part: Part, made: number, elapsed: number): void {
  if (elapsed > 2 * CALL_TIME) part.steps = Math.max(1, part.steps >> 1);
  else if (elapsed < CALL_TIME && made === part.steps) part.steps *= 2;
}
