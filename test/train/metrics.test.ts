// Metrics in a training: reports hold them over the rows of their steps, validations and evaluations over all rows, on every executor.

import type { Worker } from "node:worker_threads";
import {
  constant,
  type Executor,
  evaluate,
  JsExecutor,
  type Metric,
  type ProgramId,
  type Tensor,
  Trainer,
  type TrainerOptions,
  WasmExecutor,
} from "simdgrad";
import {
  type CountedMetric,
  categoricalAccuracy,
  confusionMatrix,
  f1,
  logLoss,
  measure,
  prAuc,
  r2Score,
  rocAuc,
} from "simdgrad/metrics";
import { crossEntropy, Linear, mseLoss } from "simdgrad/nn";
import { lbfgs, sgd } from "simdgrad/optim";
import { connect, spawn } from "simdgrad/worker";
import { afterEach, describe, expect, test } from "vitest";
import { startWorker } from "../../src/worker/start-worker.ts";

const open: Trainer[] = [];

afterEach(async () => {
  for (const trainer of open.splice(0)) {
    await trainer.dispose();
    await trainer.executor.dispose();
  }
});

function makeTrainer(options: Partial<TrainerOptions> = {}): Trainer {
  const trainer = new Trainer(new Linear(3, 3), {
    loss: crossEntropy,
    optimizer: sgd(0.1),
    executor: new JsExecutor(),
    ...options,
  });
  open.push(trainer);
  return trainer;
}

const ROWS = 301;
const x = Array.from({ length: ROWS }, (_, i) => [0, 1, 2].map((j) => (((3 * i + j) * 7919) % 2003) / 1001.5 - 1));
const y = Array.from({ length: ROWS }, (_, i) => ((i * 7) % 11) % 3);
const samples = { x, y };

/** Rows that it was given, as its value. */
const rows: CountedMetric = {
  numbers: (prediction: Tensor) => prediction.narrow(1, 0, 1).flatten().like(1).sum().reshape([1]),
  value: ([count]) => count,
};

describe("reports", () => {
  test("hold counted metrics of all rows of their steps, and no metric of each row", async () => {
    const trainer = makeTrainer({ metrics: { rows, auc: rocAuc() } });
    await trainer.load(samples);
    let seen = 0;
    for await (const { metrics, losses } of trainer.fit({ batch: 32, epochs: 7 })) {
      expect(Object.keys(metrics)).toEqual(["rows"]);
      if (losses.length > 0) seen += metrics.rows;
    }
    expect(seen).toBe(7 * ROWS);
  });

  test("hold the same value as an evaluation where the steps are of all rows and nothing moves", async () => {
    const metrics = { f1: f1(), weighted: f1({ average: "weighted" }), cost: logLoss(), right: categoricalAccuracy() };
    const trainer = makeTrainer({ metrics, optimizer: sgd(0) });
    await trainer.load(samples);
    const { loss, ...wanted } = await trainer.evaluate(samples);
    expect(wanted.cost).toBeCloseTo(loss, 6);
    for await (const { metrics: told } of trainer.fit({ batch: 43, epochs: 3, shuffle: false }))
      expect(Object.keys(told)).toEqual(Object.keys(wanted));
    let last: Readonly<Record<string, number>> = {};
    for await (const { metrics: told } of trainer.fit({ batch: "all", epochs: 3 })) last = told;
    for (const [name, value] of Object.entries(wanted)) expect(last[name]).toBeCloseTo(value, 6);
  });

  test("hold them where an optimizer searches, and nothing else", async () => {
    const trainer = makeTrainer({ metrics: { rows, auc: rocAuc() }, optimizer: lbfgs() });
    await trainer.load(samples);
    for await (const { metrics, validation } of trainer.fit({ batch: "all", epochs: 2, validation: samples })) {
      expect(metrics.rows % ROWS).toBe(0);
      expect(Object.keys(metrics)).toEqual(["rows"]);
      if (validation) expect(validation.auc).toBeGreaterThan(0);
    }
  });
});

