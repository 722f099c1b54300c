// What a network is most wrong about, and whether it can learn one batch.
import { ArgumentError, DataError, JsExecutor, type Tensor, Trainer, type TrainerOptions, Variable } from "simdgrad";
import { overfitOneBatch, topLosses } from "simdgrad/insight";
import { crossEntropy, Dropout, Linear, mseLoss, relu, Sequential } from "simdgrad/nn";
import { adam, lbfgs, sgd } from "simdgrad/optim";
import { afterAll, describe, expect, test } from "vitest";

const executor = new JsExecutor();
afterAll(() => executor.dispose());

/** A trainer whose model gives what it is given. */
function same(options: Partial<TrainerOptions> = {}) {
  const one = new Variable([], 1);
  const model = { one, forward: (x: Tensor) => x.mul(one) };
  return new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor, ...options });
}

describe("topLosses", () => {
  test("are those of crossEntropy row by row, and add up to the loss of all", async () => {
    const logits = Array.from({ length: 300 }, (_, i) => [Math.sin(i), Math.cos(2 * i), Math.sin(3 * i)]);
    const y = Int32Array.from(logits, (_, i) => i % 3);
    const trainer = same({ loss: crossEntropy });
    const samples = { x: logits, y: { data: y, shape: [300] } };
    const all = await topLosses(trainer, samples, { count: 1000 });
    expect(all.map(({ row }) => row).sort((a, b) => a - b)).toEqual([...y.keys()]);
    for (const { row, loss, target, predicted, output } of all) {
      const own = logits[row];
      const wanted = Math.log(own.reduce((sum, each) => sum + Math.exp(each), 0)) - own[y[row]];
      expect(Math.abs(loss - wanted)).toBeLessThan(1e-6); // f32
      expect(target).toBe(y[row]);
      expect(predicted).toBe(own.indexOf(Math.max(...own)));
      expect(output).toEqual(own.map(Math.fround));
    }
    expect(all.every(({ loss }, i) => i === 0 || loss <= all[i - 1].loss)).toBe(true);
    const { loss } = await trainer.evaluate(samples);
    const mean = all.reduce((sum, each) => sum + each.loss, 0) / 300;
    expect(Math.abs(loss - mean)).toBeLessThan(1e-6);
    expect(await topLosses(trainer, samples, { count: 3 })).toEqual(all.slice(0, 3));
    await trainer.dispose();
  });

  test("ignored rows have none, weights of classes and rows count", async () => {
    const x = [
      [0, 0],
      [0, 0],
      [0, 0],
    ];
    const trainer = same({ loss: crossEntropy, classWeight: [1, 4] });
    const found = await topLosses(trainer, { x, y: Int32Array.of(0, -100, 1), sampleWeight: [3, 1, 1] } as never);
    expect(found.map(({ row }) => row)).toEqual([2, 0]);
    expect(found[0].loss).toBeCloseTo(4 * Math.LN2, 5);
    expect(found[1].loss).toBeCloseTo(3 * Math.LN2, 5);
    await trainer.dispose();
  });

  test("what is no number comes first", async () => {
    const trainer = same({ loss: (p: Tensor, y: Tensor) => p.log().sub(y).square().mean() });
    const found = await topLosses(trainer, { x: [[1], [-1], [4]], y: [[0], [0], [0]] });
    expect(found.map(({ row }) => row)).toEqual([1, 2, 0]);
    expect(found[0].loss).toBeNaN();
    await trainer.dispose();
  });

  test("several outputs are records", async () => {
    const one = new Variable([], 1);
    const model = { one, forward: (x: Tensor) => ({ a: x.mul(one), b: x.add(one) }) };
    const options = { loss: { a: mseLoss, b: mseLoss }, optimizer: sgd(0.1), executor };
    const trainer = new Trainer(model, options);
    const y = { a: [[1], [2]], b: [[2], [7]] };
    const [worst] = await topLosses(trainer, { x: [[1], [2]], y });
    expect(worst).toEqual({ row: 1, loss: 16, target: { a: 2, b: 7 }, output: { a: 2, b: 3 } });
    await trainer.dispose();
  });

  test("samples that do not fit are refused", async () => {
    const trainer = same({ loss: crossEntropy });
    const bad = { x: [[1, 2]], y: Int32Array.of(2) };
    await expect(topLosses(trainer, bad as never)).rejects.toThrow(DataError);
    await expect(topLosses(trainer, [1] as never)).rejects.toThrow(ArgumentError);
    await trainer.dispose();
  });

  test("are told while a fit goes on", async () => {
    const trainer = same();
    await trainer.load({ x: [[1], [2]], y: [[1], [2]] });
    const fit = trainer.fit({ epochs: 1_000_000 });
    await fit.next();
    expect(await topLosses(trainer, { x: [[1]], y: [[2]] })).toHaveLength(1);
    await fit.stop();
    await trainer.dispose();
  });
});

