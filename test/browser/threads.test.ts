// Teams of threads in pages: a worker of a cross-origin-isolated page has one, the page's own thread never; nor has any where the
// engine shares no memory with workers.
import { WasmExecutor } from "simdgrad";
import { expect, inject, test } from "vitest";
import { PORTABLE_HASH } from "../portable/expected.ts";

const { sharedMemory } = inject("features");

function trainInWorker(): Promise<unknown> {
  const worker = new Worker(new URL("./team.ts", import.meta.url), { type: "module" });
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  return answer.finally(() => worker.terminate());
}

if (sharedMemory)
  test("a worker's team of three gives the bits of one thread", async () => {
    expect(await trainInWorker()).toEqual({ hash: PORTABLE_HASH, threads: 3, fallback: "", alone: [] });
  });
else
  test("without shared memory a worker stays alone, says why, and has the same bits", async () => {
    expect(await trainInWorker()).toEqual({
      hash: PORTABLE_HASH,
      threads: 1,
      fallback: "one thread: this engine shares no memory with workers (no SharedArrayBuffer)",
      alone: [expect.stringContaining("no thread can be made here")],
    });
  });

test("a page's own thread stays alone, and says why", async () => {
  const executor = new WasmExecutor({ threads: 2 });
  const reason = sharedMemory ? "own thread may not wait" : "no SharedArrayBuffer";
  expect(executor.info).toMatchObject({ threads: 1, fallback: expect.stringContaining(reason) });
  await executor.dispose();
});
