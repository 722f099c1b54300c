// Executors that compare numbers of threads: the same bits whichever they take and while they change, the faster one in the end, and every
// error as before. What steps take is told by tables, not by a clock.
import * as workers from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MAP_CODES } from "../../assembly/isa/map-code.ts";
import { BARRIER, END } from "../../assembly/isa/opcode.ts";
import { ThreadError } from "../../src/errors.ts";
import { compile, Variable } from "../../src/index.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import { LocalExecutor } from "../../src/runtime/local-executor.ts";
import { Space } from "../../src/runtime/space.ts";
import { Comparison } from "../../src/runtime/wasm/comparison.ts";
import { wasm } from "../../src/runtime/wasm/generated/portable.ts";
import { createWasmMachine, decoded, type Sharing } from "../../src/runtime/wasm/machine.ts";
import { teamsFor } from "../../src/runtime/wasm/threads-for.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import { PORTABLE_HASH } from "../portable/expected.ts";
import { parametersHash } from "../portable/train.ts";
import { restless } from "../team.ts";
import { executorContract } from "./contract.ts";
import { counter } from "./contract-programs.ts";
import { a, Encoder, full, o } from "./encode.ts";

const bytes = decoded(wasm);

/** An executor for which every program, however small, may be worth all its threads. */
function comparing(compare: Sharing["compare"], options: Partial<Sharing> & { readonly poison?: boolean } = {}) {
  const machine = createWasmMachine(bytes, { threads: 2, choose: (_, most) => most, compare, ...options });
  const info = { name: "wasm-portable", tile: "3x12", threads: options.threads ?? 2, fallback: "" } as const;
  return new LocalExecutor(info, machine, { poison: options.poison });
}

/** Compares by milliseconds of a step from a table, and notes the ways that steps went. */
function told(times: readonly number[], went: number[] = []): NonNullable<Sharing["compare"]> {
  return (ways, first) => {
    const comparison = new Comparison(ways, first);
    return {
      get way() {
        return comparison.way;
      },
      get kept() {
        return comparison.kept;
      },
      milliseconds: (way) => comparison.milliseconds(way),
      begin: () => comparison.begin(),
      took: (steps) => {
        went.push(comparison.way);
        comparison.took(steps, steps * times[comparison.way]);
      },
    };
  };
}

/** x = x / 2 + 1 for many elements. */
function halving(elements = 100) {
  const x = new Variable([elements], 0);
  return { key: x.key, program: compile({ assignments: [[x, x.mul(0.5).add(1)]] }) };
}

afterEach(() => {
  vi.restoreAllMocks();
});

executorContract("WasmExecutor that changes its threads with every call", ({ poison }) =>
  comparing(restless, { poison, threads: 2 }),
);