const xor = {
  x: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  y: [[0], [1], [1], [0]],
};

describe("overfitOneBatch", () => {
  const network = (rate: number, hidden = 16) =>
    new Trainer(new Sequential(new Linear(2, hidden), relu, new Linear(hidden, 1)), {
      loss: mseLoss,
      optimizer: adam(rate),
      executor,
      seed: 1,
    });

  test("a network that can learn it does, and is what it was", async () => {
    const trainer = network(0.05);
    await trainer.load({ x: [[5, 5]], y: [[5]] });
    await trainer.fit({ epochs: 3 });
    const before = await trainer.snapshot();
    const result = await overfitOneBatch(trainer, xor);
    expect(result).toMatchObject({ learned: true });
    expect(result.after.loss).toBeLessThanOrEqual(result.before.loss / 100);
    expect(result.verdict).toMatch(/^The network can learn one batch: the loss of 4 rows went from/);
    expect(await trainer.snapshot()).toEqual(before);
    await trainer.dispose();
  });

  test("by L-BFGS, too", async () => {
    const model = new Sequential(new Linear(2, 16), relu, new Linear(16, 1));
    const trainer = new Trainer(model, { loss: mseLoss, optimizer: lbfgs(), executor, seed: 1 });
    expect((await overfitOneBatch(trainer, xor)).learned).toBe(true);
    await trainer.dispose();
  });

  test("dropout is off while it is measured", async () => {
    const model = new Sequential(new Linear(2, 64), relu, new Dropout(0.2), new Linear(64, 1));
    const trainer = new Trainer(model, { loss: mseLoss, optimizer: adam(0.02), executor, seed: 1 });
    const { before } = await overfitOneBatch(trainer, xor, { steps: 10 });
    expect(before).toEqual(await trainer.evaluate(xor));
    await trainer.dispose();
  });

  test.each([
    ["a rate that is too small", network(1e-9), xor, "The rate is too small"],
    [
      "a linear network",
      new Trainer(new Linear(2, 1), { loss: mseLoss, optimizer: adam(0.05), executor }),
      xor,
      "a larger network",
    ],
    [
      "rows that contradict one another",
      network(0.05),
      {
        x: [
          [1, 1],
          [1, 1],
        ],
        y: [[0], [1]],
      },
      "1 of the rows have the same x",
    ],
    [
      "a rate that is too large",
      new Trainer(new Linear(2, 1), { loss: mseLoss, optimizer: sgd(1e10), executor }),
      xor,
      "too large",
    ],
    [
      "a rate that is a little too large",
      new Trainer(new Linear(2, 1), { loss: mseLoss, optimizer: sgd(3), executor }),
      xor,
      "too large",
    ],
  ] as const)("%s is told of", async (_, trainer, data, said) => {
    const { learned, verdict } = await overfitOneBatch(trainer, data as never, { steps: 60 });
    expect(learned).toBe(false);
    expect(verdict).toContain(said);
    await trainer.dispose();
  });

  test("a loss below 0 needs a goal", async () => {
    const trainer = same({ loss: (p: Tensor) => p.mean().sub(5) });
    const data = { x: [[1]], y: [[1]] };
    await expect(overfitOneBatch(trainer, data)).rejects.toThrow("{ goal }");
    expect((await overfitOneBatch(trainer, data, { goal: -6 })).learned).toBe(true);
    await trainer.dispose();
  });
});
