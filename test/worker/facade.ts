// What holds for executors in workers, in Node and in pages alike: written against `connect` and a way to start and to kill a worker.
import { ArgumentError, DisposedError, type Executor, type Fit, JsExecutor, WasmExecutor, WorkerError } from "simdgrad";
import { connect } from "simdgrad/worker";
import { describe, expect, test } from "vitest";
import { type Platform, wait, workersOf } from "./platform.ts";
import { heldData, newTrainer, type Outcome, training, trainingData } from "./training.ts";

/** Reads reports until one tells of steps after the next one's. */
async function untilLater(fit: Fit): Promise<void> {
  const first = (await fit.next()).value?.step ?? 0;
  for (let step = first; step <= first; ) step = (await fit.next()).value?.step ?? Number.POSITIVE_INFINITY;
}

/** All arrays of numbers in plain data. */
function viewsIn(value: unknown): ArrayBufferView[] {
  if (ArrayBuffer.isView(value)) return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(viewsIn) : [];
}

export function workerFacade(platform: Platform): void {
  const { open, started, start, connected, kill, untilStarted } = workersOf(platform);

  async function locally(executor: Executor, options: Parameters<typeof training>[1]): Promise<Outcome> {
    const outcome = await training(executor, options);
    await executor.dispose();
    return outcome;
  }

  describe("training in a worker", () => {
    test("gives the bits that it gives here", async () => {
      const expected = await locally(new WasmExecutor({ build: "portable", threads: 1 }), { epochs: 6 });
      expect(await training(await connected(), { epochs: 6 })).toEqual(expected);
    });

    test("gives them in JavaScript, too", async () => {
      const expected = await locally(new JsExecutor(), { epochs: 2 });
      const executor = await connected({ executor: "js" });
      expect(executor.info.name).toBe("js");
      expect(await training(executor, { epochs: 2 })).toEqual(expected);
    });

    test("can be paused, resumed and stopped", async () => {
      const trainer = newTrainer(await connected());
      await trainer.load(trainingData);
      const fit = trainer.fit({ batch: 32, epochs: 1_000_000 });
      await fit.next();
      await fit.pause();
      const before = await trainer.stateDict();
      await wait(100);
      expect(await trainer.stateDict()).toEqual(before);
      fit.resume();
      await untilLater(fit);
      expect(await trainer.stateDict()).not.toEqual(before);
      await fit.stop();
      const stopped = await trainer.stateDict();
      await wait(50);
      expect(await trainer.stateDict()).toEqual(stopped);
    });

    test("answers predictions and evaluations meanwhile", async () => {
      const trainer = newTrainer(await connected());
      await trainer.load(trainingData);
      const fit = trainer.fit({ batch: 32, epochs: 1_000_000 });
      await fit.next();
      const [{ shape }, { loss }] = [await trainer.predict(trainingData.x), await trainer.evaluate(trainingData)];
      expect(shape).toEqual([500, 4]);
      expect(loss).toBeGreaterThan(0);
      await fit.pause();
      const { data } = await trainer.predict(trainingData.x);
      const local = newTrainer(new WasmExecutor({ build: "portable", threads: 1 }));
      await local.loadStateDict(await trainer.stateDict());
      expect((await local.predict(trainingData.x)).data).toEqual(data);
      await local.executor.dispose();
      await fit.stop();
    });

    test("is ended by an abort, and by leaving the loop", async () => {
      const trainer = newTrainer(await connected());
      await trainer.load(trainingData);
      const controller = new AbortController();
      let last = 0;
      for await (const { step } of trainer.fit({ batch: 32, epochs: 1_000_000, signal: controller.signal })) {
        last = step;
        controller.abort();
      }
      expect(last).toBeGreaterThan(0);
      for await (const { step } of trainer.fit({ batch: 32, epochs: 1_000_000 })) {
        last = step;
        break;
      }
      expect(last).toBeGreaterThan(0);
    });

    test("goes on, epoch after epoch, while this thread is busy", async () => {
      const trainer = newTrainer(await connected());
      await trainer.load(trainingData);
      const fit = trainer.fit({ batch: 250, epochs: 1_000_000, validation: heldData });
      const before = (await fit.next()).value?.epoch ?? 0;
      const end = performance.now() + 700;
      while (performance.now() < end);
      await untilLater(fit);
      // Of two steps and a validation each: were one asked for at a time, there would be one or two.
      expect(((await fit.next()).value?.epoch ?? 0) - before).toBeGreaterThan(10);
      await fit.stop();
    });

    test("tells of itself at most once a frame", async () => {
      const worker = platform.start();
      let messages = 0;
      const count = () => messages++;
      if ("on" in worker) worker.on("message", count);
      else worker.addEventListener("message", count);
      const executor = await connect(worker, { threads: 1 });
      open.push(executor);
      const trainer = newTrainer(executor);
      await trainer.load(trainingData);
      const fit = trainer.fit({ batch: 32, epochs: 1_000_000 });
      const first = (await fit.next()).value?.step ?? 0;
      messages = 0;
      const start = performance.now();
      await wait(1000);
      expect(messages).toBeLessThanOrEqual(Math.ceil((performance.now() - start) / 16) + 1);
      expect(messages).toBeGreaterThan(2);
      expect(((await fit.next()).value?.step ?? 0) - first).toBeGreaterThan(2 * messages);
      await fit.stop();
    });

    test("lets several trainers make steps in turn", async () => {
      const executor = await connected();
      const trainers = [newTrainer(executor), newTrainer(executor), newTrainer(executor)];
      await Promise.all(trainers.map((trainer) => trainer.load(trainingData)));
      const fits = trainers.map((trainer) => trainer.fit({ batch: 32, epochs: 1_000_000 }));
      await Promise.all(fits.map((fit) => fit.next()));
      await wait(600);
      const steps = await Promise.all(fits.map(async (fit) => (await fit.next()).value?.step ?? 0));
      expect(Math.min(...steps)).toBeGreaterThan(0.3 * Math.max(...steps));
      await Promise.all(fits.map((fit) => fit.stop()));
    });

    test("sends arrays without cloning them: transferred, or shared", async () => {
      const worker = platform.start();
      const cloned: number[] = [];
      const post = worker.postMessage.bind(worker) as (message: unknown, transfer?: readonly Transferable[]) => void;
      worker.postMessage = (message: unknown, transfer: readonly Transferable[] = []) => {
        for (const { buffer, byteLength } of viewsIn(message))
          if (buffer instanceof ArrayBuffer && !transfer.includes(buffer)) cloned.push(byteLength);
        post(message, transfer);
      };
      const executor = await connect(worker, { threads: 1 });
      open.push(executor);
      const trainer = newTrainer(executor);
      await trainer.load(trainingData);
      await trainer.predict(trainingData.x);
      await trainer.loadStateDict(await trainer.stateDict());
      // Programs are all that is cloned: the caller keeps them.
      expect(Math.max(...cloned)).toBeLessThan(trainingData.x.data.byteLength / 4);
    });

    test("leaves the caller's arrays with the caller", async () => {
      const trainer = newTrainer(await connected());
      const before = trainingData.x.data.slice();
      await trainer.load(trainingData);
      expect(trainingData.x.data).toEqual(before);
    });
  });

  describe("a worker that dies", () => {
    test("rejects all that waits and all that comes, at once", async () => {
      const executor = await connected();
      const trainer = newTrainer(executor);
      await trainer.load(trainingData);
      const fit = trainer.fit({ batch: 32, epochs: 1_000_000 });
      await fit.next();
      const waiting = [
        trainer.predict(trainingData.x),
        trainer.evaluate(trainingData),
        trainer.stateDict(),
        fit.pause(),
        (async () => {
          while (!(await fit.next()).done);
        })(),
      ].map((promise) => expect(promise).rejects.toThrow(WorkerError));
      kill();
      await Promise.all(waiting);
      await expect(trainer.predict(trainingData.x)).rejects.toThrow(WorkerError);
      await expect(executor.read({ variable: "v0" })).rejects.toThrow(WorkerError);
      await expect(executor.run([]).done).rejects.toThrow(WorkerError);
      await trainer.dispose();
    });

    test("is replaced, and the training ends with the bits of an undisturbed one", async () => {
      const options = { epochs: 600, batch: 250, width: 400 };
      const expected = await locally(new WasmExecutor({ build: "portable", threads: 1 }), options);
      const executor = await connected({ respawn: { every: 15 } });
      const kills = [100, 300, 500, 900];
      const outcome = await training(executor, options, (step) => {
        if (kills.length === 0 || step < kills[0]) return;
        kills.shift();
        kill();
      });
      expect(kills).toEqual([]);
      expect(started.length).toBe(5);
      expect(outcome).toEqual(expected);
    });

    test("stays paused, and stopped, for its successor", async () => {
      const executor = await connected({ respawn: { every: 15 } });
      const trainer = newTrainer(executor);
      await trainer.load(trainingData);
      const fit = trainer.fit({ batch: 32, epochs: 1_000_000 });
      await fit.next();
      await fit.pause();
      const paused = await trainer.stateDict();
      kill();
      await untilStarted(2);
      expect(await trainer.stateDict()).toEqual(paused);
      fit.resume();
      await untilLater(fit);
      await fit.stop();
      const stopped = await trainer.stateDict();
      expect(stopped).not.toEqual(paused);
      kill();
      await untilStarted(3);
      expect(await trainer.stateDict()).toEqual(stopped);
    });

    test("again and again is given up", async () => {
      let dying = false;
      const executor = await connect(
        () => {
          const worker = start();
          if (dying) platform.kill(worker);
          return worker;
        },
        { threads: 1, respawn: { attempts: 2 }, patience: 1500 },
      );
      open.push(executor);
      dying = true;
      kill();
      const refused = executor.run([]).done;
      await expect(refused).rejects.toThrow(WorkerError);
      expect(started.length).toBe(3);
    });
  });

  describe("a worker that is no good", () => {
    test.each([
      ["missing", /^the worker (could not be loaded|threw an error)/],
      ["throwing", /^the worker (could not be loaded|threw an error: .*no good)/],
      ["silent", /^the worker has not answered for 0.4 s/],
    ] as const)("is refused if it is %s", async (kind, message) => {
      const refused = connect(platform.broken[kind](), { patience: 400 });
      await expect(refused).rejects.toThrow(WorkerError);
      await expect(refused).rejects.toThrow(message);
    });

    test.each([
      ["failing", /^the worker threw an error: .*out of the blue/],
      ["hanging", /^the worker has not answered for 1.5 s/],
    ] as const)("rejects what waits if it is %s later", async (kind, message) => {
      const executor = await connect(platform.broken[kind](), { patience: 1500, threads: 1 });
      open.push(executor);
      const trainer = newTrainer(executor);
      await trainer.load(trainingData);
      const reading = (async () => {
        for await (const _ of trainer.fit({ batch: 32, epochs: 1_000_000 }));
      })();
      await expect(reading).rejects.toThrow(message);
      await expect(trainer.stateDict()).rejects.toThrow(WorkerError);
    });

    test("only if it is silent for longer than patience, however long that is", async () => {
      const executor = await connected({ patience: 1e10 });
      const trainer = newTrainer(executor);
      await trainer.load(trainingData);
      const fit = trainer.fit({ batch: 32, epochs: 1_000_000 });
      await fit.next();
      await wait(50); // a timer of more than 2^31 ms would be over
      await untilLater(fit);
      await fit.stop();
    });

    test("is asked nothing before its options are right", async () => {
      for (const options of [
        { patience: 0 },
        { patience: Number.NaN },
        { respawn: { every: 0 } },
        { respawn: { attempts: 1.5 } },
        { threads: 0 },
        { threads: 65 },
      ])
        await expect(connect(start, options)).rejects.toThrow(ArgumentError);
      await expect(connect(platform.start(), { respawn: true })).rejects.toThrow("a function that starts a worker");
    });
  });

  describe("a worker", () => {
    test("that serves something else is none", async () => {
      await expect(connect(platform.broken.echoing(), { patience: 3000 })).rejects.toThrow(
        "the worker answers, but it does not serve an executor",
      );
    });

    test("is one executor's, who is not disturbed by another that wants it", async () => {
      const worker = platform.start();
      const executor = await connect(worker, { threads: 1, build: "portable" });
      await expect(connect(worker)).rejects.toThrow(
        new ArgumentError("connect: the worker is another executor's; start one for each"),
      );
      await expect(connect(() => worker)).rejects.toThrow("the worker is another executor's");
      const trainer = newTrainer(executor);
      expect(await trainer.predict(trainingData.x)).toMatchObject({ shape: [500, 4] });
      await executor.dispose();
      await expect(connect(worker)).rejects.toThrow(ArgumentError);
    });
  });

  describe("an executor that was disposed", () => {
    test("rejects what waits and what comes", async () => {
      const executor = await connected();
      const trainer = newTrainer(executor);
      await trainer.load(trainingData);
      const refused = expect(trainer.predict(trainingData.x)).rejects.toThrow(DisposedError);
      await executor.dispose();
      await refused;
      await expect(trainer.stateDict()).rejects.toThrow(DisposedError);
      await expect(executor.run([]).done).rejects.toThrow(DisposedError);
      await trainer.dispose();
      await executor.dispose();
    });
  });
}
