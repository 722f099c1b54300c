// The state of a training: snapshots from which it goes on with the same bits, hyper-parameters that change in flight.
import {
  ArgumentError,
  DisposedError,
  type Executor,
  ShapeError,
  type Tensor,
  Trainer,
  Variable,
  WasmExecutor,
} from "simdgrad";
import { stopAt } from "simdgrad/callbacks";
import { parseSafetensors, serializeSafetensors } from "simdgrad/io";
import { Linear, mseLoss, Sequential, tanh } from "simdgrad/nn";
import { adam, ema, hyperparameter, type LbfgsOptions, lbfgs, sgd } from "simdgrad/optim";
import { describe, expect, test } from "vitest";
import { heldData, newTrainer, trainingData } from "../worker/training.ts";

function executor(): Executor {
  return new WasmExecutor({ build: "portable", threads: 1 });
}

/** Makes steps in batches of 32 and leaves an epoch unfinished. */
async function steps(trainer: Trainer, count: number): Promise<void> {
  const program = await trainer.executor.load(trainer.stepProgram(32));
  await trainer.executor.run([[program, count]]).done;
}

test("a training that goes on from a snapshot, in the middle of an epoch, gives the bits of one that was not interrupted", async () => {
  const whole = newTrainer(executor());
  await whole.load(trainingData);
  const all: number[] = [];
  const validations: unknown[] = [];
  for await (const report of whole.fit({ batch: 32, epochs: 5, validation: heldData })) {
    all.push(...report.losses);
    validations.push(...report.validations);
  }
  const expected = await whole.stateDict();

  const second = newTrainer(executor());
  await second.load(trainingData);
  // 16 steps are an epoch of 500 rows: two epochs, and five steps of the third.
  for await (const { step } of second.fit({ batch: 32, epochs: 2 })) expect(step).toBeLessThanOrEqual(32);
  await steps(second, 5);
  const snapshot = await second.snapshot();
  expect([snapshot["counters.epoch"].data[0], snapshot["counters.row"].data[0]]).toEqual([2, 5 * 32]);
  await second.executor.dispose();

  const third = newTrainer(executor());
  await third.restore(structuredClone(snapshot));
  await third.load(trainingData);
  const rest: number[] = [];
  const later: unknown[] = [];
  let last = 0;
  for await (const report of third.fit({ batch: 32, epochs: 3, validation: heldData })) {
    rest.push(...report.losses);
    later.push(...report.validations);
    last = report.epoch;
  }
  expect(rest).toEqual(all.slice(37));
  expect(later).toEqual(validations.slice(2));
  expect(last).toBe(3);
  expect(await third.stateDict()).toEqual(expected);
});

test("a snapshot holds model, optimizer, counters and hyper-parameters", async () => {
  const rate = hyperparameter(0.25);
  const options = { loss: mseLoss, optimizer: ema(adam(rate), { decay: 0.9 }), hyperparameters: { rate } };
  const trainer = new Trainer(new Linear(2, 1), options);
  const snapshot = await trainer.snapshot();
  expect(Object.keys(snapshot)).toEqual(
    expect.arrayContaining([
      "weight",
      "bias",
      "optimizer.step",
      "counters.epoch",
      "counters.row",
      "hyperparameters.rate",
    ]),
  );
  expect(snapshot["hyperparameters.rate"]).toEqual({ data: Float32Array.of(0.25), shape: [] });
  const { weight: _, ...less } = snapshot;
  await expect(trainer.restore(less)).rejects.toThrow("restore: missing [weight], unknown []");
  await expect(trainer.restore({ ...snapshot, other: [1] })).rejects.toThrow("unknown [other]");
  await expect(trainer.restore({ ...snapshot, weight: [1, 2] })).rejects.toThrow(ShapeError);
  await trainer.dispose();
});

