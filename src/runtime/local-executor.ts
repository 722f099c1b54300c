// LocalExecutor: an executor in this very thread. It serves runs in slices; between them everything else takes effect at once,
// since no step is under way while the event loop turns. JsExecutor and WasmExecutor are this with their machine.
import type { Program } from "../compile/program.ts";
import { DisposedError } from "../errors.ts";
import type {
  Executor,
  ExecutorInfo,
  PlanEntry,
  ProgramId,
  RunHandle,
  RunOptions,
  Slot,
  TypedArray,
  Write,
} from "./executor.ts";
import type { Machine } from "./machine.ts";
import { RunQueue, SLICE } from "./queue.ts";
import { Run, type StepMaker } from "./run.ts";
import type { Space } from "./space.ts";

/** Options that all local executors share. */
export interface LocalOptions {
  /** Fills arena and padding with NaN before every step, so that nothing can rely on them. For tests. Default false. */
  readonly poison?: boolean;
}

interface Body {
  readonly machine: Machine;
  readonly space: Space;
  readonly steps: StepMaker;
}

/** One step at a time, over a fresh layer of poison. */
function poisoned(machine: Machine, space: Space): StepMaker {
  return {
    maxSteps: () => 1,
    execute(loaded, steps, log, at) {
      space.poisonArena();
      machine.execute(loaded, steps, log, at);
    },
  };
}

export class LocalExecutor implements Executor {
  info: ExecutorInfo;
  /** Called after each slice with the steps that it made: for a record of the order in which runs took turns. */
  onSlice: (run: RunHandle, steps: number) => void = () => {};
  readonly #body: Promise<Body>;
  readonly #queue: RunQueue;
  readonly #poisons: boolean;
  #live: Body | undefined;
  #disposed = false;

  constructor(info: ExecutorInfo, machine: Machine | Promise<Machine>, options: LocalOptions) {
    this.info = info;
    this.#poisons = options.poison ?? false;
    this.#queue = new RunQueue((run) => this.#slice(run));
    this.#body = this.#begin(machine);
    // Whoever calls a method gets the error; an executor that is never used does not complain.
    this.#body.catch(() => {});
  }

  async #begin(machine: Machine | Promise<Machine>): Promise<Body> {
    // Loaded with the machine: a page whose executor is elsewhere does without.
    const [ready, { Space }] = await Promise.all([machine, import("./space.ts")]);
    const space = new Space(ready, this.#poisons);
    const body = { machine: ready, space, steps: this.#poisons ? poisoned(ready, space) : ready };
    if (this.#disposed) await ready.dispose();
    else this.#live = body;
    return body;
  }

  #slice(run: Run): void {
    if (this.#live === undefined) return;
    const before = run.steps;
    try {
      run.slice(this.#live.steps, SLICE);
    } finally {
      this.onSlice(run, run.steps - before);
    }
  }

  async #space(): Promise<Space> {
    await this.#body;
    if (this.#live === undefined) throw new DisposedError("the executor was disposed");
    return this.#live.space;
  }

  async load(program: Program): Promise<ProgramId> {
    const id = (await this.#space()).load(program);
    await this.#live?.machine.ready?.();
    await this.#space(); // or it was disposed meanwhile
    return id;
  }

  async unload(id: ProgramId): Promise<void> {
    (await this.#space()).unload(id);
  }

  async forget(variable: string): Promise<void> {
    (await this.#space()).forget(variable);
  }

  async write(slot: Slot, data: ArrayLike<number>): Promise<void> {
    (await this.#space()).write(slot, data);
  }

  async writeAll(writes: readonly Write[]): Promise<void> {
    (await this.#space()).writeAll(writes);
  }

  /** Writes outputs, too: what runs of another executor left. */
  async restoreAll(writes: readonly Write[]): Promise<void> {
    (await this.#space()).writeAll(writes, "restore");
  }

  async read(slot: Slot): Promise<TypedArray> {
    return (await this.#space()).read(slot);
  }

  async readAll(slots: readonly Slot[]): Promise<TypedArray[]> {
    const space = await this.#space();
    return slots.map((slot) => space.read(slot));
  }

  run(plan: readonly PlanEntry[], options: RunOptions = {}): RunHandle {
    const run = new Run(options, () => this.#queue.wake());
    this.#space()
      .then((space) => {
        run.begin(plan, (id) => space.loaded(id));
        this.#queue.add(run);
      })
      .catch((error: unknown) => run.fail(error));
    return run;
  }

  /** Makes no step for so many milliseconds, but of urgent runs: for whoever was answered from afar, and asks on. */
  hold(milliseconds: number): void {
    this.#queue.hold(milliseconds);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    const ended = this.#live?.machine.dispose();
    this.#live = undefined;
    this.#queue.close(new DisposedError("the executor was disposed during a run"));
    await ended;
    // A machine still on its way is disposed when it arrives; one that failed to start has nothing left.
    await this.#body.catch(() => {});
  }
}
