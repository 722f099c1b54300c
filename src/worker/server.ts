// The worker's side: an executor behind the service's calls. It serves one page, and knows nothing of models.
import type { Program } from "../compile/program.ts";
import { DisposedError, WorkerError } from "../errors.ts";
import { createExecutor } from "../runtime/create.ts";
import type { ProgramId, RunHandle, Slot, Write } from "../runtime/executor.ts";
import { JsExecutor } from "../runtime/js/js-executor.ts";
import type { LocalExecutor } from "../runtime/local-executor.ts";
import { WasmExecutor } from "../runtime/wasm/wasm-executor.ts";
import { transfer } from "./comlink.ts";
import {
  type Answer,
  type Begin,
  type News,
  type RunEnd,
  type RunId,
  type RunNews,
  type RunOrder,
  type Service,
  type Settings,
  toWire,
} from "./wire.ts";

/** Milliseconds between two answers with news: at most one a frame. */
const FRAME = 16;

/** Milliseconds that training waits after an answer: who asks for one thing often asks for another, and need not wait for a slice each time. */
const GRACE = 1;

/** Checkpoints take at most one part in so many of the time. */
const SHARE = 50;

/** A program under the page's id. */
interface Known {
  readonly id: ProgramId;
  readonly program: Program;
}

interface Open {
  readonly order: RunOrder;
  readonly handle: RunHandle;
  /** The page's ids by the executor's. */
  readonly ids: ReadonlyMap<ProgramId, ProgramId>;
  paused: boolean;
  /** Steps that the page knows of. */
  told: number;
}

export class Server implements Service {
  #executor: LocalExecutor | undefined;
  readonly #programs = new Map<ProgramId, Known>();
  readonly #runs = new Map<RunId, Open>();
  /** Milliseconds from one checkpoint to the next; 0 for none. */
  #every = 0;
  #nextCheckpoint = 0;
  /** When the last news were told. */
  #told = 0;
  #wake = () => {};

  begin({ lock, every, ...settings }: Begin) {
    return answer(async () => {
      const executor = create(settings);
      this.#executor = executor;
      this.#every = every;
      this.#nextCheckpoint = performance.now() + every;
      return { info: executor.info, locked: await hold(lock) };
    });
  }