test("a snapshot taken while a fit goes on is of one step, and is restored when the fit has stopped", async () => {
  const trainer = newTrainer(executor());
  await trainer.load(trainingData);
  const fit = trainer.fit({ batch: 32, epochs: 1e9 });
  await fit.next();
  const snapshot = await trainer.snapshot();
  const [step, epoch, row] = ["optimizer.step", "counters.epoch", "counters.row"].map((name) => snapshot[name].data[0]);
  expect(step).toBe(16 * epoch + row / 32);
  await expect(trainer.restore(snapshot)).rejects.toThrow("restore: stop the fit first");
  await fit.stop();
  await trainer.restore(snapshot);
  expect(await trainer.snapshot()).toEqual(snapshot);
  const losses: number[] = [];
  for await (const report of trainer.fit({ batch: 32 })) losses.push(...report.losses);
  expect(losses).toHaveLength(16 - row / 32);
  expect((await trainer.snapshot())["counters.row"].data[0]).toBe(0);
  await trainer.executor.dispose();
});

test("a new pass after one that was left has an order of its own", async () => {
  const trainer = newTrainer(executor());
  await trainer.load(trainingData);
  await trainer.stateDict();
  await steps(trainer, 3);
  for await (const _ of trainer.fit({ batch: 50 }));
  expect((await trainer.snapshot())["counters.epoch"].data[0]).toBe(2);
  await trainer.executor.dispose();
});

test("an optimizer whose state is elsewhere, and who does not tell it, has no snapshot", async () => {
  const optimizer = { ...lbfgs(), minimizer: () => ({ step: async () => 0 }) };
  const trainer = new Trainer(new Linear(2, 1), { loss: mseLoss, optimizer });
  await expect(trainer.snapshot()).rejects.toThrow(ArgumentError);
  await expect(trainer.restore({})).rejects.toThrow("use stateDict()");
  await trainer.dispose();
});

describe("what L-BFGS remembers is part of a snapshot", () => {
  const x = Array.from({ length: 12 }, (_, i) => [Math.sin(i), i / 12]);
  const y = x.map(([a, b]) => [a * b + a]);

  async function searching(threads: number, options: LbfgsOptions = {}): Promise<Trainer> {
    const model = new Sequential(new Linear(2, 4), tanh, new Linear(4, 1));
    const optimizer = lbfgs(0.5, { maxIter: 3, historySize: 5, lineSearchFn: "strongWolfe", ...options });
    const trainer = new Trainer(model, { loss: mseLoss, optimizer, executor: new WasmExecutor({ threads }) });
    await trainer.load({ x, y });
    return trainer;
  }

  async function bitsOf(trainer: Trainer): Promise<object> {
    const { "history.seconds": _, ...state } = await trainer.snapshot();
    return state;
  }

  test.each([0, 1, 2, 5])("which a training goes on from with the same bits, after %i steps", async (steps) => {
    const whole = await searching(1);
    await whole.fit({ epochs: 7, batch: "all" });
    const first = await searching(1);
    await first.fit({ epochs: steps, batch: "all" });
    const second = await searching(2);
    await second.fit({ epochs: 1, batch: "all" }); // is forgotten
    await second.restore(await first.snapshot());
    expect(await bitsOf(second)).toEqual(await bitsOf(first));
    await second.fit({ epochs: 7 - steps, batch: "all" });
    expect(await bitsOf(second)).toEqual(await bitsOf(whole));
    // Without what it remembers it would be another training.
    const third = await searching(1);
    const { "minimizer.gradient": _, "minimizer.move": __, ...state } = await first.snapshot();
    for (const name of ["moves", "changes", "scale"]) delete state[`minimizer.${name}`];
    await third.restore(state);
    await third.fit({ epochs: 7 - steps, batch: "all" });
    if (steps > 0) expect(await bitsOf(third)).not.toEqual(await bitsOf(whole));
    for (const { executor } of [whole, first, second, third]) await executor.dispose();
  });

  test("of which one with less room takes the latest", async () => {
    const [large, small] = [await searching(1), await searching(1, { historySize: 2 })];
    await large.fit({ epochs: 4, batch: "all" });
    const snapshot = await large.snapshot();
    await small.restore(snapshot);
    const moves = snapshot["minimizer.moves"].data;
    expect((await small.snapshot())["minimizer.moves"].data).toEqual(moves.slice(-2 * 17));
    for (const { executor } of [large, small]) await executor.dispose();
  });

  test("which anything else is refused for, before anything changes", async () => {
    const trainer = await searching(1);
    await trainer.fit({ epochs: 3, batch: "all" });
    const snapshot = await trainer.snapshot();
    const gone = { ...snapshot };
    delete gone["minimizer.move"];
    for (const wrong of [
      gone,
      { ...snapshot, "minimizer.moves": [1, 2] },
      { ...snapshot, "minimizer.other": [1] },
      { ...snapshot, "minimizer.scale": [] },
    ])
      await expect(trainer.restore(wrong)).rejects.toThrow("lbfgs: this is not what it remembers of 17 parameters");
    await expect(trainer.restore({ ...snapshot, "minimizer.move": ["a"] as never })).rejects.toThrow(
      "restore: minimizer.move must be an array of numbers, got",
    );
    expect(await trainer.snapshot()).toEqual(snapshot);
    const other = newTrainer(executor());
    const mixed = { ...(await other.snapshot()), "minimizer.move": [1] };
    await expect(other.restore(mixed)).rejects.toThrow("restore: missing [], unknown [minimizer.move]");
    await other.executor.dispose();
    await trainer.restore(JSON.parse(JSON.stringify(snapshot)));
    expect(await trainer.snapshot()).toEqual(snapshot);
    await trainer.executor.dispose();
  });
});

