// How fast a training at full speed answers: within 50 ms or one step, whichever is longer, on a machine that does nothing else. The bounds
// here are five times as wide; `npm run bench:browser` writes down the figures.
import { spawn } from "simdgrad/worker";
import { expect, test } from "vitest";
import { beginTraining } from "./training.ts";

const BOUND = 250;

test("every control of a training in a worker is answered at once", async () => {
  const { trainer, fit, x, y, end } = await beginTraining(await spawn({ threads: 1 }), 128);
  const rows = (array: typeof x, count: number) => ({ data: array.data.slice(0, count * 784), shape: [count, 784] });
  const [one, many] = [rows(x, 1), { x: rows(x, 256), y: { data: y.data.slice(0, 256), shape: [256] } }];
  await trainer.predict(one); // what is compiled once is no control
  await trainer.evaluate(many);
  const controls: Readonly<Record<string, () => Promise<unknown>>> = {
    predict: () => trainer.predict(one),
    evaluate: () => trainer.evaluate(many),
    setHyperparameters: () => trainer.setHyperparameters({ rate: 5e-4 }),
    stateDict: () => trainer.stateDict(),
    snapshot: () => trainer.snapshot(),
    pause: () => fit.pause(),
    async resume() {
      fit.resume();
      await fit.next();
    },
  };
  const slowest: Record<string, number> = {};
  for (let round = 0; round < 10; round++)
    for (const [name, control] of Object.entries(controls)) {
      const start = performance.now();
      await control();
      slowest[name] = Math.max(slowest[name] ?? 0, performance.now() - start);
      if (name !== "pause") await new Promise((resolve) => setTimeout(resolve, 30 * (round / 10)));
    }
  const start = performance.now();
  await fit.stop();
  slowest.stop = performance.now() - start;
  console.log(
    "slowest of ten, ms:",
    JSON.stringify(slowest, (_, value) => (value.toFixed ? +value.toFixed(1) : value)),
  );
  for (const [name, milliseconds] of Object.entries(slowest))
    expect({ name, inTime: milliseconds < BOUND }).toEqual({ name, inTime: true });
  await end();
});
