// The range test of learning rates: what it finds in curves of known shape, and on trainers, which it leaves as they were.
import { ArgumentError, JsExecutor, type Tensor, Trainer, Variable } from "simdgrad";
import { findLearningRate } from "simdgrad/insight";
import { Linear, mseLoss, relu, Sequential } from "simdgrad/nn";
import { adam, hyperparameter, sgd } from "simdgrad/optim";
import { afterAll, describe, expect, test } from "vitest";
import { suggestionOf } from "../../src/insight/range.ts";
import { numbers } from "../random.ts";

const rates = Array.from({ length: 100 }, (_, i) => 1e-6 * 1e7 ** (i / 99));

/** A loss that falls from 2 to 0.2 about 1e-3 and grows again from 1: steepest at 1e-3 by construction. */
function falling(rate: number): number {
  return 0.2 + 1.8 / (1 + (rate / 1e-3) ** 2) + rate ** 3 / 10;
}

describe("in a curve of known shape", () => {
  const decades = (suggestion = Number.NaN) => Math.abs(Math.log10(suggestion / 1e-3));

  test("the steepest rate is found", () => {
    const { suggestion } = suggestionOf(rates.map((rate) => ({ rate, loss: falling(rate) })));
    expect(decades(suggestion)).toBeLessThan(0.1); // a fit of two places on the axis of 100
  });

  test.each([1, 2, 3, 4, 5])("noise, early spikes and NaN at the end do not move it far, seed %i", (seed) => {
    const random = numbers(seed);
    const losses = rates.map((rate) => falling(rate) * (1 + 0.1 * (random() - 0.5)));
    losses[3] = 40;
    losses[11] = 7;
    losses[12] = 9;
    losses[25] = Number.POSITIVE_INFINITY;
    losses[99] = Number.NaN;
    const { suggestion, curve } = suggestionOf(rates.map((rate, i) => ({ rate, loss: losses[i] })));
    expect(decades(suggestion)).toBeLessThan(0.35);
    expect(curve[11].smoothed).toBeLessThan(2.3);
  });

  test("of noise alone a suggestion is rare, and of a fall in as much noise it is not", () => {
    const suggested = (loss: (rate: number) => number, noise: number) =>
      Array.from({ length: 200 }, (_, seed) => {
        const random = numbers(7919 * seed + 1);
        const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
        return suggestionOf(rates.map((rate) => ({ rate, loss: loss(rate) + noise * normal() }))).suggestion;
      }).filter((each) => each !== undefined);
    expect(suggested(() => 2, 0.3).length).toBeLessThanOrEqual(14); // 0.036 of them: 7, and twice as many
    const found = suggested(falling, 0.3)
      .map(decades)
      .sort((a, b) => a - b);
    expect(found.length).toBeGreaterThanOrEqual(198);
    expect(found[found.length >> 1]).toBeLessThan(0.2);
  });

  test("where the loss only grows, there is none", () => {
    expect(suggestionOf(rates.map((rate) => ({ rate, loss: 2 + rate }))).suggestion).toBeUndefined();
  });
});

const executor = new JsExecutor();
afterAll(() => executor.dispose());

const rows = Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const data = { x: rows, y: rows.map(([a, b]) => [2 * a - b + 0.5]) };

function trainerOf(optimizer: (rate: Variable) => ReturnType<typeof sgd>) {
  const rate = hyperparameter(0.01);
  const model = new Sequential(new Linear(2, 8), relu, new Linear(8, 1));
  const options = { loss: mseLoss, optimizer: optimizer(rate), executor, hyperparameters: { rate }, seed: 3 };
  return new Trainer(model, options);
}

/** A snapshot as numbers. */
async function stateOf(trainer: Trainer) {
  const state = await trainer.snapshot();
  return Object.fromEntries(Object.entries(state).map(([path, { data: values }]) => [path, [...values]]));
}

