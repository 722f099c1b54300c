// Measures of a data set are what they are over one batch of all its rows, whatever the batches it is measured in.
import {
  type CountedMetric,
  JsExecutor,
  type Samples,
  scalar,
  type Tensor,
  Trainer,
  type TrainerOptions,
  WasmExecutor,
} from "simdgrad";
import * as nn from "simdgrad/nn";
import { ema, sgd } from "simdgrad/optim";
import { spawn } from "simdgrad/worker";
import { afterEach, describe, expect, test } from "vitest";

const { crossEntropy, mseLoss } = nn;
const open: Trainer[] = [];

afterEach(async () => {
  for (const trainer of open.splice(0)) {
    await trainer.dispose();
    await trainer.executor.dispose();
  }
});

function makeTrainer(options: Partial<TrainerOptions> = {}, model: nn.Layer = new nn.Linear(3, 3)): Trainer {
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor(), ...options });
  open.push(trainer);
  return trainer;
}

/** Numbers between -1 and 1 that are always the same. */
function numbers(rows: number, width: number, seed: number): number[][] {
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: width }, (_, j) => (((i * width + j + 1) * 7919 + seed * 104729) % 2003) / 1001.5 - 1),
  );
}

const ROWS = 601; // two whole batches of 256 and a rest

/** Rows in groups, so that batches differ as much as can be. */
const classes = Array.from({ length: ROWS }, (_, i) => (i < 250 ? 0 : i < 520 ? 1 : 2));
const x = numbers(ROWS, 3, 1);
const values = numbers(ROWS, 3, 2);
const shares = values.map((row) => row.map((value) => 0.05 + 0.9 * Math.abs(value)));
const signs = values.map((row) => row.map((value) => (value > 0.5 ? 1 : -1)));

const loss = (call: (p: Tensor, y: Tensor) => Tensor, y: Samples["y"], targets?: "classes") => ({
  loss: targets ? Object.assign(call, { targets }) : call,
  y,
});
const p = (prediction: Tensor) => prediction.sigmoid();
const rows = (y: Tensor) => y.shape[0];

const ofValues: Readonly<Record<string, ReturnType<typeof loss>>> = {
  mseLoss: loss(mseLoss, values),
  "mseLoss, its sum": loss((a, b) => mseLoss(a, b, { reduction: "sum" }), values),
  "its root": loss((a, b) => mseLoss(a, b).sqrt(), values),
  "l1Loss, weighed by targets": loss((a, b) => nn.l1Loss(a, b, { sampleWeight: b.square() }), values),
  msleLoss: loss((a, b) => nn.msleLoss(p(a), b), shares),
  logCoshLoss: loss(nn.logCoshLoss, values),
  huberLoss: loss((a, b) => nn.huberLoss(a, b, { delta: 0.3 }), values),
  smoothL1Loss: loss((a, b) => nn.smoothL1Loss(a, b, { beta: 0.3 }), values),
  quantileLoss: loss((a, b) => nn.quantileLoss(a, b, { quantile: 0.9 }), values),
  binaryCrossEntropy: loss((a, b) => nn.binaryCrossEntropy(p(a), b), shares),
  binaryCrossEntropyWithLogits: loss((a, b) => nn.binaryCrossEntropyWithLogits(a, b, { posWeight: 3 }), shares),
  focalLoss: loss(nn.focalLoss, shares),
  diceLoss: loss((a, b) => nn.diceLoss(p(a), b), shares),
  klDivLoss: loss((a, b) => nn.klDivLoss(a.logSoftmax(1), b), shares),
  "klDivLoss, batchmean": loss((a, b) => nn.klDivLoss(a.logSoftmax(1), b, { reduction: "batchmean" }), shares),
  poissonNllLoss: loss(nn.poissonNllLoss, shares),
  gaussianNllLoss: loss((a, b) => nn.gaussianNllLoss(a, b, b.square().add(0.1)), values),
  cosineEmbeddingLoss: loss((a, b) => nn.cosineEmbeddingLoss(a, a.square(), b.narrow(1, 0, 1).squeeze(1)), signs),
  tripletMarginLoss: loss((a, b) => nn.tripletMarginLoss(a, b, b.neg()), values),
  hingeLoss: loss(nn.hingeLoss, signs),
  squaredHinge: loss(nn.squaredHinge, signs),
  hingeEmbeddingLoss: loss(nn.hingeEmbeddingLoss, signs),
  marginRankingLoss: loss((a, b) => nn.marginRankingLoss(a, a.square(), b, { margin: 0.5 }), signs),
  "crossEntropy of probabilities": loss((a, b) => crossEntropy(a, b, { labelSmoothing: 0.1 }), shares),
  "a mean by hand": loss((a, b) => a.sub(b).square().mean(), values),
  "a sum by hand, and a factor": loss((a, b) => a.sub(b).square().sum().mul(0.5), values),
  "a sum over a count by hand": loss(
    (a, b) =>
      a
        .sub(b)
        .square()
        .sum()
        .div(rows(b) - 1),
    values,
  ),
  "a mean of columns": loss((a, b) => a.sub(b).square().mean(0).sqrt().sum(), values),
  "a weighed mean by hand": loss((a, b) => a.sub(b).square().mul(b.abs()).sum().div(b.abs().sum()), values),
  "two losses": loss((a, b) => mseLoss(a, b).add(nn.l1Loss(a, b, { reduction: "sum" }).mul(0.01)), values),
  "R squared by hand": loss((a, b) => {
    const total = b.square().mean().sub(b.mean().square());
    return a.sub(b).square().mean().div(total).neg().add(1);
  }, values),
};

