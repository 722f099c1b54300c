// A fit as people use it: awaited, or read in one of several ways; what it leaves in the history.
import {
  ArgumentError,
  DisposedError,
  type Epoch,
  type Executor,
  NonFiniteError,
  type Report,
  Trainer,
} from "simdgrad";
import { Linear, mseLoss } from "simdgrad/nn";
import { lbfgs, type Optimizer, sgd } from "simdgrad/optim";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import { Fit } from "../../src/train/fit.ts";
import { Reports } from "../../src/train/reports.ts";
import { oracle } from "../executors.ts";
import { Delayed } from "./delayed.ts";

const open: Executor[] = [];

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

const data = { x: [[0], [1], [2], [3], [4]], y: [[1], [3], [5], [7], [9]] };
const held = { x: [[5], [6], [7]], y: [[11], [13], [15]] };

async function made(optimizer: Optimizer = sgd(0.01), executor: Executor = oracle()): Promise<Trainer> {
  open.push(executor);
  const trainer = new Trainer(new Linear(1, 1), {
    loss: mseLoss,
    optimizer,
    executor,
    metrics: { error: (x, y) => x.sub(y).abs().mean() },
  });
  await trainer.load(data);
  return trainer;
}

async function all<R>(reports: AsyncIterable<R>): Promise<R[]> {
  const read: R[] = [];
  for await (const report of reports) read.push(report);
  return read;
}

