// Prediction: of the rows that were given and of no others, of one moment, in few messages, by few programs.
import {
  compile,
  DisposedError,
  type Executor,
  JsExecutor,
  type PlanEntry,
  Predictor,
  type Program,
  type ProgramId,
  type RunOptions,
  type Tensor,
  Trainer,
  type TrainerOptions,
  Variable,
  WasmExecutor,
} from "simdgrad";
import { cumulativeMax, cumulativeSum, sort } from "simdgrad/functions";
import * as nn from "simdgrad/nn";
import { ema, sgd } from "simdgrad/optim";
import { spawn } from "simdgrad/worker";
import { afterEach, describe, expect, test } from "vitest";
import { concat, constant, input, scan } from "../../src/index.ts";
import { keepsRowsApart } from "../../src/train/rows.ts";
import { Delayed } from "./delayed.ts";

const open: Executor[] = [];

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

function trainerOf(model: nn.Layer, options: Partial<TrainerOptions> = {}): Trainer {
  const executor = new JsExecutor();
  const trainer = new Trainer(model, { loss: nn.mseLoss, optimizer: sgd(0.1), executor, ...options });
  open.push(trainer.executor);
  return trainer;
}

/** A model of a function, with a parameter that it need not use. */
function modelOf(forward: (x: Tensor, scale: Variable) => Tensor): nn.Layer {
  const scale = new Variable([], 1);
  return { scale, forward: (x: Tensor) => forward(x, scale) } as nn.Module;
}

const executors: Readonly<Record<string, () => Executor | Promise<Executor>>> = {
  "in JavaScript": () => new JsExecutor({ poison: true }),
  "in Wasm": () => new WasmExecutor({ poison: true }),
  "in Wasm, two threads": () => new WasmExecutor({ threads: 2 }),
  "in a worker": () => spawn({ threads: 1, respawn: true }),
};

/** By the statistics of the rows at hand: torch.nn.BatchNorm1d(1, affine=False, track_running_stats=False, eps=0). */
const normalised = (x: Tensor) => {
  const centred = x.sub(x.mean(0));
  return centred.div(centred.square().mean(0).sqrt());
};

describe.each(Object.entries(executors))("%s", (_, create) => {
  test("a model that mixes rows sees those that were given and no others", async () => {
    const trainer = trainerOf(
      modelOf((x, scale) => normalised(x).mul(scale)),
      { executor: await create() },
    );
    const { data, shape } = await trainer.predict([[1], [2], [3]]);
    expect(shape).toEqual([3, 1]);
    for (const [row, value] of [-1.2247449, 0, 1.2247449].entries()) expect(data[row]).toBeCloseTo(value, 6);
    for (const rows of [2, 7, 300]) {
      const sum = await trainer.predict(Array.from({ length: rows }, (_, i) => [i]));
      expect(sum.data).toHaveLength(rows);
      expect([...sum.data].reduce((all, each) => all + each * each, 0) / rows).toBeCloseTo(1, 5);
    }
  });

  test("any number of rows is what each of them is alone", async () => {
    const model = new nn.Sequential(new nn.Linear(2, 5), nn.tanh, new nn.Linear(5, 3));
    const trainer = trainerOf(model, { executor: await create() });
    const rows = Array.from({ length: 700 }, (_, i) => [Math.fround(i / 700), Math.fround(1 - i / 350)]);
    const all = await trainer.predict(rows);
    const together = await trainer.predict(rows, { together: true });
    expect(all.shape).toEqual([700, 3]);
    expect(together).toEqual(all);
    for (const row of [0, 1, 255, 256, 511, 512, 699]) {
      const { data } = await trainer.predict([rows[row]]);
      for (const [i, value] of [...data].entries()) expect(all.data[3 * row + i]).toBeCloseTo(value, 5);
    }
    const chances = await trainer.predict(rows.slice(0, 9), { as: "softmax" });
    const classes = await trainer.predict(rows.slice(0, 9), { as: "argmax" });
    expect(classes.data).toBeInstanceOf(Int32Array);
    expect(classes.shape).toEqual([9]);
    for (let row = 0; row < 9; row++) {
      const exps = Array.from(all.data.slice(3 * row, 3 * row + 3), Math.exp);
      const sum = exps.reduce((a, b) => a + b);
      for (const [i, each] of exps.entries()) expect(chances.data[3 * row + i]).toBeCloseTo(each / sum, 6);
      expect(classes.data[row]).toBe(exps.indexOf(Math.max(...exps)));
    }
  });
});

