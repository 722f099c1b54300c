/// <reference lib="esnext.disposable" preserve="true" />
// LocalExecutor: an executor in this very thread. It serves runs in slices; between them everything else takes effect at once,
// since no step is under way while the event loop turns, and in the order of the calls. JsExecutor and WasmExecutor are this with their
// machine.
import { aText } from "../check.ts";
import { ArgumentError, DisposedError } from "../errors.ts";
import { aProgram, isForeign, type Program } from "../program/program.ts";
import { aProgramId, checkRunOptions, checkSlots, checkWrites, ownOptions } from "./arguments.ts";
import { checkedPlan } from "./check-plan.ts";
import { copyOf } from "./copy-of.ts";
import { hasEnded } from "./endings.ts";
import type {
  Executor,
  ExecutorInfo,
  PlanEntry,
  ProgramId,
  RunHandle,
  RunOptions,
  Slot,
  TeamInfo,
  TypedArray,
  Write,
} from "./executor.ts";
import type { Machine } from "./machine.ts";
import type { RunQueue } from "./queue.ts";
import { type Home, Run } from "./run.ts";
import type { Space } from "./space.ts";
import type { Inputs } from "./step.ts";
import type { Clock, StepMaker } from "./steps.ts";

/** Options that all local executors share. */
export interface LocalOptions {
  /** Fills arena and padding with NaN before every step, so that nothing can rely on them. For tests. Default false. */
  readonly poison?: boolean;
}

/** What there is once the machine has come. */
interface Body {
  readonly machine: Machine;
  readonly space: Space;
  readonly queue: RunQueue;
  readonly makeStep: typeof import("./space.ts").makeStep;
}

