// Pipelines: what comes out, in which order, how much is held, and that everything is closed however it ends.
import { DataError, JsExecutor, MemoryError, Trainer } from "simdgrad";
import { type DataSource, fromRows, type Pipeline, pipeline, streamCsv } from "simdgrad/data";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { describe, expect, test } from "vitest";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Numbers from 0 on, and how many were taken and whether it was closed. */
function counter(end = Number.POSITIVE_INFINITY, fault = Number.POSITIVE_INFINITY) {
  const state = { taken: 0, opened: 0, closed: 0 };
  async function* source() {
    state.opened++;
    try {
      for (let i = 0; i < end; i++) {
        if (i === fault) throw new RangeError("the source broke");
        state.taken++;
        yield i;
      }
    } finally {
      state.closed++;
    }
  }
  return { source, state };
}

/** Later numbers sooner. */
async function later(n: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 10 - n));
  return n;
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const ten = pipeline(range(10));
const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);

test.each<[name: string, made: Pipeline<unknown>, expected: readonly unknown[]]>([
  ["map", ten.map((n, i) => n * i), range(10).map((n) => n * n)],
  ["map, later", ten.map(async (n) => n + 1), range(11).slice(1)],
  ["map, several at once", ten.map(later, { parallel: 3 }), range(10)],
  ["map, more at once than there are", ten.map(later, { parallel: 20 }), range(10)],
  ["flatMap", pipeline([1, 2]).flatMap((n) => [n, n]), [1, 1, 2, 2]],
  ["filter", ten.filter(async (n) => n % 3 === 0), [0, 3, 6, 9]],
  [
    "batch",
    ten.batch(4),
    [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ],
  ],
  [
    "batch, whole ones",
    ten.batch(4, { dropLast: true }),
    [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ],
  ],
  ["take", ten.take(2), [0, 1]],
  ["take none", ten.take(0), []],
  ["take more", ten.take(20), range(10)],
  ["skip", ten.skip(7), [7, 8, 9]],
  [
    "zip",
    ten.zip(["a", "b"], pipeline([true, false, true])),
    [
      [0, "a", true],
      [1, "b", false],
    ],
  ],
  ["concat", ten.take(1).concat([5], () => [6], ten.skip(9)), [0, 5, 6, 9]],
  ["repeat", ten.take(2).repeat(3), [0, 1, 0, 1, 0, 1]],
  ["repeat without an end", ten.take(2).repeat().take(5), [0, 1, 0, 1, 0]],
  ["repeat nothing", ten.take(0).repeat(), []],
  ["cache", ten.cache(), range(10)],
  ["prefetch", ten.prefetch(3), range(10)],
  ["prefetch nothing", ten.take(0).prefetch(3), []],
])("%s", async (_, made, expected) => {
  expect(await all(made)).toEqual(expected);
  expect(await all(made)).toEqual(expected);
});

describe("sources", () => {
  test.each<[string, DataSource<number>]>([
    ["an array", [0, 1, 2]],
    ["a set", new Set([0, 1, 2])],
    ["a function of the pass", (pass) => [pass, 1, 2]],
    ["a function that promises one", async () => [0, 1, 2]],
    ["a source that can seek", { open: (at, pass) => [at, pass + 1, 2] }],
    ["a stream", new Blob(["\u0000\u0001\u0002"]).stream().pipeThrough(bytesApart()) as DataSource<number>],
    ["another pipeline", pipeline([0, 1, 2])],
  ])("%s", async (_, source) => {
    expect(await all(pipeline(source).map((n) => n))).toEqual([0, 1, 2]);
  });

  function bytesApart(): TransformStream<Uint8Array, number> {
    return new TransformStream({
      transform(bytes, controller) {
        for (const byte of bytes) controller.enqueue(byte);
      },
    });
  }

  test("a generator is read once, and repeat says so", async () => {
    const { source } = counter(3);
    await expect(all(pipeline(source()).repeat(2))).rejects.toThrow("repeat: the source gave nothing again");
  });
});

