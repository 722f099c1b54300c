// An executor in a worker keeps the contract of all executors, also one that could be replaced at any time.
import { Worker } from "node:worker_threads";
import { ProgramError } from "simdgrad";
import { connect } from "simdgrad/worker";
import { expect, test } from "vitest";
import { executorContract } from "../runtime/contract.ts";
import { affine } from "../runtime/contract-programs.ts";

const start = () => new Worker(new URL("./trusting.ts", import.meta.url), { execArgv: [] });

executorContract("an executor in a worker", (options) => connect(start, { ...options, threads: 1, build: "portable" }));
executorContract("one with checkpoints", (options) =>
  connect(start, { ...options, executor: "js", respawn: { every: 1 } }),
);

test("the worker itself refuses programs of another version, whatever its page takes them for", async () => {
  const executor = await connect(start, { threads: 1, build: "portable" });
  let reads = 0;
  const aged = { ...affine(3) };
  // What the page looks at is of this version, what crosses is not.
  Object.defineProperty(aged, "version", { enumerable: true, get: () => (reads++ === 0 ? 2 : 1) });
  const loaded = executor.load(aged);
  await expect(loaded).rejects.toThrow(ProgramError);
  await expect(loaded).rejects.toThrow("is of version 1; version 2 runs here");
  await executor.dispose();
});
