// A fit that waits for somebody else, a callback or a source that never answers, ends with its trainer and its executor all the same.
import { Worker } from "node:worker_threads";
import {
  type Callback,
  DataError,
  DisposedError,
  type Executor,
  type FitOptions,
  JsExecutor,
  Trainer,
  WorkerError,
} from "simdgrad";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { connect } from "simdgrad/worker";
import { describe, expect, test } from "vitest";

const samples = { x: [[0], [1]], y: [[1], [3]] };
const never = () => new Promise<never>(() => {});

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function made(executor: Executor): Promise<Trainer> {
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor });
  await trainer.load(samples);
  return trainer;
}

/** What never answers, by its name. */
const hanging: Readonly<Record<string, FitOptions>> = {
  "the begin": { callbacks: [{ onFitBegin: never }] },
  "a step": { callbacks: [{ every: 1, onSteps: never }] },
  "an epoch": { callbacks: [{ onEpochEnd: never }] },
  "the end": { callbacks: [{ onFitEnd: never }] },
  "the end of a failed fit": {
    callbacks: [
      {
        onFitBegin: () => {
          throw new RangeError("no");
        },
        onFitEnd: never,
      },
    ],
  },
  "a source that is opened": { data: { open: never } },
  "a source that is called": { data: never },
  "a source's next chunk": {
    async *data() {
      yield samples;
      await never();
    },
  },
};

const names = Object.keys(hanging);

describe("a fit is left by", () => {
  test.each(names)("the trainer that is disposed of: %s", async (name) => {
    const executor = new JsExecutor();
    const trainer = await made(executor);
    const fit = trainer.fit({ batch: 2, ...hanging[name] });
    const end = fit.then(
      () => "no error",
      (error: unknown) => error,
    );
    await wait(50);
    await trainer.dispose();
    expect(await end).toBeInstanceOf(name.includes("failed") ? RangeError : DisposedError);
    await expect(trainer.predict([[1]])).rejects.toThrow(DisposedError);
    await executor.dispose();
  });

  test.each(names)("the executor that is disposed of: %s", async (name) => {
    const executor = new JsExecutor();
    const trainer = await made(executor);
    const end = expect(trainer.fit({ batch: 2, ...hanging[name] })).rejects.toThrow(
      name.includes("failed") ? RangeError : DisposedError,
    );
    await wait(50);
    await executor.dispose();
    await end;
    await trainer.dispose();
  });

  test.each(["an epoch", "a source's next chunk"])("a worker that died: %s", async (name) => {
    const worker = new Worker(new URL("../../src/worker/worker.ts", import.meta.url), { execArgv: [] });
    const trainer = await made(await connect(worker, { executor: "js" }));
    const end = expect(trainer.fit({ batch: 2, ...hanging[name] })).rejects.toThrow(WorkerError);
    await wait(100);
    await worker.terminate();
    await end;
    await trainer.executor.dispose();
  });

  test("a loop over its reports, too", async () => {
    const executor = new JsExecutor();
    const trainer = await made(executor);
    const read = async () => {
      for await (const _ of trainer.fit({ batch: 2, callbacks: [{ onEpochEnd: never }] }));
    };
    const end = expect(read()).rejects.toThrow("the trainer was disposed during a fit");
    await wait(50);
    await trainer.dispose();
    await end;
    await executor.dispose();
  });

  test("all callbacks, each of which is told", async () => {
    const executor = new JsExecutor();
    const trainer = await made(executor);
    const told: unknown[] = [];
    const telling: Callback = { onFitEnd: (_, error) => void told.push(error) };
    const end = trainer.fit({ batch: 2, callbacks: [{ onEpochEnd: never, onFitEnd: never }, telling] }).catch(() => 0);
    await wait(50);
    await executor.dispose();
    await end;
    expect(told).toEqual([expect.any(DisposedError)]);
  });
});

describe("an iterator whose return() never answers is left to itself", () => {
  const data = {
    [Symbol.asyncIterator]: () => ({ next: async () => ({ value: samples, done: false }), return: never }),
  };

  test("at the end of the last epoch", async () => {
    const trainer = await made(new JsExecutor());
    expect(await trainer.fit({ data, batch: 2, stepsPerEpoch: 2 })).toHaveLength(1);
    await trainer.executor.dispose();
  });

  test.each(["stop", "abort", "break"])("after %s", async (way) => {
    const trainer = await made(new JsExecutor());
    const controller = new AbortController();
    const fit = trainer.fit({ data, batch: 2, stepsPerEpoch: 1e6, signal: controller.signal });
    for await (const _ of fit) {
      if (way === "break") break;
      if (way === "stop") await fit.stop();
      else controller.abort();
    }
    expect(await fit).toEqual([]);
    await trainer.executor.dispose();
  });
});

test("stop() of a fit that failed resolves: its error is for whoever awaits it", async () => {
  const trainer = await made(new JsExecutor());
  const fit = trainer.fit({ data: [], batch: 2 });
  await expect(fit).rejects.toThrow(DataError);
  await fit.stop();
  await fit.pause();
  await expect(fit).rejects.toThrow("the source gave no rows");
  await trainer.executor.dispose();
});
