// The worker's side: an executor behind the service's calls. It serves one page, and knows nothing of models. Orders are carried out one
// after the other; every answer tells what runs did until then, in the order in which it happened (README.md).

import { ThreadError, WorkerError } from "../errors.ts";
import type { Program } from "../program/program.ts";
import { createExecutor } from "../runtime/create.ts";
import type { PlanEntry, ProgramId, RunHandle, Slot, Write } from "../runtime/executor.ts";
import { JsExecutor } from "../runtime/js/js-executor.ts";
import type { LocalExecutor } from "../runtime/local-executor.ts";
import { WasmExecutor } from "../runtime/wasm/wasm-executor.ts";
import { transfer } from "./comlink.ts";
import { LONGEST_DELAY } from "./delay.ts";
import { roundsOf, type Stretch } from "./stretch.ts";
import {
  type Answer,
  type Begin,
  type Checkpoint,
  type News,
  type RunId,
  type RunOrder,
  type Service,
  type Settings,
  type Slice,
  toWire,
} from "./wire.ts";

/** Milliseconds between two answers with news: at most one a frame. */
const FRAME = 16;

/** Milliseconds that training waits after an order: who gives one often gives another, and need not wait for a slice each time. */
const GRACE = 1;

/** Checkpoints take at most one part in so many of the time. */
const SHARE = 50;

/** The page keeps what it writes until the next checkpoint: that comes early after so many bytes, or as many as the last one had. */
const KEPT = 2 ** 25;

interface ServedRun {
  readonly handle: RunHandle;
  readonly plan: readonly PlanEntry[];
}

export class Server implements Service {
  #executor: LocalExecutor | undefined;
  readonly #programs = new Map<ProgramId, Program>();
  readonly #runs = new Map<RunId, ServedRun>();
  /** Those that have failed or were stopped: what was to follow them does not. */
  readonly #broken = new Set<RunId>();
  /** The order before. */
  #busy: Promise<unknown> = Promise.resolve();
  /** What the page does not know yet. */
  #events: (Slice | Checkpoint)[] = [];
  #logs: News["logs"][number][] = [];
  /** Programs that made steps and variables that these may have changed since the last checkpoint. */
  readonly #ran = new Set<ProgramId>();
  readonly #changed = new Set<string>();
  /** Bytes written since then, and how many are too many. */
  #written = 0;
  #kept = KEPT;
  /** Milliseconds from one checkpoint to the next; 0 for none. */
  #every = 0;
  #nextCheckpoint = 0;
  /** When the last news were told. */
  #told = 0;
  #wake = () => {};

