// Where a training is in a stream: part of snapshots. A source that can seek is gone on with to the same bits, in its order or shuffled; any
// other begins a new epoch. The shuffle buffer's order follows from the seed.
import { type Executor, type FitOptions, JsExecutor, type StateDict, Trainer } from "simdgrad";
import { terminateOnNaN } from "simdgrad/callbacks";
import { parseSafetensors, serializeSafetensors } from "simdgrad/io";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { afterEach, describe, expect, test } from "vitest";
import { Rooms, RowQueue } from "../../src/train/stream-rows.ts";
import { ShuffleBuffer } from "../../src/train/stream-shuffle.ts";
import { newTrainer, trainingData } from "../worker/training.ts";
import { type Rows, seekable, stream } from "./sources.ts";

const open: Executor[] = [];

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

function made(seed?: number): Trainer {
  const executor = new JsExecutor();
  open.push(executor);
  if (seed === undefined) return newTrainer(executor);
  return new Trainer(new Linear(20, 4), { loss: (x) => x.square().mean(), optimizer: sgd(0.1), executor, seed });
}

function withoutTime({ history }: Trainer) {
  return history.map(({ seconds: _, ...rest }) => rest);
}

async function stepsMade(trainer: Trainer): Promise<number> {
  return (await trainer.snapshot())["optimizer.step"].data[0];
}

/** Trains up to a step, in lockstep, and takes a snapshot there. */
async function upTo(trainer: Trainer, options: FitOptions, steps: number): Promise<StateDict> {
  for await (const { step } of trainer.fit({ ...options, report: 1, lockstep: true })) if (step === steps) break;
  return trainer.snapshot();
}

const orders: readonly (readonly [string, FitOptions])[] = [
  ["in its order", {}],
  ["shuffled in a small buffer", { shuffleBuffer: 60 }],
  ["shuffled in a buffer of all rows", { shuffleBuffer: 1000 }],
  ["padded", { lastBatch: "pad" }],
  ["dropped", { lastBatch: "drop" }],
  ["shuffled and padded", { shuffleBuffer: 60, lastBatch: "pad" }],
  ["in epochs of so many steps", { stepsPerEpoch: 7 }],
  ["shuffled, in epochs of so many steps", { stepsPerEpoch: 7, shuffleBuffer: 100, lastBatch: "drop" }],
];

