// Models of several inputs and outputs: what is trained, measured and predicted of records and lists is what it is of single tensors.
import { readFileSync } from "node:fs";
import {
  concat,
  type Executor,
  JsExecutor,
  normal,
  Predictor,
  type Samples,
  type Tensor,
  Trainer,
  type TrainerOptions,
  WasmExecutor,
} from "simdgrad";
import { earlyStopping, stopAt } from "simdgrad/callbacks";
import type { NumericArray } from "simdgrad/data";
import { f1, meanAbsoluteError } from "simdgrad/metrics";
import { Bilinear, type Context, crossEntropy, Embedding, Linear, l1Loss, type Module, mseLoss } from "simdgrad/nn";
import { adam, lbfgs, sgd } from "simdgrad/optim";
import { spawn } from "simdgrad/worker";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";

interface Inputs {
  readonly image: Tensor;
  readonly tokens: Tensor;
}

interface Outputs {
  readonly digit: Tensor;
  readonly size: Tensor;
}

/** Two inputs, one trunk, two heads: as in test/golden/make-records.py. */
class Two implements Module<Inputs, Outputs> {
  readonly table = new Embedding(5, 2);
  readonly dense = new Linear(4, 3);
  readonly digit = new Linear(5, 3);
  readonly size = new Linear(5, 1);

  forward({ image, tokens }: Inputs, _context: Context): Outputs {
    const words = this.table.forward(tokens).mean(1);
    const hidden = concat([this.dense.forward(image), words], 1).tanh();
    return { digit: this.digit.forward(hidden), size: this.size.forward(hidden) };
  }
}

interface Run {
  /** The loss and those of digit and size, a step. */
  readonly losses: readonly (readonly [number, number, number])[];
  readonly digit: readonly number[];
  readonly size: readonly number[];
}

interface Golden {
  readonly weights: Readonly<Record<string, { readonly data: readonly number[]; readonly shape: readonly number[] }>>;
  readonly image: number[][];
  readonly tokens: number[][];
  readonly digit: number[];
  readonly size: number[][];
  readonly rows: number[];
  readonly classes: number[];
  readonly plain: Run;
  readonly weighed: Run;
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/records.json", import.meta.url), "utf8"));
const tokens = { data: Int32Array.from(golden.tokens.flat()), shape: [6, 3] };
const x = { image: golden.image, tokens };
const y = { digit: golden.digit, size: golden.size };

type Options = TrainerOptions<Inputs, Outputs>;

const open: { dispose(): Promise<void>; readonly executor: Executor }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) {
    await each.dispose();
    await each.executor.dispose();
  }
});

function kept<T extends (typeof open)[number]>(each: T): T {
  open.push(each);
  return each;
}

const losses = { digit: crossEntropy, size: mseLoss };

async function trainerOf(executor: Executor, options: Partial<Options> = {}): Promise<Trainer<Inputs, Outputs>> {
  const own = { loss: losses, lossWeights: { digit: 2, size: 0.5 }, optimizer: adam(0.05), ...options, executor };
  const trainer = kept(new Trainer(new Two(), own));
  await trainer.loadStateDict(golden.weights);
  return trainer;
}

const executors: Readonly<Record<string, () => Promise<Executor>>> = {
  "in Float64": async () => new JsExecutor({ precision: "float64" }),
  "in JavaScript": async () => new JsExecutor(),
  "in Wasm": async () => new WasmExecutor(),
  "in a worker": () => spawn(),
  "in a worker of two threads": () => spawn({ threads: 2 }),
};

/** Twenty steps of Adam in float32 stay this near to float64: 20 steps x some hundred roundings of 6e-8, and room for 10 times that. */
const NEAR = 1e-4;

