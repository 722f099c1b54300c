// A trainer's calls at any moment: while a fit is prepared, while it goes on, while data is loaded, after the end. What cannot be carried
// out is refused at the call, and nothing is lost; what can is carried out in the order of the calls.
import {
  ArgumentError,
  DataError,
  DisposedError,
  type Executor,
  type Fit,
  JsExecutor,
  MemoryError,
  type RunHandle,
  type Tensor,
  Trainer,
  type TrainerOptions,
} from "simdgrad";
import { Linear, mseLoss } from "simdgrad/nn";
import { hyperparameter, lbfgs, sgd } from "simdgrad/optim";
import { afterEach, describe, expect, test, vi } from "vitest";
import { oracle } from "../executors.ts";
import { Delayed } from "./delayed.ts";

const STOP = "stop the fit first";
const open: Executor[] = [];

function trainerOf(options: Partial<TrainerOptions> = {}): Trainer {
  const executor = new JsExecutor({ precision: "float64" });
  open.push(executor);
  return new Trainer(new Linear(1, 1, { bias: false }), {
    loss: mseLoss,
    optimizer: sgd(1 / 64),
    executor,
    ...options,
  });
}

/** So many rows; the weight 0 has a loss of target^2 in all of them. */
function rows(count: number, target: number) {
  return { x: Array.from({ length: count }, () => [1]), y: Array.from({ length: count }, () => [target]) };
}

const [A, B] = [rows(10, 1), rows(20, 5)];

