// Callbacks: decided where an epoch or a step ends, so that the bits that are left depend on nothing that the page does.
import { Worker } from "node:worker_threads";
import {
  ArgumentError,
  type Callback,
  DisposedError,
  type Epoch,
  type Executor,
  JsExecutor,
  NonFiniteError,
  type StateDict,
  Trainer,
  WasmExecutor,
} from "simdgrad";
import { earlyStopping, modelCheckpoint, reduceOnPlateau, stopAt, terminateOnNaN } from "simdgrad/callbacks";
import { Linear, mseLoss } from "simdgrad/nn";
import { cosineDecay, ema, hyperparameter, lbfgs, sgd } from "simdgrad/optim";
import { connect } from "simdgrad/worker";
import { afterEach, describe, expect, test, vi } from "vitest";
import { oracle } from "../executors.ts";
import { heldData, newTrainer, trainingData } from "../worker/training.ts";

const open: Executor[] = [];

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

function kept<E extends Executor>(executor: E): E {
  open.push(executor);
  return executor;
}

async function loaded(executor: Executor = new JsExecutor()): Promise<Trainer> {
  const trainer = newTrainer(kept(executor));
  await trainer.load(trainingData);
  return trainer;
}

function wait(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const EPOCHS = 12;
/** Rows some of which are trained on, so that it gets better at first, and not for ever. */
const validation = {
  x: { data: Float32Array.from([...trainingData.x.data.slice(0, 60 * 20), ...heldData.x.data]), shape: [150, 20] },
  y: { data: Int32Array.from([...trainingData.y.data.slice(0, 60), ...heldData.y.data]), shape: [150] },
};
const options = { batch: 32, epochs: EPOCHS, validation };

/** Validation losses of a training, and its weights after each epoch: without callbacks, one fit an epoch. */
async function undisturbed(executor: Executor, epochs: number) {
  const trainer = await loaded(executor);
  const states: StateDict[] = [];
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const history = await trainer.fit({ ...options, epochs: 1 });
    losses.push(history[epoch].validation?.loss ?? Number.NaN);
    states.push(await trainer.stateDict());
  }
  return { states, losses };
}

/** The epoch with the least loss, and the one in which a patience of so many epochs is at its end. */
function expectedOf(losses: readonly number[], patience: number) {
  let [best, at] = [0, 0];
  for (; at < losses.length - 1 && at - best < patience; ) if (losses[++at] < losses[best]) best = at;
  return { best, made: at + 1 };
}

/** Reads a fit at a pace of its own. */
async function read(trainer: Trainer, way: "await" | "frames" | "slowly" | "lockstep", callbacks: Callback[]) {
  if (way === "await") return trainer.fit({ ...options, callbacks });
  const report = way === "frames" ? "frame" : "epoch";
  let reports = 0;
  for await (const _ of trainer.fit({ ...options, callbacks, report, lockstep: way === "lockstep" }))
    if (way === "slowly" && ++reports === 1) {
      await wait(30);
      for (const end = performance.now() + 100; performance.now() < end; ); // a page that is frozen
    }
  return trainer.history;
}

