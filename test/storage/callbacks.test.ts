// A fit that resumes with the same callbacks goes on as if it had never been interrupted, wherever that was: it ends after the same step,
// with the same weights, and its callbacks have done the same.
import { type Callback, type Epoch, JsExecutor, Trainer } from "simdgrad";
import { earlyStopping, modelCheckpoint, reduceOnPlateau, stopAt, terminateOnNaN } from "simdgrad/callbacks";
import { parseCheckpoint } from "simdgrad/io";
import { Linear, mseLoss, Sequential, tanh } from "simdgrad/nn";
import { adam, hyperparameter, sgd } from "simdgrad/optim";
import { type BytesStorage, checkpoints, memoryStorage, resume } from "simdgrad/storage";
import { describe, expect, test } from "vitest";

const x = Array.from({ length: 12 }, (_, i) => [Math.sin(3 * i), Math.cos(5 * i)]);
const y = x.map(([a, b]) => [a * b]);
const validation = { x: x.map(([a, b]) => [b, a - 0.3]), y };
const EPOCHS = 30;

async function trainerOf(): Promise<Trainer> {
  const rate = hyperparameter(0.15);
  const model = new Sequential(new Linear(2, 6), tanh, new Linear(6, 1));
  const options = { loss: mseLoss, optimizer: adam(rate), hyperparameters: { rate } };
  const trainer = new Trainer(model, { ...options, executor: new JsExecutor(), seed: 2 });
  await trainer.load({ x, y });
  return trainer;
}

/** All bits, but those of the clock. */
async function bitsOf(trainer: Trainer): Promise<object> {
  const { "history.seconds": _, "history.part.milliseconds": __, ...state } = await trainer.snapshot();
  return state;
}

/** Of somebody's own: counts steps and epochs, and tells them. */
function counter(told: string[]): Callback {
  let count = 0;
  return {
    every: 7,
    onFitBegin: () => {
      count = 0;
    },
    onSteps: ({ step }) => void told.push(`${++count}: step ${step}`),
    onEpochEnd: ({ epoch }: Epoch) => void told.push(`${++count}: epoch ${epoch}`),
    state: () => ({ values: { count } }),
    restore({ values }) {
      ({ count } = values as { count: number });
    },
  };
}

const lists: Readonly<Record<string, (told: string[]) => Callback[]>> = {
  "early stopping": () => [earlyStopping({ patience: 3, restoreBest: true })],
  "a rate that falls": () => [reduceOnPlateau({ patience: 2, factor: 0.5, cooldown: 1 })],
  "the best that is kept": (told) => [
    modelCheckpoint({ best: true, every: 2, keep: (_, { epoch }) => told.push(`kept ${epoch}`) }),
  ],
  "an end after steps": () => [stopAt({ steps: 29 })],
  "an end at a metric": () => [stopAt({ metric: "loss", value: 0.08 })],
  "one of somebody's own": (told) => [counter(told)],
  "all of them": (told) => [
    counter(told),
    earlyStopping({ patience: 5, restoreBest: true }),
    terminateOnNaN(),
    reduceOnPlateau({ patience: 2 }),
  ],
};

async function fitWith(trainer: Trainer, callbacks: readonly Callback[]): Promise<void> {
  const epochs = EPOCHS - trainer.history.length;
  await trainer.fit({ batch: 5, epochs, validation, callbacks });
}

/** Ends a fit there as a crash does: nothing that it would do at its end is written. */
function crash(step: number): Callback {
  return {
    every: 1,
    onSteps(context) {
      if (context.step === step) throw new Error("crash");
    },
  };
}

describe.each(Object.entries(lists))("%s", (_, listOf) => {
  test.each([1, 2, 3, 4, 6, 14, 15, 20])("crashes every %i steps", async (steps) => {
    const told: string[] = [];
    const whole = await trainerOf();
    await fitWith(whole, [...listOf(told), checkpoints({ storage: memoryStorage(), every: { steps: 1 } })]);
    const storage = memoryStorage();
    const toldInParts: string[] = [];
    for (let from = 0; ; from += steps) {
      const trainer = await trainerOf();
      await resume(trainer, storage);
      const list = [...listOf(toldInParts), checkpoints({ storage, every: { steps: 1 } }), crash(from + steps)];
      const error = await fitWith(trainer, list).catch((thrown: Error) => thrown);
      if (error?.message === "crash") continue;
      expect(error).toBeUndefined();
      expect(await bitsOf(trainer)).toEqual(await bitsOf(whole));
      break;
    }
    expect(toldInParts).toEqual(told);
  });
});