describe("a snapshot of a source that can seek", () => {
  test.each(orders)("is gone on with to the same bits: %s", async (_, own) => {
    const options = { batch: 32, epochs: 4, ...own };
    const whole = made();
    await whole.fit({ ...options, data: seekable() });
    const [expected, steps] = [await whole.stateDict(), await stepsMade(whole)];
    for (const at of [1, 6, 7, 14, 15, 16, 17, 25]) {
      const first = made();
      const snapshot = await upTo(first, { ...options, data: seekable() }, at);
      const place = snapshot["stream.place"].data;
      const epochs = options.epochs - first.history.length;
      const [second, source] = [made(), seekable(trainingData, [9, 31])];
      // Through a file, and through JSON.
      const file =
        at % 2 ? parseSafetensors(serializeSafetensors(snapshot)).tensors : JSON.parse(JSON.stringify(snapshot));
      await second.restore(file);
      expect((await second.snapshot())["stream.place"].data).toEqual(place);
      await second.fit({ ...options, data: source, epochs });
      expect(await second.stateDict()).toEqual(expected);
      expect(await stepsMade(second)).toBe(steps);
      expect(second.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
      expect(withoutTime(second)).toEqual(withoutTime(whole)); // also of the epoch that was under way
      // It is not read from its beginning, unless what it is padded with is there.
      if (place[2] > 200 && options.lastBatch !== "pad" && (options.shuffleBuffer ?? 0) <= 60)
        expect(source.asked.opened[0][0]).toBeGreaterThan(0);
    }
  });

  test("the trainer itself goes on with its source, too, after a stop, and with another one from its beginning", async () => {
    const whole = made();
    await whole.fit({ batch: 32, epochs: 3, data: seekable() });
    const [trainer, source] = [made(), seekable()];
    await upTo(trainer, { batch: 32, data: source }, 5);
    await trainer.fit({ batch: 32, data: source });
    expect(source.asked.opened).toEqual([[0, 0], [160, 0]]); // biome-ignore format: pairs
    await trainer.fit({ batch: 32, epochs: 2, data: source });
    expect(await trainer.stateDict()).toEqual(await whole.stateDict());
    await upTo(trainer, { batch: 32, data: source }, 5);
    const other = seekable();
    await trainer.fit({ batch: 32, data: other });
    expect(other.asked.opened).toEqual([[0, 4]]);
  });

  test("taken while it trains is one of a step, wherever it falls", async () => {
    const options = { batch: 32, epochs: 6, shuffleBuffer: 64 };
    const whole = made();
    await whole.fit({ ...options, data: seekable() });
    const expected = await whole.stateDict();
    const snapshots: StateDict[] = [];
    const trainer = made();
    const fit = trainer.fit({ ...options, data: seekable() });
    for await (const _ of fit) snapshots.push(await trainer.snapshot());
    expect(snapshots.length).toBeGreaterThan(0);
    for (const snapshot of snapshots) {
      const epochs = options.epochs - snapshot["counters.epoch"].data[0];
      const second = made();
      await second.restore(snapshot);
      if (epochs > 0) await second.fit({ ...options, epochs, data: seekable() });
      expect(await second.stateDict()).toEqual(expected);
    }
  });

  test("of before the first step, of after the last, and of one that a callback went back to", async () => {
    const trainer = made();
    await trainer.fit({ batch: 32, data: seekable(), epochs: 2 });
    const source = seekable();
    await trainer.restore(await trainer.snapshot());
    await trainer.fit({ batch: 32, data: source });
    expect(source.asked.opened).toEqual([[0, 2]]);
    // Back at the end of an epoch: the next one is read from its beginning.
    const executor = new JsExecutor();
    open.push(executor);
    const rises = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(4), executor });
    const data: Rows = {
      x: { data: Float32Array.of(1, 2, 3), shape: [3, 1] },
      y: { data: Float32Array.of(1, 2, 3), shape: [3, 1] },
    };
    const own = seekable(data, [1]);
    await rises.fit({ batch: 1, data: own, epochs: 1000, callbacks: [terminateOnNaN()] });
    const { "stream.place": place, "counters.epoch": epoch } = await rises.snapshot();
    expect([...place.data]).toEqual([0, epoch.data[0], 0, 0]);
    expect(epoch.data[0]).toBeGreaterThan(0);
  });

  test("is refused where it is none", async () => {
    const trainer = made();
    const snapshot = await upTo(trainer, { batch: 32, data: seekable() }, 3);
    for (const data of [[1, 2, 3], [1, 2, 3, -1], [0.5, 0, 0, 0], undefined])
      await expect(trainer.restore({ ...snapshot, "stream.place": { data, shape: [4] } as never })).rejects.toThrow(
        "restore: stream.place must be four whole numbers",
      );
  });
});

test("a source that cannot seek begins a new epoch after a snapshot, and so does data that is loaded", async () => {
  const snapshot = await upTo(made(), { batch: 32, data: stream() }, 5);
  const trainer = made();
  await trainer.restore(snapshot);
  await trainer.fit({ batch: 32, data: stream() });
  expect((await trainer.snapshot())["counters.epoch"].data[0]).toBe(2);
  expect(await stepsMade(trainer)).toBe(5 + 16);
  const other = made();
  await other.restore(snapshot);
  await other.load(trainingData);
  await other.fit({ batch: 32 });
  expect((await other.snapshot())["counters.epoch"].data[0]).toBe(2);
  expect(await stepsMade(other)).toBe(5 + 16);
});