function wait(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function stepsMade(trainer: Trainer): Promise<number> {
  return (await trainer.snapshot())["optimizer.step"].data[0];
}

test("a reader whose reports are always there leaves everything else its turns", async () => {
  let isOver = false;
  const endless = { fresh: true, take: () => 0, run: () => new Promise<void>(() => {}), fail() {} };
  const fit = new Fit<number>({
    prepare: async () => endless as never,
    hold: (_, train) => train(),
    signal: undefined,
    pace: 0,
    history: () => [],
  });
  setTimeout(() => {
    isOver = true;
  }, 30);
  let reports = 0;
  while (!isOver) {
    await fit.next(); // without its turns the loop would have no end
    reports++;
  }
  expect(reports).toBeGreaterThan(0);
});

test("reports that nobody has taken come in their order, the latest of too many", () => {
  const reports = new Reports<number>();
  for (let i = 0; i < 7; i++) reports.add(i, 10);
  expect([reports.take(), reports.take(), reports.count]).toEqual([0, 1, 5]);
  for (let i = 7; i < 24; i++) reports.add(i, 10); // one of twenty-one
  expect(Array.from({ length: reports.count }, () => reports.take())).toEqual(
    Array.from({ length: 12 }, (_, i) => i + 12),
  );
  expect(reports.count).toBe(0);
});

describe("a fit that is awaited", () => {
  test("trains to the end: the weights are those of one whose reports are read", async () => {
    const [one, other] = [await made(), await made()];
    const history = await one.fit({ batch: 2, epochs: 7, validation: held });
    const reports = await all(other.fit({ batch: 2, epochs: 7, validation: held }));
    expect(await one.stateDict()).toEqual(await other.stateDict());
    expectTypeOf(history).toEqualTypeOf<Epoch[]>();
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(history.map(({ validation }) => validation)).toEqual(reports.flatMap(({ validations }) => validations));
  });

  test("gives means over the rows of each epoch", async () => {
    const trainer = await made();
    const losses = (await all(trainer.fit({ batch: 2, epochs: 2 }))).flatMap((report) => report.losses);
    const [first, second] = trainer.history;
    expect(first.loss).toBeCloseTo((2 * losses[0] + 2 * losses[1] + losses[2]) / 5, 12);
    expect(second.loss).toBeCloseTo((2 * losses[3] + 2 * losses[4] + losses[5]) / 5, 12);
    expect(first.seconds).toBeGreaterThanOrEqual(0);
    const still = await made(sgd(0));
    const [{ loss, metrics }] = await still.fit({ batch: 2 });
    const measures = await still.evaluate(data);
    expect(loss).toBeCloseTo(measures.loss, 12);
    expect(metrics.error).toBeCloseTo(measures.error, 12);
  });

  test("twice, or in the course of its loop, is one fit", async () => {
    const trainer = await made();
    const fit = trainer.fit({ epochs: 5 });
    const [one, other] = await Promise.all([fit, fit.then((history) => history.length), fit.finally(() => undefined)]);
    expect([one.length, other, (await fit).length]).toEqual([5, 5, 5]);
    expect((await fit.next()).value).toMatchObject({ step: 5 }); // what nobody has read waits
    expect((await fit.next()).done).toBe(true);
    const read = trainer.fit({ batch: 1, epochs: 3 });
    for await (const _ of read) await read;
    expect(trainer.history).toHaveLength(8);
    expect(await stepsMade(trainer)).toBe(20);
  });

  test("as the result of an async function, is trained to its end: that is what await means", async () => {
    const trainer = await made();
    const train = async () => trainer.fit({ epochs: 3 });
    expectTypeOf(await train()).toEqualTypeOf<Epoch[]>();
    expect(trainer.history).toHaveLength(6 - 3);
  });

  test("rejects with what the loop would throw", async () => {
    const trainer = await made(sgd(1e30));
    const fit = trainer.fit({ epochs: 9 });
    await expect(fit).rejects.toThrow(NonFiniteError);
    await expect(fit).rejects.toThrow("the loss of step");
    expect(await fit.catch(() => "told")).toBe("told");
    const gone = (await made()).fit({ epochs: 1e9 });
    const failed = expect(gone).rejects.toThrow(DisposedError);
    await wait(5);
    await open[open.length - 1].dispose();
    await failed;
  });

  test("ends where it is stopped or aborted", async () => {
    const trainer = await made();
    const fit = trainer.fit({ epochs: 1e9 });
    setTimeout(() => void fit.stop(), 20);
    const history = await fit;
    expect(history).toHaveLength(await stepsMade(trainer));
    expect(await trainer.fit({ epochs: 1e9, signal: AbortSignal.abort() })).toEqual(history);
  });

  test("and one that is neither awaited nor iterated over does nothing", async () => {
    const trainer = await made();
    trainer.fit({ epochs: 5 });
    await wait(5);
    expect([await stepsMade(trainer), trainer.history]).toEqual([0, []]);
    await trainer.fit({ epochs: 1 }); // no other fit is under way
  });

  test("is one of L-BFGS, too", async () => {
    const trainer = await made(lbfgs(0.5));
    const history = await trainer.fit({ batch: "all", epochs: 4, validation: held });
    expect(history.map(({ validation }) => validation?.loss)).toHaveLength(4);
    expect(history[3].loss).toBeLessThan(history[0].loss);
  });
});

test("many short fits take the time of their steps, not of frames", async () => {
  const trainer = await made();
  await all(trainer.fit());
  const timers: number[] = [];
  const original = globalThis.setTimeout;
  globalThis.setTimeout = ((task: () => void, milliseconds: number) => {
    const began = performance.now();
    return original(() => {
      timers.push(performance.now() - began);
      task();
    }, milliseconds);
  }) as typeof setTimeout;
  try {
    for (let fit = 0; fit < 60; fit++) await all(trainer.fit());
  } finally {
    globalThis.setTimeout = original;
  }
  expect(timers.length).toBeLessThan(30); // of 60 fits with a report each: none waits for a frame, but on a busy machine
});

describe("reports", () => {
  test("of epochs: one each, however slow its reader, which nothing waits for", async () => {
    const trainer = await made();
    const fit = trainer.fit({ batch: 2, epochs: 30, validation: held, report: "epoch" });
    expectTypeOf(fit.next).returns.resolves.toEqualTypeOf<IteratorResult<Epoch, undefined>>();
    const read = [(await fit.next()).value];
    await wait(40);
    expect(await stepsMade(trainer)).toBe(90);
    read.push(...(await all(fit)));
    expect(read).toEqual(trainer.history);
    expect(read.map((each) => each?.epoch)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  });

  test.each([1, 2, 3, 4, 7, 100])("of %i steps hold so many, and the last one the rest", async (steps) => {
    const [one, other] = [await made(), await made()];
    const fit = one.fit({ batch: 2, epochs: 4, validation: held, report: steps });
    expectTypeOf(fit.next).returns.resolves.toEqualTypeOf<IteratorResult<Report, undefined>>();
    const reports = await all(fit);
    const whole = await all(other.fit({ batch: 2, epochs: 4, validation: held }));
    const counts = reports.map(({ losses }) => losses.length);
    expect(counts.slice(0, -1).every((count) => count === steps)).toBe(true);
    expect(reports.flatMap(({ losses }) => losses)).toEqual(whole.flatMap(({ losses }) => losses));
    expect(reports.flatMap(({ validations }) => validations)).toEqual(whole.flatMap(({ validations }) => validations));
    expect(reports.at(-1)).toMatchObject({ step: 12, epoch: 4, totalSteps: 12 });
    // An epoch's validation is in the report with its last step.
    for (const { step, losses, validations } of reports)
      expect(validations).toHaveLength(Math.floor(step / 3) - Math.floor((step - losses.length) / 3));
  });

  test.each([
    ["epoch", 3],
    [2, 2],
    [5, 5],
  ] as const)("in lockstep, %s: the loop's body runs between two steps", async (report, steps) => {
    const [one, other] = [await made(), await made()];
    let seen = 0;
    for await (const _ of one.fit({ batch: 2, epochs: 10, validation: held, report, lockstep: true })) {
      seen = Math.min(30, seen + steps);
      await wait(3);
      expect(await stepsMade(one)).toBe(seen);
    }
    expect(seen).toBe(30);
    await other.fit({ batch: 2, epochs: 10 });
    expect(await one.stateDict()).toEqual(await other.stateDict());
  });

  test("in lockstep, of frames: no step is made while one is read", async () => {
    const trainer = await made(sgd(1e-6));
    let reports = 0;
    const fit = trainer.fit({ batch: 1, epochs: 1e9, lockstep: true });
    for await (const { step } of fit) {
      await wait(20);
      expect(await stepsMade(trainer)).toBe(step);
      if (++reports === 2) await fit.pause().then(() => fit.resume());
      if (reports === 4) break;
    }
    expect(reports).toBe(4);
    const before = await stepsMade(trainer);
    await trainer.fit({ batch: 1, epochs: 2, lockstep: true }); // nobody reads: nothing waits
    expect((await stepsMade(trainer)) - before).toBeLessThanOrEqual(10);
  });

  test("are complete on an executor far away", async () => {
    const trainer = await made(sgd(0.01), new Delayed(oracle(), () => wait(3)));
    for (const lockstep of [false, true]) {
      expect(await all(trainer.fit({ batch: 2, epochs: 3, report: "epoch", lockstep }))).toHaveLength(3);
      expect(await all(trainer.fit({ batch: 2, epochs: 3, report: 4, lockstep }))).toHaveLength(3);
    }
  });

  test("and a fit that is stopped in lockstep is over", async () => {
    const trainer = await made();
    const fit = trainer.fit({ batch: 2, epochs: 1e9, report: 2, lockstep: true });
    for await (const { step } of fit) if (step === 4) await fit.stop();
    expect(await stepsMade(trainer)).toBe(4);
  });
});

describe("options", () => {
  test("batchSize is batch", async () => {
    const trainer = await made();
    const [{ losses }] = await all(trainer.fit({ batchSize: 2, report: 9 }));
    expect(losses).toHaveLength(3);
    await trainer.fit({ batch: 2, batchSize: 2 });
    expect(() => trainer.fit({ batch: 2, batchSize: 3 })).toThrow(
      new ArgumentError("fit: batch is 2 and batchSize is 3: give one of them"),
    );
    expect(() => trainer.fit({ batchSize: 0 })).toThrow("fit: batchSize must be");
  });

  test.each([
    ["batch_size", "did you mean batch"],
    ["validation_data", "here it is validation: { x, y }"],
    ["validationData", "here it is validation: { x, y }"],
    ["validationSplit", "rows that load does not get"],
    ["max_epochs", "here it is epochs"],
    ["num_epochs", "here it is epochs"],
    ["drop_last", 'here it is lastBatch: "drop"'],
    ["verbose", "for await (const report of trainer.fit(...))"],
    ["epoch", "did you mean epochs?"],
  ])("%s is no option: it says what is", async (name, advice) => {
    const trainer = await made();
    expect(() => trainer.fit({ [name]: 1 })).toThrow(`fit: unknown option ${name}; `);
    expect(() => trainer.fit({ [name]: 1 })).toThrow(advice);
  });
});
