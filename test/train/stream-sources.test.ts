// What sources do, and what is asked of them: never more chunks than said, an end of everything that was begun, and words for what is wrong,
// with the number of the chunk.
import {
  ArgumentError,
  DataError,
  DisposedError,
  DTypeError,
  type Executor,
  type FitOptions,
  JsExecutor,
  type Samples,
  ShapeError,
  type SimdgradError,
  type Tensor,
  Trainer,
} from "simdgrad";
import { fromRows, type Row } from "simdgrad/data";
import { crossEntropy, Embedding, Linear, mseLoss, Sequential } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { afterEach, describe, expect, test } from "vitest";
import { Delayed } from "./delayed.ts";

const open: Executor[] = [];

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

function made(executor: Executor = new JsExecutor(), checkFinite = true): Trainer {
  open.push(executor);
  return new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.01), executor, checkFinite });
}

const chunk = (rows = 4): Samples => ({
  x: Array.from({ length: rows }, (_, i) => [i]),
  y: Array.from({ length: rows }, (_, i) => [2 * i]),
});

function wait(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Resolves when it holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await wait(1);
}

async function stepsMade(trainer: Trainer): Promise<number> {
  return (await trainer.snapshot())["optimizer.step"].data[0];
}

/** A source that counts what it is asked for, and how it ends. */
function counting(chunks: number, give: (i: number) => Samples | Promise<Samples> = () => chunk()) {
  const seen = { asked: 0, closed: 0, ended: 0 };
  const source = {
    seen,
    [Symbol.asyncIterator]: () => {
      let i = 0;
      return {
        async next() {
          seen.asked++;
          if (i === chunks) {
            seen.ended++;
            return { done: true as const, value: undefined };
          }
          return { done: false, value: await give(i++) };
        },
        async return() {
          seen.closed++;
          return { done: true as const, value: undefined };
        },
      };
    },
  };
  return source;
}

describe("reading ahead", () => {
  test.each([
    [1, 4, 4],
    [2, 4, 4],
    [5, 4, 4],
    [64, 4, 4],
    [5, 1, 4],
    [5, 10, 4],
    [1, 1, 32],
  ])("of %i chunks at the most, each of %i rows, in batches of %i", async (readAhead, rows, batch) => {
    // A step takes its time: the source is always ready before it. What a step needs may be read in any case, with a row after it.
    const delayed = new Delayed(new JsExecutor(), () => wait(Math.random() * 2));
    const trainer = made(delayed);
    let [made_, most] = [0, 0];
    const source = counting(60, () => {
      most = Math.max(most, source.seen.asked - Math.floor((made_ * batch) / rows));
      return chunk(rows);
    });
    const run = delayed.run.bind(delayed);
    delayed.run = (plan, options) => {
      const handle = run(plan, options);
      // Steps of training: programs of others have no loss.
      void handle.done.then(
        ({ steps }) => {
          made_ += steps;
        },
        () => undefined,
      );
      return handle;
    };
    await trainer.fit({ data: source, batch, readAhead });
    const needed = Math.ceil((batch + 1) / rows);
    expect(most).toBeLessThanOrEqual(Math.max(readAhead, needed) + 1);
    if (readAhead > needed) expect(most).toBeGreaterThan(needed); // and it does read ahead
    expect(source.seen).toEqual({ asked: 61, closed: 0, ended: 1 });
  });

  test("goes no further than the executor's slots and as much again, however many chunks it may", async () => {
    const rows = 2 ** 18; // of 8 bytes: half a slot
    const trainer = made();
    let most = 0;
    let steps = 0;
    const source = counting(24, () => {
      most = Math.max(most, source.seen.asked - steps);
      const data = new Float32Array(rows).fill(1);
      return { x: { data, shape: [rows, 1] }, y: { data, shape: [rows, 1] } };
    });
    for await (const { step } of trainer.fit({ data: source, batch: rows, readAhead: 1000, report: 1, lockstep: true }))
      steps = step;
    expect(steps).toBe(24);
    expect(most).toBeLessThanOrEqual(2 * 2 + 3);
  });

  test("a fit that is neither awaited nor read asks for nothing, nor does one of no epochs, nor one that is aborted before", async () => {
    const [trainer, source] = [made(), counting(3)];
    trainer.fit({ data: source });
    await trainer.fit({ data: source, epochs: 0 });
    await trainer.fit({ data: source, signal: AbortSignal.abort() });
    await wait(5);
    expect(source.seen.asked).toBe(0);
  });

  test("does not keep predictions waiting, also while the source has nothing", async () => {
    const trainer = made();
    const fit = trainer.fit({ data: counting(9, () => new Promise(() => {})) });
    const reading = fit.next();
    await wait(5);
    expect((await trainer.predict([[1]])).shape).toEqual([1, 1]);
    await trainer.snapshot();
    await fit.stop();
    expect((await reading).done).toBe(true);
  });
});

