// The trainer: data in, training, what comes out; every way of batching; every kind of bad data told before anything runs.
import { DataError, JsExecutor, SimdgradError, Trainer, type TrainerOptions, Variable, WasmExecutor } from "simdgrad";
import { crossEntropy, Dropout, type Layer, Linear, mseLoss, relu, Sequential, tanh } from "simdgrad/nn";
import { adam, sgd } from "simdgrad/optim";
import { afterEach, describe, expect, test, vi } from "vitest";

const xor = {
  x: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  y: [0, 1, 1, 0],
};

function line(rows: number) {
  const x = Array.from({ length: rows }, (_, i) => [i / rows]);
  return { x, y: x.map(([value]) => [2 * value + 1]) };
}

async function drain(fit: AsyncIterable<{ readonly losses: readonly number[] }>): Promise<number[]> {
  const losses: number[] = [];
  for await (const report of fit) losses.push(...report.losses);
  return losses;
}

const open: Trainer[] = [];

function makeTrainer(model: Layer, options: Partial<TrainerOptions> = {}): Trainer {
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor(), ...options });
  open.push(trainer);
  return trainer;
}

afterEach(async () => {
  vi.restoreAllMocks();
  for (const trainer of open.splice(0)) {
    await trainer.dispose();
    await trainer.executor.dispose();
  }
});

