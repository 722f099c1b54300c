// What optimizers need of the Trainer: averages to predict with, frozen parameters, groups, and steps that search.
import { describe, expect, test } from "vitest";
import { type Layer, Linear, mseLoss, parameters, Sequential, tanh } from "../../src/nn/index.ts";
import { accumulate } from "../../src/optim/accumulate.ts";
import { adam } from "../../src/optim/adam.ts";
import { ema } from "../../src/optim/averages.ts";
import { constrained, maxNorm } from "../../src/optim/constraints.ts";
import { freeze, parameterGroups } from "../../src/optim/groups.ts";
import { lbfgs } from "../../src/optim/lbfgs.ts";
import { cosineDecay } from "../../src/optim/schedules.ts";
import { sgd } from "../../src/optim/sgd.ts";
import type { Optimizer } from "../../src/optim/transform.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { float32, oracle } from "../executors.ts";

/** y = 2 a - b + 1 */
const line = {
  x: [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ],
  y: [[1], [3], [0], [2]],
};

function trainerOf(optimizer: Optimizer, executor = oracle(), model: Layer = new Linear(2, 1)): Trainer {
  return new Trainer(model, { loss: mseLoss, optimizer, executor });
}

async function lossesOf(trainer: Trainer, options: { epochs: number; batch: number | "all" }): Promise<number[]> {
  const losses: number[] = [];
  for await (const report of trainer.fit(options)) losses.push(...report.losses);
  return losses;
}

describe("averages", () => {
  test("are what predict and evaluate use, once there are any", async () => {
    const trainer = trainerOf(ema(sgd(0.25), { decay: 0.5 }), oracle(), new Linear(1, 1));
    await trainer.loadStateDict({ weight: [[0]], bias: [0] });
    expect([...(await trainer.predict([[0]])).data]).toEqual([0]);
    await trainer.load({ x: [[0]], y: [[1]] });
    const bias: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      await lossesOf(trainer, { epochs: 1, batch: "all" });
      bias.push((await trainer.predict([[0]])).data[0]);
    }
    // The bias is 0.5, 0.75, 0.875; its average 0.5, 0.625, 0.75.
    expect(bias).toEqual([0.5, 0.625, 0.75]);
    expect(await trainer.evaluate({ x: [[0]], y: [[1]] })).toEqual({ loss: 0.0625 });
    expect([...(await trainer.stateDict()).bias.data]).toEqual([0.875]);
    expect([...(await trainer.stateDict({ averaged: true })).bias.data]).toEqual([0.75]);
  });

  test("begin anew with loaded parameters, whatever is around them", async () => {
    const trainer = trainerOf(
      constrained(accumulate(ema(sgd(0.25)), { steps: 1 }), maxNorm(9)),
      oracle(),
      new Linear(1, 1),
    );
    await trainer.load({ x: [[0]], y: [[1]] });
    await lossesOf(trainer, { epochs: 2, batch: "all" });
    await trainer.loadStateDict({ weight: [[2]], bias: [3] });
    expect([...(await trainer.predict([[1]])).data]).toEqual([5]);
    expect([...(await trainer.stateDict({ averaged: true })).bias.data]).toEqual([3]);
  });

  test("of all groups are used", async () => {
    const [body, head] = [new Linear(1, 1), new Linear(1, 1)];
    const optimizer = parameterGroups([
      { parameters: parameters(body), optimizer: ema(sgd(0.1), { decay: 0.5 }) },
      { optimizer: ema(sgd(0.1), { decay: 0.5 }) },
    ]);
    const trainer = trainerOf(optimizer, oracle(), new Sequential(body, head));
    await trainer.load({ x: [[1]], y: [[1]] });
    await lossesOf(trainer, { epochs: 5, batch: "all" });
    const mean = await trainer.stateDict({ averaged: true });
    const value = (path: string) => mean[path].data[0];
    const expected = (1 * value("0.weight") + value("0.bias")) * value("1.weight") + value("1.bias");
    expect((await trainer.predict([[1]])).data[0]).toBeCloseTo(expected, 6);
  });
});