  load(id: ProgramId, program: Program) {
    return this.#graciously(async () => {
      const executor = this.#own();
      this.#programs.set(id, { id: await executor.load(program), program });
      return executor.info;
    });
  }

  unload(id: ProgramId) {
    return this.#graciously(async () => {
      const known = this.#known(id);
      this.#programs.delete(id);
      await this.#own().unload(known.id);
    });
  }

  forget(variable: string) {
    return this.#graciously(async () => this.#own().forget(variable));
  }

  write(writes: readonly Write[]) {
    return this.#graciously(async () => {
      await this.#own().writeAll(writes.map(({ slot, data }) => ({ slot: this.#slot(slot), data })));
      const shared = this.#runs.size > 0 && writes.some(({ slot }) => "variable" in slot);
      return shared && this.#every > 0 ? this.#boundary() : { runs: [] };
    });
  }

  read(slots: readonly Slot[]) {
    return this.#graciously(async () => this.#own().readAll(slots.map((slot) => this.#slot(slot))));
  }

  run(order: RunOrder): Answer<RunEnd> {
    return this.#graciously(async () => {
      const plan = order.plan.map(([id, steps]) => [this.#known(id).id, steps] as const);
      const { repeat, from, urgent, paused } = order;
      const handle = this.#own().run(plan, { repeat, from, urgent });
      const ids = new Map(plan.map(([id], i) => [id, order.plan[i][0]]));
      const open = { order, handle, ids, paused, told: from ?? 0 };
      if (paused) void handle.pause();
      this.#runs.set(order.run, open);
      this.#wake();
      try {
        const result = await handle.done.catch((error: unknown) => ({ error: toWire(error) }));
        return await this.#end(open, result);
      } finally {
        this.#runs.delete(order.run);
      }
    });
  }

  async #end(open: Open, result: RunEnd["result"]): Promise<RunEnd> {
    if (this.#every === 0 || "error" in result) return { runs: [told(open)], result, outputs: [] };
    const programs = [...open.ids.values()].map((id) => [id, this.#known(id).program] as const);
    const slots = programs.flatMap(([program, { outputs }]) => outputs.map(({ name }): Slot => ({ program, name })));
    const values = await this.#own().readAll(slots.map((slot) => this.#slot(slot)));
    const outputs = slots.map((slot, i) => [slot, values[i]] as const);
    const changes = programs.some(([, { variables }]) => variables.some(({ assigned }) => assigned));
    const news = changes ? await this.#boundary() : { runs: [told(open)] };
    return { ...news, result, outputs };
  }

  news(): Answer<News> {
    return answer(async () => {
      while (true) {
        await pass(this.#told + FRAME - performance.now());
        const moved = [...this.#runs.values()].filter(({ handle, told }) => handle.steps > told);
        if (moved.length > 0) {
          this.#told = performance.now();
          return this.#every > 0 && this.#told >= this.#nextCheckpoint ? this.#boundary() : { runs: moved.map(told) };
        }
        if ([...this.#runs.values()].some(({ paused }) => !paused)) await pass(FRAME);
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    });
  }

  pause(run: RunId) {
    return answer(async () => {
      const open = this.#runs.get(run);
      if (open === undefined) return { runs: [] };
      open.paused = true;
      await open.handle.pause();
      return this.#every > 0 ? this.#boundary() : { runs: [told(open)] };
    });
  }

  resume(run: RunId) {
    return answer(async () => {
      const open = this.#runs.get(run);
      if (open !== undefined) open.paused = false;
      open?.handle.resume();
      this.#wake();
    });
  }

  stop(run: RunId) {
    // The answer is the run's own end.
    return answer(async () => void this.#runs.get(run)?.handle.stop());
  }

  ping() {
    return answer(async () => {});
  }

  /** Answers, and leaves the page a moment to ask on. */
  #graciously<T>(work: () => Promise<T>): Answer<T> {
    return answer(work).finally(() => this.#executor?.hold(GRACE));
  }

  /** News of all runs, with the state of this very moment: nothing in here waits for another event. */
  async #boundary(): Promise<News> {
    const began = performance.now();
    const keys = new Set<string>();
    for (const { program } of this.#programs.values())
      for (const { key, assigned } of program.variables) if (assigned) keys.add(key);
    const values = await this.#own().readAll([...keys].map((variable) => ({ variable })));
    const runs = [...this.#runs.values()].map(told);
    const now = performance.now();
    this.#nextCheckpoint = now + Math.max(this.#every, SHARE * (now - began));
    return { runs, checkpoint: { variables: [...keys].map((key, i) => [key, values[i]] as const) } };
  }

  #own(): LocalExecutor {
    if (this.#executor === undefined) throw new WorkerError("the worker was not told to begin");
    return this.#executor;
  }

  #known(id: ProgramId): Known {
    const known = this.#programs.get(id);
    if (known === undefined) throw new DisposedError(`program ${id} is not loaded`);
    return known;
  }

  /** The same slot by the executor's ids. */
  #slot(slot: Slot): Slot {
    return "variable" in slot ? slot : { program: this.#known(slot.program).id, name: slot.name };
  }
}

function create({ executor = "auto", build, threads, poison }: Settings): LocalExecutor {
  if (executor === "js") return new JsExecutor({ poison });
  return executor === "wasm"
    ? new WasmExecutor({ build, threads, poison })
    : createExecutor({ build, threads, poison });
}

/** Takes the log of a run. */
function told(open: Open): RunNews {
  const { order, handle, ids } = open;
  open.told = handle.steps;
  const log = handle.takeLog().map((rows) => ({ ...rows, program: ids.get(rows.program) ?? rows.program }));
  return { run: order.run, log, steps: handle.steps };
}

/** Holds a lock for ever; false where there are none. */
function hold(name: string): Promise<boolean> {
  const locks = name === "" ? undefined : globalThis.navigator?.locks;
  if (locks === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const forever = () => {
      resolve(true);
      return new Promise(() => {});
    };
    locks.request(name, forever).catch(() => resolve(false));
  });
}

function pass(milliseconds: number): Promise<void> | undefined {
  return milliseconds > 0 ? new Promise((resolve) => setTimeout(resolve, milliseconds)) : undefined;
}

/** What the work gives or throws, with all its arrays transferred. */
async function answer<T>(work: () => Promise<T>): Answer<T> {
  try {
    const value = await work();
    return transfer({ value }, [...buffersIn(value)]);
  } catch (error) {
    return { error: toWire(error) };
  }
}

/** Buffers of all arrays of numbers in plain data. */
function buffersIn(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === "object" && value !== null)
    for (const each of Object.values(value)) buffersIn(each, found);
  return found;
}
