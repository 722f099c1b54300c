// An executor's team of threads: the same bits for any number of them, one thread for toys, typed errors when one dies, nothing
// left behind.
import { execFileSync } from "node:child_process";
import * as workers from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ADD, MAP_CODES } from "../../assembly/isa/map-code.ts";
import { MAP } from "../../assembly/isa/opcode.ts";
import { MAP_CHUNK } from "../../assembly/isa/sizes.ts";
import { MAP_FIRST } from "../../assembly/isa/slots.ts";
import { ArgumentError, ThreadError } from "../../src/errors.ts";
import type { Program } from "../../src/program/program.ts";
import { LocalExecutor } from "../../src/runtime/local-executor.ts";
import { Space } from "../../src/runtime/space.ts";
import { wasm } from "../../src/runtime/wasm/generated/portable.ts";
import { createWasmMachine, decoded, type Sharing } from "../../src/runtime/wasm/machine.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import { PORTABLE_HASH } from "../portable/expected.ts";
import { parametersHash } from "../portable/train.ts";
import { executorContract } from "./contract.ts";
import { a, Encoder, full, o } from "./encode.ts";

const bytes = decoded(wasm);
const info = { name: "wasm-portable", tile: "3x12", threads: 2, fallback: "" } as const;

/** An executor that gives every program, however small, all its threads. */
function sharing(options: Partial<Sharing> & { readonly poison?: boolean } = {}): LocalExecutor {
  const machine = createWasmMachine(bytes, { threads: 2, choose: (_, most) => most, ...options });
  return new LocalExecutor(info, machine, { poison: options.poison });
}

/** y = x + x over so many elements, read from so many words behind the first of the arena. */
function doubled(elements: number, from = 0): Program {
  const e = new Encoder();
  const y = e.output("y", [elements]);
  const x = e.arena(elements);
  e.map({ n: elements, operands: [full(x + from)], outputs: [y], steps: [[ADD, o(0), a(0), a(0)]] });
  return e.program();
}

/** Every worker of node:worker_threads that is made while `act` runs. */
async function workersMadeBy(act: () => Promise<void>): Promise<workers.Worker[]> {
  const made: workers.Worker[] = [];
  class Recorded extends workers.Worker {
    constructor(...parameters: ConstructorParameters<typeof workers.Worker>) {
      super(...parameters);
      made.push(this);
    }
  }
  pretend({ Worker: Recorded });
  await act();
  return made;
}

/** Gives src/ other parts of node:worker_threads. */
function pretend(parts: Partial<typeof workers>): void {
  const original = process.getBuiltinModule;
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads" ? { ...workers, ...parts } : original(name)) as typeof original);
}

afterEach(() => {
  vi.restoreAllMocks();
});

executorContract("WasmExecutor with two threads for everything", ({ poison }) => sharing({ poison }));

