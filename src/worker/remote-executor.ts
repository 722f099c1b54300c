// RemoteExecutor: an executor at the other end of a channel. Programs and data cross, nothing else. With `respawn` another worker
// goes on where one died, from the last checkpoint (mirror.ts).
import type { Program } from "../compile/program.ts";
import { DisposedError, ThreadError, WorkerError } from "../errors.ts";
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
} from "../runtime/executor.ts";
import { buffersOf, copied, kept } from "./arrays.ts";
import { type Call, Link } from "./link.ts";
import { Mirror } from "./mirror.ts";
import { type Control, RemoteRun } from "./remote-run.ts";
import { fromWire, type News, type RunEnd, type RunId, type Service, type Settings } from "./wire.ts";
import type { AnyWorker } from "./workers.ts";

/** What becomes of a worker that died. */
export interface Respawn {
  /** Milliseconds from one checkpoint to the next. */
  readonly every: number;
  /** Workers that may die one after the other with no checkpoint in between. */
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

/** Id of the program that names all variables to a new worker. */
const DECLARATION: ProgramId = 0;

export class RemoteExecutor implements Executor {
  info: ExecutorInfo = { name: "js", tile: "", threads: 1, fallback: "" };
  readonly #options: RemoteOptions;
  readonly #mirror: Mirror | undefined;
  readonly #control: Control;
  readonly #runs = new Map<RunId, RemoteRun>();
  /** The worker in use; undefined before the first, and while another takes over. */
  #link: Link | undefined;
  /** The worker that is being prepared. */
  #coming: Link | undefined;
  /** Resolves when there is a worker in use. */
  #ready: Promise<Link>;
  /** Why nothing can be asked any more. */
  #error: Error | undefined;
  #nextProgram = DECLARATION + 1;
  #nextRun = 1;
  /** Workers that died since the last checkpoint. */
  #deaths = 0;
  /** Programs that the worker in use has run: their outputs are there. */
  #ran = new Set<ProgramId>();

  private constructor(options: RemoteOptions) {
    this.#options = options;
    this.#mirror = options.respawn && new Mirror();
    this.#control = {
      pause: async (run) => this.#take(await this.#call("pause", [run])),
      resume: (run) => void this.#call("resume", [run]).catch(ignore),
      stop: (run) => void this.#call("stop", [run]).catch(ignore),
    };
    this.#ready = this.#prepare();
  }

  /** @throws WorkerError if no worker can be started; what its executor throws when it is made */
  static async create(options: RemoteOptions): Promise<RemoteExecutor> {
    const executor = new RemoteExecutor(options);
    await executor.#ready;
    return executor;
  }

  /** Starts a worker and tells it what there is. */
  async #prepare(): Promise<Link> {
    const { settings, patience, respawn } = this.#options;
    const link = new Link(this.#start(), patience, (error) => this.#died(link, error));
    this.#coming = link;
    try {
      this.info = await link.begin({ ...settings, every: respawn?.every ?? 0 });
      if (this.#mirror !== undefined) await restore(link, this.#mirror);
    } catch (error) {
      await link.end(asError(error));
      throw error;
    }
    this.#coming = undefined;
    this.#link = link;
    this.#ran = new Set();
    for (const run of this.#runs.values()) {
      this.#begin(link, run, this.#mirror?.stepsOf(run.id));
      run.repeat();
    }
    void this.#follow(link);
    return link;
  }

  #start(): AnyWorker {
    try {
      return this.#options.start();
    } catch (error) {
      throw new WorkerError(`the worker could not be started: ${asError(error).message}`, { cause: error });
    }
  }

  /** Has another worker take over, or fails. */
  #died(link: Link, error: WorkerError): void {
    if (link !== this.#link) return; // whoever prepares it gets the error
    this.#link = undefined;
    this.#ready = this.#replace(error);
    this.#ready.catch((reason: unknown) => this.#fail(asError(reason)));
  }

  async #replace(error: unknown): Promise<Link> {
    if (!(error instanceof WorkerError) || this.#deaths >= (this.#options.respawn?.attempts ?? 0)) throw error;
    this.#deaths++;
    try {
      return await this.#prepare();
    } catch (reason) {
      return this.#replace(this.#error ?? reason);
    }
  }

  #fail(error: Error): void {
    this.#error ??= error;
    for (const run of this.#runs.values()) run.fail(error);
    this.#runs.clear();
  }

  /**
   * The worker, once all that was asked of this side in one go is known: what a run was told before it began goes along with it. In the order of
   * the calls, whether the worker is in use or on its way.
   */
  async #worker(): Promise<Link> {
    if (this.#error !== undefined) throw this.#error;
    return this.#link ?? this.#ready;
  }