async function bodyOf(
  coming: Machine | Promise<Machine>,
  poisons: boolean,
  onSlice: LocalExecutor["onSlice"],
  clock?: Clock,
): Promise<Body> {
  // Loaded with the machine: a page whose executor is elsewhere does without.
  const [machine, { Space, makeStep }, { RunQueue }] = await Promise.all([
    coming,
    import("./space.ts"),
    import("./queue.ts"),
  ]);
  const space = new Space(machine, poisons);
  return {
    machine,
    space,
    makeStep,
    queue: new RunQueue(poisons ? poisoned(machine, space) : machine, onSlice, clock),
  };
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

/** What programs from elsewhere are verified by, once one has come: compiled ones need none. */
let verify: ((program: Program) => void) | undefined;

async function verifier(): Promise<void> {
  verify = (await import("../program/verify-program.ts")).verifyProgram;
}

export class LocalExecutor implements Executor {
  info: ExecutorInfo;
  /** Called after each slice with the steps that it made: for a record of the order in which runs took turns. */
  onSlice: (run: RunHandle, steps: number) => void = () => {};
  readonly #body: Promise<Body>;
  /** From the coming of the machine to the disposal. */
  #live: Body | undefined;
  /** The verifier on its way, and the calls that wait for it: all that come meanwhile do, so that they stay in their order. */
  #coming: Promise<void> | undefined;
  #waiting = 0;
  #disposal: Promise<void> | undefined;
  readonly #home: Home = {
    wake: () => this.#live?.queue.wake(),
    slots: () => (this.#live as Body).space, // a run makes no step and does not end without one
  };

  /** `clock`: what slices are measured by; for tests. */
  constructor(info: ExecutorInfo, machine: Machine | Promise<Machine>, options: LocalOptions, clock?: Clock) {
    this.info = info;
    this.#body = bodyOf(machine, options.poison ?? false, (run, steps) => this.onSlice(run, steps), clock);
    // It is live before the first call that waited for it goes on. Whoever calls a method gets the error; an executor that is never used does
    // not complain.
    this.#body.then(
      (body) => {
        if (this.#disposal === undefined) this.#live = body;
      },
      () => {},
    );
  }

  /** Whether what is asked now is done now. */
  get #isImmediate(): boolean {
    return this.#live !== undefined && this.#coming === undefined;
  }

  /** Does something between two steps: in this very moment, or, in the order of the calls, when the machine has come. */
  async #act<T>(task: (body: Body) => T): Promise<T> {
    if (this.#coming !== undefined) {
      this.#waiting++;
      try {
        await this.#coming;
      } finally {
        if (--this.#waiting === 0) this.#coming = undefined;
      }
    }
    if (this.#live === undefined && this.#disposal === undefined) await this.#body;
    if (this.#live === undefined) throw new DisposedError("the executor was disposed");
    return task(this.#live);
  }

  load(program: Program): Promise<ProgramId> {
    return this.loadAs(undefined, program);
  }

  /** Under a number of the caller's, which no program has had: whoever speaks for another executor names programs as that one does. */
  async loadAs(id: ProgramId | undefined, given: Program): Promise<ProgramId> {
    aProgram(given, "load: program");
    const foreign = isForeign(given);
    // As it is now: what is verified is what runs, whatever becomes of the caller's object.
    const program = foreign ? cloned(given) : { ...given, code: given.code.slice() };
    if (foreign && verify === undefined) this.#coming ??= verifier();
    const loaded = await this.#act(({ machine, space }) => {
      if (foreign) verify?.(program);
      return { id: space.load(program, id), ready: machine.ready?.() };
    });
    await loaded.ready;
    return this.#act(() => loaded.id); // or it was disposed meanwhile
  }

  async unload(id: ProgramId): Promise<void> {
    aProgramId(id, "unload: id");
    return this.#act(({ space, queue }) => {
      space.unload(id);
      queue.check();
    });
  }

  async forget(variable: string): Promise<void> {
    aText(variable, "forget: variable");
    return this.#act(({ space }) => space.forget(variable));
  }

  write(slot: Slot, data: ArrayLike<number>): Promise<void> {
    return this.writeAll([{ slot, data }]);
  }

  async writeAll(writes: readonly Write[]): Promise<void> {
    checkWrites(writes, "write");
    // What counts is what they hold now, not when the machine comes.
    const given = this.#isImmediate
      ? writes
      : writes.map(({ slot, data }) => ({ slot: { ...slot }, data: copyOf(data) }));
    return this.#act(({ space }) => space.writeAll(given));
  }

  /** Writes outputs, too: what runs of another executor left. */
  restoreAll(writes: readonly Write[]): Promise<void> {
    return this.#act(({ space }) => space.writeAll(writes, "restore"));
  }

  async read(slot: Slot): Promise<TypedArray> {
    return (await this.readAll([slot]))[0];
  }

  async readAll(slots: readonly Slot[]): Promise<TypedArray[]> {
    checkSlots(slots, "read");
    const asked = this.#isImmediate ? slots : slots.map((slot) => ({ ...slot }));
    return this.#act(({ space }) => asked.map((slot) => space.read(slot)));
  }

  run(plan: readonly PlanEntry[], options: RunOptions = {}): RunHandle {
    checkRunOptions(options);
    const run = this.#newRun(options);
    void this.#begin(run, plan);
    return run;
  }

  async step(id: ProgramId, inputs: Inputs = {}): Promise<Record<string, TypedArray>> {
    aProgramId(id, "step: id");
    const own = this.#isImmediate ? inputs : copied(inputs, "step: inputs");
    return this.#act((body) =>
      body.makeStep(body.space.loaded(id).program, id, own, (plan, options) => {
        const run = this.#newRun(options);
        this.#add(run, plan, body, true);
        return run.done;
      }),
    );
  }

  #newRun(options: RunOptions): Run {
    return new Run(ownOptions(options), this.#home);
  }

  async #begin(run: Run, plan: readonly PlanEntry[]): Promise<void> {
    try {
      const entries = checkedPlan(plan);
      await this.#act((body) => this.#add(run, entries, body));
    } catch (error) {
      // Whoever disposed knows: a run that nobody waits for does not complain.
      if (this.#disposal !== undefined) run.done.catch(() => {});
      run.fail(error);
    }
  }

  teams(): Promise<TeamInfo[]> {
    return this.#act(({ space }) => space.teams());
  }

  /** Begins a run whose slots are there. */
  #add(run: Run, entries: readonly PlanEntry[], { space, queue }: Pick<Body, "space" | "queue">, short = false): void {
    space.check(run.options.write ?? []);
    queue.add(run, entries, (id) => space.loaded(id), short);
  }

  /** Makes no step for so many milliseconds, but of urgent runs: for whoever was answered from afar, and asks on. */
  hold(milliseconds: number): void {
    this.#live?.queue.hold(milliseconds);
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#end();
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #end(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    const error = new DisposedError("the executor was disposed during a run");
    live?.queue.close(error);
    hasEnded(this, error);
    // A machine still on its way is disposed of when it arrives; one that failed to start has nothing left.
    const body = live ?? (await this.#body.catch(() => undefined));
    await body?.machine.dispose();
  }
}

/** A copy of a program from elsewhere. @throws ArgumentError for what is none */
function cloned(given: Program): Program {
  const copy = copied({ ...given }, "load: program");
  aProgram(copy, "load: program");
  return { ...copy, code: copy.code.slice() }; // also of memory that threads share
}

/** A copy of plain data. @throws ArgumentError for anything else */
function copied<T>(given: T, what: string): T {
  try {
    return structuredClone(given);
  } catch {
    throw new ArgumentError(`${what}: holds what is no plain data`);
  }
}