describe.each(Object.entries(executors))("%s", (_, create) => {
  test("rows count as they are at the call, and what was answered stays, in however many calls at once", async () => {
    const model = modelOf((x, scale) => x.mul(scale));
    const trainer = trainerOf(model, { executor: await create() });
    const x = { data: new Float32Array(40), shape: [4, 10] };
    const ask = (value: number) => {
      x.data.fill(value);
      return trainer.predict(x);
    };
    const answers = [await ask(1), await ask(2), ...(await Promise.all([ask(3), ask(4), ask(5)])), await ask(6)];
    x.data.fill(7);
    for (const [i, { data }] of answers.entries()) expect(data).toEqual(new Float32Array(40).fill(i + 1));
    // Other kinds of arrays of the same length are other rows.
    const whole = { data: Uint8Array.from({ length: 40 }, (_, i) => i), shape: [4, 10] };
    expect((await trainer.predict(whole)).data).toEqual(Float32Array.from(whole.data));
    const wide = { data: Float32Array.from(whole.data), shape: [10, 4] };
    expect(await trainer.predict(wide)).toEqual({ data: wide.data, shape: [10, 4] });
    expect(await ask(8)).toEqual({ data: new Float32Array(40).fill(8), shape: [4, 10] });
  });
});

test("no rows have no outputs", async () => {
  const trainer = trainerOf(new nn.Linear(2, 3));
  const x = { data: new Float32Array(0), shape: [0, 2] };
  expect(await trainer.predict(x)).toEqual({ data: new Float32Array(0), shape: [0, 3] });
  expect(await trainer.predict(x, { as: "argmax" })).toEqual({ data: new Int32Array(0), shape: [0] });
});

test("what is no row for each row is given as it is, and has no classes", async () => {
  const trainer = trainerOf(modelOf((x, scale) => x.mean(0).mul(scale)));
  expect(
    await trainer.predict([
      [1, 2],
      [3, 6],
      [5, 1],
    ]),
  ).toEqual({ data: Float32Array.of(3, 3), shape: [2] });
  await expect(trainer.predict([[1, 2]], { as: "argmax" })).rejects.toThrow(
    'predict: argmax is along axis -1 of [N, ..., C], and the model gives [2]; of one logit, as: "sigmoid" is the probability',
  );
});

test("classes are where the loss has them: along axis 1 of [N, C, ...]", async () => {
  const trainer = new Trainer(new nn.Conv1d(1, 3, 1), {
    loss: nn.crossEntropy,
    optimizer: sgd(0.1),
    executor: new JsExecutor(),
  });
  // Class 0 is best for negative numbers, 2 for large ones.
  await trainer.loadStateDict({ weight: { data: [-1, 0, 1], shape: [3, 1, 1] }, bias: [0, 0.5, 0] });
  const x = { data: Float32Array.of(-3, 0.1, 4, 2), shape: [1, 1, 4] };
  expect(await trainer.predict(x, { as: "argmax" })).toEqual({ data: Int32Array.of(0, 1, 2, 2), shape: [1, 4] });
  const { data, shape } = await trainer.predict(x, { as: "softmax" });
  expect(shape).toEqual([1, 3, 4]);
  for (let i = 0; i < 4; i++) expect(data[i] + data[4 + i] + data[8 + i]).toBeCloseTo(1, 6);
  await trainer.dispose();
});

test("one logit has a probability, and no classes to choose from", async () => {
  const trainer = trainerOf(new nn.Linear(2, 1));
  await trainer.loadStateDict({ weight: [[1, -1]], bias: [0] });
  expect((await trainer.predict([[2, 2]], { as: "sigmoid" })).data).toEqual(Float32Array.of(0.5));
  for (const as of ["argmax", "softmax"] as const)
    await expect(trainer.predict([[2, 2]], { as })).rejects.toThrow(`predict: ${as} is along axis -1 of [N, ..., C]`);
});

