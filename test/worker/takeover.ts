// What holds where one worker dies and another takes over, in Node and in pages alike: everything is as if no worker had died.
import {
  DisposedError,
  type Fit,
  JsExecutor,
  type ProgramId,
  type RunHandle,
  type StateDict,
  Trainer,
  WorkerError,
} from "simdgrad";
import { Linear, mseLoss } from "simdgrad/nn";
import { hyperparameter, lbfgs, type Optimizer, sgd } from "simdgrad/optim";
import type { AnyWorker } from "simdgrad/worker";
import { describe, expect, test } from "vitest";
import * as code from "../../assembly/isa/map-code.ts";
import { affine, untilSteps } from "../runtime/contract-programs.ts";
import { a, Encoder, full, o } from "../runtime/encode.ts";
import { Book, stepsOf } from "./ledger.ts";
import { type Workers, wait, watchCalls, withholding, workersOf } from "./platform.ts";

const ENDLESS = { repeat: Number.POSITIVE_INFINITY };
/** No checkpoint in any of the tests, or one after the other. */
const NEVER = { every: 1e10 };
const OFTEN = { every: 1 };

const line = { x: [[0], [1], [2], [3]], y: [[1], [3], [5], [7]] };

function lineTrainer(executor: Trainer["executor"], optimizer: Optimizer = sgd(0.001)): Trainer {
  return new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer, executor, seed: 3 });
}

async function untilReported(fit: Fit, steps: number): Promise<number> {
  for (let step = 0; ; ) {
    step = (await fit.next()).value?.step ?? Number.POSITIVE_INFINITY;
    if (step >= steps) return step;
  }
}

/** The step of the last report; `last` if there is none to come. */
async function lastStep(fit: Fit, last: number): Promise<number> {
  let step = last;
  for await (const report of fit) step = report.step;
  return step;
}

/** The model's state after so many steps more. */
async function afterSteps(trainer: Trainer, steps: number): Promise<StateDict> {
  await trainer.load(line);
  await lastStep(trainer.fit({ batch: "all", epochs: steps }), 0);
  return trainer.stateDict();
}