test("a rate that is set to zero stops a training's changes, and one that is set again brings them back", async () => {
  const rate = hyperparameter(0.01);
  const trainer = new Trainer(new Linear(1, 1), {
    loss: mseLoss,
    optimizer: sgd(rate),
    hyperparameters: { rate },
    executor: executor(),
  });
  await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
  const fit = trainer.fit({ batch: "all", epochs: 1e9 });
  await fit.next();
  await trainer.setHyperparameters({ rate: 0 });
  expect(await trainer.hyperparameters()).toEqual({ rate: 0 });
  const before = await trainer.stateDict();
  await fit.next();
  await fit.next();
  expect(await trainer.stateDict()).toEqual(before);
  await trainer.loadStateDict({ weight: [[0]], bias: [0] });
  await trainer.setHyperparameters({ rate: 0.01 });
  await fit.next();
  await fit.next();
  expect((await trainer.stateDict()).weight.data[0]).not.toBe(0);
  await fit.stop();
  await expect(trainer.setHyperparameters({ rate: Number.NaN })).rejects.toThrow(
    "setHyperparameters: rate must be a finite f32 number, got NaN",
  );
  await trainer.dispose();
});

test("a variable that nobody gave a first value is named, not taken for zero", async () => {
  const rate = hyperparameter(0.1);
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(rate) });
  await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
  await expect(trainer.fit().next()).rejects.toThrow(
    "trainer: variable hyperparameter has no value on this executor: it is in no field of the model",
  );
  const free = new Variable([1], [1]);
  const model = { inner: new Linear(1, 1), forward: (x: Tensor) => new Linear(1, 1).forward(x).add(free) };
  const other = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1) });
  await expect(other.predict([[1]])).rejects.toThrow(ArgumentError);
  await trainer.dispose();
  await other.dispose();
});

test("a fit in batches of another size begins a new pass", async () => {
  const trainer = newTrainer(executor());
  await trainer.load(trainingData);
  await trainer.stateDict();
  await steps(trainer, 3);
  expect((await trainer.snapshot())["counters.row"].data[0]).toBe(96);
  let made = 0;
  for await (const { losses, totalSteps } of trainer.fit({ batch: 499, epochs: 1, lastBatch: "drop" })) {
    made += losses.length;
    expect(totalSteps).toBe(1);
  }
  expect(made).toBe(1);
});

