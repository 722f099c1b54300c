// Pruners judge as Optuna's do: three trials side by side, forty in all, each report in its order.
import { expect, test } from "vitest";
import { asha, median, openStudy, type Pruner, type Trial, uniform } from "../../src/tune/index.ts";
import golden from "../golden/tune.json" with { type: "json" };

const pruners: Readonly<Record<string, Pruner>> = {
  asha: asha(),
  "asha 2 3": asha({ firstStep: 2, reduction: 3 }),
  median: median(),
  "median 2 3": median({ startup: 2, warmup: 3 }),
};

const LAST = 20;

test.each(golden.judgements)("$pruner judges as Optuna's, $direction", async ({ pruner, direction, reports }) => {
  const mode = direction === "minimize" ? "min" : "max";
  const study = await openStudy({ space: { x: uniform(0, 1) }, pruner: pruners[pruner], mode });
  const trials = new Map<number, Trial>();
  let pruned = 0;
  for (const [number, step, value, isPruned] of reports as [number, number, number | null, boolean][]) {
    while (study.history.length <= number) {
      const trial = await study.ask();
      trials.set(trial.number, trial);
    }
    const trial = trials.get(number) as Trial;
    await trial.report(step, value ?? Number.NaN);
    expect({ number, step, isPruned: trial.shouldPrune() }).toEqual({ number, step, isPruned });
    if (isPruned) pruned++;
    if (isPruned) await study.tell(number, "pruned");
    else if (step === LAST) await study.tell(number, 1);
  }
  expect(pruned).toBeGreaterThan(10);
});

test("a report's step goes up, and its value is a number", async () => {
  const study = await openStudy({ space: { x: uniform(0, 1) } });
  const trial = await study.ask();
  await trial.report(1, Number.NaN);
  await expect(trial.report(1, 0)).rejects.toThrow("report: step 1 does not come after step 1");
  await expect(trial.report(0.5, 0)).rejects.toThrow("report: step must be a whole number >= 0, got 0.5");
  await expect(trial.report(2, "0" as never)).rejects.toThrow('report: value must be a number, got "0"');
  await study.tell(trial, "pruned");
  await expect(trial.report(2, 0)).rejects.toThrow("report: trial 0 is pruned");
});

test("without a pruner no trial is given up", async () => {
  const study = await openStudy({ space: { x: uniform(0, 1) } });
  const trial = await study.ask();
  await trial.report(1, Number.NaN);
  expect(trial.shouldPrune()).toBe(false);
});
