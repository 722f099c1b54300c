// Gradients layer by layer: PyTorch's norms (golden/insight.json), names for what is wrong, and nothing of it in the training.
import { readFileSync } from "node:fs";
import { DataError, JsExecutor, ShapeError, stopGradient, type Tensor, Trainer, Variable } from "simdgrad";
import { gradientMonitor } from "simdgrad/insight";
import { Dropout, Linear, mseLoss, relu, Sequential, sigmoid, tanh } from "simdgrad/nn";
import { adam, lbfgs, sgd } from "simdgrad/optim";
import { checkpoints, memoryStorage } from "simdgrad/storage";
import { afterAll, describe, expect, test } from "vitest";

interface Case {
  readonly name: "sgd" | "adam";
  readonly x: number[][];
  readonly y: number[][];
  readonly state: Readonly<Record<string, number[][]>>;
  readonly layers: Readonly<Record<string, { gradient: number; weight: number; update: number }>>;
}

const golden: { readonly gradients: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../golden/insight.json", import.meta.url), "utf8"),
);
const optimizers = { sgd: () => sgd(0.1, { momentum: 0.9 }), adam: () => adam(0.01) };

/** Of norms that are sums of a dozen f32 numbers, after two steps in f32; updates lose digits as differences. */
const TOLERANCE = 2e-5;

const executor = new JsExecutor();
afterAll(() => executor.dispose());

test.each(golden.gradients)("norms after two steps of $name are PyTorch's", async ({ name, x, y, state, layers }) => {
  const model = new Sequential(new Linear(3, 4), tanh, new Linear(4, 2));
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: optimizers[name](), executor });
  await trainer.loadStateDict(state);
  await trainer.load({ x, y });
  const monitor = gradientMonitor({ data: { x, y }, every: 2 });
  await trainer.fit({ batch: "all", epochs: 3, callbacks: [monitor] });
  expect(monitor.records.map(({ epoch, step }) => [epoch, step])).toEqual([
    [0, 0],
    [2, 2],
  ]);
  const found = monitor.records[1].layers;
  expect(found.map(({ path }) => path)).toEqual(Object.keys(layers));
  for (const { path, ...sizes } of found)
    for (const [what, wanted] of Object.entries(layers[path])) {
      const value = sizes[what as "gradient"];
      expect({ path, what, off: Math.abs(value - wanted) / wanted < TOLERANCE ? 0 : value / wanted }).toEqual({
        path,
        what,
        off: 0,
      });
    }
  await trainer.dispose();
});

const data = {
  x: [
    [1, 0, 1, 0],
    [0, 1, 1, 0],
  ],
  y: [
    [1, 1, 0, 0],
    [0, 0, 1, 1],
  ],
};

/** What is said of each layer at the beginning. */
async function statesOf(model: Sequential, optimizer = sgd(0.01)) {
  const trainer = new Trainer(model, { loss: mseLoss, optimizer, executor, seed: 2 });
  await trainer.load(data);
  const monitor = gradientMonitor({ data });
  await trainer.fit({ epochs: 1, callbacks: [monitor] });
  await trainer.dispose();
  const [{ layers, verdict }] = monitor.records;
  return { states: Object.fromEntries(layers.map(({ path, state }) => [path, state])), verdict };
}