const executors = {
  "in JavaScript": async () => new JsExecutor(),
  "in Wasm": async () => new WasmExecutor({ poison: true }),
  "in Wasm, in threads": async () => new WasmExecutor({ threads: 2 }),
  "in a worker": () => spawn({ executor: "wasm" }),
};

describe.each(Object.entries(executors))("%s", (_, create) => {
  test.each([50, 256, "all"] as const)("validations are evaluations, in batches of %s", async (evaluationBatch) => {
    const metrics = { auc: rocAuc(), f1: f1(), precision: prAuc({ average: "micro" }), plain: crossEntropy, rows };
    const trainer = makeTrainer({ metrics, executor: await create(), evaluationBatch });
    await trainer.load(samples);
    const validations: object[] = [];
    for await (const report of trainer.fit({ batch: 100, epochs: 3, validation: samples }))
      validations.push(...report.validations);
    const measured = await trainer.evaluate(samples);
    expect(validations).toHaveLength(3);
    expect(validations[2]).toEqual(measured);
    expect(await trainer.evaluate(samples)).toEqual(measured);
    const { data, shape } = await trainer.predict(x);
    const [prediction, target] = [constant(data, { shape }), constant(Int32Array.from(y))];
    for (const name of ["auc", "f1", "precision", "rows"] as const)
      expect(measured[name]).toBeCloseTo(await measure(metrics[name], prediction, target), 6);
    expect(measured.plain).toBe(measured.loss);
  });
});

test("validations stay what they are when workers die", async () => {
  const metrics = { auc: rocAuc(), f1: f1(), plain: crossEntropy };
  const epochs = 300;
  const train = async (executor: Executor, disturb: (epoch: number) => void) => {
    const trainer = makeTrainer({ metrics, executor, evaluationBatch: 40 });
    await trainer.load(samples);
    const validations: object[] = [];
    for await (const report of trainer.fit({ batch: 30, epochs, validation: samples })) {
      validations.push(...report.validations);
      disturb(report.epoch);
    }
    return [...validations, await trainer.evaluate(samples)];
  };
  const wanted = await train(new JsExecutor(), () => undefined);
  let worker: Worker | undefined;
  const start = () => {
    worker = startWorker() as Worker;
    return worker;
  };
  let kills = 0;
  const executor = await connect(start, { executor: "js", respawn: { every: 50 } });
  const told = await train(executor, (epoch) => {
    if (epoch < epochs && kills++ < 3) void worker?.terminate();
  });
  expect(kills).toBeGreaterThan(0);
  expect(told).toEqual(wanted);
}, 60_000);

test("values far from 0 have their R squared, in batches, too", async () => {
  const metrics = { r2: r2Score() };
  const trainer = makeTrainer({ metrics, loss: mseLoss });
  const far = { x, y: x.map((row) => row.map((value) => 10_000 + value)) };
  await trainer.loadStateDict({
    weight: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 0.5],
    ],
    bias: [10_000, 10_000, 10_000],
  });
  expect((await trainer.evaluate(far)).r2).toBeCloseTo(1 - 0.25 / 3, 3);
});

describe.each(["constructor", "toString", "__proto__", "hasOwnProperty", "step", "n0", "x", "loss#0"])("%s", (name) => {
  test.each<[string, Metric]>([
    ["counted", categoricalAccuracy()],
    ["of each row", rocAuc()],
    ["a function", (a, b) => crossEntropy(a, b)],
  ])("names a metric, %s", async (_, metric) => {
    const metrics = Object.fromEntries([[name, metric]]);
    const trainer = makeTrainer({ metrics });
    await trainer.load(samples);
    const own = (record: object) => Object.getOwnPropertyDescriptor(record, name)?.value;
    const value = own(await trainer.evaluate(samples));
    expect(value).toBeGreaterThan(0);
    for await (const { metrics: told, validation } of trainer.fit({ batch: "all", validation: samples })) {
      if (typeof metric === "function" || !metric.ofEachRow) expect(own(told)).toBeGreaterThan(0);
      if (validation) expect(own(validation)).toBeGreaterThan(0);
    }
  });
});