describe("training", () => {
  test.each([
    ["JavaScript", () => new JsExecutor()],
    ["Wasm", () => new WasmExecutor()],
    ["Wasm, portable and poisoned", () => new WasmExecutor({ build: "portable", poison: true })],
  ])("learns XOR in %s, full batch", async (_, create) => {
    const model = new Sequential(new Linear(2, 8), tanh, new Linear(8, 2));
    const trainer = makeTrainer(model, { loss: crossEntropy, optimizer: adam(0.05), executor: create() });
    await trainer.load(xor);
    const losses = await drain(trainer.fit({ batch: "all", epochs: 150 }));
    expect(losses).toHaveLength(150);
    expect(losses[149]).toBeLessThan(0.05);
    expect((await trainer.evaluate(xor)).accuracy).toBe(1);
    const { data, shape } = await trainer.predict(xor.x);
    expect(shape).toEqual([4, 2]);
    expect([0, 1, 2, 3].map((row) => (data[2 * row + 1] > data[2 * row] ? 1 : 0))).toEqual(xor.y);
  });

  test("batch 1 is stochastic descent: the steps by hand are the same", async () => {
    const model = new Linear(1, 1);
    const trainer = makeTrainer(model, { executor: new JsExecutor({ precision: "float64" }) });
    await trainer.load({ x: [[1], [2]], y: [[3], [1]] });
    await trainer.loadStateDict({ weight: [[0.5]], bias: [0.25] });
    await drain(trainer.fit({ batch: 1, epochs: 2, shuffle: false }));
    let [w, b] = [0.5, 0.25];
    for (const [x, y] of [
      [1, 3],
      [2, 1],
      [1, 3],
      [2, 1],
    ]) {
      const error = 2 * (w * x + b - y);
      [w, b] = [w - 0.1 * error * x, b - 0.1 * error];
    }
    const { weight, bias } = await trainer.stateDict();
    expect(weight.data[0]).toBeCloseTo(w, 12);
    expect(bias.data[0]).toBeCloseTo(b, 12);
  });

  test.each([
    ["keep", 4],
    ["drop", 3],
    ["pad", 4],
  ] as const)("a ragged last batch: %s makes %i steps an epoch", async (lastBatch, steps) => {
    const trainer = makeTrainer(new Linear(1, 1));
    await trainer.load(line(10));
    expect(await drain(trainer.fit({ batch: 3, epochs: 2, lastBatch }))).toHaveLength(2 * steps);
  });

  test("an epoch sees every row once, each epoch in another order", async () => {
    // One-hot rows and a rate that marks each visited row: the weight of row i becomes visits * rate.
    const rows = 23;
    const x = Array.from({ length: rows }, (_, i) => Array.from({ length: rows }, (_, j) => (i === j ? 1 : 0)));
    const model = new Linear(rows, 1, { bias: false });
    const visits = (prediction: Parameters<typeof mseLoss>[0]) => prediction.sum();
    const trainer = makeTrainer(model, { loss: visits, optimizer: sgd(1) });
    await trainer.load({ x, y: x.map(() => [0]) });
    await trainer.loadStateDict({ weight: [new Array<number>(rows).fill(0)] });
    const first = await drain(trainer.fit({ batch: 1, epochs: 1 }));
    expect(first.every((loss) => loss === 0)).toBe(true);
    const { weight } = await trainer.stateDict();
    expect([...weight.data]).toEqual(new Array(rows).fill(-1));
    await drain(trainer.fit({ batch: 4, epochs: 2 }));
    expect([...(await trainer.stateDict()).weight.data]).toEqual(new Array(rows).fill(-3));
  });

  test("the same seed gives the same bits, another seed others", async () => {
    const run = async (seed: number) => {
      const model = new Sequential(new Linear(2, 8), relu, new Dropout(0.3), new Linear(8, 2));
      const trainer = makeTrainer(model, {
        loss: crossEntropy,
        optimizer: adam(0.05),
        executor: new WasmExecutor(),
        seed,
      });
      await trainer.load(xor);
      return drain(trainer.fit({ batch: 3, epochs: 20 }));
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  test("reports a validation for every epoch", async () => {
    const trainer = makeTrainer(new Linear(1, 1));
    await trainer.load(line(8));
    const losses: number[] = [];
    for await (const { validations } of trainer.fit({ batch: 4, epochs: 3, validation: line(5) }))
      losses.push(...validations.map(({ loss }) => loss));
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(losses[0]);
  });

  test("leaving the loop, an abort and stop() end the training", async () => {
    const trainer = makeTrainer(new Linear(1, 1));
    await trainer.load(line(16));
    for await (const _ of trainer.fit({ batch: 1, epochs: 1_000_000 })) break;
    const controller = new AbortController();
    let reports = 0;
    for await (const _ of trainer.fit({ batch: 1, epochs: 1_000_000, signal: controller.signal }))
      if (++reports === 2) controller.abort();
    const fit = trainer.fit({ batch: 1, epochs: 1_000_000 });
    await fit.next();
    await fit.stop();
    const before = await trainer.stateDict();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await trainer.stateDict()).toEqual(before);
  });

  test("who reads on while a training is stopped is told of its last steps, too", async () => {
    const trainer = makeTrainer(new Linear(1, 1), { optimizer: sgd(0.001) });
    await trainer.load(line(8));
    const fit = trainer.fit({ batch: "all", epochs: 10_000_000 });
    const told = (await fit.next()).value?.losses.length ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 5)); // steps that are not told yet
    const stopped = fit.stop();
    const rest = await drain(fit);
    await stopped;
    expect((await trainer.snapshot())["counters.epoch"].data).toEqual(Int32Array.of(told + rest.length));
  });

  test("a paused training makes no step until it is resumed", async () => {
    const trainer = makeTrainer(new Linear(1, 1), { optimizer: sgd(1e-4) });
    await trainer.load(line(16));
    const fit = trainer.fit({ batch: 1, epochs: 1_000_000 });
    await fit.next();
    await fit.pause();
    const before = await trainer.stateDict();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await trainer.stateDict()).toEqual(before);
    fit.resume();
    await fit.next();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await trainer.stateDict()).not.toEqual(before);
    await fit.stop();
  });

  test("predict and evaluate answer while training runs", async () => {
    const trainer = makeTrainer(new Linear(1, 1), { optimizer: sgd(1e-4) });
    await trainer.load(line(16));
    const fit = trainer.fit({ batch: 1, epochs: 1_000_000 });
    await fit.next();
    expect((await trainer.predict([[1], [2], [3]])).data).toHaveLength(3);
    expect((await trainer.evaluate(line(7))).loss).toBeGreaterThan(0);
    await fit.stop();
  });

  test("predict takes any number of rows", async () => {
    const trainer = makeTrainer(new Linear(1, 1));
    await trainer.loadStateDict({ weight: [[2]], bias: [1] });
    for (const rows of [1, 2, 9, 65, 300]) {
      const { data, shape } = await trainer.predict(Array.from({ length: rows }, (_, i) => [i]));
      expect(shape).toEqual([rows, 1]);
      expect(data[rows - 1]).toBe(2 * (rows - 1) + 1);
    }
  });
});

