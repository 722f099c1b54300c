// A training that goes on for as long as it is told to, on whatever executor: how many steps it makes is what a user would see.
import type { Trainer } from "../../src/index.ts";

export interface Slices {
  /** Trains for so many milliseconds. @returns steps a second */
  train(milliseconds: number): Promise<number>;
  readonly pause: () => Promise<void>;
  readonly resume: () => void;
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Starts it, and pauses it. */
export async function slicesOf(trainer: Trainer, batch: number): Promise<Slices> {
  const fit = trainer.fit({ batch, epochs: 1_000_000 });
  let steps = 0;
  void (async () => {
    for await (const report of fit) steps = report.step;
  })();
  while (steps === 0) await wait(10);
  await fit.pause();
  const settled = async () => {
    await wait(60); // for the last reports, which come at most once a frame
    return steps;
  };
  return {
    async train(milliseconds) {
      const before = await settled();
      const start = performance.now();
      fit.resume();
      await wait(milliseconds);
      await fit.pause();
      const seconds = (performance.now() - start) / 1000;
      return ((await settled()) - before) / seconds;
    },
    pause: () => fit.pause(),
    resume: () => fit.resume(),
  };
}
