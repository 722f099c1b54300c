// Targets that a loss ignores, in a training: they pass the check of targets, and count nothing anywhere. Data without any runs as ever.
import { describe, expect, test } from "vitest";
import {
  accuracy,
  constant,
  evaluate,
  JsExecutor,
  type Metric,
  type Samples,
  type Tensor,
  Trainer,
} from "../../src/index.ts";
import {
  categoricalAccuracy,
  cohenKappa,
  confusionMatrix,
  expectedCalibrationError,
  f1,
  logLoss,
  matthewsCorrelation,
  meanIoU,
  measure,
  perplexity,
  prAuc,
  precision,
  recall,
  rocAuc,
  topKAccuracy,
} from "../../src/metrics/index.ts";
import { crossEntropy, Linear, type Loss, mseLoss, multiMarginLoss, nllLoss, withOptions } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";

const CLASSES = 3;

function trainerOf(loss: Loss): Trainer {
  return new Trainer(new Linear(2, CLASSES), { loss, optimizer: sgd(0.1), executor: new JsExecutor() });
}

/** Rows, of which every third is ignored. */
function samplesOf(rows: number, ignored = -100): Samples {
  const x = Array.from({ length: rows }, (_, i) => [(i % 7) / 8 - 0.5, (i % 5) / 4 - 0.5]);
  return { x, y: x.map((_, i) => (i % 3 === 1 ? ignored : (i * i) % CLASSES)) };
}

/** Those that count. */
function known({ x, y }: Samples, ignored = -100): Samples {
  const targets = y as number[];
  const counts = (_: unknown, i: number) => targets[i] !== ignored;
  return { x: (x as number[][]).filter(counts), y: targets.filter(counts) };
}

async function fitted(loss: Loss, samples: Samples, batch: number | "all" = "all", epochs = 3) {
  const trainer = trainerOf(loss);
  await trainer.load(samples);
  const losses: number[] = [];
  for await (const report of trainer.fit({ batch, epochs, shuffle: false })) losses.push(...report.losses);
  const weights = [...(await trainer.stateDict()).weight.data];
  const measures = await trainer.evaluate(samples);
  await trainer.dispose();
  return { losses, weights, measures };
}

const close = (values: readonly number[], digits = 5) => values.map((value) => expect.closeTo(value, digits));

