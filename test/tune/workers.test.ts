// Trials in module workers: the same as here, beside one another, and what becomes of those whose worker throws or dies.
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { WorkerError } from "../../src/errors.ts";
import { asha, choice, openStudy, random, type Sampler, uniform } from "../../src/tune/index.ts";

const module = new URL("./objectives/steps.ts", import.meta.url);
const space = { x: uniform(0, 1), does: choice(["run", "throw", "diverge", "exit", "spell"]) };

/** Trials that do what is said, the last one again and again. */
function doing(...does: readonly string[]): Sampler {
  return {
    name: "doing",
    suggest: ({ number, draws }) => ({ x: draws.next(), does: does[Math.min(number, does.length - 1)] }),
  };
}

test("one worker gives the trials that this thread gives", async () => {
  const options = { space, sampler: doing("run"), pruner: asha({ reduction: 2 }), seed: 5 };
  const [here, there] = [await openStudy(options), await openStudy(options)];
  await there.trials(20, { module });
  await here.trials(20, {
    objective: async (trial) => {
      for (let step = 1; step <= 4; step++) {
        await trial.report(step, trial.values.x + 1 / step);
        if (trial.shouldPrune()) return "pruned";
      }
      return { value: trial.values.x, artifact: Uint8Array.of(trial.number, 7) };
    },
  });
  expect(there.history).toEqual(here.history);
  expect(here.history.some(({ state }) => state === "pruned")).toBe(true);
  expect(await there.bestArtifact()).toEqual(Uint8Array.of(there.best?.number ?? -1, 7));
});

test("several workers run every trial once", async () => {
  const study = await openStudy({ space, sampler: doing("run") });
  let started = 0;
  const start = () => {
    started++;
    return new Worker(module, { execArgv: [] });
  };
  const history = await study.trials(24, { module: start, workers: 3 });
  expect(started).toBe(3);
  expect(history.map(({ number, state, reports }) => [number, state, reports.length])).toEqual(
    Array.from({ length: 24 }, (_, i) => [i, "complete", 4]),
  );
});

test("a trial that diverges has failed, as has one whose worker dies: another worker goes on", async () => {
  const study = await openStudy({ space, sampler: doing("run", "diverge", "exit", "exit", "run", "exit", "run") });
  const history = await study.trials(8, { module });
  expect(history.map(({ error, state }) => error ?? state)).toEqual([
    "complete",
    "NonFiniteError: the loss is NaN",
    "Error: the objective's worker ended with code 3",
    "Error: the objective's worker ended with code 3",
    "complete",
    "Error: the objective's worker ended with code 3",
    "complete",
    "complete",
  ]);
});

test("a mistake in the objective ends the search, and so do workers that die one after the other", async () => {
  const study = await openStudy({ space, sampler: doing("throw", "spell", "exit") });
  const ends = "trials: what the objective gives must be a number";
  await expect(study.trials(9, { module, workers: 1 })).rejects.toThrow("TypeError in the worker: a mistake at 0.");
  await expect(study.trials(9, { module })).rejects.toThrow(ends);
  await expect(study.trials(9, { module })).rejects.toThrow(
    new WorkerError("the objective's worker ended with code 3"),
  );
  expect(study.history.length).toBe(5);
});

test("a module that does not load, and one that is none, are told before a trial is asked for", async () => {
  const study = await openStudy({ space: { x: uniform(0, 1) }, sampler: random() });
  for (const [file, message] of [
    ["./objectives/throws.ts", "the objective's worker threw an error: no good"],
    ["./objectives/none.ts", "the objective's worker threw an error: Cannot find module"],
  ] as const)
    await expect(study.trials(3, { module: new URL(file, import.meta.url), workers: 2 })).rejects.toThrow(message);
  await expect(study.trials(3, { module: (() => 1) as never })).rejects.toThrow(
    "trials: what module() gives must be a worker",
  );
  expect(study.history).toEqual([]);
});

test("a module that stays alive and serves nothing is given up after a while, or when the search is to end", async () => {
  const study = await openStudy({ space: { x: uniform(0, 1) }, sampler: random() });
  const silent = new URL("./objectives/silent.ts", import.meta.url);
  await expect(study.trials(3, { module: silent, workers: 2, patience: 300 })).rejects.toThrow(
    new WorkerError(`the objective's worker has not called serveObjective() within 0.3 s (module ${silent})`),
  );
  const aborting = new AbortController();
  const searching = study.trials(3, { module: silent, workers: 2, signal: aborting.signal });
  setTimeout(() => aborting.abort(), 100);
  expect(await searching).toEqual([]);
  expect(await study.trials(3, { module: silent, signal: AbortSignal.abort() })).toEqual([]);
  await expect(study.trials(3, { objective: () => 1, patience: 5 })).rejects.toThrow("patience says nothing without");
});