describe.each(Object.entries(executors))("a model of two inputs and two outputs %s", (name, create) => {
  const digits = name === "in Float64" ? 6 : -Math.log10(2 * NEAR);

  test.each(["plain", "weighed"] as const)("is trained as by PyTorch, %s", async (kind) => {
    const wanted = golden[kind];
    const weighed = kind === "weighed";
    const trainer = await trainerOf(await create(), weighed ? { classWeight: { digit: golden.classes } } : {});
    await trainer.load({ x, y, ...(weighed && { sampleWeight: golden.rows }) });
    let step = 0;
    for await (const { loss, metrics } of trainer.fit({ batch: "all", epochs: 20, report: 1 })) {
      const [all, digit, size] = wanted.losses[step++];
      expect(loss).toBeCloseTo(all, digits);
      expect(metrics["digit.loss"]).toBeCloseTo(digit, digits);
      expect(metrics["size.loss"]).toBeCloseTo(size, digits);
    }
    expect(step).toBe(20);
    const given = await trainer.predict(x);
    expect(given.digit.shape).toEqual([6, 3]);
    expect(given.size.shape).toEqual([6, 1]);
    for (const [i, value] of wanted.digit.entries()) expect(given.digit.data[i]).toBeCloseTo(value, digits);
    for (const [i, value] of wanted.size.entries()) expect(given.size.data[i]).toBeCloseTo(value, digits);
  });
});

/** Many rows, so that evaluations take several batches, and predictions several parts. */
function many(rows: number): Samples<Inputs, Outputs> {
  const at = (i: number, j: number) => (((i * 13 + j * 7919) % 2003) / 1001.5 - 1) * 0.9;
  const line = (i: number, width: number) => Array.from({ length: width }, (_, j) => at(i, j));
  const all = Array.from({ length: rows }, (_, i) => i);
  return {
    x: {
      image: all.map((i) => line(i, 4)),
      tokens: { data: Int32Array.from({ length: rows * 3 }, (_, i) => (i * 7 + (i >> 3)) % 5), shape: [rows, 3] },
    },
    y: { digit: all.map((i) => (i < rows / 2 ? 0 : i % 3)), size: all.map((i) => line(i + 5, 1)) },
  };
}

const metrics = {
  digit: { f1: f1({ average: "macro" }), share: (p: Tensor, t: Tensor) => p.argmax(1).equal(t).mean() },
  size: { error: meanAbsoluteError() },
};

describe("an evaluation of records", () => {
  const samples = many(601);
  const sampleWeight = Array.from({ length: 601 }, (_, i) => (i % 7) / 3);

  test.each([1, 100, 256, 601] as const)("in batches of %s is what one batch of all rows gives", async (batch) => {
    const own = { metrics, classWeight: { digit: [1, 20, 0.1] } };
    const [parts, one] = [
      await trainerOf(new JsExecutor(), { ...own, evaluationBatch: batch }),
      await trainerOf(new JsExecutor({ precision: "float64" }), { ...own, evaluationBatch: "all" }),
    ];
    const [measured, wanted] = [
      await parts.evaluate({ ...samples, sampleWeight }),
      await one.evaluate({ ...samples, sampleWeight }),
    ];
    expect(Object.keys(measured).sort()).toEqual(
      ["digit.f1", "digit.loss", "digit.share", "loss", "size.error", "size.loss"].sort(),
    );
    // Sums of 601 float32 numbers, added in two numbers each: some roundings of 6e-8 of a number up to 20.
    for (const [key, value] of Object.entries(wanted))
      expect(Math.abs(measured[key] - value)).toBeLessThanOrEqual(2e-6 * Math.max(1, value));
  });

  test("has the losses of the heads by themselves, weighed by row and by class", async () => {
    const trainer = await trainerOf(new JsExecutor({ precision: "float64" }), { classWeight: { digit: [1, 20, 0.1] } });
    const { digit, size } = await trainer.predict(samples.x);
    const measured = await trainer.evaluate({ ...samples, sampleWeight });
    const targets = samples.y.digit as number[];
    let [ofDigit, ofSize] = [0, 0];
    for (let i = 0; i < 601; i++) {
      const logits = [...digit.data.slice(i * 3, i * 3 + 3)];
      const sum = logits.reduce((total, each) => total + Math.exp(each), 0);
      ofDigit += sampleWeight[i] * [1, 20, 0.1][targets[i]] * (Math.log(sum) - logits[targets[i]]);
      ofSize += sampleWeight[i] * (size.data[i] - (samples.y.size as number[][])[i][0]) ** 2;
    }
    // Predictions come as float32.
    expect(measured["digit.loss"]).toBeCloseTo(ofDigit / 601, 5);
    expect(measured["size.loss"]).toBeCloseTo(ofSize / 601, 5);
    expect(measured.loss).toBeCloseTo((2 * ofDigit + 0.5 * ofSize) / 601, 5);
  });

  test("gives each output weights of its own", async () => {
    const trainer = await trainerOf(new JsExecutor());
    const [plain, zero] = [
      await trainer.evaluate(samples),
      await trainer.evaluate({ ...samples, sampleWeight: { digit: sampleWeight.map(() => 0) } }),
    ];
    expect(zero["digit.loss"]).toBe(0);
    expect(zero["size.loss"]).toBe(plain["size.loss"]);
  });

  test("is that of a validation and of a history", async () => {
    const trainer = await trainerOf(new JsExecutor(), { metrics });
    await trainer.load({ x, y });
    const [{ validation, metrics: measured }] = await trainer.fit({ validation: samples });
    expect(validation).toEqual(await trainer.evaluate(samples));
    expect(Object.keys(measured)).toEqual(["digit.loss", "size.loss", "digit.f1", "digit.share", "size.error"]);
    const again = await trainerOf(new JsExecutor(), { metrics });
    await again.restore(await trainer.snapshot());
    expect(again.history).toEqual(trainer.history);
  });

  test("leaves out the targets that one loss ignores, and those alone", async () => {
    const trainer = await trainerOf(new JsExecutor());
    const some = { ...y, digit: [0, -100, 2, 1, -100, 2] };
    const rows = [0, 2, 3, 5];
    const at = <T>(all: readonly T[]) => rows.map((row) => all[row]);
    const without = {
      x: { image: at(golden.image), tokens: { data: Int32Array.from(at(golden.tokens).flat()), shape: [4, 3] } },
      y: { digit: at(golden.digit), size: at(golden.size) },
    };
    const [all, ignoring, fewer] = [
      await trainer.evaluate({ x, y }),
      await trainer.evaluate({ x, y: some }),
      await trainer.evaluate(without),
    ];
    expect(ignoring["digit.loss"]).toBeCloseTo(fewer["digit.loss"], 6);
    expect(ignoring["digit.accuracy"]).toBe(fewer["digit.accuracy"]);
    expect(ignoring["size.loss"]).toBeCloseTo(all["size.loss"], 6);
    await trainer.load({ x, y: some });
    const [{ loss }] = await trainer.fit({ batch: "all" });
    expect(loss).toBeCloseTo(2 * fewer["digit.loss"] + 0.5 * all["size.loss"], 5);
  });
});

