// An executor as far away as chance wants it: every call reaches the one behind it, and every answer comes back, some turns later, the
// calls in their order. What a trainer awaits can so end before or after anything else.
import type {
  Executor,
  LogRows,
  PlanEntry,
  Program,
  ProgramId,
  RunHandle,
  RunOptions,
  RunResult,
  Slot,
  TeamInfo,
  TypedArray,
  Write,
} from "simdgrad";
import { copyOf } from "../../src/runtime/copy-of.ts";

export class Delayed implements Executor {
  readonly info: Executor["info"];
  readonly #inner: Executor;
  readonly #delay: () => Promise<void>;
  /** Resolves when all calls so far have arrived. */
  #road: Promise<void> = Promise.resolve();
  /** Programs that are loaded. */
  readonly programs = new Set<ProgramId>();
  /** Variables that programs have named, and that were not forgotten. */
  readonly variables = new Set<string>();

  constructor(inner: Executor, delay: () => Promise<void>) {
    this.#inner = inner;
    this.info = inner.info;
    this.#delay = delay;
  }

  async send<T>(act: (inner: Executor) => T | Promise<T>): Promise<T> {
    const arrived = this.#road.then(this.#delay);
    this.#road = arrived;
    await arrived;
    try {
      return await act(this.#inner);
    } finally {
      await this.#delay();
    }
  }

  load(program: Program): Promise<ProgramId> {
    return this.send(async (inner) => {
      const id = await inner.load(program);
      this.programs.add(id);
      for (const { key } of program.variables) this.variables.add(key);
      return id;
    });
  }

  unload(id: ProgramId): Promise<void> {
    return this.send((inner) => inner.unload(id).then(() => void this.programs.delete(id)));
  }

  forget(variable: string): Promise<void> {
    return this.send((inner) => inner.forget(variable).then(() => void this.variables.delete(variable)));
  }

  write(slot: Slot, data: ArrayLike<number>): Promise<void> {
    return this.writeAll([{ slot, data }]);
  }

  writeAll(writes: readonly Write[]): Promise<void> {
    const own = writes.map(({ slot, data }) => ({ slot, data: copyOf(data) }));
    return this.send((inner) => inner.writeAll(own));
  }

  read(slot: Slot): Promise<TypedArray> {
    return this.send((inner) => inner.read(slot));
  }

  readAll(slots: readonly Slot[]): Promise<TypedArray[]> {
    return this.send((inner) => inner.readAll(slots));
  }

  step(id: ProgramId, inputs: Readonly<Record<string, ArrayLike<number>>> = {}): Promise<Record<string, TypedArray>> {
    const own = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, copyOf(data)]));
    return this.send((inner) => inner.step(id, own));
  }

  run(plan: readonly PlanEntry[], options: RunOptions = {}): RunHandle {
    return new DelayedRun(this, plan, options);
  }

  teams(): Promise<TeamInfo[]> {
    return this.send((inner) => inner.teams());
  }

  dispose(): Promise<void> {
    return this.send((inner) => inner.dispose());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

class DelayedRun implements RunHandle {
  readonly done: Promise<RunResult>;
  readonly #executor: Delayed;
  readonly #from: number;
  #inner: RunHandle | undefined;
  /** What it was told before it arrived goes along with it. */
  #paused = false;

  constructor(executor: Delayed, plan: readonly PlanEntry[], options: RunOptions) {
    this.#executor = executor;
    this.#from = options.from ?? 0;
    this.done = executor.send((inner) => {
      const { after } = options; // in its order: that one has arrived
      this.#inner = inner.run(plan, { ...options, after: after instanceof DelayedRun ? after.#inner : after });
      if (this.#paused) void this.#inner.pause();
      return this.#inner.done;
    });
    this.done.catch(() => undefined);
  }

  get steps(): number {
    return this.#inner?.steps ?? this.#from;
  }

  pause(): Promise<void> {
    this.#paused = true;
    return this.#executor.send(() => this.#inner?.pause());
  }

  resume(): void {
    this.#paused = false;
    void this.#executor.send(() => this.#inner?.resume());
  }

  async stop(): Promise<RunResult> {
    await this.#executor.send(() => void this.#inner?.stop().catch(() => undefined));
    return this.done;
  }

  takeLog(): LogRows[] {
    return this.#inner?.takeLog() ?? [];
  }
}