describe("an executor that compares", () => {
  test.each([
    [2, undefined],
    [2, 0],
    [2, 1e9],
    [3, undefined],
    [4, undefined],
    [8, 0],
  ])(
    "up to %i threads gives a training the bits of one, with functions after %s steps",
    async (threads, prepareAfter) => {
      const executor = comparing(restless, { threads, ...(prepareAfter !== undefined && { prepareAfter }) });
      expect(await parametersHash(executor)).toBe(PORTABLE_HASH);
      await executor.dispose();
    },
  );

  test.each([
    [[0.15, 0.32], 1],
    [[0.32, 0.15], 2],
    [[1, 0.98], 1],
  ])("of steps that take %j, alone or by two, ends on %i, and gives the bits", async (times, threads) => {
    const went: number[] = [];
    const executor = comparing(told(times, went), { prepareAfter: 0 });
    expect(await parametersHash(executor)).toBe(PORTABLE_HASH);
    const { program, key } = halving();
    const id = await executor.load(program);
    expect(await executor.teams()).toEqual([{ program: id, threads: 2, compared: {} }]);
    // It begins anew once functions are made, which may take long where the machine is busy.
    const decided = async () => {
      const [{ threads: now, compared }] = await executor.teams();
      return now === threads && Object.keys(compared).length === 2;
    };
    for (let run = 0; run < 40 || (run < 4000 && !(await decided())); run++) await executor.run([[id, 10]]).done;
    const [team] = await executor.teams();
    expect(team).toMatchObject({ program: id, threads });
    expect(team.compared[1]).toBeCloseTo(times[0], 9);
    expect(team.compared[2]).toBeCloseTo(times[1], 9);
    expect(new Set(await executor.read({ variable: key }))).toEqual(new Set([2]));
    went.length = 0;
    await executor.run([[id, 1000]]).done;
    // Calls are bounded by time, so there may be few of them, some of a look.
    expect(went.filter((way) => way === threads - 1).length).toBeGreaterThan(0.5 * went.length);
    await executor.dispose();
  });

  test("begins after a few steps, without functions that are still made, and anew with them", async () => {
    let begins = 0;
    const executor = comparing((ways, first) => ({ ...restless(ways, first), begin: () => void begins++ }));
    const id = await executor.load(halving().program);
    await executor.run([[id, 7]]).done;
    expect(begins).toBe(0);
    const run = executor.run([[id, 1]], { repeat: Number.POSITIVE_INFINITY });
    while (run.steps === 0) await new Promise(setImmediate);
    expect(begins).toBeGreaterThan(0);
    while (begins < 2) await new Promise(setImmediate);
    await run.stop();
    await executor.dispose();
  });

  test("takes half of many threads where cores are missing", async () => {
    const executor = comparing(told([4, 1, 9]), { threads: 4, prepareAfter: 0 });
    const id = await executor.load(halving().program);
    for (let run = 0; run < 40 || (run < 4000 && (await executor.teams())[0].threads !== 2); run++)
      await executor.run([[id, 2]]).done;
    expect(await executor.teams()).toEqual([{ program: id, threads: 2, compared: { 1: 4, 2: 1, 4: 9 } }]);
    await executor.dispose();
  });

  test("decides for each program by itself, and tells of those that are loaded", async () => {
    let programs = 0;
    const tables = [
      [1, 5],
      [5, 1],
    ];
    const executor = comparing((ways, first) => told(tables[programs++])(ways, first), { prepareAfter: 0 });
    const ids = [await executor.load(halving().program), await executor.load(halving(200).program)];
    await executor.run(
      ids.map((id) => [id, 3]),
      { repeat: 40 },
    ).done;
    for (let run = 0; run < 30; run++) await executor.run(ids.map((id) => [id, 1])).done;
    expect((await executor.teams()).map(({ threads }) => threads)).toEqual([1, 2]);
    await executor.unload(ids[0]);
    expect((await executor.teams()).map(({ program }) => program)).toEqual([ids[1]]);
    await executor.dispose();
  });

  test("goes on when its arena moves while it is on either code", async () => {
    const executor = comparing(restless, { prepareAfter: 0 });
    const x = new Variable([64, 64], 0);
    const growing = compile({ assignments: [[x, x.matmul(x).add(x).tanh().mul(0.5).add(x.sum(0))]] });
    const one = new LocalExecutor(executor.info, createWasmMachine(bytes, { threads: 1 }), {});
    const first = Float32Array.from({ length: 4096 }, (_, i) => ((i * 7) % 11) / 1000);
    const results: unknown[] = [];
    for (const each of [executor, one]) {
      const id = await each.load(growing);
      await each.write({ variable: x.key }, first);
      for (let round = 0; round < 5; round++) {
        await each.run([[id, 1]]).done;
        const wide = new Variable([2000 * (round + 1)], 0);
        await each.load(compile({ outputs: { y: wide.exp().sum().mul(wide.exp()).sum() } }));
      }
      results.push(await each.read({ variable: x.key }));
      await each.dispose();
    }
    expect(results[0]).toEqual(results[1]);
  });

  test("executes what has no barriers where one thread is alone, and what has them in a team", async () => {
    const machine = await createWasmMachine(bytes, { threads: 2, choose: () => 2, compare: restless });
    const space = new Space(machine, false);
    const [x, y] = [new Variable([100], 0), new Variable([100], 0)];
    const loaded = space.loaded(space.load(compile({ assignments: [[x, x.sum().add(y.exp())]] })));
    await machine.ready?.();
    const barriers = () => {
      let count = 0;
      const code = Int32Array.from(machine.memory.i.subarray(loaded.own, loaded.own + loaded.code.length));
      for (let at = 0; opcodeAt(code, at) !== END; at += lengthAt(code, at))
        if (opcodeAt(code, at) === BARRIER) count++;
      return count;
    };
    const before = barriers();
    expect(before).toBeGreaterThan(0);
    for (let call = 0; call < 6; call++) {
      const { threads } = machine.shared?.(loaded) ?? {};
      machine.execute(loaded, 1, new Float64Array(0), 0);
      expect([threads, barriers()]).toEqual(call % 2 === 0 ? [2, before] : [1, 0]);
    }
    await machine.dispose();
  });

  test("tells a trap alone and in the team, and runs other programs after it", async () => {
    const executor = comparing(restless);
    const e = new Encoder();
    const x = e.variable("x", [1]);
    e.map({ n: 1, operands: [full(x)], outputs: [x], steps: [[MAP_CODES + 1, o(0), a(0)]] });
    const [broken, whole] = [await executor.load(e.program()), await executor.load(counter("n"))];
    for (let round = 0; round < 4; round++) {
      await expect(executor.run([[broken, 1]]).done).rejects.toThrow(ThreadError);
      expect(await executor.run([[whole, 1]]).done).toEqual({ steps: 1, stopped: false });
    }
    expect([...(await executor.read({ variable: "n" }))]).toEqual([4]);
    await executor.dispose();
  });

  test("rejects every run once a thread is dead, also while one thread is enough", async () => {
    const made: workers.Worker[] = [];
    class Recorded extends workers.Worker {
      constructor(...parameters: ConstructorParameters<typeof workers.Worker>) {
        super(...parameters);
        made.push(this);
      }
    }
    pretend(Recorded);
    const executor = comparing(told([1, 5]), { prepareAfter: 0 });
    const id = await executor.load(halving().program);
    for (let run = 0; run < 30; run++) await executor.run([[id, 1]]).done;
    expect((await executor.teams())[0].threads).toBe(1);
    await made[0].terminate();
    await expect(executor.run([[id, 1]]).done).rejects.toThrow("thread 1 of the team ended");
    await executor.dispose();
  });

  test("has nothing to compare where no team can start", async () => {
    class Refusing {
      constructor() {
        throw new Error("no more threads");
      }
    }
    pretend(Refusing as unknown as typeof workers.Worker);
    const went: number[] = [];
    const executor = comparing(told([5, 1], went), { onAlone: () => {} });
    const { program, key } = halving();
    const id = await executor.load(program);
    await executor.run([[id, 100]]).done;
    expect(await executor.teams()).toEqual([{ program: id, threads: 1, compared: {} }]);
    expect(went).toEqual([]);
    expect(new Set(await executor.read({ variable: key }))).toEqual(new Set([2]));
    await executor.dispose();
  });
});

