// Factors of classes: in training, validation and evaluation they are what weights of rows would be that have them by their targets.
import {
  type Executor,
  JsExecutor,
  type Samples,
  type Tensor,
  Trainer,
  type TrainerOptions,
  WasmExecutor,
} from "simdgrad";
import { crossEntropy, Linear, multiMarginLoss, nllLoss, withOptions } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { spawn } from "simdgrad/worker";
import { afterEach, describe, expect, test } from "vitest";

const open: Trainer[] = [];

afterEach(async () => {
  for (const trainer of open.splice(0)) {
    await trainer.dispose();
    await trainer.executor.dispose();
  }
});

const classWeight = [1, 20, 0.125];

function makeTrainer(options: Partial<TrainerOptions> = {}): Trainer {
  const own = { loss: crossEntropy, optimizer: sgd(0.1), executor: new JsExecutor(), ...options };
  const trainer = new Trainer(new Linear(3, 3), own);
  open.push(trainer);
  return trainer;
}

const ROWS = 601;

const y = Array.from({ length: ROWS }, (_, i) => (i < 250 ? 0 : i < 520 ? 1 : 2));
const x = y.map((_, i) => Array.from({ length: 3 }, (_each, j) => (((i * 3 + j + 1) * 7919) % 2003) / 1001.5 - 1));
const factors = y.map((each) => classWeight[each]);

const executors: Readonly<Record<string, () => Promise<Executor>>> = {
  "in JavaScript": async () => new JsExecutor(),
  "in Wasm": async () => new WasmExecutor(),
  "in a worker": () => spawn(),
};

describe.each(Object.entries(executors))("factors of classes %s", (_, create) => {
  test("are weights of rows in training and in a validation, to the bit", async () => {
    const run = async (options: Partial<TrainerOptions>, samples: Samples) => {
      const trainer = makeTrainer({ ...options, executor: await create() });
      await trainer.load(samples);
      const history = await trainer.fit({ batch: 64, epochs: 3, validation: samples });
      return { state: await trainer.stateDict(), told: history.map(({ seconds: _seconds, ...rest }) => rest) };
    };
    expect(await run({ classWeight }, { x, y })).toEqual(await run({}, { x, y, sampleWeight: factors }));
  });
});

test.each([1, 7, 256, "all"] as const)(
  "an evaluation in batches of %s is that of all rows",
  async (evaluationBatch) => {
    const trainer = makeTrainer({ classWeight, evaluationBatch });
    const plain = makeTrainer({ executor: new JsExecutor({ precision: "float64" }), evaluationBatch: "all" });
    await plain.loadStateDict(await trainer.stateDict());
    const wanted = await plain.evaluate({ x, y, sampleWeight: factors });
    const measured = await trainer.evaluate({ x, y });
    expect(measured.accuracy).toBeCloseTo(wanted.accuracy, 6);
    // Sums of 601 float32 numbers in two numbers each: a few roundings of 6e-8 of a loss of some 10.
    expect(Math.abs(measured.loss - wanted.loss)).toBeLessThanOrEqual(2e-6 * wanted.loss);
  },
);

test("they multiply weights of rows", async () => {
  const rows = y.map((_, i) => i % 3);
  const [both, one] = [makeTrainer({ classWeight }), makeTrainer()];
  const product = factors.map((factor, i) => factor * rows[i]);
  expect(await both.evaluate({ x, y, sampleWeight: rows })).toEqual(
    await one.evaluate({ x, y, sampleWeight: product }),
  );
});

test.each([
  ["-100", crossEntropy, -100],
  ["0, which is a class", withOptions(crossEntropy, { ignoreIndex: 0 }), 0],
] as const)("targets that are ignored have none: %s", async (_, loss, ignored) => {
  const some = y.map((each, i) => (i % 2 === 0 ? ignored : each));
  const trainer = makeTrainer({ classWeight, loss });
  const counted = some.flatMap((each, i) => (each === ignored ? [] : [i]));
  const fewer = { x: counted.map((i) => x[i]), y: counted.map((i) => y[i]) };
  expect((await trainer.evaluate({ x, y: some })).loss).toBeCloseTo((await trainer.evaluate(fewer)).loss, 5);
  await trainer.load({ x, y: some });
  const [{ loss: trained }] = await trainer.fit({ batch: "all" });
  await trainer.reset();
  expect(trained).toBeCloseTo((await trainer.evaluate(fewer)).loss, 5);
});

test.each([
  ["nllLoss", Object.assign((a: Tensor, b: Tensor) => nllLoss(a.logSoftmax(1), b), { targets: "classes" as const })],
  ["multiMarginLoss", multiMarginLoss],
  [
    "two losses",
    Object.assign((a: Tensor, b: Tensor) => crossEntropy(a, b).add(multiMarginLoss(a, b)), {
      targets: "classes" as const,
    }),
  ],
])("%s is weighed by them", async (_, loss) => {
  const [own, one] = [makeTrainer({ loss, classWeight }), makeTrainer({ loss })];
  const [measured, wanted] = [await own.evaluate({ x, y }), await one.evaluate({ x, y, sampleWeight: factors })];
  expect(measured).toEqual(wanted);
});

test("targets of several axes have one each", async () => {
  // Pixels: the classes of [N, C, 2] are [N, 2].
  const model = Object.assign((image: Tensor) => image, { weight: new Linear(1, 1) });
  const trainer = new Trainer(
    { forward: model, children: () => Object.entries({ weight: model.weight }) },
    {
      loss: crossEntropy,
      optimizer: sgd(0.1),
      executor: new JsExecutor({ precision: "float64" }),
      classWeight: [1, 3],
    },
  );
  open.push(trainer);
  const logits = { data: [0, 1, 2, 0, 1, 1, 0, 3], shape: [2, 2, 2] };
  const targets = [
    [0, 1],
    [1, 0],
  ];
  const at = (n: number, c: number, i: number) => logits.data[n * 4 + c * 2 + i];
  const losses = targets.flatMap((row, n) =>
    row.map(
      (target, i) => [1, 3][target] * (Math.log(Math.exp(at(n, 0, i)) + Math.exp(at(n, 1, i))) - at(n, target, i)),
    ),
  );
  const measured = await trainer.evaluate({ x: logits, y: targets, sampleWeight: [1, 2] });
  expect(measured.loss).toBeCloseTo((losses[0] + losses[1] + 2 * losses[2] + 2 * losses[3]) / 4, 6);
});
