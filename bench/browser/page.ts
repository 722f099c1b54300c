// A page whose training runs in a worker, and beside it a bare worker with the same one. facade.ts asks it for figures.
import { spawn } from "../../src/worker/index.ts";
import { networks } from "../networks.ts";
import { startOf, trainerOf } from "../start.ts";
import { slicesOf } from "./slices.ts";

/** Milliseconds of one slice. */
const SLICE = 2000;

export interface Frames {
  readonly median: number;
  readonly p99: number;
  readonly worst: number;
  /** Tasks of the page's thread of more than 50 ms. */
  readonly longTasks: number;
}

export interface Page {
  begin(network: string): Promise<void>;
  /** Steps a second by `spawn` over those of the bare worker, round by round. */
  throughput(rounds: number): Promise<number[]>;
  /** The page's frames while training goes on, or while nothing does. */
  frames(milliseconds: number, training: boolean): Promise<Frames>;
  /** Milliseconds until each control is answered, ascending. */
  controls(rounds: number): Promise<Record<string, number[]>>;
}

async function open(name: string) {
  const network = networks[name];
  const start = await startOf(network);
  const trainer = await trainerOf(start, await spawn({ threads: 1 }));
  const slices = await slicesOf(trainer, network.batch);
  const worker = new Worker(new URL("./bare.ts", import.meta.url), { type: "module" });
  const tell = (message: string | number) =>
    new Promise<number>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(message);
    });
  await tell(name);
  return { trainer, slices, start, bare: () => tell(SLICE) };
}

let opened: Awaited<ReturnType<typeof open>> | undefined;

function current() {
  if (opened === undefined) throw new Error("begin() comes first");
  return opened;
}

/** Milliseconds from one frame's callback to the next one's. */
function frameTimes(milliseconds: number): Promise<number[]> {
  return new Promise((resolve) => {
    const times: number[] = [];
    const end = performance.now() + milliseconds;
    const frame = () => {
      const now = performance.now();
      times.push(now);
      if (now < end) requestAnimationFrame(frame);
      else resolve(times.slice(1).map((time, i) => time - times[i]));
    };
    requestAnimationFrame(frame);
  });
}

const page: Page = {
  async begin(network) {
    opened = await open(network);
  },
  async throughput(rounds) {
    const { slices, bare } = current();
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      // In turn which is first: machines grow faster and slower.
      const first = round % 2 === 0;
      const before = first ? await slices.train(SLICE) : await bare();
      const after = first ? await bare() : await slices.train(SLICE);
      ratios.push(first ? before / after : after / before);
    }
    return ratios;
  },
  async frames(milliseconds, training) {
    const { slices } = current();
    let longTasks = 0;
    const observer = new PerformanceObserver((list) => {
      longTasks += list.getEntries().length;
    });
    observer.observe({ entryTypes: ["longtask"] });
    if (training) slices.resume();
    const sorted = (await frameTimes(milliseconds)).sort((a, b) => a - b);
    if (training) await slices.pause();
    observer.disconnect();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return { median: at(0.5), p99: at(0.99), worst: at(1), longTasks };
  },
  async controls(rounds) {
    const { trainer, slices, start } = current();
    const { data, shape } = start.data.x;
    const one = { data: data.slice(0, shape[1]), shape: [1, shape[1]] };
    const few = {
      x: { data: data.slice(0, 64 * shape[1]), shape: [64, shape[1]] },
      y: { data: start.data.y.data.slice(0, 64), shape: [64] },
    };
    const ask: Readonly<Record<string, () => Promise<unknown>>> = {
      pause: () => slices.pause(),
      predict: () => trainer.predict(one),
      evaluate: () => trainer.evaluate(few),
      stateDict: () => trainer.stateDict(),
      snapshot: () => trainer.snapshot(),
    };
    const found: Record<string, number[]> = Object.fromEntries(Object.keys(ask).map((name) => [name, []]));
    slices.resume();
    await trainer.predict(one); // compiles
    await trainer.evaluate(few);
    for (let round = 0; round < rounds; round++)
      for (const [name, control] of Object.entries(ask)) {
        slices.resume();
        await new Promise((resolve) => setTimeout(resolve, 60 + (round % 7) * 5));
        const from = performance.now();
        await control();
        found[name].push(performance.now() - from);
      }
    await slices.pause();
    for (const times of Object.values(found)) times.sort((a, b) => a - b);
    return found;
  },
};

Object.assign(window, { facade: page });