describe("a metric is refused by its name", () => {
  const each: CountedMetric = { numbers: (a) => a, value: () => 0 };
  test.each<[string, Record<string, Metric>]>([
    ["Trainer: metrics.table must be one number, such as mean() gives, got [3, 3]", { table: confusionMatrix }],
    ["Trainer: metrics.each.numbers must be [n], sums over the rows, got [301, 3]", { each }],
    [
      "Trainer: metrics.each.numbers must be [N, n], numbers of each row, got [3]",
      { each: { ...each, ofEachRow: true, numbers: (a) => a.sum(0) } },
    ],
    ["Trainer: metrics.f1#0: a number that a step logs has this name", { f1: f1(), "f1#0": () => constant(1) }],
    ["Trainer: metrics.gradient 0: a number that a step logs has this name", { "gradient 0": () => constant(1) }],
    ["Trainer: metrics.each.value must be a function, got undefined", { each: { numbers: each.numbers } as never }],
    ["r2Score: target: takes f32, got i32[301]", { r2: r2Score() }],
    ["f1: a metric is made by calling it: metrics: { f1: f1() }", { f1: f1 as never }],
    [
      "categoricalAccuracy: a metric is made by calling it: metrics: { categoricalAccuracy: categoricalAccuracy() }",
      { right: categoricalAccuracy as never },
    ],
  ])("%s", async (message, metrics) => {
    const trainer = makeTrainer({ metrics });
    await expect(trainer.load(samples)).rejects.toThrow(message);
    await expect(trainer.evaluate(samples)).rejects.toThrow(message);
  });

  test("at once where it is none, or has the loss's name", () => {
    expect(() => makeTrainer({ metrics: { rest: {} as never } })).toThrow(
      "Trainer: metrics.rest must be a metric, such as accuracy or f1(), got {",
    );
    expect(() => makeTrainer({ metrics: { loss: f1() } })).toThrow("Trainer: metrics.loss: the loss has this name");
  });
});

/** Knows what was put on it. */
class Counting extends JsExecutor {
  readonly keys = new Set<string>();
  readonly programs = new Set<ProgramId>();

  override async load(program: Parameters<JsExecutor["load"]>[0]): Promise<ProgramId> {
    const id = await super.load(program);
    for (const { key } of program.variables) this.keys.add(key);
    this.programs.add(id);
    return id;
  }

  override async unload(id: ProgramId): Promise<void> {
    await super.unload(id);
    this.programs.delete(id);
  }

  override async forget(key: string): Promise<void> {
    await super.forget(key);
    this.keys.delete(key);
  }
}

test("nothing is left on an executor of what measured", async () => {
  const executor = new Counting();
  const trainer = new Trainer(new Linear(3, 3), {
    loss: crossEntropy,
    optimizer: sgd(0.1),
    executor,
    metrics: { auc: rocAuc(), f1: f1() },
    evaluationBatch: 100,
  });
  await trainer.load(samples);
  for await (const _ of trainer.fit({ validation: samples }));
  await trainer.evaluate(samples);
  await trainer.evaluate({ x: x.slice(0, 7), y: y.slice(0, 7) });
  await trainer.dispose();
  expect([...executor.keys, ...executor.programs]).toEqual([]);
  await executor.dispose();
});

test("the matrix of what was predicted is evaluated beside the trainer", async () => {
  const trainer = makeTrainer();
  const { data, shape } = await trainer.predict(x);
  const matrix = await evaluate(confusionMatrix(constant(data, { shape }), constant(Int32Array.from(y))));
  expect(Array.from(matrix).reduce((sum, count) => sum + count, 0)).toBe(ROWS);
});