test.each([1, 3])("a worker of %s threads has the bits of one thread", async (threads) => {
  const run = async (executor: Executor) => {
    const trainer = await trainerOf(executor, { metrics, classWeight: { digit: [1, 3, 0.5] } });
    const samples = many(300);
    await trainer.load(samples);
    const history = await trainer.fit({ batch: 128, epochs: 3, validation: samples });
    const told = history.map(({ seconds: _seconds, ...rest }) => rest);
    return { told, state: await trainer.stateDict(), given: await trainer.predict(samples.x) };
  };
  expect(await run(await spawn({ threads }))).toEqual(await run(new WasmExecutor()));
});

describe("a loss of all outputs", () => {
  test("is trained as losses by outputs whose sum it is, to the bit", async () => {
    const whole = (given: Outputs, target: Outputs) =>
      crossEntropy(given.digit, target.digit, { ignoreIndex: null })
        .mul(2)
        .add(mseLoss(given.size, target.size).mul(0.5));
    const data = { x, y: { ...y, digit: Int32Array.from(golden.digit) as unknown as number[] } };
    const [one, two] = [
      await trainerOf(new JsExecutor(), { loss: whole, lossWeights: undefined }),
      await trainerOf(new JsExecutor()),
    ];
    await one.load({ x, y: { ...data.y, digit: { data: Int32Array.from(golden.digit), shape: [6] } } });
    await two.load({ x, y });
    await one.fit({ batch: 4, epochs: 5 });
    await two.fit({ batch: 4, epochs: 5 });
    expect(await one.stateDict()).toEqual(await two.stateDict());
    expect(
      Object.keys(await one.evaluate({ x, y: { ...y, digit: { data: Int32Array.from(golden.digit), shape: [6] } } })),
    ).toEqual(["loss"]);
  });

  test("may take one tensor for a target, and metrics of all and of one", async () => {
    const loss = (given: Outputs, target: Tensor) => l1Loss(given.size, target);
    const trainer = kept(
      new Trainer(new Two(), {
        loss,
        optimizer: sgd(0.1),
        executor: new JsExecutor(),
        metrics: { largest: (given: Outputs, target: Tensor) => given.size.sub(target).abs().max() },
      }),
    );
    await trainer.loadStateDict(golden.weights);
    await trainer.load({ x, y: golden.size });
    const { size } = await trainer.predict(x);
    const errors = golden.size.map(([target], i) => Math.abs(target - size.data[i]));
    expect((await trainer.evaluate({ x, y: golden.size })).largest).toBeCloseTo(Math.max(...errors), 6);
  });

  test("may be null for an output that is not trained", async () => {
    const own = { digit: null, size: mseLoss };
    const options = { loss: own, optimizer: sgd(0.1), executor: new JsExecutor() };
    const trainer = kept(new Trainer<Inputs, Outputs, { readonly size: Tensor }>(new Two(), options));
    await trainer.load({ x, y: { size: golden.size } });
    const [{ loss, metrics: measured }] = await trainer.fit({ batch: "all" });
    expect(measured).toEqual({ "size.loss": loss });
    expect((await trainer.predict(x)).digit.shape).toEqual([6, 3]);
  });
});