describe("what is wrong has a name", () => {
  test("nothing", async () => {
    const { verdict } = await statesOf(new Sequential(new Linear(4, 8), tanh, new Linear(8, 4)));
    expect(verdict).toBe("All 4 gradients are fine.");
  });

  test("vanishing, behind many sigmoids, and only there", async () => {
    const layers = Array.from({ length: 12 }, () => [new Linear(4, 4), sigmoid]).flat();
    const { states, verdict } = await statesOf(new Sequential(...layers));
    expect(states["0.weight"]).toBe("vanishing");
    expect(states["22.weight"]).toBe("fine");
    expect(verdict).toContain("0.weight vanishes: its gradient has norm");
  });

  test("exploding, where the way back has a large factor", async () => {
    const steep = (x: Tensor) =>
      x
        .mul(1e6)
        .sub(stopGradient(x.mul(1e6)))
        .add(stopGradient(x));
    const { states, verdict } = await statesOf(
      new Sequential(new Linear(4, 4), steep, new Linear(4, 4), new Linear(4, 4), new Linear(4, 4)),
      sgd(1e-12),
    );
    expect(states).toMatchObject({ "0.weight": "exploding", "0.bias": "exploding" });
    expect(verdict).toContain("0.bias explodes");
  });

  test("none, where nothing reaches the loss", async () => {
    const dead = new Sequential(new Linear(4, 4), (x: Tensor) => x.sub(100).relu(), new Linear(4, 4));
    const { states, verdict } = await statesOf(dead);
    expect(states).toMatchObject({ "0.weight": "none", "0.bias": "none", "2.bias": "fine" });
    expect(verdict).toContain("0.weight gets no gradient");
  });

  test("too fast, and lost in rounding", async () => {
    const network = () => new Sequential(new Linear(4, 8), tanh, new Linear(8, 4));
    expect((await statesOf(network(), adam(1))).states["0.weight"]).toBe("fast");
    expect((await statesOf(network(), sgd(1e-9))).states["0.weight"]).toBe("still");
  });

  test("no numbers, when the loss is none any more", async () => {
    const trainer = new Trainer(new Linear(4, 4), { loss: mseLoss, optimizer: sgd(1e30), executor });
    await trainer.load(data);
    const monitor = gradientMonitor({ data });
    await expect(trainer.fit({ epochs: 9, callbacks: [monitor] })).rejects.toThrow("Infinity");
    expect(monitor.verdict).toMatch(/weight explodes: its gradient has norm (NaN|Infinity)/);
    await trainer.dispose();
  });
});

test("a training that is watched has the bits and the program of one that is not", async () => {
  const ends: unknown[] = [];
  for (const isWatched of [true, false]) {
    const own = new JsExecutor();
    const model = new Sequential(new Linear(4, 8), relu, new Dropout(0.5), new Linear(8, 4));
    const trainer = new Trainer(model, { loss: mseLoss, optimizer: adam(0.01), executor: own, seed: 5 });
    await trainer.load(data);
    const program = JSON.stringify(trainer.stepProgram(1).code);
    const callbacks = isWatched ? [gradientMonitor({ data }), checkpoints({ storage: memoryStorage() })] : [];
    await trainer.fit({ batch: 1, epochs: 5, callbacks });
    await trainer.fit({ batch: 1, epochs: 5, callbacks });
    expect(JSON.stringify(trainer.stepProgram(1).code)).toBe(program);
    ends.push(Object.entries(await trainer.stateDict()).map(([path, each]) => [path, [...each.data]]));
    await own.dispose();
  }
  expect(ends[0]).toEqual(ends[1]);
});

test("an optimizer that searches has no update", async () => {
  const trainer = new Trainer(new Linear(4, 4), { loss: mseLoss, optimizer: lbfgs(), executor });
  await trainer.load(data);
  const monitor = gradientMonitor({ data });
  await trainer.fit({ batch: "all", epochs: 1, callbacks: [monitor] });
  expect(monitor.records[0].layers[0]).toMatchObject({ update: undefined, ratio: undefined });
  await trainer.dispose();
});

test("norms are right where squares overflow and underflow", async () => {
  const w = new Variable([2], 1e25);
  const tiny = new Variable([2], 1e-30);
  const model = { w, tiny, forward: (x: Tensor) => x.mul(w.mul(1e-25)).add(tiny) };
  const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(1e-6), executor });
  const own = { x: [[1, 1]], y: [[0, 0]] };
  await trainer.load(own);
  const monitor = gradientMonitor({ data: own });
  await trainer.fit({ epochs: 0, callbacks: [monitor] });
  const [big, small] = monitor.records[0].layers;
  expect(big.weight / (Math.SQRT2 * 1e25)).toBeCloseTo(1, 6);
  expect(small.weight / (Math.SQRT2 * 1e-30)).toBeCloseTo(1, 6);
  expect(big.gradient / (Math.SQRT2 * 1e-25)).toBeCloseTo(1, 6);
  await trainer.dispose();
});

test("a batch that does not fit is refused when the fit begins", async () => {
  const trainer = new Trainer(new Linear(4, 4), { loss: mseLoss, optimizer: sgd(0.1), executor });
  await trainer.load(data);
  const wrong = gradientMonitor({ data: { x: [[1, 2]], y: [[1, 2]] } });
  await expect(trainer.fit({ callbacks: [wrong] })).rejects.toThrow(ShapeError);
  const none = gradientMonitor({ data: { x: [[Number.NaN, 1, 1, 1]], y: [[1, 2, 3, 4]] } });
  await expect(trainer.fit({ callbacks: [none] })).rejects.toThrow(DataError);
  await trainer.dispose();
});