describe("the shuffle buffer", () => {
  test("that fills in the middle of a chunk gives rows to rooms of fewer than the chunk has", () => {
    const columns = [
      { name: "x", dtype: "f32", shape: [], width: 1, make: (rows: number) => new Float32Array(rows) },
    ] as const;
    const chunk = { data: [Float32Array.from({ length: 8 }, (_, i) => i)], rows: 8 };
    const queue = new RowQueue(new Rooms(columns, 4));
    queue.push(new ShuffleBuffer(5, 1, 0, { made: 0, total: 0 }).push(columns, chunk));
    expect(queue.rows).toBe(3);
    const left = queue.take(3).data[0].slice(0, 3);
    expect(new Set(left).size).toBe(3);
  });

  const ids = (rows: number): Rows => ({
    x: { data: Float32Array.from({ length: rows }, (_, i) => i), shape: [rows, 1] },
    y: { data: Float32Array.from({ length: rows }, (_, i) => i), shape: [rows, 1] },
  });

  /** The rows' numbers in the order in which they are trained on: each is a batch, and its loss. */
  async function orderOf(rows: number, shuffleBuffer: number, seed: number, sizes?: readonly number[], epochs = 1) {
    const executor = new JsExecutor();
    open.push(executor);
    const trainer = new Trainer(new Linear(1, 1), {
      loss: (x, y) => x.sum().mul(0).add(y.sum()),
      optimizer: sgd(0),
      executor,
      seed,
    });
    const losses: number[] = [];
    for await (const report of trainer.fit({ batch: 1, epochs, data: stream(ids(rows), sizes), shuffleBuffer }))
      losses.push(...report.losses);
    return losses;
  }

  test("gives each row once, none before the buffer has room for it, and by the seed", async () => {
    const order = await orderOf(300, 40, 3);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    for (const [place, row] of order.entries()) expect(row).toBeLessThanOrEqual(place + 40);
    expect(await orderOf(300, 40, 3, [300])).toEqual(order); // however it comes
    expect(await orderOf(300, 40, 3, [1])).toEqual(order);
    expect(await orderOf(300, 40, 4)).not.toEqual(order);
    expect(await orderOf(300, 1, 3)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    const twice = await orderOf(300, 40, 3, undefined, 2);
    expect(twice.slice(0, 300)).toEqual(order);
    expect(twice.slice(300)).not.toEqual(order);
  });

  test("is that of tf.data: the row that is drawn is replaced by the next one", async () => {
    // The same with plain arrays: draws are told by which row leaves.
    const order = await orderOf(50, 8, 1);
    const buffer = Array.from({ length: 8 }, (_, i) => i);
    for (const [i, row] of order.entries()) {
      const place = buffer.indexOf(row);
      expect(place).toBeGreaterThanOrEqual(0);
      if (i + 8 < 50) buffer[place] = i + 8;
      else buffer.splice(place, 1);
    }
  });

  test("draws each place alike", () => {
    // 20,000 draws of 16 places: chi-square with 15 degrees of freedom is above 44.3 once in 10,000 times.
    const columns = [
      { name: "x", dtype: "i32", shape: [], width: 1, make: (rows: number) => new Int32Array(rows) },
    ] as const;
    const counts = new Array<number>(16).fill(0);
    const shuffle = new ShuffleBuffer(16, 7, 0, { made: 0, total: 0 });
    const all = { data: [Int32Array.from({ length: 20_016 }, (_, i) => i)], rows: 20_016 };
    const out = shuffle.push(columns, all);
    const buffer = Array.from({ length: 16 }, (_, i) => i);
    for (let i = 0; i < out.rows; i++) {
      const place = buffer.indexOf(out.data[0][i]);
      counts[place]++;
      buffer[place] = i + 16;
    }
    expect(out.rows).toBe(20_000);
    expect(counts.reduce((sum, count) => sum + (count - 1250) ** 2 / 1250, 0)).toBeLessThan(44.3);
  });

  test("of more rows than there is memory for is an error in words", async () => {
    const wide = { x: { data: new Float32Array(20 * 3), shape: [3, 20] }, y: [[1], [2], [3]] };
    await expect(made(1).fit({ data: [wide], shuffleBuffer: 2 ** 31 - 1 })).rejects.toThrow(
      "data: there is no memory for a shuffleBuffer of 2147483647 rows",
    );
  });
});