const ofClasses: Readonly<Record<string, ReturnType<typeof loss>>> = {
  crossEntropy: loss(crossEntropy, classes),
  "crossEntropy with class weights": loss((a, b) => crossEntropy(a, b, { weight: [1, 20, 0.1] }), classes, "classes"),
  "crossEntropy with an ignored class": loss((a, b) => crossEntropy(a, b, { ignoreIndex: 1 }), classes, "classes"),
  "crossEntropy, its sum": loss((a, b) => crossEntropy(a, b, { reduction: "sum" }), classes, "classes"),
  "crossEntropy, smoothed": loss(
    (a, b) => crossEntropy(a, b, { labelSmoothing: 0.2, weight: [1, 2, 3] }),
    classes,
    "classes",
  ),
  nllLoss: loss((a, b) => nn.nllLoss(a.logSoftmax(1), b, { weight: [3, 1, 2] }), classes, "classes"),
  multiLabelMarginLoss: loss((a, b) => nn.multiLabelMarginLoss(a, b), {
    data: Int32Array.from(classes.flatMap((each) => [each, -1, 0])),
    shape: [ROWS, 3],
  }),
};

/** The loss over one batch of all rows, with the same weights, in float64. */
async function whole(trainer: Trainer, { loss: call, y }: ReturnType<typeof loss>): Promise<number> {
  const one = makeTrainer({ loss: call, evaluationBatch: "all", executor: new JsExecutor({ precision: "float64" }) });
  await one.loadStateDict(await trainer.stateDict());
  return (await one.evaluate({ x, y })).loss;
}

describe.each(Object.entries({ ...ofValues, ...ofClasses }))("%s", (_, given) => {
  test.each([1, 7, 256, 600, "all"] as const)("in batches of %s", async (evaluationBatch) => {
    const trainer = makeTrainer({ loss: given.loss, evaluationBatch });
    const measured = (await trainer.evaluate({ x, y: given.y })).loss;
    const wanted = await whole(trainer, given);
    expect(Math.abs(measured - wanted)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(wanted)));
  });
});

/** Classes with the weights that make a mean of batches wrong. */
const weighed = Object.assign((a: Tensor, b: Tensor) => crossEntropy(a, b, { weight: [1, 20, 0.1] }), {
  targets: "classes" as const,
});

const executors = {
  "in JavaScript": async () => new JsExecutor(),
  "in Wasm": async () => new WasmExecutor({ poison: true }),
  "in a worker": () => spawn({ executor: "js" }),
};

test.each(Object.entries(executors))("a validation is an evaluation, %s", async (_, create) => {
  const trainer = makeTrainer({ loss: weighed, executor: await create(), optimizer: ema(sgd(0.01), { decay: 0.5 }) });
  await trainer.load({ x, y: classes });
  const validations: object[] = [];
  for await (const report of trainer.fit({ batch: 100, epochs: 3, validation: { x, y: classes } }))
    validations.push(...report.validations);
  expect(validations).toHaveLength(3);
  expect(validations[2]).toEqual(await trainer.evaluate({ x, y: classes }));
  expect(Object.keys(validations[2])).toEqual(["loss", "accuracy"]);
});

