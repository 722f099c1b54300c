// Functions in workers: what they give, alone and in pipelines, what they throw, and what becomes of calls whose worker dies.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { pipeline } from "../../src/data/index.ts";
import { ArgumentError, DataError, DisposedError, WorkerError } from "../../src/errors.ts";
import { serveFunctions, type WorkerFunction, workerFunction } from "../../src/worker/index.ts";
import * as namespace from "./namespace.ts";

const module = new URL("./served/functions.ts", import.meta.url);
const made: { end(): Promise<void> }[] = [];
afterAll(async () => {
  await Promise.all(made.map((each) => each.end()));
});

function served<R = number>(name: string, workers = 2): WorkerFunction<readonly number[], R> {
  const each = workerFunction<readonly number[], R>(module, name, { workers });
  made.push(each);
  return each;
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test("give what they give here, however many are asked at once", async () => {
  const square = served("square", 3);
  expect(square.parallel).toBe(3);
  expect(await Promise.all(range(20).map((i) => square(i)))).toEqual(range(20).map((i) => i * i));
});

test("in a pipeline run beside one another, and what they give comes in order", async () => {
  const hurried = served<{ i: number; worker: number; data: Float32Array }>("hurried", 3);
  const found = await all(pipeline(range(30)).map((i) => hurried(i), { parallel: 3 }));
  expect(found.map(({ i, data }) => [i, ...data])).toEqual(range(30).map((i) => [i, i, 2 * i]));
  expect(new Set(found.map(({ worker }) => worker)).size).toBe(3);
});

test("a pipeline asks for as many at once as there are workers, and closes its source however it ends", async () => {
  let [taken, closed] = [0, 0];
  async function* source() {
    try {
      for (;;) yield taken++;
    } finally {
      closed++;
    }
  }
  const square = served("square", 4);
  let used = 0;
  for await (const each of pipeline(source).map(square)) {
    expect(each).toBe(used ** 2);
    used++;
    expect(taken).toBeLessThanOrEqual(used + 4); // three wait, one is being read
    if (used === 20) break;
  }
  expect(closed).toBe(1);
});

test("errors come back as what they are, with the item, after what came before it", async () => {
  const refuse = served("refuse");
  const list: number[] = [];
  const read = async () => {
    for await (const each of pipeline(range(9)).map((i) => refuse(i, 5), { parallel: 2 })) list.push(each);
  };
  const error = await read().catch((each) => each);
  expect(error).toBeInstanceOf(DataError);
  expect(error.message).toBe("row 5 is no row (map: item 5)");
  expect(error.path).toBe("map: item 5");
  expect(list).toEqual(range(5));
  const mistake = served<never>("mistake");
  const thrown = await all(pipeline([1]).map(mistake)).catch((each) => each);
  expect(thrown).toBeInstanceOf(WorkerError);
  expect(thrown.message).toBe("TypeError in the worker: a mistake (map: item 0)");
});

describe("a call", () => {
  test("whose worker dies is rejected, and another worker goes on", async () => {
    const die = served("die", 1);
    for (let time = 0; time < 2; time++)
      await expect(die()).rejects.toThrow(new WorkerError("the function's worker ended with code 3"));
  });

  test("of what the module does not have", async () => {
    const [other, inherited] = [served("cube"), served("toString")];
    await expect(other(1)).rejects.toThrow(ArgumentError);
    await expect(inherited(1)).rejects.toThrow('serves no function "toString", only [square, hurried, ');
  });

  test("with what cannot go to a worker, or gives what cannot come back", async () => {
    const square = served("square", 1);
    await expect(square((() => 1) as never)).rejects.toThrow("square: what it is called with cannot go to a worker");
    expect(await square(4)).toBe(16);
    await expect(served("unsendable")()).rejects.toThrow("DataCloneError in the worker");
  });

  test.each([
    ["throws.ts", "the function's worker threw an error: no good"],
    ["none.ts", "the function's worker threw an error: Cannot find module"],
  ])("of a module that does not load: %s", async (file, message) => {
    const url = new URL(`../tune/objectives/${file}`, import.meta.url);
    const square = workerFunction<[number], number>(url, "square");
    await expect(square(1)).rejects.toThrow(message);
    await expect(square(1)).rejects.toThrow(`(module ${url})`);
  });

  test("of a module that stays alive and serves nothing", async () => {
    const silent = new URL("../tune/objectives/silent.ts", import.meta.url);
    const square = workerFunction<[number], number>(silent, "square", { patience: 300 });
    await expect(square(1)).rejects.toThrow(
      new WorkerError(`the function's worker has not called serveFunctions() within 0.3 s (module ${silent})`),
    );
  });

  test("of a module that ends, and has served nothing", async () => {
    const ends = new URL("./served/nothing.ts", import.meta.url);
    const square = workerFunction<[number], number>(ends, "square");
    await expect(square(1)).rejects.toThrow(
      new WorkerError(`the function's worker ended with code 0 before it called serveFunctions() (module ${ends})`),
    );
  });

  test("of a module that no worker starts with", async () => {
    const square = workerFunction<[number], number>(new URL("http://localhost:1/x.js"), "square");
    const error = await square(1).catch((each) => each);
    expect(error).toBeInstanceOf(WorkerError);
    expect(error.message).toMatch(
      /^the function's worker could not be started: .* \(module http:\/\/localhost:1\/x\.js\)$/,
    );
    const long = workerFunction(new URL(`data:text/javascript,"${"a".repeat(300)}"`), "square");
    await expect(long()).rejects.toThrow(
      /before it called serveFunctions\(\) \(module data:text\/javascript,"a+\.\.\.\)$/,
    );
  });

  test("of a function that starts no worker", async () => {
    const square = workerFunction<[number], number>((() => 1) as never, "square");
    await expect(square(1)).rejects.toThrow("workerFunction: what module() gives must be a worker");
    await expect(square(1)).rejects.toThrow(ArgumentError);
  });
});

test("are served as an object or as a module's namespace", () => {
  // In this thread nothing is served: what is given is checked all the same.
  expect(() => serveFunctions(namespace)).not.toThrow();
  expect(() => serveFunctions({ square: 1 } as never)).toThrow("serveFunctions: square must be a function");
  expect(() => serveFunctions(1 as never)).toThrow("an object of functions by names");
});

test("workers are started when they are needed, and once", async () => {
  let started = 0;
  const start = () => {
    started++;
    return new Worker(module, { execArgv: [] });
  };
  await using square = workerFunction<[number], number>(start, "square", { workers: 2 });
  expect(started).toBe(0);
  await square(1);
  await square(2);
  expect(started).toBe(1);
  await Promise.all(range(9).map((i) => square(i)));
  expect(started).toBe(2);
});

test("the end rejects what waits and what comes", async () => {
  const stay = served("stay", 1);
  const calls = [stay(), stay()].map((each) => each.catch((error) => error));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await stay.end();
  for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(Error);
  await expect(stay()).rejects.toThrow(new DisposedError("stay: the function was ended"));
});

test("a process ends with workers that nothing waits for", async () => {
  const { href } = new URL("../../src/worker/index.ts", import.meta.url);
  const code = `const { workerFunction } = await import(${JSON.stringify(href)});
    console.log(await workerFunction(new URL(${JSON.stringify(module.href)}), "square")(7));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
    timeout: 20_000,
  });
  expect(stdout.trim()).toBe("49");
}, 30_000);
