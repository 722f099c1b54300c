// Endurance in Node: kills at random points; workers that come and go leave nothing behind.
import { Worker } from "node:worker_threads";
import { expect, inject, test } from "vitest";
import { cycle, killsAtRandom, sequencesWithDeaths, trainingsWithDeaths } from "./endurance.ts";

const { kills, cycles, sequences, trainings } = inject("counts");

/** The one file, as it is built: sources take longer to come. */
function start(): Worker {
  return new Worker(new URL("../../dist/worker.js", import.meta.url), { execArgv: [] });
}

const workers = { start, kill: (worker: unknown) => (worker as Worker).terminate() };

killsAtRandom(workers, kills);
sequencesWithDeaths(workers, sequences);
trainingsWithDeaths(workers, trainings);

/** Bytes that are in use once what can be freed is. */
async function resident(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss;
}

/** Everything that keeps a process alive, and who listens to it. */
function left() {
  const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
  return { resources: process.getActiveResourcesInfo().sort(), listeners };
}

test(`${cycles} workers that come and go leave no worker, no listener and no memory`, async () => {
  for (let warm = 0; warm < cycles / 5; warm++) await cycle(start);
  const [before, beforeBytes] = [left(), await resident()];
  for (let round = 0; round < cycles; round++) await cycle(start);
  const bytes = (await resident()) - beforeBytes;
  console.log(`${cycles} workers left ${(bytes / 2 ** 20).toFixed(1)} MiB`);
  expect(left()).toEqual(before);
  // Each has a memory of 64 MiB, of which it touches at least two: none of them may be left, and the heap's own moods are smaller.
  expect(bytes).toBeLessThan(40 * 2 ** 20);
}, 900_000);