describe("an iterator is closed", () => {
  const ways: Readonly<Record<string, (trainer: Trainer, data: FitOptions["data"]) => Promise<unknown>>> = {
    "by stop()": async (trainer, data) => {
      const fit = trainer.fit({ data });
      await fit.next();
      await fit.stop();
    },
    "by leaving the loop": async (trainer, data) => {
      for await (const _ of trainer.fit({ data })) break;
    },
    "by an abort": async (trainer, data) => {
      const controller = new AbortController();
      const fit = trainer.fit({ data, signal: controller.signal });
      await fit.next();
      controller.abort();
      await fit;
    },
    "by a callback": (trainer, data) =>
      Promise.resolve(trainer.fit({ data, callbacks: [{ every: 3, onSteps: ({ stop }) => stop() }] })),
    "by a callback's error": (trainer, data) =>
      trainer
        .fit({ data, callbacks: [{ every: 3, onSteps: () => Promise.reject(new Error("no")) }] })
        .catch((error: unknown) => expect((error as Error).message).toBe("no")),
    "with the last of its steps": (trainer, data) => Promise.resolve(trainer.fit({ data, stepsPerEpoch: 5 })),
    "with its trainer": async (trainer, data) => {
      const fit = trainer.fit({ data });
      await fit.next();
      await trainer.dispose();
      await expect(fit).rejects.toThrow(DisposedError);
    },
    "with its executor": async (trainer, data) => {
      const fit = trainer.fit({ data });
      await fit.next();
      await trainer.executor.dispose();
      await expect(fit).rejects.toThrow(DisposedError);
    },
    "where its loss is no number": async (trainer, data) => {
      await trainer.loadStateDict({ weight: [[1e38]], bias: [0] });
      await expect(trainer.fit({ data })).rejects.toThrow("the loss of step 0 is");
      expect(await trainer.debugNonFinite()).toContain("rows of a stream, which are not kept");
    },
    "where a chunk is wrong": async (trainer, data) => {
      const chunks = (data as ReturnType<typeof counting>)[Symbol.asyncIterator]();
      let i = 0;
      const broken = {
        [Symbol.asyncIterator]: () => ({ ...chunks, next: async () => (++i === 9 ? { value: 7 } : chunks.next()) }),
      };
      await expect(trainer.fit({ data: broken as never })).rejects.toThrow(
        "data: chunk 9: samples must be { x, y }, got 7",
      );
    },
  };

  test.each(Object.entries(ways))("%s", async (_, way) => {
    const [trainer, source] = [made(), counting(1e9)];
    await way(trainer, source);
    await until(() => source.seen.closed > 0);
    const { asked } = source.seen;
    await wait(5);
    expect(source.seen).toEqual({ asked, closed: 1, ended: 0 });
  });

  test("also one that has not answered, without waiting for it", async () => {
    const [trainer, source] = [made(), counting(1e9, (i) => (i < 20 ? chunk() : new Promise(() => {})))];
    const fit = trainer.fit({ data: source, batch: 4, report: 1 });
    for await (const { step } of fit) if (step === 10) break;
    expect(source.seen.closed).toBe(1);
    await trainer.fit({ data: [chunk()] }); // another fit can begin
  });

  test("and one that opens late", async () => {
    const [trainer, source] = [made(), counting(1e9)];
    let opened: ((chunks: typeof source) => void) | undefined;
    const data = () =>
      new Promise<typeof source>((resolve) => {
        opened = resolve;
      });
    const fit = trainer.fit({ data });
    const reading = fit.next();
    await until(() => opened !== undefined);
    await fit.stop();
    await reading;
    opened?.(source);
    await until(() => source.seen.closed > 0);
    expect(source.seen.asked).toBe(0);
  });

  test("and what closing throws is told, unless there is another error", async () => {
    const source = counting(1e9);
    const bad = {
      [Symbol.asyncIterator]: () => ({
        ...source[Symbol.asyncIterator](),
        return: () => Promise.reject(new Error("stuck")),
      }),
    };
    await expect(made().fit({ data: bad, stepsPerEpoch: 2 })).rejects.toThrow(
      "data: closing it: the source threw: stuck",
    );
  });
});