describe("the history", () => {
  test("is part of a snapshot, through a file, and restored from it", async () => {
    const [one, other] = [newTrainer(executor()), newTrainer(executor())];
    await one.load(trainingData);
    await one.fit({ batch: 32 });
    const history = await one.fit({ batch: 32, epochs: 2, validation: heldData });
    const snapshot = await one.snapshot();
    const { tensors } = parseSafetensors(serializeSafetensors(snapshot));
    await other.restore(tensors);
    expect(other.history).toEqual(history);
    expect(history[1]).toMatchObject({ epoch: 2, learningRate: 0.003, validation: { loss: expect.any(Number) } });
    expect(history[0]).not.toHaveProperty("validation");
    await other.load(trainingData);
    await other.fit({ batch: 32 });
    expect(other.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    const { "history.loss": _, ...less } = snapshot;
    await expect(other.restore(less)).rejects.toThrow("restore: missing [history.loss], unknown []");
    const short = { ...snapshot, "history.loss": [1] };
    await expect(other.restore(short)).rejects.toThrow("restore: history.loss holds 1 epochs of 3");
    for (const wrong of [null, "abc", [1, "2", 3], { data: () => 1, shape: [] }, { shape: [3] }] as never[])
      await expect(other.restore({ ...snapshot, "history.loss": wrong })).rejects.toThrow(
        "restore: history.loss must be an array of numbers, one an epoch",
      );
    expect(other.history).toHaveLength(4);
    // One from before the first epoch has none.
    await other.restore(await newTrainer(executor()).snapshot());
    expect(other.history).toEqual([]);
  });

  test("of an epoch that a snapshot cuts is of all its rows, through JSON", async () => {
    const whole = newTrainer(executor());
    await whole.load(trainingData);
    const numbers = ({ history }: Trainer) => history.map(({ seconds: _, ...rest }) => rest);
    await whole.fit({ batch: 32, epochs: 3 });
    for (const cut of [1, 15, 16, 37]) {
      const [first, second] = [newTrainer(executor()), newTrainer(executor())];
      await first.load(trainingData);
      await first.fit({ batch: 32, epochs: 3, callbacks: [stopAt({ steps: cut })] });
      const snapshot = await first.snapshot();
      const rows = snapshot["history.part.rows"]?.data[0];
      expect(rows).toBe(cut === 16 ? undefined : (cut % 16) * 32);
      await second.restore(JSON.parse(JSON.stringify(snapshot)));
      await second.load(trainingData);
      await second.fit({ batch: 32, epochs: 3 - second.history.length });
      expect(numbers(second)).toEqual(numbers(whole));
      if (rows === undefined) continue;
      const { "history.part.loss": _, ...less } = snapshot;
      await expect(second.restore(less)).rejects.toThrow("restore: missing [history.part.loss], unknown []");
    }
  });

  test("is of the step at which the snapshot is taken, also during a fit", async () => {
    const trainer = newTrainer(executor());
    await trainer.load(trainingData);
    const fit = trainer.fit({ batch: 250, epochs: 1e9 });
    await fit.next();
    for (let i = 0; i < 5; i++) {
      const { "counters.epoch": epoch, "history.epoch": epochs } = await trainer.snapshot();
      expect(epochs?.data ?? []).toHaveLength(epoch.data[0]);
    }
    await fit.stop();
  });

  test("is a copy: what a caller does to it changes nothing", async () => {
    const trainer = newTrainer(executor());
    await trainer.load(trainingData);
    const [epoch] = await trainer.fit({ batch: 250 });
    (epoch.metrics as Record<string, number>).accuracy = 77;
    expect(trainer.history[0].metrics.accuracy).toBeLessThanOrEqual(1);
  });
});

test("trainers and executors end with their scope", async () => {
  const machine = executor();
  {
    await using own: Executor = machine;
    await using trainer = newTrainer(own);
    await trainer.predict([new Array(20).fill(1)]);
  }
  await expect(machine.readAll([])).rejects.toThrow(DisposedError);
});