describe("early stopping", () => {
  const patience = 3;
  const stopping = () => earlyStopping({ patience, restoreBest: true });

  const machines: readonly (readonly [string, () => Executor | Promise<Executor>])[] = [
    ["js", () => new JsExecutor()],
    ["wasm", () => new WasmExecutor({ build: "portable", threads: 1 })],
    ["two threads", () => new WasmExecutor({ build: "portable", threads: 2 })],
    ["a worker", () => inWorker().then(({ executor }) => executor)],
  ];

  async function inWorker(respawn?: { readonly every: number; readonly attempts: number }) {
    const started: Worker[] = [];
    const start = () => {
      started.push(new Worker(new URL("../../src/worker/worker.ts", import.meta.url), { execArgv: [] }));
      return started[started.length - 1];
    };
    const executor = await connect(start, { threads: 1, build: "portable", ...(respawn && { respawn }) });
    return { executor, kill: () => started[started.length - 1].terminate(), started };
  }

  test.each(machines)("with restoreBest leaves the bits of the best epoch: %s", async (_, make) => {
    const { states, losses } = await undisturbed(await make(), EPOCHS);
    const { best, made } = expectedOf(losses, patience);
    expect([made < EPOCHS, best > 1]).toEqual([true, true]);
    for (const way of ["await", "frames", "slowly", "lockstep"] as const) {
      const trainer = await loaded(await make());
      const history = await read(trainer, way, [stopping()]);
      expect(history.map(({ validation }) => validation?.loss)).toEqual(losses.slice(0, made));
      expect(await trainer.stateDict()).toEqual(states[best]);
    }
    // Without it, those of the last.
    const trainer = await loaded(await make());
    await trainer.fit({ ...options, callbacks: [earlyStopping({ patience })] });
    expect(await trainer.stateDict()).toEqual(states[made - 1]);
  });

  test("leaves the same in workers that die", async () => {
    const { states, losses } = await undisturbed(new WasmExecutor({ build: "portable", threads: 1 }), EPOCHS);
    const { best, made } = expectedOf(losses, patience);
    for (const every of [1, 1e9]) {
      const { executor, kill, started } = await inWorker({ every, attempts: 20 });
      const trainer = await loaded(executor);
      const deaths: Callback = {
        async onEpochEnd({ epoch }) {
          if (epoch % 4 === 1) await kill();
          else if (epoch % 4 === 3) setTimeout(kill, 2);
        },
      };
      const history = await trainer.fit({ ...options, callbacks: [deaths, stopping()] });
      expect(started.length).toBeGreaterThan(1);
      expect(history).toHaveLength(made);
      expect(await trainer.stateDict()).toEqual(states[best]);
    }
  });

  test("restores where all epochs were made, and where the loop is left", async () => {
    const { states, losses } = await undisturbed(new JsExecutor(), 12);
    const bestOf = (count: number) => losses.indexOf(Math.min(...losses.slice(0, count)));
    const whole = await loaded();
    await whole.fit({ ...options, epochs: 12, callbacks: [earlyStopping({ patience: 100, restoreBest: true })] });
    expect(await whole.stateDict()).toEqual(states[bestOf(12)]);
    const left = await loaded();
    const callbacks = [earlyStopping({ patience: 100, restoreBest: true })];
    for await (const { epoch } of left.fit({ ...options, callbacks, report: "epoch", lockstep: true }))
      if (epoch === 5) break;
    expect(await left.stateDict()).toEqual(states[bestOf(5)]);
  });

  test("keeps nothing on the executor, and gives the averages with the weights", async () => {
    const executor = kept(new JsExecutor());
    const forget = vi.spyOn(executor, "forget");
    const trainer = new Trainer(new Linear(1, 1), {
      loss: mseLoss,
      optimizer: ema(sgd(0.3), { decay: 0.5 }),
      executor,
    });
    await trainer.load({ x: [[1], [2]], y: [[1], [0]] });
    const validation = { x: [[1]], y: [[0]] };
    const history = await trainer.fit({ epochs: 30, validation, callbacks: [earlyStopping({ restoreBest: true })] });
    const { loss } = await trainer.evaluate(validation);
    expect(loss).toBe(Math.min(...history.map((epoch) => epoch.validation?.loss ?? 0)));
    expect(forget.mock.calls.length).toBeGreaterThan(4);
    const before = forget.mock.calls.length;
    await trainer.dispose();
    expect(forget.mock.calls.length).toBeGreaterThan(before);
  });

  test("is there for L-BFGS, too", async () => {
    const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: lbfgs(0.5), executor: kept(oracle()) });
    await trainer.load({ x: [[0], [1]], y: [[1], [3]] });
    const history = await trainer.fit({ batch: "all", epochs: 500, callbacks: [earlyStopping({ patience: 2 })] });
    expect(history.length).toBeLessThan(500);
  });

  test.each<[string, Callback]>([
    ["earlyStopping: monitor val_loss is none of [loss, accuracy] of this fit", earlyStopping({ monitor: "val_loss" })],
    ["stopAt: monitor f1 is none of [loss, accuracy] of this fit", stopAt({ metric: "f1", value: 1 })],
    ["reduceOnPlateau: hyperparameter is to be named: it is one of []", reduceOnPlateau()],
  ])("says %s", async (message, callback) => {
    const trainer = await loaded();
    const before = await trainer.stateDict();
    const fit = trainer.fit({ callbacks: [callback] });
    await expect(fit).rejects.toThrow(ArgumentError);
    await expect(fit).rejects.toThrow(message);
    expect(await trainer.stateDict()).toEqual(before);
  });
});

test("a fit with callbacks that decide nothing gives the bits of one without", async () => {
  const [one, other] = [await loaded(), await loaded()];
  const never: Callback = { every: 5, onSteps: () => undefined, onEpochEnd: () => wait(1) };
  const history = await one.fit({ ...options, epochs: 4, callbacks: [never] });
  const expected = await other.fit({ ...options, epochs: 4 });
  expect(await one.stateDict()).toEqual(await other.stateDict());
  expect(history.map(({ seconds: _, ...rest }) => rest)).toEqual(expected.map(({ seconds: _, ...rest }) => rest));
});