test("numbers of an executor in float64 keep their digits, in parts, too", async () => {
  const trainer = trainerOf(new nn.Linear(300, 300), { executor: new JsExecutor({ precision: "float64" }) });
  const x = { data: new Float32Array(600 * 300).fill(0.1), shape: [600, 300] };
  const [few, many] = [
    await trainer.predict({ data: x.data.subarray(0, 300), shape: [1, 300] }),
    await trainer.predict(x),
  ];
  expect(many.data).toBeInstanceOf(Float64Array);
  expect(many.data[599 * 300]).toBe(few.data[0]);
});

/** An executor that counts what it is asked. */
class Counting extends JsExecutor {
  readonly calls: string[] = [];
  readonly loaded = new Set<ProgramId>();

  override async load(program: Program): Promise<ProgramId> {
    this.calls.push("load");
    const id = await super.load(program);
    this.loaded.add(id);
    return id;
  }

  override async unload(id: ProgramId): Promise<void> {
    await super.unload(id);
    this.loaded.delete(id);
  }

  override write(...args: Parameters<JsExecutor["write"]>): Promise<void> {
    this.calls.push("write");
    return super.write(...args);
  }

  override readAll(...args: Parameters<JsExecutor["readAll"]>) {
    this.calls.push("read");
    return super.readAll(...args);
  }

  override run(plan: readonly PlanEntry[], options?: RunOptions) {
    this.calls.push("run");
    return super.run(plan, options);
  }
}

describe("what an executor is asked", () => {
  const network = () =>
    new nn.Sequential(new nn.Linear(2, 32), nn.relu, new nn.Linear(32, 32), nn.relu, new nn.Linear(32, 2));

  test("a surface of 80 x 80 is one write and one run that brings it, both asked at once", async () => {
    const executor = new Counting();
    const trainer = trainerOf(network(), { executor });
    const x = Array.from({ length: 6400 }, (_, i) => [(i % 80) / 40 - 1, Math.floor(i / 80) / 40 - 1]);
    await trainer.predict(x);
    executor.calls.length = 0;
    const { shape } = await trainer.predict(x);
    expect(shape).toEqual([6400, 2]);
    expect(executor.calls).toEqual(["write", "run"]);
  });

  test("rows beyond ten milliseconds of work are predicted in parts, unless they are wanted together", async () => {
    const executor = new Counting();
    const trainer = trainerOf(new nn.Linear(200, 200), { executor });
    const x = { data: new Float32Array(1000 * 200).fill(0.5), shape: [1000, 200] };
    const parts = await trainer.predict(x);
    expect(executor.calls.filter((call) => call === "write").length).toBeGreaterThan(1);
    executor.calls.length = 0;
    expect(await trainer.predict(x, { together: true })).toEqual(parts);
    expect(executor.calls.filter((call) => call === "write")).toEqual(["write"]);
  });

  test("programs of many shapes do not pile up, and go with the trainer", async () => {
    const executor = new Counting();
    const trainer = trainerOf(
      modelOf((x, scale) => x.sub(x.mean(0)).mul(scale)),
      { executor },
    );
    for (let rows = 1; rows <= 40; rows++) {
      const { data } = await trainer.predict(Array.from({ length: rows }, (_, i) => [i]));
      expect(data[0]).toBeCloseTo((1 - rows) / 2, 5);
    }
    expect(executor.loaded.size).toBe(8);
    // The one that was used last is there, whatever is asked in between.
    executor.calls.length = 0;
    await trainer.predict([[1], [2], [3]]);
    for (let rows = 50; rows < 57; rows++) {
      await trainer.predict(new Array(rows).fill([1]));
      await trainer.predict([[1], [2], [3]]);
    }
    expect(executor.calls.filter((call) => call === "load")).toHaveLength(8);
    await trainer.dispose();
    expect(executor.loaded.size).toBe(0);
  });
});