describe("frozen parameters", () => {
  const model = () => {
    const [body, head] = [new Linear(2, 3), new Linear(3, 1)];
    return { body, head, both: new Sequential(body, head) };
  };

  test("keep their bits while the others train", async () => {
    const { body, both } = model();
    const trainer = trainerOf(freeze(adam(0.1), parameters(body)), oracle(), both);
    await trainer.load(line);
    const before = await trainer.stateDict();
    await lossesOf(trainer, { epochs: 3, batch: 2 });
    const after = await trainer.stateDict();
    for (const path of ["0.weight", "0.bias"]) expect(after[path].data).toEqual(before[path].data);
    for (const path of ["1.weight", "1.bias"]) expect(after[path].data).not.toEqual(before[path].data);
  });

  test("cost nothing: their gradients are not computed", async () => {
    const products = async (optimizer: (layers: ReturnType<typeof model>) => Optimizer) => {
      const layers = model();
      const trainer = trainerOf(optimizer(layers), oracle(), layers.both);
      await trainer.load(line);
      return trainer.stepProgram(4).labels.filter((label) => label.includes("matmul")).length;
    };
    const all = await products(() => adam(0.1));
    const frozen = await products(({ body }) => freeze(adam(0.1), parameters(body)));
    expect(frozen).toBeLessThan(all);
  });
});

test("the rest of a data set accumulates with the next epoch, and schedules count updates", async () => {
  const rates: Optimizer = accumulate(sgd(cosineDecay(0.5, { steps: 2 })), { steps: 3 });
  const trainer = trainerOf(rates, oracle(), new Linear(1, 1, { bias: false }));
  await trainer.loadStateDict({ weight: [[0]] });
  await trainer.load({ x: [[1], [1]], y: [[1], [1]] });
  const weights: number[] = [];
  for (let epoch = 0; epoch < 5; epoch++) {
    await lossesOf(trainer, { epochs: 1, batch: 1 });
    weights.push((await trainer.stateDict()).weight.data[0]);
  }
  // Updates after 3, 6 and 9 steps, at rates 0.5, 0.25 and 0: w = 1, then gradients of 0.
  expect(weights).toEqual([0, 1, 1, 1, 1]);
});

describe("steps that search", () => {
  test.each(Object.entries({ oracle, ...float32 }))("find the minimum, on %s", async (_, create) => {
    const trainer = trainerOf(lbfgs(1, { lineSearchFn: "strongWolfe" }), create());
    await trainer.load(line);
    const losses = await lossesOf(trainer, { epochs: 2, batch: "all" });
    expect(losses).toHaveLength(2);
    expect(losses[1]).toBeLessThan(1e-8);
    const { weight, bias } = await trainer.stateDict();
    [2, -1, 1].forEach((value, i) => {
      expect([...weight.data, ...bias.data][i]).toBeCloseTo(value, 3);
    });
  });

  test("take turns through the data, ragged batches included, and can be paused and stopped", async () => {
    const trainer = trainerOf(lbfgs(0.1, { maxIter: 2 }));
    await trainer.load(line);
    const training = trainer.fit({ batch: 3, epochs: 50 });
    let steps = 0;
    for await (const report of training) {
      steps = report.step;
      await training.pause();
      training.resume();
      if (steps > 3) await training.stop();
    }
    expect(steps).toBeGreaterThan(3);
    // Two steps an epoch; one that was begun counts as the first.
    expect(await lossesOf(trainer, { epochs: 2, batch: 3 })).toHaveLength(4 - (steps % 2));
  });

  test("are seen from outside when they are done, not at the points they try", async () => {
    const trainer = trainerOf(
      lbfgs(0.5, { maxIter: 4 }),
      oracle(),
      new Sequential(new Linear(2, 3), tanh, new Linear(3, 1)),
    );
    await trainer.load(line);
    const losses: number[] = [];
    const seen: number[] = [];
    for await (const report of trainer.fit({ batch: "all", epochs: 40 })) {
      losses.push(...report.losses);
      seen.push((await trainer.evaluate(line)).loss);
    }
    losses.push((await trainer.evaluate(line)).loss);
    for (const loss of seen) expect(Math.min(...losses.map((each) => Math.abs(each - loss)))).toBeLessThan(1e-12);
  });

  test("cannot be wrapped: the error says so", async () => {
    const trainer = trainerOf(ema(lbfgs()));
    await trainer.load(line);
    await expect(trainer.fit().next()).rejects.toThrow("lbfgs: its steps are no graph");
  });
});