/** Lists in the place of records. */
class Pair implements Module<readonly [Tensor, Tensor], [Tensor, Tensor]> {
  readonly two = new Two();
  forward([image, tokens]: readonly [Tensor, Tensor], context: Context): [Tensor, Tensor] {
    const { digit, size } = this.two.forward({ image, tokens }, context);
    return [digit, size];
  }
}

test("lists are trained and predicted as records, to the bit", async () => {
  const image = { data: Float32Array.from(golden.image.flat()), shape: [6, 4] };
  const targets = [
    { data: golden.digit, shape: [6] },
    { data: golden.size.flat(), shape: [6, 1] },
  ] as const;
  const trainer = kept(
    new Trainer(new Pair(), {
      loss: [crossEntropy, mseLoss],
      lossWeights: [2, 0.5],
      metrics: [{}, { error: meanAbsoluteError() }],
      optimizer: adam(0.05),
      executor: new JsExecutor(),
    }),
  );
  const weights = Object.entries(golden.weights).map(([name, value]) => [`two.${name}`, value] as const);
  await trainer.loadStateDict(Object.fromEntries(weights));
  await trainer.load({ x: [image, tokens], y: targets });
  const [{ metrics: measured }] = await trainer.fit({ batch: 4, epochs: 3 });
  expect(Object.keys(measured)).toEqual(["0.loss", "1.loss", "1.error"]);
  const other = await trainerOf(new JsExecutor(), { metrics: {} });
  await other.load({ x, y });
  await other.fit({ batch: 4, epochs: 3 });
  const [[digit, size], wanted] = [await trainer.predict([image, tokens]), await other.predict(x)];
  expect(digit).toEqual(wanted.digit);
  expect(size).toEqual(wanted.size);
  expectTypeOf(digit).toEqualTypeOf<NumericArray>();
});

describe("predictions of records", () => {
  test("are the same for any number of rows, in parts and together", async () => {
    const trainer = await trainerOf(new WasmExecutor());
    const rows = 70_000; // more than one program takes
    const { x: all } = many(rows);
    const [parts, together] = [await trainer.predict(all), await trainer.predict(all, { together: true })];
    expect(parts.digit.shape).toEqual([rows, 3]);
    expect(parts).toEqual(together);
    const tail = {
      image: (all.image as number[][]).slice(rows - 5),
      tokens: { data: (all.tokens as NumericArray).data.slice(-15), shape: [5, 3] },
    };
    expect((await trainer.predict(tail)).size.data).toEqual(parts.size.data.slice(-5));
    const none = { image: { data: [], shape: [0, 4] }, tokens: { data: new Int32Array(0), shape: [0, 3] } };
    expect((await trainer.predict(none)).digit).toEqual({ data: new Float32Array(0), shape: [0, 3] });
  });

  test("take a word for all outputs, or one for some", async () => {
    const trainer = await trainerOf(new JsExecutor());
    const { digit, size } = await trainer.predict(x);
    const some = await trainer.predict(x, { as: { digit: "argmax" } });
    const best = golden.digit.map((_, i) => {
      const logits = [...digit.data.slice(i * 3, i * 3 + 3)];
      return logits.indexOf(Math.max(...logits));
    });
    expect(some).toEqual({ digit: { data: Int32Array.from(best), shape: [6] }, size });
    await expect(trainer.predict(x, { as: "argmax" })).rejects.toThrow(
      "predict: argmax is along axis -1 of [N, ..., C]",
    );
    expect(await trainer.predict(x, { as: "sigmoid" })).toMatchObject({ size: { shape: size.shape } });
  });

  test("are those of a Predictor", async () => {
    const trainer = await trainerOf(new JsExecutor());
    const predictor = kept(new Predictor(new Two(), { state: golden.weights, executor: new JsExecutor() }));
    expectTypeOf(predictor.predict).returns.resolves.toEqualTypeOf<{
      readonly digit: NumericArray;
      readonly size: NumericArray;
    }>();
    expect(await predictor.predict(x)).toEqual(await trainer.predict(x));
  });
});

