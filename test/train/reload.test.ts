// Data that takes the place of other data of its shapes: the programs go on with it, and the training is what it would be.
import { type Executor, type Samples, Trainer, WasmExecutor } from "simdgrad";
import { crossEntropy, Linear, mseLoss } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { afterEach, expect, test } from "vitest";
import { countLoads } from "./compiles.ts";

const open: Executor[] = [];

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

function made(loss: typeof mseLoss | typeof crossEntropy = mseLoss, executor: Executor = new WasmExecutor()): Trainer {
  open.push(executor);
  return new Trainer(new Linear(2, 2), { loss, optimizer: adam(0.05), executor });
}

const x = [
  [0, 1],
  [1, 2],
  [2, 3],
  [3, 4],
  [4, 5],
];
const y = x.map(([a, b]) => [a + b, a - b]);
const turned = { x: [...x].reverse(), y: [...y].reverse() };

test("of the same shapes, it needs no new programs, and trains as in a trainer of its own", async () => {
  const trainer = made();
  const loaded = countLoads(trainer.executor);
  await trainer.load({ x, y });
  await trainer.fit({ batch: 2, epochs: 3 });
  const before = loaded.length;
  const snapshot = await trainer.snapshot();
  for (let i = 0; i < 4; i++) {
    await trainer.load(i % 2 === 0 ? turned : { x, y });
    await trainer.fit({ batch: 2, epochs: 3 });
    // A place for the data is no program of steps; there is one the first time alone.
    expect(loaded.slice(before)).toEqual([]);
  }
  const other = made();
  await other.load(turned);
  await other.restore(snapshot);
  await other.fit({ batch: 2, epochs: 3 });
  await trainer.restore(snapshot);
  await trainer.load(turned);
  await trainer.fit({ batch: 2, epochs: 3 });
  expect(await trainer.stateDict()).toEqual(await other.stateDict());
});

test.each<[string, Samples]>([
  ["rows", { x: x.slice(1), y: y.slice(1) }],
  ["a dtype", { x: x.map((row) => Uint8Array.from(row)), y }],
  ["weights", { x, y, sampleWeight: [1, 2, 3, 4, 5] }],
])("of other %s, it needs them", async (_, samples) => {
  const trainer = made();
  await trainer.load({ x, y });
  await trainer.fit({ batch: 2 });
  const loaded = countLoads(trainer.executor);
  await trainer.load(samples);
  await trainer.fit({ batch: 2 });
  expect(loaded.filter((outputs) => outputs.includes("loss")).length).toBeGreaterThan(0);
});

test("of targets that are ignored, in the place of some that are not, it needs them, too", async () => {
  const trainer = made(crossEntropy);
  await trainer.load({ x, y: [0, 1, 0, 1, 0] });
  await trainer.fit({ batch: 2 });
  const loaded = countLoads(trainer.executor);
  await trainer.load({ x, y: [0, 1, -100, 1, 0] });
  await trainer.fit({ batch: 2 });
  expect(loaded.length).toBeGreaterThan(0);
});

test("an epoch under way ends with the data it is of, and a failure is forgotten with it", async () => {
  const trainer = made();
  await trainer.load({ x, y });
  for await (const _ of trainer.fit({ batch: 2, epochs: 5, report: 1, lockstep: true })) break;
  await trainer.load(turned);
  const { "counters.row": row, "counters.epoch": epoch } = await trainer.snapshot();
  expect([row.data[0], epoch.data[0]]).toEqual([0, 1]);
  expect(await trainer.debugNonFinite()).toBeUndefined();
});