/** Gives src/ another class of threads. */
function pretend(Worker: typeof workers.Worker): void {
  const original = process.getBuiltinModule;
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads" ? { ...workers, Worker } : original(name)) as typeof original);
}

describe("threads", () => {
  test("of a number are that many, and nothing is compared", async () => {
    const executor = new WasmExecutor({ threads: 2 });
    const id = await executor.load(halving(1_000_000).program);
    await executor.run([[id, 60]]).done;
    expect(await executor.teams()).toEqual([{ program: id, threads: 2, compared: {} }]);
    await executor.dispose();
  });

  test('"auto" are compared by the clock, those of a toy never', async () => {
    const executor = new WasmExecutor();
    const toy = await executor.load(halving(8).program);
    const large = await executor.load(halving(1_000_000).program);
    let compared: number[] = [];
    for (let run = 0; run < 1000 && compared.length === 0; run++) {
      await executor.run([[large, 10]]).done;
      compared = Object.keys((await executor.teams())[1].compared).map(Number);
    }
    await executor.run([[toy, 10_000]]).done;
    const [first, second] = await executor.teams();
    expect(first).toEqual({ program: toy, threads: 1, compared: {} });
    if (executor.info.threads === 1) expect(compared).toEqual([]);
    else expect([compared[0], compared.includes(second.threads), compared.length > 1]).toEqual([1, true, true]);
    await executor.dispose();
  });

  test("that are compared are one, half and all of those that a program is worth", () => {
    expect([1, 2, 3, 4, 5, 8, 16].map(teamsFor)).toEqual([
      [1],
      [1, 2],
      [1, 3],
      [1, 2, 4],
      [1, 2, 5],
      [1, 4, 8],
      [1, 8, 16],
    ]);
  });
});