describe("outputs of one model", () => {
  interface Three {
    readonly same: Tensor;
    readonly again: Tensor;
    readonly mean: Tensor;
  }
  /** One output twice, an input as it is, and one that mixes rows, if it is asked for. */
  const model = (mixes: boolean) => ({
    layer: new Linear(1, 1),
    forward({ a, b }: { readonly a: Tensor; readonly b: Tensor }): Three {
      const given = this.layer.forward(a);
      return { same: given, again: given, mean: mixes ? given.mean(0).add(b) : b };
    },
  });
  const rows = { a: [[1], [2], [6]], b: [[0], [1], [2]] };
  const state = { "layer.weight": [[1]], "layer.bias": [0] };

  test.each([false, true])("may be one tensor, and mix rows: %s", async (mixes) => {
    const predictor = kept(new Predictor(model(mixes), { state, executor: new JsExecutor() }));
    const { same, again, mean } = await predictor.predict(rows);
    expect([...same.data]).toEqual([1, 2, 6]);
    expect(again).toEqual(same);
    expect([...mean.data]).toEqual(mixes ? [3, 4, 5] : [0, 1, 2]);
  });
});

test("indices are looked up in the member that they are of", async () => {
  const trainer = await trainerOf(new JsExecutor());
  const data = Int32Array.from(golden.tokens.flat());
  data[7] = 5;
  const wrong = { ...x, tokens: { data, shape: [6, 3] } };
  const message = "x.tokens: row 2 holds index 5, outside the rows 0..4 of table.weight [5, 2]";
  await expect(trainer.load({ x: wrong, y })).rejects.toThrow(message);
  await expect(trainer.evaluate({ x: wrong, y })).rejects.toThrow(message);
});

test("arrays count as they are at the call", async () => {
  const [trainer, other] = [await trainerOf(new JsExecutor()), await trainerOf(new JsExecutor())];
  const mine = {
    x: { image: { data: Float32Array.from(golden.image.flat()), shape: [6, 4] }, tokens },
    y: { digit: golden.digit, size: { data: Float32Array.from(golden.size.flat()), shape: [6, 1] } },
  };
  const loading = trainer.load(mine);
  mine.x.image.data.fill(9);
  mine.y.size.data.fill(9);
  await loading;
  await other.load({ x, y });
  await trainer.fit({ batch: 2 });
  await other.fit({ batch: 2 });
  expect(await trainer.stateDict()).toEqual(await other.stateDict());
});

test("a refused load keeps the data before it, and samples of the same shapes take the place of others", async () => {
  const trainer = await trainerOf(new JsExecutor());
  await trainer.load({ x, y });
  await expect(trainer.load({ x, y: { ...y, more: golden.size } as never })).rejects.toThrow("y.more");
  await trainer.load({ x, y });
  await trainer.fit();
  const first = await trainer.evaluate({ x, y });
  const turned = { ...y, digit: golden.digit.map((each) => 2 - each) };
  expect((await trainer.evaluate({ x, y: turned }))["digit.loss"]).not.toBe(first["digit.loss"]);
  await expect(trainer.evaluate({ x, y: { ...y, digit: golden.digit.map(() => 3) } })).rejects.toThrow(
    "y.digit: row 0",
  );
  expect(await trainer.evaluate({ x, y })).toEqual(first);
});

test("a callback watches the measures of outputs", async () => {
  const trainer = await trainerOf(new JsExecutor());
  await trainer.load({ x, y });
  const callbacks = [
    earlyStopping({ monitor: "validation.digit.loss", patience: 2 }),
    stopAt({ metric: "digit.accuracy", value: 1 }),
  ];
  const history = await trainer.fit({ batch: "all", epochs: 500, validation: { x, y }, callbacks });
  expect(history.length).toBeLessThan(500);
});

