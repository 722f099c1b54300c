/// <reference lib="esnext.disposable" preserve="true" />
// RemoteExecutor: an executor at the other end of a channel. Programs and data cross, nothing else. With `respawn` another worker
// goes on where one died, as if it had not (README.md).
import { aText } from "../check.ts";
import { DisposedError, ThreadError, WorkerError } from "../errors.ts";
import { aProgram, type Program } from "../program/program.ts";
import { aProgramId, checkRunOptions, checkSlots, checkWrites, ownOptions } from "../runtime/arguments.ts";
import { checkedPlan } from "../runtime/check-plan.ts";
import { hasEnded } from "../runtime/endings.ts";
import type {
  Executor,
  ExecutorInfo,
  PlanEntry,
  ProgramId,
  RunHandle,
  RunOptions,
  RunResult,
  Slot,
  TeamInfo,
  TypedArray,
  Write,
} from "../runtime/executor.ts";
import { type Inputs, makeStep, type Ports } from "../runtime/step.ts";
import { buffersOf, copied, fresh, kept, type OwnWrite } from "./arrays.ts";
import { Link } from "./link.ts";
import { type Deed, Mirror } from "./mirror.ts";
import { type Order, Orders } from "./orders.ts";
import { RemoteRun, type RunControl } from "./remote-run.ts";
import type { News, RunId, Settings } from "./wire.ts";
import type { AnyWorker } from "./workers.ts";

/** What becomes of a worker that died. */
export interface Respawn {
  /** Milliseconds from one checkpoint to the next. */
  readonly every: number;
  /** Workers that may die one after the other without having done anything. */
  readonly attempts: number;
}

export interface RemoteOptions {
  readonly settings: Settings;
  /** Milliseconds that a worker may be silent. */
  readonly patience: number;
  /** Starts a worker: the first one, and with `respawn` those that follow. */
  readonly start: () => AnyWorker;
  readonly respawn?: Respawn;
}

/** A run that is not known to have ended. */
interface OpenRun {
  readonly run: RemoteRun;
  readonly order: Order<RunResult>;
}

export class RemoteExecutor implements Executor {
  info: ExecutorInfo = { name: "js", tile: "", threads: 1, fallback: "" };
  /** Told of each program that is loaded. */
  onLoad: ((program: Program) => void) | undefined;
  readonly #options: RemoteOptions;
  readonly #attempts: number;
  readonly #mirror: Mirror | undefined;
  readonly #orders: Orders;
  readonly #control: RunControl;
  readonly #runs = new Map<RunId, OpenRun>();
  /** What programs take and give. */
  readonly #ports = new Map<ProgramId, Ports>();
  /** The worker in use, or the one that is being prepared. */
  #link: Link | undefined;
  /** Why nothing can be asked any more. */
  #error: Error | undefined;
  #nextProgram = 1;
  #nextRun = 1;
  /** Workers that died one after the other without having done anything. */
  #deaths = 0;