describe("is told with its chunk", () => {
  const good = chunk();
  const cases: Readonly<Record<string, [third: unknown, error: typeof SimdgradError, message: string]>> = {
    "no samples": [5, ArgumentError, "data: chunk 3: samples must be { x, y }, got 5"],
    "no rows": [{ x: [], y: [] }, DataError, "data: chunk 3: the data set is empty"],
    "different numbers of rows": [
      { x: [[1], [2]], y: [[1]] },
      DataError,
      "data: chunk 3: x [2, 1] and y [1, 1] have different numbers",
    ],
    "another shape": [
      { x: [[1, 2]], y: [[1]] },
      ShapeError,
      "data: chunk 3: x has rows [2], in the chunks before it [1]",
    ],
    "another dtype": [
      { x: [Int32Array.of(1)], y: [[1]] },
      DTypeError,
      "data: chunk 3: x is i32, in the chunks before it f32",
    ],
    "a column more": [
      { ...good, sampleWeight: [1, 1, 1, 1] },
      DataError,
      "data: chunk 3: it has [x, y, sampleWeight], the chunks before it [x, y]",
    ],
    NaN: [{ x: [[0], [Number.NaN]], y: [[1], [2]] }, DataError, "data: chunk 3: x: row 1 holds NaN"],
    "no numbers": [
      { x: [["a"]], y: [[1]] },
      ArgumentError,
      'data: chunk 3: x: row 0, column 0 is "a", not a number; texts become numbers first',
    ],
  };

  test.each(Object.entries(cases))("%s", async (_, [third, error, message]) => {
    const trainer = made();
    const chunks = [good, good, third, good] as Samples[];
    const losses: number[] = [];
    const train = async () => {
      for await (const report of trainer.fit({ data: chunks, batch: 4 })) losses.push(...report.losses);
    };
    const failed = await train().catch((reason: unknown) => reason);
    expect(failed).toBeInstanceOf(error);
    expect((failed as Error).message).toContain(message);
    // The steps before it are made, and told; then everything goes on.
    expect([losses.length, await stepsMade(trainer)]).toEqual([2, 2]);
    expect(trainer.history).toEqual([]);
    await trainer.fit({ data: [good] });
    expect(await stepsMade(trainer)).toBe(3);
  });

  test("what a source throws, with its error as the cause", async () => {
    const cause = new TypeError("the network is down");
    function* sync() {
      yield good;
      throw cause;
    }
    const sources: readonly [FitOptions["data"], string][] = [
      [sync, "data: chunk 2: the source threw: the network is down"],
      [
        counting(9, (i) => (i === 4 ? Promise.reject(cause) : good)),
        "data: chunk 5: the source threw: the network is down",
      ],
      [() => Promise.reject(cause), "data: opening it: the source threw: the network is down"],
      [{ open: () => { throw cause; } }, "data: opening it: the source threw: the network is down"], // biome-ignore format: one line
    ];
    for (const [data, message] of sources) {
      const error = await made()
        .fit({ data })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DataError);
      expect(error).toMatchObject({ message, cause });
    }
    const mine = new DataError("row 17 of file 3 is torn");
    await expect(made().fit({ data: () => Promise.reject(mine) })).rejects.toBe(mine);
  });

  test("an index without a row in its table, a class without a logit, and NaN that may pass", async () => {
    const executor = new JsExecutor();
    open.push(executor);
    const model = new Sequential(new Embedding(5, 3), (x) => x.mean(1), new Linear(3, 2));
    const trainer = new Trainer(model, { loss: crossEntropy, optimizer: sgd(0.1), executor });
    const samples = (index: number, target: number): Samples => ({ x: [Int32Array.of(0, index)], y: [target] });
    await expect(trainer.fit({ data: [samples(1, 0), samples(5, 0)] })).rejects.toThrow(
      "data: chunk 2: x: row 0 holds index 5, outside the rows 0..4 of 0.weight [5, 3]",
    );
    await expect(trainer.fit({ data: [samples(1, 0), samples(1, 2)] })).rejects.toThrow(
      "data: chunk 2: y: row 0 has class index 2, outside 0..1",
    );
    await expect(made(undefined, false).fit({ data: [{ x: [[Number.NaN]], y: [[1]] }] })).rejects.toThrow(
      "the loss of step 0 is NaN",
    );
  });

  test("also in a later pass", async () => {
    const data = (pass: number) => (pass === 1 ? [good, chunk(2), { x: [[1, 2]], y: [[1]] }] : [good]);
    await expect(made().fit({ data, epochs: 3 })).rejects.toThrow("data: chunk 3 of pass 2: x has rows [2]");
  });
});