describe("bad input", () => {
  const failing = async (action: () => unknown): Promise<string> => {
    try {
      await action();
    } catch (error) {
      if (error instanceof SimdgradError) return `${error.name}: ${error.message}`;
      throw error;
    }
    return "no error";
  };

  test("data that does not fit is told with its place", async () => {
    const classifier = makeTrainer(new Linear(2, 3), { loss: crossEntropy });
    const regressor = makeTrainer(new Linear(1, 1));
    expect(await failing(() => classifier.load({ x: [], y: [] }))).toMatchInlineSnapshot(
      `"DataError: the data set is empty"`,
    );
    expect(await failing(() => classifier.load({ x: [[1, 2]], y: [0, 1] }))).toMatchInlineSnapshot(
      `"DataError: x [1, 2] and y [2] have different numbers of rows"`,
    );
    expect(
      await failing(() =>
        classifier.load({
          x: [
            [1, 2],
            [3, 4],
          ],
          y: [0, 3],
        }),
      ),
    ).toMatchInlineSnapshot(
      `"DataError: y: row 1 has class index 3, outside 0..2; indices count from 0, and the model gives one number a class"`,
    );
    expect(
      await failing(() =>
        classifier.load({
          x: [
            [1, 2],
            [3, 4],
          ],
          y: [0, 0.5],
        }),
      ),
    ).toMatchInlineSnapshot(
      `"DTypeError: y: element 1 is 0.5, not of dtype i32; the loss takes class indices; rows of probabilities are for (x, y) => crossEntropy(x, y), other numbers for mseLoss"`,
    );
    expect(
      await failing(() =>
        classifier.load({
          x: [
            [1, 2],
            [Number.NaN, 4],
          ],
          y: [0, 1],
        }),
      ),
    ).toMatchInlineSnapshot(`"DataError: x: row 1 holds NaN"`);
    expect(await failing(() => classifier.load({ x: [[1, 2, 3]], y: [0] }))).toMatchInlineSnapshot(
      `"ShapeError: Linear: the last axis of [1, 3] is not inFeatures 2"`,
    );
    expect(await failing(() => regressor.load({ x: [[1]], y: [1] }))).toMatchInlineSnapshot(
      `"ShapeError: mseLoss: prediction [1, 1] and target [1] differ: targets are rows, too, such as [[1], [2]]; a flat array takes its shape, { data, shape: [rows, 1] }"`,
    );
    expect(await failing(() => regressor.fit())).toMatchInlineSnapshot(
      `"DataError: fit: load data first: trainer.load({ x, y })"`,
    );
  });

  test("the layer that does not fit is named by its path", async () => {
    const model = new Sequential(new Linear(2, 3), new Sequential(relu, new Linear(4, 1)));
    const trainer = makeTrainer(model);
    expect(await failing(() => trainer.load({ x: [[1, 2]], y: [[1]] }))).toMatchInlineSnapshot(
      `"ShapeError: Linear: the last axis of [1, 3] is not inFeatures 4 (1.1)"`,
    );
  });

  test("options that do not fit are told", async () => {
    const trainer = makeTrainer(new Linear(1, 1));
    await trainer.load(line(4));
    expect(await failing(() => trainer.fit({ batch: 5 }))).toMatchInlineSnapshot(
      `"DataError: fit: a batch of 5 is larger than the data of 4 rows"`,
    );
    expect(await failing(() => trainer.fit({ batch: 0 }))).toMatchInlineSnapshot(
      `"ArgumentError: fit: batch must be a whole number >= 1 or "all", got 0"`,
    );
    expect(await failing(() => trainer.fit({ epochs: 1.5 }))).toMatchInlineSnapshot(
      `"ArgumentError: fit: epochs must be a whole number >= 0, got 1.5"`,
    );
    expect(await failing(() => trainer.loadStateDict({ weight: [[1]] }))).toMatchInlineSnapshot(
      `"ArgumentError: loadStateDict: missing [bias], unknown []"`,
    );
    expect(await failing(() => trainer.loadStateDict({ weight: [[1, 2]], bias: [0] }))).toMatchInlineSnapshot(
      `"ShapeError: loadStateDict: weight is [1, 1], got [1, 2]"`,
    );
    expect(await failing(() => makeTrainer(relu))).toMatchInlineSnapshot(
      `"ArgumentError: Trainer: the model has no parameters to train in its fields (private ones and closures hide theirs)"`,
    );
  });

  test("NaN in data passes when checkFinite is off, and the loss stops the training with its step", async () => {
    const trainer = makeTrainer(new Linear(1, 1), { checkFinite: false });
    await trainer.load({ x: [[1], [Number.NaN]], y: [[1], [2]] });
    expect(await failing(() => drain(trainer.fit({ batch: 1, shuffle: false })))).toMatchInlineSnapshot(
      `"NonFiniteError: the loss of step 1 is NaN; trainer.debugNonFinite() tells what made it"`,
    );
  });

  test("a training that diverges stops with its step, and the first bad instruction is named", async () => {
    const trainer = makeTrainer(new Linear(1, 1), { optimizer: sgd(1e30) });
    await trainer.load(line(4));
    expect(await failing(() => drain(trainer.fit({ batch: "all", epochs: 10 })))).toMatch(
      /^NonFiniteError: the loss of step \d is/,
    );
    expect(await trainer.debugNonFinite()).toMatchInlineSnapshot(
      `"instruction 0 (matmul+add+sub+mul [4, 1]) wrote Infinity"`,
    );
  });

  test("parameters that the loss does not depend on give one warning", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const used = new Linear(1, 1);
    const model = { used, unused: new Variable([2], 0), forward: used.forward.bind(used) };
    const trainer = makeTrainer(model);
    await trainer.load(line(4));
    await trainer.load(line(5));
    expect(warn.mock.calls).toMatchInlineSnapshot(`
      [
        [
          "simdgrad: the loss does not depend on unused: the optimizer will not train them",
        ],
      ]
    `);
  });

  test("everything after dispose is an error", async () => {
    const trainer = makeTrainer(new Linear(1, 1));
    await trainer.load(line(4));
    await trainer.dispose();
    for (const action of [
      () => trainer.load(line(4)),
      () => trainer.fit(),
      () => trainer.evaluate(line(4)),
      () => trainer.predict([[1]]),
      () => trainer.stateDict(),
      () => trainer.loadStateDict({}),
    ])
      expect(await failing(action)).toMatch(/^DisposedError: the trainer was disposed/);
  });

  test("a failed load leaves the data that was there", async () => {
    const trainer = makeTrainer(new Linear(1, 1));
    await trainer.load(line(4));
    await expect(trainer.load({ x: [[1]], y: [[1], [2]] })).rejects.toThrow(DataError);
    expect(await drain(trainer.fit({ batch: 2 }))).toHaveLength(2);
  });
});

test("disposing trainers leaves their executor as it was", async () => {
  const executor = new JsExecutor();
  for (let round = 0; round < 20; round++) {
    const trainer = new Trainer(new Linear(4, 4), { loss: mseLoss, optimizer: adam(0.01), executor });
    await trainer.load({ x: [[1, 2, 3, 4]], y: [[1, 2, 3, 4]] });
    await drain(trainer.fit({ batch: 1 }));
    await trainer.predict([[1, 2, 3, 4]]);
    await trainer.dispose();
  }
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor });
  await trainer.load(line(4));
  expect(await drain(trainer.fit({ batch: 2 }))).toHaveLength(2);
  await trainer.dispose();
  await executor.dispose();
});
