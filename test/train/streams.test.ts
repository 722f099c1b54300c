// Training on a stream is training on its rows: in their order it leaves the bits of the same rows loaded and not shuffled, wherever it runs
// and however the rows come, and everything else of a fit works as there.
import { Worker } from "node:worker_threads";
import {
  type FitOptions as AnyFitOptions,
  type Callback,
  type Executor,
  JsExecutor,
  type Report,
  type Samples,
  Trainer,
  WasmExecutor,
} from "simdgrad";
import { earlyStopping } from "simdgrad/callbacks";
import { fromRows } from "simdgrad/data";
import { f1 } from "simdgrad/metrics";
import { crossEntropy, Linear, mseLoss } from "simdgrad/nn";
import { adam, cosineDecay, lbfgs, sgd } from "simdgrad/optim";
import { connect, spawn } from "simdgrad/worker";
import { afterEach, describe, expect, test } from "vitest";
import { heldData, newTrainer, trainingData } from "../worker/training.ts";
import { countLoads } from "./compiles.ts";
import { type Rows, rowsOf, seekable, stream } from "./sources.ts";

type FitOptions = AnyFitOptions<"frame">;

const open: Executor[] = [];

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

async function made(create: () => Executor | Promise<Executor> = () => new JsExecutor()): Promise<Trainer> {
  const executor = await create();
  open.push(executor);
  return newTrainer(executor);
}

const ROWS = trainingData.x.shape[0];
const machines: readonly (readonly [string, () => Executor | Promise<Executor>])[] = [
  ["js", () => new JsExecutor()],
  ["wasm", () => new WasmExecutor({ threads: 1 })],
  ["two threads", () => new WasmExecutor({ threads: 2 })],
  ["a worker", () => spawn({ threads: 1 })],
];

/** Weights and losses of a fit on what is loaded. */
async function loaded(options: FitOptions, create?: () => Executor | Promise<Executor>, data: Samples = trainingData) {
  const trainer = await made(create);
  await trainer.load(data);
  return result(trainer, { ...options, shuffle: false });
}

async function streamed(options: FitOptions, create?: () => Executor | Promise<Executor>) {
  return result(await made(create), options);
}

async function result(trainer: Trainer, options: FitOptions) {
  const losses: number[] = [];
  for await (const report of trainer.fit(options)) losses.push(...report.losses);
  const history = trainer.history.map(({ seconds: _, ...epoch }) => epoch);
  return { losses, history, state: await trainer.stateDict() };
}