  begin({ lock, every, ...settings }: Begin) {
    return this.#order(async () => {
      const executor = create(settings);
      executor.onSlice = (run, steps) => this.#made(run, steps);
      this.#executor = executor;
      this.#every = every;
      this.#nextCheckpoint = performance.now() + every;
      return { info: executor.info, locked: await hold(lock) };
    });
  }

  load(id: ProgramId, program: Program) {
    return this.#order(async () => {
      const executor = this.#own();
      await executor.loadAs(id, program);
      this.#programs.set(id, program);
      return executor.info;
    });
  }

  unload(id: ProgramId) {
    return this.#order(async () => {
      await this.#own().unload(id);
      this.#programs.delete(id);
      this.#ran.delete(id);
    });
  }

  forget(variable: string) {
    return this.#order(async () => {
      await this.#own().forget(variable);
      this.#changed.delete(variable);
    });
  }

  write(writes: readonly Write[]) {
    return this.#order(async () => {
      await this.#own().writeAll(writes);
      if (this.#ran.size > 0) for (const { data } of writes) this.#written += bytesOf(data);
      if (this.#due()) this.#wake();
    }, 0);
  }

  read(slots: readonly Slot[]) {
    return this.#order(async () => this.#own().readAll(slots));
  }

  teams() {
    return this.#order(async () => this.#own().teams());
  }

  run(order: RunOrder) {
    return this.#answer(async () => {
      const { handle } = await this.#inTurn(async () => this.#begin(order), order.urgent ? GRACE : 0);
      let whole = false;
      try {
        const result = await handle.done;
        whole = !result.stopped;
        return result;
      } catch (error) {
        if (this.#every === 0) throw error;
        if (isTrap(error)) throw new ThreadError(`a kernel failed: ${error.message}`, { cause: error });
        if (!(error instanceof ThreadError)) await this.#inTurn(() => this.#left(order.plan));
        throw error;
      } finally {
        this.#takeLog(order.run);
        this.#runs.delete(order.run);
        if (!whole) this.#broken.add(order.run);
      }
    });
  }

  #begin({ run, after, plan, paused, repeat, from, urgent, write = [], read }: RunOrder): ServedRun {
    const first = after === undefined ? undefined : this.#runs.get(after)?.handle; // none: it has ended, here or in a worker before
    const handle = this.#own().run(plan, { repeat, from, urgent, after: first, write, read });
    if (after !== undefined && this.#broken.has(after)) void handle.stop();
    for (const { data } of write) this.#written += bytesOf(data);
    if (paused) void handle.pause();
    const open = { handle, plan };
    this.#runs.set(run, open);
    return open;
  }

  /** A step that failed may have been made in part: that can be told, but not made again. */
  #left(plan: readonly PlanEntry[]): Promise<void> {
    this.#touch(plan);
    return this.#checkpoint();
  }

  pause(run: RunId) {
    return this.#order(async () => this.#runs.get(run)?.handle.pause());
  }

  resume(run: RunId) {
    return this.#order(async () => this.#runs.get(run)?.handle.resume());
  }

  stop(run: RunId) {
    return this.#order(async () => {
      await this.#runs
        .get(run)
        ?.handle.stop()
        .catch(() => {}); // its own answer tells
    });
  }

  restore(values: readonly Write[]) {
    return this.#order(async () => this.#own().restoreAll(values));
  }

  repeat(stretch: Stretch) {
    return this.#order(async () => {
      for (const { plan, repeat } of roundsOf(stretch)) await this.#own().run(plan, { repeat }).done;
      this.#touch(stretch.plan);
    });
  }

  news() {
    return this.#answer(async () => {
      do {
        await this.#more();
        await pass(this.#told + FRAME - performance.now());
        if (this.#due()) await this.#inTurn(() => this.#checkpoint());
      } while (this.#events.length === 0);
      this.#told = performance.now();
    });
  }

  ping() {
    return this.#answer(async () => {});
  }

  /** Resolves when a step was made or a checkpoint is due. */
  async #more(): Promise<void> {
    while (this.#events.length === 0 && !this.#due()) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const waits = this.#every > 0 && this.#ran.size > 0;
      await (waits ? Promise.race([woken, pass(this.#nextCheckpoint - performance.now())]) : woken);
    }
  }

  /** A run made steps. */
  #made(handle: RunHandle, steps: number): void {
    const [run, open] = [...this.#runs].find(([, each]) => each.handle === handle) ?? [];
    if (run === undefined || open === undefined || steps === 0) return; // steps that are made again are known
    const last = this.#events.at(-1);
    if (last !== undefined && "run" in last && last.run === run)
      this.#events[this.#events.length - 1] = { run, steps: last.steps + steps };
    else this.#events.push({ run, steps });
    this.#touch(open.plan);
    this.#wake();
  }

  #touch(plan: readonly PlanEntry[]): void {
    for (const [id] of plan) {
      const program = this.#programs.get(id);
      if (program === undefined) continue; // unloaded before its turn came
      this.#ran.add(id);
      for (const { key, assigned } of program.variables) if (assigned) this.#changed.add(key);
    }
  }

  #due(): boolean {
    const due = performance.now() >= this.#nextCheckpoint || this.#written > this.#kept;
    return this.#every > 0 && this.#ran.size > 0 && due;
  }

  /** The state of this very moment, as an event between those that are told already and those to come. */
  async #checkpoint(): Promise<void> {
    const began = performance.now();
    const variables = Array.from(this.#changed, (variable): Slot => ({ variable }));
    const outputs = Array.from(this.#ran).flatMap((program) =>
      (this.#programs.get(program)?.outputs ?? []).map(({ name }): Slot => ({ program, name })),
    );
    const slots = [...variables, ...outputs];
    const data = await this.#own().readAll(slots);
    this.#events.push({ values: slots.map((slot, i) => ({ slot, data: data[i] })) });
    this.#ran.clear();
    this.#changed.clear();
    this.#written = 0;
    this.#kept = Math.max(
      KEPT,
      data.reduce((bytes, { byteLength }) => bytes + byteLength, 0),
    );
    const now = performance.now();
    this.#nextCheckpoint = now + Math.max(this.#every, SHARE * (now - began));
  }

  /** An order: answered when those before it are carried out, and it, too. */
  #order<T>(work: () => Promise<T>, grace = GRACE): Answer<T> {
    return this.#answer(() => this.#inTurn(work, grace));
  }

  /** Leaves the page a moment to ask on. */
  #inTurn<T>(work: () => Promise<T>, grace = GRACE): Promise<T> {
    const result = this.#busy.then(work).finally(() => grace > 0 && this.#executor?.hold(grace));
    this.#busy = result.catch(() => {});
    return result;
  }

  /**
   * What the work gives or throws, with the news up to then and all arrays transferred. From here on all answers go the same way: they
   * arrive in the order of what they tell.
   */
  async #answer<T>(work: () => Promise<T>): Answer<T> {
    const outcome = await work().then(
      (value) => ({ value }),
      (error: unknown) => ({ error: toWire(error) }),
    );
    const answer = { ...outcome, news: this.#news() };
    return transfer(answer, [...buffersIn(answer)]);
  }

  #news(): News {
    for (const run of this.#runs.keys()) this.#takeLog(run);
    const news = { events: this.#events, logs: this.#logs };
    this.#events = [];
    this.#logs = [];
    return news;
  }

  #takeLog(run: RunId): void {
    const rows = this.#runs.get(run)?.handle.takeLog() ?? [];
    if (rows.length > 0) this.#logs.push({ run, rows });
  }

  #own(): LocalExecutor {
    if (this.#executor === undefined) throw new WorkerError("the worker was not told to begin");
    return this.#executor;
  }
}

/** What they take, or would as numbers of their own. */
function bytesOf(data: Write["data"]): number {
  return ArrayBuffer.isView(data) ? data.byteLength : 8 * data.length;
}

function create({ executor = "auto", build, threads, poison }: Settings): LocalExecutor {
  if (executor === "js") return new JsExecutor({ poison });
  return executor === "wasm"
    ? new WasmExecutor({ build, threads, poison })
    : createExecutor({ build, threads, poison });
}

/** A step that WebAssembly gave up: nobody knows what it left, and it may be the engine's fault. */
function isTrap(error: unknown): error is Error {
  return error instanceof Error && error.name === "RuntimeError";
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
  return milliseconds > 0
    ? new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, LONGEST_DELAY)))
    : undefined;
}

/** Buffers of all arrays of numbers in plain data. */
function buffersIn(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === "object" && value !== null)
    for (const each of Object.values(value)) buffersIn(each, found);
  return found;
}
