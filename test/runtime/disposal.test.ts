// An executor that is disposed of at any moment: every call before and after settles, and nothing goes on behind it.
import { expect, test } from "vitest";
import { DisposedError, ThreadError } from "../../src/errors.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { createJsMachine } from "../../src/runtime/js/machine.ts";
import { LocalExecutor } from "../../src/runtime/local-executor.ts";
import { float32, oracle } from "../executors.ts";
import { counter, turns } from "./contract-programs.ts";

const executors = Object.entries({ oracle, ...float32 });

/** Microtasks: what a promise that is already resolved takes. */
async function ticks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick++) await undefined;
}

/** What keeps the event loop turning without a pause. */
function spinning(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name === "Immediate");
}

/** Every call, each as the one that dispose() comes after. */
const calls: Readonly<Record<string, (executor: Executor, id: number) => Promise<unknown>>> = {
  load: (executor) => executor.load(counter("m")),
  unload: (executor, id) => executor.unload(id),
  forget: (executor) => executor.forget("gone"),
  write: (executor) => executor.write({ variable: "n" }, [3]),
  writeAll: (executor) => executor.writeAll([{ slot: { variable: "n" }, data: [3] }]),
  read: (executor) => executor.read({ variable: "n" }),
  readAll: (executor) => executor.readAll([{ variable: "n" }]),
  run: (executor, id) => executor.run([[id, 1]]).done,
  "an endless run": (executor, id) => executor.run([[id, 1]], { repeat: Number.POSITIVE_INFINITY }).done,
  "an urgent run": (executor, id) => executor.run([[id, 1]], { repeat: Number.POSITIVE_INFINITY, urgent: true }).done,
  "a paused run": (executor, id) => {
    const run = executor.run([[id, 1]]);
    void run.pause();
    return run.done;
  },
};

/** The value or a DisposedError: nothing else may come, and nothing may be missing. */
async function settled(call: Promise<unknown>): Promise<void> {
  const value = await call.catch((error: unknown) => error);
  if (value instanceof Error) expect(value).toBeInstanceOf(DisposedError);
  else if (ArrayBuffer.isView(value)) expect(value).toHaveLength(1);
}

test.each(
  executors.flatMap(([name, create]) => Object.keys(calls).map((call) => [name, call, create, calls[call]] as const)),
)("%s: %s settles, however soon dispose() comes after it", async (_, name, create, call) => {
  for (const waits of [0, 1, 2, 3, 5, 8, "a turn"] as const) {
    const executor = create();
    const id = await executor.load(counter("n"));
    await executor.load(counter("gone")).then((gone) => executor.unload(gone));
    const called = settled(call(executor, id));
    await (waits === "a turn" ? turns(1) : ticks(waits));
    await executor.dispose();
    await called;
    await turns(1);
    expect({ name, waits, spins: spinning() }).toEqual({ name, waits, spins: [] });
    for (const later of Object.values(calls)) await expect(later(executor, id)).rejects.toThrow(DisposedError);
  }
});

test.each(executors)(
  "%s: calls that wait for the machine are rejected when it is disposed of first",
  async (_, create) => {
    const executor = create();
    const waiting = Object.values(calls).map((call) => expect(call(executor, 1)).rejects.toThrow(DisposedError));
    const disposed = [executor.dispose(), executor.dispose()];
    await Promise.all([...waiting, ...disposed]);
    expect(spinning()).toEqual([]);
  },
);

test("dispose() of an executor resolves when its machine is gone, for whoever calls it", async () => {
  let gone = false;
  const machine = {
    ...createJsMachine("float32"),
    async dispose() {
      await turns(2);
      gone = true;
    },
  };
  const executor = new LocalExecutor(oracle().info, machine, {});
  await executor.load(counter("n"));
  void executor.dispose();
  await executor.dispose();
  expect(gone).toBe(true);
});

test("an executor whose machine does not start says why, until it is disposed of", async () => {
  const executor = new LocalExecutor(oracle().info, Promise.reject(new ThreadError("no machine")), {});
  await expect(executor.read({ variable: "n" })).rejects.toThrow("no machine");
  await expect(executor.run([]).done).rejects.toThrow("no machine");
  await executor.dispose();
  await expect(executor.read({ variable: "n" })).rejects.toThrow(DisposedError);
});

test("orders are carried out in the order of their calls, before and after the machine has come", async () => {
  let start = () => {};
  const coming = new Promise<ReturnType<typeof createJsMachine>>((resolve) => {
    start = () => resolve(createJsMachine("float32"));
  });
  const executor = new LocalExecutor(oracle().info, coming, {});
  const slot = { variable: "n" };
  const seen: Promise<unknown>[] = [executor.load(counter("n"))];
  const order = (value: number) => {
    seen.push(executor.write(slot, [value]), executor.read(slot));
  };
  order(1);
  start();
  // Each tick of the coming is a moment in which another caller may call.
  for (let tick = 2; tick < 40; tick++) {
    order(tick);
    await (tick % 4 === 0 ? turns(1) : ticks(1));
  }
  const values = (await Promise.all(seen)).filter((value) => value instanceof Int32Array);
  expect(values.map(([value]) => value)).toEqual(Array.from({ length: 39 }, (_, i) => i + 1));
  await executor.dispose();
});