describe("the bits are those of the same rows, loaded", () => {
  test.each(machines)("%s", async (_, create) => {
    const options = { batch: 32, epochs: 3, validation: heldData };
    const expected = await loaded(options, create);
    expect(await streamed({ ...options, data: stream() }, create)).toEqual(expected);
    expect(await streamed({ ...options, data: seekable(trainingData, [ROWS]), readAhead: 1 }, create)).toEqual(
      expected,
    );
  });

  test.each(["keep", "drop", "pad"] as const)("a last batch: %s", async (lastBatch) => {
    for (const batch of [1, 32, 499, 500]) {
      const options = { batch, epochs: 2, lastBatch };
      const expected = await loaded(options);
      for (const sizes of [[batch], [333, 1]])
        expect(await streamed({ ...options, data: stream(trainingData, sizes) })).toEqual(expected);
    }
  });

  test("of chunks that are slots, to the row, and larger than any", async () => {
    const wide = 2 ** 22 / 4 / 8 - 1; // eight rows are a slot
    const data: Rows = {
      x: { data: Float32Array.from({ length: 21 * wide }, (_, i) => Math.fround(Math.sin(i))), shape: [21, wide] },
      y: { data: Float32Array.from({ length: 21 }, (_, i) => i), shape: [21, 1] },
    };
    const state = async (use: (trainer: Trainer) => PromiseLike<unknown>) => {
      const executor = new WasmExecutor({ threads: 1 });
      open.push(executor);
      const trainer = new Trainer(new Linear(wide, 1), { loss: mseLoss, optimizer: sgd(1e-6), executor });
      await use(trainer);
      return trainer.stateDict();
    };
    const expected = await state(async (trainer) => {
      await trainer.load(data);
      await trainer.fit({ batch: 2, shuffle: false });
    });
    for (const sizes of [[21], [8], [6, 2], [3]])
      expect(await state((trainer) => trainer.fit({ batch: 2, data: stream(data, sizes) }))).toEqual(expected);
  });

  test("with weights of rows, and with targets that are ignored", async () => {
    const y = { ...trainingData.y, data: trainingData.y.data.map((target, i) => (i % 5 === 0 ? -100 : target)) };
    const sampleWeight = { data: Float32Array.from({ length: ROWS }, (_, i) => (i % 3) + 0.5), shape: [ROWS] };
    const few = { ...trainingData.y, data: trainingData.y.data.map((target, i) => (i === 100 ? -100 : target)) };
    for (const data of [
      { ...trainingData, y },
      { ...trainingData, y: few },
      { ...trainingData, sampleWeight },
    ]) {
      const expected = await loaded({ batch: 32, epochs: 2 }, undefined, data);
      expect(await streamed({ batch: 32, epochs: 2, data: stream(data) })).toEqual(expected);
    }
  });

  test("of L-BFGS", async () => {
    const data = { x: [[0], [1], [2], [3], [4]], y: [[1], [3], [5], [7], [9]] };
    const states = [];
    for (const options of [{ shuffle: false }, { data: [data] }]) {
      const executor = new JsExecutor();
      open.push(executor);
      const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: lbfgs(0.5), executor });
      if (options.data === undefined) await trainer.load(data);
      await trainer.fit({ batch: 5, epochs: 4, ...options });
      await trainer.fit({ batch: 2, epochs: 2, ...options });
      states.push(await trainer.stateDict());
    }
    expect(states[0]).toEqual(states[1]);
  });

  test("of single rows, made chunks, and of all kinds of sources", async () => {
    const rows = Array.from({ length: ROWS }, (_, i) => ({
      x: trainingData.x.data.subarray(20 * i, 20 * i + 20),
      y: trainingData.y.data[i],
    }));
    const options = { batch: 32, epochs: 2 };
    const expected = await loaded(options);
    const chunks = Array.from({ length: 5 }, (_, i) => rowsOf(trainingData, i * 100, i * 100 + 100));
    const web = () =>
      new ReadableStream<Samples>({
        start(controller) {
          for (const chunk of chunks) controller.enqueue(chunk);
          controller.close();
        },
      });
    const reader = () => ({ getReader: () => web().getReader() }); // as in an engine where it is no iterable
    const sources: readonly FitOptions["data"][] = [
      fromRows(rows, { chunk: 100 }),
      fromRows(() => rows.values(), { chunk: 7 }),
      fromRows({ open: (at) => rows.slice(at) }),
      chunks,
      () => chunks.values(),
      async () => chunks,
      web,
      reader,
    ];
    for (const data of sources) expect(await streamed({ ...options, data })).toEqual(expected);
    const once = await loaded({ batch: 32 });
    for (const data of [chunks.values(), web(), reader()]) expect(await streamed({ batch: 32, data })).toEqual(once);
  });
});

test("in workers that die it leaves the same", async () => {
  const options = { batch: 32, epochs: 12 };
  const expected = await loaded(options, () => new WasmExecutor({ build: "portable", threads: 1 }));
  const started: Worker[] = [];
  const start = () => {
    started.push(new Worker(new URL("../../src/worker/worker.ts", import.meta.url), { execArgv: [] }));
    return started[started.length - 1];
  };
  const executor = await connect(start, { threads: 1, build: "portable", respawn: { every: 20, attempts: 5 } });
  let chunks = 0;
  const data = stream();
  async function* deadly(): AsyncGenerator<Samples> {
    for await (const chunk of data()) {
      if (++chunks % 120 === 60) await started[started.length - 1].terminate();
      yield chunk;
    }
  }
  expect(await streamed({ ...options, data: deadly }, () => executor)).toEqual(expected);
  expect(started.length).toBeGreaterThan(1);
});

test("begins anew with reset()", async () => {
  const trainer = await made();
  const options = { batch: 32, data: stream(), shuffleBuffer: 100 };
  await trainer.fit(options);
  const first = await trainer.stateDict();
  await trainer.fit(options);
  await trainer.reset();
  await trainer.fit(options);
  expect(await trainer.stateDict()).toEqual(first);
  await trainer.reset(6);
  await trainer.fit(options);
  expect(await trainer.stateDict()).not.toEqual(first);
});

test("bytes stay bytes, also those of a Buffer", async () => {
  const bytes = Uint8Array.from({ length: 40 * 20 }, (_, i) => (i * 37) % 256);
  const y = { data: trainingData.y.data.slice(0, 40), shape: [40] };
  const expected = await loaded({ batch: 16 }, undefined, { x: { data: bytes, shape: [40, 20] }, y });
  for (const data of [Buffer.from(bytes), Uint8ClampedArray.from(bytes)])
    expect(await streamed({ batch: 16, data: [{ x: { data, shape: [40, 20] }, y }] })).toEqual(expected);
});