test("averages are what is predicted with, also as probabilities", async () => {
  const trainer = trainerOf(new nn.Linear(1, 2), { optimizer: ema(sgd(0.1), { decay: 0.9 }) });
  await trainer.load({ x: [[1]], y: [[1, 0]] });
  for await (const _ of trainer.fit({ batch: "all", epochs: 3 }));
  const averaged = await trainer.stateDict({ averaged: true });
  const logits = [0, 1].map((i) => averaged.weight.data[i] + averaged.bias.data[i]);
  const [a] = (await trainer.predict([[1]], { as: "softmax" })).data;
  expect(a).toBeCloseTo(1 / (1 + Math.exp(logits[1] - logits[0])), 6);
});

describe("rows are apart", () => {
  const x = (rows: number, ...row: number[]) => input([rows, ...row]);
  const [weight, table] = [new Variable([4, 3], 1), new Variable([9, 4], 1)];
  const layers = new nn.Sequential(
    new nn.Linear(4, 8),
    new nn.LayerNorm([8]),
    nn.gelu,
    new nn.BatchNorm1d(8),
    new nn.Dropout(0.5),
  );
  const convolutional = new nn.Sequential(
    new nn.Conv2d(2, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    nn.relu,
    new nn.MaxPool2d(2),
    new nn.Conv2d(4, 4, 3, { padding: 1, groups: 4 }),
    new nn.GroupNorm(2, 4),
    new nn.Conv2d(4, 6, 1),
    new nn.AvgPool2d(2),
    new nn.ConvTranspose2d(6, 2, 2, { stride: 2 }),
    (y: Tensor) => y.mean([2, 3]),
    new nn.Linear(2, 3),
  );
  const transformer = new nn.TransformerEncoderLayer(8, 2, { batchFirst: true, dimFeedforward: 8 });
  const groups = new nn.GroupNorm(2, 4);
  const recurrent = new nn.Sequential(
    new nn.LSTM(3, 4, { batchFirst: true, numLayers: 2, bidirectional: true, projSize: 2 }),
    new nn.GRU(4, 3, { batchFirst: true }),
  );
  const apart: Readonly<Record<string, (rows: number) => Tensor>> = {
    "in products": (n) => x(n, 4).matmul(weight).add(weight.sum(0)).tanh(),
    "in products of their own": (n) =>
      x(n, 4, 5)
        .matmul(x(n, 4, 5), { transposeA: true })
        .softmax(),
    "in reductions of other axes": (n) => x(n, 4, 5).max(1).sum(-1, { keepDims: true }),
    "in products beneath an axis of one element": (n) => x(n, 4).reshape([1, n, 4]).matmul(weight).reshape([n, 3]),
    "in tables": (n) => table.gather(input([n, 2], "i32")).reshape([n, 8]),
    "in parts": (n) =>
      concat([x(n, 4).narrow(1, 1, 2), x(n, 4).narrow(1, 0, 1)], 1).pad([
        [0, 0],
        [1, 2],
      ]),
    "in steps backwards": (n) => x(n, 6).slice([0, n], [5, 0, -2]),
    "in axes moved about": (n) =>
      x(n, 4, 6)
        .permute([0, 2, 1])
        .softmax(1)
        .reshape([n * 6, 4])
        .norm(1)
        .reshape([n, 6]),
    "in attention over their own steps": (n) => {
      const q = x(n, 5, 8).reshape([n, 5, 2, 4]).permute([0, 2, 1, 3]);
      return q.matmul(q, { transposeB: true }).softmax().matmul(q).permute([0, 2, 1, 3]).reshape([n, 5, 8]);
    },
    "beside what all share": (n) => x(n, 4).mul(weight.sum().broadcastTo([n, 4])),
    "in groups": (n) => groups.forward(x(n, 4, 3)),
    "in samples": (n) => new nn.InstanceNorm1d(4).forward(x(n, 4, 3), nn.evaluationContext()),
    "in layers": (n) => nn.forward(layers, x(n, 4), nn.evaluationContext()),
    "in convolutions and windows": (n) => nn.forward(convolutional, x(n, 2, 8, 8), nn.evaluationContext()),
    "in orders of their own": (n) => sort(x(n, 4)).values,
    "in running sums of their own": (n) => cumulativeSum(cumulativeMax(x(n, 4, 3), 1).values, 2),
    "in places of their own": (n) => {
      const [values, indices] = new nn.MaxPool2d(2, { returnIndices: true }).forward(x(n, 2, 4, 4));
      return new nn.MaxUnpool2d(2).forward([values, indices]);
    },
    "in loops over their own steps": (n) => recurrent.forward(x(n, 5, 3), nn.evaluationContext()),
    "in loops from a state of all": (n) => {
      const [sums, shares] = [weight.sum(0).broadcastTo([n, 3]), weight.sum()];
      const { carries, outputs } = scan(
        ([sum, share], [step, at]) => ({ carries: [sum.add(step.mul(share).mul(at)), share.mul(0.5)], outputs: [sum] }),
        [sums, shares],
        [x(n, 5, 3).permute([1, 0, 2]), constant([1, 2, 3, 4, 5])],
      );
      return carries[0].add(outputs[0].sum(0)).mul(carries[1]);
    },
    "in columns": (n) =>
      x(n, 4)
        .permute([1, 0])
        .reshape([4, n])
        .gather(constant(Int32Array.of(3, 1)))
        .permute([1, 0]),
    "in products of columns": (n) => weight.matmul(x(n, 4), { transposeA: true, transposeB: true }).permute([1, 0]),
    "beside an input without any": (n) => x(n, 4).mul(input([4], "f32", "scale").broadcastTo([n, 4])),
    "in a transformer's layer": (n) => transformer.forward(x(n, 5, 8), nn.evaluationContext()),
  };
  test.each(Object.entries(apart))("%s", (_, output) => {
    expect(keepsRowsApart(output)).toBe(true);
  });

  const mixed: Readonly<Record<string, (rows: number) => Tensor>> = {
    "a mean over them": (n) => x(n, 4).sub(x(n, 4).mean(0)),
    "their own statistics": (n) =>
      new nn.BatchNorm1d(4, { trackRunningStats: false }).forward(x(n, 4), nn.evaluationContext()),
    "an order of them": (n) => sort(x(n, 4), 0).values,
    "their running sums": (n) => cumulativeSum(x(n, 4), 0),
    "the largest so far": (n) => cumulativeMax(x(n, 4), 0).values,
    "a share of their sum": (n) => x(n, 4).softmax(0),
    "the largest of all": (n) => x(n, 4).div(x(n, 4).max()),
    "how many there are": (n) => x(n, 4).mul(n),
    "how many there are, beneath other sums": (n) => x(n, 4).add(weight.sum().div(n)),
    "where they stand": (n) => x(n, 4).add(constant(Float32Array.from({ length: n }, (_, i) => i)).reshape([n, 1])),
    "their products": (n) => x(n, 4).matmul(x(n, 4), { transposeB: true }),
    "their covariance": (n) => x(n, 4).matmul(x(n, 4).matmul(x(n, 4), { transposeA: true })),
    "the next row": (n) => concat([x(n, 4).narrow(0, 1, n - 1), x(n, 4).narrow(0, 0, 1)], 0),
    "the other end": (n) => x(n, 4).slice([n - 1, -n - 1, -1]),
    "rows by number": (n) => x(n, 4).gather(constant(Int32Array.from({ length: n }, () => 0))),
    "the first row alone": (n) => x(n, 4).narrow(0, 0, 1),
    "an order of axes": (n) => x(n, 4).permute([1, 0]).softmax().permute([1, 0]),
    "a loop over them": (n) =>
      scan(([sum], [row]) => ({ carries: [sum.add(row)], outputs: [sum] }), [constant([0, 0, 0, 0])], [x(n, 4)])
        .outputs[0],
    "a loop that mixes them": (n) =>
      scan(
        ([sum], [row]) => ({ carries: [sum.add(row.sub(row.max(0)))] }),
        [constant(0).broadcastTo([n, 4])],
        [x(n, 5, 4).permute([1, 0, 2])],
      ).carries[0],
    "a loop as long as there are many": (n) =>
      scan(([sum], [at]) => ({ carries: [sum.mul(at)] }), [x(n, 4)], [constant(new Float32Array(n).fill(1))])
        .carries[0],
    "the next row, within each step": (n) => {
      const steps = x(n, 5, 4).permute([1, 0, 2]);
      return concat([steps.narrow(1, 1, n - 1), steps.narrow(1, 0, 1)], 1).permute([1, 0, 2]);
    },
    "rows and steps by turns": (n) => x(n, 5, 4).permute([1, 0, 2]).reshape([n, 5, 4]),
    "other sums where they are many": (n) => (n >= 64 ? x(n, 4).mul(2) : x(n, 4).mul(3)),
    "inputs that change places": (n) => {
      const [a, b] = ["a", "b"].map((name) => input([n, 4], "f32", name));
      return n >= 64 ? a.sub(b) : b.sub(a);
    },
    "several rows for each": (n) => x(n, 4).reshape([2 * n, 2]),
    "nothing of them": (n) => constant(1).broadcastTo([n, 4]).mul(n),
    "a number of rows of its own": (n) => x(n, 4).reshape([5, 4]),
  };
  test.each(Object.entries(mixed))("unless a model makes use of %s", (_, output) => {
    expect(keepsRowsApart(output)).toBe(false);
  });
});

describe("a predictor", () => {
  const network = () => new nn.Sequential(new nn.Linear(2, 5), nn.tanh, new nn.Linear(5, 3));
  const rows = Array.from({ length: 20 }, (_, i) => [i / 20, 1 - i / 10]);

  test.each(Object.entries(executors))("with a state predicts as the trainer that it is of, %s", async (_, create) => {
    const trainer = trainerOf(network(), { executor: new WasmExecutor({ threads: 1 }) });
    const state = JSON.parse(JSON.stringify(await trainer.stateDict()));
    const executor = await create();
    open.push(executor);
    const predictor = new Predictor(network(), { executor, state });
    const [{ data }, expected] = [await predictor.predict(rows), await trainer.predict(rows)];
    for (const [i, value] of [...expected.data].entries()) expect(data[i]).toBeCloseTo(value, 5);
    expect((await predictor.predict(rows, { as: "argmax" })).data).toEqual(
      (await trainer.predict(rows, { as: "argmax" })).data,
    );
    await predictor.dispose();
  });

  test("without one predicts what is there, also while it is trained, and leaves that to others", async () => {
    const executor = new Delayed(new JsExecutor(), async () => {});
    const model = new nn.Linear(1, 1);
    const trainer = trainerOf(model, { executor, optimizer: sgd(1e-6) });
    const predictor = new Predictor(model, { executor });
    expect(await predictor.predict([[1]])).toEqual(await trainer.predict([[1]]));
    await trainer.load({ x: [[1], [2]], y: [[3], [5]] });
    const fit = trainer.fit({ batch: 1, epochs: 1e9 });
    await fit.next();
    expect((await predictor.predict([[1], [2]])).shape).toEqual([2, 1]);
    await fit.stop();
    expect(await predictor.predict([[1]])).toEqual(await trainer.predict([[1]]));
    await trainer.dispose();
    expect((await predictor.predict([[1]])).shape).toEqual([1, 1]);
    await predictor.dispose();
    expect([executor.programs.size, executor.variables.size]).toEqual([0, 0]);
    await expect(predictor.predict([[1]])).rejects.toThrow(DisposedError);
  });

  test("needs a state that fits, and rows that do", async () => {
    const executor = new JsExecutor();
    open.push(executor);
    const predictor = new Predictor(new nn.Linear(1, 1), { executor, state: { weight: [[1]] } });
    await expect(predictor.predict([[1]])).rejects.toThrow("Predictor: missing [bias], unknown []");
    await expect(predictor.predict([[1, 2]])).rejects.toThrow("Linear: the last axis of [1, 2] is not inFeatures 1");
    await expect(predictor.predict(1)).rejects.toThrow("x needs a first axis of rows");
    await predictor.dispose();
  });

  test("of a function alone has an executor of its own", async () => {
    const predictor = new Predictor(nn.relu);
    expect(await predictor.predict([[-1], [2]])).toEqual({ data: Float32Array.of(0, 2), shape: [2, 1] });
    const bytes = { data: Uint8Array.of(3, 255), shape: [2, 1] };
    expect([...(await predictor.predict(bytes)).data]).toEqual([3, 255]);
    await predictor.dispose();
    await expect(predictor.executor.load(compile({}))).rejects.toThrow(DisposedError);
  });
});