test("losses that a model does not depend on are told of once", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const executor = new JsExecutor();
  const trainer = kept(
    new Trainer(new Two(), { loss: { digit: crossEntropy, size: null }, optimizer: sgd(0.1), executor }),
  );
  await trainer.load({ x, y: { digit: golden.digit } as never });
  expect(warn.mock.calls).toEqual([[expect.stringContaining("does not depend on size.weight, size.bias:")]]);
  warn.mockRestore();
});

test("bytes become floats in each member, and preprocess takes the record", async () => {
  const bytes = { data: Uint8Array.from({ length: 24 }, (_, i) => i), shape: [6, 4] };
  const floats = Array.from({ length: 6 }, (_, i) => [0, 1, 2, 3].map((j) => i * 4 + j));
  const trainer = await trainerOf(new JsExecutor());
  expect(await trainer.predict({ image: bytes, tokens })).toEqual(await trainer.predict({ image: floats, tokens }));
  const halved = await trainerOf(new JsExecutor(), {
    preprocess: ({ image, tokens: index }) => ({ image: image.cast("f32").mul(0.5), tokens: index }),
  });
  const half = floats.map((row) => row.map((value) => value / 2));
  expect(await halved.predict({ image: bytes, tokens })).toEqual(await trainer.predict({ image: half, tokens }));
});

test("a search takes records, too", async () => {
  const trainer = await trainerOf(new JsExecutor({ precision: "float64" }), { optimizer: lbfgs() });
  await trainer.load({ x, y });
  const history = await trainer.fit({ batch: "all", epochs: 10 });
  expect(history[9].loss).toBeLessThan(history[0].loss / 4);
});

describe("a stream of records", () => {
  const samples = many(300);

  /** Rows of these samples in chunks of so many. */
  function* chunks(all: Samples<Inputs, Outputs>, size: number): Generator<Samples<Inputs, Outputs>> {
    const { image, tokens: index } = all.x as { readonly image: number[][]; readonly tokens: NumericArray };
    const { digit, size: sizes } = all.y as { readonly digit: number[]; readonly size: number[][] };
    for (let start = 0; start < digit.length; start += size) {
      const end = Math.min(digit.length, start + size);
      const x = {
        image: image.slice(start, end),
        tokens: { data: index.data.slice(start * 3, end * 3), shape: [end - start, 3] },
      };
      const y = { digit: digit.slice(start, end), size: sizes.slice(start, end) };
      // Names come in any order.
      yield start === 0 ? { x, y } : { y: { size: y.size, digit: y.digit }, x: { tokens: x.tokens, image: x.image } };
    }
  }

  const result = async (trainer: Trainer<Inputs, Outputs>, fit: PromiseLike<unknown>) => {
    await fit;
    const history = trainer.history.map(({ seconds: _, ...epoch }) => epoch);
    return { history, state: await trainer.stateDict() };
  };

  test.each(Object.entries(executors).slice(1))("leaves the bits of the same records loaded %s", async (_, create) => {
    const options = { metrics: { size: metrics.size }, classWeight: { digit: [1, 3, 0.5] } };
    const course = { batch: 32, epochs: 2, validation: samples };
    const loaded = await trainerOf(await create(), options);
    await loaded.load(samples);
    const wanted = await result(loaded, loaded.fit({ ...course, shuffle: false }));
    for (const size of [300, 41]) {
      const streamed = await trainerOf(await create(), options);
      expect(await result(streamed, streamed.fit({ ...course, data: () => chunks(samples, size) }))).toEqual(wanted);
    }
  });

  test("leaves out the targets that one loss ignores", async () => {
    const { digit, size } = samples.y as { readonly digit: number[]; readonly size: number[][] };
    const some = { x: samples.x, y: { digit: digit.map((index, i) => (i === 100 ? -100 : index)), size } };
    const loaded = await trainerOf(new JsExecutor());
    await loaded.load(some);
    const wanted = await result(loaded, loaded.fit({ batch: 32, shuffle: false }));
    const streamed = await trainerOf(new JsExecutor());
    expect(await result(streamed, streamed.fit({ batch: 32, data: chunks(some, 50) }))).toEqual(wanted);
  });

  test("of lists, too", async () => {
    const x = [golden.image, golden.image].map((rows) => ({ data: Float32Array.from(rows.flat()), shape: [6, 4] }));
    const run = async (train: (trainer: Trainer<readonly [Tensor, Tensor], Tensor>) => Promise<unknown>) => {
      const trainer = kept(
        new Trainer(new Bilinear(4, 4, 1), { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() }),
      ) as unknown as Trainer<readonly [Tensor, Tensor], Tensor>;
      await train(trainer);
      return trainer.stateDict();
    };
    const data = { x: x as never, y: golden.size };
    const wanted = await run(async (trainer) => {
      await trainer.load(data);
      await trainer.fit({ batch: 2, shuffle: false });
    });
    expect(await run(async (trainer) => trainer.fit({ batch: 2, data: [data] }))).toEqual(wanted);
  });

  test("is refused with the chunk and the path of what does not fit", async () => {
    const one = { x: { image: [golden.image[0]], tokens: [golden.tokens[0]] }, y: { digit: [1], size: [[1]] } };
    const int = { data: Int32Array.from(golden.tokens[0]), shape: [1, 3] };
    const right = { ...one, x: { ...one.x, tokens: int } };
    const message = async (...data: unknown[]) => {
      const trainer = await trainerOf(new JsExecutor());
      return trainer.fit({ batch: 1, data: data as Samples<Inputs, Outputs>[] }).then(
        () => "",
        (error) => (error as Error).message,
      );
    };
    expect(await message(right, { ...right, y: { digit: [3], size: [[1]] } })).toMatch(/^data: chunk 2: y\.digit/);
    expect(
      await message(right, {
        ...right,
        x: { image: one.x.image, tokens: { data: Int32Array.of(0, 5, 0), shape: [1, 3] } },
      }),
    ).toMatch(/^data: chunk 2: x\.tokens/);
    expect(await message(right, { ...right, x: { tokens: int } })).toBe(
      "data: chunk 2: it has [x.tokens, y.digit, y.size], the chunks before it [x.image, x.tokens, y.digit, y.size]",
    );
    expect(await message({ ...right, x: { tokens: int } })).toMatch(/^data: chunk 1: x\.image is missing/);
    expect(await message({ ...right, y: { size: [[1]] } })).toMatch(/^data: chunk 1: y\.digit is missing/);
  });
});