describe("an epoch of so many steps", () => {
  test("takes its rows from one pass after the other, and ends where it ends", async () => {
    const asked = { opened: [], chunks: 0, closed: 0 };
    const data = seekable(trainingData, undefined, asked);
    const trainer = await made();
    const history = await trainer.fit({ batch: 32, data, stepsPerEpoch: 10, epochs: 5 });
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
    // 16 steps a pass: 50 steps are three passes and two steps.
    expect(asked.opened).toEqual([0, 1, 2, 3].map((pass) => [0, pass]));
    expect(asked.closed).toBe(1);
    const expected = await made();
    await expected.fit({ batch: 32, data, epochs: 3 });
    await expected.fit({ batch: 32, data: [rowsOf(trainingData, 0, 64)] });
    expect(await trainer.stateDict()).toEqual(await expected.stateDict());
    expect((await trainer.snapshot())["counters.epoch"].data[0]).toBe(5);
  });

  test("of a source without an end", async () => {
    let chunks = 0;
    function* endless(): Generator<Samples> {
      for (;;) yield rowsOf(trainingData, (chunks++ % 10) * 50, (chunks % 10) * 50 || 500);
    }
    const trainer = await made();
    const fit = trainer.fit({ batch: 25, data: endless(), stepsPerEpoch: 7, epochs: 3, report: "epoch" });
    let reports = 0;
    for await (const _ of fit) reports++;
    expect(reports).toBe(3);
    expect((await trainer.snapshot())["optimizer.step"].data[0]).toBe(21);
  });
});

describe("costs no compile", () => {
  const steps = (loads: readonly string[][]) => loads.filter((outputs) => outputs.includes("loss")).length;

  test("for a chunk, an epoch or another fit on rows of the same shapes", async () => {
    const trainer = await made();
    const loads = countLoads(trainer.executor);
    await trainer.fit({ batch: 32, data: stream(trainingData, [64]), epochs: 3 });
    // Two slots, a whole batch and a last one: of these one in each slot at the most.
    expect(steps(loads)).toBeLessThanOrEqual(4);
    const before = loads.length;
    await trainer.fit({ batch: 32, data: stream(trainingData, [64]), epochs: 20 });
    await trainer.fit({ batch: 32, data: stream(trainingData, [500]), epochs: 20 });
    expect(steps(loads)).toBeLessThanOrEqual(4);
    expect(loads.length - before).toBeLessThanOrEqual(2);
    await trainer.fit({ batch: 16, data: stream(), epochs: 1 }); // which needs others, and lets go of these
    expect(steps(loads)).toBeGreaterThan(4);
  });

  test("and what a stream needed goes with its trainer", async () => {
    const executor = new JsExecutor();
    open.push(executor);
    const trainer = newTrainer(executor);
    const [loadedIds, gone]: [Set<number>, string[]] = [new Set(), []];
    const [load, unload, forget] = [
      executor.load.bind(executor),
      executor.unload.bind(executor),
      executor.forget.bind(executor),
    ];
    executor.load = async (program) => {
      const id = await load(program);
      loadedIds.add(id);
      return id;
    };
    executor.unload = async (id) => {
      loadedIds.delete(id);
      return unload(id);
    };
    executor.forget = async (key) => {
      gone.push(key);
      return forget(key);
    };
    await trainer.fit({ batch: 32, data: stream() });
    await trainer.dispose();
    expect(loadedIds.size).toBe(0);
    expect(gone.length).toBeGreaterThanOrEqual(2 * 4);
  });
});