test("with a parameter's penalty the loss is what it is over all rows, too, and counts it once", async () => {
  const model = new nn.Linear(3, 3);
  const penalized = (a: Tensor, b: Tensor) => mseLoss(a, b, { reduction: "sum" }).add(model.weight.square().sum());
  const trainer = makeTrainer({ loss: penalized }, model);
  const one = makeTrainer({ loss: penalized, evaluationBatch: "all" }, model);
  await one.loadStateDict(await trainer.stateDict());
  const { loss: wanted } = await one.evaluate({ x, y: values });
  expect((await trainer.evaluate({ x, y: values })).loss / wanted).toBeCloseTo(1, 6);
});

test("what is no function of sums over rows is averaged, each batch weighed by its rows", async () => {
  const metrics = {
    largest: (a: Tensor) => a.sum(1).max(),
    chosen: (a: Tensor) => a.argmax(1).sum(), // i32
    fixed: () => scalar(0.25),
  };
  const trainer = makeTrainer({ metrics });
  const weight = [
    [1, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  await trainer.loadStateDict({ weight, bias: [0, 0, 0] });
  const first = x.map(([value]) => Math.fround(value));
  const ofBatch = (from: number, to: number) => Math.max(...first.slice(from, to));
  const measured = await trainer.evaluate({ x, y: values });
  expect(measured.largest).toBeCloseTo(
    (256 * ofBatch(0, 256) + 256 * ofBatch(256, 512) + 89 * ofBatch(512, 601)) / 601,
    6,
  );
  expect(measured.chosen).toBe(first.filter((value) => value < 0).length);
  expect(measured.fixed).toBe(0.25);
});

test("a loss of no row is what it is", async () => {
  const model = new nn.Linear(3, 3);
  const trainer = makeTrainer({ loss: () => model.bias?.square().sum() as Tensor }, model);
  await trainer.loadStateDict({ weight: numbers(3, 3, 1), bias: [1, 2, 3] });
  expect((await trainer.evaluate({ x, y: values })).loss).toBeCloseTo(14, 5);
});

test("what is of a batch by nature follows evaluationBatch", async () => {
  const contrast = (a: Tensor, b: Tensor) => nn.infoNce(a, b);
  const trainer = makeTrainer({ loss: contrast });
  const wanted = await whole(trainer, loss(contrast, values));
  const batches = (await trainer.evaluate({ x, y: values })).loss;
  expect(batches).toBeLessThan(wanted - 0.5); // fewer keys to tell apart
});

test("a data set may be larger than any batch could be", async () => {
  const rows = 40_000; // infoNce of all of them at once compares 1.6 billion pairs
  const data = Float32Array.from({ length: rows * 3 }, (_, i) => Math.fround(((i * 7919) % 2003) / 2003));
  const given = { data, shape: [rows, 3] };
  const trainer = makeTrainer({ loss: nn.infoNce, evaluationBatch: 64 });
  expect((await trainer.evaluate({ x: given, y: given })).loss).toBeGreaterThan(0);
});

test("a model may give other numbers of rows than it takes", async () => {
  const model = new nn.Linear(1, 1);
  const each = {
    weight: model.weight,
    bias: model.bias,
    forward: (a: Tensor) => model.forward(a.reshape([a.shape[0] * 3, 1])),
  };
  const split = (b: Tensor) => b.reshape([b.shape[0] * 3, 1]);
  const ofRows: CountedMetric = { numbers: (a) => a, ofEachRow: true, value: (all, n) => all.length / n };
  const metrics = { ofRows };
  const trainer = makeTrainer({ loss: (a, b) => mseLoss(a, split(b)), evaluationBatch: 256, metrics }, each);
  const one = makeTrainer({ loss: (a, b) => mseLoss(a, split(b)), evaluationBatch: "all", metrics }, each);
  await one.loadStateDict(await trainer.stateDict());
  const measured = await trainer.evaluate({ x, y: values });
  expect(measured.loss).toBeCloseTo((await one.evaluate({ x, y: values })).loss, 6);
  expect(measured.ofRows).toBe(3 * ROWS);
});

test("a loss or a metric that is not one number is refused by name", async () => {
  const each = (a: Tensor, b: Tensor) => mseLoss(a, b, { reduction: "none" });
  for (const [options, message] of [
    [{ loss: each }, "what the loss gives must be one number, such as mean() gives, got [601, 3]"],
    [{ metrics: { each } }, "Trainer: metrics.each must be one number, such as mean() gives, got [601, 3]"],
  ] as const) {
    await expect(makeTrainer(options).load({ x, y: values })).rejects.toThrow(message);
    await expect(makeTrainer(options).evaluate({ x, y: values })).rejects.toThrow(message);
  }
});