export function workerTakeover(
  platform: Workers & { readonly hanging: () => AnyWorker; readonly trusting: () => AnyWorker },
): void {
  const { started, start, connected, kill, untilStarted, untilUp } = workersOf(platform);

  /** A book with two programs that do not commute, in a worker that can be replaced. */
  async function opened(options: Parameters<typeof connected>[0], first = start) {
    const book = new Book(await connected({ executor: "js", ...options }, first));
    const [p, q] = [await book.load(3), await book.load(5)];
    await Promise.all([write(book, p, 1), write(book, q, 4)]);
    return { book, executor: book.executor, p, q };
  }

  /** Has the model follow the runs, and compares everything that can be read with it. */
  async function expectTruth(book: Book, ...runs: readonly RunHandle[]): Promise<void> {
    const reading = await book.read();
    const steps = runs.map((run) => stepsOf(run.takeLog()));
    for (const step of steps.flat().sort((one, other) => one.next - other.next)) book.model.told(step);
    book.model.answeredAll();
    expect(book.model.reading()).toMatchObject(reading); // which is of loaded programs alone
  }

  async function write(book: Book, place: ProgramId | "balance" | "rate", value: number): Promise<void> {
    const entry = { place, value };
    book.model.asked(entry); // the steps tell when it was done
    await book.executor.write(book.slotOf(place), [value]);
  }

  describe("a step whose worker dies", () => {
    test.each([
      ["without a checkpoint", NEVER],
      ["after one", OFTEN],
    ])("%s is made by the next, with the inputs that it was given", async (_, respawn) => {
      const executor = await connected({ executor: "js", respawn });
      const id = await executor.load(affine(2));
      const slots = ["x", "y"].map((name) => ({ program: id, name }));
      for (let round = 0; round < 3; round++) {
        await executor.step(id, { x: [round, 0] });
        if (respawn === OFTEN) await wait(30);
        const steps = [3, 4, 5].map((value) => executor.step(id, { x: [value, round] }));
        if (round > 0) kill();
        expect((await Promise.all(steps)).map(({ y }) => [...y])).toEqual(
          [3, 4, 5].map((value) => [2 * value + 1, 2 * round + 1]),
        );
        kill();
        const [x, y] = await executor.readAll(slots);
        expect([[...x], [...y]]).toEqual([
          [5, round],
          [11, 2 * round + 1],
        ]);
      }
    });
  });

  describe("a run whose worker dies", () => {
    test("is stopped meanwhile, and what was to follow it with it", async () => {
      const { executor, p, q } = await opened({ respawn: NEVER });
      const first = executor.run([[p, 1]], ENDLESS);
      const second = executor.run([[q, 1]], { after: first });
      const third = executor.run([[q, 1]], { after: second });
      await untilSteps(first, 1);
      kill();
      expect(await first.stop()).toMatchObject({ stopped: true });
      for (const run of [second, third]) expect(await run.done).toMatchObject({ steps: 0, stopped: true });
    });

    test.each([
      ["in the same tick", async () => {}],
      ["and another takes over", () => untilStarted(2)],
    ])("%s as it is stopped ends, and makes no further step", async (_, moment) => {
      const { book, executor, p } = await opened({ respawn: NEVER });
      const run = executor.run([[p, 1]], ENDLESS);
      await untilSteps(run, 100);
      kill();
      await moment();
      const { steps, stopped } = await run.stop();
      expect(stopped).toBe(true);
      expect(run.steps).toBe(steps);
      await wait(30);
      await expectTruth(book, run);
      expect((await book.read()).count).toEqual([steps]);
    });

    test.each([
      ["in the same tick", async () => {}],
      ["and another takes over", () => untilStarted(2)],
    ])("%s as it is paused goes on from there when it is resumed", async (_, moment) => {
      const { book, executor, p } = await opened({ respawn: OFTEN });
      const run = executor.run([[p, 1]], ENDLESS);
      await untilSteps(run, 100);
      kill();
      await moment();
      const told = run.steps;
      await run.pause();
      const paused = run.steps;
      expect(paused).toBeGreaterThanOrEqual(told);
      await wait(30);
      expect(run.steps).toBe(paused);
      await expectTruth(book, run);
      expect((await book.read()).count).toEqual([paused]);
      run.resume();
      await untilSteps(run, paused + 1);
      await run.stop();
      await expectTruth(book, run);
    });

    test("while it is paused stays paused", async () => {
      const { book, executor, p } = await opened({ respawn: NEVER });
      const run = executor.run([[p, 1]], ENDLESS);
      await untilSteps(run, 100);
      await run.pause();
      const paused = run.steps;
      kill();
      await untilStarted(2);
      await book.read(); // answered by the next worker
      await wait(50);
      expect((await book.read()).count).toEqual([paused]);
      expect(run.steps).toBe(paused);
      await run.stop();
      await expectTruth(book, run);
    });

    test("twice, the second time while it takes over, goes on", async () => {
      // Only silence tells of a page's worker that was ended before it began.
      const { book, executor, p } = await opened({ respawn: NEVER, patience: 2000 });
      // Enough that the second one is not done with them before it is ended, on a busy machine, too.
      const run = executor.run([[p, 500_000]]);
      await untilSteps(run, 100);
      kill();
      await untilStarted(2);
      kill();
      expect(await run.done).toEqual({ steps: 500_000, stopped: false });
      expect(started.length).toBe(3);
      await expectTruth(book, run);
    });

    test("while it hangs, and is stopped meanwhile, ends when patience does", async () => {
      let hung = false;
      const begin = () => (hung ? start() : platform.hanging());
      const { book, executor, p } = await opened({ respawn: true, patience: 1500 }, begin);
      hung = true;
      const run = executor.run([[p, 1]], ENDLESS);
      await wait(1600); // it hangs from 1500 ms on
      const { stopped } = await run.stop();
      expect(stopped).toBe(true);
      await expectTruth(book, run);
    });

    test("only in appearance is not listened to any more", async () => {
      let late: ReturnType<typeof withholding> | undefined;
      const begin = () => {
        const worker = start();
        late ??= withholding(worker);
        return worker;
      };
      const { book, executor, p } = await opened({ respawn: NEVER, patience: 2000 }, begin);
      const run = executor.run([[p, 1]], ENDLESS);
      await untilSteps(run, 100);
      late?.hold();
      const read = book.read(); // somebody waits, so that it is asked for a sign of life
      await untilStarted(2);
      late?.deliver();
      await read;
      await untilSteps(run, run.steps + 100);
      const { steps } = await run.stop();
      expect(started).toHaveLength(2);
      await expectTruth(book, run);
      expect((await book.read()).count).toEqual([steps]);
    });

    test("takes turns with others as it did", async () => {
      const { book, executor, p, q } = await opened({ respawn: NEVER });
      const runs = [
        executor.run([[p, 1]], ENDLESS),
        executor.run(
          [
            [p, 2],
            [q, 3],
          ],
          ENDLESS,
        ),
      ];
      for (const run of runs) await untilSteps(run, 100);
      await wait(60);
      kill();
      await untilStarted(2);
      for (const run of runs) await untilSteps(run, run.steps + 1);
      await Promise.all(runs.map((run) => run.stop()));
      await expectTruth(book, ...runs);
    });

    test("by a trap is tried again, and refused if it traps every time; others go on", async () => {
      let begun = 0;
      const begin = () => {
        begun++;
        return platform.trusting();
      };
      const { book, executor, p } = await opened({ executor: "wasm", respawn: { attempts: 1, every: 20 } }, begin);
      const e = new Encoder();
      const x = e.variable("x", [1]);
      e.map({ n: 1, operands: [full(x)], outputs: [x], steps: [[code.MAP_CODES + 1, o(0), a(0)]] });
      const broken = await executor.load(e.program());
      const run = executor.run([[p, 1]], ENDLESS);
      await untilSteps(run, 1);
      const failing = executor.run([
        [p, 3],
        [broken, 1],
      ]);
      await expect(failing.done).rejects.toThrow(WorkerError);
      await expect(failing.done).rejects.toThrow("a kernel failed");
      expect(begun).toBe(3);
      await untilSteps(run, run.steps + 1);
      await run.stop();
      await expectTruth(book, run, failing);
    });
  });

  describe("after a death", () => {
    test.each([
      ["before any checkpoint", NEVER],
      ["after some", OFTEN],
    ])("inputs count from the step on at which they were written, %s", async (_, respawn) => {
      const { book, executor, p } = await opened({ respawn });
      const run = executor.run([[p, 1]], ENDLESS);
      await untilSteps(run, 100);
      await write(book, "balance", 5);
      for (const value of [7, -1000, 41]) {
        await untilSteps(run, run.steps + 100);
        await Promise.all([write(book, p, value), write(book, "rate", 2 * value)]);
      }
      await untilSteps(run, run.steps + 100);
      kill();
      await untilSteps(run, run.steps + 100);
      await run.pause();
      await expectTruth(book, run);
      await run.stop();
    });

    test.each([
      ["before any checkpoint", NEVER],
      ["after some", OFTEN],
    ])("outputs of runs that are open, stopped or finished are what they were, %s", async (_, respawn) => {
      const { book, executor, p, q } = await opened({ respawn });
      const r = await book.load(7);
      const finished = executor.run([[q, 20]]);
      await finished.done;
      const stopped = executor.run([[r, 1]], ENDLESS);
      await untilSteps(stopped, 50);
      await stopped.stop();
      const paused = executor.run([[p, 1]], ENDLESS);
      await untilSteps(paused, 50);
      await paused.pause();
      await wait(40); // checkpoints, if there are any
      const before = await book.read();
      kill();
      await untilStarted(2);
      expect(await book.read()).toEqual(before);
      await expectTruth(book, finished, stopped, paused);
      await paused.stop();
    });

    test("the state is what a run left that ended by an error", async () => {
      const { book, executor, p, q } = await opened({ respawn: NEVER });
      const doomed = executor.run([[p, 1]], ENDLESS);
      const failed = expect(doomed.done).rejects.toThrow(DisposedError);
      await untilSteps(doomed, 100);
      book.programs.splice(book.programs.indexOf(p), 1);
      await executor.unload(p);
      await failed;
      const before = await book.read();
      expect(before.count).toEqual([doomed.steps]);
      kill();
      await untilStarted(2);
      expect(await book.read()).toEqual(before);
      await executor.run([[q, 1]]).done;
      expect((await book.read()).count).toEqual([doomed.steps + 1]);
    });

    test("the state is what a run left whose error came with its last steps", async () => {
      const { book, executor, p, q } = await opened({ respawn: NEVER });
      const doomed = executor.run([
        [p, 50_000],
        [q, 1],
      ]);
      const failed = expect(doomed.done).rejects.toThrow(DisposedError);
      book.programs.splice(book.programs.indexOf(q), 1);
      await executor.unload(q);
      await failed;
      expect(doomed.steps).toBe(50_000);
      kill();
      await untilStarted(2);
      await expectTruth(book, doomed);
    });

    test("a run is made again that went on without a program that it had no use for any more", async () => {
      const { book, executor, p, q } = await opened({ respawn: NEVER });
      const plan = [
        [p, 5],
        [q, 1_000_000],
      ] as const;
      const run = executor.run(plan);
      await untilSteps(run, 100);
      book.programs.splice(book.programs.indexOf(p), 1);
      await executor.unload(p);
      await untilSteps(run, run.steps + 100);
      await run.stop();
      const before = await book.read();
      expect(before.count).toEqual([run.steps]);
      kill();
      await untilStarted(2);
      expect(await book.read()).toEqual(before);
    });

    test("programs keep their numbers, also in errors", async () => {
      const { executor, q } = await opened({ respawn: NEVER });
      const read = () => executor.read({ program: q, name: "nothing" });
      const refused = await read().catch((error: unknown) => error);
      expect(String(refused)).toContain(`program ${q} has no slot nothing`);
      kill();
      await untilStarted(2);
      await expect(read()).rejects.toThrow(refused as Error);
      const later = await executor.load(new Encoder().program());
      expect(later).toBeGreaterThan(q);
      await executor.unload(later);
      await expect(executor.run([[later, 1]]).done).rejects.toThrow(`program ${later} is not loaded`);
    });

    test("calls that waited are answered, in their order", async () => {
      const { book, executor, p } = await opened({ respawn: NEVER });
      await executor.run([[p, 10]]).done;
      kill();
      const answers: string[] = [];
      const calls = [
        write(book, "balance", 5).then(() => answers.push("write")),
        book.read().then(({ balance }) => answers.push(`read ${balance}`)),
        executor.run([[p, 1]]).done.then(({ steps }) => answers.push(`run ${steps}`)),
      ];
      await Promise.all(calls);
      expect(answers).toEqual(["write", "read 5", "run 1"]);
      expect((await book.read()).balance).toEqual([3 * 5 + 1]);
    });

    test("an order over which every worker dies is refused, and others are not", async () => {
      let deadly = false;
      const { book, executor, p, q } = await opened({ respawn: { attempts: 1 } }, () => {
        const worker = start();
        watchCalls(worker, (name) => {
          if (deadly && name === "forget") platform.kill(worker);
        });
        return worker;
      });
      await executor.run([[p, 10]]).done;
      const before = await book.read();
      deadly = true;
      await expect(executor.forget("deadly")).rejects.toThrow(WorkerError);
      expect(await book.read()).toEqual(before);
      expect(await executor.run([[q, 5]]).done).toEqual({ steps: 5, stopped: false });
      expect(started.length).toBe(3);
    });

    test("while nothing is asked of it, or what runs is paused, may die as often as it likes", async () => {
      const { book, executor, p } = await opened({ respawn: { attempts: 1, every: 1 } });
      const run = executor.run([[p, 1]], ENDLESS);
      await untilSteps(run, 5);
      await run.pause();
      const before = await book.read();
      for (let death = 1; death <= 4; death++) {
        kill();
        await untilUp(death + 1);
        await wait(100); // and idle
      }
      expect(await book.read()).toEqual(before);
      run.resume();
      await untilSteps(run, run.steps + 1);
      await run.stop();
      await expectTruth(book, run);
    });

    test("leaves what was written where it was written, whatever becomes of the caller's slots and options", async () => {
      const { executor, p } = await opened({ respawn: NEVER });
      const e = new Encoder();
      e.variable("one", [1]);
      e.variable("two", [2]);
      await executor.load(e.program());
      await executor.run([[p, 1]]).done;
      const slot = { variable: "one" };
      await executor.write(slot, [100]);
      slot.variable = "two";
      const options = { repeat: 1e5 };
      const run = executor.run([[p, 10]], options);
      options.repeat = 1;
      await untilSteps(run, 1);
      kill();
      await untilStarted(2);
      expect([...(await executor.read({ variable: "one" }))]).toEqual([100]);
      expect([...(await executor.read({ variable: "two" }))]).toEqual([0, 0]);
      expect(await run.done).toEqual({ steps: 1e6, stopped: false });
    });

    test("again and again is given up only where nothing was done in between", async () => {
      const { book, executor, p } = await opened({ respawn: { attempts: 1 } });
      for (let death = 1; death <= 4; death++) {
        kill();
        await untilStarted(death + 1);
        await executor.run([[p, 1]]).done;
      }
      expect((await book.read()).count).toEqual([4]);
    });
  });

  describe("a fit whose worker dies", () => {
    test.each(["break", "abort", "stop"] as const)(
      "in the tick in which it is ended by %s trains no further",
      async (way) => {
        const trainer = lineTrainer(await connected({ executor: "js", respawn: NEVER }));
        await trainer.load(line);
        const controller = new AbortController();
        const fit = trainer.fit({ batch: "all", epochs: 10_000_000, signal: controller.signal });
        for await (const { step } of fit) {
          if (step < 100) continue;
          kill();
          if (way === "break") break;
          if (way === "abort") controller.abort();
          else await fit.stop();
        }
        const stopped = await trainer.stateDict();
        await wait(50);
        expect(await trainer.stateDict()).toEqual(stopped);
      },
    );

    test("and that is stopped while another takes over is where its last report was", async () => {
      const trainer = lineTrainer(await connected({ executor: "js", respawn: NEVER }));
      await trainer.load(line);
      const fit = trainer.fit({ batch: "all", epochs: 10_000_000 });
      const last = await untilReported(fit, 100);
      kill();
      await untilStarted(2);
      await fit.stop();
      const step = await lastStep(fit, last);
      expect((await trainer.snapshot())["counters.epoch"].data).toEqual(Int32Array.of(step));
      expect(await trainer.stateDict()).toEqual(await afterSteps(lineTrainer(new JsExecutor()), step));
    });

    test("is gone on with by a second trainer of its model, which predicts, too, as if none had died", async () => {
      const ends = await Promise.all(
        [await connected({ executor: "js", respawn: NEVER }), new JsExecutor()].map(async (executor, local) => {
          const dies = () => local === 0 && kill();
          const model = new Linear(1, 1);
          const [first, second] = [0.001, 0.002].map(
            (rate) => new Trainer(model, { loss: mseLoss, optimizer: sgd(rate), executor, seed: 3 }),
          );
          await afterSteps(first, 50);
          dies();
          const begun = await second.stateDict();
          const trained = await afterSteps(second, 50);
          dies();
          const many = second.predict(Array.from({ length: 300 }, (_, i) => [i]));
          dies();
          await first.dispose();
          dies();
          return [begun, trained, await many, await second.predict([[1]]), await second.stateDict()];
        }),
      );
      expect(ends[0]).toEqual(ends[1]);
      expect(ends[0][4]).toEqual(ends[0][1]);
    });

    test("keeps hyper-parameters that were set while another took over, from the step on at which it was", async () => {
      const ends = await Promise.all(
        [await connected({ executor: "js", respawn: OFTEN }), new JsExecutor()].map(async (executor, local) => {
          const rate = hyperparameter(0.001);
          const options = { loss: mseLoss, optimizer: sgd(rate), executor, seed: 3, hyperparameters: { rate } };
          const trainer = new Trainer(new Linear(1, 1), options);
          await trainer.load(line);
          await afterSteps(trainer, 300);
          if (local === 0) {
            kill();
            await untilStarted(2);
          }
          await trainer.setHyperparameters({ rate: 0.05 });
          if (local === 0) kill();
          expect((await trainer.hyperparameters()).rate).toBe(Math.fround(0.05));
          return afterSteps(trainer, 200);
        }),
      );
      expect(ends[0]).toEqual(ends[1]);
    });

    test.each([0, 1, 3, 8])("%i ms after it was asked for its first report goes on", async (milliseconds) => {
      const trainer = lineTrainer(await connected({ executor: "js", respawn: NEVER }));
      await trainer.load(line);
      const fit = trainer.fit({ batch: "all", epochs: 500, validation: line });
      const first = fit.next();
      if (milliseconds > 0) await wait(milliseconds);
      kill();
      expect((await first).done).toBe(false);
      await lastStep(fit, 0);
      expect(await trainer.stateDict()).toEqual(await afterSteps(lineTrainer(new JsExecutor()), 500));
    });

    test("by an optimizer that searches goes on, with the same bits", async () => {
      const searching = () => lbfgs(0.01, { historySize: 3 });
      const executor = await connected({ executor: "js", respawn: { every: 20 } });
      const trainer = lineTrainer(executor, searching());
      await trainer.load(line);
      const fit = trainer.fit({ batch: "all", epochs: 60 });
      let kills = 0;
      for await (const { step } of fit)
        if (step > 15 * (kills + 1) && kills < 3) {
          kills++;
          kill();
        }
      expect(started.length).toBe(4);
      const expected = await afterSteps(lineTrainer(new JsExecutor(), searching()), 60);
      expect(await trainer.stateDict()).toEqual(expected);
    });
  });
}