test("a fit that was ended by a callback ends again at once, with the best weights", async () => {
  const listOf = (storage: BytesStorage) => [
    earlyStopping({ patience: 2, restoreBest: true }),
    checkpoints({ storage }),
  ];
  const storage = memoryStorage();
  const whole = await trainerOf();
  await fitWith(whole, listOf(storage));
  const again = await trainerOf();
  await resume(again, storage);
  await fitWith(again, listOf(storage));
  expect(again.history).toEqual(whole.history);
  expect(again.history.length).toBeLessThan(EPOCHS);
  expect(await bitsOf(again)).toEqual(await bitsOf(whole));
});

test("terminateOnNaN goes back to where it would have gone", async () => {
  const grown = async (storage: BytesStorage, epochs: number) => {
    const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(1e3), executor: new JsExecutor() });
    await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
    await resume(trainer, storage);
    const callbacks = [terminateOnNaN(), checkpoints({ storage })];
    await trainer.fit({ batch: "all", epochs: epochs - trainer.history.length, callbacks });
    return trainer;
  };
  const whole = await grown(memoryStorage(), 50);
  const epochs = whole.history.length;
  for (const until of [epochs - 1, epochs]) {
    const storage = memoryStorage();
    await grown(storage, until);
    expect(await bitsOf(await grown(storage, 50))).toEqual(await bitsOf(whole));
  }
});

describe("what does not go together", () => {
  const train = async (storage: BytesStorage, callbacks: readonly Callback[], options = {}) => {
    const trainer = await trainerOf();
    await resume(trainer, storage, "checkpoint", options);
    await trainer.fit({ validation, epochs: 2, callbacks });
    return trainer;
  };

  test("other callbacks are told, unless they are to begin anew", async () => {
    const storage = memoryStorage();
    await train(storage, [earlyStopping(), checkpoints({ storage })]);
    const last = () => checkpoints({ storage });
    await expect(train(storage, [last()])).rejects.toThrow("the checkpoint is of a fit with 2 callbacks, and these 1");
    await expect(train(storage, [terminateOnNaN(), last()])).rejects.toThrow("terminateOnNaN: the state must be");
    await expect(train(storage, [crash(-1), last()])).rejects.toThrow("give the same list");
    await train(storage, [last()], { callbacks: false });
    await train(storage, []);
  });

  test("one that knows something, after checkpoints in the list", async () => {
    const storage = memoryStorage();
    await expect(train(storage, [checkpoints({ storage }), earlyStopping()])).rejects.toThrow(
      "it comes last in the list",
    );
    await train(storage, [checkpoints({ storage, name: "best", onlyBest: true, keep: 1 }), checkpoints({ storage })]);
  });

  test("weights of another model, and a best one that was not copied", async () => {
    const storage = memoryStorage();
    await train(storage, [earlyStopping(), checkpoints({ storage })]);
    const list = [earlyStopping({ restoreBest: true }), checkpoints({ storage })];
    await expect(train(storage, list)).rejects.toThrow("write: these are no values of the copied variables");
  });

  test("a training that went on elsewhere: its callbacks begin anew", async () => {
    const storage = memoryStorage();
    await train(storage, [earlyStopping({ patience: 9 }), checkpoints({ storage })]);
    const trainer = await train(storage, []);
    await trainer.fit({ validation, callbacks: [earlyStopping({ patience: 9 }), checkpoints({ storage, keep: 1 })] });
    const [name] = await storage.list();
    const { callbacks } = parseCheckpoint((await storage.read(name)) as Uint8Array);
    expect(callbacks?.[0]?.values).toMatchObject({ wait: 0, goal: trainer.history.at(-1)?.validation?.loss });
  });
});
