// Whose turn it is: urgent runs come first, the others keep a share, and what is logged has an end. Time is a clock that steps advance.
import { describe, expect, test } from "vitest";
import { MemoryError, ProgramError } from "../../src/errors.ts";
import type { ProgramId } from "../../src/runtime/executor.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import { createJsMachine } from "../../src/runtime/js/machine.ts";
import type { Loaded } from "../../src/runtime/machine.ts";
import { RunQueue } from "../../src/runtime/queue.ts";
import { Run } from "../../src/runtime/run.ts";
import { Space } from "../../src/runtime/space.ts";
import { counter, turns } from "./contract-programs.ts";

const [TRAINING, LOOK] = [1, 2];

/** A queue whose steps of a program take so many milliseconds each. */
function queueOf(costs: Readonly<Record<ProgramId, number>>) {
  let time = 0;
  const made: ProgramId[] = [];
  const space = new Space(createJsMachine("float32"), false);
  const loaded = new Map<ProgramId, Loaded>();
  for (const id of Object.keys(costs)) loaded.set(Number(id), space.loaded(space.load(counter(id))));
  const idOf = (program: Loaded) => Number(program.program.variables[0].key);
  const steps = {
    maxSteps: () => 1,
    execute(program: Loaded) {
      made.push(idOf(program));
      time += costs[idOf(program)];
    },
  };
  const queue = new RunQueue(steps, () => {}, { now: () => time });
  const start = (
    id: ProgramId,
    options: { readonly steps?: number; readonly urgent?: boolean; readonly short?: boolean },
  ) => {
    const { steps: count, urgent, short } = options;
    const run = new Run({ repeat: count ?? Number.POSITIVE_INFINITY, urgent }, { wake: () => queue.wake() });
    queue.add(run, [[id, 1]], (program) => loaded.get(program) as Loaded, short);
    return run;
  };
  const count = (id: ProgramId) => made.filter((each) => each === id).length;
  return {
    queue,
    made,
    start,
    count,
    advance: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

test.each([0.01, 0.2, 3, 10, 40, 100])(
  "training keeps a third of the time beside endless predictions of %d ms each",
  async (cost) => {
    const { queue, start, count } = queueOf({ [TRAINING]: 0.1, [LOOK]: cost });
    start(TRAINING, {});
    // As long as 2,000 milliseconds of predictions: an undisturbed training makes 10 steps in each.
    const predictions = Math.ceil(2000 / cost);
    for (let served = 0; served < Math.min(predictions, 30_000); served++)
      await start(LOOK, { steps: 1, urgent: true }).done;
    const [training, looks] = [0.1 * count(TRAINING), cost * count(LOOK)];
    expect(training / (training + looks)).toBeGreaterThan(0.3);
    expect(training / (training + looks)).toBeLessThan(0.6);
    queue.close(new Error("the test is over"));
  },
);

/** How often the event loop turned during work. */
async function turnsDuring(work: () => Promise<void>): Promise<number> {
  let [count, isOver] = [0, false];
  const turn = () => {
    count++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isOver = true;
  return count;
}

describe("a short run", () => {
  const short = { steps: 1, urgent: true, short: true };

  test("after the other needs a turn of the event loop every ten milliseconds, not each its own", async () => {
    const { queue, start, made } = queueOf({ [LOOK]: 1 });
    const turned = await turnsDuring(async () => {
      for (let i = 0; i < 100; i++) await start(LOOK, short).done;
    });
    expect(made.length).toBe(100);
    expect(turned).toBeGreaterThanOrEqual(10);
    expect(turned).toBeLessThan(30);
    queue.close(new Error("the test is over"));
  });

  test("waits for its turn beside another one, and behind a long time without", async () => {
    const { queue, start, made, advance } = queueOf({ [TRAINING]: 0.1, [LOOK]: 0.1 });
    await start(LOOK, short).done;
    start(LOOK, short);
    expect(made).toEqual([LOOK, LOOK]);
    advance(10);
    const later = start(LOOK, short);
    expect(made).toEqual([LOOK, LOOK]);
    await later.done;
    start(TRAINING, { steps: 1 });
    const beside = start(LOOK, short);
    expect(made).toEqual([LOOK, LOOK, LOOK]);
    await beside.done;
    expect(made).toEqual([LOOK, LOOK, LOOK, LOOK]);
    queue.close(new Error("the test is over"));
  });
});

test("the last run of a chain does not hold those before it", async () => {
  const executor = new JsExecutor();
  const plan = [[await executor.load(counter("n")), 1]] as const;
  const last = { run: executor.run(plan) };
  const first = new WeakRef(last.run);
  for (let i = 0; i < 20; i++) last.run = executor.run(plan, { after: last.run });
  await last.run.done;
  for (let i = 0; i < 20 && first.deref() !== undefined; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    globalThis.gc?.();
  }
  expect(first.deref()).toBeUndefined();
  await executor.dispose();
});

test("a prediction now and then waits for no training", async () => {
  const { queue, start, made, advance } = queueOf({ [TRAINING]: 0.1, [LOOK]: 0.5 });
  start(TRAINING, {});
  for (let round = 0; round < 20; round++) {
    await turns(3);
    advance(1);
    const before = made.length;
    await start(LOOK, { steps: 1, urgent: true }).done;
    expect(made.slice(before)).toEqual([LOOK]);
  }
  queue.close(new Error("the test is over"));
});

test("what an urgent run looks at stays as it is from its first step to its last", async () => {
  const { queue, start, made } = queueOf({ [TRAINING]: 0.1, [LOOK]: 5 });
  start(TRAINING, {});
  await turns(3);
  for (let round = 0; round < 5; round++) await start(LOOK, { steps: 100, urgent: true }).done;
  const looks = made.flatMap((id, i) => (id === LOOK ? [i] : []));
  for (let round = 0; round < 5; round++) expect(looks[100 * round + 99] - looks[100 * round]).toBe(99);
  expect(looks[400] - looks[399]).toBeGreaterThan(1);
  queue.close(new Error("the test is over"));
});

test("who is told to hold makes steps all the same, where it is told so again and again", async () => {
  const { queue, start, count, advance } = queueOf({ [TRAINING]: 0.1 });
  start(TRAINING, {});
  for (let round = 0; round < 200; round++) {
    queue.hold(1);
    advance(0.5);
    await turns(1);
  }
  expect(count(TRAINING)).toBeGreaterThan(200);
  queue.close(new Error("the test is over"));
});

test("urgent runs without an end leave the others their share, too", async () => {
  const { queue, start, count } = queueOf({ [TRAINING]: 0.1, [LOOK]: 0.1 });
  start(TRAINING, {});
  start(LOOK, { urgent: true });
  while (count(LOOK) < 5000) await turns(1);
  expect(count(TRAINING)).toBeGreaterThan(2000);
  queue.close(new Error("the test is over"));
});

test("a run whose log nobody takes fails before it has filled the memory", async () => {
  const queue = new RunQueue({ maxSteps: () => 1, execute() {} }, () => {});
  const space = new Space(createJsMachine("float32"), false);
  const loaded = space.loaded(space.load(counter("n")));
  const run = new Run({}, { wake: () => {} });
  // A step that logs more than is kept: the same as many steps.
  const logTypes = new Array<"f32">(2 ** 27 + 1);
  queue.add(run, [[1, 1]], () => ({ ...loaded, logTypes }));
  await expect(run.done).rejects.toThrow(MemoryError);
});

test("a log takes what its scalars need, twice at the most, and keeps them all as it grows", async () => {
  const rooms: number[] = [];
  const numbering = {
    maxSteps: () => 1,
    execute(_: Loaded, steps: number, log: Float64Array, at: number) {
      rooms.push(log.length);
      for (let i = 0; i < 2 * steps; i++) log[at + i] = at + i;
    },
  };
  const queue = new RunQueue(numbering, () => {});
  const space = new Space(createJsMachine("float32"), false);
  const loaded = space.loaded(space.load(counter("n")));
  const run = new Run({ repeat: 1000 }, { wake: () => queue.wake() });
  queue.add(run, [[1, 1]], () => loaded);
  await run.done;
  for (const [step, room] of rooms.entries()) {
    expect(room).toBeGreaterThanOrEqual(2 * (step + 1));
    expect(room).toBeLessThanOrEqual(4 * (step + 1));
  }
  expect([...run.takeLog()[0].values]).toEqual([...Array(2000).keys()]);
});

test("what an instruction throws is told as an error of the program", async () => {
  const failing = {
    maxSteps: () => 1,
    execute() {
      throw new TypeError("no such thing");
    },
  };
  const queue = new RunQueue(failing, () => {});
  const space = new Space(createJsMachine("float32"), false);
  const loaded = space.loaded(space.load(counter("n")));
  const run = new Run({}, { wake: () => {} });
  queue.add(run, [[1, 1]], () => loaded);
  await expect(run.done).rejects.toThrow(ProgramError);
  await expect(run.done).rejects.toThrow("no such thing");
});

test("what many short stretches logged lies in one buffer, which a worker hands over at once", async () => {
  const executor = new JsExecutor();
  const ids = [await executor.load(counter("n")), await executor.load(counter("n", -3))];
  const run = executor.run(
    ids.map((id) => [id, 1]),
    { repeat: 100 },
  );
  await run.done;
  const rows = run.takeLog();
  expect(rows.length).toBe(200);
  expect(new Set(rows.map(({ values }) => values.buffer)).size).toBe(1);
  await executor.dispose();
});
