// Executors in workers of Node.
import { Worker } from "node:worker_threads";
import { WorkerError } from "simdgrad";
import { connect } from "simdgrad/worker";
import { expect, test } from "vitest";
import { workerFacade } from "./facade.ts";
import { newTrainer, trainingData } from "./training.ts";

const options = { execArgv: [] };

workerFacade({
  start: () => new Worker(new URL("../../src/worker/worker.ts", import.meta.url), options),
  kill: (worker) => (worker as Worker).terminate(),
  broken: {
    echoing: () => new Worker(new URL("./broken/echoing.ts", import.meta.url), options),
    missing: () => new Worker(new URL("./broken/missing.ts", import.meta.url), options),
    throwing: () => new Worker(new URL("./broken/throwing.ts", import.meta.url), options),
    failing: () => new Worker(new URL("./broken/failing.ts", import.meta.url), options),
    silent: () => new Worker(new URL("./broken/silent.ts", import.meta.url), options),
    hanging: () => new Worker(new URL("./broken/hanging.ts", import.meta.url), options),
  },
});

test("a worker that runs out of memory rejects what waits", async () => {
  const worker = new Worker(new URL("./broken/greedy.ts", import.meta.url), {
    ...options,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  const trainer = newTrainer(await connect(worker, { threads: 1 }));
  await trainer.load(trainingData);
  const reading = (async () => {
    for await (const _ of trainer.fit({ batch: 32, epochs: 1_000_000 }));
  })();
  await expect(reading).rejects.toThrow(WorkerError);
  await expect(reading).rejects.toThrow("out of memory");
});
