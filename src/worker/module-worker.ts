// A worker that runs a module of the caller's, as the side sees it that started it: what it is told, and how its death is noticed. served.ts is the
// other side.
import { anObjectWith, isRecord } from "../check.ts";
import { WorkerError } from "../errors.ts";
import { nodeThreads } from "../runtime/wasm/node.ts";
import { type Host, hostOf } from "./host.ts";
import type { AnyWorker } from "./workers.ts";

/** The first message to a worker: the name of a lock to hold for life, "" for none. */
export interface Begin {
  readonly begin: string;
}

/** The worker's answer. */
export interface Began {
  readonly began: true;
  readonly locked: boolean;
}

/** Where a worker's module is, or who starts it. */
export type WorkerModule = URL | (() => AnyWorker);

/** Who listens to a worker. */
export interface ModuleListener<From> {
  heard(message: From): void;
  /** Of the worker's death, once. */
  died(error: WorkerError): void;
}

/** How a worker is named in Node, and in errors. */
export interface ModuleNames {
  readonly name: string;
  /** Such as "the objective's worker". */
  readonly called: string;
  /** Whose option `module` is. */
  readonly caller: string;
  /** What the module calls. */
  readonly serves: string;
}

/** Milliseconds in which modules come from slow networks. */
const PATIENCE = 60_000;

function start(module: WorkerModule, { name, called, caller }: ModuleNames): AnyWorker {
  if (typeof module === "function") {
    const worker = module();
    anObjectWith("a worker", "postMessage", "terminate")(worker, `${caller}: what module() gives`);
    return worker;
  }
  const node = nodeThreads();
  try {
    if (node === undefined) return new Worker(module, { type: "module" });
    // This process's own flags may say how to read its main file, and would then break this one.
    return new node.Worker(module, { execArgv: [], name });
  } catch (cause) {
    throw new WorkerError(`${called} could not be started: ${(cause as Error).message}${placeOf(module)}`, { cause });
  }
}

/** Characters of an address that errors show. */
const LONGEST = 200;

/** Where a module is, as errors end with it; nothing of one that somebody else starts. */
function placeOf(module: WorkerModule): string {
  if (!(module instanceof URL)) return "";
  const { href } = module;
  return ` (module ${href.length > LONGEST ? `${href.slice(0, LONGEST)}...` : href})`;
}

export class ModuleWorker<To, From> {
  readonly #host: Host;
  readonly #listener: ModuleListener<From>;
  readonly #called: string;
  readonly #serves: string;
  readonly #watch = new AbortController();
  #hasBegun = false;
  /** What is said of a worker that dies before it serves: of its module. */
  #place: string;
  #error: WorkerError | undefined;
  /** What the worker holds for life. */
  #lock = "";
  #beginning: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;

  /** @throws ArgumentError if `module` gives no worker, WorkerError if none can be started of it */
  constructor(module: WorkerModule, names: ModuleNames, listener: ModuleListener<From>) {
    this.#listener = listener;
    this.#called = names.called;
    this.#serves = names.serves;
    this.#place = placeOf(module);
    this.#host = hostOf(start(module, names), (reason, cause) => this.#died(reason, cause));
    this.#host.endpoint.addEventListener("message", (event) => this.#hear((event as MessageEvent).data));
  }

  /** Why it ended. */
  get error(): WorkerError | undefined {
    return this.#error;
  }

  /** Resolves when its module serves, or by a signal before. @throws WorkerError if it does not within so many milliseconds */
  async begin(patience = PATIENCE, signal?: AbortSignal): Promise<void> {
    // Of a page's worker only a lock tells that it died.
    const lock = this.#host.silent ? (globalThis.crypto?.randomUUID?.() ?? "") : "";
    const late = () =>
      this.#fail(
        new WorkerError(`${this.#called} has not called ${this.#serves} within ${patience / 1000} s${this.#place}`),
      );
    const timer: ReturnType<typeof setTimeout> & { unref?(): void } = setTimeout(late, patience);
    timer.unref?.(); // whether a process waits is the worker's matter
    let leave = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        if (this.#error !== undefined) return reject(this.#error);
        this.#beginning = { resolve, reject };
        this.#lock = lock;
        this.#host.endpoint.postMessage({ begin: lock } satisfies Begin);
        leave = resolve;
        signal?.addEventListener("abort", leave);
        if (signal?.aborted) leave();
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", leave);
    }
  }

  say(message: To): void {
    this.#host.endpoint.postMessage(message);
  }

  /** Whether somebody waits for it: a process of Node with nothing that waits may end. */
  hold(isWaiting: boolean): void {
    this.#host.hold(isWaiting);
  }

  #hear(message: Began | From): void {
    if (!isRecord(message)) return;
    if ("began" in message) {
      [this.#hasBegun, this.#place] = [true, ""];
      if (message.locked) this.#awaitDeath();
      this.#beginning?.resolve();
      this.#beginning = undefined;
    } else this.#listener.heard(message as From);
  }

  #awaitDeath(): void {
    const died = () => this.#fail(new WorkerError(`${this.#called} was ended`));
    navigator.locks.request(this.#lock, { signal: this.#watch.signal }, died).catch(() => {}); // given up in end()
  }

  #died(reason: string, cause: unknown): void {
    const early = !this.#hasBegun && reason.startsWith("ended") ? ` before it called ${this.#serves}` : "";
    this.#fail(new WorkerError(`${this.#called} ${reason}${early}${this.#place}`, { cause }));
  }

  #fail(error: WorkerError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#beginning?.reject(error);
    this.#listener.died(error);
    void this.#host.end();
  }

  async end(): Promise<void> {
    this.#error ??= new WorkerError(`${this.#called} was ended`);
    this.#beginning?.reject(this.#error);
    this.#watch.abort();
    await this.#host.end();
  }
}
