// Teams of threads in pages: a worker of a cross-origin-isolated page has one, the page's own thread never.
import { WasmExecutor } from "simdgrad";
import { expect, test } from "vitest";
import { PORTABLE_HASH } from "../portable/expected.ts";

test("a worker's team of three gives the bits of one thread", async () => {
  const worker = new Worker(new URL("./team.ts", import.meta.url), { type: "module" });
  const answer = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  expect(answer).toEqual({ hash: PORTABLE_HASH, threads: 3, alone: [] });
  worker.terminate();
});

test("a page's own thread stays alone, and says why", async () => {
  const executor = new WasmExecutor({ threads: 2 });
  expect(executor.info).toMatchObject({ threads: 1, fallback: expect.stringContaining("own thread may not wait") });
  await executor.dispose();
});
