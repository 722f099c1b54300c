// Training by an optimizer that evaluates the loss several times a step (L-BFGS): a run of several programs, steered from here. It
// imports types alone: loaded when needed, it would otherwise cut what it shares out of the core.
import type { Evaluation, Minimizer } from "../optim/minimizer.ts";
import type { Executor, LogRows, PlanEntry, ProgramId, RunHandle, RunResult } from "../runtime/executor.ts";
import type { Variable } from "../variable.ts";

/** What is run. */
export interface Search {
  readonly parameters: readonly Variable[];
  /** Evaluations of the loss, each of which begins a step, and other programs. */
  readonly plan: readonly PlanEntry[];
  readonly repeat: number;
  /** Steps that are left out. */
  readonly from: number;
  /** By evaluation: what follows its step. */
  readonly advance: ReadonlyMap<ProgramId, ProgramId>;
  /** The outputs of an evaluation that hold gradients, by place of the parameter. */
  readonly gradientName: (parameter: number) => string;
  /** Makes a step while nobody else reads, writes or measures parameters: they are at points that are tried. */
  readonly exclusive: <T>(task: () => Promise<T>) => Promise<T>;
}

/** A run like an executor's own. */
export class SearchRun implements RunHandle {
  readonly done: Promise<RunResult>;
  readonly #executor: Executor;
  readonly #minimizer: Minimizer;
  readonly #search: Search;
  #steps: number;
  #log: LogRows[] = [];
  #stopped = false;
  #over = false;
  #step: Promise<unknown> = Promise.resolve();
  /** While it is paused: a run that makes no step, and ends with the pause, or with the executor. */
  #pause: RunHandle | undefined;

  constructor(executor: Executor, minimizer: Minimizer, search: Search) {
    this.#executor = executor;
    this.#minimizer = minimizer;
    this.#search = search;
    this.#steps = search.from;
    this.done = this.#run(search).finally(() => {
      this.#over = true;
      this.resume(); // nothing waits for it any more
    });
  }

  get steps(): number {
    return this.#steps;
  }

  async pause(): Promise<void> {
    if (this.#pause === undefined && !this.#over) {
      this.#pause = this.#executor.run([[this.#search.plan[0][0], 1]]);
      this.#pause.done.catch(() => undefined); // this run's own end tells
      void this.#pause.pause().catch(() => undefined);
    }
    await this.#step;
  }

  resume(): void {
    void this.#pause?.stop().catch(() => undefined);
    this.#pause = undefined;
  }

  stop(): Promise<RunResult> {
    this.#stopped = true;
    this.resume();
    return this.done;
  }

  takeLog(): LogRows[] {
    const log = this.#log;
    this.#log = [];
    return log;
  }

  async #run({ plan, repeat, from, advance, exclusive }: Search): Promise<RunResult> {
    let skip = from;
    for (let round = 0; round < repeat; round++)
      for (const [id, steps] of plan)
        for (let i = 0; i < steps; i++) {
          if (skip-- > 0) continue;
          do await this.#pause?.done;
          while (this.#pause !== undefined);
          if (this.#stopped) return { steps: this.#steps, stopped: true };
          const step = advance.has(id) ? exclusive(() => this.#one(id)) : this.#plain(id);
          this.#step = step.catch(() => undefined);
          const rows = await step; // the log is another one if it was taken meanwhile
          this.#log.push(...rows);
          this.#steps++;
        }
    return { steps: this.#steps, stopped: false };
  }

  async #plain(id: ProgramId): Promise<LogRows[]> {
    const run = this.#executor.run([[id, 1]]);
    await run.done;
    return run.takeLog();
  }

  /** One step. @returns the log of its first evaluation, which is where it began */
  async #one(id: ProgramId): Promise<LogRows[]> {
    const executor = this.#executor;
    const { parameters, advance, gradientName } = this.#search;
    const values = await Promise.all(parameters.map(({ key }) => executor.read({ variable: key })));
    const x = joined(values);
    let first: LogRows[] | undefined;
    await this.#minimizer.step(x, async (point): Promise<Evaluation> => {
      await this.#write(point);
      const run = executor.run([[id, 1]]);
      await run.done;
      const log = run.takeLog();
      first ??= log;
      const names = parameters.map((_, i) => executor.read({ program: id, name: gradientName(i) }));
      return { loss: log[0].values[log[0].names.indexOf("loss")], gradient: joined(await Promise.all(names)) };
    });
    await this.#write(x);
    await executor.run([[advance.get(id) as ProgramId, 1]]).done;
    return first ?? [];
  }

  async #write(point: Float64Array): Promise<void> {
    let start = 0;
    for (const { key, shape } of this.#search.parameters) {
      const end = start + shape.reduce((size, length) => size * length, 1);
      await this.#executor.write({ variable: key }, point.subarray(start, end));
      start = end;
    }
  }
}

function joined(parts: readonly ArrayLike<number>[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
}
