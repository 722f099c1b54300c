// Ten minutes of predictions without an end beside a training: it keeps its share of its pace. Part of `npm run soak` alone, since it
// measures time; that the share is kept at all, and how, are tests of every day (moments.test.ts, ../runtime/queue.test.ts).
import { Trainer, WasmExecutor } from "simdgrad";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { expect, test } from "vitest";

const MINUTE = 60_000;
const ROWS = 256;
const WIDTH = 64;

test.skipIf(!process.env.SOAK)(
  "training keeps 30% of its pace beside endless predictions",
  async () => {
    const executor = new WasmExecutor({ threads: 1 });
    const trainer = new Trainer(new Linear(WIDTH, WIDTH), { loss: mseLoss, optimizer: sgd(1e-6), executor });
    const x = { data: new Float32Array(ROWS * WIDTH).fill(0.5), shape: [ROWS, WIDTH] };
    await trainer.load({ x, y: x });
    const fit = trainer.fit({ batch: 32, epochs: 1e9 });
    await fit.next();
    const made = async () => (await trainer.snapshot())["optimizer.step"].data[0];
    /** Steps a millisecond for so long. */
    const pace = async (milliseconds: number, meanwhile: () => Promise<unknown>) => {
      const [before, began] = [await made(), performance.now()];
      while (performance.now() - began < milliseconds) await meanwhile();
      return ((await made()) - before) / (performance.now() - began);
    };
    const alone = await pace(MINUTE, () => new Promise((resolve) => setTimeout(resolve, 100)));
    const beside = await pace(10 * MINUTE, () => trainer.predict(x));
    console.log(`steps a millisecond: ${alone.toFixed(2)} alone, ${beside.toFixed(2)} beside predictions`);
    expect(beside).toBeGreaterThan(0.3 * alone);
    await fit.stop();
    await executor.dispose();
  },
  900_000,
);
