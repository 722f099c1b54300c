// What a further thread of a team does, in Node or in a page: with an instance of the kernels of its own over the team's memory it
// makes the runs that team.ts hands it, and sleeps between them.
import { abortRun } from "./abort.ts";
import { type Functions, importsOf, placeInTable } from "./functions.ts";
import type { Kernels } from "./instance.ts";
import { ASLEEP, CALL, jobOf, LEFT, MESSAGES } from "./job.ts";
import { nodeThreads } from "./node.ts";

/** What it is told when it starts. */
export interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  /** Address of its scratch. */
  readonly scratch: number;
}

/** Milliseconds that it looks out for its next run before it sleeps: the calls of one training follow within microseconds. */
const LOOKOUT = 0.05;
const LOOKS = 64; // between two looks at the clock

/** Number of the next job, once it differs from `last`. */
function nextJob(control: Int32Array, job: number, last: number): number {
  const end = performance.now() + LOOKOUT;
  do {
    for (let look = 0; look < LOOKS; look++) {
      const number = Atomics.load(control, job);
      if (number !== last) return number;
    }
  } while (performance.now() < end);
  Atomics.store(control, job + ASLEEP, 1);
  while (Atomics.load(control, job) === last) Atomics.wait(control, job, last);
  Atomics.store(control, job + ASLEEP, 0);
  return Atomics.load(control, job);
}

/** One thread: what it does with each message, the first of which starts it. */
class ThreadServer {
  readonly #start: Start;
  readonly #kernels: Kernels;
  readonly #control: Int32Array;
  readonly #job: number;
  #last = 0;
  #taken = 0;

  constructor(start: Start) {
    const { module, memory, thread } = start;
    this.#start = start;
    this.#kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
    this.#control = new Int32Array(memory.buffer);
    this.#job = jobOf(thread);
  }

  take({ module, places }: Functions): void {
    const { memory } = this.#start;
    try {
      placeInTable(new WebAssembly.Instance(module, importsOf(this.#kernels, memory)), places, this.#kernels.table);
    } catch (error) {
      abortRun(this.#control);
      throw error;
    }
    this.#taken++;
  }

  /** Makes one run after the other; returns only where it must take a message before the next one. */
  serve(): void {
    const { thread, scratch } = this.#start;
    const { run, attach } = this.#kernels;
    const control = this.#control;
    const job = this.#job;
    while (true) {
      const next = nextJob(control, job, this.#last);
      if (Atomics.load(control, job + MESSAGES) !== this.#taken) return;
      this.#last = next;
      attach(thread, control[CALL.threads], scratch);
      try {
        run(
          control[CALL.code],
          control[CALL.steps],
          control[CALL.logFrom],
          control[CALL.logCount],
          control[CALL.logTo],
          control[CALL.logCapacity],
          0,
          0,
        );
      } catch {
        // The team's first thread waits within the kernels, where no event reaches it: only this word does.
        abortRun(control);
      }
      Atomics.store(control, job + LEFT, this.#last);
      Atomics.notify(control, job + LEFT);
    }
  }
}

/** Serves whoever started this worker. */
export function serveAsThread(): void {
  let server: ThreadServer | undefined;
  const listen = (message: Start | Functions, ready: () => void) => {
    if ("places" in message) server?.take(message);
    else {
      server = new ThreadServer(message);
      ready();
    }
    server?.serve();
  };
  const port = nodeThreads()?.parentPort;
  if (port) port.on("message", (message) => listen(message, () => port.postMessage("ready")));
  else self.onmessage = ({ data }: MessageEvent<Start | Functions>) => listen(data, () => self.postMessage("ready"));
}
