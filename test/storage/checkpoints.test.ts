// Checkpoints of a fit: when they are written, which stay, and that a training which resumes has the bits of one that was not interrupted.
import { ArgumentError, DataError, JsExecutor, Trainer } from "simdgrad";
import { parseCheckpoint } from "simdgrad/io";
import { Dropout, Linear, mseLoss, Sequential, tanh } from "simdgrad/nn";
import { adam, type Optimizer } from "simdgrad/optim";
import { type BytesStorage, checkpoints, memoryStorage, resume } from "simdgrad/storage";
import { afterEach, describe, expect, test, vi } from "vitest";

const x = Array.from({ length: 20 }, (_, i) => [Math.sin(i), i / 20]);
const y = x.map(([a, b]) => [a * b]);

async function trainerOf(optimizer: Optimizer = adam(0.05), units = 4): Promise<Trainer> {
  const model = new Sequential(new Linear(2, units), tanh, new Dropout(0.1), new Linear(units, 1));
  const trainer = new Trainer(model, { loss: mseLoss, optimizer, executor: new JsExecutor(), seed: 3 });
  await trainer.load({ x, y });
  return trainer;
}

/** All bits, but those of the clock. */
async function bitsOf(trainer: Trainer): Promise<object> {
  const { "history.seconds": _, ...state } = await trainer.snapshot();
  return state;
}

function named(...numbers: readonly number[]): string[] {
  return numbers.map((number) => `checkpoint.${String(number).padStart(8, "0")}.safetensors`);
}

afterEach(() => vi.restoreAllMocks());

describe("what is written", () => {
  test("the latest stay, numbered over all fits", async () => {
    const storage = memoryStorage();
    const trainer = await trainerOf();
    await trainer.fit({ epochs: 5, callbacks: [checkpoints({ storage, every: 2, keep: 4 })] });
    expect(await storage.list()).toEqual(named(1, 2, 3)); // of epochs 2, 4 and 5, the last one
    await trainer.fit({ epochs: 4, callbacks: [checkpoints({ storage, keep: 3 })] });
    expect(await storage.list()).toEqual(named(5, 6, 7));
    await storage.write("checkpoint.other", Uint8Array.of(1));
    await trainer.fit({ epochs: 1, callbacks: [checkpoints({ storage, name: "checkpoint.b", keep: 1 })] });
    expect(await storage.list()).toEqual([...named(5, 6, 7), "checkpoint.b.00000001.safetensors", "checkpoint.other"]);
  });

  test("after steps, too", async () => {
    const storage = memoryStorage();
    const trainer = await trainerOf();
    await trainer.fit({ epochs: 2, batch: 5, callbacks: [checkpoints({ storage, every: { steps: 3 } })] });
    const files = await Promise.all((await storage.list()).map((name) => storage.read(name)));
    const steps = files.map((file) => parseCheckpoint(file as Uint8Array).state["counters.row"].data[0]);
    expect(steps).toEqual([15, 10, 0]); // in both epochs, and at the end of the last one
  });

  test.each([{ every: 3 }, { every: { steps: 7 } }, { every: { steps: 4 } }])(
    "the last epoch is kept, once: %o",
    async ({ every }) => {
      const storage = memoryStorage();
      const trainer = await trainerOf();
      await trainer.fit({ epochs: 4, batch: 10, callbacks: [checkpoints({ storage, every, keep: 100 })] });
      const again = await trainerOf();
      await resume(again, storage);
      expect(again.history).toHaveLength(4);
      expect(await again.stateDict()).toEqual(await trainer.stateDict());
      const steps = typeof every === "object" ? Math.ceil(8 / every.steps) : 2;
      expect(await storage.list()).toEqual(named(...Array.from({ length: steps }, (_, i) => i + 1)));
    },
  );

  test("only where it is the best", async () => {
    const storage = memoryStorage();
    const write = vi.spyOn(storage, "write");
    const trainer = await trainerOf();
    const options = { storage, onlyBest: true, keep: 1 };
    const history = await trainer.fit({ epochs: 30, batch: 5, callbacks: [checkpoints(options)] });
    const losses = history.map(({ loss }) => loss);
    const best = losses.filter((loss, i) => losses.slice(0, i).every((other) => loss < other));
    expect(best.length).toBeLessThan(30);
    expect(write).toHaveBeenCalledTimes(best.length);
    const [name] = await storage.list();
    const { state } = parseCheckpoint((await storage.read(name)) as Uint8Array);
    expect(state["history.loss"].data.at(-1)).toBe(Math.min(...losses));
  });

  test("what is never the best, and names that no file can have, are told before the first step", () => {
    const storage = memoryStorage();
    const best = () => checkpoints({ storage, every: { steps: 3 }, onlyBest: true });
    expect(best).toThrow("checkpoints: onlyBest goes with every so many epochs");
    expect(best).toThrow(ArgumentError);
    expect(() => checkpoints({ storage, name: "a".repeat(180) })).toThrow("name must be 179 letters at the most");
    expect(`${"a".repeat(179)}.00000001.safetensors`).toHaveLength(200);
    checkpoints({ storage, name: "a".repeat(179) });
  });

  test("notes and a preprocessing go along", async () => {
    const storage = memoryStorage();
    const trainer = await trainerOf();
    const more = { notes: { run: 7 }, preprocessing: { toJSON: () => ({ a: 1 }) } };
    await trainer.fit({ callbacks: [checkpoints({ storage, ...more })] });
    expect(await resume(trainer, storage)).toMatchObject({ notes: { run: 7 }, preprocessing: { a: 1 } });
    expect(() => checkpoints({ storage, notes: (() => 1) as never })).toThrow("notes must be plain values");
  });

  test("a storage that fails ends the fit with its error", async () => {
    const storage: BytesStorage = { ...memoryStorage(), write: () => Promise.reject(new Error("the disk is full")) };
    const trainer = await trainerOf();
    await expect(trainer.fit({ callbacks: [checkpoints({ storage })] })).rejects.toThrow("the disk is full");
  });
});

