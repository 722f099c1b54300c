// Executors that a page spawns: with a team of threads, or with one and a warning where the engine shares no memory with workers.
import { compile, input } from "simdgrad";
import { spawn } from "simdgrad/worker";
import { expect, inject, test, vi } from "vitest";
import { INITIALS_HASH, PORTABLE_HASH } from "../portable/expected.ts";
import { initialsHash, parametersHash } from "../portable/train.ts";

const { sharedMemory } = inject("features");
const alone = "one thread: this engine shares no memory with workers (no SharedArrayBuffer)";

test("a spawned executor has the threads that it is asked for, or one and a warning, and the committed bits", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const executor = await spawn({ threads: 3, build: "portable" });
  expect(executor.info).toMatchObject({
    name: "wasm-portable",
    threads: sharedMemory ? 3 : 1,
    fallback: sharedMemory ? "" : alone,
  });
  expect(warn.mock.calls).toEqual([]);
  const [a, b] = [input([512, 512]), input([512, 512])];
  await executor.load(compile({ inputs: { a, b }, outputs: { c: a.matmul(b) } }));
  await vi.waitFor(() => expect(warn.mock.calls).toEqual(sharedMemory ? [] : [[`simdgrad: ${alone}`]]));
  warn.mockRestore();
  expect(await parametersHash(executor)).toBe(PORTABLE_HASH);
  expect(await initialsHash(executor)).toBe(INITIALS_HASH);
  await executor.dispose();
});
