// The team as its first thread sees it: starts the others, hands them runs, notices when one dies. The work itself, and waiting
// for one another within a run, is the kernels' (assembly/parallel.ts). What the others do: serve.ts.
import { CONTROL_BARRIER_COUNT, CONTROL_JOBS } from "../../../assembly/isa/sizes.ts";
import { ThreadError } from "../../errors.ts";
import { abortRun } from "./abort.ts";
import type { Functions } from "./functions.ts";
import { ASLEEP, CALL, jobOf, LEFT, MESSAGES } from "./job.ts";
import { nodeThreads } from "./node.ts";
import type { Start } from "./serve.ts";
import { startNodeThread, startPageThread } from "./start-thread.ts";

/** A further thread. */
interface Thread {
  /** Resolves when it waits for its first run. */
  readonly ready: Promise<void>;
  /** Has it take functions before its next run. */
  take(functions: Functions): void;
  end(): Promise<void>;
}

/** Told of a thread's death, whenever that is. */
type Failed = (error: ThreadError) => void;

export class Team {
  readonly threads: number;
  readonly #control: Int32Array;
  readonly #patience: number;
  readonly #others: Thread[] = [];
  #failure: ThreadError | undefined;
  #ended = false;

  /** `patience`: milliseconds within which a thread leaves a failed run. */
  constructor(memory: WebAssembly.Memory, threads: number, patience: number) {
    this.threads = threads;
    this.#patience = patience;
    // The control page lies in what the memory begins with: this view outlives any growth.
    this.#control = new Int32Array(memory.buffer);
  }

  /** Starts threads 1 to threads - 1 with what `startOf` tells each. @throws ThreadError if one cannot start */
  async start(startOf: (thread: number) => Start): Promise<void> {
    try {
      for (let thread = 1; thread < this.threads; thread++)
        this.#others.push(startThread(startOf(thread), (error) => this.#fail(error)));
    } catch (error) {
      throw new ThreadError(`no thread can be made here: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
    await Promise.all(this.#others.map(({ ready }) => ready));
  }

  #fail(error: ThreadError): void {
    if (!this.#ended) this.#failure ??= error;
  }

  /** @throws ThreadError if a thread has died */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Has threads 1 to threads - 1 begin a run of the kernels; this thread must begin the same one. When its own `run` returns, all have
   * met behind the last step, and the others touch nothing of it any more; nor can one still be reading these words, since it
   * read them before it came to its first barrier.
   */
  begin(
    threads: number,
    code: number,
    steps: number,
    logFrom: number,
    logCount: number,
    logTo: number,
    logCapacity: number,
  ): void {
    const control = this.#control;
    control[CALL.threads] = threads;
    control[CALL.code] = code;
    control[CALL.steps] = steps;
    control[CALL.logFrom] = logFrom;
    control[CALL.logCount] = logCount;
    control[CALL.logTo] = logTo;
    control[CALL.logCapacity] = logCapacity;
    for (let thread = 1; thread < threads; thread++) {
      const job = jobOf(thread);
      Atomics.add(control, job, 1);
      if (Atomics.load(control, job + ASLEEP) !== 0) Atomics.notify(control, job);
    }
  }

  /** Gives all threads functions, which they take before their next run. */
  share(functions: Functions): void {
    for (const [i, thread] of this.#others.entries()) {
      thread.take(functions);
      Atomics.add(this.#control, jobOf(i + 1) + MESSAGES, 1);
    }
  }

  /**
   * Has the other threads of a run that will never be complete leave it, and waits until they have: then nobody but the caller uses
   * the memory, and the next run finds the control page as the first one did.
   */
  abort(threads: number): void {
    const control = this.#control;
    abortRun(control);
    for (let thread = 1; thread < threads; thread++) {
      const job = jobOf(thread);
      const word = job + LEFT;
      for (let left = Atomics.load(control, word); left !== control[job]; left = Atomics.load(control, word)) {
        if (Atomics.wait(control, word, left, this.#patience) === "timed-out") {
          this.#fail(new ThreadError(`thread ${thread} of the team does not leave a run that failed`));
          return;
        }
      }
    }
    control.fill(0, CONTROL_BARRIER_COUNT / 4, CONTROL_JOBS / 4);
  }

  /** Ends all threads, between runs or within one, which leaves no trace: whoever is alone then may go on. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#others.map((thread) => thread.end()));
    this.#control.fill(0, CONTROL_BARRIER_COUNT / 4, CONTROL_JOBS / 4);
  }
}

function startThread(start: Start, failed: Failed): Thread {
  const node = nodeThreads();
  return node === undefined ? startInPage(start, failed) : startInNode(node, start, failed);
}

/** A promise that the first message resolves and the first failure rejects; both are told to `failed`. */
function starting(start: Start, failed: Failed) {
  let [resolve, reject]: [() => void, Failed] = [() => {}, () => {}];
  const ready = new Promise<void>((...both) => {
    [resolve, reject] = both;
  });
  const fail = (why: string, cause?: unknown) => {
    const error = new ThreadError(`thread ${start.thread} of the team ${why}`, { cause });
    failed(error);
    reject(error);
  };
  return { ready, resolve, fail };
}

function startInNode(node: typeof import("node:worker_threads"), start: Start, failed: Failed): Thread {
  const { ready, resolve, fail } = starting(start, failed);
  const worker = startNodeThread(node, `simdgrad ${start.thread}`);
  worker.once("message", () => {
    worker.unref(); // an idle team lets the process end
    resolve();
  });
  worker.on("error", (error) => fail(`failed: ${error instanceof Error ? error.message : error}`, error));
  worker.on("exit", () => fail("ended"));
  worker.postMessage(start);
  return {
    ready,
    take: (functions) => worker.postMessage(functions),
    async end() {
      await worker.terminate();
    },
  };
}

function startInPage(start: Start, failed: Failed): Thread {
  const { ready, resolve, fail } = starting(start, failed);
  const worker = startPageThread();
  worker.onmessage = resolve;
  worker.onmessageerror = () => fail("could not be sent the module");
  worker.onerror = (event) => fail(`failed: ${event.message || "its file could not be loaded"}`, event);
  worker.postMessage(start);
  return {
    ready,
    take: (functions) => worker.postMessage(functions),
    async end() {
      worker.terminate();
    },
  };
}