  private constructor(options: RemoteOptions) {
    this.#options = options;
    this.#attempts = options.respawn?.attempts ?? 0;
    this.#mirror = options.respawn && new Mirror();
    this.#orders = new Orders(this.#attempts);
    this.#control = {
      pause: (run) => this.#ask((link) => link.call("pause", [run])),
      resume: (run) => void this.#ask((link) => link.call("resume", [run])).catch(ignore),
      stop: (run) => this.#stop(run),
    };
  }

  /** @throws WorkerError if no worker can be started; what its executor throws when it is made */
  static async create(options: RemoteOptions): Promise<RemoteExecutor> {
    const executor = new RemoteExecutor(options);
    await executor.#prepare();
    return executor;
  }

  /** Starts a worker, has it do what those before it did, and gives it the orders that are open. */
  async #prepare(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    const { settings, patience, respawn } = this.#options;
    let began: number | undefined;
    const link = new Link(this.#start(), patience, {
      told: (news) => this.#told(news),
      died: (error) => {
        if (began === undefined) return; // whoever prepares it gets the error
        // It lived for long enough: what it died of is no fault of how it began.
        if (performance.now() - began >= (respawn?.every ?? 0)) this.#deaths = 0;
        void this.#replace(error);
      },
    });
    this.#link = link;
    try {
      this.info = await link.begin({ ...settings, every: respawn?.every ?? 0 });
      await Promise.all(Array.from(this.#mirror?.deeds() ?? [], (deed) => redo(link, deed)));
    } catch (error) {
      await link.end(asError(error));
      throw this.#error ?? error;
    }
    began = performance.now();
    this.#orders.begin(link);
    void this.#follow(link);
  }

  #start(): AnyWorker {
    try {
      return this.#options.start();
    } catch (error) {
      throw new WorkerError(`the worker could not be started: ${asError(error).message}`, { cause: error });
    }
  }

  /** Has another worker take over from one that died, or fails. */
  async #replace(death: WorkerError): Promise<void> {
    if (this.#orders.lost(death)) this.#deaths = 0;
    let error: unknown = death;
    while ((error instanceof WorkerError || error instanceof ThreadError) && this.#deaths++ < this.#attempts)
      try {
        await this.#prepare();
        return;
      } catch (reason) {
        error = reason;
      }
    this.#end(asError(error));
  }

  async #follow(link: Link): Promise<void> {
    try {
      while (true) await link.call("news", [], { idle: true });
    } catch (error) {
      link.fail(new WorkerError(`the worker cannot tell what it does: ${asError(error).message}`, { cause: error }));
    }
  }

  #told({ events, logs }: News): void {
    if (events.length > 0) this.#deaths = 0;
    for (const event of events)
      if ("values" in event) this.#mirror?.reached(event.values);
      else this.#made(event.run, event.steps);
    for (const { run, rows } of logs) this.#runs.get(run)?.run.logged(rows);
  }

  #made(id: RunId, steps: number): void {
    const open = this.#runs.get(id);
    if (open === undefined) return;
    const { run, order } = open;
    const { writes } = run;
    if (writes.length > 0) this.#mirror?.did({ call: "write", writes });
    this.#mirror?.did({ call: "repeat", stretch: { plan: run.plan, from: run.steps, steps } });
    this.#orders.progressed(order);
    run.made(steps);
  }

  /** Has the worker do something, or the next one where it dies over it. `did` notes that it was done. */
  #ask<T>(ask: (link: Link) => Promise<T>, did: (answer: T) => void = ignore): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (answer: T) => {
        this.#deaths = 0;
        did(answer);
        resolve(answer);
      };
      if (this.#error === undefined) this.#orders.add({ ask, done, refuse: reject });
      else reject(this.#error);
    });
  }

  async load(program: Program): Promise<ProgramId> {
    aProgram(program, "load: program");
    const id = this.#nextProgram++;
    const { inputs, outputs } = program;
    const ports = { inputs: [...inputs], outputs: [...outputs] };
    this.info = await this.#ask(
      (link) => link.call("load", [id, program]),
      () => {
        this.#ports.set(id, ports);
        this.onLoad?.(program);
        this.#mirror?.did({ call: "load", id, program });
      },
    );
    return id;
  }

  async unload(id: ProgramId): Promise<void> {
    aProgramId(id, "unload: id");
    return this.#ask(
      (link) => link.call("unload", [id]),
      () => {
        this.#ports.delete(id);
        this.#mirror?.did({ call: "unload", id });
      },
    );
  }

  async forget(variable: string): Promise<void> {
    aText(variable, "forget: variable");
    return this.#ask(
      (link) => link.call("forget", [variable]),
      () => this.#mirror?.did({ call: "forget", variable }),
    );
  }

  write(slot: Slot, data: ArrayLike<number>): Promise<void> {
    return this.writeAll([{ slot, data }]);
  }

  async writeAll(writes: readonly Write[]): Promise<void> {
    checkWrites(writes, "write");
    const mirror = this.#mirror;
    const own = writes.map(({ slot, data }) => ({ slot: { ...slot }, data: mirror ? kept(data) : fresh(data) }));
    await this.#ask(
      (link) => give(link, "write", mirror ? own.map(another) : own),
      () => mirror?.did({ call: "write", writes: own }),
    );
  }

  async read(slot: Slot): Promise<TypedArray> {
    return (await this.readAll([slot]))[0];
  }

  async readAll(slots: readonly Slot[]): Promise<TypedArray[]> {
    checkSlots(slots, "read");
    const asked = slots.map((slot) => ({ ...slot }));
    return [...(await this.#ask((link) => link.call("read", [asked])))];
  }

  async teams(): Promise<TeamInfo[]> {
    return [...(await this.#ask((link) => link.call("teams", [])))];
  }

  run(plan: readonly PlanEntry[], options: RunOptions = {}): RunHandle {
    checkRunOptions(options);
    const id = this.#nextRun++;
    let [entries, refused]: [readonly PlanEntry[], unknown] = [[], this.#error];
    try {
      entries = checkedPlan(plan);
    } catch (error) {
      refused ??= error;
    }
    const { write = [], ...rest } = options;
    const writes = write.map(({ slot, data }) => ({ slot: { ...slot }, data: fresh(data) }));
    const run = new RemoteRun(id, entries, ownOptions(rest), writes, this.#control);
    if (refused !== undefined) {
      if (this.#error instanceof DisposedError) run.done.catch(ignore); // whoever disposed knows
      run.fail(refused);
      return run;
    }
    const order: Order<RunResult> = {
      ask: (link) => link.call("run", [run.order()]),
      rests: () => run.paused,
      done: (result) => {
        this.#runs.delete(id);
        run.end(result);
      },
      refuse: (error) => {
        this.#runs.delete(id);
        run.fail(error);
      },
    };
    this.#runs.set(id, { run, order });
    const stop = () => this.#stop(id);
    options.after?.done.then(({ stopped }) => stopped && stop(), stop);
    this.#orders.add(order);
    return run;
  }

  async step(id: ProgramId, inputs: Inputs = {}): Promise<Record<string, TypedArray>> {
    aProgramId(id, "step: id");
    if (this.#error !== undefined) throw this.#error;
    const ports = this.#ports.get(id);
    if (ports === undefined) throw new DisposedError(`program ${id} is not loaded`);
    return makeStep(ports, id, inputs, (plan, options) => this.run(plan, options).done);
  }

  /** A run that no worker knows is over as soon as nobody wants it: it stands where it was told to be. */
  #stop(id: RunId): void {
    const open = this.#runs.get(id);
    if (open === undefined) return;
    const { run, order } = open;
    if (this.#orders.withdraw(order)) order.done({ steps: run.steps, stopped: run.steps < run.whole });
    else void this.#ask((link) => link.call("stop", [id])).catch(ignore);
  }

  #end(error: Error): void {
    this.#error ??= error;
    this.#orders.refuse(this.#error);
    hasEnded(this, this.#error);
  }

  async dispose(): Promise<void> {
    if (this.#error instanceof DisposedError) return;
    this.#error = new DisposedError("the executor was disposed");
    for (const { run } of this.#runs.values()) {
      run.done.catch(ignore); // whoever disposes knows: a run that nobody waits for does not complain
      run.fail(new DisposedError("the executor was disposed during a run"));
    }
    this.#orders.refuse(this.#error);
    hasEnded(this, this.#error);
    await this.#link?.end(this.#error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Has a worker do what one before it did. */
function redo(link: Link, deed: Deed): Promise<unknown> {
  switch (deed.call) {
    case "load":
      return link.call("load", [deed.id, deed.program]);
    case "unload":
      return link.call("unload", [deed.id]);
    case "forget":
      return link.call("forget", [deed.variable]);
    case "write":
    case "restore":
      return give(link, deed.call, deed.writes.map(another));
    case "repeat":
      return link.call("repeat", [deed.stretch]);
  }
}

function give(link: Link, call: "write" | "restore", writes: readonly OwnWrite[]): Promise<void> {
  return link.call(call, [writes], { transfer: buffersOf(writes) });
}

/** The same to give away: this side keeps its own. */
function another({ slot, data }: OwnWrite): OwnWrite {
  return { slot, data: copied(data) };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new WorkerError(String(error));
}

function ignore(): void {}
