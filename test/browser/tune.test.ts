// Trials in module workers of a page: by the address of a module, by a function, and after the death of a worker.
import { choice, openStudy, type Sampler, uniform } from "simdgrad/tune";
import { expect, test } from "vitest";
import { LAST_TRIAL, lastTrial } from "../tune/same-trials.ts";

const space = { x: uniform(0, 1), does: choice(["run", "throw", "close"]) };

/** Trials that do what is said, the last one again and again. */
function doing(...does: readonly string[]): Sampler {
  return {
    name: "doing",
    suggest: ({ number, draws }) => ({ x: draws.next(), does: does[Math.min(number, does.length - 1)] }),
  };
}

const address = new URL("../tune/objectives/steps.ts", import.meta.url);
const start = () => new Worker(new URL("../tune/objectives/steps.ts", import.meta.url), { type: "module" });

test.each([
  ["the address of a module", address],
  ["a function", start],
])("trials run in workers, by %s", async (_, module) => {
  const study = await openStudy({ space, sampler: doing("run"), seed: 3 });
  const history = await study.trials(12, { module, workers: 2 });
  expect(history.map(({ number, state, reports }) => [number, state, reports.length])).toEqual(
    Array.from({ length: 12 }, (__, i) => [i, "complete", 4]),
  );
  expect(await study.bestArtifact()).toEqual(Uint8Array.of(study.best?.number ?? -1, 7));
});

test("a page learns of the death of a worker by its lock, and another one goes on", async () => {
  const study = await openStudy({ space, sampler: doing("run", "close", "run", "throw") });
  await expect(study.trials(9, { module: start })).rejects.toThrow("TypeError in the worker: a mistake at 0.");
  expect(study.history.map(({ state }) => state)).toEqual(["complete", "failed", "complete", "failed"]);
  expect(study.history[1].error).toBe("Error: the objective's worker was ended");
});

test("a seed gives the trials that it gives in Node, to the last bit", async () => {
  expect(await lastTrial()).toEqual(LAST_TRIAL);
});
