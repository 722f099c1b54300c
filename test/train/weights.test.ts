// Weights of rows: in training, validation and evaluation they are what sampleWeight of a loss is.
import {
  constant,
  evaluate,
  JsExecutor,
  type Samples,
  type Tensor,
  Trainer,
  type TrainerOptions,
  WasmExecutor,
} from "simdgrad";
import { crossEntropy, infoNce, Linear, type Loss, l1Loss, mseLoss } from "simdgrad/nn";
import { lbfgs, sgd } from "simdgrad/optim";
import { spawn } from "simdgrad/worker";
import { afterEach, expect, test } from "vitest";

const open: Trainer[] = [];

afterEach(async () => {
  for (const trainer of open.splice(0)) {
    await trainer.dispose();
    await trainer.executor.dispose();
  }
});

function makeTrainer(options: Partial<TrainerOptions> = {}): Trainer {
  const executor = options.executor ?? new JsExecutor({ precision: "float64" });
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), ...options, executor });
  open.push(trainer);
  return trainer;
}

const start = { weight: [[0.5]], bias: [0.25] };
const samples = { x: [[1], [2], [3], [-1]], y: [[3], [1], [2], [0]] };
const sampleWeight = [1, 0, 2, 0.5];

/** The mean of the squared errors, each with its weight, over the count. */
function wanted(rows: readonly number[]): number {
  const errors = rows.map((row) => sampleWeight[row] * (0.5 * samples.x[row][0] + 0.25 - samples.y[row][0]) ** 2);
  return errors.reduce((sum, error) => sum + error, 0) / rows.length;
}

async function drain(fit: AsyncIterable<{ readonly losses: readonly number[] }>): Promise<number[]> {
  const losses: number[] = [];
  for await (const report of fit) losses.push(...report.losses);
  return losses;
}

test("a step has its rows' weights, shuffled or not, and a validation its own", async () => {
  const trainer = makeTrainer({ optimizer: sgd(0) });
  await trainer.loadStateDict(start);
  await trainer.load({ ...samples, sampleWeight });
  const validation = { ...samples, sampleWeight: [0, 0, 0, 8] };
  const losses: number[] = [];
  for await (const report of trainer.fit({ batch: 1, shuffle: false, validation })) {
    losses.push(...report.losses);
    if (report.validation) expect(report.validation.loss).toBeCloseTo((8 * 0.25 ** 2) / 4, 6);
  }
  expect(losses).toHaveLength(4);
  for (const [row, loss] of losses.entries()) expect(loss).toBeCloseTo(wanted([row]), 6);
  const shuffled = await drain(trainer.fit({ batch: 1 }));
  expect(shuffled.sort()).toEqual(losses.sort());
  const [all] = await drain(trainer.fit({ batch: "all" }));
  expect(all).toBeCloseTo(wanted([0, 1, 2, 3]), 6);
});

test("rows of weight 0 are as if they were not there", async () => {
  const [all, few] = [makeTrainer({ optimizer: sgd(0.1) }), makeTrainer({ optimizer: sgd(0.05) })];
  await all.loadStateDict(start);
  await few.loadStateDict(start);
  await all.load({ ...samples, sampleWeight: { data: Float32Array.of(1, 0, 1, 0), shape: [4] } });
  await few.load({ x: [[1], [3]], y: [[3], [2]] });
  await drain(all.fit({ batch: "all", epochs: 5 }));
  await drain(few.fit({ batch: "all", epochs: 5 }));
  const [a, b] = [await all.stateDict(), await few.stateDict()];
  expect(a.weight.data[0]).toBeCloseTo(b.weight.data[0], 10);
  expect(a.bias.data[0]).toBeCloseTo(b.bias.data[0], 10);
});

const executors = {
  "in JavaScript": async () => new JsExecutor(),
  "in Wasm": async () => new WasmExecutor({ poison: true }),
  "in a worker": () => spawn({ executor: "js" }),
};

test.each(Object.entries(executors))(
  "an evaluation in batches has them, and the next one need not, %s",
  async (_, create) => {
    const trainer = makeTrainer({ executor: await create(), evaluationBatch: 3, metrics: { plain: l1Loss } });
    await trainer.loadStateDict(start);
    const plain = await trainer.evaluate(samples);
    const weighed = await trainer.evaluate({ ...samples, sampleWeight });
    expect(weighed.loss).toBeCloseTo(wanted([0, 1, 2, 3]), 6);
    expect(weighed.plain).toBe(plain.plain); // metrics do not see them
    expect(await trainer.evaluate(samples)).toEqual(plain);
  },
);

test("every loss of a sum of several is weighed, in a search, too", async () => {
  const loss = (a: Tensor, b: Tensor) => mseLoss(a, b).add(l1Loss(a, b, { reduction: "sum" }));
  const trainer = makeTrainer({ loss, optimizer: lbfgs() });
  await trainer.loadStateDict(start);
  await trainer.load({ ...samples, sampleWeight });
  const [first] = await drain(trainer.fit({ batch: "all" }));
  const sizes = samples.x.map(([x], row) => sampleWeight[row] * Math.abs(0.5 * x + 0.25 - samples.y[row][0]));
  expect(first).toBeCloseTo(wanted([0, 1, 2, 3]) + sizes.reduce((sum, size) => sum + size, 0), 6);
});

test.each<[string, Partial<TrainerOptions>, Partial<Samples>]>([
  ["sampleWeight [3] is not one a row, [4]", {}, { sampleWeight: [1, 2, 3] }],
  ["sampleWeight [4, 1] is not one a row, [4]", {}, { sampleWeight: [[1], [2], [3], [4]] }],
  ["sampleWeight: row 1 holds NaN", {}, { sampleWeight: [1, Number.NaN, 1, 1] }],
  [
    "sampleWeight: the loss is made of none of simdgrad/nn, which know how to weigh rows",
    { loss: (a, b) => a.sub(b).square().mean() },
    { sampleWeight },
  ],
  [
    "mseLoss: sampleWeight [4] does not fit losses [] from the first axis on",
    { loss: (a, b) => mseLoss(a.mean(), b.mean()) },
    { sampleWeight },
  ],
])("%s", async (message, options, more) => {
  const trainer = makeTrainer(options);
  await expect(trainer.load({ ...samples, ...more })).rejects.toThrow(message);
  await expect(trainer.evaluate({ ...samples, ...more })).rejects.toThrow(message);
  // The next loss is made without them.
  expect([...(await evaluate(mseLoss(constant([1, 2]), constant([1, 4]))))]).toEqual([2]);
});

test.each<[string, Loss, Samples["y"]]>([
  ["classes", crossEntropy, [0, 0, 0, 0]],
  ["contrasts", infoNce, samples.y],
])("%s have them", async (_, loss, y) => {
  const trainer = makeTrainer({ loss });
  const { loss: plain } = await trainer.evaluate({ x: samples.x, y });
  const { loss: twice } = await trainer.evaluate({ x: samples.x, y, sampleWeight: [2, 2, 2, 2] });
  expect(twice).toBeCloseTo(2 * plain, 10);
});

test.each(["sampleWeights", "sample_weight", "classWeight"])(
  "weights under the name %s are not passed over",
  async (name) => {
    const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
    const odd = { x: [[1]], y: [[1]], [name]: [2] } as unknown as Samples;
    await expect(trainer.load(odd)).rejects.toThrow(`samples: ${name} is not known; weights of rows are sampleWeight`);
    await trainer.dispose();
  },
);