test("it costs one order an epoch, and one a copy", async () => {
  const trainer = await loaded();
  await trainer.stateDict();
  const run = vi.spyOn(trainer.executor, "run");
  await trainer.fit({ ...options, epochs: 4 });
  expect(run).toHaveBeenCalledTimes(1);
  await trainer.fit({ ...options, epochs: 4, callbacks: [{ onEpochEnd: () => undefined }] });
  expect(run).toHaveBeenCalledTimes(1 + 4);
  const history = await trainer.fit({ ...options, epochs: 4, callbacks: [terminateOnNaN()] });
  expect(history).toHaveLength(12);
  expect(run).toHaveBeenCalledTimes(5 + 4 + (2 + 4));
});

const line = { x: [[0], [1], [2], [3]], y: [[1], [3], [5], [7]] };

async function lineTrainer(
  optimizer = sgd(0.01),
  hyperparameters = {},
  machine: Executor = oracle(),
): Promise<Trainer> {
  const executor = kept(machine);
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer, executor, hyperparameters });
  await trainer.load(line);
  return trainer;
}

async function stepsMade(trainer: Trainer): Promise<number> {
  return (await trainer.snapshot())["optimizer.step"].data[0];
}

describe("a fit is stopped", () => {
  test.each([1, 3, 4, 11])("after %i steps exactly", async (steps) => {
    const trainer = await lineTrainer();
    const history = await trainer.fit({ batch: 1, epochs: 1e6, callbacks: [stopAt({ steps })] });
    expect(await stepsMade(trainer)).toBe(steps);
    expect(history).toHaveLength(Math.floor(steps / 4));
    await trainer.fit({ batch: 1, epochs: 1 }); // goes on with the epoch, which is in the history as a whole
    expect(trainer.history).toHaveLength(Math.floor(steps / 4) + 1);
  });

  test("after so many seconds, in the middle of an epoch", async () => {
    const trainer = await lineTrainer(sgd(1e-6));
    await trainer.fit({ batch: 1, epochs: 1e9, callbacks: [stopAt({ seconds: 0.05 })] });
    expect(await stepsMade(trainer)).toBeGreaterThan(0);
  });

  test("once a metric is reached", async () => {
    const trainer = await lineTrainer();
    const history = await trainer.fit({ epochs: 1e6, callbacks: [stopAt({ metric: "loss", value: 1 })] });
    expect(history.filter(({ loss }) => loss <= 1)).toHaveLength(1);
    expect(history.at(-1)?.loss).toBeLessThanOrEqual(1);
  });
});

test("a rate that falls on a plateau is in the history", async () => {
  const rate = hyperparameter(0.25);
  const trainer = await lineTrainer(sgd(rate), { rate });
  const reduce = reduceOnPlateau({ factor: 0.5, patience: 2, minDelta: 1e9, cooldown: 1, minimum: 0.1 });
  const history = await trainer.fit({ epochs: 9, batch: "all", callbacks: [reduce] });
  // Nothing is better than the first epoch by so much.
  expect(history.map(({ learningRate }) => learningRate)).toEqual([
    0.25,
    0.25,
    0.25,
    ...[0.125, 0.125],
    ...Array(4).fill(0.1),
  ]);
});

test("the rate of a schedule is that of the epoch's last step", async () => {
  const trainer = await lineTrainer(sgd(cosineDecay(0.5, { steps: 8 })));
  const rates = (await trainer.fit({ batch: 1, epochs: 3 })).map(({ learningRate }) => learningRate ?? Number.NaN);
  for (const [i, step] of [3, 7, 8].entries())
    expect(rates[i]).toBeCloseTo(0.25 * (1 + Math.cos((Math.PI * Math.min(8, step)) / 8)), 6);
  const constant = await (await lineTrainer(sgd(0.125))).fit();
  expect(constant[0].learningRate).toBe(0.125);
});

