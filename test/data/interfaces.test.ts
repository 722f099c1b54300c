// Data whose types are interfaces, which promise nothing of other names: functions take it, give it back as it is, and refuse what has no rows.
import { Trainer } from "simdgrad";
import { kFold, type Rows, shard, table, trainTestSplit } from "simdgrad/data";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { fitTable } from "simdgrad/tabular";
import { expect, test } from "vitest";

interface Points {
  x: number[][];
  y: number[][];
}

interface House {
  area: number;
  town: string | null;
}

interface Streets {
  length: number[];
  name: string[];
}

interface Wrong {
  x: number[];
  y: number;
}

const points: Points = { x: [[1], [2], [3], [4]], y: [[1], [2], [3], [4]] };
const part = { member: 0, of: 2 };

test("parts of it are of its type", () => {
  const own: Points = shard(points, part);
  const { train, test: tested }: { train: Points; test: Points } = trainTestSplit(points, { shuffle: false });
  const [{ test: fold }]: { test: Points }[] = [...kFold(points, { folds: 2, shuffle: false })];
  expect([own.y.length, train.y, tested.x, fold.y]).toEqual([2, [[1], [2], [3]], [[4]], [[1], [2]]]);
});

test("other types are what they were", () => {
  const numbers: Int32Array = shard(4, part);
  const record: Record<string, number[]> = shard({ a: [1, 2] } as Record<string, number[]>, part);
  const list: readonly string[] = shard(["a", "b"], part);
  const generic = <D extends Rows>(data: D) => shard(data, part);
  const ofMembers = <D extends { x: number[] }>(data: D) => trainTestSplit(data).train;
  expect([numbers.length, record.a.length, list.length]).toEqual([2, 1, 1]);
  expect([generic([1, 2]).length, ofMembers({ x: [1, 2] }).x.length]).toEqual([1, 1]);
});

test("what has no rows is refused", () => {
  const wrong: Wrong = { x: [1, 2], y: 3 };
  // @ts-expect-error: a number is no part
  expect(() => shard(wrong, part)).toThrow("shard: data.y must be");
  // @ts-expect-error: a number is no part
  expect(() => trainTestSplit({ x: [1, 2], y: 3 })).toThrow("trainTestSplit: data.y must be");
  // @ts-expect-error: a text has no rows
  expect(() => shard("rows", part)).toThrow("shard: data must be");
});

test("trainers take it", async () => {
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.01) });
  await trainer.load(points);
  await trainer.fit({ batch: 4, epochs: 1, validation: points });
  expect((await trainer.evaluate(points)).loss).toBeGreaterThan(0);
  await trainer.dispose();
});

test("tables and their models take it", async () => {
  const houses: House[] = Array.from({ length: 40 }, (_, i) => ({ area: 10 + i, town: i % 2 ? "Oslo" : null }));
  expect(table(houses).names).toEqual(["area", "town"]);
  const streets: Streets = { length: [3, 4], name: ["High", "Low"] };
  expect(table(streets).rows).toBe(2);
  const model = await fitTable(houses, { target: "area", task: "regression", epochs: 1, hidden: [] });
  expect([(await model.predict(houses)).length, model.isMadeOf(houses)]).toEqual([40, true]);
  expect(await model.evaluate(houses)).toHaveProperty("r2");
  const wrong: Wrong[] = [{ x: [1], y: 2 }];
  // @ts-expect-error: a list is no cell
  expect(() => table(wrong)).toThrow();
  // @ts-expect-error: a number is no column
  expect(() => table(wrong[0])).toThrow();
  // @ts-expect-error: a list is no cell
  await expect(fitTable(wrong, { target: "y" })).rejects.toThrow();
  // @ts-expect-error: a list is no cell
  await expect(model.predict([{ area: 1, town: ["Oslo"] }])).rejects.toThrow('column "town"');
  await model.dispose();
});
