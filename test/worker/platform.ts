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

type Broken = "missing" | "throwing" | "failing" | "silent" | "hanging";

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function firstMessage(worker: AnyWorker): Promise<unknown> {
  return new Promise((resolve) => {
    if ("on" in worker) worker.on("message", resolve);
    else worker.addEventListener("message", resolve);
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
  const answered: Promise<unknown>[] = [];

  function start(): AnyWorker {
    const worker = platform.start();
    started.push(worker);
    answered.push(firstMessage(worker));
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

  /** The same, and the last of them has begun. */
  async function untilUp(count: number): Promise<void> {
    await untilStarted(count);
    await answered[count - 1];
  }

  afterEach(async () => {
    await Promise.all(open.splice(0).map((executor) => executor.dispose()));
    started.length = 0;
    answered.length = 0;
  });

  return { open, started, start, connected, kill, untilStarted, untilUp };
}
