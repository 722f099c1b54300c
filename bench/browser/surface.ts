// A page that asks its worker for a surface of 80 x 80 points, which a small network that trains there gives. ../predict.ts asks it for figures.
import { Trainer } from "../../src/index.ts";
import { crossEntropy, Linear, Sequential, tanh } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import { connect } from "../../src/worker/index.ts";

const SIDE = 80;
const ROWS = 300;
/** Milliseconds between two surfaces: those of a frame and a bit, so that they fall anywhere in the worker's slices. */
const PAUSE = 23;

/** Milliseconds that surfaces took, and messages that went to the worker meanwhile, both ascending. */
export interface Surfaces {
  readonly times: readonly number[];
  readonly sent: readonly number[];
  /** Steps of the training meanwhile, a second. */
  readonly steps: number;
}

export interface Surface {
  surfaces(count: number, training: boolean): Promise<Surfaces>;
}

let sent = 0;
const worker = new Worker(new URL("../../src/worker/worker.ts", import.meta.url), { type: "module" });
const post = worker.postMessage.bind(worker) as (message: unknown, transfer?: readonly Transferable[]) => void;
worker.postMessage = ((message: unknown, transfer?: readonly Transferable[]) => {
  sent++;
  post(message, transfer);
}) as Worker["postMessage"];

const model = new Sequential(new Linear(2, 32), tanh, new Linear(32, 32), tanh, new Linear(32, 2));
const executor = await connect(worker, { threads: 1 });
const trainer = new Trainer(model, { loss: crossEntropy, optimizer: adam(0.001), executor });
const y = Array.from({ length: ROWS }, (_, i) => i % 2);
const x = y.map((side, i) => {
  const [radius, angle] = [i / ROWS, (9 * i) / ROWS + Math.PI * side];
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
});
await trainer.load({ x, y });
const points = Array.from({ length: SIDE * SIDE }, (_, i) => [i % SIDE, Math.floor(i / SIDE)]);
const grid = { data: Float32Array.from(points.flat(), (at) => (2 * at) / SIDE - 1), shape: [SIDE * SIDE, 2] };
const fit = trainer.fit({ epochs: 1_000_000 });
let steps = 0;
await fit.pause();
void (async () => {
  for await (const { step } of fit) steps = step;
})();

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const surface: Surface = {
  async surfaces(count, training) {
    for (let i = 0; i < 20; i++) await trainer.predict(grid, { as: "softmax" });
    if (training) fit.resume();
    await wait(200);
    const [found, before, start] = [[] as { time: number; sent: number }[], steps, performance.now()];
    for (let i = 0; i < count; i++) {
      await wait(PAUSE);
      const [from, already] = [performance.now(), sent];
      await trainer.predict(grid, { as: "softmax" });
      found.push({ time: performance.now() - from, sent: sent - already });
    }
    const seconds = (performance.now() - start) / 1000;
    if (training) await fit.pause();
    const sorted = (of: "time" | "sent") => found.map((each) => each[of]).sort((a, b) => a - b);
    return { times: sorted("time"), sent: sorted("sent"), steps: (steps - before) / seconds };
  },
};

Object.assign(window, { surface });
