// What every executor's runs keep to: a part of the contract (contract.ts).
import { expect, it } from "vitest";
import * as code from "../../assembly/isa/map-code.ts";
import { ArgumentError, DisposedError } from "../../src/errors.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import type { Create } from "./contract.ts";
import { affine, counter, runAffine, turns, untilSteps } from "./contract-programs.ts";
import { a, Encoder, full, o, one } from "./encode.ts";

/** Declares a test on an executor with and without poison. */
export type Test = (sentence: string, body: (executor: Executor) => Promise<void>) => void;

export function runsContract({ test, create }: { readonly test: Test; readonly create: Create }): void {
  test("repeat plans of several programs in their order, and log every step", async (executor) => {
    const up = await executor.load(counter("n"));
    const down = await executor.load(counter("n", -3));
    const plan = [
      [up, 5],
      [down, 0],
      [down, 1],
    ] as const;
    const run = executor.run(plan, { repeat: 3 });
    expect(await run.done).toEqual({ steps: 18, stopped: false });
    expect(run.steps).toBe(18);
    const rows = run.takeLog();
    const stretches = [up, down, up, down, up, down];
    expect(rows.map(({ program, steps }) => [program, steps])).toEqual(stretches.map((id) => [id, id === up ? 5 : 1]));
    for (const { names, milliseconds } of rows) {
      expect(names).toEqual(["count", "half"]);
      expect(milliseconds).toBeGreaterThanOrEqual(0);
    }
    const counts = [1, 2, 3, 4, 5, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 6];
    expect(rows.flatMap(({ values }) => [...values])).toEqual(counts.flatMap((n) => [n, n / 2]));
    expect(run.takeLog()).toEqual([]);
  });

  test("go on from any step of their plan", async (executor) => {
    const up = await executor.load(counter("n"));
    const down = await executor.load(counter("n", -3));
    const plan = [
      [up, 5],
      [down, 0],
      [down, 1],
    ] as const;
    const whole = executor.run(plan, { repeat: 3 });
    await whole.done;
    const all = whole.takeLog().flatMap(({ program, steps }) => new Array<number>(steps).fill(program));
    for (const from of [0, 1, 4, 5, 6, 11, 17, 18]) {
      const run = executor.run(plan, { repeat: 3, from });
      expect(await run.done).toEqual({ steps: 18, stopped: false });
      expect(run.takeLog().flatMap(({ program, steps }) => new Array<number>(steps).fill(program))).toEqual(
        all.slice(from),
      );
    }
    for (const from of [-1, 1.5, 19, Number.NaN])
      await expect(executor.run(plan, { repeat: 3, from }).done).rejects.toThrow(ArgumentError);
    await expect(executor.run([], { from: 1 }).done).rejects.toThrow(ArgumentError);
  });

  test("that follow another begin at its end, with what they write", async (executor) => {
    const id = await executor.load(counter("n"));
    const first = executor.run([[id, 3000]]);
    const second = executor.run([[id, 2]], { after: first, write: [{ slot: { variable: "n" }, data: [100] }] });
    const none = executor.run([], { after: second, read: [{ variable: "n" }] });
    expect(await none.done).toMatchObject({ steps: 0, stopped: false, values: [Int32Array.of(102)] });
    expect(
      first
        .takeLog()
        .flatMap(({ values }) => [...values])
        .slice(-2),
    ).toEqual([3000, 1500]);
    expect(second.takeLog().flatMap(({ values }) => [...values])).toEqual([101, 50.5, 102, 51]);
    const late = executor.run([[id, 1]], { after: first }); // which is at its end
    expect(await late.done).toMatchObject({ steps: 1, stopped: false });
  });

  test("that follow another wait while it is paused, and while they are", async (executor) => {
    const id = await executor.load(counter("n"));
    const first = executor.run([[id, 2000]]);
    const second = executor.run([[id, 5]], { after: first });
    await first.pause();
    await second.pause();
    const made = first.steps;
    await turns(3);
    expect([first.steps, second.steps]).toEqual([made, 0]);
    first.resume();
    await first.done;
    await turns(3);
    expect(second.steps).toBe(0);
    second.resume();
    expect(await second.done).toMatchObject({ steps: 5, stopped: false });
  });

  test("that follow another are stopped with it, and where it fails, and write nothing", async (executor) => {
    const [id, other] = [await executor.load(counter("n")), await executor.load(counter("n"))];
    const write = [{ slot: { variable: "n" }, data: [-7] }];
    const endless = executor.run([[id, 1]], { repeat: Number.POSITIVE_INFINITY });
    const second = executor.run([[id, 1]], { after: endless, write });
    const third = executor.run([[id, 1]], { after: second, write });
    await untilSteps(endless, 1);
    await endless.stop();
    const behind = executor.run([[id, 1]], { after: endless, write });
    for (const run of [second, third, behind]) expect(await run.done).toMatchObject({ steps: 0, stopped: true });
    const failing = executor.run([[other, 1]], { repeat: Number.POSITIVE_INFINITY });
    const next = executor.run([[id, 1]], { after: failing, write });
    await untilSteps(failing, 1);
    const refused = expect(failing.done).rejects.toThrow(DisposedError);
    await executor.unload(other);
    await refused;
    expect(await next.done).toMatchObject({ steps: 0, stopped: true });
    const later = executor.run([[id, 1]], { after: failing, write });
    expect(await later.done).toMatchObject({ steps: 0, stopped: true });
    expect((await executor.read({ variable: "n" }))[0]).toBeGreaterThan(0);
  });

  test("follow runs of their own executor alone", async (executor) => {
    const id = await executor.load(counter("n"));
    const other = await create({ poison: false });
    const foreign = other.run([]);
    for (const after of [foreign, {}, 1])
      expect(() => executor.run([[id, 1]], { after: after as never })).toThrow(
        /run: after must be a run of this executor, what run\(\) gave, got/,
      );
    await other.dispose();
  });

  test("of one step take inputs and give outputs in one call", async (executor) => {
    const id = await executor.load(affine(3));
    const { first, y } = await executor.step(id, { x: [1, -2, 0.5] });
    expect([[...first], [...y]]).toEqual([[1], [3, -3, 2]]);
    expect([...(await executor.read({ program: id, name: "x" }))]).toEqual([1, -2, 0.5]);
    const silent = await executor.load(counter("n"));
    const counts = await executor.step(silent);
    expect(Object.keys(counts)).toEqual(["count", "half"]);
    expect([...counts.count, ...counts.half]).toEqual([1, 0.5]);
  });

  test("of one step each see their own inputs, as they were at the call", async (executor) => {
    const id = await executor.load(affine(2));
    const x = Float32Array.of(0, 0);
    const steps = Array.from({ length: 20 }, (_, i) => {
      x.fill(i);
      return executor.step(id, { x });
    });
    x.fill(-1);
    const results = await Promise.all(steps);
    expect(results.map(({ y }) => [...y])).toEqual(results.map((_, i) => [2 * i + 1, 2 * i + 1]));
  });

  test("of one step are made beside a run without an end", async (executor) => {
    const training = await executor.load(counter("n"));
    const id = await executor.load(affine(1));
    const long = executor.run([[training, 1]], { repeat: Number.POSITIVE_INFINITY });
    await untilSteps(long, 1);
    for (let i = 0; i < 5; i++) expect([...(await executor.step(id, { x: [i] })).y]).toEqual([2 * i + 1]);
    await untilSteps(long, long.steps + 1);
    await long.stop();
  });

  test("of one step refuse inputs that do not fit, and change nothing", async (executor) => {
    const id = await executor.load(affine(2));
    await executor.step(id, { x: [1, 2] });
    for (const [inputs, message] of [
      [{}, "step: x must be an array of numbers, got undefined"],
      [{ x: [3, 4], z: [1] }, "has no input z; it takes x"],
      [{ x: [3] }, "x [2] has 2 elements, got 1"],
      [{ x: 3 }, "step: x must be an array of numbers, got 3"],
      [[3, 4], "step: inputs must be an object of numbers by the inputs' names, got [3, 4]"],
    ] as const) {
      const refused = executor.step(id, inputs as never);
      await expect(refused).rejects.toThrow(ArgumentError);
      await expect(refused).rejects.toThrow(message);
    }
    expect([...(await executor.read({ program: id, name: "x" }))]).toEqual([1, 2]);
    expect([...(await executor.read({ program: id, name: "y" }))]).toEqual([3, 5]);
    await executor.unload(id);
    await expect(executor.step(id, { x: [1, 2] })).rejects.toThrow(DisposedError);
    await expect(executor.step("affine" as never)).rejects.toThrow(ArgumentError);
  });

  test("write what they are told to before their first step, once", async (executor) => {
    const up = await executor.load(counter("n"));
    const slot = { variable: "n" };
    const data = Int32Array.of(10);
    const first = executor.run([[up, 2]], { repeat: 3, write: [{ slot, data }], read: [slot] });
    const second = executor.run([[up, 1]], { read: [slot] });
    data.fill(99);
    expect([...((await first.done).values?.[0] ?? [])].length).toBe(1);
    await second.done;
    const logged = first.takeLog().flatMap(({ values }) => [...values].filter((_, i) => i % 2 === 0));
    expect(logged[0]).toBe(11);
    expect([...(await executor.read(slot))]).toEqual([17]);
    for (const write of [[{ slot: { variable: "m" }, data }], [{ slot, data: [1, 2] }], [{ slot, data: [0.5] }]])
      await expect(executor.run([[up, 1]], { write }).done).rejects.toThrow(ArgumentError);
    expect([...(await executor.read(slot))]).toEqual([17]);
  });

  test("that are urgent come before others", async (executor) => {
    const training = await executor.load(counter("n"));
    const look = await executor.load(counter("n", 0));
    const long = executor.run([[training, 1]], { repeat: Number.POSITIVE_INFINITY });
    await untilSteps(long, 1);
    const looking = executor.run([[look, 30_000]], { urgent: true });
    await looking.done;
    const [{ values }] = looking.takeLog();
    expect(new Set(values.filter((_, i) => i % 2 === 0)).size).toBe(1);
    await untilSteps(long, long.steps + 1);
    await long.stop();
  });

  test("that are urgent take turns among themselves", async (executor) => {
    const ids = [await executor.load(counter("n")), await executor.load(counter("m"))];
    const urgent = ids.map((id) => executor.run([[id, 1]], { repeat: Number.POSITIVE_INFINITY, urgent: true }));
    for (const run of urgent) await untilSteps(run, 1);
    const before = urgent.map(({ steps }) => steps);
    for (const [i, run] of urgent.entries()) await untilSteps(run, before[i] + 1);
    await Promise.all(urgent.map((run) => run.stop()));
  });

  test("count steps of programs that log nothing, too", async (executor) => {
    const e = new Encoder();
    const x = e.variable("x", []);
    const unit = e.constant([1]);
    e.map({ n: 1, operands: [full(x), one(unit)], outputs: [x], steps: [[code.ADD, o(0), a(0), a(1)]] });
    const silent = await executor.load(e.program());
    const loud = await executor.load(counter("n"));
    const plan = [
      [silent, 2],
      [loud, 1],
    ] as const;
    const run = executor.run(plan, { repeat: 2 });
    await run.done;
    expect(run.takeLog().map(({ program, steps, values }) => [program, steps, [...values]])).toEqual([
      [silent, 2, []],
      [loud, 1, [1, 0.5]],
      [silent, 2, []],
      [loud, 1, [2, 1]],
    ]);
  });

  test("are read and written at their steps' boundaries, several slots at once", async (executor) => {
    const e = new Encoder();
    const unit = e.constant(Int32Array.of(1));
    const keys = ["first", "second"];
    for (const key of keys) {
      const count = e.variable(key, [], "i32");
      e.map({ n: 1, operands: [full(count), one(unit)], outputs: [count], steps: [[code.ADD_I, o(0), a(0), a(1)]] });
    }
    const id = await executor.load(e.program());
    const slots = keys.map((variable) => ({ variable }));
    const run = executor.run([[id, 1]], { repeat: Number.POSITIVE_INFINITY });
    for (let round = 1; round < 20; round++) {
      await untilSteps(run, run.steps + 1);
      const [[first], [second]] = await executor.readAll(slots);
      expect(first).toBe(second);
      await executor.writeAll(slots.map((slot) => ({ slot, data: [round * 1_000_000] })));
    }
    const [[first], [second]] = await executor.readAll([slots[1], slots[0]]);
    expect(first).toBe(second);
    expect(first).toBeGreaterThanOrEqual(19_000_000);
    await run.stop();
  });

  test("of no steps end at once", async (executor) => {
    const id = await executor.load(counter("n"));
    for (const run of [executor.run([]), executor.run([[id, 0]]), executor.run([[id, 3]], { repeat: 0 })])
      expect(await run.done).toEqual({ steps: 0, stopped: false });
  });

  it("lose no logged row, however many", async () => {
    const executor = await create({ poison: false });
    const id = await executor.load(counter("n"));
    const run = executor.run([[id, 20_011]]);
    const values: number[] = [];
    let open = true;
    const done = run.done.then(() => {
      open = false;
    });
    while (open) {
      await turns(1);
      for (const log of run.takeLog()) values.push(...log.values);
    }
    await done;
    for (const log of run.takeLog()) values.push(...log.values);
    expect(values).toEqual(Array.from({ length: 40_022 }, (_, i) => ((i >> 1) + 1) / ((i & 1) + 1)));
    await executor.dispose();
  });

  test("pause, resume and stop between steps", async (executor) => {
    const id = await executor.load(counter("n"));
    const run = executor.run([[id, 1]], { repeat: Number.POSITIVE_INFINITY });
    await untilSteps(run, 3);
    await run.pause();
    const paused = run.steps;
    await turns(3);
    expect(run.steps).toBe(paused);
    expect([...(await executor.read({ variable: "n" }))]).toEqual([paused]);
    run.resume();
    await untilSteps(run, paused + 1);
    const result = await run.stop();
    expect(result).toEqual({ steps: run.steps, stopped: true });
    expect(await run.done).toEqual(result);
    expect(await run.stop()).toEqual(result);
    await turns(2);
    expect([...(await executor.read({ variable: "n" }))]).toEqual([result.steps]);
    expect(run.takeLog()[0].values).toHaveLength(2 * result.steps);
  });

  test("may be paused or stopped before they begin", async (executor) => {
    const id = await executor.load(counter("n"));
    const paused = executor.run([[id, 2]]);
    await paused.pause();
    expect(await executor.run([[id, 100]]).stop()).toEqual({ steps: 0, stopped: true });
    await turns(2);
    expect(paused.steps).toBe(0);
    paused.resume();
    expect(await paused.done).toEqual({ steps: 2, stopped: false });
  });

  test("let reads, writes and other runs through", async (executor) => {
    const training = await executor.load(counter("n"));
    const prediction = await executor.load(affine(3));
    const long = executor.run([[training, 2]], { repeat: Number.POSITIVE_INFINITY });
    await untilSteps(long, 1);
    await executor.write({ variable: "n" }, [1_000_000]);
    await runAffine(executor, prediction, [1, 2, 3]);
    const seen = (await executor.read({ variable: "n" }))[0];
    expect(seen).toBeGreaterThanOrEqual(1_000_000);
    const late = await executor.load(affine(70_000));
    await runAffine(executor, late, new Array(70_000).fill(4));
    await untilSteps(long, long.steps + 1);
    expect((await executor.read({ variable: "n" }))[0]).toBeGreaterThan(seen);
    await long.stop();
  });

  test("take turns", async (executor) => {
    const first = await executor.load(counter("n"));
    const second = await executor.load(counter("m"));
    const runs = [first, second].map((id) => executor.run([[id, 1]], { repeat: Number.POSITIVE_INFINITY }));
    for (const run of runs) await untilSteps(run, 2);
    const before = runs.map(({ steps }) => steps);
    for (const [i, run] of runs.entries()) await untilSteps(run, before[i] + 1);
    await Promise.all(runs.map((run) => run.stop()));
  });

  test("fail for what they cannot do", async (executor) => {
    const id = await executor.load(counter("n"));
    await expect(executor.run([[id, 1.5]]).done).rejects.toThrow(ArgumentError);
    await expect(executor.run([[id, -1]]).done).rejects.toThrow(ArgumentError);
    await expect(executor.run([[id, 1]], { repeat: Number.NaN }).done).rejects.toThrow(ArgumentError);
    for (const plan of [undefined, null, "plan", [id, 1], [[id]], [[id, "1"]], [undefined]])
      await expect(executor.run(plan as never).done).rejects.toThrow(ArgumentError);
    await expect(executor.run([[id + 1000, 1]]).done).rejects.toThrow(DisposedError);
    await expect(executor.run([[id + 1000, 1]]).stop()).resolves.toEqual({ steps: 0, stopped: true });
    expect(await executor.run([[id, 1]]).done).toEqual({ steps: 1, stopped: false });
  });

  test("fail when a kernel does, and leave the others alone", async (executor) => {
    const e = new Encoder();
    const x = e.variable("x", [1]);
    e.map({ n: 1, operands: [full(x)], outputs: [x], steps: [[code.MAP_CODES + 1, o(0), a(0)]] });
    const broken = await executor.load(e.program());
    const id = await executor.load(counter("n"));
    const other = executor.run([[id, 1]], { repeat: Number.POSITIVE_INFINITY });
    const failing = executor.run([
      [id, 3],
      [broken, 1],
    ]);
    await expect(failing.done).rejects.toThrow();
    await expect(failing.stop()).rejects.toThrow();
    expect(failing.steps).toBe(3);
    expect(failing.takeLog()[0].values).toHaveLength(6);
    await untilSteps(other, other.steps + 1);
    await other.stop();
  });

  test("end with an error when their program is unloaded; others go on", async (executor) => {
    const first = await executor.load(counter("n"));
    const second = await executor.load(counter("m"));
    const doomed = executor.run([[first, 1]], { repeat: Number.POSITIVE_INFINITY });
    const failed = expect(doomed.done).rejects.toThrow(DisposedError);
    const paused = executor.run([[first, 1]]);
    await paused.pause();
    const failedToo = expect(paused.done).rejects.toThrow(DisposedError);
    const other = executor.run([[second, 1]], { repeat: Number.POSITIVE_INFINITY });
    await untilSteps(doomed, 1);
    await executor.unload(first);
    await Promise.all([failed, failedToo]);
    await untilSteps(other, other.steps + 1);
    await other.stop();
  });
}
