// A plain model of an executor in this thread: numbers by key, programs that add to them, runs that are so many steps long. It knows
// nothing of promises: orders happen at once, in the order of their calls. How many steps a run has made, it is told.
import { ArgumentError, DisposedError, type ProgramError } from "../../src/errors.ts";
import type { RunResult } from "../../src/runtime/executor.ts";

/** An error by its class. */
export type Refusal = typeof ArgumentError | typeof DisposedError | typeof ProgramError;

/** A program that adds `by` to the number `key` in each of its steps. */
export interface Counter {
  readonly key: string;
  readonly by: number;
  loaded: boolean;
}

/** A run of a plan, repeated. */
export class ModelRun {
  readonly plan: readonly (readonly [Counter, number])[];
  readonly repeat: number;
  /** Steps as of the last look. */
  steps = 0;
  paused = false;
  stopped = false;

  constructor(plan: ModelRun["plan"], repeat: number) {
    this.plan = plan;
    this.repeat = repeat;
  }

  get once(): number {
    return this.plan.reduce((sum, [, steps]) => sum + steps, 0);
  }

  get total(): number {
    return this.once === 0 ? 0 : this.once * this.repeat;
  }

  /** What makes step number `step`. */
  at(step: number): Counter {
    let left = step % this.once;
    for (const [counter, steps] of this.plan) {
      if (left < steps) return counter;
      left -= steps;
    }
    throw new RangeError(`a plan of ${this.once} steps has no step ${step}`);
  }

  /** How it may end after its steps so far. */
  ends({ disposed }: { readonly disposed: boolean }): (RunResult | Refusal)[] {
    const stopped = { steps: this.steps, stopped: true };
    if (this.steps === this.total)
      return [{ steps: this.total, stopped: false }, ...(this.total === 0 ? [stopped] : [])];
    const fails = disposed || !this.at(this.steps).loaded;
    return [...(this.stopped ? [stopped] : []), ...(fails ? [DisposedError] : [])];
  }
}

export class Model {
  readonly numbers = new Map<string, number>();
  readonly programs: Counter[] = [];
  readonly runs: ModelRun[] = [];
  disposed = false;

  /** A run has made its steps up to `steps`. @returns what is wrong with that */
  advance(run: ModelRun, steps: number): string | undefined {
    if (steps === run.steps) return undefined;
    if (steps < run.steps || steps > run.total) return `went from step ${run.steps} to ${steps} of ${run.total}`;
    if (run.paused || run.stopped || this.disposed) return `made step ${run.steps} when it was told to make none`;
    for (; run.steps < steps; run.steps++) {
      const { key, by, loaded } = run.at(run.steps);
      if (!loaded) return `made step ${run.steps} of a program that is unloaded`;
      this.numbers.set(key, (this.numbers.get(key) ?? 0) + by);
    }
    return undefined;
  }

  load(key: string, by: number): Counter | Refusal {
    if (this.disposed) return DisposedError;
    if (!this.numbers.has(key)) this.numbers.set(key, 0);
    const counter = { key, by, loaded: true };
    this.programs.push(counter);
    return counter;
  }

  unload(counter: Counter): Refusal | undefined {
    if (this.disposed || !counter.loaded) return DisposedError;
    counter.loaded = false;
    return undefined;
  }

  forget(key: string): Refusal | undefined {
    if (this.disposed) return DisposedError;
    if (!this.numbers.has(key) || this.programs.some((each) => each.loaded && each.key === key)) return ArgumentError;
    this.numbers.delete(key);
    return undefined;
  }

  read(key: string): number | Refusal {
    if (this.disposed) return DisposedError;
    return this.numbers.get(key) ?? ArgumentError;
  }

  write(key: string, value: number): Refusal | undefined {
    if (this.disposed) return DisposedError;
    if (!this.numbers.has(key)) return ArgumentError;
    this.numbers.set(key, value);
    return undefined;
  }

  run(plan: ModelRun["plan"], repeat: number): ModelRun | Refusal {
    if (this.disposed || plan.some(([counter]) => !counter.loaded)) return DisposedError;
    const run = new ModelRun(plan, repeat);
    this.runs.push(run);
    return run;
  }

  /** Runs that still want a step end. */
  dispose(): void {
    this.disposed = true;
  }
}