describe.each<[string, Loss, number]>([
  ["crossEntropy", crossEntropy, -100],
  ["nllLoss", nllLoss, -100],
  ["crossEntropy with another index", withOptions(crossEntropy, { ignoreIndex: 255 }), 255],
  ["crossEntropy with weights", withOptions(crossEntropy, { weight: [0.5, 2, 1] }), -100],
  ["crossEntropy with smoothing", withOptions(crossEntropy, { labelSmoothing: 0.25 }), -100],
])("%s", (_, loss, ignored) => {
  test("trains on rows some of which are ignored as on the others", async () => {
    const samples = samplesOf(30, ignored);
    const [all, some] = [await fitted(loss, samples), await fitted(loss, known(samples, ignored))];
    expect(all.losses).toEqual(close(some.losses));
    expect(all.weights).toEqual(close(some.weights));
  });

  test("takes a batch without any target that counts for 0, and learns nothing from it", async () => {
    const samples = {
      x: [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
      y: [ignored, ignored, 0, 1],
    };
    const trainer = trainerOf(loss);
    await trainer.load(samples);
    const fit = trainer.fit({ batch: 2, shuffle: false });
    const { losses } = await (async () => {
      const losses: number[] = [];
      for await (const report of fit) losses.push(...report.losses);
      return { losses };
    })();
    expect(losses[0]).toBe(0);
    expect(Number.isFinite(losses[1]) && losses[1] !== 0).toBe(true);
    await trainer.load({ x: samples.x.slice(0, 2), y: samples.y.slice(0, 2) });
    const before = await trainer.stateDict();
    for await (const report of trainer.fit({ batch: "all" })) expect(report.loss).toBe(0);
    expect(await trainer.stateDict()).toEqual(before);
    await trainer.dispose();
  });

  test("has the accuracy of what counts", async () => {
    const trainer = trainerOf(loss);
    await trainer.loadStateDict({
      weight: [
        [1, 0],
        [0, 1],
        [0, 0],
      ],
      bias: [0, 0, -1],
    });
    const { accuracy } = await trainer.evaluate({
      x: [
        [1, 0],
        [0, 1],
        [1, 0],
        [0, 1],
      ],
      y: [0, ignored, 1, ignored],
    });
    expect(accuracy).toBe(0.5);
    await trainer.dispose();
  });

  test("refuses other targets that are no classes", async () => {
    const trainer = trainerOf(loss);
    await expect(trainer.load({ x: [[1, 2]], y: [-1] })).rejects.toThrow("y: row 0 has class index -1, outside 0..2");
    await trainer.dispose();
  });
});

test.each<[string, Loss]>([
  ["crossEntropy", crossEntropy],
  ["crossEntropy with smoothing", withOptions(crossEntropy, { labelSmoothing: 0.25 })],
])("%s of more rows than one program measures is the mean over those that count", async (_, loss) => {
  // The last 256 rows hold a few that count, the first ones many.
  const { x, y } = samplesOf(600);
  const samples = { x, y: (y as number[]).map((target, i) => (i > 300 && i % 50 > 0 ? -100 : target)) };
  const trainer = trainerOf(loss);
  const [all, some] = [await trainer.evaluate(samples), await trainer.evaluate(known(samples))];
  expect(all.loss).toBeCloseTo(some.loss, 5);
  expect(all.accuracy).toBeCloseTo(some.accuracy, 6);
  expect(Object.keys(all).sort()).toEqual(["accuracy", "loss"]);
  await trainer.dispose();
});

test("a metric is told which targets the loss ignores, unless it counts all", async () => {
  const metrics = { accuracy, all: withOptions(accuracy, { ignoreIndex: null }), mean: (x: Tensor) => x.mean() };
  const loss = withOptions(crossEntropy, { ignoreIndex: 255 });
  const options = { loss, optimizer: sgd(0.1), executor: new JsExecutor(), metrics };
  const trainer = new Trainer(new Linear(2, CLASSES), options);
  await trainer.loadStateDict({
    weight: [
      [1, 0],
      [0, 1],
      [0, 0],
    ],
    bias: [0, 0, 0],
  });
  const measures = await trainer.evaluate({
    x: [
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ],
    y: [0, 255, 1, 255],
  });
  expect(measures).toMatchObject({ accuracy: 0.5, all: 0.25, mean: expect.closeTo(1 / 3, 6) });
  await trainer.dispose();
});

describe.each([
  ["of no class", 255],
  ["that is a class", 0],
])("an index %s", (_, ignored) => {
  const all = {
    f1: f1(),
    micro: f1({ average: "micro" }),
    weighted: f1({ average: "weighted" }),
    precision: precision(),
    recall: recall(),
    iou: meanIoU(),
    accuracy,
    categorical: categoricalAccuracy(),
    top: topKAccuracy(2),
    kappa: cohenKappa(),
    matthews: matthewsCorrelation(),
    logLoss: logLoss(),
    perplexity: perplexity(),
    calibration: expectedCalibrationError(),
    rocAuc: rocAuc(),
    prAuc: prAuc({ average: "micro" }),
  };
  const loss = withOptions(crossEntropy, { ignoreIndex: ignored });
  const made = () =>
    new Trainer(new Linear(2, CLASSES), { loss, optimizer: sgd(0.1), executor: new JsExecutor(), metrics: all });

  /** Rows of which some are ignored, and the others apart. */
  const samples = samplesOf(300);
  const y = (samples.x as number[][])
    .map((_, i) => (i * i + (i >> 2)) % 4)
    .map((each) => (each === 3 ? ignored : each));

  test("counts nothing in any metric, whatever batches are measured", async () => {
    const trainer = made();
    const given = await trainer.evaluate({ x: samples.x, y });
    const { loss: mean, ...measures } = await trainer.evaluate(known({ x: samples.x, y }, ignored));
    expect(given).toEqual(
      Object.fromEntries(
        Object.entries({ loss: mean, ...measures }).map(([name, value]) => [name, expect.closeTo(value, 5)]),
      ),
    );
    for (const value of Object.values(given)) expect(Number.isFinite(value)).toBe(true);
    await trainer.load({ x: samples.x, y });
    for (const { metrics, validation } of await trainer.fit({ epochs: 2, validation: { x: samples.x, y } })) {
      expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
      expect(Object.values(validation ?? {}).every(Number.isFinite)).toBe(true);
    }
    await trainer.dispose();
  });

  test("is an option of metrics that are used apart, too", async () => {
    const trainer = made();
    const given: Readonly<Record<string, number>> = await trainer.evaluate({ x: samples.x, y });
    const { data, shape } = await trainer.predict(samples.x);
    const [logits, targets] = [constant(data, { shape }), constant(Int32Array.from(y))];
    const options = { ignoreIndex: ignored };
    const apart: Readonly<Record<string, Metric>> = {
      f1: f1(options),
      iou: meanIoU(options),
      categorical: categoricalAccuracy(options),
      top: topKAccuracy(2, options),
      kappa: cohenKappa(options),
      matthews: matthewsCorrelation(options),
      perplexity: perplexity(options),
      calibration: expectedCalibrationError(options),
      rocAuc: rocAuc(options),
    };
    for (const [name, metric] of Object.entries(apart))
      expect({ name, value: await measure(metric, logits, targets) }).toEqual({
        name,
        value: expect.closeTo(given[name], 5),
      });
    const matrix = await evaluate(confusionMatrix(logits, targets, options));
    expect(Array.from(matrix).reduce((sum, count) => sum + count)).toBe(y.filter((each) => each !== ignored).length);
    await trainer.dispose();
  });
});

test("an ignored class is no part of averages, though some rows are taken for it", async () => {
  const logits = constant([
    [5, 0, 0],
    [0, 5, 0],
    [0, 0, 5],
    [5, 0, 0],
  ]);
  const targets = constant(Int32Array.of(1, 1, 2, 0));
  // Class 1: one hit of two; class 2: one of one. As scikit-learn's, of the first three rows, with labels=[1, 2].
  expect(await measure(recall({ ignoreIndex: 0 }), logits, targets)).toBe(0.75);
  expect(await measure(precision({ ignoreIndex: 0 }), logits, targets)).toBe(1);
  expect(await measure(meanIoU({ ignoreIndex: 0 }), logits, targets)).toBe(0.75);
  expect(await measure(precision({ ignoreIndex: 0, average: "micro" }), logits, targets)).toBe(1);
  expect(await measure(categoricalAccuracy({ ignoreIndex: 0 }), logits, targets)).toBeCloseTo(2 / 3, 6);
  expect(await measure(cohenKappa({ ignoreIndex: 0 }), logits, targets)).toBeCloseTo(0.5, 6);
});

test("validation counts what counts", async () => {
  const samples = samplesOf(300);
  const trainer = trainerOf(crossEntropy);
  await trainer.load(samples);
  let measured: unknown;
  for await (const { validation } of trainer.fit({ batch: "all", validation: samples })) measured = validation;
  expect(measured).toEqual(await trainer.evaluate(samples));
  await trainer.dispose();
});

test("of nothing that counts the mean is NaN, as PyTorch's", async () => {
  const trainer = trainerOf(crossEntropy);
  expect((await trainer.evaluate({ x: [[1, 2]], y: [-100] })).loss).toBeNaN();
  await trainer.dispose();
});

test("data without ignored targets runs what a loss that ignores none runs", async () => {
  const codes: Int32Array[] = [];
  for (const loss of [crossEntropy, withOptions(crossEntropy, { ignoreIndex: null })]) {
    const trainer = trainerOf(loss);
    await trainer.load(known(samplesOf(30)));
    codes.push(trainer.stepProgram(8).code);
    await trainer.dispose();
  }
  expect(codes[0]).toEqual(codes[1]);
});

test("losses that ignore nothing refuse -100", async () => {
  for (const loss of [multiMarginLoss, withOptions(crossEntropy, { ignoreIndex: null })]) {
    const trainer = trainerOf(loss);
    await expect(trainer.load(samplesOf(5))).rejects.toThrow("y: row 1 has class index -100, outside 0..2");
    await trainer.dispose();
  }
});

describe("withOptions", () => {
  test("keeps what the loss is, also twice", () => {
    const once = withOptions(crossEntropy, { labelSmoothing: 0.1 });
    const twice = withOptions(once, { ignoreIndex: 3, weight: undefined });
    expect([once.targets, once.ignoreIndex, twice.targets, twice.ignoreIndex]).toEqual(["classes", -100, "classes", 3]);
    expect(withOptions(mseLoss, { reduction: "sum" }).targets).toBeUndefined();
  });

  test("refuses by its type what a loss does not take, and by words where data is loaded", async () => {
    // @ts-expect-error: no such option
    const loss = withOptions(crossEntropy, { labelSmoothing: 0.1, smoothing: 0.1 });
    const trainer = trainerOf(loss);
    await expect(trainer.load(samplesOf(3))).rejects.toThrow("crossEntropy: unknown option smoothing");
    await trainer.dispose();
  });
});