test("checkpoints are those of their epochs", async () => {
  const trainer = await loaded();
  const { states, losses } = await undisturbed(new JsExecutor(), 8);
  const [all, best]: [Epoch, StateDict][][] = [[], []];
  const keep = (list: [Epoch, StateDict][]) => async (state: StateDict, epoch: Epoch) => {
    await wait(1);
    list.push([epoch, state]);
  };
  await trainer.fit({
    ...options,
    epochs: 8,
    callbacks: [
      modelCheckpoint({ keep: keep(all), every: 3, snapshot: true }),
      modelCheckpoint({ keep: keep(best), best: true }),
    ],
  });
  expect(all.map(([{ epoch }]) => epoch)).toEqual([3, 6]);
  expect(all[1][1]).toMatchObject(states[5]);
  const expected = losses.flatMap((loss, i) => (loss < Math.min(...losses.slice(0, i)) || i === 0 ? [i + 1] : []));
  expect(best.map(([{ epoch }]) => epoch)).toEqual(expected);
  for (const [{ epoch }, state] of best) expect(state).toEqual(states[epoch - 1]);
  // Goes on from there with the same bits.
  const other = await loaded();
  await other.restore(all[1][1]);
  await other.fit({ ...options, epochs: 2 });
  expect(await other.stateDict()).toEqual(states[7]);
});

describe("a loss that is NaN", () => {
  /** Finite for two epochs; the third ends with weights that are not, or fails within. */
  async function failing(): Promise<Trainer> {
    const rate = hyperparameter(0.01);
    return lineTrainer(sgd(rate), { rate }, new JsExecutor());
  }

  const breaking = (when: Partial<Record<"epoch" | "step", number>>): Callback => ({
    every: when.step,
    onSteps: ({ step, trainer }) => (step === when.step ? trainer.setHyperparameters({ rate: 3e38 }) : undefined),
    onEpochEnd: ({ epoch }, { trainer }) =>
      epoch === when.epoch ? trainer.setHyperparameters({ rate: 3e38 }) : undefined,
  });

  test.each([
    [{ epoch: 2 }, 2],
    [{ step: 10 }, 2],
    [{ step: 11 }, 2],
  ])("%j ends the fit without an error, where it was good", async (when, good) => {
    const [trainer, other] = [await failing(), await failing()];
    const history = await trainer.fit({ batch: 1, epochs: 50, callbacks: [terminateOnNaN(), breaking(when)] });
    expect(history.length).toBeLessThan(50);
    await other.fit({ batch: 1, epochs: good });
    expect(await trainer.stateDict()).toEqual(await other.stateDict());
    expect(await stepsMade(trainer)).toBe(4 * good);
    expect((await trainer.snapshot())["counters.epoch"].data[0]).toBe(good);
  });

  test("is an error without it", async () => {
    const trainer = await failing();
    await expect(trainer.fit({ batch: 1, epochs: 50, callbacks: [breaking({ epoch: 2 })] })).rejects.toThrow(
      NonFiniteError,
    );
  });
});

