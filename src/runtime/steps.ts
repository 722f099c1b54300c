// The steps of a run: how far it is in its plan, and what was logged. The queue decides when they are made.
import { ArgumentError, DisposedError, MemoryError } from "../errors.ts";
import type { LogRows, PlanEntry, ProgramId, RunOptions } from "./executor.ts";
import type { Loaded, Machine } from "./machine.ts";

/** Milliseconds that one call of the machine should take: short, so that slices end in time; long, so that calls cost nothing. */
const CALL_TIME = 1;

/** Logged scalars that are kept for whoever takes them: 1 GiB. */
const MOST_LOGGED = 2 ** 27;

/** Tells the time in milliseconds. */
export type Clock = Pick<Performance, "now">;

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

/** What most logs begin with, and those of predictions end with: an array of its own costs more than a short run's other bookkeeping. */
const NOTHING = new Float64Array(0);

/** Logged scalars of all programs in the order of the steps, with the stretches that are of one program each. */
class Log {
  #values = NOTHING;
  #used = 0;
  /** Programs of the stretches, and their steps and milliseconds as of now. */
  readonly #parts: Part[] = [];
  #sums = NOTHING;
  #stretches = 0;

  get used(): number {
    return this.#used;
  }

  /** Where to write so many more scalars; one step's take little. @throws MemoryError where too many were not taken */
  room(scalars: number): Float64Array {
    const needed = this.#used + scalars;
    if (needed > MOST_LOGGED) throw new MemoryError(`run: nobody took the ${this.#used} scalars that it logged`);
    if (this.#values.length < needed) this.#values = grown(this.#values, Math.min(MOST_LOGGED, 2 * needed));
    return this.#values;
  }

  /** Steps were made, and their scalars written. */
  add(part: Part, steps: number, milliseconds: number): void {
    if (this.#stretches === 0 || this.#parts[this.#stretches - 1] !== part) {
      if (2 * this.#stretches === this.#sums.length) this.#sums = grown(this.#sums, Math.max(8, 4 * this.#stretches));
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
    // One buffer for all: thousands of short epochs are thousands of stretches, and a worker hands over each buffer by itself.
    const all = this.#values.slice(0, this.#used);
    const rows = Array.from({ length: this.#stretches }, (_, i): LogRows => {
      const { id, loaded } = this.#parts[i];
      const [steps, milliseconds] = this.#sums.subarray(2 * i);
      const values = all.subarray(at, at + steps * loaded.logTypes.length);
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

export class Steps {
  /** Steps made so far, those before `from` included. */
  made: number;
  readonly #from: number;
  readonly #log = new Log();
  /** The plan, without what it has no steps of. */
  readonly #entries: readonly Entry[];
  readonly #repeat: number;
  #round = 0;
  #entry = 0;
  #madeInEntry = 0;

  /** @throws ArgumentError for counts that are not whole; what `find` throws */
  constructor(plan: readonly PlanEntry[], { repeat = 1, from = 0 }: RunOptions, find: (id: ProgramId) => Loaded) {
    if (!(repeat === Number.POSITIVE_INFINITY || isCount(repeat)))
      throw new ArgumentError(`run: repeat is ${repeat}, not a whole number`);
    const parts = new Map<ProgramId, Part>();
    const entries = plan.map(([id, steps]) => {
      if (!isCount(steps)) throw new ArgumentError(`run: program ${id} for ${steps} steps`);
      const part = parts.get(id) ?? { id, loaded: find(id), steps: 1 };
      parts.set(id, part);
      return { part, steps };
    });
    this.#entries = entries.filter(({ steps }) => steps > 0);
    const once = entries.reduce((sum, { steps }) => sum + steps, 0);
    if (!isCount(from) || from > (once === 0 ? 0 : once * repeat))
      throw new ArgumentError(`run: cannot go on from step ${from} of ${once} x ${repeat}`);
    this.#repeat = once > 0 ? repeat : 0;
    this.#from = from;
    this.made = from;
    if (from > 0) this.#skip(from, once);
  }

  #skip(from: number, once: number): void {
    this.#round = Math.floor(from / once);
    let left = from % once;
    while (left >= this.#entries[this.#entry].steps) left -= this.#entries[this.#entry++].steps;
    this.#madeInEntry = left;
  }

  get finished(): boolean {
    return this.#round >= this.#repeat;
  }

  /** Begun, and sure to end. */
  get midway(): boolean {
    return this.made > this.#from && this.#repeat < Number.POSITIVE_INFINITY;
  }

  /** Makes steps until the time is up or the plan is at its end, at least one. Nothing is allocated except when a log grows. */
  slice(machine: StepMaker, milliseconds: number, clock: Clock): void {
    let now = clock.now();
    const end = now + milliseconds;
    while (!this.finished && now < end) {
      const { part, steps } = this.#entries[this.#entry];
      const count = least(steps - this.#madeInEntry, part.steps, machine.maxSteps(part.loaded));
      this.check();
      machine.execute(part.loaded, count, this.#log.room(count * part.loaded.logTypes.length), this.#log.used);
      this.made += count;
      const before = now;
      now = clock.now();
      this.#log.add(part, count, now - before);
      pace(part, count, now - before);
      this.#advance(count);
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

  /** @throws DisposedError where the program of the next step is no more */
  check(): void {
    if (this.finished) return;
    const { loaded, id } = this.#entries[this.#entry].part;
    if (!loaded.live) throw new DisposedError(`run: program ${id} was unloaded`);
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