describe("is told in words", () => {
  const once = function* () {
    yield chunk();
  };
  const gone = once();
  for (const _ of gone);
  const cases: Readonly<Record<string, [options: unknown, error: typeof SimdgradError, message: string]>> = {
    "a source without rows": [{ data: [] }, DataError, "data: the source gave no rows"],
    "a pass without rows": [
      { data: (pass: number) => (pass === 1 ? [] : [chunk()]), epochs: 3 },
      DataError,
      "data: the source gave no rows, when it was opened for pass 2: can it be read again?",
    ],
    "a generator that is to be read twice": [
      { data: once(), epochs: 2 },
      DataError,
      "data: this source gives its rows once",
    ],
    "a generator with fewer rows than the steps need": [
      { data: once(), batch: 4, stepsPerEpoch: 2 },
      DataError,
      "data: this source gives its rows once",
    ],
    "a pass of less than a batch that is dropped": [
      { data: [chunk()], batch: 8, lastBatch: "drop" },
      DataError,
      "data: a pass of 4 rows has no batch of 8, and lastBatch drops what is less",
    ],
    "all rows as a batch": [
      { data: [chunk()], batch: "all" },
      ArgumentError,
      'fit: batch "all" is for data that was loaded',
    ],
    "a shuffle without a buffer": [
      { data: [chunk()], shuffle: true },
      ArgumentError,
      "fit: shuffle is true: a stream is shuffled by shuffleBuffer",
    ],
    "a buffer without a shuffle": [
      { data: [chunk()], shuffle: false, shuffleBuffer: 9 },
      ArgumentError,
      "fit: shuffle is false: a stream",
    ],
    "an option of streams alone": [
      { stepsPerEpoch: 3 },
      ArgumentError,
      "fit: stepsPerEpoch is for data of any size: fit({ data, stepsPerEpoch })",
    ],
    "samples in the place of chunks": [
      { data: chunk() },
      ArgumentError,
      "fit: data must be an (async) iterable of samples { x, y }",
    ],
    "a typed array": [{ data: new Float32Array(3) }, ArgumentError, "fit: data must be an (async) iterable of samples"],
    "a function that gives none": [
      { data: () => 7 },
      ArgumentError,
      "data: what the function gives must be an (async) iterable, got 7",
    ],
    "a generator that was gone through": [
      { data: gone, batch: 4 },
      DataError,
      "data: the source gave no rows; what was gone through before gives no more: give a function",
    ],
    "a ReadableStream that is to be read twice": [
      { data: new ReadableStream({ start: (to) => void [to.enqueue(chunk()), to.close()] }), epochs: 2 },
      DataError,
      "data: this source gives its rows once",
    ],
    "an iterator without next": [
      { data: { [Symbol.asyncIterator]: () => ({}) } },
      ArgumentError,
      "data: the iterator must be an object with next(), got {",
    ],
    "no iterator": [
      { data: () => ({ [Symbol.iterator]: () => undefined }) },
      ArgumentError,
      "data: the iterator must be an object with next(), got undefined",
    ],
    "a reader without read": [
      { data: { getReader: () => ({}) } },
      ArgumentError,
      "data: the reader must be an object with read(), got {",
    ],
    ...Object.fromEntries(
      [-2, Number.NaN, "a", 1.5, null].map((rows) => [
        `${rows} rows`,
        [{ data: { rows, open: () => [chunk()] } }, ArgumentError, "fit: data.rows must be a whole number >= 0, got"],
      ]),
    ),
    "a larger buffer than there can be": [
      { data: [chunk()], shuffleBuffer: 2 ** 40 },
      ArgumentError,
      "fit: shuffleBuffer must be a whole number from 1 to 2147483647, got 1099511627776",
    ],
    "an iterator's answer that is none": [
      { data: { [Symbol.asyncIterator]: () => ({ next: async () => 3 }) } },
      ArgumentError,
      "data: what next() gives must be { done, value }, got 3",
    ],
  };

  test.each(Object.entries(cases))("%s", async (_, [options, error, message]) => {
    const failed = await (async () => made().fit(options as FitOptions))().catch((reason: unknown) => reason);
    expect(failed).toBeInstanceOf(error);
    expect((failed as Error).message).toContain(message);
  });

  test("rows that do not fit one another", async () => {
    const read = async (rows: readonly unknown[], size?: number) => {
      const chunks: Samples[] = [];
      for await (const each of fromRows(rows as Row[], { chunk: size })) chunks.push(each);
      return chunks;
    };
    const row = { x: { data: Uint8Array.of(1, 2), shape: [1, 2] }, y: 3 };
    expect(await read([row, row, row], 2)).toEqual([
      { x: { data: Uint8Array.of(1, 2, 1, 2), shape: [2, 1, 2] }, y: [3, 3] },
      { x: { data: Uint8Array.of(1, 2), shape: [1, 1, 2] }, y: [3] },
    ]);
    await expect(read([row, 7])).rejects.toThrow("fromRows: row 1 must be an object { x, y }, got 7");
    await expect(read([row, row, row, { x: 1 }], 2)).rejects.toThrow("fromRows: row 3 has [x], the ones before [x, y]");
    const other = { ...row, x: { data: Uint8Array.of(1, 2), shape: [2] } };
    await expect(read([row, other])).rejects.toThrow("fromRows: row 1: x is [2], the ones before [1, 2]");
    const floats = { ...row, x: { data: Float32Array.of(1, 2), shape: [1, 2] } };
    await expect(read([row, floats])).rejects.toThrow("fromRows: row 1: x is f32, the ones before u8");
  });

  test("count as they are when they come: their arrays may be used again", async () => {
    const [typed, list, bytes] = [new Float32Array(1), [0], Buffer.alloc(1)];
    function* rows() {
      for (let i = 0; i < 3; i++) {
        typed[0] = list[0] = bytes[0] = i;
        yield { x: { typed, list, shaped: { data: bytes, shape: [1] } }, y: list };
      }
    }
    const chunks: Samples<unknown, unknown>[] = [];
    for await (const each of fromRows(rows() as Iterable<never>)) chunks.push(each);
    expect(JSON.parse(JSON.stringify(chunks))).toMatchObject([
      { x: { typed: [{ 0: 0 }, { 0: 1 }, { 0: 2 }], list: [[0], [1], [2]] }, y: [[0], [1], [2]] },
    ]);
    expect((chunks[0].x as { shaped: unknown }).shaped).toEqual({ data: Uint8Array.of(0, 1, 2), shape: [3, 1] });
  });

  test("of records as chunks of records", async () => {
    const rows = [0, 1, 2].map((i) => ({
      x: { image: [i, 1], words: { data: Int32Array.of(i, 2), shape: [2] } },
      y: i,
    }));
    const chunks: Samples<{ image: Tensor; words: Tensor }>[] = [];
    for await (const each of fromRows(rows, { chunk: 2 })) chunks.push(each);
    expect(chunks).toEqual([
      {
        x: {
          image: [
            [0, 1],
            [1, 1],
          ],
          words: { data: Int32Array.of(0, 2, 1, 2), shape: [2, 2] },
        },
        y: [0, 1],
      },
      { x: { image: [[2, 1]], words: { data: Int32Array.of(2, 2), shape: [1, 2] } }, y: [2] },
    ]);
    class Reader {
      readonly table = new Embedding(4, 2);
      readonly dense = new Linear(2, 3);
      forward({ image, words }: { image: Tensor; words: Tensor }): Tensor {
        return this.dense.forward(this.table.forward(words).mean(1).add(image));
      }
    }
    const executor = new JsExecutor();
    open.push(executor);
    const trainer = new Trainer(new Reader(), { loss: crossEntropy, optimizer: sgd(0.1), executor });
    const [{ loss }] = await trainer.fit({ data: fromRows(rows), batch: 3 });
    expect(loss).toBeGreaterThan(0);
    const read = async (x: object) => {
      for await (const _ of fromRows([rows[0], { x, y: 0 }] as typeof rows))
        throw new Error("no chunk is made of these");
    };
    await expect(read({ image: [0, 1] })).rejects.toThrow(
      "fromRows: row 1: x has [image], the ones before [image, words]",
    );
    await expect(read([0, 1])).rejects.toThrow("fromRows: row 1: x must be an object, as the ones before, got [0, 1]");
    const words = { data: Int32Array.of(1), shape: [1] };
    await expect(read({ image: [0, 1], words })).rejects.toThrow(
      "fromRows: row 1: x.words is [1], the ones before [2]",
    );
  });
});