test("types follow the model", () => {
  const trainer = kept(new Trainer(new Two(), { loss: losses, optimizer: sgd(0.1), executor: new JsExecutor() }));
  expectTypeOf(trainer).toEqualTypeOf<Trainer<Inputs, Outputs>>();
  expectTypeOf(trainer.predict).returns.resolves.toEqualTypeOf<{
    readonly digit: NumericArray;
    readonly size: NumericArray;
  }>();
  const line = kept(new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() }));
  expectTypeOf(line).toEqualTypeOf<Trainer>();
  expectTypeOf(line.predict).returns.resolves.toEqualTypeOf<NumericArray>();
  const whole = () =>
    new Trainer(new Two(), {
      loss: (given, target) => crossEntropy(given.digit, target.digit).add(mseLoss(given.size, target.size)),
      optimizer: sgd(0.1),
      preprocess: (bytes: Tensor) => ({ image: bytes, tokens: bytes }),
      transform: ({ x: { image, tokens: index }, ...rest }, context) => ({
        ...rest,
        x: { image: image.add(normal(context.key(), image.shape)), tokens: index },
      }),
    });
  expectTypeOf(whole).returns.toEqualTypeOf<Trainer<Inputs, Outputs, Outputs, Tensor>>();
  const pair = () =>
    new Trainer(new Bilinear(1, 1, 1), { loss: (p, t) => p.sub(t).square().mean(), optimizer: sgd(0.1) });
  expectTypeOf(pair).returns.toEqualTypeOf<Trainer<readonly [Tensor, Tensor], Tensor>>();
  const of = (options: Partial<Options>) => options;
  // @ts-expect-error: the model gives no such output
  of({ loss: { digit: crossEntropy, weight: mseLoss } });
  // @ts-expect-error: an output without a loss is null
  of({ loss: { digit: crossEntropy } });
  // @ts-expect-error: no such output
  of({ loss: losses, lossWeights: { weight: 1 } });
  // @ts-expect-error: a model of one tensor has one loss
  (): unknown => new Trainer(new Linear(1, 1), { loss: { a: mseLoss }, optimizer: sgd(0.1) });
  // @ts-expect-error: tokens are missing
  (): unknown => trainer.predict({ image: golden.image });
});