describe("a team of threads", () => {
  test.each([2, 3, 8])("of %i gives a training the bits of one", async (threads) => {
    const executor = sharing({ threads });
    expect(await parametersHash(executor)).toBe(PORTABLE_HASH);
    await executor.dispose();
  });

  test("is not started for a toy", async () => {
    const made = await workersMadeBy(async () => {
      const executor = new WasmExecutor({ threads: 4 });
      const id = await executor.load(doubled(1000));
      await executor.run([[id, 10]]).done;
      await executor.dispose();
    });
    expect(made.length).toBe(0);
  });

  test("is started by the first program that is worth it, once, and ended by dispose", async () => {
    const executor = new WasmExecutor({ threads: 3 });
    const exits: Promise<unknown>[] = [];
    const made = await workersMadeBy(async () => {
      for (let i = 0; i < 3; i++) await executor.load(doubled(64 * MAP_CHUNK));
    });
    expect(made.length).toBe(2);
    for (const worker of made) exits.push(new Promise((resolve) => worker.once("exit", resolve)));
    await executor.dispose();
    await Promise.all(exits);
  });

  test("is ended by dispose while it starts, without a word", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const made = await workersMadeBy(async () => {
      const executor = new WasmExecutor({ threads: 3 });
      vi.mocked(process.getBuiltinModule).mockClear();
      const rejected = expect(executor.load(doubled(64 * MAP_CHUNK))).rejects.toThrow("the executor was disposed");
      while (!vi.mocked(process.getBuiltinModule).mock.calls.some(([name]) => name === "node:worker_threads"))
        await new Promise(setImmediate);
      await executor.dispose();
      await rejected;
    });
    expect(made.length).toBe(2);
    for (const worker of made) expect(worker.threadId).toBe(-1);
    expect(warn).not.toHaveBeenCalled();
  });

  test("that cannot start leaves one thread, says so once, and the programs run", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    class Refusing {
      constructor() {
        throw new Error("no more threads");
      }
    }
    pretend({ Worker: Refusing as unknown as typeof workers.Worker });
    const executor = new WasmExecutor({ threads: 2 });
    const id = await executor.load(doubled(64 * MAP_CHUNK));
    expect((await executor.run([[id, 2]]).done).steps).toBe(2);
    await executor.load(doubled(64 * MAP_CHUNK));
    expect(warn.mock.calls).toEqual([
      ["simdgrad: one thread instead of 2: no thread can be made here: no more threads"],
    ]);
    expect(executor.info).toMatchObject({ threads: 1, fallback: expect.stringContaining("no more threads") });
    await executor.dispose();
  });

  test("of which one died rejects every further run", async () => {
    const executor = sharing();
    let id = 0;
    const made = await workersMadeBy(async () => {
      id = await executor.load(doubled(10));
      await executor.run([[id, 1]]).done;
    });
    await made[0].terminate();
    const run = executor.run([[id, 1]]);
    await expect(run.done).rejects.toThrow(ThreadError);
    await expect(run.done).rejects.toThrow("thread 1 of the team ended");
    await executor.dispose();
  });

  test("of which only a further one fails does not keep the first waiting, and goes on with the next run", async () => {
    const machine = await createWasmMachine(bytes, { threads: 2, choose: (_, most) => most });
    const space = new Space(machine, false);
    const log = new Float64Array(0);
    const whole = space.load(doubled(2 * MAP_CHUNK));
    space.unload(space.load(doubled(2 * MAP_CHUNK)));
    await machine.ready?.();
    const [header] = space.loaded(whole).code;
    expect(header & 255).toBe(MAP);
    // The first chunk ends where memory ends; the second, which is always the second thread's, lies beyond.
    const x = space.loaded(whole).code[MAP_FIRST] / 4;
    const broken = space.load(doubled(2 * MAP_CHUNK, machine.memory.f.length - MAP_CHUNK - x));
    expect(space.loaded(broken).code[MAP_FIRST] / 4).toBe(machine.memory.f.length - MAP_CHUNK);
    for (let round = 0; round < 3; round++) {
      expect(() => machine.execute(space.loaded(broken), 5, log, 0)).toThrow(ThreadError);
      machine.execute(space.loaded(whole), 5, log, 0);
    }
    await machine.dispose();
  });

  test("tells a trap as a ThreadError, of one thread or of several, and what trapped", async () => {
    for (const threads of [1, 2]) {
      const executor = sharing({ threads });
      const e = new Encoder();
      const x = e.variable("x", [1]);
      e.map({ n: 1, operands: [full(x)], outputs: [x], steps: [[MAP_CODES + 1, o(0), a(0)]] });
      const broken = await executor.load(e.program());
      const whole = await executor.load(doubled(10));
      for (let round = 0; round < 2; round++) {
        const failed = executor.run([[broken, 1]]).done;
        await expect(failed).rejects.toThrow(ThreadError);
        await expect(failed).rejects.toMatchObject({ cause: expect.any(WebAssembly.RuntimeError) });
        expect(await executor.run([[whole, 5]]).done).toEqual({ steps: 5, stopped: false });
      }
      await executor.dispose();
    }
  });

  test("sleeps when idle, and lets the process end", () => {
    const index = new URL("../../src/index.ts", import.meta.url).href;
    const script = `
      import { compile, Variable, WasmExecutor } from ${JSON.stringify(index)};
      const executor = new WasmExecutor({ threads: 2 });
      const x = new Variable([1000, 1000], 0);
      const id = await executor.load(compile({ assignments: [[x, x.add(1)]] }));
      await executor.run([[id, 3]]).done;
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const { user, system } = process.cpuUsage(before);
      console.log(executor.info.threads, user + system < 250_000);
    `;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 20_000,
    });
    expect(printed.trim()).toBe("2 true");
  });
});

test.each([0, -1, 1.5, 65, Number.NaN])("%s threads are an error", (threads) => {
  expect(() => new WasmExecutor({ threads })).toThrow(ArgumentError);
});
