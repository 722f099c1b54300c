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

/** The workers and executors of the tests of one file; executors are disposed of after each test. */
export function workersOf(platform: Workers) {
  const open: Executor[] = [];
  const started: AnyWorker[] = [];

  function start(): AnyWorker {
    const worker = platform.start();
    started.push(worker);
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

  afterEach(async () => {
    await Promise.all(open.splice(0).map((executor) => executor.dispose()));
    started.length = 0;
  });

  return { open, started, start, connected, kill, untilStarted };
}
