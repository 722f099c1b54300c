// How long threads spin in a barrier: as long as waking one costs here, within bounds; and teams whose threads do not come to the barriers
// by which that is measured.
import * as workers from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { CONTROL_SPINS } from "../../assembly/isa/sizes.ts";
import { LocalExecutor } from "../../src/runtime/local-executor.ts";
import { Space } from "../../src/runtime/space.ts";
import { wasm } from "../../src/runtime/wasm/generated/portable.ts";
import { createWasmMachine, decoded, type Sharing } from "../../src/runtime/wasm/machine.ts";
import { MOST_SPINS, spinsFor } from "../../src/runtime/wasm/waking.ts";
import { counter } from "./contract-programs.ts";

const bytes = decoded(wasm);

function machineOf(options: Partial<Sharing> = {}) {
  return createWasmMachine(bytes, { threads: 3, choose: (_, most) => most, ...options });
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("barriers spin four times as long as waking takes, from 50 to 200 microseconds", () => {
  expect([0.001, 0.02, 0.05, 0.2, Number.POSITIVE_INFINITY].map(spinsFor)).toEqual([
    50_000,
    80_000,
    200_000,
    200_000,
    MOST_SPINS,
  ]);
});

test("a team measures that when it has started, and not before", async () => {
  const machine = await machineOf();
  const spins = () => machine.memory.i[CONTROL_SPINS / 4];
  expect(spins()).toBe(MOST_SPINS);
  new Space(machine, false).load(counter("n"));
  await machine.ready?.();
  expect(spins()).toBeGreaterThanOrEqual(50_000);
  expect(spins()).toBeLessThanOrEqual(MOST_SPINS);
  await machine.dispose();
});

test("threads that never come to a barrier leave one thread, which says so and works", async () => {
  class Absent {
    once(_: "message", listener: () => void): void {
      queueMicrotask(listener);
    }
    on(): void {}
    unref(): void {}
    postMessage(): void {}
    async terminate(): Promise<number> {
      return 0;
    }
  }
  const original = process.getBuiltinModule;
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads" ? { ...workers, Worker: Absent } : original(name)) as typeof original);
  const reasons: string[] = [];
  const machine = machineOf({ patience: 60, onAlone: (reason) => reasons.push(reason) });
  const executor = new LocalExecutor({ name: "wasm-portable", tile: "", threads: 3, fallback: "" }, machine, {});
  const id = await executor.load(counter("n"));
  expect(reasons).toEqual(["a thread of the team does not come to its first barrier"]);
  expect(await executor.run([[id, 5]]).done).toEqual({ steps: 5, stopped: false });
  expect([...(await executor.read({ variable: "n" }))]).toEqual([5]);
  expect(await executor.teams()).toEqual([{ program: id, threads: 1, compared: {} }]);
  await executor.dispose();
});