describe("resuming", () => {
  test.each([1, 4, 7, 11])(
    "goes on after step %i with the bits of a training that was not interrupted",
    async (step) => {
      const whole = await trainerOf();
      await whole.fit({ epochs: 4, batch: 6 });
      const storage = memoryStorage();
      const first = await trainerOf();
      const stop = { every: step, onSteps: ({ stop }: { stop: () => void }) => stop() };
      await first.fit({ epochs: 4, batch: 6, callbacks: [checkpoints({ storage, every: { steps: 1 } }), stop] });
      const second = await trainerOf();
      expect(await resume(second, storage)).toBeDefined();
      await second.fit({ epochs: 4 - second.history.length, batch: 6 });
      expect(await bitsOf(second)).toEqual(await bitsOf(whole));
    },
  );

  test("a torn one is passed over with a warning, a foreign one too", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const storage = memoryStorage();
    const trainer = await trainerOf();
    await trainer.fit({ epochs: 3, callbacks: [checkpoints({ storage })] });
    const [, second, third] = await storage.list();
    await storage.write(third, ((await storage.read(third)) as Uint8Array).slice(0, -1));
    await storage.write(named(4)[0], new Uint8Array());
    const other = await trainerOf();
    await resume(other, storage);
    expect(other.history).toHaveLength(2);
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(
        /^simdgrad: checkpoint.00000004.safetensors is passed over: safetensors: the file has 0 bytes/,
      ),
      expect.stringMatching(/^simdgrad: checkpoint.00000003.safetensors is passed over: safetensors: /),
    ]);
    // The next one does not take the place of a torn one.
    await other.fit({ callbacks: [checkpoints({ storage })] });
    expect(await storage.list()).toEqual([third, ...named(4, 5)]);
    expect(await storage.list()).not.toContain(second);
  });

  test("the seed is that of the checkpoint, whatever the trainer's was", async () => {
    const whole = await trainerOf();
    await whole.reset(9);
    await whole.fit({ epochs: 5, batch: 6 });
    const storage = memoryStorage();
    const first = await trainerOf();
    await first.reset(9);
    await first.fit({ epochs: 3, batch: 6, callbacks: [checkpoints({ storage })] });
    const second = await trainerOf();
    await second.fit({ epochs: 1, batch: 6 });
    await resume(second, storage);
    expect(second.seed).toBe(9);
    await second.fit({ epochs: 2, batch: 6 });
    expect(await bitsOf(second)).toEqual(await bitsOf(whole));
  });

  test.each([1, 9, 19, 21])("data of %i rows is refused where 20 rows were in the middle of an epoch", async (rows) => {
    const storage = memoryStorage();
    const first = await trainerOf();
    const stop = { every: 5, onSteps: ({ stop }: { stop: () => void }) => stop() };
    await first.fit({ epochs: 2, batch: 1, callbacks: [checkpoints({ storage, every: { steps: 5 } }), stop] });
    const other = {
      x: Array.from({ length: rows }, (_, i) => x[i % 20]),
      y: Array.from({ length: rows }, (_, i) => y[i % 20]),
    };
    for (const isBefore of [true, false]) {
      const second = await trainerOf();
      if (isBefore) await second.load(other);
      await resume(second, storage);
      if (!isBefore) await second.load(other);
      const before = await bitsOf(second);
      for (const callbacks of [[], [checkpoints({ storage: memoryStorage() })]]) {
        const going = second.fit({ batch: 1, callbacks });
        await expect(going).rejects.toThrow(DataError);
        await expect(going).rejects.toThrow(`over data of 20 rows, and this data has ${rows}`);
      }
      expect(await bitsOf(second)).toEqual(before);
      await second.load({ x, y }); // the right data
      expect((await second.fit({ epochs: 1, batch: 1 })).length).toBe(1);
    }
  });

  test("after an epoch other data may follow, and in its middle the weights alone", async () => {
    const storage = memoryStorage();
    const first = await trainerOf();
    await first.fit({ epochs: 1, batch: 5, callbacks: [checkpoints({ storage })] });
    const second = await trainerOf();
    await resume(second, storage);
    await second.load({ x: x.slice(4), y: y.slice(4) });
    expect(await second.fit({ epochs: 1, batch: 5 })).toHaveLength(2);
    const stop = { every: 2, onSteps: ({ stop }: { stop: () => void }) => stop() };
    await first.fit({ batch: 5, callbacks: [checkpoints({ storage, every: { steps: 1 } }), stop] });
    await resume(second, storage);
    await second.load({ x: x.slice(4), y: y.slice(4) });
    await expect(second.fit({ batch: 5 })).rejects.toThrow("by loadStateDict()");
    const third = await trainerOf();
    await third.load({ x: x.slice(4), y: y.slice(4) });
    await third.loadStateDict(await second.stateDict());
    expect(await third.fit({ batch: 5 })).toHaveLength(1);
  });

  test("of a source that can seek the rows are compared, too, where it tells them", async () => {
    const source = (rows?: number) => ({ rows, open: (at: number) => [{ x: x.slice(at), y: y.slice(at) }] });
    const first = await trainerOf();
    const stop = { every: 2, onSteps: ({ stop }: { stop: () => void }) => stop() };
    await first.fit({ data: source(20), epochs: 2, batch: 5, callbacks: [stop] });
    const snapshot = await first.snapshot();
    const second = await trainerOf();
    await second.restore(snapshot);
    await expect(second.fit({ data: source(30), batch: 5 })).rejects.toThrow(
      "over data of 20 rows, and this data has 30",
    );
    await second.fit({ data: source(), batch: 5 });
    await second.restore(snapshot);
    await second.fit({ data: source(20), batch: 5 });
    expect(second.history).toHaveLength(1);
  });

  test("nothing whole is an error, nothing at all is not", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const storage = memoryStorage();
    const trainer = await trainerOf();
    expect(await resume(trainer, storage)).toBeUndefined();
    await storage.write(named(1)[0], new Uint8Array());
    await expect(resume(trainer, storage)).rejects.toThrow("resume: no checkpoint called checkpoint is whole");
  });

  test("one of another model is told, and changes nothing", async () => {
    const storage = memoryStorage();
    await (await trainerOf()).fit({ callbacks: [checkpoints({ storage })] });
    const other = await trainerOf(undefined, 5);
    const before = await bitsOf(other);
    await expect(resume(other, storage)).rejects.toThrow("restore: 0.weight is [5, 2], got [4, 2]");
    expect(await bitsOf(other)).toEqual(before);
  });
});