describe("shuffle", () => {
  test("gives every item once, another order in each pass, the same for the same pass and seed", async () => {
    const hundred = pipeline(range(100));
    for (const buffer of [1, 2, 10, 100, 1000]) {
      const made = hundred.shuffle(buffer, { seed: 3 });
      const [first, second] = [await all(made), await all(made)];
      expect(sorted(first)).toEqual(range(100));
      if (buffer > 1) expect(second).not.toEqual(first);
      expect(await all(made.pass(0))).toEqual(first);
      expect(await all(hundred.shuffle(buffer, { seed: 3 }))).toEqual(first);
      expect(buffer === 1 || (await all(hundred.shuffle(buffer, { seed: 4 }))).join() !== first.join()).toBe(true);
      for (const [i, n] of first.entries()) expect(n).toBeLessThan(i + buffer);
    }
  });

  test("every item is as likely at every place", async () => {
    const counts = range(4).map(() => range(4).map(() => 0));
    const four = pipeline(range(4)).shuffle(4);
    for (let pass = 0; pass < 2000; pass++)
      for (const [place, n] of (await all(four.pass(pass))).entries()) counts[place][n]++;
    // 2,000 draws of probability 1/4 have a deviation of 19: five of them.
    for (const count of counts.flat()) expect(Math.abs(count - 500)).toBeLessThan(97);
  });

  test("repeated, each time another one", async () => {
    const list = await all(ten.shuffle(10).repeat(2));
    expect(list.slice(10)).not.toEqual(list.slice(0, 10));
    expect(sorted(list.slice(10))).toEqual(range(10));
  });
});

type Step = (items: Pipeline<number>) => Pipeline<unknown>;

const steps: readonly (readonly [name: string, step: Step, ahead: number])[] = [
  ["map", (items) => items.map((n) => n), 1],
  ["map, several at once", (items) => items.map((n) => n, { parallel: 4 }), 5],
  ["flatMap", (items) => items.flatMap((n) => [n, n]), 1],
  ["filter", (items) => items.filter((n) => n % 2 === 0), 1],
  ["batch", (items) => items.batch(5), 5],
  ["shuffle", (items) => items.shuffle(20), 21],
  ["take", (items) => items.take(50), 1],
  ["skip", (items) => items.skip(3), 4],
  ["zip", (items) => items.zip(range(1000)), 1],
  ["concat", (items) => items.concat([1]), 1],
  ["repeat", (items) => items.repeat(2), 1],
  ["cache", (items) => items.cache(), 1],
  ["prefetch", (items) => items.prefetch(6), 8],
];

describe.each(steps)("%s", (_, step, ahead) => {
  test("reads nothing before it is asked, then no more than it says, and closes what it reads from", async () => {
    const { source, state } = counter();
    const made = step(pipeline(source));
    expect(state.opened).toBe(0);
    for await (const _ of made) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      break;
    }
    expect(state.taken).toBeLessThanOrEqual(ahead);
    expect(state).toMatchObject({ opened: 1, closed: 1 });
  });

  test("lets what a source throws through, closed", async () => {
    const { source, state } = counter(40, 33);
    await expect(all(step(pipeline(source)))).rejects.toThrow(RangeError);
    expect(state).toMatchObject({ opened: 1, closed: 1 });
  });

  test("is closed once at its end", async () => {
    const { source, state } = counter(40);
    await all(step(pipeline(source)));
    expect(state.closed).toBe(state.opened);
  });
});

test("functions that throw close the source", async () => {
  for (const step of ["map", "flatMap", "filter"] as const) {
    const { source, state } = counter();
    const fail = () => {
      throw new TypeError("the function broke");
    };
    await expect(all(pipeline(source)[step](fail))).rejects.toThrow(TypeError);
    expect(state.closed).toBe(1);
  }
});

test("map says of which item an error of simdgrad is, after what came before it", async () => {
  const fail = (n: number) => {
    if (n === 4) throw new DataError("it is no row");
    return n;
  };
  for (const parallel of [1, 3]) {
    const list: number[] = [];
    const read = async () => {
      for await (const n of pipeline(range(9)).map(fail, { parallel })) list.push(n);
    };
    const error = await read().catch((each) => each);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe("it is no row (map: item 4)");
    expect(list).toEqual(range(4));
  }
});

test("map runs as many calls at once as it says", async () => {
  let [running, most] = [0, 0];
  const watch = async (n: number) => {
    most = Math.max(most, ++running);
    await later(n);
    running--;
  };
  await all(ten.map(watch, { parallel: 3 }));
  expect(most).toBe(3);
});

test("zip closes all, whichever ends first, and an error of one closes the others", async () => {
  const [a, b, c] = [counter(), counter(3), counter()];
  expect((await all(pipeline(a.source).zip(b.source, c.source))).length).toBe(3);
  expect([a, b, c].map(({ state }) => state.closed)).toEqual([1, 1, 1]);
  const [d, e] = [counter(), counter(9, 2)];
  await expect(all(pipeline(d.source).zip(e.source))).rejects.toThrow(RangeError);
  expect([d, e].map(({ state }) => state.closed)).toEqual([1, 1]);
});