describe("a life", () => {
  test("is told of in its order, and awaited", async () => {
    const trainer = await lineTrainer();
    const told: string[] = [];
    const note = async (what: string) => {
      await wait(2);
      told.push(`${what} at ${await stepsMade(trainer)}`);
    };
    const callback: Callback = {
      every: 3,
      onFitBegin: ({ step }) => note(`begin ${step}`),
      onSteps: ({ step }) => note(`step ${step}`),
      onEpochEnd: ({ epoch }, { step }) => note(`epoch ${epoch} ${step}`),
      onFitEnd: ({ step }, error) => note(`end ${step} ${error}`),
    };
    await trainer.fit({ batch: 1, epochs: 2, callbacks: [callback] });
    expect(told).toEqual([
      "begin 0 at 0",
      "step 3 at 3",
      "epoch 1 4 at 4",
      "step 6 at 6",
      "epoch 2 8 at 8",
      "end 8 undefined at 8",
    ]);
  });

  test("is shared last, but at its end and at NaN first, before a callback goes back to other weights", async () => {
    const told: string[] = [];
    const telling = (name: string): Callback => {
      const note = (what: string) => void told.push(`${name} ${what}`);
      return {
        every: 4,
        onFitBegin: () => note("begin"),
        onSteps: () => note("step"),
        onEpochEnd: () => note("epoch"),
        onNonFinite: () => {
          note("NaN");
          return name === "second";
        },
        onFitEnd: () => note("end"),
      };
    };
    const members = ["first", "second", "shared"].map(telling);
    const fit = { batch: 1, callbacks: members.slice(0, 2), distribute: members[2] };
    const trainer = await lineTrainer();
    await trainer.fit(fit);
    const each = (what: string) =>
      ["first", "second", "shared"].flatMap((name) => what.split(" ").map((one) => `${name} ${one}`));
    const ends = ["shared end", "first end", "second end"];
    expect(told.splice(0)).toEqual([...each("begin"), ...each("step epoch"), ...ends]);
    await trainer.loadStateDict({ weight: [[Number.NaN]], bias: [0] });
    await trainer.fit(fit);
    expect(told).toEqual([...each("begin"), "shared NaN", "first NaN", "second NaN", ...ends]);
  });

  test("ends with what a callback throws, and its end is told", async () => {
    const trainer = await lineTrainer();
    const onFitEnd = vi.fn();
    const onEpochEnd = async () => Promise.reject(new RangeError("no more"));
    await expect(trainer.fit({ callbacks: [{ onEpochEnd, onFitEnd }] })).rejects.toThrow(RangeError);
    expect(onFitEnd).toHaveBeenCalledWith(expect.anything(), expect.any(RangeError));
    await trainer.fit();
    expect(trainer.history).toHaveLength(2);
  });

  test("tells all callbacks of its end, whatever one of them throws, and of the trainer's disposal", async () => {
    const trainer = await lineTrainer();
    const ends = [vi.fn(() => Promise.reject(new RangeError("no end"))), vi.fn()];
    await expect(trainer.fit({ callbacks: ends.map((onFitEnd) => ({ onFitEnd })) })).rejects.toThrow("no end");
    for (const end of ends) expect(end).toHaveBeenCalledTimes(1);
    const [end, other] = [vi.fn(), vi.fn()];
    const fit = trainer.fit({ batch: 1, epochs: 1e9, callbacks: [{ onFitEnd: end }, { onFitEnd: other }] });
    const refused = expect(fit.done).rejects.toThrow(DisposedError);
    await wait(10);
    await trainer.dispose();
    await refused;
    for (const each of [end, other])
      expect(each).toHaveBeenCalledExactlyOnceWith(expect.anything(), expect.any(DisposedError));
  });

  test("is paused and stopped from outside", async () => {
    const trainer = await lineTrainer(sgd(1e-6));
    const fit = trainer.fit({ batch: 1, epochs: 1e9, callbacks: [{ onEpochEnd: () => undefined }] });
    const end = fit.then(({ length }) => length);
    await wait(10);
    await fit.pause();
    const before = await stepsMade(trainer);
    await wait(10);
    expect(await stepsMade(trainer)).toBe(before);
    fit.resume();
    await wait(10);
    expect(await stepsMade(trainer)).toBeGreaterThan(before);
    await fit.stop();
    expect(await end).toBe(Math.floor((await stepsMade(trainer)) / 4));
  });
});

describe("one object in two fits at once keeps what it knows of each", () => {
  /** Two trainings that are told of in turns, so that what they share shows. */
  async function both(first: Callback, second: Callback, least = 0.05) {
    const trainers = [1, 2].map((seed) => {
      const rate = hyperparameter(least * seed);
      const options = { loss: mseLoss, optimizer: sgd(rate), hyperparameters: { rate }, seed };
      return new Trainer(new Linear(1, 1), { ...options, executor: kept(new JsExecutor()) });
    });
    const callbacks = [first, second];
    const histories = await Promise.all(
      trainers.map(async (trainer, i) => {
        await trainer.load({ x: [[0], [1], [2]], y: [[1], [3 - 4 * i], [5]] });
        const later: Callback = { onEpochEnd: () => wait() };
        return trainer.fit({ epochs: 8, batch: 3, callbacks: [callbacks[i], later] });
      }),
    );
    const states = await Promise.all(trainers.flatMap((each) => [each.stateDict(), each.hyperparameters()]));
    return [histories.map((history) => history.map(({ loss }) => loss)), ...states];
  }

  test.each<[string, () => Callback, number?]>([
    ["earlyStopping", () => earlyStopping({ patience: 1 })],
    ["reduceOnPlateau", () => reduceOnPlateau({ patience: 1, minDelta: 0.01 })],
    ["terminateOnNaN", () => terminateOnNaN(), 1e4],
  ])("%s", async (_, make, rate) => {
    const shared = make();
    expect(await both(shared, shared, rate)).toEqual(await both(make(), make(), rate));
  });

  test("modelCheckpoint", async () => {
    const told: number[] = [];
    const make = () => modelCheckpoint({ keep: (_, { loss }) => void told.push(loss), best: true, every: 2 });
    const shared = make();
    await both(shared, shared);
    const together = told.splice(0).sort();
    await both(make(), make());
    expect(together).toEqual(told.sort());
    expect(together.length).toBeGreaterThan(4);
  });

  test("stopAt lets go of the time of each", async () => {
    const shared = stopAt({ seconds: 1000 });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    try {
      await both(shared, shared);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