describe("as with data that was loaded", () => {
  const options = { batch: 32, epochs: 3, validation: heldData };

  async function both(use: (trainer: Trainer, options: FitOptions) => Promise<unknown>) {
    const results: unknown[] = [];
    for (const data of [undefined, stream()]) {
      const trainer = await made();
      if (data === undefined) await trainer.load(trainingData);
      results.push(await use(trainer, data === undefined ? { ...options, shuffle: false } : { ...options, data }));
      results.push(await trainer.stateDict());
    }
    expect(results.slice(2)).toEqual(results.slice(0, 2));
    return results[0];
  }

  const plain = (report: Report) => ({ ...report, samplesPerSecond: 0, seconds: 0, totalSteps: 0 });

  test.each([5, 7, 100])("reports of %i steps", async (report) => {
    for (const lockstep of [false, true])
      await both(async (trainer, own) => {
        const reports: Report[] = [];
        for await (const each of trainer.fit({ ...own, report, lockstep })) reports.push(plain(each));
        return reports;
      });
  });

  test("epochs, read in lockstep with the weights after each", async () => {
    await both(async (trainer, own) => {
      const states: unknown[] = [];
      for await (const { epoch, loss, validation } of trainer.fit({ ...own, report: "epoch", lockstep: true }))
        states.push([epoch, loss, validation, await trainer.stateDict()]);
      expect(states).toHaveLength(3);
      return states;
    });
  });

  test("callbacks, which see each epoch and the steps they ask for", async () => {
    const seen = await both(async (trainer, own) => {
      const calls: unknown[] = [];
      const watching: Callback = {
        every: 6,
        onFitBegin: ({ measures }) => void calls.push(measures),
        onSteps: ({ step }) => void calls.push(step),
        onEpochEnd: ({ epoch, loss }, { step }) => void calls.push([epoch, loss, step]),
        onFitEnd: () => void calls.push("end"),
      };
      await trainer.fit({ ...own, callbacks: [watching] });
      return calls;
    });
    expect(seen).toHaveLength(1 + 8 + 3 + 1);
    await both(async (trainer, own) => {
      await trainer.fit({ ...own, epochs: 40, callbacks: [earlyStopping({ patience: 2, restoreBest: true })] });
      return trainer.history.length;
    });
    await both(async (trainer, own) => {
      await trainer.fit({ ...own, callbacks: [{ every: 5, onSteps: (context) => context.stop() }] });
      return (await trainer.snapshot())["optimizer.step"].data[0];
    });
  });

  test("metrics that are counted, and the learning rate", async () => {
    const results: unknown[] = [];
    for (const data of [undefined, stream()]) {
      const executor = new JsExecutor();
      open.push(executor);
      const trainer = new Trainer(new Linear(20, 4), {
        loss: crossEntropy,
        optimizer: adam(cosineDecay(0.01, { steps: 40 })),
        executor,
        metrics: { f1: f1({ average: "macro" }) },
      });
      if (data === undefined) await trainer.load(trainingData);
      const history = await trainer.fit({
        batch: 32,
        epochs: 2,
        ...(data === undefined ? { shuffle: false } : { data }),
      });
      results.push(history.map(({ seconds: _, ...epoch }) => epoch));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[0]).toMatchObject([{ learningRate: expect.any(Number), metrics: { f1: expect.any(Number) } }, {}]);
  });

  test("one fit at a time, and data that was loaded is there afterwards", async () => {
    const trainer = await made();
    await trainer.load(trainingData);
    const fit = trainer.fit({ ...options, data: stream(), epochs: 100 });
    await fit.next();
    expect(() => trainer.fit()).toThrow("stop the fit first");
    await fit.stop();
    const { "counters.epoch": epoch } = await trainer.snapshot();
    const history = await trainer.fit({ batch: 32 });
    // The epoch that was left is of other data: a new one begins.
    expect((await trainer.snapshot())["counters.epoch"].data[0]).toBeGreaterThan(epoch.data[0]);
    expect((await trainer.snapshot())["counters.row"].data[0]).toBe(0);
    expect(history.at(-1)?.loss).toBeGreaterThan(0);
    expect(await trainer.snapshot()).not.toHaveProperty("stream.place");
  });

  test("pausing, predicting and measuring meanwhile", async () => {
    const expected = await loaded({ batch: 32, epochs: 8 });
    const trainer = await made();
    const fit = trainer.fit({ batch: 32, epochs: 8, data: stream() });
    let steps = 0;
    for await (const { losses } of fit) {
      steps += losses.length;
      await fit.pause();
      const before = await trainer.stateDict();
      await trainer.predict(heldData.x);
      const after = await trainer.stateDict();
      expect(after).toEqual(before);
      await trainer.evaluate(heldData);
      fit.resume();
    }
    expect(steps).toBe(8 * 16);
    expect(await trainer.stateDict()).toEqual(expected.state);
  });

  test("how many steps there are is known where it can be", async () => {
    const trainer = await made();
    const total = async (options: FitOptions) => {
      const fit = trainer.fit({ batch: 32, ...options });
      const { value } = await fit.next();
      await fit.stop();
      return value?.totalSteps;
    };
    expect(await total({ data: stream(), epochs: 2 })).toBe(Number.POSITIVE_INFINITY);
    expect(await total({ data: stream(), stepsPerEpoch: 3, epochs: 2 })).toBe(6);
    expect(await total({ data: { ...seekable(), rows: ROWS }, epochs: 2 })).toBe(32);
  });
});
