// Functions in module workers of a page: by the address of a module, by a function, and after the death of a worker.
import { DataError, WorkerError } from "simdgrad";
import { pipeline } from "simdgrad/data";
import { workerFunction } from "simdgrad/worker";
import { expect, onTestFinished, test } from "vitest";

const address = new URL("../worker/served/functions.ts", import.meta.url);
const start = () => new Worker(new URL("../worker/served/functions.ts", import.meta.url), { type: "module" });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Ends a function with its test: not every engine has `await using`. */
function ending<F extends { end(): Promise<void> }>(ended: F): F {
  onTestFinished(() => ended.end());
  return ended;
}

test.each([
  ["the address of a module", address],
  ["a function", start],
])("a pipeline maps in workers, by %s", async (_, module) => {
  const square = ending(workerFunction<[number], number>(module, "square"));
  expect(await all(pipeline([1, 2, 3, 4, 5]).map(square))).toEqual([1, 4, 9, 16, 25]);
  const refuse = ending(workerFunction<[number, number], number>(module, "refuse"));
  const error = await all(pipeline([6, 7]).map((i) => refuse(i, 7))).catch((each) => each);
  expect(error.name).toBe(DataError.name);
  expect(error.message).toBe("row 7 is no row (map: item 1)");
});

test("a page learns of the death of a worker by its lock, and another one goes on", async () => {
  const die = ending(workerFunction<[], never>(start, "die", { workers: 1 }));
  for (let time = 0; time < 2; time++)
    await expect(die()).rejects.toThrow(new WorkerError("the function's worker was ended"));
});
