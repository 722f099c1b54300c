// Endurance in a page: kills at random points; workers that come and go leave nothing behind.
import { expect, inject, test } from "vitest";
import { cycle, killsAtRandom } from "../worker/endurance.ts";

const { kills, cycles } = inject("counts");

/** The one file, as it is built: it comes fast, also from a server that transforms sources. */
function start(): Worker {
  return new Worker("/dist/worker.js", { type: "module" });
}

killsAtRandom({ start, kill: (worker) => (worker as Worker).terminate() }, kills);

/** Locks are held by living workers alone, and waited for by whoever listens for their deaths. */
async function locks(): Promise<number> {
  const { held = [], pending = [] } = await navigator.locks.query();
  return [...held, ...pending].filter(({ name }) => name !== undefined && /^[0-9a-f-]{36}$/.test(name)).length;
}

/** Resolves when there are no locks left: a terminated worker ends a moment later. */
async function noLocks(): Promise<number> {
  for (let round = 0; round < 50 && (await locks()) > 0; round++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return locks();
}

interface Measuring {
  /** The page with all its workers; Chromium takes a minute to answer. */
  measureUserAgentSpecificMemory?(): Promise<{ readonly bytes: number }>;
  /** The page's own heap, as of its last collection. */
  readonly memory?: { readonly usedJSHeapSize: number };
}

/** Bytes in use, as far as the engine tells: of everything for the long runs, of the page alone for the short ones. */
async function bytesInUse(): Promise<number> {
  const measuring = performance as unknown as Measuring;
  if (cycles >= 1000 && measuring.measureUserAgentSpecificMemory !== undefined)
    return (await measuring.measureUserAgentSpecificMemory()).bytes;
  return measuring.memory?.usedJSHeapSize ?? 0;
}

test(`${cycles} workers that come and go leave no worker, no listener and no memory`, async () => {
  for (let warm = 0; warm < cycles / 5; warm++) await cycle(start);
  expect(await noLocks()).toBe(0);
  const before = await bytesInUse();
  for (let round = 0; round < cycles; round++) await cycle(start);
  expect(await noLocks()).toBe(0);
  const bytes = (await bytesInUse()) - before;
  console.log(`${cycles} workers left ${(bytes / 2 ** 20).toFixed(1)} MiB`);
  expect(bytes).toBeLessThan(40 * 2 ** 20);
}, 900_000);