  async #call<K extends Call>(name: K, args: Parameters<Service[K]>, transfer?: Transferable[]) {
    const link = await this.#worker();
    return link.call(name, args, { transfer });
  }

  async #follow(link: Link): Promise<void> {
    try {
      while (true) this.#take(await link.call("news", [], { idle: true }));
    } catch (error) {
      link.fail(new WorkerError(`the worker cannot tell what it does: ${asError(error).message}`, { cause: error }));
    }
  }

  #take({ runs, checkpoint }: News): void {
    if (checkpoint !== undefined) {
      this.#deaths = 0;
      this.#mirror?.reached(
        checkpoint,
        runs.map(({ run, steps }) => [run, steps]),
      );
    }
    for (const news of runs) this.#runs.get(news.run)?.take(news);
  }

  async load(program: Program): Promise<ProgramId> {
    const id = this.#nextProgram++;
    this.info = await this.#call("load", [id, program]);
    this.#mirror?.loaded(id, program);
    return id;
  }

  async unload(id: ProgramId): Promise<void> {
    await this.#insist("unload", [id]);
    this.#mirror?.unloaded(id);
  }

  async forget(variable: string): Promise<void> {
    await this.#insist("forget", [variable]);
    this.#mirror?.forgot(variable);
  }

  /** Has it done by the next worker if one died over it: nobody waits for what it gives. */
  async #insist<K extends Call>(name: K, args: Parameters<Service[K]>): Promise<void> {
    try {
      await this.#call(name, args);
    } catch (error) {
      if (!(error instanceof WorkerError) || this.#error !== undefined || this.#mirror === undefined) throw error;
      await this.#insist(name, args);
    }
  }

  write(slot: Slot, data: ArrayLike<number>): Promise<void> {
    return this.writeAll([{ slot, data }]);
  }

  async writeAll(writes: readonly Write[]): Promise<void> {
    const own = writes.map(({ slot, data }) => ({ slot, data: this.#mirror ? kept(data) : copied(data) }));
    const sent = this.#mirror ? own.map(({ slot, data }) => ({ slot, data: copied(data) })) : own;
    const news = await this.#call("write", [sent], buffersOf(sent));
    this.#mirror?.wrote(own);
    this.#take(news);
  }

  async read(slot: Slot): Promise<TypedArray> {
    return (await this.readAll([slot]))[0];
  }

  async readAll(slots: readonly Slot[]): Promise<TypedArray[]> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#link === undefined) await this.#ready;
    const values = slots.map((slot) => this.#lost(slot));
    const there = slots.filter((_, i) => values[i] === undefined);
    const read = [...(there.length > 0 ? await this.#call("read", [there]) : [])].reverse();
    return values.map((value) => value ?? (read.pop() as TypedArray));
  }

  /** The output of a run that a worker finished which is no more. */
  #lost(slot: Slot): TypedArray | undefined {
    return "program" in slot && !this.#ran.has(slot.program) ? this.#mirror?.output(slot)?.slice() : undefined;
  }

  run(plan: readonly PlanEntry[], options: RunOptions = {}): RunHandle {
    const run = new RemoteRun(this.#nextRun++, plan, options, this.#control);
    this.#worker().then(
      (link) => {
        if (!run.wanted) return;
        this.#runs.set(run.id, run);
        this.#begin(link, run);
      },
      (error: unknown) => run.fail(error),
    );
    return run;
  }

  #begin(link: Link, run: RemoteRun, from?: number): void {
    for (const id of run.programs) this.#ran.add(id);
    link.call("run", [run.order(from)]).then(
      (end) => this.#ended(link, run, end),
      (error: unknown) => {
        if (link.ended) return; // another worker goes on with it, or all runs fail
        this.#runs.delete(run.id);
        run.fail(error);
      },
    );
  }

  #ended(link: Link, run: RemoteRun, { result, outputs, ...news }: RunEnd): void {
    this.#take(news);
    const error = "error" in result ? fromWire(result.error) : undefined;
    if (error instanceof ThreadError && this.#mirror !== undefined) {
      link.fail(new WorkerError(`the worker failed: ${error.message}`, { cause: error }));
      return;
    }
    this.#mirror?.ended(run.id, outputs);
    this.#runs.delete(run.id);
    if ("error" in result) run.fail(error);
    else run.end(result);
  }

  async dispose(): Promise<void> {
    if (this.#error instanceof DisposedError) return;
    const [link, coming] = [this.#link, this.#coming];
    this.#error = new DisposedError("the executor was disposed");
    // Whoever disposes knows: a run that nobody waits for does not complain.
    for (const run of this.#runs.values()) run.done.catch(ignore);
    for (const run of this.#runs.values()) run.fail(new DisposedError("the executor was disposed during a run"));
    this.#runs.clear();
    await Promise.all([link?.end(this.#error), coming?.end(this.#error)]);
  }
}

/** Tells a new worker what the one before knew. */
async function restore(link: Link, mirror: Mirror): Promise<void> {
  await link.call("load", [DECLARATION, mirror.declaration()]);
  for (const [id, program] of mirror.programs()) await link.call("load", [id, program]);
  await link.call("unload", [DECLARATION]);
  const writes = Array.from(mirror.writes(), ({ slot, data }) => ({ slot, data: copied(data) }));
  await link.call("write", [writes], { transfer: buffersOf(writes) });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new WorkerError(String(error));
}

function ignore(): void {}
