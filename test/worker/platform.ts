// How workers are started, killed and counted in tests: in Node and in pages alike.
import type { Executor } from "simdgrad";
import { type AnyWorker, connect, type SpawnOptions } from "simdgrad/worker";
import { afterEach } from "vitest";

/** How this platform starts the package's worker, and ends one without its knowing. */
export interface Workers {
  readonly start: () => AnyWorker;
  readonly kill: (worker: AnyWorker) => unknown;
}

export interface Platform extends Workers {
  /** Workers that are no good, by what is wrong with them. */
  readonly broken: Readonly<Record<Broken, () => AnyWorker>>;
}

type Broken = "echoing" | "missing" | "throwing" | "failing" | "silent" | "hanging";

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

type Post = (message: unknown, transfer?: readonly Transferable[]) => void;

/** Calls `look` with the name of each call that is sent to a worker, before it is. */
export function watchCalls(worker: AnyWorker, look: (name: string | undefined) => void): void {
  const post = worker.postMessage.bind(worker) as Post;
  worker.postMessage = (message: unknown, transfer: readonly Transferable[] = []) => {
    look((message as { readonly path?: readonly string[] }).path?.[0]);
    post(message, transfer);
  };
}

/** Resolves when a worker is in use: whoever was prepared is asked for news. */
function inUse(worker: AnyWorker): Promise<void> {
  return new Promise((resolve) => {
    watchCalls(worker, (name) => {
      if (name === "news") resolve();
    });
  });
}

type Listen = (event: string, listener: (message: never) => void) => unknown;

/** Lets messages of a worker be held back and come late, even when nobody listens to it any more. */
export function withholding(worker: AnyWorker): { readonly hold: () => void; readonly deliver: () => void } {
  const held: (() => void)[] = [];
  let holds = false;
  const name = "on" in worker ? "on" : "addEventListener";
  const own = worker as unknown as Record<typeof name, Listen>;
  const listen = own[name].bind(worker);
  own[name] = (event, listener) =>
    listen(
      event,
      event === "message" ? (data) => void (holds ? held.push(() => listener(data)) : listener(data)) : listener,
    );
  return {
    hold: () => {
      holds = true;
    },
    deliver: () => {
      for (const each of held.splice(0)) each();
    },
  };
}

/** The workers and executors of the tests of one file; executors are disposed of after each test. */
export function workersOf(platform: Workers) {
  const open: Executor[] = [];
  const started: AnyWorker[] = [];
  const used: Promise<void>[] = [];

  function start(): AnyWorker {
    const worker = platform.start();
    started.push(worker);
    used.push(inUse(worker));
    return worker;
  }

  async function connected(options: SpawnOptions = {}, begin = start): Promise<Executor> {
    const executor = await connect(begin, { threads: 1, build: "portable", ...options });
    open.push(executor);
    return executor;
  }

  /** Kills the worker that was started last. */
  function kill(): void {
    platform.kill(started[started.length - 1]);
  }

  /** Resolves when so many workers were started, the first included: the deaths of those before are known. */
  async function untilStarted(count: number): Promise<void> {
    while (started.length < count) await wait(2);
  }

  /** The same, and the last of them is in use. */
  async function untilUp(count: number): Promise<void> {
    await untilStarted(count);
    await used[count - 1];
  }

  afterEach(async () => {
    await Promise.all(open.splice(0).map((executor) => executor.dispose()));
    started.length = 0;
    used.length = 0;
  });

  return { open, started, start, connected, kill, untilStarted, untilUp };
}