test("a suggestion trains, and ten thousand times as much does not", async () => {
  const trainer = trainerOf(sgd);
  await trainer.load(data);
  const { suggestion = 0, curve, verdict } = await findLearningRate(trainer, { batch: 16 });
  expect(verdict).toContain("falls fastest");
  expect(curve.at(-1)?.rate).toBeLessThanOrEqual(10);
  await trainer.setHyperparameters({ rate: suggestion });
  const history = await trainer.fit({ batch: 16, epochs: 20 });
  expect(history[19].loss).toBeLessThan(history[0].loss / 4);
  await trainer.dispose();
});

test.each([
  ["sgd", sgd],
  ["sgd with momentum", (rate: Variable) => sgd(rate, { momentum: 0.9 })],
  ["adam", adam],
] as const)("a trainer by %s is afterwards what it was, and goes on with the same bits", async (_, optimizer) => {
  const [tested, other] = [trainerOf(optimizer), trainerOf(optimizer)];
  const ends: unknown[] = [];
  for (const trainer of [tested, other]) {
    await trainer.load(data);
    await trainer.fit({ batch: 16, epochs: 2 });
    let steps = 0;
    for await (const _ of trainer.fit({ batch: 16, report: 1, lockstep: true })) if (++steps === 2) break; // in the middle
    if (trainer === tested) {
      const before = await stateOf(trainer);
      await findLearningRate(trainer, { batch: 16 });
      await findLearningRate(trainer, { data: { x: [[1, 2]], y: [[3]] }, steps: 20 });
      expect(await stateOf(trainer)).toEqual(before);
    }
    await trainer.fit({ batch: 16, epochs: 2 });
    const { seconds: _, ...state } = await stateOf(trainer);
    ends.push(Object.fromEntries(Object.entries(state).filter(([path]) => !path.includes("seconds"))));
    await trainer.dispose();
  }
  expect(ends[0]).toEqual(ends[1]);
});

test("the end is at NaN, and the trainer is what it was", async () => {
  const w = new Variable([], 1);
  const rate = hyperparameter(0.1);
  const model = { w, forward: (x: Tensor) => x.mul(w) };
  const loss = (prediction: Tensor) => prediction.sub(1).exp().log().abs().mean().add(w.mul(w).mul(1e3).exp().log());
  const trainer = new Trainer(model, { loss, optimizer: sgd(rate), executor, hyperparameters: { rate } });
  await trainer.loadStateDict({ w: 0.25 });
  await trainer.load({ x: [[1]], y: [[1]] });
  const { curve, verdict } = await findLearningRate(trainer, { from: 1e-7, to: 100 });
  expect(curve.at(-1)?.loss).toBeNaN();
  expect(verdict).toContain("NaN");
  expect((await trainer.stateDict()).w.data).toEqual(Float32Array.of(0.25));
  await trainer.dispose();
});

describe("a rate that cannot be varied is refused", () => {
  const rate = hyperparameter(0.1);
  test.each([
    ["a number", sgd(0.1), { rate }, {}, "is the number 0.1"],
    ["of a schedule without it", sgd((step) => step.cast("f32")), { rate }, {}, "is made of no hyper-parameter"],
    ["of one that is not named", sgd(rate), {}, {}, "is made of no hyper-parameter that the trainer names"],
    ["another name", sgd(rate), { rate }, { hyperparameter: "lr" }, "lr is none of [rate]"],
    ["bounds the wrong way", sgd(rate), { rate }, { from: 1, to: 1 }, "from 1 is not below to 1"],
  ] as const)("%s", async (_, optimizer, hyperparameters, options, said) => {
    const trainer = new Trainer(new Linear(2, 1), { loss: mseLoss, optimizer, executor, hyperparameters });
    await trainer.load(data);
    await expect(findLearningRate(trainer, options)).rejects.toThrow(ArgumentError);
    await expect(findLearningRate(trainer, options)).rejects.toThrow(said);
    await trainer.dispose();
  });

  test("a fit under way", async () => {
    const trainer = trainerOf(sgd);
    await trainer.load(data);
    const fit = trainer.fit({ epochs: 1_000_000 });
    await fit.next();
    await expect(findLearningRate(trainer)).rejects.toThrow("stop the fit first");
    await fit.stop();
    await trainer.dispose();
  });
});
