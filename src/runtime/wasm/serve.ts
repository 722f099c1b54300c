// What a further thread of a team does, in Node or in a page: with an instance of the kernels of its own over the team's memory it
// makes the runs that team.ts hands it, and sleeps between them.
import { CONTROL_CALL, CONTROL_JOBS, JOB_BYTES } from "../../../assembly/isa/sizes.ts";
import { abortRun } from "./abort.ts";
import type { Kernels } from "./machine.ts";
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
  Atomics.store(control, job + 1, 1);
  while (Atomics.load(control, job) === last) Atomics.wait(control, job, last);
  Atomics.store(control, job + 1, 0);
  return Atomics.load(control, job);
}

/** Makes one run after the other, for ever. */
function serve({ module, memory, thread, scratch }: Start, ready: () => void): void {
  const { run, attach } = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
  const control = new Int32Array(memory.buffer);
  const job = (CONTROL_JOBS + thread * JOB_BYTES) / 4;
  const call = CONTROL_CALL / 4;
  let last = 0;
  ready();
  while (true) {
    last = nextJob(control, job, last);
    attach(thread, control[call], scratch);
    const [code, from, count, to, capacity] = [call + 1, call + 3, call + 4, call + 5, call + 6];
    try {
      run(control[code], control[call + 2], control[from], control[count], control[to], control[capacity], 0);
    } catch {
      // The team's first thread waits within the kernels, where no event reaches it: only this word does.
      abortRun(control);
    }
    Atomics.store(control, job + 2, last);
    Atomics.notify(control, job + 2);
  }
}

/** Serves whoever started this worker. */
export function serveAsThread(): void {
  const port = nodeThreads()?.parentPort;
  if (port) port.once("message", (start: Start) => serve(start, () => port.postMessage("ready")));
  else self.onmessage = ({ data }: MessageEvent<Start>) => serve(data, () => self.postMessage("ready"));
}