async function lossesOf(fit: AsyncIterable<{ readonly losses: readonly number[] }>): Promise<number[]> {
  const losses: number[] = [];
  for await (const report of fit) losses.push(...report.losses);
  return losses;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Begins a fit without an end; its first report may still be on its way. */
function begun(trainer: Trainer): Fit {
  const fit = trainer.fit({ batch: 2, epochs: 1e9 });
  void fit.next().catch(() => undefined);
  return fit;
}

async function zero(trainer: Trainer): Promise<void> {
  await trainer.loadStateDict({ weight: [[0]] });
}

async function counters(trainer: Trainer): Promise<number[]> {
  const snapshot = await trainer.snapshot();
  return ["counters.epoch", "counters.row"].map((name) => snapshot[name].data[0]);
}

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

describe("while a fit is prepared or goes on", () => {
  test.each([0, 1, 2, 5, 20])(
    "data, snapshots and another fit are refused (%i turns after its beginning)",
    async (after) => {
      const trainer = trainerOf();
      await trainer.load(A);
      await zero(trainer);
      const snapshot = await trainer.snapshot();
      const waiting = trainer.fit({ batch: 2 });
      const fit = begun(trainer);
      await turns(after);
      await expect(trainer.load(B)).rejects.toThrow(ArgumentError);
      await expect(trainer.load(B)).rejects.toThrow(`load: ${STOP}`);
      await expect(trainer.restore(snapshot)).rejects.toThrow(`restore: ${STOP}`);
      await expect(trainer.debugNonFinite()).rejects.toThrow(`debugNonFinite: ${STOP}`);
      expect(() => trainer.fit()).toThrow(`fit: ${STOP}`);
      await expect(waiting.next()).rejects.toThrow(`fit: ${STOP}`);
      await fit.stop();
      await zero(trainer);
      // The data is the one that was there, and all of it.
      expect((await lossesOf(trainer.fit({ batch: 2 })))[0]).toBe(1);
      await trainer.load(B);
      await zero(trainer);
      const losses = await lossesOf(trainer.fit({ batch: 10 }));
      expect([losses.length, losses[0]]).toEqual([2, 25]);
    },
  );

  test("what was called before it is carried out before it", async () => {
    const trainer = trainerOf();
    await trainer.load(A);
    await zero(trainer);
    const set = trainer.loadStateDict({ weight: [[3]] });
    const losses = await lossesOf(trainer.fit({ batch: "all" }));
    expect(losses).toEqual([4]);
    await set;
    const snapshot = await trainer.snapshot();
    const restoring = trainer.restore({ ...snapshot, weight: { data: Float64Array.of(5), shape: [1, 1] } });
    expect(await lossesOf(trainer.fit({ batch: "all" }))).toEqual([16]);
    await restoring;
  });

  test("predictions, evaluations, state and hyper-parameters are answered", async () => {
    const rate = hyperparameter(1 / 64);
    const trainer = trainerOf({ optimizer: sgd(rate), hyperparameters: { rate } });
    await trainer.load(A);
    const fit = begun(trainer);
    await Promise.all([trainer.predict([[1]]), trainer.evaluate(B), trainer.stateDict(), trainer.snapshot()]);
    await trainer.setHyperparameters({ rate: 0 });
    await trainer.loadStateDict({ weight: [[7]] });
    expect((await trainer.predict([[1]])).data[0]).toBe(7);
    expect(await trainer.hyperparameters()).toEqual({ rate: 0 });
    await fit.stop();
  });
});

describe("while data is loaded", () => {
  test("a fit waits for it; loads wait for one another, and the last one is what is trained on", async () => {
    const trainer = trainerOf();
    await trainer.load(A);
    const old = trainer.fit({ batch: 2 });
    const loading = [trainer.load(B), trainer.load(rows(4, 3)), trainer.load(rows(6, 2))];
    const early = lossesOf(trainer.fit({ batch: 2 }));
    await expect(old.next()).rejects.toThrow(`fit: ${STOP}`);
    expect(await early).toHaveLength(3); // of six rows
    await Promise.all(loading);
    await zero(trainer);
    const losses = await lossesOf(trainer.fit({ batch: 2 }));
    expect([losses.length, losses[0]]).toEqual([3, 4]);
  });

  test("the first one, too, need not be waited for", async () => {
    const trainer = trainerOf();
    const loading = trainer.load(A);
    expect(await lossesOf(trainer.fit({ batch: 2 }))).toHaveLength(5);
    await loading;
  });

  test("and the executor has no room for it, a fit says so, too", async () => {
    const trainer = trainerOf();
    await trainer.load(A);
    vi.spyOn(trainer.executor, "writeAll").mockRejectedValueOnce(new MemoryError("no room"));
    const refused = expect(trainer.load(B)).rejects.toThrow(MemoryError);
    await expect(trainer.fit().next()).rejects.toThrow("fit: the data that this fit was made for is no longer loaded");
    await refused;
    expect(() => trainer.fit()).toThrow("fit: load data first");
  });

  test("a fit that was made for other data is refused, not trained on what is there now", async () => {
    const trainer = trainerOf();
    await trainer.load(B);
    const old = trainer.fit({ batch: 20 });
    await trainer.load(A);
    await expect(old.next()).rejects.toThrow(DataError);
    await expect(old.next()).rejects.toThrow("fit: the data that this fit was made for is no longer loaded");
  });
});

describe("counters", () => {
  test("end with the data that they count in", async () => {
    for (const next of [B, A]) {
      const trainer = trainerOf();
      await trainer.load(A);
      await lossesOf(trainer.fit({ batch: 2 }));
      const program = await trainer.executor.load(trainer.stepProgram(2));
      await trainer.executor.run([[program, 2]]).done;
      expect(await counters(trainer)).toEqual([1, 4]);
      await trainer.executor.unload(program);
      await trainer.load(next);
      expect(await counters(trainer)).toEqual([2, 0]);
      expect(await lossesOf(trainer.fit({ batch: 2 }))).toHaveLength(next.x.length / 2);
      await trainer.load(A);
      expect(await counters(trainer)).toEqual([3, 0]);
    }
  });

  test("of a snapshot are gone on with, on the data that is there or comes next", async () => {
    const trainer = trainerOf();
    await trainer.load(A);
    await lossesOf(trainer.fit({ batch: 2 }));
    const snapshot = await trainer.snapshot();
    const middle = { ...snapshot, "counters.row": { data: Int32Array.of(4), shape: [] } };
    await trainer.restore(middle);
    expect(await lossesOf(trainer.fit({ batch: 2 }))).toHaveLength(3);
    await trainer.restore(middle);
    await trainer.load(rows(10, 2));
    expect(await lossesOf(trainer.fit({ batch: 2 }))).toHaveLength(3);
  });

  test("stay where they are for a fit that makes no step", async () => {
    const trainer = trainerOf();
    await trainer.load(A);
    await lossesOf(trainer.fit({ batch: 2 }));
    const snapshot = await trainer.snapshot();
    await trainer.restore({ ...snapshot, "counters.row": { data: Int32Array.of(4), shape: [] } });
    const before = await counters(trainer);
    // Batches of 3 do not meet the end of the epoch: a fit that makes steps begins another.
    expect(await lossesOf(trainer.fit({ batch: 3, signal: AbortSignal.abort() }))).toEqual([]);
    const stopped = trainer.fit({ batch: 3 });
    await stopped.stop();
    expect(await lossesOf(stopped)).toEqual([]);
    for (let after = 0; after < 30; after++) {
      const controller = new AbortController();
      const fit = trainer.fit({ batch: 3, signal: controller.signal });
      const losses = lossesOf(fit);
      for (let tick = 0; tick < after; tick++) await undefined;
      controller.abort();
      if ((await losses).length > 0) break;
      expect(await counters(trainer)).toEqual(before);
    }
  });
});

describe("what is handed over counts as it is at the call", () => {
  test("in load, evaluate, predict, validation and state, typed or nested", async () => {
    const trainer = trainerOf();
    const one = { data: Float32Array.of(1), shape: [1, 1] };
    const state = { weight: { data: Float32Array.of(2), shape: [1, 1] } };
    const samples = { x: { data: Float32Array.of(1), shape: [1, 1] }, y: [[4]] };
    const change = () => {
      for (const { data } of [one, state.weight, samples.x]) data[0] = 100;
      samples.y[0][0] = 100;
    };
    const reset = () => {
      [one.data[0], state.weight.data[0], samples.x.data[0], samples.y[0][0]] = [1, 2, 1, 4];
    };
    const loaded = [trainer.load(samples), trainer.loadStateDict(state)];
    change();
    await Promise.all(loaded);
    expect([...(await trainer.stateDict()).weight.data]).toEqual([2]);
    reset();
    const [predicted, evaluated] = [trainer.predict(one), trainer.evaluate(samples)];
    change();
    expect((await predicted).data[0]).toBe(2);
    expect(await evaluated).toEqual({ loss: 4 });
    reset();
    const fit = trainer.fit({ batch: 1, validation: samples });
    const restored = trainer.snapshot();
    change();
    const { value } = await fit.next();
    expect([value?.losses, value?.validation?.loss]).toEqual([[4], expect.closeTo(4 * (1 - 1 / 32) ** 2, 10)]);
    await fit.stop();
    const snapshot = await restored;
    const restoring = trainer.restore(snapshot);
    snapshot.weight.data[0] = 100;
    await restoring;
    expect([...(await trainer.stateDict()).weight.data]).toEqual([2]);
  });

  test("as a Buffer, too, whose slice() copies nothing", async () => {
    const trainer = trainerOf({ preprocess: (x: Tensor) => x.cast("f32") });
    const bytes = Buffer.from([3]);
    await zero(trainer);
    await trainer.loadStateDict({ weight: [[1]] });
    const predicted = trainer.predict({ data: bytes, shape: [1, 1] });
    bytes[0] = 100;
    expect((await predicted).data[0]).toBe(3);
  });
});

describe("a fit", () => {
  test("that nobody reads keeps the latest losses, and tells how many steps were made", async () => {
    const executor = new Telling(3 * 2 ** 20);
    open.push(executor);
    const trainer = trainerOf({ executor });
    await trainer.load(A);
    const fit = trainer.fit({ batch: "all", epochs: 1 });
    const { value } = await fit.next();
    expect(value?.step).toBe(3 * 2 ** 20 + 1);
    expect(value?.losses).toHaveLength(2 ** 20);
    expect((await fit.next()).done).toBe(true);
  });

  test("that is stopped tells of all its steps before its end", async () => {
    // An executor so far away that the reader looks for its next report, and sees that the fit is to end, before it has.
    const executor = new Delayed(oracle(), () => new Promise((resolve) => setTimeout(resolve, 20)));
    open.push(executor);
    const trainer = trainerOf({ executor });
    await trainer.load(A);
    const fit = trainer.fit({ batch: 2, epochs: 1e9 });
    const { value } = await fit.next();
    const [reading] = [lossesOf(fit), fit.stop()];
    const { length } = await reading;
    expect((await trainer.snapshot())["optimizer.step"].data[0]).toBe((value?.losses.length ?? 0) + length);
  });

  test("that fails stops its run", async () => {
    const executor = new Telling(-1);
    open.push(executor);
    const trainer = trainerOf({ executor });
    await trainer.load(A);
    const fit = trainer.fit({ batch: "all", epochs: 1e9 });
    await expect(fit.next()).rejects.toThrow("the loss of step 0 is NaN");
    const before = await trainer.snapshot();
    await turns(10);
    expect(await trainer.snapshot()).toEqual(before);
    expect(await lossesOf(trainer.fit({ epochs: 0 }))).toEqual([]);
  });

  test.each([sgd(0.01), lbfgs(0.01)])("that is paused ends with its executor", async (optimizer) => {
    const trainer = trainerOf({ optimizer });
    await trainer.load(A);
    const fit = trainer.fit({ batch: 2, epochs: 1e9 });
    await fit.next();
    await fit.pause();
    const failed = expect(untilDone(fit)).rejects.toThrow(DisposedError);
    await trainer.executor.dispose();
    await failed;
    await expect(trainer.predict([[1]])).rejects.toThrow(DisposedError);
    await trainer.dispose();
  });

  test("makes its steps beside predictions without an end", async () => {
    const trainer = trainerOf({ optimizer: sgd(2 ** -20) });
    await trainer.load(A);
    const fit = trainer.fit({ batch: 2, epochs: 1e9 });
    await fit.next();
    const stepOf = async () => (await trainer.snapshot())["optimizer.step"].data[0];
    const before = await stepOf();
    for (let served = 0; served < 2000; served++) await trainer.predict([[1]]);
    // One for each at the least: a slice is thousands of these steps, and comes after as much time of predictions.
    expect((await stepOf()) - before).toBeGreaterThan(2000);
    await fit.stop();
  });
});

test("the good losses before one that is none are told first", async () => {
  for (const executor of [new JsExecutor(), oracle()]) {
    open.push(executor);
    const trainer = trainerOf({ executor, optimizer: sgd(0), checkFinite: false });
    await trainer.load({ x: [[1], [2], [3], [Number.NaN]], y: [[0], [0], [0], [0]] });
    const fit = trainer.fit({ batch: 1, shuffle: false });
    const losses: number[] = [];
    const read = async () => {
      for await (const report of fit) losses.push(...report.losses);
    };
    await expect(read()).rejects.toThrow("the loss of step 3 is NaN");
    expect(losses).toHaveLength(3);
  }
});

test("what is given is the caller's: shapes of states and predictions can be written to", async () => {
  const trainer = trainerOf();
  const { weight } = await trainer.stateDict();
  const snapshot = await trainer.snapshot();
  (weight.shape as number[])[0] = 77;
  (snapshot.weight.shape as number[])[0] = 77;
  const predicted = await trainer.predict([[1]]);
  (predicted.shape as number[])[1] = 77;
  expect(await trainer.predict([[1]])).toMatchObject({ shape: [1, 1] });
  expect((await trainer.stateDict()).weight.shape).toEqual([1, 1]);
});

test("a search that is over is paused no more, and keeps nothing alive", async () => {
  const trainer = trainerOf({ optimizer: lbfgs(0.1) });
  await trainer.load(A);
  const fit = trainer.fit({ batch: "all" });
  await untilDone(fit);
  const run = vi.spyOn(trainer.executor, "run");
  await fit.pause();
  expect(run).not.toHaveBeenCalled();
});

test.each(["in the loop", "while its reader waits"])(
  "a fit whose trainer is disposed of %s tells so",
  async (moment) => {
    const trainer = trainerOf();
    await trainer.load(A);
    const fit = trainer.fit({ batch: 2, epochs: 1e9 });
    await fit.next();
    const waiting = moment === "in the loop" ? undefined : expect(untilDone(fit)).rejects.toThrow(DisposedError);
    await trainer.dispose();
    await waiting;
    await expect(untilDone(fit)).rejects.toThrow("the trainer was disposed during a fit");
  },
);

test("a trainer that was disposed of begins nothing any more", async () => {
  const trainer = trainerOf();
  await trainer.load(A);
  const fit = trainer.fit();
  const calls = [trainer.loadStateDict({ weight: [[1]] }), trainer.predict([[1]]), trainer.load(B)];
  const disposed = [trainer.dispose(), trainer.dispose()];
  for (const { status, ...rest } of await Promise.allSettled(calls))
    expect({ status, ...rest }).toMatchObject({ status: "rejected", reason: expect.any(DisposedError) });
  await Promise.all(disposed);
  await expect(fit.next()).rejects.toThrow(DisposedError);
});

test("a program that was made for data that is gone is refused, not run on zeros", async () => {
  const trainer = trainerOf();
  await trainer.load(A);
  const program = trainer.stepProgram(2);
  const keys = program.variables.map(({ key }) => key);
  await trainer.load(B);
  const loaded = trainer.executor.load({ ...program, needs: keys });
  await expect(loaded).rejects.toThrow("variable data.x has no value on this executor");
});

async function untilDone(fit: Fit): Promise<void> {
  while (!(await fit.next()).done);
}

/** An executor whose runs of training tell of so many steps more than they make, or of one without a number. */
class Telling extends JsExecutor {
  readonly #more: number;

  constructor(more: number) {
    super();
    this.#more = more;
  }

  override run(...[plan, options]: Parameters<JsExecutor["run"]>): RunHandle {
    const run = super.run(plan, options);
    const take = run.takeLog.bind(run);
    let told = false;
    run.takeLog = () => {
      const log = take();
      if (told || log.length === 0 || !log[0].names.includes("loss")) return log;
      told = true;
      const [first] = log;
      const steps = Math.max(1, this.#more);
      const values = new Float64Array(steps).fill(this.#more > 0 ? 1 : Number.NaN);
      return [{ ...first, steps, values }, ...log];
    };
    return run;
  }
}