/** A stream that gives these items and then nothing, for now, and how often it was cancelled. */
function live(items: readonly number[] = range(3), end = false) {
  const state = { cancelled: 0 };
  const stream = new ReadableStream<number>(
    {
      start(controller) {
        for (const item of items) controller.enqueue(item);
        if (end) controller.close();
      },
      cancel() {
        state.cancelled++;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream: stream as DataSource<number>, state };
}

/** Takes so many items, and leaves. */
async function leaveAfter(count: number, items: AsyncIterable<unknown>): Promise<void> {
  let left = count;
  for await (const _ of items) if (--left <= 0) break;
}

describe("a source that gives nothing for now is let go of", () => {
  test.each<[string, (items: Pipeline<number>) => Pipeline<unknown>]>([
    ["by prefetch", (items) => items.prefetch(4)],
    ["by several calls at once", (items) => items.map(async (n) => n, { parallel: 3 })],
    [
      "by steps behind it",
      (items) =>
        items
          .prefetch(4)
          .map((n) => n)
          .filter(() => true)
          .take(9),
    ],
    [
      "by steps before it",
      (items) =>
        items
          .map((n) => n)
          .filter(() => true)
          .batch(1)
          .prefetch(2),
    ],
    ["by prefetch behind prefetch", (items) => items.prefetch(2).prefetch(4)],
    ["beside others", (items) => pipeline(range(9)).zip(items.prefetch(4))],
    ["within another", (items) => pipeline(pipeline(items.prefetch(4)).concat([1]))],
    [
      "in the middle",
      (items) =>
        pipeline([0])
          .flatMap(() => items)
          .prefetch(4),
    ],
  ])("%s", { timeout: 900 }, async (_, step) => {
    const { stream, state } = live();
    await leaveAfter(2, step(pipeline(stream)));
    expect(state.cancelled).toBe(1);
  });

  test("by whoever asks for an item and leaves", { timeout: 900 }, async () => {
    for (const step of [(items: Pipeline<number>) => items, (items: Pipeline<number>) => items.batch(2).prefetch(1)]) {
      const { stream, state } = live([]);
      const items = step(pipeline(stream)).pass(0);
      const asked = items.next();
      await new Promise((resolve) => setTimeout(resolve));
      await items.return(undefined);
      expect((await asked).done).toBe(true);
      expect(state.cancelled).toBe(1);
    }
  });

  test("by the end of a fit on its rows", { timeout: 9000 }, async () => {
    const rows = [0, 1, 2, 3].map((n) => ({ x: [n], y: [2 * n] }));
    const cancelled = [0, 0];
    const controllers: ReadableStreamDefaultController[] = [];
    const liveRows = (i: number) =>
      new ReadableStream({
        start: (controller) => {
          controllers[i] = controller;
          for (const row of rows) controller.enqueue(row);
        },
        cancel: () => {
          cancelled[i]++;
        },
      }) as DataSource<(typeof rows)[number]>;
    const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
    for (const [i, source] of [liveRows(0), pipeline(liveRows(1)).prefetch(2)].entries()) {
      const fit = trainer.fit({ data: fromRows(source, { chunk: 2 }), batch: 2 });
      const end = fit.then();
      while (controllers[i].desiredSize !== 1) await new Promise((resolve) => setTimeout(resolve, 5)); // rows are left
      await new Promise((resolve) => setTimeout(resolve, 50));
      await fit.stop();
      await end;
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(cancelled[i]).toBe(1);
    }
    await trainer.dispose();
  });

  test("or left, where it cannot be cancelled, and closed when it answers", async () => {
    let answer = () => {};
    let closed = 0;
    async function* silent() {
      try {
        yield 1;
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        yield 2;
      } finally {
        closed++;
      }
    }
    const start = performance.now();
    await leaveAfter(1, pipeline(silent).prefetch(2));
    expect(performance.now() - start).toBeLessThan(5000);
    expect(closed).toBe(0);
    answer();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(closed).toBe(1);
  });

  test("what it throws while it is let go of comes to whoever leaves", async () => {
    const cancel = () => Promise.reject(new RangeError("cannot"));
    const stream = new ReadableStream({ start: (controller) => controller.enqueue(1), cancel });
    await expect(leaveAfter(1, pipeline(stream as DataSource<number>))).rejects.toThrow("cannot");
    const unread = new ReadableStream({ cancel });
    await expect(leaveAfter(1, ten.concat(unread as DataSource<number>))).rejects.toThrow("cannot");
  });
});

describe("what nobody has begun to read is closed", () => {
  const broken = (): number => {
    throw new TypeError("the function broke");
  };
  test.each<[string, (items: DataSource<number>) => Pipeline<unknown>]>([
    ["take(0)", (items) => pipeline(items).take(0)],
    [
      "take(0), far from it",
      (items) =>
        pipeline(items)
          .map((n) => n)
          .shuffle(2)
          .cache()
          .prefetch(2)
          .take(0),
    ],
    ["repeat(0)", (items) => pipeline(items).repeat(0)],
    ["zip, with nothing before it", (items) => pipeline<number>([]).zip(items)],
    ["zip, before which one throws", (items) => ten.map(broken).zip(items)],
    ["concat that is left before", (items) => ten.concat(items)],
    ["concat that throws before", (items) => ten.map(broken).concat(items)],
    ["concat in concat", (items) => ten.concat(ten.concat(pipeline(items).prefetch(3)))],
    ["concat that ends before", (items) => ten.concat(items).take(2)],
  ])("%s", async (_, made) => {
    const { stream, state } = live();
    const begun = leaveAfter(3, made(stream));
    await begun.catch((error) => expect(error).toBeInstanceOf(TypeError));
    expect(state.cancelled).toBe(1);
    const { source, state: own } = counter();
    const generator = source();
    await generator.next(); // one that is read elsewhere
    await leaveAfter(3, made(generator)).catch((error) => expect(error).toBeInstanceOf(TypeError));
    expect(own.closed).toBe(1);
  });

  test("before the first item, too", async () => {
    const { stream, state } = live();
    await pipeline(stream)
      .map((n) => n)
      .pass(0)
      .return(undefined);
    expect(state.cancelled).toBe(1);
  });

  test("what comes to its end is not cancelled, and what can be read again is not touched", async () => {
    const { stream, state } = live(range(3), true);
    expect(await all(pipeline([7]).concat(stream))).toEqual([7, 0, 1, 2]);
    expect(state.cancelled).toBe(0);
    const { source, state: own } = counter(4);
    const made = pipeline([7]).concat(source);
    await leaveAfter(1, made);
    expect(own).toEqual({ taken: 0, opened: 0, closed: 0 });
    expect(await all(made)).toEqual([7, 0, 1, 2, 3]);
  });

  test("a pipeline in itself, cached, is read once", async () => {
    const { source, state } = counter(2);
    const cached = pipeline(source).cache();
    expect(await all(cached.concat(cached))).toEqual([0, 1, 0, 1]);
    expect(state.opened).toBe(1);
  });
});

test("take does not ask for one item more", async () => {
  const { source, state } = counter();
  await all(pipeline(source).take(3));
  expect(state).toEqual({ taken: 3, opened: 1, closed: 1 });
});

test("prefetch works while an item is used, and stays within its bound", async () => {
  const { source, state } = counter();
  let used = 0;
  for await (const _ of pipeline(source).prefetch(4)) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    used++;
    expect(state.taken).toBeLessThanOrEqual(used + 4);
    if (used > 2) expect(state.taken).toBeGreaterThan(used);
    if (used === 20) break;
  }
});

test("cache reads the source once, keeps only what came to its end, and no more than it may", async () => {
  const { source, state } = counter(5);
  const cached = pipeline(source).cache();
  for await (const n of cached) if (n === 2) break;
  expect(await all(cached)).toEqual(range(5));
  expect(await all(cached)).toEqual(range(5));
  expect(state.opened).toBe(2);
  await expect(all(pipeline(source).cache({ most: 4 }))).rejects.toThrow(MemoryError);
  expect(await all(pipeline(source).cache({ most: 5 }))).toEqual(range(5));
});

test("a network learns from a CSV file through a pipeline", async () => {
  const lines = range(400).map((i) => `${(i % 20) / 10},${(i % 20) / 5 + 1}`);
  const text = `x,y\n${lines.join("\n")}\n`;
  const rows = pipeline(() => streamCsv(text, { chunk: 50 }))
    .flatMap((table) => [...table])
    .shuffle(100, { seed: 1 })
    .map(({ x, y }) => ({ x: [Number(x)], y: [Number(y)] }))
    .prefetch(8);
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
  const history = await trainer.fit({ data: fromRows(rows, { chunk: 40 }), batch: 20, epochs: 10 });
  expect(history.length).toBe(10);
  const tables = pipeline(() => streamCsv(text, { chunk: 50 })).map((table) => ({
    x: table.toArray(["x"]),
    y: table.toArray(["y"]),
  }));
  await trainer.fit({ data: tables, batch: 20, epochs: 10, shuffleBuffer: 100 });
  const { data } = await trainer.predict([[3]]);
  expect(data[0]).toBeCloseTo(7, 3);
  await trainer.dispose();
});
